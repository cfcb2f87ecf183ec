"""One user's session with the client of MLflow 2, which keeps models among a run's artifacts: `client_2.py URL`."""

import json
import os
import sys
import tempfile

os.environ |= {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}

import mlflow
import numpy
import xgboost
from mlflow import MlflowClient
from mlflow.models import infer_signature

import rows
import session_registry
from suite import Suite, equal, holds, refused, state

suite = Suite()
check = suite.check


@check("00 the client is the one that is meant")
def version(_):
    equal(mlflow.__version__, "2.22.5", "version")


@check("01 set_experiment makes an experiment, and finds it again")
def set_experiment(state):
    state.client = MlflowClient()
    state.experiment_name = f"session-2-{state.unique}"
    state.experiment = mlflow.set_experiment(state.experiment_name).experiment_id
    equal(mlflow.set_experiment(state.experiment_name).experiment_id, state.experiment, "id, the second time")


@check("02 a run keeps params, metrics, tags and a file")
def run(state):
    with mlflow.start_run() as run:
        state.run = run.info.run_id
        mlflow.log_params({"a": 1})
        mlflow.log_metrics({"auc": 0.6}, step=0)
        mlflow.log_metrics({"auc": 0.7}, step=1)
        mlflow.set_tags({"phase": "dev"})
        mlflow.log_text("hello", "t.txt")
    kept = mlflow.get_run(state.run)
    equal((kept.data.params, kept.data.metrics), ({"a": "1"}, {"auc": 0.7}), "params and metrics")
    equal((kept.data.tags["phase"], kept.info.status), ("dev", "FINISHED"), "tag and status")
    history = state.client.get_metric_history(state.run, "auc")
    equal([(each.step, each.value) for each in history], [(0, 0.6), (1, 0.7)], "history")
    found = state.client.search_runs([state.experiment], "metrics.auc > 0.65 and params.a = '1'")
    equal([each.info.run_id for each in found], [state.run], "runs found")


@check("03 xgboost.log_model stores a model in the run's artifacts and registers it")
def log_model(state):
    columns, _ = rows.frame()
    state.booster = rows.booster()
    state.name = f"ctr-2-{state.unique}"
    with mlflow.start_run(run_id=state.run):
        mlflow.xgboost.log_model(
            state.booster,
            artifact_path="model",
            registered_model_name=state.name,
            signature=infer_signature(columns, numpy.zeros(3, dtype=numpy.float32)),
            pip_requirements=["xgboost"],
        )
    state.download_uri = f"mlflow-artifacts:/{state.experiment}/{state.run}/artifacts/model"
    kept = state.client.get_model_version(state.name, "1")
    equal((kept.source, kept.run_id, kept.status), (state.download_uri, state.run, "READY"), "version")
    files = {file.path for file in state.client.list_artifacts(state.run, "model")}
    holds({"model/MLmodel", "model/model.xgb", "model/requirements.txt"} <= files, f"files {files}")
    history = json.loads(mlflow.get_run(state.run).data.tags["mlflow.log-model.history"])
    equal([(each["artifact_path"], each["run_id"]) for each in history], [("model", state.run)], "history")


def loads_the_same(state, uri):
    model = mlflow.xgboost.load_model(uri)
    equal(rows.margins(model), rows.margins(state.booster), f"margins of {uri}")


def load(state):
    for uri in (
        f"models:/{state.name}@champion",
        f"models:/{state.name}/Production",
        f"models:/{state.name}/1",
        f"runs:/{state.run}/model",
    ):
        loads_the_same(state, uri)


def load_pyfunc(state):
    model = mlflow.pyfunc.load_model(f"models:/{state.name}@champion")
    columns, _ = rows.frame()
    expected = state.booster.predict(xgboost.DMatrix(columns))
    equal(numpy.asarray(model.predict(columns)).tolist(), expected.tolist(), "predictions")


def download(state):
    with tempfile.TemporaryDirectory() as folder:
        with open(mlflow.artifacts.download_artifacts(f"runs:/{state.run}/t.txt", dst_path=folder)) as file:
            equal(file.read(), "hello", "the file")


def errors(state):
    with refused("RESOURCE_DOES_NOT_EXIST", "not found"):
        state.client.get_run("0" * 32)
    with refused("INVALID_PARAMETER_VALUE", "Registered model alias nope not found."):
        state.client.get_model_version_by_alias(state.name, "nope")
    with refused("INVALID_PARAMETER_VALUE", "Changing param values is not allowed"):
        state.client.log_param(state.run, "a", "2")


suite.checks += session_registry.suite.checks + [
    ("50 xgboost.load_model by alias, stage, version and run predicts the same bits", load),
    ("51 pyfunc.load_model predicts the same", load_pyfunc),
    ("52 download_artifacts brings a file", download),
    ("70 what is not there, or would change, is refused", errors),
]
sys.exit(suite.run(state(sys.argv[1:])))
