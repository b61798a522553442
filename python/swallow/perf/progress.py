"""Which run of how many it is, and how long the others will take, on stderr."""

import statistics
import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar
from rich.text import Text


class Clock:
    """What the runs that are left will take, by those that are done."""

    def __init__(self, steps):
        self.steps = steps
        self.left = set(range(len(steps)))
        self.seconds = {}

    def done(self, number, seconds):
        """A run has ended."""
        self.left.discard(number)
        self.seconds.setdefault(self._like(number), []).append(seconds)

    def _like(self, number):
        return self.steps[number].benchmark, self.steps[number].configuration

    def give_up(self, benchmark):
        """The runs of a benchmark fall out."""
        self.left = {number for number in self.left if self.steps[number].benchmark != benchmark}

    def estimate(self):
        """Seconds; None as long as nothing is known. A benchmark that has not run yet is taken for the mean of the others."""
        if not self.seconds:
            return None
        means = {like: statistics.fmean(seconds) for like, seconds in self.seconds.items()}
        sides = {}
        for (_, configuration), mean in means.items():
            sides.setdefault(configuration, []).append(mean)
        usual = statistics.fmean(means.values())
        total = 0.0
        for number in self.left:
            like = self._like(number)
            total += means[like] if like in means else statistics.fmean(sides.get(like[1], [usual]))
        return total


def spoken(seconds):
    """A length of time for readers."""
    if seconds is None:
        return ""
    if seconds < 100:
        return f", about {seconds:.0f} s left"
    if seconds < 6000:
        return f", about {seconds / 60:.0f} min left"
    return f", about {seconds / 3600:.1f} h left"


class Progress:
    """A bar on a terminal, a line for each run elsewhere. Nothing is drawn while a run is measured."""

    def __init__(self, steps, labels, names, command="swallow perf"):
        self.steps = steps
        self.labels = labels
        self.names = names
        self.command = command
        self.clock = Clock(steps)
        self.bar = None
        self.task = None

    def __enter__(self):
        if sys.stderr.isatty():
            columns = BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False)
            self.bar = Bar(*columns, console=Console(stderr=True), auto_refresh=False, transient=True)
            self.bar.start()
            self.task = self.bar.add_task("", total=len(self.steps))
        return self

    def __exit__(self, *_):
        if self.bar:
            self.bar.stop()

    def begin(self, number):
        """A run starts."""
        step = self.steps[number]
        kind = "" if step.kind == "time" else f" ({step.kind})"
        text = f"{self.labels[step.benchmark]}, {self.names[step.configuration]}{kind}{spoken(self.clock.estimate())}"
        if self.bar:
            self.bar.update(self.task, completed=number, description=text)
            self.bar.refresh()
        else:
            self._print(f"run {number + 1} of {len(self.steps)}: {text}")

    def done(self, number, seconds):
        """A run has ended."""
        self.clock.done(number, seconds)

    def give_up(self, benchmark):
        """The other runs of a benchmark fall out."""
        self.clock.give_up(benchmark)

    def say(self, text):
        """A line between."""
        if self.bar:
            self.bar.console.print(Text(f"{self.command}: {text}"), soft_wrap=True)
        else:
            self._print(f"{self.command}: {text}")

    @staticmethod
    def _print(text):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def carry_out(steps, results, runner, shown):
    """Has a runner carry the steps out, and shows it. Of a program that fails the other runs fall out."""
    for number, step in enumerate(steps):
        result = results[step.benchmark]
        if result.error is not None:
            continue
        shown.begin(number)
        notes = len(result.notes)
        seconds = runner.carry_out(step)
        for line in result.notes[notes:]:
            shown.say(f"{result.label}: {line}")
        if seconds is None:
            shown.say(f"{result.label}: {result.error}")
            shown.give_up(step.benchmark)
        else:
            shown.done(number, seconds)
