"""Requests at the edges of MLflow's API, and what each must be answered.

A row is a request and its answer. `{words}` in strings are names that `edges.py` made. An answer is compared whole: a
key that ends in `?` may be missing, `<string>`, `<integer>`, `<number>` and `<any>` stand for any value of that kind,
`<a|b>` for one of those texts, an `Unordered` list may come in any order; of an error, `code` must be equal and each
of `texts` must be in the message. `ours` is where this server answers otherwise on purpose, with the reason: another
status and code; `besides` is an alias that it shows besides.
"""

JSON, REGISTRY, FILES = "/api/2.0/mlflow", "/api/2.0/mlflow", "/api/2.0/mlflow-artifacts"
INVALID, MISSING, INTERNAL = "INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST", "INTERNAL_ERROR"
ROWS = []


class Unordered(list):
    """A list whose order says nothing."""


def row(method, path, sent=None, status=200, answer=None, **more):
    """Declares a row: `sent` is the body as JSON, or the query of a GET."""
    ROWS.append({"method": method, "path": path, "sent": sent, "status": status, "answer": answer} | more)


def refuses(method, path, sent, status, code, *texts, **more):
    """Declares a row that ends in an error."""
    row(method, path, sent, status, code=code, texts=texts, **more)


def tag(key, value):
    return {"key": key, "value": value}


def run(name, number, **rest):
    """A run as it is shown."""
    info = {
        "run_uuid": f"{{{name}}}", "run_id": f"{{{name}}}", "run_name": name, "experiment_id": "{experiment}",
        "user_id": "root", "status": rest.pop("status", "FINISHED"), "start_time": number * 1000,
        "end_time": number * 1000 + 500, "lifecycle_stage": "active",
        "artifact_uri": f"mlflow-artifacts:/{{experiment}}/{{{name}}}/artifacts",
    }  # fmt: skip
    tags = Unordered([tag("mlflow.runName", name), *rest.pop("tags", [])])
    inputs = {"dataset_inputs": rest.pop("inputs")} if "inputs" in rest else {}
    return {"info": info, "data": rest | {"tags": tags}, "inputs": inputs, "outputs?": {}}


CTR = run(
    "ctr", 1,
    metrics=[{"key": "auc", "value": 0.75, "timestamp": 2, "step": 2}],
    params=Unordered([tag("eta", "0.1"), tag("max_depth", "4")]),
    tags=[tag("phase", "dev")],
    inputs=[{
        "tags": [tag("mlflow.data.context", "training")],
        "dataset": {"name": "day0", "digest": "461b030d", "source_type": "s3", "source": "{}", "schema?": "", "profile?": ""},
    }],
)  # fmt: skip
AUTO = run("auto", 2, metrics=[{"key": "train-auc", "value": 0.94, "timestamp": 2, "step": 0}])
ZZ = run("zz", 3, status="FAILED")
# What a search answers in pages of one.
FOUND = {"next_page_token?": "<string>"}


def search(text, found=None, **more):
    """Declares a search of runs with a filter that finds one run first, or none."""
    answer = {"runs": [found]} | FOUND if found else {}
    row(
        "POST",
        f"{JSON}/runs/search",
        {"experiment_ids": ["{experiment}"], "filter": text, "max_results": 1} | more,
        answer=answer,
    )


def bad_search(text, *texts, **more):
    sent = {"experiment_ids": ["{experiment}"], "filter": text, "max_results": 1} | more
    refuses("POST", f"{JSON}/runs/search", sent, 400, INVALID, *texts)


