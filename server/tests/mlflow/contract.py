"""What MLflow's API promises beyond one user's session: validation of every field, orders, pages, sampling of long
histories, and where versions may come from. `contract.py URL clickleaf|mlflow`; it holds for both, but for versions
whose files are in another store: for this server a READY version is one whose files are here.
"""

import json
import os
import socket
import sys
import time

os.environ |= {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}

import requests
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag, ViewType

from suite import Suite, equal, holds, refused, state

SERVER = sys.argv[2]
suite = Suite()
check = suite.check
TOKEN = os.environ.get("MLFLOW_TRACKING_TOKEN")
HEADERS = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}


def ask(state, method, path, **how):
    return requests.request(method, f"{state.url}{path}", headers=HEADERS, timeout=30, **how)


def bad(state, path, sent, text, method="POST", code="INVALID_PARAMETER_VALUE", status=400, api="api"):
    """Expects a refusal with this text."""
    how = {"json": sent} if method != "GET" else {"params": sent}
    answer = ask(state, method, f"/{api}/2.0/mlflow/{path}", **how)
    said = f"{path} {sent}: {answer.status_code} {answer.text[:300]}"
    equal(answer.status_code, status, f"status of {said}")
    equal(answer.json()["error_code"], code, f"error code of {said}")
    holds(text in answer.json()["message"], f"no {text!r} in {said}")


def new_run(state, **how):
    return state.client.create_run(state.experiment, **how).info.run_id


@check("an experiment to work in")
def begin(state):
    state.client = MlflowClient()
    state.experiment = state.client.create_experiment(f"contract-{state.unique}")
    state.run = new_run(state)


@check("fields of the wrong type, and missing ones, are refused by name")
def types(state):
    run = state.run
    for path, sent, text in [
        ("experiments/create", {"name": 123}, "Invalid value 123 for parameter 'name'"),
        ("experiments/create", {}, "Missing value for required parameter 'name'"),
        ("experiments/create", {"name": "x", "artifact_location": 9.0}, "Invalid value 9.0 for parameter 'artifact_location'"),
        ("experiments/create", {"name": "x", "tags": "5"}, "Invalid value \"5\" for parameter 'tags'"),
        ("runs/log-metric", {"run_id": 31, "key": "m", "value": 41, "timestamp": 59}, "Invalid value 31 for parameter 'run_id'"),
        ("runs/log-metric", {"run_id": run, "key": 31, "value": 41, "timestamp": 59}, "Invalid value 31 for parameter 'key'"),
        ("runs/log-metric", {"run_id": run, "key": "m", "value": 1, "timestamp": 59, "step": "foo"},
         "Invalid value \"foo\" for parameter 'step'"),
        ("runs/log-metric", {"run_id": run, "key": "m", "value": 1, "timestamp": "foo"},
         "Invalid value \"foo\" for parameter 'timestamp'"),
        ("runs/log-metric", {"run_id": None, "key": "m", "value": 1, "timestamp": 59}, "Missing value for required parameter 'run_id'"),
        ("runs/log-metric", {"run_id": run, "value": 1, "timestamp": 59}, "Missing value for required parameter 'key'"),
        ("runs/log-metric", {"run_id": run, "key": None, "value": 1, "timestamp": 59}, "Missing value for required parameter 'key'"),
        ("runs/log-parameter", {"run_id": 31, "key": "p", "value": "1"}, "Invalid value 31 for parameter 'run_id'"),
        ("runs/log-parameter", {"run_id": run, "key": 31, "value": "1"}, "Invalid value 31 for parameter 'key'"),
        ("runs/set-tag", {"run_id": 31, "key": "t", "value": "1"}, "Invalid value 31 for parameter 'run_id'"),
        ("runs/set-tag", {"run_id": run, "key": "t", "value": 41}, "Invalid value 41 for parameter 'value'"),
        ("runs/set-tag", {"run_id": run, "value": "1"}, "Missing value for required parameter 'key'"),
        ("runs/log-batch", {"run_id": run, "metrics": "foo"}, "Invalid value \"foo\" for parameter 'metrics'"),
        ("runs/log-batch", {"run_id": run, "params": "foo"}, "Invalid value \"foo\" for parameter 'params'"),
        ("runs/log-batch", {"run_id": run, "tags": "foo"}, "Invalid value \"foo\" for parameter 'tags'"),
        ("runs/log-batch", {"run_id": run, "metrics": [{"key": "mae", "value": 2.5}]}, "Missing value for required parameter 'metrics[0].timestamp'"),
        ("runs/log-inputs", {"datasets": []}, "Missing value for required parameter 'run_id'"),
        ("registered-models/create", {"name": 1}, "Invalid value 1 for parameter 'name'"),
        ("model-versions/create", {"name": "x"}, "Missing value for required parameter 'source'"),
        ("model-versions/transition-stage", {"name": "x", "version": "1"}, "Missing value for required parameter 'stage'"),
    ]:  # fmt: skip
        bad(state, path, sent, text)


