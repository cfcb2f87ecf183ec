"""Writes a reference model in the forms that the peers read: `convert.py FOLDER NAME`.

Each form is a file NAME.EXTENSION beside NAME.ubj and is left alone where it is there already. Prints one JSON object
of extension -> null, or why there is no such file.
"""

import json
import os
import pathlib
import shutil
import sys
import tempfile
import zipfile

import numpy as np
import xgboost

import reference


def main(folder, name):
    booster = xgboost.Booster(model_file=folder / f"{name}.ubj")
    outcome = {}
    for extension, write in FORMS.items():
        path = folder / f"{name}.{extension}"
        outcome[extension] = None
        if path.exists():
            continue
        print(f"{name}: writing {path.name}", file=sys.stderr, flush=True)
        try:
            with tempfile.TemporaryDirectory(dir=folder) as apart:
                part = pathlib.Path(apart) / path.name
                write(booster, name, folder, part)
                part.replace(path)
        except Exception as error:  # Whatever a peer throws is why it is not run.
            outcome[extension] = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    json.dump(outcome, sys.stdout)


def treelite_checkpoint(booster, _name, _folder, path):
    treelite_model(booster).serialize(path)


def tl2cgen_library(booster, name, _folder, path):
    import tl2cgen

    # One translation unit per ten trees: gcc takes more than linear time and memory in a unit's length.
    units = max(1, reference.MODELS[name][0] // 10)
    tl2cgen.export_lib(
        treelite_model(booster),
        toolchain="gcc",
        libpath=path,
        params={"parallel_comp": units, "quantize": 0},
        nthread=1,
    )


def treelite_model(booster):
    import treelite

    return treelite.frontend.from_xgboost(booster)


def onnx(booster, _name, _folder, path):
    from onnxmltools import convert_xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType

    inputs = [("rows", FloatTensorType([None, reference.FEATURES]))]
    path.write_bytes(convert_xgboost(booster, initial_types=inputs).SerializeToString())


def gbdt_text(booster, _name, _folder, path):
    """The base margin on a line, then the trees as a JSON array: what the crate's own script writes."""
    dump = booster.get_dump(dump_format="json")
    path.write_text(f"{base_margin(booster)!r}\n[" + ",".join(dump) + "]\n")


def base_margin(booster):
    """log(p / (1 - p)) of the base score."""
    text = json.loads(booster.save_config())["learner"]["learner_model_param"]["base_score"]
    probability = np.float32(text.strip("[]"))
    return float(-np.log(np.float32(1.0) / probability - np.float32(1.0)))


def ydf_zip(_booster, name, folder, path):
    """A model of YDF's own, of the same number and depth of trees: it reads no other."""
    import ydf

    trees, depth, eta = reference.MODELS[name]
    data = np.load(folder / "training.npz")
    columns = {f"f{index}": data["rows"][:, index] for index in range(reference.FEATURES)}
    learner = ydf.GradientBoostedTreesLearner(
        label="label",
        features=list(columns),
        num_trees=trees,
        max_depth=depth + 1,
        shrinkage=eta,
        validation_ratio=0.0,
        early_stopping="NONE",
        num_threads=os.cpu_count(),
        random_seed=reference.SEED,
        pure_serving_model=True,
    )
    model = learner.train(columns | {"label": data["labels"].astype(np.int32)}, verbose=0)
    path.with_suffix(".nodes").write_text(str(model.num_nodes()))
    saved = path.parent / "saved"
    model.save(str(saved))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file in sorted(saved.iterdir()):
            archive.write(file, file.name)
    shutil.move(path.with_suffix(".nodes"), folder / f"{name}.ydf.nodes")


FORMS = {
    "treelite": treelite_checkpoint,
    "so": tl2cgen_library,
    "onnx": onnx,
    "gbdt.txt": gbdt_text,
    "ydf.zip": ydf_zip,
}

if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), sys.argv[2])
