"""Nested runs, deletion, and what is refused."""

import mlflow
import requests
from mlflow.entities import Metric, Param, RunTag

from suite import Suite, equal, holds, refused

suite = Suite()
check = suite.check
NO_RUN = "0" * 32


@check("61 nested runs know their parent; runs are deleted, restored, untagged, ended and renamed")
def nested_and_deleted(state):
    client = state.client
    with mlflow.start_run() as parent, mlflow.start_run(nested=True) as child:
        pass
    parent, child = parent.info.run_id, child.info.run_id
    equal(client.get_run(child).data.tags["mlflow.parentRunId"], parent, "parent")
    text = f"tags.mlflow.parentRunId = '{parent}'"

    def children(view=mlflow.entities.ViewType.ACTIVE_ONLY):
        return [run.info.run_id for run in client.search_runs([state.experiment], text, run_view_type=view)]

    equal(children(), [child], "children")
    client.delete_run(child)
    equal((children(), client.get_run(child).info.lifecycle_stage), ([], "deleted"), "after deletion")
    equal(children(mlflow.entities.ViewType.DELETED_ONLY), [child], "deleted children")
    with refused("INVALID_PARAMETER_VALUE", child, "must be in the 'active' state"):
        client.log_metric(child, "m", 1.0)
    client.restore_run(child)
    equal((children(), client.get_run(child).info.lifecycle_stage), ([child], "active"), "after restoring")
    client.delete_tag(state.run, "a")
    holds("a" not in client.get_run(state.run).data.tags, "the tag is still there")
    with refused("RESOURCE_DOES_NOT_EXIST", "a"):
        client.delete_tag(state.run, "a")
    client.set_terminated(child, "FAILED")
    equal(client.get_run(child).info.status, "FAILED", "status")
    client.update_run(child, name="zz")
    run = client.get_run(child)
    equal((run.info.run_name, run.data.tags["mlflow.runName"], run.info.status), ("zz", "zz", "FAILED"), "run")


@check("70 what is not there is not found")
def not_found(state):
    client = state.client
    for text, call in [
        (f"Run with id={NO_RUN} not found", lambda: client.get_run(NO_RUN)),
        (f"Run with id={NO_RUN} not found", lambda: client.log_metric(NO_RUN, "a", 1.0)),
        ("Registered Model with name=nope not found", lambda: client.get_registered_model("nope")),
        (f"Model Version (name={state.name}, version=9) not found", lambda: client.get_model_version(state.name, "9")),
    ]:
        with refused("RESOURCE_DOES_NOT_EXIST", text):
            call()
    equal(client.get_experiment_by_name("nope"), None, "experiment")
    with refused("INVALID_PARAMETER_VALUE", "Registered model alias nope not found."):
        client.get_model_version_by_alias(state.name, "nope")


@check("70 what is there already is not made again")
def already_there(state):
    with refused("RESOURCE_ALREADY_EXISTS", f"Registered Model (name={state.name}) already exists"):
        state.client.create_registered_model(state.name)
    with refused("RESOURCE_ALREADY_EXISTS", f"Experiment(name={state.experiment_name}) already exists"):
        state.client.create_experiment(state.experiment_name)


@check("70 a stage, alias, name, filter, limit or page token that makes no sense is refused")
def makes_no_sense(state):
    client, ours = state.client, [state.experiment]
    for texts, call in [
        (["Invalid Model Version stage: Prod"], lambda: client.transition_model_version_stage(state.name, "1", "Prod")),
        (["Version alias name 'v1' is reserved"], lambda: client.set_registered_model_alias(state.name, "v1", "1")),
        (["'latest' alias name", "reserved"], lambda: client.set_registered_model_alias(state.name, "latest", "1")),
        (["Invalid entity type 'foo'"], lambda: client.search_runs(ours, "foo.bar = 1")),
        (["Invalid value 1000000 for parameter 'max_results'"], lambda: client.search_runs(ours, max_results=1000000)),
        (["could not base64-decode"], lambda: client.search_runs(ours, page_token="garbage")),
        (["cannot contain '/' or ':'"], lambda: client.create_registered_model("a/b")),
        (["Missing value for required parameter 'name'"], lambda: client.create_registered_model("")),
        (["Invalid value", "Names may only contain"], lambda: client.log_param(state.run, "bad key!é", 1)),
    ]:
        with refused("INVALID_PARAMETER_VALUE", *texts):
            call()
    equal(client.get_registered_model(state.name).aliases, {"champion": "1"}, "aliases afterwards")


@check("70 a param never changes; what else the batch says is refused with it")
def params_never_change(state):
    with refused("INVALID_PARAMETER_VALUE", "Changing param values is not allowed", "key='eta'", "value='0.1'"):
        state.client.log_param(state.run, "eta", "0.2")
    with refused("INVALID_PARAMETER_VALUE", "Changing param values is not allowed"):
        state.client.log_batch(
            state.run, [Metric("late", 1.0, 1, 0)], [Param("eta", "0.3"), Param("new", "1")], [RunTag("late", "1")]
        )
    kept = state.client.get_run(state.run).data
    equal((kept.params["eta"], kept.params.get("new")), ("0.1", None), "params")
    equal((kept.metrics.get("late"), kept.tags.get("late")), (None, None), "metric and tag")


@check("70 101 params are split, long values are cut, and a batch may have a thousand things")
def limits(state):
    client = state.client
    run = client.create_run(state.experiment).info.run_id
    with mlflow.start_run(run_id=run):
        mlflow.log_params({f"k{number}": "v" for number in range(101)})
        mlflow.log_param("long", "x" * 7000)
    params = client.get_run(run).data.params
    equal((len(params), len(params["long"])), (102, 6000), "params and the length of the longest")
    metrics = [Metric(f"m{number}", number, 1, 0) for number in range(998)]
    client.log_batch(run, metrics, [Param("p", "1")], [RunTag("t", "1")])
    kept = client.get_run(run).data
    equal((len(kept.metrics), kept.metrics["m997"]), (998, 997.0), "metrics")
    equal((kept.params["p"], kept.tags["t"]), ("1", "1"), "param and tag")


@check("70 experiment 0 is there, and can be deleted and restored")
def experiment_zero(state):
    equal(state.client.get_experiment("0").name, "Default", "name")
    state.client.delete_experiment("0")
    try:
        equal(state.client.get_experiment("0").lifecycle_stage, "deleted", "stage")
        with refused("INVALID_PARAMETER_VALUE", "must be in the 'active' state"):
            state.client.create_run("0")
    finally:
        state.client.restore_experiment("0")
    equal(state.client.get_experiment("0").lifecycle_stage, "active", "stage")


@check("80 the same paths answer under ajax-api, and the version is that of a server the client knows")
def other_paths(state):
    def get(path, **parameters):
        answer = requests.get(f"{state.url}{path}", params=parameters, headers=state.headers, timeout=30)
        equal(answer.status_code, 200, f"status of {path}")
        return answer

    plain, ajax = (get(f"/{api}/2.0/mlflow/runs/get", run_id=state.run).json() for api in ("api", "ajax-api"))
    equal(plain, ajax, "the run, by both paths")
    holds(get("/version").text.split(".")[0].isdigit(), "no version")
    get("/health")
