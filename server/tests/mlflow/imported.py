"""What `clickleaf-registry import --mlflow SERVER` took, beside what the server has: `imported.py URL SERVER`.

`URL` is this project's server on the registry that it was taken into, `SERVER` the MLflow server.
"""

import os
import sys
import tempfile

os.environ |= {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}

import mlflow
from mlflow import MlflowClient

import same
from suite import Suite, equal, holds, state

suite = Suite()
check = suite.check


@check("experiments are the same")
def experiments(state):
    def told(experiment):
        name, *rest, made = same.told_experiment(experiment)
        # Every registry has made this one itself.
        return (name, *rest, made if name != "Default" else None)

    same.same(told, same.experiments(state.there), same.experiments(state.here), "experiments")


@check("runs, params, tags, metrics with their histories, inputs and outputs are the same")
def runs(state):
    print("# %d runs, %d histories" % same.same_runs(state.there, state.here))


@check("logged models are the same")
def logged_models(state):
    holds(same.same_logged_models(state.there, state.here) > 0, "there are none")


def told_version(version):
    """Without what a version is here that has no files: there every version is ready."""
    told = same.told_version(version)
    if told.pop("status") != "READY":
        holds("no files" in (version.status_message or ""), f"{version}")
    return told


@check("registered models, versions, stages, aliases and tags are the same")
def models(state):
    print("# %d models, %d versions" % same.same_models(state.there, state.here, told_version))


def files(client, run_id):
    """Names and bytes of all files of a run."""
    with tempfile.TemporaryDirectory() as folder:
        place = client.download_artifacts(run_id, "", folder)
        found = {}
        for base, _, names in os.walk(place):
            for name in names:
                path = os.path.join(base, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, place)] = file.read()
        return found


@check("the files of runs are the same, byte for byte")
def artifacts(state):
    compared = 0
    for experiment in same.experiments(state.there).values():
        for run_id in same.runs(state.there, experiment.experiment_id):
            if state.there.list_artifacts(run_id):
                there = files(state.there, run_id)
                equal(files(state.here, run_id), there, f"files of {run_id}")
                compared += len(there)
    holds(compared > 0, "no run has files")


@check("a model loads from here by alias and by its id, and predicts what it predicts there")
def loads(state):
    loaded = 0
    for model in state.there.search_registered_models():
        for alias in model.aliases:
            version = state.here.get_model_version_by_alias(model.name, alias)
            if version.status != "READY" or not version.source.startswith("models:/"):
                continue
            dumps = []
            for url in [state.server, state.url]:
                mlflow.set_tracking_uri(url)
                for uri in [f"models:/{model.name}@{alias}", version.source]:
                    dumps.append(mlflow.xgboost.load_model(uri).save_raw("json"))
            equal(len(set(map(bytes, dumps))), 1, f"models under {model.name}@{alias}")
            loaded += 1
    holds(loaded > 0, "no model could be loaded")


@check("what comes next goes on: a run, a version with the next number")
def goes_on(state):
    model = max(state.there.search_registered_models(), key=lambda model: len(model.latest_versions))
    there = state.there.search_model_versions(f"name='{model.name}'")
    made = state.here.create_model_version(model.name, "s3://elsewhere/model", None)
    equal(int(made.version), max(int(version.version) for version in there) + 1, "version")
    run = state.here.create_run(state.here.create_experiment(f"after-{state.unique}"))
    state.here.log_metric(run.info.run_id, "loss", 0.5)


session = state(sys.argv[1:])
session.server = sys.argv[2].rstrip("/")
session.here, session.there = MlflowClient(session.url), MlflowClient(session.server)
sys.exit(suite.run(session))