bad_search("metrics.auc > 0.1 OR metrics.auc < 9", "Invalid clause(s) in filter string: 'OR'")
bad_search("(metrics.auc > 0.1)", "Invalid clause(s) in filter string")
bad_search("metrics.auc LIKE 'x'", "Expected numeric value type for metric. Found 'x'")
bad_search("params.eta = 0.1", "Expected a quoted string value for parameter", "0.1")
search('params.eta = "0.1"', CTR)
search("tags.\"phase\" = 'dev'", CTR)
search("run_name = 'auto'", AUTO)
bad_search("name = 'auto'", "Invalid attribute key 'name' specified", "run_name")
search("attributes.status = 'finished'")
search("status = 'FINISHED'", AUTO)
search("attributes.start_time > 1", ZZ)
bad_search("attributes.start_time > '1'", "Expected numeric value type for numeric attribute: start_time. Found '1'")
bad_search("run_name IN ('auto','x')", "Only ['run_id'] attributes support comparison with a list")
search("run_id NOT IN ('x')", ZZ)
search("metrics.`train-auc` >= 0.5", AUTO)
bad_search("metrics.auc = nan", "Expected numeric value type for metric. Found nan")
search("params.eta IS NULL", ZZ)
bad_search("metrics.auc IS NULL", "IS NULL / IS NOT NULL is only supported for tags and params")
search("params.eta ilike '0.%'", CTR)
search("dataset.context = 'training'", CTR)
search("attributes.artifact_uri LIKE '%/{experiment}/%'", ZZ)
search("metrics.auc > 0.1 AND", CTR)
bad_search("metrics.auc == 1", "Invalid comparator '=='")
search("user_id = 'root'", ZZ)
search("attributes.end_time > 1", ZZ)
search("tags.phase = 'de''v'")
search("metrics.auc > 1e-3", CTR)
search("metrics.auc > -1", CTR)
search("", CTR, order_by=["metrics.auc DESC", "params.eta"])
bad_search("", "Invalid ordering key in order_by clause 'metrics.auc WRONG'", order_by=["metrics.auc WRONG"])
bad_search("", "Invalid attribute key 'foo' specified", order_by=["attributes.foo"])
search("", CTR, order_by=["tags.phase ASC"])

# Types
RUNS = f"{JSON}/runs"
refuses("POST", f"{RUNS}/search", {"experiment_ids": "{experiment}"}, 400, INVALID,
        "for parameter 'experiment_ids' supplied", "Hint: Value was of type 'str'")  # fmt: skip
row("POST", f"{RUNS}/search", {"experiment_ids": ["{experiment}"], "max_results": "1"}, answer={"runs": [ZZ]} | FOUND)
refuses("POST", f"{RUNS}/search", {"experiment_ids": ["{experiment}"], "max_results": 0}, 400, INVALID,
        "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer")  # fmt: skip
row(
    "POST",
    f"{RUNS}/search",
    {"experiment_ids": ["{experiment}"], "max_results": 1, "bogus": 1},
    answer={"runs": [ZZ]} | FOUND,
)
row("POST", f"{RUNS}/search", {}, answer={})
row("POST", f"{RUNS}/search", b"", answer={})
row("GET", f"{RUNS}/search", status=405)
row("GET", f"{JSON}/nope", status=404)
refuses("POST", f"{RUNS}/create", {"experiment_id": "777777"}, 404, MISSING, "No Experiment with id=777777 exists")
refuses("POST", f"{RUNS}/create", {"experiment_id": 3}, 400, INVALID,
        "Invalid value 3 for parameter 'experiment_id' supplied:  Hint: Value was of type 'int'")  # fmt: skip
refuses(
    "POST",
    f"{RUNS}/create",
    {},
    400,
    INVALID,
    "The experiment 0 must be in the 'active' state. Current state is deleted.",
)
EXPERIMENTS = f"{JSON}/experiments"
refuses("GET", f"{EXPERIMENTS}/get", None, 400, INVALID, "Missing value for required parameter 'experiment_id'")
EXPERIMENT = {
    "experiment_id": "{second}", "name": "edges-{unique}-b", "artifact_location": "mlflow-artifacts:/{second}",
    "lifecycle_stage": "active", "creation_time": "<integer>", "last_update_time": "<integer>", "workspace?": "<string>",
}  # fmt: skip
row("GET", f"{EXPERIMENTS}/search", {"max_results": 1, "filter": "name LIKE 'edges-{unique}%'"},
    answer={"experiments": [EXPERIMENT], "next_page_token": "<string>"})  # fmt: skip
row("POST", f"{EXPERIMENTS}/search", {"max_results": 1, "filter": "tags.x = '{unique}'"}, answer={})
refuses("POST", f"{EXPERIMENTS}/search", {}, 400, INVALID, "for parameter 'max_results' supplied")
PROBE = {
    "info": {
        "run_uuid": "<string>", "run_id": "<string>", "experiment_id": "{experiment}", "run_name": "probe", "user_id": "",
        "status": "RUNNING", "start_time": 1, "artifact_uri": "<string>", "lifecycle_stage": "active",
    },
    "data": {"tags": [tag("mlflow.runName", "probe")]}, "inputs": {}, "outputs?": {},
}  # fmt: skip
row("POST", f"{RUNS}/create", {"experiment_id": "{experiment}", "run_name": "probe", "start_time": 1},
    answer={"run": PROBE}, keeps=("probe", lambda answer: answer["run"]["info"]["run_id"]))  # fmt: skip

