"""What the client of MLflow 3 may do with tokens of each role: `roles.py URL`, with an admin's token in
`MLFLOW_TRACKING_TOKEN`."""

import os
import sys
from contextlib import contextmanager

os.environ |= {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
}

import requests
from suite import Suite, equal, holds, refused, state

suite = Suite()


@contextmanager
def signed(**variables):
    """Sends these MLFLOW_TRACKING_* variables, and no others, meanwhile."""
    names = ["TOKEN", "USERNAME", "PASSWORD"]
    before = {name: os.environ.pop(f"MLFLOW_TRACKING_{name}", None) for name in names}
    for name, value in variables.items():
        os.environ[f"MLFLOW_TRACKING_{name}"] = value
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(f"MLFLOW_TRACKING_{name}", None)
            if value is not None:
                os.environ[f"MLFLOW_TRACKING_{name}"] = value


def client(state):
    import mlflow

    return mlflow.MlflowClient(state.url)


@suite.check("01 an admin makes a token of each role")
def make(state):
    state.secrets, state.ids = {}, {}
    for role in ["viewer", "trainer", "admin"]:
        body = {"name": f"{role}-{state.unique}", "role": role}
        answer = requests.post(f"{state.url}/api/tokens", json=body, headers=state.headers)
        equal(answer.status_code, 201, "status")
        state.secrets[role] = answer.json()["secret"]
        state.ids[role] = answer.json()["token"]["token_id"]


@suite.check("02 a trainer tracks a run with files")
def track(state):
    with signed(TOKEN=state.secrets["trainer"]):
        work = client(state)
        state.experiment = work.create_experiment(f"roles-{state.unique}")
        state.run = work.create_run(state.experiment).info.run_id
        work.log_param(state.run, "eta", "0.1")
        work.log_metric(state.run, "logloss", 0.5)
        work.log_text(state.run, "hello", "note.txt")
        work.set_terminated(state.run)
        equal(work.get_run(state.run).data.metrics, {"logloss": 0.5}, "metrics")


@suite.check("03 a trainer registers a version, and can neither promote nor delete it")
def register(state):
    state.model = f"roles-{state.unique}"
    with signed(TOKEN=state.secrets["trainer"]):
        work = client(state)
        work.create_registered_model(state.model)
        source = f"mlflow-artifacts:/{state.experiment}/{state.run}/artifacts"
        version = work.create_model_version(state.model, source, run_id=state.run).version
        equal(str(version), "1", "version")
        work.set_model_version_tag(state.model, "1", "judged", "no")
        role = "role admin"
        with refused("PERMISSION_DENIED", role):
            work.transition_model_version_stage(state.model, "1", "Production")
        with refused("PERMISSION_DENIED", role):
            work.set_registered_model_alias(state.model, "champion", "1")
        with refused("PERMISSION_DENIED", role):
            work.rename_registered_model(state.model, "other")
        with refused("PERMISSION_DENIED", role):
            work.delete_model_version(state.model, "1")
        with refused("PERMISSION_DENIED", role):
            work.delete_registered_model(state.model)


@suite.check("04 a viewer reads, and writes nothing")
def view(state):
    with signed(TOKEN=state.secrets["viewer"]):
        work = client(state)
        equal(len(work.search_runs([state.experiment])), 1, "runs")
        equal(work.get_model_version(state.model, "1").current_stage, "None", "stage")
        files = [file.path for file in work.list_artifacts(state.run)]
        equal(files, ["note.txt"], "files")
        with refused("PERMISSION_DENIED", "role trainer"):
            work.log_metric(state.run, "logloss", 0.4)
        with refused("PERMISSION_DENIED", "role trainer"):
            work.create_experiment(f"viewed-{state.unique}")


@suite.check("05 an admin promotes, with the token as a password")
def promote(state):
    with signed(USERNAME="anybody", PASSWORD=state.secrets["admin"]):
        work = client(state)
        work.transition_model_version_stage(state.model, "1", "Production")
        equal(work.get_model_version_by_alias(state.model, "champion").version, "1", "champion")


@suite.check("06 a revoked token and none are refused")
def revoke(state):
    answer = requests.delete(f"{state.url}/api/tokens/{state.ids['trainer']}", headers=state.headers)
    equal(answer.status_code, 200, "status")
    for variables in [{"TOKEN": state.secrets["trainer"]}, {"TOKEN": "cl_other"}, {}]:
        with signed(**variables), refused("UNAUTHENTICATED", "not authenticated"):
            client(state).get_run(state.run)


@suite.check("07 the log has who did what")
def log(state):
    page = requests.get(f"{state.url}/api/audit?limit=1000", headers=state.headers).json()
    told = {(entry["who"], entry["action"], entry["object"]) for entry in page["entries"]}
    trainer, admin = (f"token:{role}-{state.unique}:{state.ids[role]}" for role in ["trainer", "admin"])
    for entry in [
        (trainer, "experiment.create", state.experiment),
        (trainer, "version.create", f"{state.model}/1"),
        (admin, "version.stage", f"{state.model}/1"),
        ("server-token", "token.revoke", state.ids["trainer"]),
    ]:
        holds(entry in told, f"{entry} isn't in the log")


session = state(sys.argv[1:])
session.headers = {"Authorization": f"Bearer {os.environ['MLFLOW_TRACKING_TOKEN']}"}
sys.exit(suite.run(session))
