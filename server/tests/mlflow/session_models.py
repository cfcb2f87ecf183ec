"""Logged models, loading by every kind of name, and autologging, with the client of MLflow 3."""

import tempfile

import mlflow
import numpy
import pandas
import xgboost
from mlflow.models import infer_signature

import rows
from suite import Suite, equal, holds

logging, loading = Suite(), Suite()


@logging.check("12 xgboost.log_model stores a model and registers it")
def log_model(state):
    columns, _ = rows.frame()
    state.booster = rows.booster()
    state.name = f"ctr-{state.unique}"
    info = mlflow.xgboost.log_model(
        state.booster,
        name="model",
        registered_model_name=state.name,
        input_example=columns.head(3),
        signature=infer_signature(columns, numpy.zeros(3, dtype=numpy.float32)),
        metadata={"digest": "abc", "rounds": 5},
        pip_requirements=["xgboost"],
    )
    state.model_id = info.model_id
    holds(state.model_id.startswith("m-") and len(state.model_id) == 34, f"model id {state.model_id!r}")
    equal(str(info.registered_model_version), "1", "version")
    model = mlflow.get_logged_model(state.model_id)
    equal((model.name, str(model.status), model.source_run_id), ("model", "READY", state.run), "logged model")
    root = f"mlflow-artifacts:/{state.experiment}/models/{state.model_id}/artifacts"
    equal(model.artifact_location, root, "artifact location")
    equal(model.params, {"solo": "1", "eta": "0.1", "max_depth": "4"}, "params of the run")
    equal(model.metrics or [], [], "metrics of the model: the run measured them before it was there")
    holds(state.name in model.tags["mlflow.modelVersions"], f"tags {model.tags}")
    version = state.client.get_model_version(state.name, "1")
    equal((version.source, version.run_id), (f"models:/{state.model_id}", state.run), "version")
    equal((version.status, version.current_stage), ("READY", "None"), "version")
    outputs = mlflow.get_run(state.run).outputs.model_outputs
    equal([(output.model_id, output.step) for output in outputs], [(state.model_id, 0)], "outputs of the run")
    with tempfile.TemporaryDirectory() as folder:
        mlflow.artifacts.download_artifacts(f"models:/{state.model_id}", dst_path=folder)
        described = mlflow.models.Model.load(folder)
        equal(described.metadata, {"digest": "abc", "rounds": 5}, "metadata")
        equal(described.signature.inputs.input_names(), rows.COLUMNS, "signature")
        equal(described.flavors["xgboost"]["data"], "model.ubj", "file of the model")


def loads_the_same(state, uri):
    model = mlflow.xgboost.load_model(uri)
    holds(isinstance(model, xgboost.Booster), f"{uri} is a {type(model)}")
    equal(rows.margins(model), rows.margins(state.booster), f"margins of {uri}")


@loading.check("50 xgboost.load_model by alias predicts the same bits")
def load_by_alias(state):
    loads_the_same(state, f"models:/{state.name}@champion")


@loading.check("51 pyfunc.load_model by stage predicts the same, and enforces the signature")
def load_by_stage(state):
    model = mlflow.pyfunc.load_model(f"models:/{state.name}/Production")
    columns, _ = rows.frame()
    expected = state.booster.predict(xgboost.DMatrix(columns))
    equal(numpy.asarray(model.predict(columns)).tolist(), expected.tolist(), "predictions")
    equal(model.metadata.model_id, state.model_id, "model id")
    try:
        model.predict(pandas.DataFrame({"I1": ["no number"]}))
    except Exception as error:  # the client's own
        holds("Model is missing inputs" in str(error), f"{error!r}")
    else:
        raise AssertionError("a frame without the model's columns was predicted")


@loading.check("52 load_model by version, and by the latest, predicts the same bits")
def load_by_version(state):
    loads_the_same(state, f"models:/{state.name}/1")
    loads_the_same(state, f"models:/{state.name}/latest")


@loading.check("53 load_model by the logged model's id predicts the same bits")
def load_by_model_id(state):
    loads_the_same(state, f"models:/{state.model_id}")


@loading.check("54 load_model by run and name predicts the same bits")
def load_by_run(state):
    loads_the_same(state, f"runs:/{state.run}/model")