@check("run_uuid stands for run_id, a step may be left out, and empty values are values")
def leniency(state):
    run = state.run
    for path, sent in [
        ("runs/set-tag", {"run_uuid": run, "key": "by_uuid", "value": "1"}),
        ("runs/log-batch", {"run_id": run, "metrics": [{"key": "mae", "value": 2.5, "timestamp": 123456789}]}),
        ("runs/log-parameter", {"run_uuid": run, "key": "empty", "value": ""}),
        ("runs/set-tag", {"run_id": run, "key": "empty", "value": ""}),
    ]:
        answer = ask(state, "POST", f"/api/2.0/mlflow/{path}", json=sent)
        equal((answer.status_code, answer.json()), (200, {}), f"answer to {path} {sent}")
    state.client.log_batch(run, params=[Param("empty_too", "")], tags=[RunTag("empty_too", "")])
    data = state.client.get_run(run).data
    equal(data.params, {"empty": "", "empty_too": ""}, "params")
    equal([data.tags[key] for key in ("by_uuid", "empty", "empty_too")], ["1", "", ""], "tags")
    state.client.set_experiment_tag(state.experiment, "lines", "one\ntwo")
    equal(state.client.get_experiment(state.experiment).tags, {"lines": "one\ntwo"}, "tags of the experiment")


@check("a tag that is not there, or of a deleted run, is not deleted")
def delete_tag(state):
    run = new_run(state, tags={"there": "1"})
    state.client.delete_tag(run, "there")
    with refused("RESOURCE_DOES_NOT_EXIST", "No tag with name: there"):
        state.client.delete_tag(run, "there")
    with refused("RESOURCE_DOES_NOT_EXIST", "not found"):
        state.client.delete_tag("fake_run_id", "there")
    state.client.delete_run(run)
    with refused("INVALID_PARAMETER_VALUE", f"The run {run} must be in"):
        state.client.delete_tag(run, "there")


@check("infinities, NaN, negative steps and several values of a step are kept")
def values(state):
    run = new_run(state)
    for key, value in [("nan", "nan"), ("inf", "inf"), ("minus", "-inf"), ("plain", "123.456")]:
        state.client.log_metric(run, key, float(value), timestamp=789)
    kept = state.client.get_run(run).data.metrics
    holds(kept["nan"] != kept["nan"], "NaN is a number")
    largest = 1.7976931348623157e308
    equal((kept["inf"], kept["minus"], kept["plain"]), (largest, -largest, 123.456), "values")
    points = [(7, -2, -100.0), (8, 0, 0.0), (8, 0, 1.0), (9, 1, 12.0)]
    for timestamp, step, value in points:
        state.client.log_metric(run, "b", value, timestamp=timestamp, step=step)
    state.client.log_metric(run, "b", 12.0, timestamp=9, step=1)
    history = [(each.timestamp, each.step, each.value) for each in state.client.get_metric_history(run, "b")]
    equal(sorted(history), points, "history")
    equal(state.client.get_run(run).data.metrics["b"], 12.0, "latest")
    # The latest is what has the highest step, then the latest time, then the highest value.
    state.client.log_batch(
        run, [Metric("c", 5.0, 3, 4), Metric("c", 9.0, 2, 4), Metric("c", 7.0, 9, 1), Metric("c", 6.0, 3, 4)]
    )
    equal(state.client.get_run(run).data.metrics["c"], 6.0, "latest of several")


