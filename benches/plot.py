"""Draw measured speed-ups as bars.

    python benches/plot.py target/bench/results.json speedups.svg

The input is what benches/report.py writes (or benches/compare.py with --json); the form of the picture follows from the file's name: SVG or PNG.
"""

import argparse
import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402  (after the choice of a backend without a window)


def draw(results, geomean, output):
    """One bar a program, the smallest on top; a line at 1, where CPython is."""
    results = sorted(results, key=lambda row: row["ratio"], reverse=True)
    names = [row["name"] for row in results]
    ratios = [row["ratio"] for row in results]
    figure, axes = pyplot.subplots(figsize=(8, 0.4 * len(names) + 1.2), layout="constrained")
    colours = ["#2a6f97" if ratio >= 1 else "#c1121f" for ratio in ratios]
    # From 1, not from the edge of the picture: on a scale of ratios the length of a bar is then the gain or the loss.
    bars = axes.barh(names, [ratio - 1 for ratio in ratios], left=1, color=colours, height=0.65)
    axes.bar_label(bars, [f"{ratio:.2f}×" for ratio in ratios], padding=4)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xlabel(f"speed over CPython 3.11 (geometric mean {geomean:.2f}×)")
    # Ratios: equal factors are equal distances.
    axes.set_xscale("log", base=2)
    low, high = min(0.8, *ratios) / 1.1, max(2, *ratios) * 1.4
    axes.set_xlim(low, high)
    ticks = [2**power for power in range(-4, 9) if low <= 2**power <= high]
    axes.set_xticks(ticks, [f"{tick:g}×" for tick in ticks])
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(output, dpi=150, metadata={"Date": None} if output.suffix == ".svg" else None)


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    if options.output.suffix not in (".svg", ".png"):
        parser.error(f"{options.output}: expected a name that ends in .svg or .png")
    try:
        measured = json.loads(options.results.read_text())
        draw(measured["results"], measured["geomean"], options.output)
    except (OSError, ValueError, KeyError) as error:
        sys.exit(f"plot.py: {options.results}: {error!r}")


if __name__ == "__main__":
    main()
