"""One user's session with the client of MLflow 3: `client_3.py URL`."""

import os
import sys

os.environ |= {
    "MPLBACKEND": "Agg",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # An answer that clients repeat for minutes is a failure here.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
}

import session_errors
import session_models
import session_registry
import session_runs
from suite import Suite, equal, state

whole = Suite()


@whole.check("00 the client is the one that is meant")
def version(_):
    import mlflow

    equal(mlflow.__version__, "3.17.2", "version")


def where_the_files_are(state):
    root = f"mlflow-artifacts:/{state.experiment}/models/{state.model_id}/artifacts"
    state.download_uri = root


runs = session_runs.suite.checks
logged = next(at for at, (name, _) in enumerate(runs) if name.startswith("13 "))
whole.checks += runs[:logged] + session_models.logging.checks + runs[logged:]
whole.checks.append(("29 the files of a logged model are in its experiment", where_the_files_are))
whole.checks += session_registry.suite.checks + session_models.loading.checks + session_errors.suite.checks

session = state(sys.argv[1:])
token = os.environ.get("MLFLOW_TRACKING_TOKEN")
session.headers = {"Authorization": f"Bearer {token}"} if token else {}
sys.exit(whole.run(session))