@loading.check("55 search_logged_models finds by name, param, metric, and not what differs")
def search_logged_models(state):
    def found(text, **how):
        models = mlflow.search_logged_models([state.experiment], text, output_format="list", **how)
        return [model.model_id for model in models]

    one = [state.model_id]
    for text, expected in [
        ("name = 'model'", one),
        ("name = 'other'", []),
        ("params.eta = '0.1'", one),
        ("metrics.auc > 0.1 and name='model'", []),
        (f"source_run_id = '{state.run}' AND model_id = '{state.model_id}'", one),
    ]:
        equal(found(text), expected, f"models with {text!r}")
    with mlflow.start_run():
        better = mlflow.create_external_model(name="better", params={"eta": "0.2"})
        mlflow.log_metric("auc", 0.9, model_id=better.model_id)
    equal(found("metrics.auc > 0.8"), [better.model_id], "models by metric")
    equal(found("metrics.auc > 0.95"), [], "models above that")
    order = [{"field_name": "metrics.auc", "ascending": False}]
    equal(found(None, order_by=order), [better.model_id, *one], "models by auc, those without one last")
    equal(found(None, order_by=[{"field_name": "name"}]), [better.model_id, *one], "models by name")
    equal(found("name LIKE '%'", max_results=1, order_by=order), [better.model_id], "the first model")
    state.client.delete_logged_model(better.model_id)
    equal(found(None), one, "models that are left")


@loading.check("56 a logged model's tags are set and deleted, and a model is deleted")
def change_logged_models(state):
    mlflow.set_logged_model_tags(state.model_id, {"kept": "1", "gone": "2"})
    mlflow.delete_logged_model_tag(state.model_id, "gone")
    tags = mlflow.get_logged_model(state.model_id).tags
    equal((tags.get("kept"), tags.get("gone")), ("1", None), "tags")
    made = mlflow.initialize_logged_model(name="unfinished", params={"a": "1"})
    equal(str(made.status), "PENDING", "status")
    equal(str(mlflow.finalize_logged_model(made.model_id, "FAILED").status), "FAILED", "status")
    state.client.delete_logged_model(made.model_id)
    names = [each.name for each in mlflow.search_logged_models([state.experiment], output_format="list")]
    equal(names, ["model"], "models that are left")


@loading.check("60 autolog keeps params, one value per round, datasets and the model")
def autolog(state):
    mlflow.xgboost.autolog(importance_types=["weight"], disable_for_unsupported_versions=False)
    try:
        with mlflow.start_run(run_name="auto") as run:
            data = rows.matrix()
            settings = {"objective": "binary:logistic", "eval_metric": ["auc", "logloss"], "nthread": 1}
            measured = {}
            booster = xgboost.train(settings, data, num_boost_round=3, evals=[(data, "train")], evals_result=measured)
    finally:
        mlflow.xgboost.autolog(disable=True)
    kept = mlflow.get_run(run.info.run_id)
    equal((kept.info.status, kept.info.run_name), ("FINISHED", "auto"), "run")
    equal(kept.data.params["num_boost_round"], "3", "param")
    equal(kept.data.params["eval_metric"], "['auc', 'logloss']", "param")
    for name in ("auc", "logloss"):
        history = state.client.get_metric_history(run.info.run_id, f"train-{name}")
        values = {each.step: each.value for each in history}
        equal([values[step] for step in range(3)], measured["train"][name], f"history of {name}")
        equal(kept.data.metrics[f"train-{name}"], measured["train"][name][-1], f"latest {name}")
    contexts = {tag.value for each in kept.inputs.dataset_inputs for tag in each.tags}
    equal(contexts, {"train", "eval"}, "contexts of datasets")
    files = [file.path for file in state.client.list_artifacts(run.info.run_id)]
    equal(files, ["feature_importance_weight.json", "feature_importance_weight.png"], "files")
    (output,) = kept.outputs.model_outputs
    model = mlflow.get_logged_model(output.model_id)
    equal(str(model.status), "READY", "status of the model")
    equal(rows.margins(mlflow.xgboost.load_model(f"models:/{output.model_id}")), rows.margins(booster), "margins")
    latest = {metric.key: metric.value for metric in model.metrics if metric.step == 2}
    equal(latest["train-auc"], measured["train"]["auc"][-1], "metric of the model")
    text = "metrics.`train-auc` >= 0.5"
    equal([each.info.run_id for each in state.client.search_runs([state.experiment], text)], [run.info.run_id])
