"""The options of `swallow tune`."""

import argparse
import sys
from pathlib import Path

from swallow.perf import configurations, selection
from swallow.perf.command_line import seconds
from swallow.tune.objective import OBJECTIVES

DESCRIPTION = """\
Search for an LLVM pass pipeline that suits some programs. The search begins with a pipeline, takes out passes that are not missed, then
changes it at random. Every run's output and exit status are compared with plain CPython's. All that is measured goes into a journal:
after Ctrl-C, or when the budget is used up, --resume goes on.
"""

EPILOG = """\
objectives:
{}

examples:
  swallow tune benches/programs/nbody.py
  swallow tune "fib.py 27" nbody.py --objective compile-time --budget 600 --held-out spectral_norm.py
  python -X jit=whenhot -X jit-passes=@tune/best.txt prog.py

exit status: 0; 1 if a pipeline made a program do something else, or something can't be written; 2 for a mistake in the options; 130 after Ctrl-C
"""


def _program(text):
    try:
        return selection.program(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text}: {error}") from None


def _percent(text):
    number = float(text)
    if not 0 <= number <= 1000:
        raise ValueError
    return number / 100


def parse(arguments):
    """The options; ends the process for --help and for mistakes."""
    _percent.__name__ = "percentage"
    objectives = "\n".join(f"  {name:<13} {found.words}" for name, found in OBJECTIVES.items())
    parser = argparse.ArgumentParser(
        prog="swallow tune",
        usage="swallow tune [option]... PROGRAM...",
        description=DESCRIPTION,
        epilog=EPILOG.format(objectives),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("programs", nargs="+", type=_program, metavar="PROGRAM", help="a Python file; with arguments, in quotes")
    add("--objective", choices=list(OBJECTIVES), default="speed", help="what is to become less (default: %(default)s)")
    add("--start", default="o2", metavar="PIPELINE", help="what the search begins with: a preset, @FILE or text (default: %(default)s)")
    add("--budget", type=seconds, default=300.0, metavar="SECONDS", help="how long the search may take (default: %(default)g)")
    add("--seed", type=int, default=1, metavar="N", help="of the random numbers (default: %(default)s)")
    add("--slower", type=_percent, metavar="PERCENT", help="how much slower code may become (default: 1; if speed is not the objective, 3)")
    add("--held-out", action="append", default=[], type=_program, metavar="PROGRAM", help="only the winner is measured on it")
    add("--output", type=Path, default=Path("tune"), metavar="DIR", help="for journal, pipeline, table and plot (default: %(default)s)")
    add("--resume", action="store_true", help="go on with the journal that is there")
    add("--baseline", default=configurations.BASELINE, metavar="PYTHON", help="plain CPython (default: %(default)s)")
    add("--python", default=sys.executable, metavar="PYTHON", help="an interpreter that swallow is installed for (default: this one)")
    add("--timeout", type=seconds, default=120.0, metavar="SECONDS", help="when a run is given up (default: %(default)g)")
    options = parser.parse_intermixed_args(arguments)
    options.objective = OBJECTIVES[options.objective]
    options.tolerance = options.objective.tolerance if options.slower is None else options.slower
    programs = options.programs + options.held_out
    keys = [program.key for program in programs]
    for program in programs:
        if keys.count(program.key) > 1:
            parser.error(f"{program.label}: named twice")
    programs = selection.told_apart(programs)
    options.programs, options.held_out = programs[: len(options.programs)], programs[len(options.programs) :]
    try:
        options.baseline = configurations.located(options.baseline)
        options.python = configurations.located(options.python)
    except configurations.BadConfiguration as error:
        parser.error(str(error))
    options.journal = options.output / "journal.jsonl"
    if options.journal.exists() and not options.resume:
        parser.error(f"{options.output}: there is a journal of another search; --resume goes on with it, --output names another directory")
    return options
