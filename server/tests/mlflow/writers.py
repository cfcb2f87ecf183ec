"""Fifty writers at once: `writers.py URL [--interrupted] [--writers N]`.

Each makes a run, logs 200 values of metrics, uploads a model and registers it as a version that goes to Production.
What the server acknowledged must be there afterwards. Once half of the values are in, the line `HALF` goes to standard
output: with `--interrupted` the database is expected to be killed and started again at that moment, the clients
repeat what failed, and what one of them was not told may be there too.
"""

import os
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

os.environ |= {
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_POOL_CONNECTIONS": "4",
    "MLFLOW_HTTP_POOL_MAXSIZE": "64",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "6",
}

from mlflow import MlflowClient
from mlflow.entities import Metric

import rows
from suite import Suite, equal, holds, state

WRITERS = int(sys.argv[sys.argv.index("--writers") + 1]) if "--writers" in sys.argv else 50
# Calls of a writer that log one value, calls that log several, and how many those log.
SINGLE, BATCHES, IN_BATCH = 100, 10, 10
# A writer repeats a call that failed for this long.
PATIENCE = 120
suite = Suite()
check = suite.check


class Tally:
    """How many values were acknowledged, over all writers."""

    def __init__(self):
        self.lock, self.values, self.said, self.repeated = threading.Lock(), 0, False, 0

    def add(self, values):
        with self.lock:
            self.values += values
            if not self.said and self.values >= WRITERS * (SINGLE + BATCHES * IN_BATCH) // 2:
                self.said = True
                print("HALF", flush=True)


def value(writer, step):
    return writer + step / 1024


def acknowledged(state, call):
    """The call's answer; a writer whose database may go away repeats it."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return call()
        except Exception:
            if not state.interrupted or time.monotonic() > deadline:
                raise
            with state.tally.lock:
                state.tally.repeated += 1
            time.sleep(0.2)


def write(state, writer):
    """One writer's work; gives its run and its version."""
    client = MlflowClient()
    run = acknowledged(state, lambda: client.create_run(state.experiment, run_name=f"writer-{writer}"))
    run_id = run.info.run_id
    acknowledged(state, lambda: client.log_artifacts(run_id, state.folder, "model"))
    for step in range(SINGLE):
        acknowledged(state, lambda: client.log_metric(run_id, "single", value(writer, step), timestamp=step, step=step))
        state.tally.add(1)
        if step % (SINGLE // BATCHES) == 0:
            first = step // (SINGLE // BATCHES) * IN_BATCH
            points = [Metric("batch", value(writer, at), at, at) for at in range(first, first + IN_BATCH)]
            acknowledged(state, lambda: client.log_batch(run_id, points))
            state.tally.add(IN_BATCH)
    source = f"{run.info.artifact_uri}/model"
    made = acknowledged(state, lambda: client.create_model_version(state.name, source, run_id=run_id))
    acknowledged(
        state,
        lambda: client.transition_model_version_stage(
            state.name, made.version, "Production", archive_existing_versions=True
        ),
    )
    return run_id, int(made.version)


@check(f"{WRITERS} writers are acknowledged")
def work(state):
    client = state.client = MlflowClient()
    state.experiment = client.create_experiment(f"writers-{state.unique}")
    state.name = f"writers-{state.unique}"
    client.create_registered_model(state.name)
    state.tally = Tally()
    with tempfile.TemporaryDirectory() as state.folder, ThreadPoolExecutor(WRITERS) as threads:
        rows.booster(2).save_model(os.path.join(state.folder, "model.ubj"))
        with open(os.path.join(state.folder, "MLmodel"), "w") as file:
            file.write(rows.MINIMAL)
        begun = time.monotonic()
        state.written = list(threads.map(lambda writer: write(state, writer), range(WRITERS)))
    equal(state.tally.values, WRITERS * (SINGLE + BATCHES * IN_BATCH), "acknowledged values")
    print(f"# {time.monotonic() - begun:.1f} s; {state.tally.repeated} calls were repeated by writers")
    holds(state.interrupted or state.tally.repeated == 0, "calls were repeated")


@check("every value is there, once")
def values(state):
    for writer, (run_id, _) in enumerate(state.written):
        for key, steps in (("single", SINGLE), ("batch", BATCHES * IN_BATCH)):
            history = [(each.step, each.timestamp, each.value) for each in state.client.get_metric_history(run_id, key)]
            expected = [(step, step, value(writer, step)) for step in range(steps)]
            equal(history, expected, f"history of {key} of writer {writer}")
        latest = state.client.get_run(run_id).data.metrics
        equal(latest, {"single": value(writer, SINGLE - 1), "batch": value(writer, BATCHES * IN_BATCH - 1)}, "latest")


@check("every run is there")
def runs(state):
    found = {run.info.run_id: run.info.run_name for run in state.client.search_runs([state.experiment])}
    for writer, (run_id, _) in enumerate(state.written):
        equal(found.get(run_id), f"writer-{writer}", "name of the run")
    holds(state.interrupted or len(found) == WRITERS, f"{len(found)} runs")


@check("versions are numbered from 1 without a gap, each acknowledged one is its run's")
def versions(state):
    found = {int(each.version): each.run_id for each in state.client.search_model_versions(f"name = '{state.name}'")}
    equal(sorted(found), list(range(1, len(found) + 1)), "versions")
    numbers = [number for _, number in state.written]
    equal(len(set(numbers)), WRITERS, "different versions that were acknowledged")
    for run_id, number in state.written:
        equal(found[number], run_id, f"run of version {number}")
    holds(state.interrupted or len(found) == WRITERS, f"{len(found)} versions")


@check("one version is in Production, all others that were there are archived")
def production(state):
    stages = {
        int(each.version): each.current_stage for each in state.client.search_model_versions(f"name = '{state.name}'")
    }
    held = [version for version, stage in stages.items() if stage == "Production"]
    equal(len(held), 1, f"number of versions in Production, {held},")
    for _, number in state.written:
        holds(stages[number] in ("Production", "Archived"), f"version {number} is in {stages[number]}")
    (latest,) = state.client.get_latest_versions(state.name, ["Production"])
    equal(int(latest.version), held[0], "the latest version in Production")


session = state(sys.argv[1:])
session.interrupted = "--interrupted" in sys.argv
sys.exit(suite.run(session))
