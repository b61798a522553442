"""All that was measured, as files: JSON of our own, and pyperf's."""

import dataclasses
import importlib.metadata
import json
import math
from datetime import datetime

import pyperf

from swallow.perf import PACKAGES, summary

# Of the JSON. Names and meanings within a format stay as they are.
FORMAT = 1


def _configuration(configuration, facts):
    return {"name": configuration.name, "python": configuration.python, "arguments": list(configuration.arguments), **facts}


def _result(result, names, complete):
    """One benchmark: raw samples, and the figures if all configurations have run."""
    figures = None
    if complete:
        found = summary.summarise(result, names)
        figures = {"time": found.times, "compiling": found.compiling, "faster": found.faster, "memory": found.memory}
        for faster in found.faster.values():
            if faster["t"] is not None and math.isinf(faster["t"]):
                # JSON has no infinity.
                faster["t"] = None
    return {
        "name": result.benchmark.name,
        "size": result.benchmark.size,
        "error": result.error,
        "notes": result.notes,
        "output_sha256": result.output_sha256,
        "time": {name: [dataclasses.asdict(run) for run in runs] for name, runs in result.times.items()},
        "memory": {name: [dataclasses.asdict(usage) for usage in usages] for name, usages in result.memory.items()},
        "summary": figures,
    }


def heading(session, form):
    """What all such files begin with; `form` is the number of their format."""
    return {
        "format": form,
        "date": datetime.now().astimezone().isoformat(timespec="seconds"),
        "command": session.options.command,
        "interrupted": session.interrupted,
        "machine": session.machine,
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "configurations": [_configuration(configuration, session.facts[configuration.name]) for configuration in session.configurations],
    }


def _stage(measured):
    return {"name": measured.stage.name, "error": measured.error, "figures": [dataclasses.asdict(figure) for figure in measured.figures]}


def as_object(session):
    """The whole measurement. Times are in seconds, memory is in kB; the first configuration is the baseline."""
    complete = {result.label for result in session.complete()}
    return {
        **heading(session, FORMAT),
        "runs": {"time": session.options.runs, "memory": session.options.memory_runs},
        "benchmarks": [_result(result, session.names, result.label in complete) for result in session.results],
        "stages": [_stage(measured) for measured in session.stages],
        "stages_python": session.stages_python,
    }


def write(session, file):
    """The JSON file."""
    write_json(as_object(session), file)


def write_json(found, file):
    """A JSON file; it replaces an older one as a whole."""
    fresh = file.with_name(f"{file.name}.new")
    fresh.write_text(json.dumps(found) + "\n")
    fresh.replace(file)


def write_pyperf(session, directory):
    """A file for each configuration, for `pyperf compare_to`, `pyperf check` and the like: every process is a run with one value."""
    directory.mkdir(parents=True, exist_ok=True)
    for configuration in session.configurations:
        benchmarks = []
        for result in session.results:
            runs = result.times.get(configuration.name, [])
            metadata = {"name": result.label, "unit": "second", "command": str(configuration)}
            runs = [pyperf.Run([run.seconds], metadata=metadata, collect_metadata=False) for run in runs]
            if runs:
                benchmarks.append(pyperf.Benchmark(runs))
        if benchmarks:
            pyperf.BenchmarkSuite(benchmarks).dump(str(directory / f"{configuration.name}.json"), replace=True)
