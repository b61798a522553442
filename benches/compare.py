"""Compare whole runs of the benchmark programs under plain CPython and under the JIT.

    python benches/compare.py [name | name=n …] --python VENV/bin/python [--baseline /usr/bin/python3.11]
                              [--runs 5] [--jit whenhot] [-X jit-opt=2 …] [--json FILE]

A name is one of benches/programs/, or pyperformance:NAME for a program of that suite, where it is installed; pyperformance alone is
all its pure-Python programs (suite.py).

A run is one process from start to end, so start-up and compile time count. The two interpreters take turns, so that a slow
moment of the machine hits both. The outputs must be equal in every run. The median times, their ratio (above 1: the JIT is faster) and
the geometric mean of the ratios are printed. The exit status is 1 if an output differs or a run fails, or a ratio is below --bar.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import suite

PROGRAMS = Path(__file__).resolve().parent / "programs"


class RunFailed(Exception):
    """A program ended badly or printed something else."""


def environment():
    """The environment of the runs: ours, without settings that would change either side."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    env["PYTHONHASHSEED"] = "0"
    return env


def timed(command, timeout, env=None):
    """Run one process; (seconds, its output)."""
    env = environment() | (env or {})
    start = time.perf_counter()
    try:
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        raise RunFailed(f"{' '.join(command)}: no end after {timeout} s") from None
    except OSError as error:
        raise RunFailed(f"{command[0]}: {error.strerror}") from None
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise RunFailed(f"{' '.join(command)}: exit status {done.returncode}: {last[0]}")
    return seconds, done.stdout


def measure(name, size, options):
    """Time one program on both sides, in turns."""
    env = None
    if name.startswith(suite.PREFIX):
        env = suite.environment()
        part = name.removeprefix(suite.PREFIX)
        try:
            program = suite.arguments(part, size or suite.loops(part, options.baseline, environment() | env))
        except subprocess.SubprocessError as error:
            raise RunFailed(str(error)) from None
    else:
        program = [str(PROGRAMS / f"{name}.py")] + ([str(size)] if size is not None else [])
    jit_options = [f"-Xjit={options.jit}"]
    for option in options.x:
        jit_options += ["-X", option]
    commands = {
        "baseline": [options.baseline, *program],
        "jit": [options.python, *jit_options, *program],
    }
    seconds = {"baseline": [], "jit": []}
    expected = None
    for number in range(options.runs):
        # Alternate which side goes first: the first of a pair may find the caches colder.
        order = ("baseline", "jit") if number % 2 == 0 else ("jit", "baseline")
        for side in order:
            took, output = timed(commands[side], options.timeout, env)
            seconds[side].append(took)
            if env is not None:
                # It prints times.
                output = ""
            if expected is None:
                expected = output
            elif output != expected:
                raise RunFailed(f"{name}: {side} printed {output.strip()!r}, expected {expected.strip()!r}")
    baseline = statistics.median(seconds["baseline"])
    jit = statistics.median(seconds["jit"])
    return {
        "name": name,
        "n": size,
        "baseline": baseline,
        "jit": jit,
        "ratio": baseline / jit,
        "baseline_runs": seconds["baseline"],
        "jit_runs": seconds["jit"],
        "output": expected.strip(),
    }


def parse_arguments():
    """The command line."""
    known = sorted(path.stem for path in PROGRAMS.glob("*.py"))
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], epilog=f"programs: {', '.join(known)}")
    parser.add_argument("names", nargs="*", metavar="name[=n]", help="programs to run, with a size if not the default one")
    parser.add_argument("--baseline", default="/usr/bin/python3.11", help="plain CPython (default: %(default)s)")
    parser.add_argument("--python", required=True, help="the interpreter that has the JIT installed")
    parser.add_argument("--runs", type=int, default=5, help="runs of each side (default: %(default)s)")
    parser.add_argument("--jit", default="whenhot", choices=("never", "whenhot", "always"), help="mode (default: %(default)s)")
    parser.add_argument("-X", dest="x", action="append", default=[], metavar="OPTION", help="a further -X option for the JIT side")
    parser.add_argument("--timeout", type=float, default=600.0, help="seconds before a run is given up (default: %(default)s)")
    parser.add_argument("--bar", type=float, help="fail if a ratio is below this")
    parser.add_argument("--json", metavar="FILE", help="write all the times there")
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("--runs: expected at least 1")
    chosen = []
    # Those of the seed need packages from PyPI, on both sides.
    for text in options.names or [name for name in known if not name.startswith("seed_")]:
        name, _, size = text.partition("=")
        if name == "pyperformance":
            chosen.extend((suite.PREFIX + part, None) for part in suite.SUITE)
            continue
        if name not in known and name.removeprefix(suite.PREFIX) not in suite.SUITE:
            parser.error(f"no program {name!r}; there are {', '.join(known)}, and pyperformance:… {', '.join(suite.SUITE)}")
        if size and not size.isdigit():
            parser.error(f"{text}: expected a whole number after =")
        chosen.append((name, int(size) if size else None))
    if any(name.startswith(suite.PREFIX) for name, _ in chosen):
        try:
            suite.environment()
        except suite.NoSuite as error:
            parser.error(str(error))
    options.chosen = chosen
    return options


def main():
    options = parse_arguments()
    results = []
    failures = 0
    print(f"{'program':<32}{'baseline':>11}{'jit':>11}{'ratio':>9}   spread of the jit runs", flush=True)
    for name, size in options.chosen:
        label = name if size is None else f"{name}={size}"
        try:
            result = measure(name, size, options)
        except RunFailed as error:
            failures += 1
            print(f"{label:<32}FAILED: {error}", flush=True)
            continue
        results.append(result)
        low, high = min(result["jit_runs"]), max(result["jit_runs"])
        below = options.bar is not None and result["ratio"] < options.bar
        failures += below
        print(
            f"{label:<32}{result['baseline']:>9.3f} s{result['jit']:>9.3f} s{result['ratio']:>8.2f}x"
            f"   {low:.3f}..{high:.3f}{'   below the bar' if below else ''}",
            flush=True,
        )
    geomean = None
    if results:
        geomean = math.exp(statistics.fmean(math.log(result["ratio"]) for result in results))
        print(f"{'geometric mean':<54}{geomean:>8.2f}x")
    if options.json:
        report = {
            "baseline": options.baseline,
            "python": options.python,
            "jit": options.jit,
            "x": options.x,
            "runs": options.runs,
            "geomean": geomean,
            "results": results,
        }
        Path(options.json).write_text(json.dumps(report, indent=2) + "\n")
    return 1 if failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
