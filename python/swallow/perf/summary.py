"""What reports, tables and pictures are made of: for each configuration the figures of its runs, and their relation to the baseline's."""

from dataclasses import dataclass, field

from swallow.perf import statistics

# Figures of memory, in kB: what they are called, and how they follow from one run's usage. The maximum over the runs is taken.
MAXIMA = {
    "max": lambda usage: max(usage.private),
    "max_with_helper": lambda usage: max(usage.with_helper()),
    "pss_max": lambda usage: max(usage.pss),
    "pss_max_with_helper": lambda usage: max(usage.pss_with_helper()),
}
# Of these the mean.
MEANS = {
    "steady": lambda usage: usage.steady(usage.private),
    "steady_with_helper": lambda usage: usage.steady(usage.with_helper()),
}

# Of what -X jit-stats prints. Medians are taken.
COUNTERS = ("compile_ns", "codegen_ns", "helper_starts", "units_compiled")


@dataclass
class Summary:
    """One benchmark's figures: by the names of the configurations, dictionaries or None."""

    label: str
    # statistics.describe of the seconds.
    times: dict = field(default_factory=dict)
    # Medians of the counters.
    compiling: dict = field(default_factory=dict)
    memory: dict = field(default_factory=dict)
    # Only of the changed configurations: statistics.ratio of the seconds, with `significant` and `t`.
    faster: dict = field(default_factory=dict)
    # For the usage over time: the run that needed most.
    usage: dict = field(default_factory=dict)


def _memory(usages):
    """The figures of memory of all runs."""
    maxima = {name: max(map(figure, usages)) for name, figure in MAXIMA.items()}
    return maxima | {name: statistics.describe(list(map(figure, usages)))["mean"] for name, figure in MEANS.items()}


def _compiling(runs):
    """The figures of the JIT, or None if it wasn't there."""
    found = [run.jit for run in runs if run.jit]
    if not found:
        return None
    return {name: statistics.describe([counters.get(name, 0) for counters in found])["median"] for name in COUNTERS}


def summarise(result, names):
    """The figures of one benchmark; the first name is the baseline's."""
    summary = Summary(result.label)
    if all(result.times.get(name) for name in names):
        seconds = {name: [run.seconds for run in result.times[name]] for name in names}
        for name in names:
            summary.times[name] = statistics.describe(seconds[name])
            summary.compiling[name] = _compiling(result.times[name])
        for name in names[1:]:
            significant, t = statistics.significance(seconds[names[0]], seconds[name])
            summary.faster[name] = statistics.ratio(seconds[names[0]], seconds[name]) | {"significant": significant, "t": t}
    if all(result.memory.get(name) for name in names):
        for name in names:
            summary.memory[name] = _memory(result.memory[name])
            summary.usage[name] = max(result.memory[name], key=lambda usage: max(usage.with_helper()))
    return summary


def more_memory(summary, name, names, figure):
    """How many times the baseline's memory a configuration needs; None if that can't be told."""
    base, changed = summary.memory[names[0]][figure], summary.memory[name][figure]
    return changed / base if base and changed else None
