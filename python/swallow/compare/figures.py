"""What is made of the runs: steady state, total times and who is ahead of whom, and what compiling took."""

import math
import statistics
from dataclasses import dataclass, field

from swallow.perf import statistics as perf_statistics

# Iterations behind the last compilation that make a steady state.
LEAST = 3

# Steady states that differ by less are alike: nobody overtakes anybody else by that.
ALIKE = 0.02

# A leader whose total time is less by this part only leads nobody.
CLOSE = 0.03

# Phases of compilations by what they belong to; the names are those of `swallow.info`.
GROUPS = {
    "HIR": ("copy", "build", "judge", "serialise", "decode", "optimise"),
    "lowering": ("lower", "verify"),
    "IR passes": ("passes",),
    "selection, registers": ("emit",),
    "linking": ("free", "link"),
}
_GROUP_OF = {phase: group for group, phases in GROUPS.items() for phase in phases}


@dataclass
class Run:
    """A process: when it began, and when each iteration did and ended, in seconds of one clock; and what the JIT says of itself."""

    begin: float
    starts: list
    ends: list
    # As in swallow.stats()["units"]; None without the JIT.
    units: list | None = None
    counters: dict | None = None
    # Of a profiled run, behind each iteration: seconds and entries of native code so far, for as many of the units as there were then.
    native: list | None = None


@dataclass(frozen=True)
class Steady:
    """The time of an iteration once all is compiled."""

    seconds: float
    # So many have been measured.
    iterations: int
    # Whether that many came behind the last compilation; else these are the last ones of the run.
    settled: bool


