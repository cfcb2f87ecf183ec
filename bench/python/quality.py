"""The rows that all contestants of `cargo xtask bench quality` get, and the peers among them.

count DATA                            prints how many rows there are
prepare DATA FOLDER PARTS TAKEN       writes the first TAKEN rows of each of three consecutive PARTS
fit PEER FOLDER SEED THREADS OUT      trains a peer, writes its probability of each test row, one a line

PARTS and TAKEN are `training,stopping,test` in rows. FOLDER gets training.tsv, stopping.tsv and test.tsv, which are
raw rows, and test-features.tsv, which is test.tsv without its labels and all that `fit` reads of it.
Answers are one JSON object each on standard output.
"""

import gzip
import io
import itertools
import json
import lzma
import os
import pathlib
import sys
import time

INTEGERS = [f"I{i}" for i in range(1, 14)]
CATEGORIES = [f"C{i}" for i in range(1, 27)]
ROUNDS = 1500
PATIENCE = 50
ETA = 0.05


def main(command, *arguments):
    # Libraries print where they like; the answer goes to the real standard output alone.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    answer = {"count": count, "prepare": prepare, "fit": fit}[command](*arguments)
    print(json.dumps(answer), file=out, flush=True)


def opened(path):
    """The lines of a file, plain, gzip, xz or zstd by its first bytes."""
    with open(path, "rb") as file:
        start = file.read(6)
    if start.startswith(b"\x1f\x8b"):
        return gzip.open(path, "rb")
    if start.startswith(b"\xfd7zXZ\x00"):
        return lzma.open(path, "rb")
    if start.startswith(b"\x28\xb5\x2f\xfd"):
        import zstandard

        frames = zstandard.ZstdDecompressor().stream_reader(open(path, "rb"), read_across_frames=True)
        return io.BufferedReader(frames)
    return open(path, "rb")


def count(data):
    with opened(data) as lines:
        return {"rows": sum(1 for line in lines if line.strip())}


def prepare(data, folder, parts, taken):
    folder = pathlib.Path(folder)
    with opened(data) as lines, open(folder / "test-features.tsv", "wb") as features:
        rows = (line.rstrip(b"\r\n") + b"\n" for line in lines if line.strip())
        for name, length, most in zip(("training", "stopping", "test"), numbers(parts), numbers(taken), strict=True):
            part = itertools.islice(rows, length)
            with open(folder / f"{name}.tsv", "wb") as file:
                for row in itertools.islice(part, most):
                    file.write(row)
                    if name == "test":
                        features.write(row.split(b"\t", 1)[1])
            for _ in part:
                pass
    return {}


def numbers(text):
    return [int(number) for number in text.split(",")]


def read(path, labelled=True):
    """Features, and labels where there are any."""
    import pandas

    names = ["label"] * labelled + INTEGERS + CATEGORIES
    kinds = dict.fromkeys(CATEGORIES, object) | dict.fromkeys(INTEGERS, "float32")
    # "null" and the like would be categories: only an empty cell is missing.
    rows = pandas.read_csv(path, sep="\t", header=None, names=names, dtype=kinds, na_values=[""], keep_default_na=False)
    return (rows[INTEGERS + CATEGORIES], rows["label"].to_numpy()) if labelled else rows


def fit(peer, folder, seed, threads, out):
    folder = pathlib.Path(folder)
    training, stopping = read(folder / "training.tsv"), read(folder / "stopping.tsv")
    test = read(folder / "test-features.tsv", labelled=False)
    train = PEERS[peer]
    # Loading a library is not fitting.
    __import__(peer.split("-")[0])
    begun = time.monotonic()
    predict, trees = train(training, stopping, int(seed), int(threads))
    seconds = time.monotonic() - begun
    pathlib.Path(out).write_text("".join(f"{float(p)!r}\n" for p in predict(test)))
    return {"seconds": seconds, "trees": trees}


def catboost_native(training, stopping, seed, threads):
    from catboost import CatBoostClassifier, Pool

    def pool(rows, labels=None):
        return Pool(rows.fillna(dict.fromkeys(CATEGORIES, "missing")), labels, cat_features=CATEGORIES)

    model = CatBoostClassifier(
        iterations=ROUNDS,
        learning_rate=ETA,
        depth=6,
        early_stopping_rounds=PATIENCE,
        random_seed=seed,
        thread_count=threads,
        allow_writing_files=False,
        verbose=False,
    )
    model.fit(pool(*training), eval_set=pool(*stopping))
    return lambda rows: model.predict_proba(pool(rows))[:, 1], model.tree_count_