# Logging
METRIC, BATCH = f"{RUNS}/log-metric", f"{RUNS}/log-batch"
BASE = {"run_id": "{probe}", "key": "m"}
row("POST", METRIC, BASE | {"value": "NaN", "timestamp": 1}, answer={})
row("POST", METRIC, BASE | {"value": "Infinity", "timestamp": "2", "step": "3"}, answer={})
refuses(
    "POST", METRIC, BASE | {"value": "abc", "timestamp": 1}, 400, INVALID, "Invalid value \"abc\" for parameter 'value'"
)
refuses("POST", METRIC, BASE | {"timestamp": 1}, 400, INVALID, "Missing value for required parameter 'value'")
refuses("POST", METRIC, BASE | {"value": 1}, 400, INVALID, "Missing value for required parameter 'timestamp'")
for key, resolved in [("/etc", "/etc"), ("a/../b", "b")]:
    refuses("POST", METRIC, BASE | {"key": key, "value": 1, "timestamp": 1}, 400, INVALID,
            f'Invalid value "{key}" for parameter', f"This name would resolve to '{resolved}'")  # fmt: skip
refuses("POST", BATCH, {"run_id": "{probe}", "metrics": [{"key": f"x{at}", "value": 1, "timestamp": 1} for at in range(1001)]},
        400, INVALID, "at most 1000 metrics. Got 1001 metrics")  # fmt: skip
refuses("POST", BATCH, {"run_id": "{probe}", "params": [tag(f"x{at}", "1") for at in range(101)]},
        400, INVALID, "at most 100 params. Got 101 params")  # fmt: skip
refuses("POST", BATCH, {"run_id": "{probe}", "params": [tag("d", "1"), tag("d", "2")]},
        400, INVALID, "Duplicate parameter keys have been submitted: ['d']")  # fmt: skip
row("POST", BATCH, {"run_id": "{probe}", "tags": [tag("mlflow.runName", "renamed")]}, answer={})
RENAMED = PROBE | {
    "info": PROBE["info"] | {"run_uuid": "{probe}", "run_id": "{probe}", "run_name": "renamed"},
    "data": {
        "metrics": [{"key": "m", "value": 1.7976931348623157e308, "timestamp": 2, "step": 3}],
        "tags": [tag("mlflow.runName", "renamed")],
    },
}
row("GET", f"{RUNS}/get", {"run_id": "{probe}"}, answer={"run": RENAMED})
POINTS = [{"key": "h", "value": float(at), "timestamp": at, "step": at} for at in range(5)]
row("POST", BATCH, {"run_id": "{probe}", "metrics": POINTS}, answer={})
HISTORY = {"run_id": "{probe}", "metric_key": "h", "max_results": 2}
row("GET", f"{JSON}/metrics/get-history", HISTORY, answer={"metrics": POINTS[:2], "next_page_token": "<string>"},
    keeps=("page", lambda answer: answer["next_page_token"]))  # fmt: skip
row("GET", f"{JSON}/metrics/get-history", HISTORY | {"page_token": "{page}"},
    answer={"metrics": POINTS[2:4], "next_page_token": "<string>"})  # fmt: skip
row("POST", f"{RUNS}/delete", {"run_id": "{probe}"}, answer={})
refuses("POST", METRIC, BASE | {"value": 1, "timestamp": 1}, 400, INVALID,
        "The run {probe} must be in the 'active' state. Current state is deleted.")  # fmt: skip
DELETED = RENAMED | {
    "info": RENAMED["info"] | {"lifecycle_stage": "deleted"},
    "data": RENAMED["data"] | {"metrics": Unordered([*RENAMED["data"]["metrics"], POINTS[4]])},
}
row("POST", f"{RUNS}/search", {"experiment_ids": ["{experiment}"], "run_view_type": "DELETED_ONLY", "max_results": 1},
    answer={"runs": [DELETED]})  # fmt: skip
row("POST", f"{RUNS}/search", {"experiment_ids": ["{experiment}"], "run_view_type": 3, "max_results": 1},
    answer={"runs": [ZZ]} | FOUND)  # fmt: skip
