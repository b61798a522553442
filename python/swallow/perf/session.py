"""A measurement: the plan of all its runs, carried out in turns, and what is made of the results."""

import hashlib
import sys
from dataclasses import dataclass, field
from pathlib import Path

from swallow.perf import configurations, machine, memory, process, progress, report, results, selection, stages, tables

TIME = "time"
MEMORY = "memory"


@dataclass(frozen=True)
class Step:
    """One run of the plan."""

    kind: str
    # Numbers of a benchmark and a configuration.
    benchmark: int
    configuration: int


@dataclass
class Timed:
    """What a run for time has measured, with what -X jit-stats printed, where the JIT is."""

    seconds: float
    user: float
    system: float
    jit: dict | None


@dataclass
class Result:
    """All the runs of one benchmark, by the names of the configurations."""

    benchmark: selection.Benchmark
    times: dict = field(default_factory=dict)
    memory: dict = field(default_factory=dict)
    output: bytes | None = None
    error: str | None = None
    # What the JIT complained about.
    notes: list = field(default_factory=list)

    @property
    def label(self):
        return self.benchmark.label

    @property
    def output_sha256(self):
        """Of what it printed."""
        return None if self.output is None else hashlib.sha256(self.output).hexdigest()


@dataclass
class Session:
    """All that was measured, and of what."""

    options: object
    configurations: list
    facts: dict
    machine: dict
    results: list
    # stages.Measured of each stage, and the interpreter for those that need one.
    stages: list = field(default_factory=list)
    stages_python: str | None = None
    interrupted: bool = False

    @property
    def names(self):
        """The configurations' names, the baseline's first."""
        return [configuration.name for configuration in self.configurations]

    def complete(self):
        """The results that can be compared: all configurations have run."""
        kinds = [kind for kind, runs in (("times", self.options.runs), ("memory", self.options.memory_runs)) if runs]
        return [
            result
            for result in self.results
            if result.error is None and any(all(getattr(result, kind).get(name) for name in self.names) for kind in kinds)
        ]


def plan(benchmarks, sides, runs, memory_runs):
    """All the runs of all benchmarks, those for memory after the others.

    The configurations take turns, so that a slow moment of the machine hits all of them.
    """
    steps = []
    for benchmark in range(benchmarks):
        for kind, count in ((TIME, runs), (MEMORY, memory_runs)):
            for _ in range(count):
                steps += [Step(kind, benchmark, side) for side in range(sides)]
    return steps


class Runner:
    """Carries out steps."""

    def __init__(self, session, programs):
        self.session = session
        self.programs = programs
        self.env = process.environment(session.options.inherit_env)

    def carry_out(self, step):
        """One run; its seconds. What is wrong with it is written down in the benchmark's result."""
        result = self.session.results[step.benchmark]
        configuration = self.session.configurations[step.configuration]
        try:
            return self._run(step.kind, configuration, result)
        except process.RunFailed as error:
            result.error = f"{configuration.name}: {error}"
        return None

    def _run(self, kind, configuration, result):
        program = result.benchmark.arguments(self.programs.directory)
        sampler = memory.Sampler() if kind == MEMORY else None
        jit = kind == TIME and configuration.wants_jit(self.env)
        command = configuration.command(*(["-X", "jit-stats"] if jit else []), *program)
        run = process.run(command, self.env, self.session.options.timeout, sampler)
        if result.output is None:
            result.output = run.output
        elif run.output != result.output:
            raise process.RunFailed(
                f"it printed something else than {self.session.names[0]}: {process.difference(run.output, result.output)}"
            )
        for line in process.complaints(run.messages):
            if (note := f"{configuration.name}: {line}") not in result.notes:
                result.notes.append(note)
        if sampler is None:
            statistics = process.jit_statistics(run.messages) if jit else None
            result.times.setdefault(configuration.name, []).append(Timed(run.seconds, run.user, run.system, statistics))
        else:
            if not sampler.usage.seconds:
                raise process.RunFailed("its memory could not be read")
            sampler.usage.length = run.seconds
            result.memory.setdefault(configuration.name, []).append(sampler.usage)
        return run.seconds


