"""The options of `swallow compare`."""

import argparse
import sys
from pathlib import Path

from swallow.compare import configurations, programs
from swallow.perf import configurations as interpreters
from swallow.perf import selection
from swallow.perf.command_line import FAST, NORMAL, RIGOROUS, at_least_one, check_files, seconds

# Seconds for which plain CPython iterates, at least; a configuration of the JIT has half of that.
SECONDS = {FAST: 2.0, NORMAL: 4.0, RIGOROUS: 6.0}

PICTURES = (".svg", ".png")

DESCRIPTION = """\
Compare the code generators, and their levels, on some programs. A program is run again and again in one process: under plain CPython, and with
the JIT under each configuration, in turns. It must print the same under all of them.
"""

EPILOG = """\
configurations:
  llvm-jit                     LLVM with the default pipeline
  llvm-o0, -o1, -o2, -o3       LLVM with -X jit-opt=0 to 3: pass pipeline and effort of code generation
  cranelift-none, -speed       Cranelift with its two levels
  tiered                       Cranelift first, LLVM for what stays hot: what the JIT does by itself
  llvm, cranelift, all         those of one code generator, and all of them

iterations:
  A program of benches/programs is called: run(n), with the size for many calls in one process, or NAME=N. So is a file's run(n) if it has
  BENCH or DEFAULT beside it; or else its main(), if that can be called without arguments and the file has `if __name__ == "__main__":`.
  --call names another function. Any other file is run as a whole each time.

examples:
  swallow compare nbody fannkuch=9 -f
  swallow compare prog.py "other.py --size 3" -c llvm,cranelift-speed --plot compare.svg
  swallow compare numeric -c llvm-jit,tiered --config "unladen=-Xjit-backend=llvm -Xjit-passes=unladen-o2" --json compare.json

exit status: 0; 1 if a program failed, or printed something else than under plain CPython; 2 for a mistake in the options; 130 after Ctrl-C
"""


def _picture(text):
    """A file for the picture."""
    if Path(text).suffix not in PICTURES:
        raise argparse.ArgumentTypeError(f"{text}: expected a name that ends in {' or '.join(PICTURES)}")
    return Path(text)


def _parser():
    parser = argparse.ArgumentParser(
        prog="swallow compare",
        usage="swallow compare PROGRAM|NAMES... [option]...",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("programs", nargs="+", metavar="PROGRAM|NAMES", help="a file, with arguments in quotes; or what `swallow perf -b` takes")
    add("-c", "--configurations", metavar="NAMES", help="configurations, joined by commas (default: all)")
    add("--config", action="append", default=[], metavar="'NAME=ARGS…'", help="a further one, by its arguments; without -c these are all")
    many = parser.add_mutually_exclusive_group()
    many.add_argument("-r", "--rigorous", action="store_true", help=f"more runs of each configuration: {RIGOROUS[0]}, not {NORMAL[0]}")
    many.add_argument("-f", "--fast", action="store_true", help=f"fewer runs: {FAST[0]}")
    add("--runs", type=at_least_one, metavar="N", help="so many runs")
    add("--iterations", type=at_least_one, metavar="N", help="so many iterations in each run (default: as many as fit into some seconds)")
    add("--call", metavar="FUNCTION", help="what is called in each iteration: a function of the file, without arguments")
    add("--units", type=int, default=5, metavar="N", help="so many units of each program in the table of compile times; 0: no units at all (default: %(default)s)")
    add("--programs", dest="directory", type=Path, metavar="DIR", help="where the names are looked for (default: benches/programs around)")
    add("--baseline", default=interpreters.BASELINE, metavar="PYTHON", help="plain CPython (default: %(default)s)")
    add("--python", default=sys.executable, metavar="PYTHON", help="an interpreter that swallow is installed for (default: this one)")
    add("--timeout", type=seconds, default=600.0, metavar="SECONDS", help="when a run is given up (default: %(default)g)")
    add("--json", type=Path, metavar="FILE", help="write everything as JSON")
    add("--markdown", type=Path, metavar="FILE", help="write the tables as Markdown")
    add("--plot", type=_picture, metavar="FILE", help="draw compile time against speed, by program and by unit, and total times: a .svg or .png")
    return parser


def parse(arguments):
    """The options; ends the process for --help and for mistakes.

    Beside what argparse makes of them: `jobs`, the programs; `configurations`, plain CPython first; `runs`, and `seconds` for an iteration's run.
    """
    parser = _parser()
    options = parser.parse_intermixed_args(arguments)
    check_files(parser, options.json, options.markdown, options.plot)
    if options.units < 0:
        parser.error(f"--units {options.units}: expected 0 or more")
    kind = RIGOROUS if options.rigorous else FAST if options.fast else NORMAL
    options.seconds = SECONDS[kind]
    options.runs = options.runs or kind[0]
    options.command = list(arguments)
    try:
        python, baseline = interpreters.located(options.python), interpreters.located(options.baseline)
        options.configurations = configurations.make(options.configurations, options.config, baseline, python)
        options.jobs = programs.choose(options.programs, options.directory, Path.cwd(), options.call)
    except (interpreters.BadConfiguration, selection.BadSelection, programs.BadProgram) as error:
        parser.error(str(error))
    return options