@check("runs that began at one time come by their id, page after page")
def pages(state):
    experiment = state.client.create_experiment(f"contract-pages-{state.unique}")
    runs = sorted(state.client.create_run(experiment, start_time=1).info.run_id for _ in range(10))
    found, token = [], None
    for size in (4, 4, 2):
        page = state.client.search_runs([experiment], max_results=4, page_token=token)
        equal(len(page), size, "length of a page")
        found += [run.info.run_id for run in page]
        token = page.token
    equal((found, token or None), (runs, None), "all pages")


@check("experiments are found by name and tag, and come with the latest first")
def experiments(state):
    names = {}
    for name, tags in [("a", {"key": "value"}), ("ab", {"key": "vaLue"}), ("Abc", None)]:
        time.sleep(0.002)
        names[state.client.create_experiment(f"{state.unique}-{name}", tags=tags)] = name

    def found(text=None, **how):
        page = state.client.search_experiments(filter_string=text, **how)
        return [names[each.experiment_id] for each in page if each.experiment_id in names]

    name = f"attribute.name LIKE '{state.unique}-%'"
    for text, expected in [
        (name, ["Abc", "ab", "a"]),
        (f"{name} AND name != '{state.unique}-a'", ["Abc", "ab"]),
        (f"name LIKE '{state.unique}-a%'", ["ab", "a"]),
        (f"name ILIKE '{state.unique}-a%'", ["Abc", "ab", "a"]),
        (f"{name} AND tag.key = 'value'", ["a"]),
        (f"{name} AND tag.key != 'value'", ["ab"]),
        (f"{name} AND tag.key ILIKE '%alu%'", ["ab", "a"]),
        (f"{name} AND creation_time > 0", ["Abc", "ab", "a"]),
    ]:
        equal(found(text), expected, f"experiments with {text}")
    equal(found(name, order_by=["name DESC"]), ["ab", "a", "Abc"], "experiments by name, descending")
    equal(found(name, max_results=2), ["Abc", "ab"], "the first page")
    time.sleep(0.002)
    (deleted,) = [each for each, short in names.items() if short == "ab"]
    state.client.delete_experiment(deleted)
    for view, expected in [
        (ViewType.ACTIVE_ONLY, ["Abc", "a"]),
        (ViewType.DELETED_ONLY, ["ab"]),
        (ViewType.ALL, ["Abc", "ab", "a"]),
    ]:
        equal(sorted(found(name, view_type=view)), sorted(expected), "experiments of a view")
    with refused("RESOURCE_ALREADY_EXISTS", "already exists"):
        state.client.create_experiment(f"{state.unique}-ab")


@check("a path that leads out of a run is refused wherever it can be said")
def paths(state):
    for path in ("api/2.0/mlflow/artifacts/list", "get-artifact"):
        answer = ask(state, "GET", f"/{path}", params={"run_id": state.run, "path": "../path"})
        equal((answer.status_code, answer.json()["error_code"]), (400, "INVALID_PARAMETER_VALUE"), path)
        equal(answer.json()["message"], "Invalid path", path)


