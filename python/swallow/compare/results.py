"""The figures, and all that they were made of, as JSON."""

import dataclasses

from swallow.compare.figures import unit_label
from swallow.perf.results import heading

# Names and meanings within a format stay as they are.
FORMAT = 1


def _unit(key):
    file, line, name, kind, pc = key
    return {"label": unit_label(key), "file": file, "line": line, "name": name, "kind": kind, "pc": pc}


def _point(point):
    """A unit under one configuration: seconds and entries are those of an iteration."""
    native = {"seconds": None, "entries": None} if point.native is None else dataclasses.asdict(point.native)
    return {"compiling": point.compiling, **native, "speed": point.speed, "why": point.why, "alike": point.alike}


def _speeds(speeds):
    """How fast each unit is under each configuration."""
    if speeds is None:
        return None
    rows = [_unit(key) | {"configurations": {name: _point(one) for name, one in row.items()}} for key, row in speeds.by_unit().items()]
    return {"reference": speeds.reference, "unsettled": speeds.unsettled, "units": rows}


def _figures(summary, name):
    """What was found of one configuration."""
    found = summary.figures[name]
    return {
        "steady": found.steady,
        "settled": found.settled,
        "faster": found.faster,
        "total": list(found.curve.points),
        "break_even": {
            other: {
                "iteration": number,
                "rounds": found.rounds[other],
                "measured": number is not None and number <= summary.measured(name, other),
            }
            for other, number in found.break_even.items()
        },
        "compiling": None if found.compiling is None else dataclasses.asdict(found.compiling) | {"time": found.compile_time},
        "units": [_unit(key) | dataclasses.asdict(took) for key, took in found.units.items()],
    }


def _program(result, summary):
    figures = leaders = speeds = None
    if summary is not None:
        figures = {name: _figures(summary, name) for name in summary.figures}
        leaders = [{"from": number, "configuration": name} for number, name in summary.leaders]
        speeds = _speeds(summary.speeds)
    return {
        "name": result.label,
        "file": result.job.file,
        "arguments": list(result.job.arguments),
        "function": result.job.function,
        "size": result.job.size,
        "iterations": result.count,
        "error": result.error,
        "notes": result.notes,
        "figures": figures,
        "leaders": leaders,
        "speeds": speeds,
        "runs": {name: [dataclasses.asdict(run) for run in runs] for name, runs in result.runs.items()},
        "profiled": {name: dataclasses.asdict(run) for name, run in result.profiled.items()},
    }


def as_object(session, summaries):
    """The whole measurement. Times are in seconds, memory is in bytes; the first configuration is plain CPython."""
    found = {summary.label: summary for summary in summaries}
    return {
        **heading(session, FORMAT),
        "runs": session.options.runs,
        "programs": [_program(result, found.get(result.label)) for result in session.results],
    }
