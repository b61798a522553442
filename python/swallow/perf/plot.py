"""Pictures, as PNG and SVG: a benchmark's memory over time, and the ratios of all."""

from dataclasses import dataclass

import matplotlib

matplotlib.use("Agg")
# After the choice of a backend without a window.
from matplotlib import pyplot  # noqa: E402

from swallow.perf import summary as figures  # noqa: E402

COLOURS = ("#6c757d", "#2a6f97", "#c1121f", "#2d6a4f", "#7b2cbf", "#bc6c25")

# The same measurement gives the same file.
STYLE = {"svg.hashsalt": "swallow", "svg.fonttype": "none", "axes.spines.top": False, "axes.spines.right": False, "font.size": 9}


def _save(figure, directory, name):
    """Both forms; the path of the SVG."""
    figure.savefig(directory / f"{name}.png", dpi=150)
    figure.savefig(directory / f"{name}.svg", metadata={"Date": None})
    pyplot.close(figure)
    return directory / f"{name}.svg"


def usage_over_time(summary, names, directory):
    """The private memory of one benchmark's run, of the program's process and of that with the code generator."""
    figure, axes = pyplot.subplots(figsize=(8, 4), layout="constrained")
    for number, name in enumerate(names):
        usage = summary.usage[name]
        colour = COLOURS[number % len(COLOURS)]
        own, both = ([value / 1024 for value in values] for values in (usage.private, usage.with_helper()))
        if any(usage.helper_private):
            axes.fill_between(usage.seconds, own, both, step="post", color=colour, alpha=0.12, linewidth=0)
            axes.step(usage.seconds, both, where="post", color=colour, linewidth=1.2, linestyle="--", label=f"{name}, with helper")
        axes.step(usage.seconds, own, where="post", color=colour, linewidth=1.6, label=name)
    axes.set_title(summary.label)
    axes.set_xlabel("seconds since the start")
    axes.set_ylabel("private memory, MiB")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    return _save(figure, directory, f"usage-{summary.label}")


@dataclass
class Series:
    """Bars of one kind in a picture: ratios, None where there is none, and the bounds of their confidence intervals or None."""

    label: str
    colour: str
    ratios: list
    bounds: list
    strength: float = 1.0


def _bars(axes, labels, series, title):
    """Bars of ratios."""
    height = 0.8 / len(series)
    everything = [1.0]
    for number, kind in enumerate(series):
        offset = (number - (len(series) - 1) / 2) * height
        there = [(place + offset, ratio, bounds) for place, (ratio, bounds) in enumerate(zip(kind.ratios, kind.bounds)) if ratio]
        # From 1, not from the edge of the picture: on a scale of ratios the length of a bar is then the gain or the loss.
        lengths = [ratio - 1 for _, ratio, _ in there]
        look = {"color": kind.colour, "alpha": kind.strength, "height": height * 0.9, "label": kind.label}
        axes.barh([place for place, _, _ in there], lengths, left=1, **look)
        for place, ratio, (low, high) in there:
            extremes = [value for value in (low, ratio, high) if value is not None]
            everything += extremes
            if low is not None:
                axes.hlines(place, low, high, color="black", linewidth=1)
            # Beyond all that is drawn, on the far side of 1.
            end, distance, side = (max(extremes), 4, "left") if ratio >= 1 else (min(extremes), -4, "right")
            axes.annotate(f"{ratio:.2f}×", (end, place), (distance, 0), textcoords="offset points", va="center", ha=side)
    axes.axvline(1, color="black", linewidth=1)
    # Ratios: equal factors are equal distances.
    axes.set_xscale("log", base=2)
    low, high = min(0.8, *everything) / 1.4, max(2, *everything) * 1.5
    axes.set_xlim(low, high)
    ticks = [2**power for power in range(-6, 12) if low <= 2**power <= high]
    axes.set_xticks(ticks, [f"{tick:g}×" for tick in ticks])
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.set_title(title)
    if len(series) > 1:
        axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))


def ratios(summaries, names, directory):
    """Speed and memory of all benchmarks in relation to the baseline's."""
    colours = {name: COLOURS[number % len(COLOURS)] for number, name in enumerate(names)}
    panels = []
    timed = [row for row in summaries if row.times]
    if timed:
        series = []
        for name in names[1:]:
            found = [row.faster[name] for row in timed]
            bounds = [(faster["low"], faster["high"]) for faster in found]
            series.append(Series(name, colours[name], [faster["ratio"] for faster in found], bounds))
        panels.append(([row.label for row in timed], series, f"times faster than {names[0]}"))
    sampled = [row for row in summaries if row.memory]
    if sampled:
        series = []
        for name in names[1:]:
            kinds = [(name, "max", 1.0)]
            if any(row.memory[name]["max_with_helper"] != row.memory[name]["max"] for row in sampled):
                kinds.append((f"{name}, with helper", "max_with_helper", 0.5))
            for label, figure, strength in kinds:
                found = [figures.more_memory(row, name, names, figure) for row in sampled]
                series.append(Series(label, colours[name], found, [(None, None)] * len(sampled), strength))
        panels.append(([row.label for row in sampled], series, f"times the Mem max of {names[0]}"))
    rows = max(len(labels) * len(series) for labels, series, _ in panels)
    figure, axes = pyplot.subplots(1, len(panels), figsize=(8 * len(panels), 0.28 * rows + 1.6), layout="constrained", squeeze=False)
    for axis, panel in zip(axes[0], panels):
        _bars(axis, *panel)
    return _save(figure, directory, "ratios")


def draw(summaries, names, directory):
    """All pictures, into a directory; the files of usage over time by the benchmarks' labels."""
    directory.mkdir(parents=True, exist_ok=True)
    with pyplot.rc_context(STYLE):
        ratios(summaries, names, directory)
        return {row.label: usage_over_time(row, names, directory) for row in summaries if row.usage}
