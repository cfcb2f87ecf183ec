"""Sends every row of `edge_table` and compares the answer: `edges.py URL clickleaf|mlflow`."""

import json
import os
import re
import sys
import tempfile

import requests

import rows
from edge_table import FILES, JSON, Unordered
from edge_table_registry import RECORDED, ROWS
from suite import Suite, equal, holds

URL, SERVER = sys.argv[1].rstrip("/"), sys.argv[2]
TOKEN = os.environ.get("MLFLOW_TRACKING_TOKEN")
HEADERS = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}
ERROR = {"error_code", "message", "sqlstate", "error_class"}
KINDS = {"<string>": str, "<integer>": int, "<number>": (int, float)}
session = requests.Session()


def named(value, names):
    """The value with every `{word}` replaced."""
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda found: names.get(found[1], found[0]), value)
    if isinstance(value, dict):
        return {key: named(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return type(value)(named(each, names) for each in value)
    return value


def send(method, path, sent, headers):
    """Sends a request as it is: paths are not tidied up."""
    how = {"headers": HEADERS | headers}
    if isinstance(sent, bytes):
        kind = "application/json" if method == "POST" else "application/octet-stream"
        how |= {"data": sent, "headers": how["headers"] | {"Content-Type": kind}}
    elif method == "GET":
        how["params"] = sent
    elif sent is not None:
        how["json"] = sent
    prepared = session.prepare_request(requests.Request(method, URL, **how))
    query = prepared.path_url.partition("?")[2]
    prepared.url = URL + path + (f"?{query}" if query else "")
    return session.send(prepared, timeout=30, allow_redirects=False)


def matches(actual, expected, at="answer"):
    """Fails unless the answer is as expected."""
    if isinstance(expected, dict):
        holds(isinstance(actual, dict), f"{at} is {actual!r}, expected an object")
        must = {key for key in expected if not key.endswith("?")}
        may = {key.rstrip("?") for key in expected}
        holds(must <= set(actual), f"{at} has no {sorted(must - set(actual))}: {actual!r}")
        holds(set(actual) <= may, f"{at} has {sorted(set(actual) - may)} besides: {actual!r}")
        for key, value in expected.items():
            if key.rstrip("?") in actual:
                matches(actual[key.rstrip("?")], value, f"{at}.{key.rstrip('?')}")
    elif isinstance(expected, list):
        holds(isinstance(actual, list), f"{at} is {actual!r}, expected a list")
        equal(len(actual), len(expected), f"length of {at}, {actual!r},")
        if isinstance(expected, Unordered):
            by = lambda each: str(each.get("key") or each.get("version")) if isinstance(each, dict) else str(each)  # noqa: E731
            actual, expected = sorted(actual, key=by), sorted(expected, key=by)
        for number, (one, other) in enumerate(zip(actual, expected, strict=True)):
            matches(one, other, f"{at}[{number}]")
    elif expected in KINDS:
        kind = KINDS[expected]
        holds(isinstance(actual, kind) and not isinstance(actual, bool), f"{at} is {actual!r}, expected {expected}")
    elif expected != "<any>":
        equal((type(actual), actual), (type(expected), expected), at)


def without(answer, alias):
    """Takes an alias out of every version in an answer; fails if none has it."""
    versions = answer.get("model_versions") or [answer["model_version"]]
    holds(any(alias in version.get("aliases", []) for version in versions), f"no version has the alias {alias}")
    for version in versions:
        if "aliases" in version:
            version["aliases"] = [each for each in version["aliases"] if each != alias]


def answers(row, names):
    """Sends a row's request and compares."""
    method, path = row["method"], named(row["path"], names)
    response = send(method, path, named(row["sent"], names), row.get("headers", {}))
    status, code, texts = row["status"], row.get("code"), named(list(row.get("texts", [])), names)
    if SERVER == "clickleaf" and "ours" in row:
        (status, code, _), texts = row["ours"], []
    said = f"{response.status_code} {response.text[:500]}"
    equal(response.status_code, status, f"status of {said!r}")
    if code:
        error = response.json()
        equal(error["error_code"], code, f"error code of {said!r}")
        holds(isinstance(error["message"], str) and error["message"], f"no message in {said!r}")
        holds(set(error) <= ERROR, f"what is {set(error) - ERROR}?")
        for text in texts:
            holds(text in error["message"], f"no {text!r} in {error['message']!r}")
    elif isinstance(row["answer"], bytes):
        equal(response.content, row["answer"], "answer")
    elif row["answer"] is not None:
        answer = response.json()
        if SERVER == "clickleaf" and "besides" in row:
            without(answer, row["besides"][0])
        matches(answer, named(row["answer"], names))
        if "keeps" in row:
            name, taken = row["keeps"]
            names[name] = taken(answer)


def prepare(names):
    """Makes the experiments, runs, files and versions that the rows speak of."""

    def post(path, **body):
        response = send("POST", f"{JSON}/{path}", body, {})
        equal(response.status_code, 200, f"status of {path}: {response.text[:500]}")
        return response.json()

    def put(path, content):
        response = send("PUT", f"{FILES}/artifacts/{names['experiment']}/{path}", content, {})
        equal(response.status_code, 200, f"status of {path}: {response.text[:500]}")

    unique = names["unique"]
    names["experiment"] = post("experiments/create", name=f"edges-{unique}-a")["experiment_id"]
    names["second"] = post("experiments/create", name=f"edges-{unique}-b")["experiment_id"]
    for number, (name, status) in enumerate([("ctr", "FINISHED"), ("auto", "FINISHED"), ("zz", "FAILED")], 1):
        made = post(
            "runs/create", experiment_id=names["experiment"], run_name=name, user_id="root", start_time=number * 1000
        )
        names[name] = made["run"]["info"]["run_id"]
        post("runs/update", run_id=names[name], status=status, end_time=number * 1000 + 500)
    points = [{"key": "auc", "value": value, "timestamp": step, "step": step} for step, value in ((1, 0.7), (2, 0.75))]
    params = [{"key": "eta", "value": "0.1"}, {"key": "max_depth", "value": "4"}]
    post("runs/log-batch", run_id=names["ctr"], metrics=points, params=params, tags=[{"key": "phase", "value": "dev"}])
    post("runs/log-metric", run_id=names["auto"], key="train-auc", value=0.94, timestamp=2)
    dataset = {"name": "day0", "digest": "461b030d", "source_type": "s3", "source": "{}"}
    context = [{"key": "mlflow.data.context", "value": "training"}]
    post("runs/log-inputs", run_id=names["ctr"], datasets=[{"tags": context, "dataset": dataset}])
    put(f"{names['ctr']}/artifacts/d.json", b'{\n  "a": 1\n}')
    put(f"{names['ctr']}/artifacts/sub/x.txt", b"hello artifact")
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "model.ubj")
        rows.booster().save_model(file)
        with open(file, "rb") as model:
            put(f"{names['auto']}/artifacts/model/model.ubj", model.read())
    put(f"{names['auto']}/artifacts/model/MLmodel", rows.MINIMAL.encode())
    names["model"] = f"edges-{unique}"
    post("registered-models/create", name=names["model"])
    source = f"mlflow-artifacts:/{names['experiment']}/{names['auto']}/artifacts/model"
    post("model-versions/create", name=names["model"], source=source, run_id=names["auto"])
    post("registered-models/alias", name=names["model"], alias="stable", version="1")
    post("experiments/delete", experiment_id="0")


def described(row):
    sent = row["sent"][:40] if isinstance(row["sent"], bytes) else json.dumps(row["sent"])
    return f"{row['method']} {row['path']} {sent if row['sent'] is not None else ''}"[:160].replace("#", "")


suite = Suite()
suite.check("what the rows speak of is made")(prepare)
for each in ROWS:
    suite.check(described(each))(lambda names, row=each: answers(row, names))
suite.check(f"there are {len(ROWS)} rows, of which 98 were recorded")(lambda _: equal(RECORDED, 98, "recorded rows"))
suite.check("experiment 0 is restored")(
    lambda _: equal(send("POST", f"{JSON}/experiments/restore", {"experiment_id": "0"}, {}).status_code, 200)
)
for each in ROWS:
    if "ours" in each:
        status, code, why = each["ours"]
        print(f"# differs: {described(each)}: {status} {code} instead of {each['status']}: {why}")
    if "besides" in each:
        alias, why = each["besides"]
        print(f"# differs: {described(each)}: the alias {alias} is there too: {why}")
sys.exit(suite.run({"unique": os.urandom(4).hex()}))
