"""What this project's trainer registered, loaded by MLflow: `trained.py URL ENCODED MARGINS FIRST`.

`ENCODED` has the training rows as the booster takes them, the label behind each row's features, all as little-endian
32-bit floats; `MARGINS` has a line for each of these rows, written by `clickleaf-export predict` from the rows
themselves and the compact model. Rows before `FIRST`, counted from 0, were trained on: their encoding leaves out what
the row itself says of its categories, so a prediction sees other features.
"""

import os
import sys
import tempfile

os.environ |= {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}

import mlflow
import numpy
import pandas
import xgboost
from mlflow import MlflowClient

from suite import Suite, equal, holds, state

NAME = "criteo_ctr_model"
suite = Suite()
check = suite.check


@check("the rows, and what is predicted for them without MLflow")
def rows(state):
    with open(state.margins_file) as file:
        state.margins = numpy.array([line.strip() for line in file], dtype=numpy.float32)
    encoded = numpy.fromfile(state.encoded_file, dtype="<f4").reshape(len(state.margins), -1)
    state.margins = state.margins[state.first :]
    state.features = encoded[state.first :, :-1].copy()
    holds(len(state.features) >= 1000, f"{len(state.features)} rows are few")
    holds(len(numpy.unique(state.margins)) > 100, "the margins hardly differ")


def same_margins(state, uri):
    booster = mlflow.xgboost.load_model(uri)
    holds(isinstance(booster, xgboost.Booster), f"{uri} is a {type(booster)}")
    equal(booster.num_features(), state.features.shape[1], f"features of {uri}")
    data = xgboost.DMatrix(state.features, feature_names=booster.feature_names)
    margins = booster.predict(data, output_margin=True)
    differ = numpy.flatnonzero(margins.view(numpy.uint32) != state.margins.view(numpy.uint32))
    equal(len(differ), 0, f"number of margins of {uri} that differ, of {len(margins)}: the first rows {differ[:5]};")
    return booster


@check("xgboost.load_model by alias predicts the same margins, bit for bit")
def by_alias(state):
    state.booster = same_margins(state, f"models:/{NAME}@champion")


@check("and by stage and version")
def by_stage_and_version(state):
    same_margins(state, f"models:/{NAME}/Production")
    version = MlflowClient().get_model_version_by_alias(NAME, "champion").version
    same_margins(state, f"models:/{NAME}/{version}")


@check("pyfunc.load_model takes a frame with the signature's columns and predicts the same probabilities")
def pyfunc(state):
    model = mlflow.pyfunc.load_model(f"models:/{NAME}@champion")
    columns = model.metadata.get_input_schema().input_names()
    equal(len(columns), state.features.shape[1], "columns of the signature")
    frame = pandas.DataFrame(state.features, columns=columns)
    expected = state.booster.predict(xgboost.DMatrix(state.features, feature_names=state.booster.feature_names))
    equal(numpy.asarray(model.predict(frame)).tolist(), expected.tolist(), "probabilities")


@check("the directory is one that MLflow knows: signature, requirements, example, digests in the metadata")
def directory(state):
    with tempfile.TemporaryDirectory() as folder:
        mlflow.artifacts.download_artifacts(f"models:/{NAME}@champion", dst_path=folder)
        model = mlflow.models.Model.load(folder)
        files = set(os.listdir(folder))
        holds({"MLmodel", "model.ubj", "requirements.txt"} <= files, f"files {files}")
        equal(model.flavors["xgboost"]["model_class"], "xgboost.core.Booster", "class of the model")
        required = [column.name for column in model.signature.inputs if column.required]
        equal(required, [], "columns that may not be missing")
        holds(model.load_input_example(folder) is not None, "no input example")
        holds(len(model.metadata["booster_sha256"]) == 64, "no digest of the booster")


@check("the run and the version have what the trainer said of them")
def run(state):
    client = MlflowClient()
    version = client.get_model_version_by_alias(NAME, "champion")
    equal((version.current_stage, version.status), ("Production", "READY"), "version")
    run = client.get_run(version.run_id)
    equal(run.info.status, "FINISHED", "status of the run")
    equal(run.data.tags["mlflow.runName"], run.info.run_name, "tag mlflow.runName")
    holds("test_logloss" in run.data.metrics, f"metrics {sorted(run.data.metrics)}")
    holds(run.data.params, "the run has no params")
    found = client.search_runs([run.info.experiment_id], "metrics.test_logloss > 0 AND attributes.status = 'FINISHED'")
    holds(version.run_id in [each.info.run_id for each in found], "the run is not found by its metric")


session = state(sys.argv[1:])
session.encoded_file, session.margins_file, session.first = *sys.argv[2:4], int(sys.argv[4])
sys.exit(suite.run(session))
