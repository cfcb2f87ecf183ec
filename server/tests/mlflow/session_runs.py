"""Experiments and runs, as a user of the client works with them."""

import json
import math
import os
import tempfile
import time

import mlflow
import pandas
from mlflow import MlflowClient

import rows
from suite import Suite, equal, holds

suite = Suite()
check = suite.check


def ids(runs):
    return [run.info.run_id for run in runs]


@check("01 set_experiment makes an experiment, and finds it again")
def set_experiment(state):
    state.client = MlflowClient()
    state.experiment_name = f"session-{state.unique}"
    holds(mlflow.get_experiment_by_name(state.experiment_name) is None, "the experiment is there already")
    before = time.time() * 1000
    made = mlflow.set_experiment(state.experiment_name)
    state.experiment = made.experiment_id
    holds(state.experiment.isdigit(), f"experiment id {state.experiment!r}")
    equal(made.name, state.experiment_name, "name")
    equal(made.lifecycle_stage, "active", "stage")
    equal(made.artifact_location, f"mlflow-artifacts:/{state.experiment}", "artifact location")
    holds(abs(made.creation_time - before) < 60_000, f"creation time {made.creation_time}")
    equal(mlflow.set_experiment(state.experiment_name).experiment_id, state.experiment, "id, the second time")
    equal(mlflow.get_experiment_by_name(state.experiment_name).experiment_id, state.experiment, "id by name")


@check("02 start_run makes a running run with a name, a user and an artifact folder")
def start_run(state):
    run = mlflow.start_run()
    state.run = run.info.run_id
    holds(len(state.run) == 32 and int(state.run, 16) >= 0, f"run id {state.run!r}")
    equal(run.info.status, "RUNNING", "status")
    equal(run.info.experiment_id, state.experiment, "experiment")
    equal(run.info.lifecycle_stage, "active", "stage")
    equal(run.info.artifact_uri, f"mlflow-artifacts:/{state.experiment}/{state.run}/artifacts", "artifact URI")
    holds(run.info.run_name, "the run has no name")
    equal(run.data.tags["mlflow.runName"], run.info.run_name, "tag mlflow.runName")
    equal(run.data.tags["mlflow.user"], run.info.user_id, "tag mlflow.user")
    holds("mlflow.source.name" in run.data.tags, "no tag mlflow.source.name")
    equal(run.info.end_time, None, "end time")


@check("03 log_param is there in get_run")
def log_param(state):
    equal(mlflow.log_param("solo", 1), 1, "what log_param gives")
    equal(state.client.get_run(state.run).data.params, {"solo": "1"}, "params")


@check("04 log_params adds its params, and the same value once more is no change")
def log_params(state):
    mlflow.log_params({"eta": 0.1, "max_depth": 4})
    mlflow.log_params({"eta": 0.1})
    equal(
        state.client.get_run(state.run).data.params,
        {"solo": "1", "eta": "0.1", "max_depth": "4"},
        "params",
    )


@check("05 log_metric is there in get_run")
def log_metric(state):
    mlflow.log_metric("auc", 0.7, step=1)
    equal(state.client.get_run(state.run).data.metrics, {"auc": 0.7}, "metrics")


@check("06 log_metrics keeps the latest value, NaN and infinity")
def log_metrics(state):
    mlflow.log_metrics({"auc": 0.75, "logloss": 0.45, "bad": float("nan"), "inf": float("inf")}, step=2)
    metrics = state.client.get_run(state.run).data.metrics
    equal(sorted(metrics), ["auc", "bad", "inf", "logloss"], "keys")
    equal((metrics["auc"], metrics["logloss"]), (0.75, 0.45), "latest values")
    holds(math.isnan(metrics["bad"]), f"NaN came back as {metrics['bad']}")
    equal(metrics["inf"], 1.7976931348623157e308, "infinity")


@check("07 set_tag is there in get_run, and can be changed")
def set_tag(state):
    mlflow.set_tag("phase", "test")
    mlflow.set_tag("phase", "dev")
    equal(state.client.get_run(state.run).data.tags["phase"], "dev", "tag")


@check("08 set_tags adds all tags")
def set_tags(state):
    mlflow.set_tags({"a": 1, "mlflow.note.content": "hello"})
    tags = state.client.get_run(state.run).data.tags
    equal((tags["a"], tags["mlflow.note.content"], tags["phase"]), ("1", "hello", "dev"), "tags")