@check("histories of several runs come in one answer, run by run")
def history_of_several(state):
    path = "metrics/get-history-bulk"
    for sent, text in [
        ({"metric_key": "k"}, "must specify at least one run_id"),
        ({"run_id": [f"id_{at}" for at in range(1000)], "metric_key": "k"}, "cannot specify more than"),
        ({"run_id": ["123"]}, "must specify a metric_key"),
    ]:
        bad(state, path, sent, text, method="GET", api="ajax-api")
    runs = sorted([new_run(state), new_run(state)])
    points = [(1, 2, 10.0), (1, 3, 11.0), (1, 3, 12.0), (2, 3, 12.0)]
    for run in runs:
        for timestamp, step, value in points:
            state.client.log_metric(run, "m", value, timestamp=timestamp, step=step)
    expected = [
        {"key": "m", "timestamp": timestamp, "step": step, "value": value, "run_id": run}
        for run in runs
        for timestamp, step, value in points
    ]
    for most in (25_000, 2, 5):
        sent = {"run_id": runs, "metric_key": "m", "max_results": most}
        answer = ask(state, "GET", f"/ajax-api/2.0/mlflow/{path}", params=sent)
        equal(answer.status_code, 200, f"status: {answer.text[:300]}")
        equal(answer.json()["metrics"], expected[:most], "histories")


@check("long histories are sampled at steps, evenly and with both ends")
def sampled(state):
    path = "metrics/get-history-bulk-interval"
    one = {"run_ids": ["123"], "metric_key": "k"}
    for sent, text in [
        ({"metric_key": "k"}, "Missing value for required parameter 'run_ids'"),
        ({"run_ids": [f"id_{at}" for at in range(1000)], "metric_key": "k"}, "must specify at most 100 run_ids"),
        (one | {"max_results": 0}, "max_results must be between 1 and 2500"),
        ({"run_ids": ["123"]}, "Missing value for required parameter 'metric_key'"),
        (one | {"start_step": 1, "end_step": 0}, "end_step must be greater than start_step"),
        (one | {"start_step": 1}, "both must be specified"),
    ]:
        bad(state, path, sent, text, method="GET", api="ajax-api")
    runs = [new_run(state), new_run(state)]
    for run, length in zip(runs, (10, 20), strict=True):
        state.client.log_batch(run, [Metric("m", 10.0, 1, step) for step in range(length)])

    def steps(runs, **how):
        sent = {"run_ids": runs, "metric_key": "m", "max_results": 5} | how
        answer = ask(state, "GET", f"/ajax-api/2.0/mlflow/{path}", params=sent)
        equal(answer.status_code, 200, f"status: {answer.text[:300]}")
        return [(runs.index(each["run_id"]), each["step"]) for each in answer.json()["metrics"]]

    equal(steps(runs[:1]), [(0, step) for step in (0, 2, 4, 6, 9)], "steps of one run")
    equal(steps(runs[:1], start_step=0, end_step=4), [(0, step) for step in range(5)], "steps of an interval")
    both = [(0, step) for step in (0, 2, 4, 6, 9)] + [(1, step) for step in (0, 4, 8, 12, 19)]
    equal(sorted(steps(runs)), sorted(both), "steps of both")


@check("datasets of experiments are summed up")
def datasets(state):
    path = "experiments/search-datasets"
    for sent, text in [
        ({}, "must specify at least one experiment_id"),
        ({"experiment_ids": []}, "must specify at least one experiment_id"),
        ({"experiment_ids": [f"id_{at}" for at in range(1000)]}, "cannot specify more than"),
    ]:
        bad(state, path, sent, text, api="ajax-api")
    experiment = state.client.create_experiment(f"contract-datasets-{state.unique}")
    for _ in range(2):
        run = state.client.create_run(experiment).info.run_id
        tags = [InputTag("mlflow.data.context", "training")]
        state.client.log_inputs(run, [DatasetInput(Dataset("name1", "digest1", "type1", "source1"), tags)])
    kept = state.client.get_run(run).inputs.dataset_inputs
    equal(
        [(each.dataset.name, each.dataset.digest, each.dataset.source) for each in kept],
        [("name1", "digest1", "source1")],
    )
    answer = ask(state, "POST", f"/ajax-api/2.0/mlflow/{path}", json={"experiment_ids": [experiment]})
    expected = {"experiment_id": experiment, "name": "name1", "digest": "digest1", "context": "training"}
    equal((answer.status_code, answer.json()), (200, {"dataset_summaries": [expected]}), "summaries")


