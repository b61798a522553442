"""`swallow perf`: benchmark programs under two or more interpreters, by the clock and by memory.

The heir of Unladen Swallow's perf.py, with its options and its wording. Only the command loads this package: a program that runs under the
JIT never does.

    command_line    the options
    configurations  what is compared: interpreters with their arguments
    selection       which benchmark programs are run
    stages          the compiler's stages, which cargo measures
    session         the plan of all runs, carried out in turns
    process         one run: a process from start to end
    memory          its memory while it runs
    aside           measuring memory without sharing it
    statistics      means, confidence, significance
    summary         what the report, the tables and the plots are made of
    report          the text, in perf.py's wording
    tables          the summary for a terminal, a file, Markdown
    results         the JSON file, and one that pyperf reads
    plot            pictures
    progress        which run of how many, and how long the others will take
    machine         what is measured on
"""

import importlib.util
import sys

PACKAGES = ("psutil", "pyperf", "matplotlib", "rich")


def missing():
    """The packages that are needed and not installed."""
    return [name for name in PACKAGES if importlib.util.find_spec(name) is None]


def is_complete(name):
    """Whether nothing is missing for the command of that name; else says what."""
    lacking = missing()
    if lacking:
        sys.stderr.write(f"swallow {name} needs {', '.join(lacking)}: pip install 'swallow[perf]'\n")
    return not lacking


def command(arguments):
    """The command, with the arguments behind `swallow perf`; its exit status. Memory is measured in a copy of this interpreter."""
    from swallow.perf import aside, command_line

    if not aside.settle() and not missing() and command_line.parse(arguments).memory_runs:
        aside.step(arguments)
    return main(arguments)


def main(arguments):
    """The same in this process."""
    from swallow.perf import command_line

    options = command_line.parse(arguments)
    if not is_complete("perf"):
        return 2
    from swallow.perf import session

    return session.main(options)