@check("09 log_artifact stores a file in a folder of the run")
def log_artifact(state):
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "x.txt")
        with open(file, "w") as out:
            out.write("hello artifact")
        mlflow.log_artifact(file, "sub")
    listed = [(file.path, file.is_dir, file.file_size) for file in state.client.list_artifacts(state.run, "sub")]
    equal(listed, [("sub/x.txt", False, 14)], "files in sub")


@check("10 log_dict and log_text store what was said")
def log_dict(state):
    mlflow.log_dict({"a": 1}, "d.json")
    equal(mlflow.artifacts.load_dict(f"runs:/{state.run}/d.json"), {"a": 1}, "the dictionary")
    mlflow.log_text("größer\n", "notes/first file.txt")
    equal(mlflow.artifacts.load_text(f"runs:/{state.run}/notes/first file.txt"), "größer\n", "the text")


@check("11 log_input keeps the dataset, its schema and its context")
def log_input(state):
    columns, labels = rows.frame()
    with_labels = columns.assign(y=labels)
    dataset = mlflow.data.from_pandas(with_labels, source="s3://criteo/day_0.parquet", name="criteo-day0", targets="y")
    mlflow.log_input(dataset, context="training")
    inputs = state.client.get_run(state.run).inputs.dataset_inputs
    equal(len(inputs), 1, "number of datasets")
    kept = inputs[0].dataset
    equal((kept.name, kept.digest, kept.source_type), ("criteo-day0", dataset.digest, "s3"), "dataset")
    equal(json.loads(kept.source), {"uri": "s3://criteo/day_0.parquet"}, "source")
    names = [column["name"] for column in json.loads(kept.schema)["mlflow_colspec"]]
    equal(names, rows.COLUMNS + ["y"], "columns")
    equal(json.loads(kept.profile)["num_rows"], 500, "rows")
    equal([(tag.key, tag.value) for tag in inputs[0].tags], [("mlflow.data.context", "training")], "tags")


@check("13 end_run finishes the run")
def end_run(state):
    mlflow.end_run()
    info = state.client.get_run(state.run).info
    equal(info.status, "FINISHED", "status")
    holds(info.end_time >= info.start_time, f"ended at {info.end_time}, started at {info.start_time}")
    equal(mlflow.active_run(), None, "active run")


@check("20 get_run has metrics, params, tags, inputs and outputs")
def get_run(state):
    run = mlflow.get_run(state.run)
    equal(run.data.params, {"solo": "1", "eta": "0.1", "max_depth": "4"}, "params")
    equal(run.data.metrics["auc"], 0.75, "auc")
    equal(run.data.tags["phase"], "dev", "phase")
    equal(len(run.inputs.dataset_inputs), 1, "datasets")
    equal([output.model_id for output in run.outputs.model_outputs], [state.model_id], "models")


@check("21 search_runs finds by metric, param, attribute, tag and dataset, and not what differs")
def search_runs(state):
    with mlflow.start_run(run_name="other") as other:
        mlflow.log_metric("auc", 0.6)
        mlflow.log_param("eta", 0.3)
        mlflow.set_tag("phase", "Dev")
    order = ["metrics.auc DESC", "attributes.start_time ASC"]

    def found(text, **how):
        how = {"order_by": order, "max_results": 10} | how
        return ids(state.client.search_runs([state.experiment], text, **how))

    one, two, both = [state.run], [other.info.run_id], [state.run, other.info.run_id]
    for text, expected in [
        ("metrics.auc > 0.7 and params.eta = '0.1'", one),
        ("metrics.auc <= 0.6", two),
        ("attributes.status = 'FINISHED' AND tags.phase LIKE 'd%'", one),
        ("tags.phase ILIKE 'd%'", both),
        ("attributes.run_name ILIKE '%OTHER%' and tags.`mlflow.user` != 'x'", two),
        (f"attributes.run_id IN ('{state.run}')", one),
        (f"attributes.run_id NOT IN ('{state.run}')", two),
        ("datasets.name = 'criteo-day0'", one),
        ("dataset.context = 'training'", one),
        ("tags.`mlflow.note.content` IS NOT NULL", one),
        ("params.max_depth IS NULL", two),
        ("params.eta != '0.3'", one),
        ("metrics.auc > 0.1 AND metrics.auc > 0.9", []),
        ("", both),
    ]:
        equal(found(text), expected, f"runs with {text!r}")
    equal(found("", order_by=["metrics.auc ASC"]), two + one, "runs by auc")
    equal(found("", order_by=["params.max_depth"]), one + two, "runs by a param that one lacks")
    equal(found("", order_by=[]), two + one, "runs without an order, the latest first")
    first = state.client.search_runs([state.experiment], max_results=1, order_by=order)
    equal((ids(first), bool(first.token)), (one, True), "the first page")
    second = state.client.search_runs([state.experiment], max_results=1, order_by=order, page_token=first.token)
    equal((ids(second), second.token or None), (two, None), "the second page")
    table = mlflow.search_runs([state.experiment], "metrics.auc > 0.7")
    holds(isinstance(table, pandas.DataFrame), "search_runs gives no table")
    equal(table["params.eta"].tolist(), ["0.1"], "the table's column")