def lightgbm_native(training, stopping, seed, threads):
    import lightgbm

    encode = categorical(training[0], least=5)
    fitted = lightgbm.Dataset(encode(training[0]), training[1])
    model = lightgbm.train(
        {
            "objective": "binary",
            "learning_rate": ETA,
            "num_leaves": 31,
            "min_data_in_leaf": 50,
            "cat_smooth": 50,
            "cat_l2": 20,
            "feature_fraction": 0.5,
            "bagging_fraction": 0.8,
            "bagging_freq": 1,
            "seed": seed,
            "num_threads": threads,
            "verbose": -1,
        },
        fitted,
        ROUNDS,
        valid_sets=[lightgbm.Dataset(encode(stopping[0]), stopping[1], reference=fitted)],
        callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
    )
    return lambda rows: model.predict(encode(rows)), model.best_iteration


def xgboost_native(training, stopping, seed, threads):
    encode = categorical(training[0], least=10)
    return xgboost_on(encode, encode(training[0]), training[1], stopping, seed, threads, max_cat_threshold=64)


def xgboost_target(training, stopping, seed, threads):
    """Smoothed click rate of each category, of training rows from the other folds, and the log of its count."""
    import numpy

    rows, labels = training
    folds, weight, least, rate = 5, 50, 3, labels.mean()
    fold = numpy.random.default_rng(seed).integers(0, folds, len(rows))

    def statistics(column, labels):
        found = labels_of(column, labels).agg(["sum", "count"])
        return (found["sum"] + weight * rate) / (found["count"] + weight), found["count"]

    means, counts, features = {}, {}, [rows[INTEGERS].to_numpy()]
    for name in CATEGORIES:
        column = rows[name].fillna("missing")
        mean, seen = statistics(column, labels)
        frequent = seen >= least
        means[name], counts[name] = mean[frequent], numpy.log1p(seen[frequent])
        encoded = numpy.full(len(rows), rate)
        for held in range(folds):
            out = fold == held
            mean_of_others, _ = statistics(column[~out], labels[~out])
            encoded[out] = column[out].map(mean_of_others).fillna(rate)
        encoded[~column.isin(means[name].index).to_numpy()] = rate
        features += [encoded, column.map(counts[name]).fillna(0)]

    def encode(rows):
        columns = [rows[INTEGERS].to_numpy()]
        for name in CATEGORIES:
            column = rows[name].fillna("missing")
            columns += [column.map(means[name]).fillna(rate), column.map(counts[name]).fillna(0)]
        return numpy.column_stack(columns).astype("float32")

    fitted = numpy.column_stack(features).astype("float32")
    return xgboost_on(encode, fitted, labels, stopping, seed, threads)


def labels_of(column, labels):
    import pandas

    return pandas.Series(labels, index=column.index).groupby(column)


def categorical(rows, least):
    """Categories that `least` of these rows have; any other is missing."""
    import pandas

    kept = {}
    for name in CATEGORIES:
        counts = rows[name].value_counts()
        kept[name] = pandas.CategoricalDtype(counts.index[counts >= least].sort_values())

    def encode(rows):
        known = {name: rows[name].where(rows[name].isin(kept[name].categories)) for name in CATEGORIES}
        return rows.assign(**{name: pandas.Categorical(known[name], dtype=kept[name]) for name in CATEGORIES})

    return encode


def xgboost_on(encode, fitted, labels, stopping, seed, threads, **more):
    import xgboost

    def matrix(rows, labels=None):
        return xgboost.DMatrix(rows, labels, enable_categorical=bool(more), nthread=threads)

    parameters = {
        "objective": "binary:logistic",
        "eval_metric": "logloss",
        "eta": ETA,
        "max_depth": 6,
        "min_child_weight": 10,
        "subsample": 0.8,
        "colsample_bytree": 0.5,
        "lambda": 5,
        "seed": seed,
        "nthread": threads,
    } | more
    model = xgboost.train(
        parameters,
        matrix(fitted, labels),
        ROUNDS,
        evals=[(matrix(encode(stopping[0]), stopping[1]), "stopping")],
        early_stopping_rounds=PATIENCE,
        verbose_eval=False,
    )
    rounds = model.best_iteration + 1
    return lambda rows: model.predict(matrix(encode(rows)), iteration_range=(0, rounds)), rounds


PEERS = {
    "catboost-native": catboost_native,
    "lightgbm-native": lightgbm_native,
    "xgboost-native": xgboost_native,
    "xgboost-target": xgboost_target,
}

if __name__ == "__main__":
    main(*sys.argv[1:])