def steady_from(run):
    """The number of the iteration, from 0 on, with which the steady state of a run begins, and whether it is one.

    It begins when the last code has been installed. The first iteration is never part of it: there files are read, and CPython specialises
    its instructions.
    """
    count = len(run.ends)
    last = max((unit["installed"] for unit in run.units or ()), default=-math.inf)
    first = next((number for number in range(min(1, count - 1), count) if run.starts[number] >= last), count)
    settled = count - first >= LEAST
    if not settled:
        first = min(first, count - max(1, count // 4))
    return first, settled


def steady(run):
    """The steady state of a run: the median of its iterations."""
    first, settled = steady_from(run)
    times = [end - start for start, end in zip(run.starts[first:], run.ends[first:])]
    return Steady(statistics.median(times), len(times), settled)


@dataclass(frozen=True)
class Curve:
    """Total times: seconds from the start of the process to the end of each iteration, and those of an iteration from there on."""

    points: tuple
    steady: float

    def at(self, number):
        """The total time of so many iterations, measured or not."""
        beyond = number - len(self.points)
        return self.points[number - 1] if beyond <= 0 else self.points[-1] + beyond * self.steady


def curve(run):
    """The curve of one run."""
    return Curve(tuple(end - run.begin for end in run.ends), steady(run).seconds)


def measured(one, other):
    """How many iterations both curves have; what lies beyond is reckoned."""
    return min(len(one.points), len(other.points))


def middle(curves):
    """The medians of some curves, as far as all of them go."""
    points = zip(*(found.points for found in curves))
    return Curve(tuple(map(statistics.median, points)), statistics.median(found.steady for found in curves))


def _gains(one, other):
    """Whether one is faster than the other in the long run."""
    return one.steady < other.steady * (1 - ALIKE)


def _overtakes(one, other, count):
    """The iteration at which one that is behind after `count`, but faster, is ahead."""
    return count + math.floor((one.at(count) - other.at(count)) / (other.steady - one.steady)) + 1


def break_even(one, other):
    """The iteration from which on the total time of one is below the other's and stays there; None: never.

    As far as either was measured that is seen; beyond it follows from the steady states.
    """
    count = max(len(one.points), len(other.points))
    behind = [number for number in range(1, count + 1) if one.at(number) >= other.at(number)]
    last = behind[-1] if behind else 0
    if last < count:
        return None if _gains(other, one) else last + 1
    return _overtakes(one, other, count) if _gains(one, other) else None


def leaders(curves):
    """Which of the curves, by their names, is the lowest from which iteration on: pairs of number and name, in order."""
    count = max(len(found.points) for found in curves.values())
    result = []
    for number in range(1, count + 1):
        best = min(curves, key=lambda name: curves[name].at(number))
        if not result or curves[best].at(number) < curves[result[-1][1]].at(number) * (1 - CLOSE):
            if not result or result[-1][1] != best:
                result.append((number, best))
    leader = result[-1][1]
    while True:
        faster = [name for name in curves if _gains(curves[name], curves[leader])]
        if not faster:
            return result
        number, leader = min((max(count + 1, _overtakes(curves[name], curves[leader], count)), name) for name in faster)
        # Of two that overtake at the same iteration, the faster one counts.
        if result[-1][0] == number:
            result.pop()
        result.append((number, leader))


def unit_key(unit):
    """What a unit is the same by in all runs."""
    return unit["file"], unit["line"], unit["name"], unit["kind"], unit["pc"]


def unit_label(key):
    """A unit for readers."""
    _, line, name, kind, pc = key
    return f"{name}:{line}" if kind == "function" else f"{name}:{line} {kind} at {pc}"


@dataclass
class Compiling:
    """What compiling took: of all units of a run, or of one."""

    # Seconds of processor time, by group of phases; in all, and by the clock.
    groups: dict = field(default_factory=lambda: dict.fromkeys(GROUPS, 0.0))
    own: float = 0.0
    seconds: float = 0.0
    compilations: int = 0
    # Of the last code of each unit.
    code_bytes: int = 0
    units: int = 0
    # What the code generator's process had resident at most, and by how much one compilation had it grow at most, in bytes; None: not known.
    memory_peak: int | None = None
    memory_growth: int | None = None


def compiling(units):
    """What some compilations took."""
    found = Compiling()
    for unit in units:
        for phase in unit["phases"]:
            group = _GROUP_OF.get(phase["name"], "other")
            found.groups[group] = found.groups.get(group, 0.0) + phase["own"]
            found.own += phase["own"]
            found.seconds += phase["seconds"]
        found.compilations += 1
        if unit["memory_peak"] is not None:
            found.memory_peak = max(found.memory_peak or 0, unit["memory_peak"])
            found.memory_growth = max(found.memory_growth or 0, unit["memory_peak"] - unit["memory_before"])
    code = {unit_key(unit): unit["code_bytes"] for unit in units}
    found.code_bytes = sum(code.values())
    found.units = len(code)
    return found


def _median_of(found):
    """The medians of what several runs took, figure by figure."""

    def median(values):
        known = [value for value in values if value is not None]
        return statistics.median(known) if known else None

    names = dict.fromkeys(name for one in found for name in one.groups)
    groups = {name: median([one.groups.get(name, 0.0) for one in found]) for name in names}
    others = [name for name in Compiling.__dataclass_fields__ if name != "groups"]
    return Compiling(groups, **{name: median([getattr(one, name) for one in found]) for name in others})


@dataclass
class Figures:
    """What was found of a program under one configuration."""

    # perf's description of the steady states of the runs, in seconds, and whether all of them were settled.
    steady: dict
    settled: bool
    # perf's ratio to plain CPython, with `significant`; None for plain CPython itself.
    faster: dict | None
    curve: Curve
    # By the other configurations' names: the iteration, or None; and the least and the most of the rounds, None for rounds without one.
    break_even: dict
    rounds: dict
    # None without the JIT. By the key of the unit for `units`.
    compiling: Compiling | None
    # The description of the processor times of all compilations of a run.
    compile_time: dict | None
    units: dict


@dataclass
class Summary:
    """What was found of a program."""

    label: str
    # Of plain CPython; where code is fast there are more.
    iterations: int
    figures: dict
    leaders: list
    # What `units` makes of the profiled runs; None without any.
    speeds: object = None

    def measured(self, name, other):
        """How many iterations of both were measured."""
        return measured(self.figures[name].curve, self.figures[other].curve)

    def nothing_compiled(self):
        """The configurations of the JIT under which nothing was compiled."""
        return [name for name, found in self.figures.items() if found.compiling is not None and not found.compiling.units]


def _rounds(curves, name, other):
    """Break-even in each round, of the runs that stood side by side."""
    return [break_even(one, two) for one, two in zip(curves[name], curves[other])]


def summarise(label, runs, count):
    """The figures of a program: `runs` has lists of these by the names of the configurations, plain CPython's first."""
    names = list(runs)
    states = {name: [steady(run) for run in runs[name]] for name in names}
    times = {name: [state.seconds for state in states[name]] for name in names}
    curves = {name: [curve(run) for run in runs[name]] for name in names}
    middles = {name: middle(curves[name]) for name in names}
    figures = {}
    for name in names:
        faster = None
        if name != names[0]:
            significant, t = perf_statistics.significance(times[names[0]], times[name])
            faster = perf_statistics.ratio(times[names[0]], times[name]) | {"significant": significant}
        jitted = [run.units for run in runs[name] if run.units is not None]
        by_unit = {}
        for units in jitted:
            split = {}
            for unit in units:
                split.setdefault(unit_key(unit), []).append(unit)
            for key, rows in split.items():
                by_unit.setdefault(key, []).append(compiling(rows))
        took = [compiling(units) for units in jitted]
        figures[name] = Figures(
            steady=perf_statistics.describe(times[name]),
            settled=all(state.settled for state in states[name]),
            faster=faster,
            curve=middles[name],
            break_even={other: break_even(middles[name], middles[other]) for other in names if other != name},
            rounds={other: _rounds(curves, name, other) for other in names if other != name},
            compiling=_median_of(took) if took else None,
            compile_time=perf_statistics.describe([one.own for one in took]) if took else None,
            units={key: _median_of(found) for key, found in by_unit.items()},
        )
    return Summary(label, count, figures, leaders(middles))
