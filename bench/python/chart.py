"""Draws what the bench measured of one model: `chart.py SAMPLES.json MODEL CHART.svg`."""

import json
import pathlib
import statistics
import sys

import matplotlib

matplotlib.use("svg")

import matplotlib.pyplot as plt
from matplotlib.ticker import NullFormatter

OURS, NATIVE, WASM = "#c2410c", "#64748b", "#94a3b8"
PANELS = (
    ("ns per row and tree, batch, one thread", lambda row: middle(row["batch_ns_per_row_and_tree"])),
    ("µs for a single row", lambda row: scaled(middle(row["single_ns"]), 1e3)),
    ("ms from bytes to the first prediction", lambda row: scaled(middle(row["load_ns"]), 1e6)),
    ("KiB as served (smallest of raw, gzip, brotli)", lambda row: min(row["bytes"].values()) / 1024),
)


def main(samples, model, chart):
    measured = json.loads(samples.read_text())
    rows = [row for row in measured["results"] if row["model"] == model and not row["not_run"]]
    # The same input gives the same bytes; text stays text.
    matplotlib.rcParams.update({"svg.hashsalt": "clickleaf", "svg.fonttype": "none", "font.size": 9})
    figure, axes = plt.subplots(2, 2, figsize=(12, 10), layout="constrained")
    for axis, (title, value) in zip(axes.flat, PANELS):
        draw(axis, title, rows, value)
    figure.suptitle(
        f"Model {model}, {measured['date']}: shorter is better, scales are logarithmic\n{measured['machine']}",
        fontsize=9,
    )
    figure.savefig(chart, format="svg", metadata={"Date": None, "Creator": None})


def draw(axis, title, rows, value):
    bars = [(value(row), row) for row in rows]
    bars = sorted(((size, row) for size, row in bars if size is not None), key=lambda bar: -bar[0])
    sizes = [size for size, _ in bars]
    names = [row["name"] + (" (wasm)" if row["wasm"] else "") for _, row in bars]
    colors = [OURS if row["ours"] else WASM if row["wasm"] else NATIVE for _, row in bars]
    drawn = axis.barh(names, sizes, color=colors)
    axis.bar_label(drawn, [f"{size:,.3g}" if size < 1000 else f"{size:,.0f}" for size in sizes], padding=3)
    axis.set_xscale("log")
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.set_xlim(min(sizes) / 2, max(sizes) * 4)
    axis.set_title(title, fontsize=10)
    axis.spines[["top", "right"]].set_visible(False)


def middle(values):
    return statistics.median(values) if values else None


def scaled(value, by):
    return None if value is None else value / by


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3]))