@check("versions come from where they may: other stores, this one's only from the run, and never upwards")
def sources(state):
    name = f"contract-{state.unique}"
    state.client.create_registered_model(name)
    root = state.client.get_run(state.run).info.artifact_uri
    create = "model-versions/create"
    made = state.client.create_model_version(name, "runs:/run_id/model", "run_id")
    equal((made.source, made.run_id, made.status), ("runs:/run_id/model", "run_id", "READY"), "version")
    for number, source in ((2, "s3://bucket/model"), (3, "dbfs:/models/x")):
        answer = ask(
            state, "POST", f"/api/2.0/mlflow/{create}", json={"name": name, "source": source, "run_id": "run_id"}
        )
        equal(answer.status_code, 200, f"status: {answer.text[:300]}")
        kept = state.client.get_model_version(name, str(number))
        equal((kept.source, kept.run_id, kept.status), (source, "run_id", "READY"), "version")
    outside = [
        "mlflow-artifacts://host:9000/models/../../../",
        "http://host:9000/models/../../../",
        "s3a://bucket/api/2.0/mlflow-artifacts/artifacts/../../../",
        "ftp://host:8888/artifacts/../../../",
        "mlflow-artifacts:/9/other/artifacts/model",
        "mlflow-artifacts://host:9000/models/..%2f..%2fartifacts",
        "mlflow-artifacts://host:9000/models/artifact%00",
    ]
    for source in outside:
        bad(state, create, {"name": name, "source": source, "run_id": state.run}, "ource")
    for sent in (
        {"source": "/etc", "run_id": state.run},
        {"source": "file:///etc"},
        {"source": f"{root}/../../x", "run_id": state.run},
        {"source": root},
    ):
        bad(state, create, sent | {"name": name}, "Invalid model version source")


@check("versions are searched, ordered and paged")
def search_versions(state):
    names = [f"versions-{state.unique}-{at:02}" for at in range(5)]
    for name in names:
        state.client.create_registered_model(name)
    made = []
    for name in names + names[:2]:
        time.sleep(0.002)
        version = state.client.create_model_version(name, "runs:/run_id/model", "run_id")
        made.append((name, str(version.version)))

    def found(text, **how):
        everything, token = [], None
        while True:
            page = state.client.search_model_versions(
                f"name LIKE 'versions-{state.unique}-%'{text}", page_token=token, **how
            )
            everything += [(each.name, str(each.version)) for each in page]
            token = page.token
            if not token:
                return everything

    for size in (1, 3, 100):
        equal(found("", max_results=size), made[::-1], "versions, the latest first")
    equal(found("", order_by=["name DESC"])[:1], [(names[4], "1")], "versions by name")
    equal(
        found("", order_by=["version_number DESC", "name ASC"])[:3], [(names[0], "2"), (names[1], "2"), (names[0], "1")]
    )
    equal(found(" AND version_number = 2"), made[::-1][:2], "second versions")
    equal(found(" AND source_path = 'runs:/run_id/model'"), made[::-1], "versions by source")
    for text in ("name LIKE", "name = 1", "foo = 'x'", "name > 'x'", "version_number LIKE '1'"):
        with refused("INVALID_PARAMETER_VALUE"):
            state.client.search_model_versions(text)


