"""The command line shared by the benchmark programs.

    prog.py [n]                          run once with n (or the program's DEFAULT), print the result
    prog.py --pyperf [pyperf options]    measure with pyperf, with the program's smaller BENCH size

pyperf clears the environment of its workers and passes no -X option on, so a mode of the JIT goes through a variable:
    PYTHONJIT=whenhot python prog.py --pyperf --inherit-environ=PYTHONJIT -o result.json
"""

import importlib.util
import sys


def require(package):
    """End the program, with status 2, if a package it needs isn't installed."""
    if importlib.util.find_spec(package) is None:
        print(f"{sys.argv[0]}: {package} isn't installed: pip install -r benches/programs/requirements.txt", file=sys.stderr)
        raise SystemExit(2)


def main(name, run, default, bench):
    """Serve the command line of one program."""
    arguments = sys.argv[1:]
    if "--pyperf" in arguments:
        import pyperf

        arguments.remove("--pyperf")
        sys.argv[1:] = arguments
        runner = pyperf.Runner(program_args=(sys.argv[0], "--pyperf"))
        runner.metadata["description"] = name
        runner.bench_func(name, run, bench)
        return
    if len(arguments) > 1:
        raise SystemExit(f"usage: {name}.py [n] | {name}.py --pyperf [pyperf options]")
    size = default
    if arguments:
        try:
            size = int(arguments[0])
        except ValueError:
            raise SystemExit(f"{name}.py: expected a whole number, got {arguments[0]!r}") from None
    print(run(size))
