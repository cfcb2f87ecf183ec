"""Evaluates models with the peers that have a Python interface, on request.

One JSON request per line of standard input, one JSON answer per line of standard output:

{"do": "rows", "file": F, "columns": N}     the f32 rows that everything below evaluates
{"do": "open", "engine": E, "file": F}      {"nodes": null}
{"do": "predict", "engine": E, "batch": F, "single": F, "singles": N}    writes f32 files
{"do": "batch", "engine": E, "seconds": S}  {"nanoseconds": [CPU time of a pass over all rows, ...]}
{"do": "single", "engine": E, "seconds": S} {"nanoseconds": [time of one call, mean of a block, ...]}
{"do": "load", "engine": E}                 {"nanoseconds": [from bytes to the first prediction]}
{"do": "close", "engine": E}

A request that fails is answered with {"error": WHY}.
"""

import json
import os
import pathlib
import sys
import time

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np

import engines

BLOCK = 10


class Host:
    def __init__(self):
        self.rows = None
        self.opened = {}

    def answer(self, request):
        return getattr(self, "do_" + request.pop("do"))(**request)

    def do_rows(self, file, columns):
        self.rows = np.fromfile(file, dtype="<f4").reshape(-1, columns)
        return {}

    def do_open(self, engine, file, code=None):
        data = pathlib.Path(file).read_bytes()
        self.opened[engine] = (data, engines.ENGINES[engine](data))
        return {"nodes": None}

    def do_predict(self, engine, batch, single, singles):
        predict = self.opened[engine][1]
        write(batch, predict(self.rows))
        write(single, np.concatenate([predict(self.rows[i : i + 1]) for i in range(singles)]))
        return {}

    def do_batch(self, engine, seconds):
        predict = self.opened[engine][1]
        times = []
        until = time.perf_counter() + seconds
        while not times or time.perf_counter() < until:
            start = time.process_time_ns()
            predict(self.rows)
            times.append(time.process_time_ns() - start)
        return {"nanoseconds": times}

    def do_single(self, engine, seconds):
        predict, rows, times = self.opened[engine][1], self.rows, []
        until = time.perf_counter() + seconds
        first = 0
        while len(times) < 3 or time.perf_counter() < until:
            start = time.perf_counter_ns()
            for index in range(first, first + BLOCK):
                predict(rows[index : index + 1])
            times.append((time.perf_counter_ns() - start) / BLOCK)
            first = (first + BLOCK) % (len(rows) - BLOCK)
        return {"nanoseconds": times}

    def do_load(self, engine):
        data = self.opened[engine][0]
        row = self.rows[:1]
        start = time.perf_counter_ns()
        engines.ENGINES[engine](data)(row)
        return {"nanoseconds": [time.perf_counter_ns() - start]}

    def do_close(self, engine):
        self.opened.pop(engine, None)
        return {}


def write(file, values):
    pathlib.Path(file).write_bytes(np.ascontiguousarray(values, dtype="<f4").tobytes())


def main():
    # Libraries print where they like; answers go to the real standard output alone.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    host = Host()
    for line in sys.stdin:
        try:
            answer = host.answer(json.loads(line))
        except Exception as error:  # Whatever a peer throws is the answer.
            answer = {"error": " ".join(f"{type(error).__name__}: {error}".split())[:300]}
        print(json.dumps(answer), file=out, flush=True)


if __name__ == "__main__":
    main()
