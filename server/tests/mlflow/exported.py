"""What `clickleaf-registry export --mlflow FOLDER` wrote, as today's MLflow opens it:
`exported.py URL FOLDER ENCODED MARGINS FIRST`.

`URL` is the server that was exported; the others are as in `trained.py`. No server is asked for what was exported: the
client opens the folder's database, and brings it up to date by itself.
"""

import os
import sqlite3
import sys

os.environ |= {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}

import mlflow
import numpy
import xgboost
from mlflow import MlflowClient

import same
from suite import Suite, equal, holds, state

NAME = "criteo_ctr_model"
suite = Suite()
check = suite.check


def revision(state):
    with sqlite3.connect(state.database) as database:
        return database.execute("select version_num from alembic_version").fetchall()


@check("the database has the 23 tables of MLflow 3.0, and the client brings it up to date")
def opens(state):
    equal(revision(state), [("6953534de441",)], "revision")
    with sqlite3.connect(state.database) as database:
        tables = database.execute("select count(*) from sqlite_master where type = 'table'").fetchone()[0]
        equal(tables, 23, "tables")
        equal(database.execute("pragma foreign_key_check").fetchall(), [], "rows that refer to nothing")
    state.exported = MlflowClient(state.store)
    state.exported.search_experiments()
    holds(revision(state) != [("6953534de441",)], "the database stayed as it was")


@check("experiments are the same")
def experiments(state):
    same.same_experiments(state.served, state.exported)


@check("runs, params, tags, metrics with their histories, inputs and outputs are the same")
def runs(state):
    print("# %d runs, %d histories" % same.same_runs(state.served, state.exported))


@check("logged models are the same")
def logged_models(state):
    holds(same.same_logged_models(state.served, state.exported) > 0, "there are none")


@check("registered models, versions, stages, aliases and tags are the same")
def models(state):
    print("# %d models, %d versions" % same.same_models(state.served, state.exported))


@check("xgboost.load_model predicts the same margins from the exported tree, bit for bit")
def loads(state):
    mlflow.set_tracking_uri(state.store)
    with open(state.margins_file) as file:
        margins = numpy.array([line.strip() for line in file], dtype=numpy.float32)
    encoded = numpy.fromfile(state.encoded_file, dtype="<f4").reshape(len(margins), -1)
    margins, features = margins[state.first :], encoded[state.first :, :-1].copy()
    for uri in [f"models:/{NAME}@champion", f"models:/{NAME}/Production", f"models:/{NAME}/1"]:
        booster = mlflow.xgboost.load_model(uri)
        data = xgboost.DMatrix(features, feature_names=booster.feature_names)
        found = booster.predict(data, output_margin=True)
        equal(int((found.view(numpy.uint32) != margins.view(numpy.uint32)).sum()), 0, f"margins of {uri} that differ")


@check("a model that a client logged loads by its id, and every artifact of its run is in the tree")
def logged(state):
    found = 0
    for experiment in same.experiments(state.exported).values():
        for model in same.pages(state.exported.search_logged_models, experiment_ids=[experiment.experiment_id]):
            if str(model.status).endswith("READY") and found < 3:
                place = mlflow.artifacts.download_artifacts(f"models:/{model.model_id}")
                if not os.path.exists(os.path.join(place, "MLmodel")):
                    continue
                holds(place.startswith(state.folder), f"{place} isn't in the folder")
                mlflow.pyfunc.load_model(f"models:/{model.model_id}")
                found += 1
    holds(found > 0, "no logged model could be loaded")


@check("what comes next goes on: a run, a version with the next number")
def goes_on(state):
    last = max(int(v.version) for v in state.exported.search_model_versions(f"name='{NAME}'"))
    experiment = state.exported.create_experiment(f"after-{state.unique}")
    run = state.exported.create_run(experiment)
    state.exported.log_metric(run.info.run_id, "loss", 0.5)
    made = state.exported.create_model_version(NAME, run.info.artifact_uri, run.info.run_id)
    equal(int(made.version), last + 1, "version")


session = state(sys.argv[1:])
session.folder = os.path.realpath(sys.argv[2])
session.database = os.path.join(session.folder, "mlflow.db")
session.store = f"sqlite:///{session.database}"
session.encoded_file, session.margins_file, session.first = *sys.argv[3:5], int(sys.argv[5])
session.served = MlflowClient(session.url)
sys.exit(suite.run(session))