def _measure(session, programs):
    """Carries out the plan; stops at Ctrl-C."""
    options = session.options
    steps = plan(len(session.results), len(session.configurations), options.runs, options.memory_runs)
    runner = Runner(session, programs)
    labels = [result.label for result in session.results]
    with progress.Progress(steps, labels, session.names) as shown:
        try:
            progress.carry_out(steps, session.results, runner, shown)
        except KeyboardInterrupt:
            session.interrupted = True


def _measure_stages(session, runner):
    """Measures the stages, one after the other; stops at Ctrl-C."""
    count = len(session.stages)
    try:
        _say(f"building the benches of {count} stage{'s' if count > 1 else ''}")
        runner.build([measured.stage for measured in session.stages])
        for number, measured in enumerate(session.stages):
            _say(f"stage {number + 1} of {count}: {measured.label}")
            runner.measure(measured)
            if measured.error is not None:
                _say(f"{measured.label}: {measured.error}")
    except stages.StagesFailed as error:
        _say(error)
        for measured in session.stages:
            measured.error = str(error)
    except KeyboardInterrupt:
        session.interrupted = True


def _say(text):
    sys.stderr.write(f"swallow perf: {text}\n")


def _deliver(session, benchmarks):
    """All that was asked for; whether it could be written."""
    options = session.options
    fine = True
    plots = {}

    def write(what, function, *arguments):
        nonlocal fine
        try:
            return function(*arguments)
        except OSError as error:
            fine = False
            _say(f"{what} can't be written: {error}")
            return None

    if options.output:
        write(options.output, results.write, session, options.output)
    if options.pyperf:
        write(options.pyperf, results.write_pyperf, session, options.pyperf)
    if options.plot and benchmarks:
        # Not loaded while something is measured.
        from swallow.perf import plot

        plots = write(options.plot, plot.draw, benchmarks, session.names, options.plot) or {}
    print(report.text(session, benchmarks, plots))
    tables.show(benchmarks, session)
    if options.markdown:
        write(options.markdown, options.markdown.write_text, tables.markdown(session, benchmarks))
    return fine


def main(options):
    """Measures, and reports; the exit status."""
    env = process.environment(options.inherit_env)
    try:
        programs = selection.Programs(options.programs or selection.find_directory(Path.cwd()))
        chosen = programs.choose(options.benchmarks)
        wanted = [one for one in chosen if isinstance(one, stages.Stage)]
        benchmarks = [one for one in chosen if isinstance(one, selection.Benchmark)]
        if wanted and not options.runs:
            raise selection.BadSelection("--no-time: stages are measured by the clock only")
        facts = {configuration.name: configurations.probe(configuration, env) for configuration in options.configurations}
        python = stages.python_for(options.configurations, facts)
        runner = stages.Runner(programs.root, options, python) if wanted else None
    except (selection.BadSelection, configurations.BadConfiguration, stages.StagesFailed) as error:
        _say(error)
        return 2
    except KeyboardInterrupt:
        return 130
    for configuration in options.configurations:
        if configuration.wants_jit(env) and not facts[configuration.name]["jit"]:
            _say(f"{configuration.name}: the package swallow isn't installed for {configuration.python}: it runs without the JIT")
    found = machine.facts()
    for warning in machine.warnings(found, options.track_memory):
        _say(warning)
    session = Session(options, options.configurations, facts, found, [Result(benchmark) for benchmark in benchmarks])
    session.stages, session.stages_python = [stages.Measured(stage) for stage in wanted], python
    _measure(session, programs)
    if session.stages and not session.interrupted:
        _measure_stages(session, runner)
    fine = _deliver(session, report.summaries(session))
    if session.interrupted:
        return 130
    return 0 if fine and not any(result.error for result in [*session.results, *session.stages]) else 1
