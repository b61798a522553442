"""How fast each unit's code is: the time that it runs natively in an iteration, under each configuration.

A unit is a function, or a place in the middle of one, that is compiled by itself. Its time comes from a run of its own with `-X jit-profile`, which
disturbs the times of iterations. What is counted is time in the unit's own code, without what it calls where that is timed itself: CPython's
evaluator, and native code that is entered through it. What native code calls directly counts to the caller, so a unit that only native code
calls has no time of its own. All versions of a unit count together.

As for whole programs the steady state counts: the median of the iterations behind the last code. Speeds are ratios to one configuration.
"""

import enum
import statistics
from dataclasses import dataclass

from swallow.compare.figures import steady_from, unit_key

# What the others are compared with, if it is there; else the first one.
REFERENCE = "llvm-jit"

# Seconds of an iteration, and of an entry, below which nothing is said: some 5 ns of what is measured of an entry are those of measuring.
LEAST_TIME = 10e-6
LEAST_ENTRY = 0.05e-6

# Entries of an iteration that differ by more: the unit does other work than under the reference.
SAME = 0.1


class Why(enum.StrEnum):
    """Why there is no speed of a unit."""

    UNKNOWN = "not profiled"
    ABSENT = "not compiled"
    # Native code alone calls it, or nothing does any more.
    IDLE = "not entered"
    SHORT = "too short"
    # It has a time, but none under the reference.
    ALONE = "no reference"


@dataclass(frozen=True)
class Native:
    """What is spent in a unit's code in an iteration."""

    seconds: float
    entries: float

    @property
    def why_not(self):
        """Why that can't be compared; None: it can."""
        if not self.entries:
            return Why.IDLE
        return Why.SHORT if self.seconds < LEAST_TIME or self.seconds < self.entries * LEAST_ENTRY else None


@dataclass(frozen=True)
class Point:
    """A unit under one configuration."""

    key: tuple
    configuration: str
    # Seconds of processor time that compiling it took; None: it was not compiled.
    compiling: float | None
    native: Native | None
    # How many times as fast as under the reference; or why that is not known.
    speed: float | None
    why: Why | None
    # Whether it is entered as often as under the reference.
    alike: bool


def reference(names):
    """What speeds are relative to: of configurations with the JIT."""
    return REFERENCE if REFERENCE in names else next(iter(names))


def natives(run):
    """By the keys of the units, what was spent in them in an iteration of a profiled run's steady state."""
    first, _ = steady_from(run)
    total = {}
    before = run.native[first - 1] if first else []
    for number in range(first, len(run.native)):
        # Units come, and none goes.
        known = run.native[number]
        before = before + [(0.0, 0)] * (len(known) - len(before))
        spent = {}
        for unit, (seconds, entries), (old, old_entries) in zip(run.units, known, before):
            key = unit_key(unit)
            some, times = spent.get(key, (0.0, 0))
            spent[key] = some + seconds - old, times + entries - old_entries
        for key, one in spent.items():
            total.setdefault(key, []).append(one)
        before = known
    count = len(run.native) - first
    found = {}
    for key in map(unit_key, run.units):
        spent = total.get(key, [])
        spent = spent + [(0.0, 0)] * (count - len(spent))
        found[key] = Native(*map(statistics.median, zip(*spent)))
    return found


@dataclass(frozen=True)
class Speeds:
    """The units of a program."""

    # The configuration that speeds are relative to.
    reference: str
    # Of each unit as many as there are configurations with the JIT; those with the most time under the reference first.
    points: list
    # Configurations whose profiled run had no steady state.
    unsettled: list

    def by_unit(self):
        """The points of each unit by the names of the configurations, by its key."""
        found = {}
        for point in self.points:
            found.setdefault(point.key, {})[point.configuration] = point
        return found


def speeds(summary, profiled):
    """The speeds of a program's units: `profiled` has its profiled runs, by the names of the configurations; None without the JIT."""
    compiled = {
        name: {key: took.own for key, took in found.units.items()} for name, found in summary.figures.items() if found.compiling is not None
    }
    if not compiled:
        return None
    unsettled = [name for name, run in profiled.items() if run.units and not steady_from(run)[1]]
    return Speeds(reference(compiled), points(compiled, profiled), unsettled)


def points(compiled, profiled):
    """Each unit under each configuration.

    By the names of the configurations, `compiled` has what compiling took, by unit, in the runs for time, and `profiled` the profiled
    run, where there is one. A unit that was compiled in that alone has its compile time from there.
    """
    names = list(compiled)
    base = reference(names)
    known = {name: None if name not in profiled else natives(profiled[name]) for name in names}
    keys = dict.fromkeys(key for name in names for key in [*compiled[name], *(known[name] or ())])

    def point(key, name):
        native = None if known[name] is None else known[name].get(key)
        took = compiled[name].get(key)
        if took is None and native is not None:
            took = sum(phase["own"] for unit in profiled[name].units if unit_key(unit) == key for phase in unit["phases"])
        why = Why.UNKNOWN if known[name] is None else Why.ABSENT if native is None else native.why_not
        other = None if known[base] is None else known[base].get(key)
        speed, alike = None, True
        if why is None and (other is None or other.why_not):
            why = Why.ALONE
        if why is None:
            speed = other.seconds / native.seconds
            alike = abs(native.entries - other.entries) <= SAME * other.entries
        return Point(key, name, took, native, speed, why, alike)

    def weight(key):
        times = [known[name][key].seconds if known[name] and key in known[name] else 0.0 for name in names]
        return -times[names.index(base)], -max(times)

    return [point(key, name) for key in sorted(keys, key=weight) for name in names]
