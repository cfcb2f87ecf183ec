"""Runs named checks in order and says how each ended, as lines of TAP that `cargo xtask test` counts.

Checks of one suite share a state and build on each other, as one user's session does: a failed check does not end the
suite, and the checks that need what it should have left fail too.
"""

import os
import time
import traceback
from contextlib import contextmanager
from types import SimpleNamespace


class Suite:
    """Checks in the order in which they were declared."""

    def __init__(self):
        self.checks = []

    def check(self, name):
        """Declares a check: a function of the shared state."""

        def declare(function):
            self.checks.append((name, function))
            return function

        return declare

    def run(self, state):
        """Runs all checks, prints their ends and the sums; gives the status to exit with."""
        failed = 0
        for number, (name, function) in enumerate(self.checks, 1):
            begun = time.monotonic()
            try:
                function(state)
            except Exception:  # whatever a client raises is this check's end
                failed += 1
                print(f"not ok {number} - {name}")
                for line in traceback.format_exc().splitlines():
                    print(f"# {line}")
            else:
                print(f"ok {number} - {name} # {time.monotonic() - begun:.2f} s", flush=True)
        print(f"1..{len(self.checks)}")
        print(f"# pass {len(self.checks) - failed}")
        print(f"# fail {failed}", flush=True)
        return 1 if failed else 0


def state(arguments):
    """The state that a suite starts from: which server, and names that no earlier run has used."""
    url = arguments[0].rstrip("/")
    os.environ["MLFLOW_TRACKING_URI"] = url
    return SimpleNamespace(url=url, unique=os.urandom(4).hex())


def equal(actual, expected, what="value"):
    """Fails unless both are equal."""
    if actual != expected:
        raise AssertionError(f"{what} is {actual!r}, expected {expected!r}")


def holds(condition, what):
    """Fails unless the condition holds."""
    if not condition:
        raise AssertionError(what)


@contextmanager
def refused(code, *texts):
    """Expects an MLflow error with this code, whose message has all these texts."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        equal(error.error_code, code, f"error code of {error.message!r}")
        for text in texts:
            holds(text in error.message, f"no {text!r} in {error.message!r}")
    else:
        raise AssertionError(f"nothing was refused, expected {code}")
