"""All runs, in turns; what they print is compared with what plain CPython prints."""

import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from swallow.compare import figures, units
from swallow.compare.configurations import PLAIN
from swallow.perf import process, progress
from swallow.perf.session import TIME, Step

# The kind of a run that says where time goes; its own is that of no other.
PROFILE = "profile"

DRIVER = str(Path(__file__).with_name("driver.py"))

# Iterations: so many at least, and at most. From 1000 on the driver's own loop would be hot.
LEAST = 5
MOST = 900


@dataclass
class Told:
    """What a program did in each iteration: its output, the part before the first one and what came behind the last one; its exit status."""

    before: bytes
    iterations: list
    behind: bytes
    statuses: list


@dataclass
class Result:
    """The runs of one program, by the names of the configurations."""

    job: object
    runs: dict = field(default_factory=dict)
    # The profiled run of each configuration with the JIT.
    profiled: dict = field(default_factory=dict)
    # Of plain CPython's first run.
    expected: Told | None = None
    # Iterations, as plain CPython's first run had them.
    count: int | None = None
    error: str | None = None
    # What the JIT complained about.
    notes: list = field(default_factory=list)

    @property
    def label(self):
        return self.job.label


@dataclass
class Session:
    """All that was measured, and of what."""

    options: object
    configurations: list
    facts: dict
    machine: dict
    results: list
    interrupted: bool = False

    @property
    def names(self):
        """The configurations' names, plain CPython's first."""
        return [configuration.name for configuration in self.configurations]

    def complete(self):
        """The results that can be compared: all configurations have run."""
        return [result for result in self.results if result.error is None and all(result.runs.get(name) for name in self.names)]

    def summaries(self):
        """The figures of these."""
        found = []
        for result in self.complete():
            summary = figures.summarise(result.label, {name: result.runs[name] for name in self.names}, result.count)
            summary.speeds = units.speeds(summary, result.profiled)
            found.append(summary)
        return found


class Different(Exception):
    """A program printed something else than under plain CPython, or ended otherwise."""


def told(output, report):
    """What a program did, by the sizes that its output had."""
    places = [report["loaded"], *report["sizes"]]
    parts = [output[start:end] for start, end in zip(places, places[1:])]
    return Told(output[: places[0]], parts, output[places[-1] :], report["statuses"])


def check(found, expected):
    """Compares what a program did with what it is to do.

    There may be more iterations than plain CPython had: if all of that did the same, these must, too.
    """

    def same(one, other, where):
        if one != other:
            raise Different(f"{where}: it printed something else than {PLAIN}: {process.difference(one, other)}")

    same(found.before, expected.before, "before the first iteration")
    always = all(part == expected.iterations[0] for part in expected.iterations)
    for number, (part, status) in enumerate(zip(found.iterations, found.statuses)):
        like = number if number < len(expected.iterations) else 0
        if like != number and not always:
            break
        same(part, expected.iterations[like], f"iteration {number + 1}")
        if status != expected.statuses[like]:
            raise Different(f"iteration {number + 1}: exit status {status}, not {expected.statuses[like]} as under {PLAIN}")
    same(found.behind, expected.behind, "behind the last iteration")


def plan(programs, configurations, runs):
    """All the runs of all programs: for time, and then one under each configuration with the JIT that is profiled. They take turns."""
    steps = []
    for program in range(programs):
        steps += [Step(TIME, program, side) for _ in range(runs) for side in range(configurations)]
        steps += [Step(PROFILE, program, side) for side in range(1, configurations)]
    return steps


class Runner:
    """Carries out steps."""

    def __init__(self, session, directory):
        self.session = session
        self.report = Path(directory) / "report.json"
        self.env = process.environment()

    def carry_out(self, step):
        """One run; its seconds. What is wrong with it is written down in the program's result."""
        result = self.session.results[step.benchmark]
        configuration = self.session.configurations[step.configuration]
        try:
            return self._run(step.kind, configuration, result)
        except process.RunFailed as error:
            result.error = f"{configuration.name}: {error}"
        except Different as error:
            result.error = self._judged(configuration, result, error)
        return None

    def _judged(self, configuration, result, error):
        """A difference as a line: plain CPython may not do the same every time itself."""
        plain = self.session.configurations[0]
        if configuration is not plain:
            try:
                _, again, _, _ = self._start(TIME, plain, result)
                check(again, result.expected)
                return f"{configuration.name}: {error}"
            except Different as found:
                error = found
            except process.RunFailed as found:
                return f"{configuration.name}: {error}; and {PLAIN}, once more: {found}"
        return f"{PLAIN} does not do the same every time: {str(error).replace(f'than {PLAIN}', 'than before')}"

    def _iterations(self, configuration, result):
        """How often, for the driver. The first run of plain CPython decides; code that is fast gets more, so that all of it is compiled."""
        options = self.session.options
        if options.iterations:
            return {"least": options.iterations, "most": options.iterations, "seconds": 0.0}
        if result.count is None:
            return {"least": LEAST, "most": MOST, "seconds": options.seconds}
        if configuration.name == PLAIN:
            return {"least": result.count, "most": result.count, "seconds": 0.0}
        return {"least": result.count, "most": MOST, "seconds": options.seconds / 2}

    def _start(self, kind, configuration, result):
        """Runs a program: the run, what it did, what the driver reported, and what the JIT complained about."""
        self.report.unlink(missing_ok=True)
        profiles = kind == PROFILE
        spec = result.job.spec() | self._iterations(configuration, result) | {"native": profiles}
        options = ["-Xjit-profile"] if profiles else []
        run = process.run(configuration.command(*options, DRIVER, str(self.report), repr(spec)), self.env, self.session.options.timeout)
        try:
            report = json.loads(self.report.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise process.RunFailed("it ended its process before all iterations were done") from None
        return run, told(run.output, report), report, process.complaints(run.messages)

    def _run(self, kind, configuration, result):
        run, found, report, complaints = self._start(kind, configuration, result)
        if result.expected is None:
            result.expected, result.count = found, len(found.iterations)
        else:
            check(found, result.expected)
        for line in complaints:
            if (note := f"{configuration.name}: {line}") not in result.notes:
                result.notes.append(note)
        kept = figures.Run(run.start, report["starts"], report["ends"], report["units"], report["counters"], report["native"])
        if kind == PROFILE:
            result.profiled[configuration.name] = kept
        else:
            result.runs.setdefault(configuration.name, []).append(kept)
        return run.seconds


def measure(session):
    """Carries out the plan; stops at Ctrl-C."""
    steps = plan(len(session.results), len(session.configurations), session.options.runs)
    labels = [result.label for result in session.results]
    with (
        tempfile.TemporaryDirectory(prefix="swallow-compare-") as directory,
        progress.Progress(steps, labels, session.names, "swallow compare") as shown,
    ):
        runner = Runner(session, directory)
        try:
            progress.carry_out(steps, session.results, runner, shown)
        except KeyboardInterrupt:
            session.interrupted = True
