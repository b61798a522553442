"""The table of a `cargo xtask bench`: medians of both sides, their ratios, and the geometric mean.

    python benches/report.py DIRECTORY [--readme README.md]

DIRECTORY holds NAME.plain.json and NAME.jit.json, as pyperf writes them. `results.json` is written beside them: for plot.py, and to
compare one measurement with another.
"""

import argparse
import json
import math
import re
import statistics
import sys
from pathlib import Path

import pyperf


def load(directory):
    """For each program its name and the medians and times of both sides, in seconds."""
    rows = []
    for plain_file in sorted(directory.glob("*.plain.json")):
        name = plain_file.name.removesuffix(".plain.json")
        jit_file = plain_file.with_name(f"{name}.jit.json")
        if not jit_file.exists():
            sys.exit(f"report.py: {jit_file} is missing")
        plain, jit = (pyperf.Benchmark.load(str(file)) for file in (plain_file, jit_file))
        rows.append(
            {
                "name": name,
                "plain": plain.median(),
                "jit": jit.median(),
                "ratio": plain.median() / jit.median(),
                "plain_runs": plain.get_values(),
                "jit_runs": jit.get_values(),
            }
        )
    return rows


def geometric_mean(rows):
    """The mean of the ratios."""
    return math.exp(statistics.fmean(math.log(row["ratio"]) for row in rows))


def spread(times):
    """Half the distance between the extremes, in per cent of the median."""
    return (max(times) - min(times)) / 2 / statistics.median(times) * 100


def text(rows):
    """The table for a terminal."""
    lines = [f"{'program':<16}{'plain':>11}{'JIT':>11}{'ratio':>9}   spread"]
    for row in rows:
        plain_spread, jit_spread = spread(row["plain_runs"]), spread(row["jit_runs"])
        lines.append(
            f"{row['name']:<16}{row['plain']:>9.3f} s{row['jit']:>9.3f} s{row['ratio']:>8.2f}x   ±{plain_spread:.0f} %, ±{jit_spread:.0f} %"
        )
    lines.append(f"{'geometric mean':<38}{geometric_mean(rows):>8.2f}x")
    return "\n".join(lines)


def markdown(rows):
    """The table for the README, with a line above it that says how it was measured."""
    runs = " or ".join(map(str, sorted({len(row["plain_runs"]) for row in rows})))
    lines = [f"CPython and the JIT in turns, medians of {runs} (`cargo xtask bench`):", "", "| program | CPython 3.11 | with Swallow | speed-up |"]
    lines.append("|---|--:|--:|--:|")
    for row in rows:
        lines.append(f"| {row['name']} | {row['plain']:.2f} s | {row['jit']:.2f} s | {row['ratio']:.2f}× |")
    lines.append(f"| geometric mean | | | {geometric_mean(rows):.2f}× |")
    return "\n".join(lines)


def write_readme(readme, rows):
    """Puts the table between the markers, in the place of all that was there."""
    old = readme.read_text()
    block = f"<!-- bench:start -->\n{markdown(rows)}\n<!-- bench:end -->"
    new, count = re.subn(r"<!-- bench:start -->.*<!-- bench:end -->", lambda _: block, old, flags=re.DOTALL)
    if count != 1:
        sys.exit(f"report.py: {readme} has no place for the table")
    readme.write_text(new)


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--readme", type=Path, help="write the table there too, between its markers")
    options = parser.parse_args()
    rows = load(options.directory)
    if not rows:
        sys.exit(f"report.py: no results in {options.directory}")
    print(text(rows))
    results = options.directory / "results.json"
    results.write_text(json.dumps({"geomean": geometric_mean(rows), "results": rows}, indent=2) + "\n")
    print(f"written to {results}")
    if options.readme:
        write_readme(options.readme, rows)


if __name__ == "__main__":
    main()
