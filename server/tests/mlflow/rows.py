"""Generated rows, and boosters trained on them: the same on every machine."""

import numpy
import pandas
import xgboost

COLUMNS = ["I1", "I2", "I3", "I4", "I5"]
# The least that MLflow loads beside `model.ubj`.
MINIMAL = """flavors:
  python_function: {loader_module: mlflow.xgboost, data: model.ubj}
  xgboost: {data: model.ubj, model_class: xgboost.core.Booster, model_format: ubj}
"""


def frame(rows=500, seed=7):
    """Five numeric columns, of which `I3` has missing values, and labels that depend on the first two."""
    random = numpy.random.default_rng(seed)
    values = random.normal(size=(rows, len(COLUMNS))).astype(numpy.float32)
    labels = (values[:, 0] + 0.5 * values[:, 1] > 0).astype(numpy.int64)
    values[random.random(rows) < 0.2, 2] = numpy.nan
    return pandas.DataFrame(values, columns=COLUMNS), labels


def matrix(rows=500, seed=7):
    """The same as XGBoost takes it."""
    columns, labels = frame(rows, seed)
    return xgboost.DMatrix(columns, label=labels)


def booster(rounds=5, seed=7):
    """A small model of them."""
    settings = {"objective": "binary:logistic", "max_depth": 4, "eta": 0.3, "seed": seed, "nthread": 1}
    return xgboost.train(settings, matrix(seed=seed), num_boost_round=rounds)


def margins(model, rows=500, seed=7):
    """What a booster predicts, before the sigmoid, as bits."""
    return model.predict(matrix(rows, seed), output_margin=True).view(numpy.uint32).tolist()