@check("a version's tags, description, stage and deletion are its own, and the model's time follows")
def versions(state):
    name = f"versions-{state.unique}-00"
    client = state.client
    before = client.get_registered_model(name).last_updated_timestamp
    time.sleep(0.002)
    client.update_model_version(name, "1", "first")
    client.set_model_version_tag(name, "1", "number", 12345)
    holds(client.get_registered_model(name).last_updated_timestamp >= before, "the model's time goes backwards")
    one, two = client.get_model_version(name, "1"), client.get_model_version(name, "2")
    equal((one.description, one.tags), ("first", {"number": "12345"}), "version 1")
    equal((two.description or "", two.tags), ("", {}), "version 2")
    with refused("INVALID_PARAMETER_VALUE", "Invalid Model Version stage"):
        client.transition_model_version_stage(name, "1", "unknown")
    for stage in ("Staging", "Production", "Archived", "None"):
        equal(client.transition_model_version_stage(name, "1", stage).current_stage, stage, "stage")
    for version, code in (("9", "RESOURCE_DOES_NOT_EXIST"), ("x", "INVALID_PARAMETER_VALUE")):
        with refused(code):
            client.get_model_version(name, version)
    client.delete_model_version(name, "2")
    for call in (
        lambda: client.get_model_version(name, "2"),
        lambda: client.update_model_version(name, "2", "gone"),
        lambda: client.set_model_version_tag(name, "2", "k", "v"),
        lambda: client.delete_model_version(name, "2"),
        lambda: client.get_model_version_download_uri(name, "2"),
    ):
        with refused("RESOURCE_DOES_NOT_EXIST", "version=2) not found"):
            call()
    client.delete_registered_model(name)
    client.create_registered_model(name)
    equal(client.get_registered_model(name).latest_versions, [], "versions of the model that was made again")
    equal(str(client.create_model_version(name, "runs:/run_id/model", "run_id").version), "1", "its first version")


@check("what a file is called decides how it is downloaded, and a browser is told not to guess")
def downloads(state):
    run = new_run(state)
    place = f"/api/2.0/mlflow-artifacts/artifacts/{state.experiment}/{run}/artifacts"
    content = {"page.html": b"<script>alert(1)</script>", "a b.json": json.dumps({"a": 1}).encode(), "empty": b""}
    for name, body in content.items():
        equal(ask(state, "PUT", f"{place}/{name}", data=body).status_code, 200, f"status of {name}")
    for name, body in content.items():
        answer = ask(state, "GET", f"{place}/{name}")
        equal((answer.status_code, answer.content), (200, body), name)
        holds("attachment" in answer.headers["Content-Disposition"], f"{name} is shown")
        equal(answer.headers["X-Content-Type-Options"], "nosniff", "header")
    listed = ask(
        state,
        "GET",
        "/api/2.0/mlflow-artifacts/artifacts",
        params={"path": place.partition("artifacts/")[2].partition("artifacts/")[2]},
    )
    # MLflow leaves a size of 0 out.
    sizes = {file["path"]: file.get("file_size", 0) for file in listed.json()["files"]}
    equal(sizes, {name: len(body) for name, body in content.items()}, "sizes")
    equal(ask(state, "DELETE", f"{place}/page.html").status_code, 200, "status of the deletion")
    equal(ask(state, "GET", f"{place}/page.html").status_code, 404, "status of what was deleted")


@check("a connection whose upload was refused before its body came answers the next request, or says that it closes")
def refused_upload(state):
    host, port = state.url.removeprefix("http://").split(":")
    token = f"Authorization: {HEADERS['Authorization']}\r\n" if HEADERS else ""
    head = f"Host: {host}:{port}\r\n{token}"

    def answer(connection):
        data = b""
        while b"\r\n\r\n" not in data:
            received = connection.recv(65536)
            holds(received, f"the connection was closed after {data!r}")
            data += received
        return data

    with socket.create_connection((host, int(port)), timeout=1) as connection:
        path = "/api/2.0/mlflow-artifacts/artifacts/1/%2e%2e/%2e%2e/etc"
        connection.sendall(f"PUT {path} HTTP/1.1\r\n{head}Content-Length: 1\r\n\r\n".encode())
        try:
            first = answer(connection)
        except TimeoutError:  # it waits for the body, as it may
            first = None
        connection.sendall(b"x")
        connection.settimeout(10)
        first = first or answer(connection)
        holds(first.startswith(b"HTTP/1.1 400 "), f"answered {first!r}")
        if b"connection: close" not in first.lower():
            connection.sendall(f"GET /health HTTP/1.1\r\n{head}\r\n".encode())
            second = answer(connection)
            holds(b"HTTP/1.1 200 " in second, f"answered {second!r}")


sys.exit(suite.run(state(sys.argv[1:])))
