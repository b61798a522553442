"""Whether one pipeline's code is slower than another's. The two run in turns, in changing order, until it is certain enough; what is compared
are the ratios of runs that lie side by side, so that a slow moment of the machine hits both.

Where the machine has much else to do those vary by more than what is looked for. What disturbs a run makes it longer, never shorter; so
after some rounds the shortest runs of both say which is faster, unless the ratios say otherwise.
"""

import math
import statistics
from dataclasses import dataclass

from swallow.perf import statistics as figures

# Rounds before anything is believed, and after which it stays undecided.
LEAST = 3
MOST = 12
ENOUGH = 4


@dataclass(frozen=True)
class Verdict:
    """How many times the time of the other pipeline one takes, and where that is with confidence."""

    ratio: float
    low: float
    high: float
    # Of the shortest runs.
    least: float
    rounds: int

    def is_no_slower(self, tolerance):
        """Whether it is slower by less than the tolerance, a part of 1."""
        return self.high <= 1 + tolerance or (self.rounds >= ENOUGH and self.least <= 1 + tolerance / 2 and self.low <= 1 + tolerance / 2)

    def is_slower(self, tolerance):
        """Whether it is slower by more."""
        return self.low > 1 + tolerance or (self.rounds >= ENOUGH and self.least > 1 + 2 * tolerance and self.ratio > 1)

    def is_faster(self):
        """Whether it certainly is faster."""
        return self.high < 1

    def __str__(self):
        return f"{self.ratio:.3f}× the time ({self.low:.3f} to {self.high:.3f}; shortest runs {self.least:.3f}; {self.rounds} rounds)"


def judge(rounds, least):
    """The verdict on some rounds: of each the logarithms of the ratios of all programs; `least` is that of the shortest runs."""
    means = [statistics.fmean(found) for found in rounds]
    # One run that something else has disturbed says nothing.
    middle = statistics.median(means)
    if len(means) >= 6:
        means = sorted(means, key=lambda mean: abs(mean - middle))[: len(means) - len(means) // 6]
    mean = statistics.fmean(means)
    least = math.exp(least)
    reach = math.inf
    if len(means) > 1:
        reach = figures.t_quantile(len(means) - 1) * statistics.stdev(means) / math.sqrt(len(means))
    return Verdict(math.exp(mean), math.exp(mean - reach), math.exp(min(mean + reach, 700)), least, len(rounds))


def hold(time, programs, one, other, decided, most=MOST):
    """Times two pipelines, `time(program, pipeline)`, until `decided(verdict)` or there were too many rounds."""
    rounds = []
    shortest = {}
    while True:
        logarithms = []
        for number, program in enumerate(programs):
            pair = [one, other] if (len(rounds) + number) % 2 else [other, one]
            seconds = {text: time(program, text) for text in pair}
            for text, taken in seconds.items():
                key = text, program.label
                shortest[key] = min(taken, shortest.get(key, taken))
            logarithms.append(math.log(seconds[one] / seconds[other]))
        rounds.append(logarithms)
        if len(rounds) >= LEAST:
            ratios = [math.log(shortest[one, program.label] / shortest[other, program.label]) for program in programs]
            verdict = judge(rounds, statistics.fmean(ratios))
            if decided(verdict) or len(rounds) >= most:
                return verdict
