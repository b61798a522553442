"""The picture: compile time against speed, a point for each program and configuration; and beside it the total times of each program."""

from matplotlib import ticker

from swallow.compare.configurations import PLAIN
from swallow.perf.plot import STYLE, pyplot

MARKERS = "osD^vP*Xhd<>"


def _colours(names):
    """A colour for each configuration; plain CPython is black."""
    others = [name for name in names if name != PLAIN]
    shades = pyplot.get_cmap("tab10")
    return {PLAIN: "black"} | {name: shades(number % 10) for number, name in enumerate(others)}


def _logarithmic(axis):
    """A scale of ratios whose ticks are plain numbers."""
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    axis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(ticker.NullFormatter())


def _scatter(axes, summaries, names, colours):
    """What compiling took against how much faster a program is in the long run."""
    for name in names:
        if name == PLAIN:
            continue
        points = []
        for number, summary in enumerate(summaries):
            found = summary.figures[name]
            if found.compiling is not None and found.compiling.own > 0:
                points.append((found.compiling.own * 1e3, found.faster["ratio"], number))
        for x, y, number in points:
            axes.scatter(x, y, color=colours[name], marker=MARKERS[number % len(MARKERS)], s=36, alpha=0.85)
    for name in names:
        if name != PLAIN:
            axes.scatter([], [], color=colours[name], marker="o", label=name)
    for number, summary in enumerate(summaries):
        axes.scatter([], [], color="grey", marker=MARKERS[number % len(MARKERS)], label=summary.label)
    axes.axhline(1, color="black", linewidth=0.6)
    _logarithmic(axes.xaxis)
    _logarithmic(axes.yaxis)
    axes.yaxis.set_major_formatter("{x:g}×")
    axes.set_xlabel("compile time, ms of processor time")
    axes.set_ylabel(f"times faster than {PLAIN}, steady state")
    axes.set_title("compile time against speed")
    axes.legend(frameon=False, fontsize=7, loc="upper left", bbox_to_anchor=(1, 1))


def _totals(axes, summary, colours):
    """The time to the n-th iteration."""
    for name, found in summary.figures.items():
        numbers = range(1, len(found.curve.points) + 1)
        style = {"color": colours[name], "linewidth": 1.8 if name == PLAIN else 1.2, "label": name}
        axes.plot(numbers, found.curve.points, **style, marker="." if len(numbers) < 30 else None, markersize=4)
    _logarithmic(axes.xaxis)
    _logarithmic(axes.yaxis)
    axes.set_xlabel("iterations")
    axes.set_ylabel("seconds from the start")
    axes.set_title(f"{summary.label}: time to the n-th iteration")
    axes.legend(frameon=False, fontsize=7)


def draw(summaries, names, file):
    """The picture, into a file: its ending says which form."""
    colours = _colours(names)
    count = 1 + len(summaries)
    columns = min(count, 3 if count > 4 else 2)
    rows = -(-count // columns)
    with pyplot.rc_context(STYLE):
        figure, grid = pyplot.subplots(rows, columns, figsize=(6.2 * columns, 4.2 * rows), layout="constrained", squeeze=False)
        places = [axes for row in grid for axes in row]
        _scatter(places[0], summaries, names, colours)
        for axes, summary in zip(places[1:], summaries):
            _totals(axes, summary, colours)
        for axes in places[count:]:
            axes.set_axis_off()
        figure.savefig(file, dpi=150, metadata={"Date": None} if file.suffix == ".svg" else None)
        pyplot.close(figure)
