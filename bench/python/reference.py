"""Generated rows and the reference models S, M, L that every engine of the benchmark evaluates.

Everything follows from SEED and the pinned versions: the same files come out of every run.
"""

import numpy as np
import xgboost

SEED = 20_240_613
FEATURES = 39
TRAINING_ROWS = 200_000
TEST_ROWS = 20_000
MISSING = 0.10
# Trees, depth, learning rate.
MODELS = {"S": (100, 6, 0.045), "M": (300, 8, 0.045), "L": (1000, 8, 0.012)}


def rows_and_labels():
    """f32 rows (NaN = missing) and 0/1 labels: the training rows, then the test rows."""
    rng = np.random.Generator(np.random.PCG64(SEED))
    count = TRAINING_ROWS + TEST_ROWS
    latent = rng.standard_normal((count, 6))
    columns = [column(rng, latent, index) for index in range(FEATURES)]
    rows = np.stack(columns, axis=1).astype(np.float32)
    margin = click_margin(rng, rows, latent)
    labels = (rng.random(count) < 1.0 / (1.0 + np.exp(-margin))).astype(np.float32)
    # Some columns are missing more often than others, the mean is MISSING.
    share = rng.dirichlet(np.full(FEATURES, 4.0)) * FEATURES * MISSING
    rows[rng.random(rows.shape) < share] = np.nan
    return rows, labels


def column(rng, latent, index):
    """A column of one of five kinds found in tables of events, tied to one of the latent factors."""
    factor = latent[:, index % latent.shape[1]]
    noise = rng.standard_normal(len(factor))
    mixed = 0.6 * factor + 0.8 * noise
    kind = index % 5
    if kind == 0:  # measured on a scale, half of them with one decimal place
        return mixed if index % 2 == 0 else np.round(mixed, 1)
    if kind == 1:  # amounts and durations: heavy-tailed, two significant digits
        amount = np.exp(1.2 * mixed)
        digit = 10.0 ** (np.floor(np.log10(amount)) - 1.0)
        return np.round(amount / digit) * digit
    if kind == 2:  # counts, many of them zero
        return rng.poisson(np.exp(0.9 * mixed + 1.0)).astype(np.float64)
    if kind == 3:  # shares, in whole percent
        return np.round(100.0 / (1.0 + np.exp(-1.5 * mixed)))
    # rates of a category: as many values as there are categories
    categories = 8 * (1 + index)
    rates = rng.beta(2.0, 6.0, categories)
    rates.sort()
    rank = np.clip((0.5 + 0.17 * mixed) * categories, 0, categories - 1).astype(np.int64)
    return rates[rank]


def click_margin(rng, rows, latent):
    """The true log odds: additive effects, steps and products of columns."""
    scaled = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    weights = rng.normal(0.0, 0.15, FEATURES)
    margin = scaled.clip(-3.0, 3.0) @ weights - 0.9
    for _ in range(30):
        first, second = rng.choice(FEATURES, 2, replace=False)
        margin += rng.normal(0.0, 0.3) * np.tanh(scaled[:, first]) * np.tanh(scaled[:, second])
    for _ in range(20):
        feature = rng.integers(FEATURES)
        cut = np.quantile(scaled[:, feature], rng.uniform(0.1, 0.9))
        margin += rng.normal(0.0, 0.3) * (scaled[:, feature] > cut)
    return margin + 0.4 * np.sin(2.0 * latent[:, 0]) * latent[:, 1]


def train(rows, labels, trees, depth, eta):
    """A booster on the training rows; one thread, so that sums are added in one order."""
    matrix = xgboost.QuantileDMatrix(rows[:TRAINING_ROWS], labels[:TRAINING_ROWS], max_bin=256, nthread=1)
    parameters = {
        "objective": "binary:logistic",
        "tree_method": "hist",
        "max_bin": 256,
        "max_depth": depth,
        "eta": eta,
        "nthread": 1,
        "seed": SEED,
    }
    return xgboost.train(parameters, matrix, num_boost_round=trees)
