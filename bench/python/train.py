"""Writes the reference models and test rows into a folder: `train.py FOLDER`.

NAME.ubj            the booster as XGBoost saves it
NAME.margins.f32    XGBoost's margins of the test rows, little-endian f32
rows.f32            the test rows, row-major, little-endian f32, NaN = missing
training.npz        the training rows and labels, for the peer that trains a model of its own
"""

import os
import pathlib
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import xgboost

import reference


def main(folder):
    rows, labels = reference.rows_and_labels()
    test = rows[reference.TRAINING_ROWS :]
    (folder / "rows.f32").write_bytes(np.ascontiguousarray(test, "<f4").tobytes())
    np.savez(
        folder / "training.npz",
        rows=rows[: reference.TRAINING_ROWS],
        labels=labels[: reference.TRAINING_ROWS],
    )
    for name, (trees, depth, eta) in reference.MODELS.items():
        print(f"{name}: training {trees} trees of depth {depth}", file=sys.stderr, flush=True)
        write(folder, name, reference.train(rows, labels, trees, depth, eta), test)


def write(folder, name, booster, test):
    # From its bytes, as every other engine gets it.
    booster = xgboost.Booster(model_file=booster.save_raw("ubj"))
    booster.save_model(folder / f"{name}.ubj")
    booster.set_param({"nthread": 1})
    margins = booster.inplace_predict(test, predict_type="margin")
    (folder / f"{name}.margins.f32").write_bytes(np.ascontiguousarray(margins, "<f4").tobytes())
    nodes = sum(dump.count("\n") for dump in booster.get_dump())
    print(f"{name}: {nodes} nodes", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
