"""The options of `swallow perf`: perf.py's, as far as they still mean something, and some more."""

import argparse
from pathlib import Path

from swallow.perf import configurations

# Runs for times and runs for memory, of each configuration.
NORMAL = (5, 2)
FAST = (3, 1)
RIGOROUS = (20, 5)

DESCRIPTION = """\
Run benchmark programs under two interpreters in turns, and compare. Every run is a process of its own, start-up and compile time included.
Without further options: Debian's Python against this one with -Xjit=whenhot.
"""

EPILOG = """\
examples:
  swallow perf -f -b nbody,fib
  swallow perf -b all,-factory /usr/bin/python3.11 venv/bin/python
  swallow perf -m --plot plots --output results.json
  swallow perf -a ",-Xjit=always" -b nbody=20000
  swallow perf -f -b fib,stages --markdown table.md
  swallow perf --config plain=/usr/bin/python3.11 --config "o0=venv/bin/python -Xjit -Xjit-opt=0" --config "o2=venv/bin/python -Xjit"

exit status: 0; 1 if a benchmark failed or printed something else than under the baseline; 2 for a mistake in the options; 130 after Ctrl-C
"""

# Options whose value may begin with a minus sign.
_SIGNED = {"-a": "--args", "--args": "--args", "-b": "--benchmarks", "--benchmarks": "--benchmarks"}


def _joined(arguments):
    """The arguments with those values fastened to their options: argparse would take them for options."""
    joined = []
    rest = iter(arguments)
    for argument in rest:
        if argument in _SIGNED:
            value = next(rest, None)
            joined.append(argument if value is None else f"{_SIGNED[argument]}={value}")
        else:
            joined.append(argument)
    return joined


def at_least_one(text):
    """A number of runs."""
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def seconds(text):
    """A length of time."""
    number = float(text)
    if not 0 < number <= 1_000_000:
        raise ValueError
    return number


# What argparse calls them.
at_least_one.__name__ = "number of runs"
seconds.__name__ = "number of seconds"


def _parser():
    parser = argparse.ArgumentParser(
        prog="swallow perf",
        usage="swallow perf [option]... [BASELINE_PYTHON [CHANGED_PYTHON]]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "pythons",
        nargs="*",
        metavar="PYTHON",
        help="the baseline's interpreter, then the changed one (default: /usr/bin/python3.11, and this one)",
    )
    add(
        "-a", "--args", metavar="BASE,CHANGED", help="arguments of the two interpreters; without a comma, of both (default: ,-Xjit=whenhot)"
    )
    add(
        "--config",
        action="append",
        default=[],
        metavar="'NAME=PYTHON ARGS…'",
        help="a further configuration, in quotes; without PYTHONs these are all, and the first is the baseline",
    )
    add(
        "-b",
        "--benchmarks",
        default="",
        metavar="NAMES",
        help="programs and groups to run, joined by commas; NAME=N gives the size, -NAME leaves one out (default: group default, or all); "
        "`stages` and the names of stages are the compiler's own benches, in a source tree",
    )
    add("--programs", type=Path, metavar="DIR", help="where the programs are (default: benches/programs of the source tree around)")
    many = parser.add_mutually_exclusive_group()
    many.add_argument("-r", "--rigorous", action="store_true", help=f"more runs: {RIGOROUS[0]}, not {NORMAL[0]}")
    many.add_argument("-f", "--fast", action="store_true", help=f"fewer runs: {FAST[0]}")
    add("--runs", type=at_least_one, metavar="N", help="so many runs for times, of each configuration")
    add("--memory-runs", type=at_least_one, metavar="N", help=f"so many for memory (default: {NORMAL[1]}; -f {FAST[1]}, -r {RIGOROUS[1]})")
    add("-m", "--track_memory", "--track-memory", action="store_true", help="measure memory too, in runs of their own")
    add("--no-time", action="store_true", help="measure nothing but memory")
    add("--timeout", type=seconds, default=600.0, metavar="SECONDS", help="when a run is given up (default: %(default)g)")
    add(
        "--inherit_env",
        "--inherit-env",
        default="",
        metavar="NAMES",
        help="variables PYTHON… that the runs are to see, joined by commas (default: none)",
    )
    add("--output", type=Path, metavar="FILE", help="write everything as JSON")
    add("--markdown", type=Path, metavar="FILE", help="write the tables as Markdown")
    add("--plot", type=Path, metavar="DIR", help="draw ratios, and with -m usage over time, as PNG and SVG")
    add("--pyperf", type=Path, metavar="DIR", help="write the times of each configuration for pyperf: NAME.json")
    return parser


def check_files(parser, *files):
    """Ends the process if a file that is to be written has no place: not after an hour of measuring."""
    for file in files:
        if file is not None and (file.is_dir() or not file.absolute().parent.is_dir()):
            parser.error(f"{file}: {'that is a directory' if file.is_dir() else 'its directory does not exist'}")


def parse(arguments):
    """The options; ends the process for --help and for mistakes.

    Beside what argparse makes of them: `configurations`, the list of these, the baseline first, and `runs` and `memory_runs` as numbers, 0
    for what isn't to be measured.
    """
    parser = _parser()
    options = parser.parse_intermixed_args(_joined(arguments))
    if options.no_time and not options.track_memory:
        parser.error("--no-time: nothing is left to measure without -m")
    if len(options.pythons) > 2:
        parser.error(f"{options.pythons[2]}: expected two interpreters; --config adds more")
    check_files(parser, options.output, options.markdown)
    for directory in (options.plot, options.pyperf):
        if directory is not None and directory.exists() and not directory.is_dir():
            parser.error(f"{directory}: not a directory")
    runs, memory_runs = RIGOROUS if options.rigorous else FAST if options.fast else NORMAL
    options.runs = 0 if options.no_time else options.runs or runs
    options.memory_runs = (options.memory_runs or memory_runs) if options.track_memory else 0
    options.inherit_env = [name.strip() for name in options.inherit_env.split(",") if name.strip()]
    options.command = list(arguments)
    try:
        options.configurations = configurations.make(options.pythons, options.args, options.config)
    except configurations.BadConfiguration as error:
        parser.error(str(error))
    return options
