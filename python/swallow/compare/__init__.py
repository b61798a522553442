"""`swallow compare`: LLVM or Cranelift for this program, and at which level?

Each program is run again and again in one process, under plain CPython and under every configuration of the JIT, in turns. What it prints
must be the same under all of them. From the times of the iterations follow the steady state and the iteration from which on a configuration
has paid for itself; from the JIT's own records, what each unit took to compile, phase by phase, and how much memory; and from one more run, which
is profiled, how fast the code of each unit is.

    command_line    the options
    configurations  what is compared: code generators with their levels
    programs        what an iteration of a program is
    driver          the iterations, in the process that is measured; the only part that runs there
    session         all runs, in turns, and their results, compared
    figures         steady state, break-even, compile times: what is made of the runs
    units           how fast each unit is: what is made of the profiled runs
    tables          the figures for people
    results         the figures as JSON
    plot            the picture
    command         all of it in order

Selecting, running, statistics and tables are `swallow.perf`'s.
"""

from swallow import perf


def main(arguments):
    """The command, with the arguments behind `swallow compare`; its exit status."""
    from swallow.compare import command_line

    options = command_line.parse(arguments)
    if not perf.is_complete("compare"):
        return 2
    from swallow.compare import command

    return command.main(options)
