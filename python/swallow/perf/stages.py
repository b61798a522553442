"""The compiler's stages: the benches of the source tree (`benches/stages`), measured by criterion through cargo.

They are the compiler's own, so they are measured once, whichever interpreters are compared. `LIVE` ones are measured in a running Python: in
the first of the compared interpreters that has the JIT, or else in the one that `cargo xtask run` makes.
"""

import json
import os
import shutil
import tempfile
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from swallow.perf import process

# What stands for all of them in a selection.
GROUP = "stages"
# In the source tree.
DIRECTORY = "benches/stages"
# Stages that are measured in a running Python, with the variable that names it.
LIVE = ("code_entry", "side_exit", "release")
PYTHON = "SWALLOW_BENCH_PYTHON"

# An alias of the source tree's: `cargo bench`, built as the code generator is.
CARGO = "stages"

# criterion's options for runs of other lengths than the benches' own.
FAST = ("--warm-up-time", "0.2", "--measurement-time", "0.5", "--sample-size", "10")
RIGOROUS = ("--measurement-time", "5", "--sample-size", "50")

# Seconds.
UNITS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9))


class StagesFailed(Exception):
    """There is nothing to measure them with."""


@dataclass(frozen=True)
class Stage:
    """A stage, by the name of its bench."""

    name: str

    @property
    def label(self):
        """How it is named in the reports."""
        return self.name


@dataclass(frozen=True)
class Figure:
    """One figure of a stage, in seconds: the mean, where it is with that confidence, and how far the samples are from it."""

    name: str
    mean: float
    low: float
    high: float
    confidence: float
    median: float
    stdev: float


@dataclass
class Measured:
    """All figures of a stage, or why there are none; neither before it has been measured."""

    stage: Stage
    figures: list = field(default_factory=list)
    error: str | None = None

    @property
    def label(self):
        return self.stage.label


def names(root):
    """The stages of a source tree, in their order; none if it isn't Swallow's."""
    try:
        manifest = tomllib.loads((Path(root) / "Cargo.toml").read_text())
    except (OSError, ValueError):
        return []
    benches = manifest.get("bench", [])
    return [bench["name"] for bench in benches if str(bench.get("path", "")).startswith(f"{DIRECTORY}/")]


def spoken(seconds):
    """A short time for readers, with four digits."""
    unit, size = next((one for one in UNITS if seconds >= one[1]), UNITS[-1])
    return f"{seconds / size:#.4g} {unit}"


def read(directory):
    """The figures that criterion has left in a directory, by the names of the stages, in the order of their names."""
    found = {}
    for file in sorted(Path(directory).glob("**/new/estimates.json")):
        estimates = json.loads(file.read_text())
        named = json.loads(file.with_name("benchmark.json").read_text())
        mean, confidence = estimates["mean"], estimates["mean"]["confidence_interval"]
        parts = [part for part in (named["function_id"], named["value_str"]) if part]
        # criterion has nanoseconds.
        figure = Figure(
            "/".join(parts) or named["group_id"],
            mean["point_estimate"] / 1e9,
            confidence["lower_bound"] / 1e9,
            confidence["upper_bound"] / 1e9,
            confidence["confidence_level"],
            estimates["median"]["point_estimate"] / 1e9,
            estimates["std_dev"]["point_estimate"] / 1e9,
        )
        found.setdefault(named["group_id"], []).append(figure)
    return found


def _reason(status, messages):
    """Why cargo or a bench has failed, in one line: what it said first of it."""
    if status < 0:
        return f"killed by signal {-status}"
    lines = messages.strip().splitlines()
    telling = [line for line in lines if line.startswith(("bench: ", "error", "live.py "))]
    return ": ".join([f"exit status {status}", *(telling[:1] or lines[-1:])])


class Runner:
    """Runs stages of a source tree."""

    def __init__(self, root, options, python=None):
        self.root = Path(root)
        self.options = options
        self.python = python
        self.cargo = shutil.which("cargo")
        if self.cargo is None:
            raise StagesFailed("stages are measured by cargo, which is not on the PATH: https://rustup.rs has it")

    def _run(self, timeout, *arguments, **variables):
        env = process.environment() | {name: str(value) for name, value in variables.items() if value is not None}
        run = process.run([self.cargo, CARGO, *arguments], env, timeout, any_status=True, directory=self.root)
        if run.status != 0:
            raise process.RunFailed(_reason(run.status, run.messages))

    def build(self, stages):
        """Builds the benches: as long as it takes."""
        benches = [word for stage in stages for word in ("--bench", stage.name)]
        try:
            self._run(process.LONGEST, "--no-run", *benches)
        except process.RunFailed as error:
            raise StagesFailed(f"the benches of the stages can't be built: {error}") from None

    def measure(self, measured):
        """Measures a stage."""
        stage, options = measured.stage, self.options
        length = RIGOROUS if options.rigorous else FAST if options.fast else ()
        # Of its own: nothing of an earlier run is taken for this one's.
        with tempfile.TemporaryDirectory(prefix="swallow-stages-") as home:
            variables = {"CRITERION_HOME": home, PYTHON: self.python if stage.name in LIVE else None}
            try:
                self._run(options.timeout, "--bench", stage.name, "--", *length, **variables)
                measured.figures = read(home).get(stage.name, [])
                if not measured.figures:
                    measured.error = "it has measured nothing"
            except process.RunFailed as error:
                measured.error = str(error)
            except (OSError, ValueError, KeyError) as error:
                measured.error = f"what criterion has written can't be read: {error!r}"


def python_for(configurations, facts):
    """The interpreter for the `LIVE` stages: the first one that has the JIT on; None: that of the source tree."""
    for configuration in configurations:
        if facts[configuration.name]["jit"]:
            return configuration.python
    return None


def note(measured, python):
    """What is to be known of the figures beside several configurations."""
    text = "Measured once: stages are the compiler's, and do not depend on the interpreters that are compared"
    live = [one.label for one in measured if one.label in LIVE]
    if live:
        where = python or f"{os.environ.get('CARGO_TARGET_DIR', 'target')}/venv/bin/python"
        text += f"; {', '.join(live)} in {where}"
    return text
