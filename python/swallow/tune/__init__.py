"""`swallow tune`: searches for an LLVM pass pipeline that suits some programs.

The search begins with a pipeline that is known to be good, takes out what is not missed, and then tries changes at random. Every step is
measured, checked against plain CPython, and written into a journal, from which a search that was stopped goes on.

    command_line  the options
    pipeline      pipelines as trees: parsing, writing, changing
    changes       which changes are tried, and which passes there are to add
    trial         one run of a program under a pipeline: its result checked, its figures
    contest       whether one pipeline's code is slower than another's: runs in turns, until that is certain
    objective     what is to become less, and what must not become more
    journal       everything that was asked of the machine, and its answers; a search that goes on is told the same again
    search        taking out, then changing at random
    report        the tables and the list of passes
    plot          the picture
    command       all of it in order
"""

import sys

from swallow import perf


def main(arguments):
    """The command, with the arguments behind `swallow tune`; its exit status."""
    try:
        return _main(arguments)
    except KeyboardInterrupt:
        sys.stderr.write("swallow tune: stopped\n")
        return 130


def _main(arguments):
    # Nothing of this needs what may be missing.
    from swallow.tune import command_line

    options = command_line.parse(arguments)
    if not perf.is_complete("tune"):
        return 2
    from swallow.tune import command

    return command.main(options)
