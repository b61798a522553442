"""Means, confidence and significance, of times that are few and vary."""

import functools
import math
import statistics

CONFIDENCE = 0.95


def describe(values):
    """Number, minimum, mean, standard deviation, median, and the bounds of the mean's confidence interval. Of one value much is None."""
    count = len(values)
    mean = statistics.fmean(values)
    result = {"n": count, "min": min(values), "mean": mean, "stdev": None, "median": statistics.median(values), "low": None, "high": None}
    if count > 1:
        deviation = statistics.stdev(values)
        reach = t_quantile(count - 1) * deviation / math.sqrt(count)
        result |= {"stdev": deviation, "low": mean - reach, "high": mean + reach}
    return result


def _t_within(t, freedom):
    """The probability that a variable of Student's distribution is between -t and t: Simpson's rule, with t as the tangent of an angle."""
    steps = 400
    angle = math.atan(t / math.sqrt(freedom))
    width = angle / steps
    total = 0.0
    for step in range(steps + 1):
        weight = 1 if step in (0, steps) else 4 if step % 2 else 2
        total += weight * math.cos(step * width) ** (freedom - 1)
    factor = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(math.pi)
    return 2 * factor * total * width / 3


@functools.lru_cache(maxsize=256)
def t_quantile(freedom, confidence=CONFIDENCE):
    """The t that so much of Student's distribution is within, on both sides of 0."""
    low, high = 0.0, 1.0
    while _t_within(high, freedom) < confidence:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        if _t_within(middle, freedom) < confidence:
            low = middle
        else:
            high = middle
    return high


def significance(base, changed):
    """Student's test with two samples and two tails, as perf.py has it: whether the means differ, and t. (None, None) for single values."""
    freedom = len(base) + len(changed) - 2
    if min(len(base), len(changed)) < 2:
        return None, None
    difference = statistics.fmean(base) - statistics.fmean(changed)
    pooled = (statistics.variance(base) * (len(base) - 1) + statistics.variance(changed) * (len(changed) - 1)) / freedom
    error = math.sqrt(pooled * (1 / len(base) + 1 / len(changed)))
    if error == 0:
        return difference != 0, math.copysign(math.inf, difference) if difference else 0.0
    t = difference / error
    return abs(t) >= t_quantile(freedom), t


def ratio(base, changed):
    """How much less the changed values are: the ratio of the medians; and where, with confidence, the ratio of the means is.

    That interval is Welch's, of the logarithms: what disturbs a run makes it longer by a factor.
    """
    result = {"ratio": statistics.median(base) / statistics.median(changed), "low": None, "high": None}
    if min(len(base), len(changed)) < 2:
        return result
    logs = [[math.log(value) for value in values] for values in (base, changed)]
    parts = [statistics.variance(values) / len(values) for values in logs]
    middle = statistics.fmean(logs[0]) - statistics.fmean(logs[1])
    reach = 0.0
    if sum(parts) > 0:
        freedom = sum(parts) ** 2 / sum(part**2 / (len(values) - 1) for part, values in zip(parts, logs))
        reach = t_quantile(max(1.0, freedom)) * math.sqrt(sum(parts))
    return result | {"low": math.exp(middle - reach), "high": math.exp(middle + reach)}


def geometric_mean(values):
    """Of ratios; None of none."""
    values = list(values)
    return statistics.geometric_mean(values) if values else None