@check("22 search_experiments finds by name and tag, and pages through all")
def search_experiments(state):
    mine = state.client.create_experiment(f"{state.experiment_name}-b", tags={"team": state.unique})

    def found(**how):
        return [each.experiment_id for each in state.client.search_experiments(**how)]

    equal(found(filter_string=f"name = '{state.experiment_name}'"), [state.experiment], "by name")
    equal(found(filter_string=f"tags.team = '{state.unique}'"), [mine], "by tag")
    text = f"name LIKE '{state.experiment_name}%'"
    equal(found(filter_string=text, order_by=["name ASC"]), [state.experiment, mine], "by name, ascending")
    equal(found(filter_string=text), [mine, state.experiment], "the latest first")
    holds({"0", state.experiment, mine} <= set(found()), "not all experiments")
    page = state.client.search_experiments(filter_string=text, max_results=1)
    equal(([each.experiment_id for each in page], bool(page.token)), ([mine], True), "the first page")
    state.client.delete_experiment(mine)
    equal(found(filter_string=text), [state.experiment], "after deletion")
    equal(state.client.get_experiment(mine).lifecycle_stage, "deleted", "stage")
    state.client.restore_experiment(mine)
    equal(state.client.get_experiment(mine).lifecycle_stage, "active", "stage")
    state.client.rename_experiment(mine, f"{state.experiment_name}-c")
    equal(state.client.get_experiment(mine).name, f"{state.experiment_name}-c", "new name")
    state.client.set_experiment_tag(mine, "team", "new")
    equal(state.client.get_experiment(mine).tags, {"team": "new"}, "tags")


@check("23 get_metric_history has every value in order")
def get_metric_history(state):
    history = state.client.get_metric_history(state.run, "auc")
    equal([(each.step, each.value) for each in history], [(1, 0.7), (2, 0.75)], "history")
    holds(history[0].timestamp <= history[1].timestamp, "timestamps go backwards")
    equal(state.client.get_metric_history(state.run, "none"), [], "history of a metric that is not there")


@check("24 list_artifacts lists a run's files and folders")
def list_artifacts(state):
    def listed(path=None):
        files = state.client.list_artifacts(state.run, path)
        return [(file.path, file.is_dir, file.file_size) for file in files]

    equal(listed(), [("d.json", False, 12), ("notes", True, None), ("sub", True, None)], "files of the run")
    equal(listed("sub"), [("sub/x.txt", False, 14)], "files of the folder")
    equal(listed("sub/x.txt"), [], "files of a file")
    equal(listed("nothing"), [], "files of nothing")


@check("25 download_artifacts brings files, folders and everything")
def download_artifacts(state):
    with tempfile.TemporaryDirectory() as folder:
        file = mlflow.artifacts.download_artifacts(f"runs:/{state.run}/sub/x.txt", dst_path=folder)
        with open(file) as opened:
            equal(opened.read(), "hello artifact", "the file")
    with tempfile.TemporaryDirectory() as folder:
        state.client.download_artifacts(state.run, "", folder)
        files = sorted(
            os.path.relpath(os.path.join(at, name), folder) for at, _, names in os.walk(folder) for name in names
        )
        equal([name for name in files if not name.startswith("model")], ["d.json", "notes/first file.txt", "sub/x.txt"])
    with tempfile.TemporaryDirectory() as folder:
        try:
            mlflow.artifacts.download_artifacts(f"runs:/{state.run}/sub/none.txt", dst_path=folder)
        except Exception as error:  # which one depends on the client
            holds("none.txt" in str(error), f"{error!r} does not name the file")
        else:
            raise AssertionError("a file that is not there was downloaded")
