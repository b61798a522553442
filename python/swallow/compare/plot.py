"""The picture: compile time against speed, a point for each unit and configuration; beside it the total times of each program, and above
compile time against speed of whole programs.

The points of one unit are joined by a line. Hollow ones compare other work; those whose speed is not known lie in a strip below.
"""

from matplotlib import lines, ticker

from swallow.compare.configurations import PLAIN
from swallow.compare.figures import unit_label
from swallow.compare.units import Why
from swallow.perf.plot import STYLE, pyplot

MARKERS = "osD^vP*Xhd<>"

# Units with more time than the others, which have markers of their own.
TOLD_APART = 12

# The part of the height that the strip of points without a speed has.
STRIP = 0.12


def _colours(names):
    """A colour for each configuration; plain CPython is black."""
    others = [name for name in names if name != PLAIN]
    shades = pyplot.get_cmap("tab10")
    return {PLAIN: "black"} | {name: shades(number % 10) for number, name in enumerate(others)}


def _logarithmic(axis, subs=(1, 2, 5)):
    """A scale of ratios whose ticks are plain numbers."""
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    axis.set_major_locator(ticker.LogLocator(subs=subs))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(ticker.NullFormatter())


def _ticks(values):
    """Where an axis of ratios has ticks: many where the ratios are close to each other."""
    values = [1.0, *values]
    return (1, 1.2, 1.4, 1.7, 2, 2.5, 3, 4, 5, 6, 7, 8, 9) if max(values) < 6 * min(values) else (1, 2, 5)


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
    _logarithmic(axes.yaxis, _ticks([summary.figures[name].faster["ratio"] for summary in summaries for name in names if name != PLAIN]))
    axes.yaxis.set_major_formatter("{x:g}×")
    axes.set_xlabel("compile time, ms of processor time")
    axes.set_ylabel(f"times faster than {PLAIN}, steady state")
    axes.set_title("whole programs: compile time against speed")
    axes.legend(frameon=False, fontsize=7, loc="upper left", bbox_to_anchor=(1, 1))


def _short(key, length=30):
    """A unit in a legend."""
    label = unit_label(key)
    return label if len(label) <= length else f"…{label[1 - length :]}"


def _bounds(values, below=0.0):
    """Limits of a logarithmic axis with some room around the values, and so much of its height free below them."""
    low, high = min(values) / 1.15, max(values) * 1.15
    return low / (high / low) ** (below / (1 - below)), high


def _units(axes, summary, colours):
    """What compiling a unit took against how much faster its code is than under the reference."""
    speeds = summary.speeds
    rows = speeds.by_unit() if speeds else {}
    placed = [point for row in rows.values() for point in row.values() if point.compiling]
    known = [point for point in placed if point.speed is not None]
    axes.set_title(f"{summary.label}: compile time against speed, by unit")
    if not placed:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "no unit was compiled", ha="center", transform=axes.transAxes)
        return
    values = [1.0, *(point.speed for point in known)]
    _logarithmic(axes.xaxis)
    _logarithmic(axes.yaxis, _ticks(values))
    axes.set_xlim(*_bounds([point.compiling * 1e3 for point in placed]))
    axes.set_ylim(*_bounds(values, STRIP))
    strip = axes.get_xaxis_transform()
    # Of those whose speeds are known, the ones with the most time are told apart.
    apart = dict(zip((key for key, row in rows.items() if any(point in known for point in row.values())), MARKERS[:TOLD_APART]))
    for key, row in rows.items():
        marker, size = (apart[key], 30) if key in apart else (".", 24)
        found = sorted((point for point in row.values() if point in known), key=lambda point: point.compiling)
        axes.plot([point.compiling * 1e3 for point in found], [point.speed for point in found], color="grey", linewidth=0.5, alpha=0.5, zorder=1)
        for name, point in row.items():
            if not point.compiling:
                continue
            style = {"marker": marker, "s": size, "linewidths": 0.8, "edgecolors": [colours[name]]}
            if point.speed is not None:
                face = [colours[name]] if point.alike else "white"
                axes.scatter(point.compiling * 1e3, point.speed, facecolors=face, alpha=0.85, zorder=2, **style)
            else:
                axes.scatter(point.compiling * 1e3, STRIP / 4, facecolors="none", alpha=0.7, transform=strip, zorder=2, **style)
    axes.axhline(1, color="black", linewidth=0.6, zorder=0)
    axes.axhspan(0, STRIP * 0.8, color="black", alpha=0.06, linewidth=0, transform=axes.get_yaxis_transform(), zorder=0)
    _annotate(axes, rows)
    axes.yaxis.set_major_formatter("{x:g}×")
    axes.set_xlabel("compile time, ms of processor time")
    axes.set_ylabel(f"times faster than under {speeds.reference}")
    handles = [_handle("o", colours[name], name) for name in next(iter(rows.values()))]
    handles += [_handle(marker, "grey", _short(key)) for key, marker in apart.items()]
    if len(apart) < len(rows):
        handles.append(_handle(".", "grey", f"{len(rows) - len(apart)} other units"))
    axes.legend(handles=handles, frameon=False, fontsize=7, loc="upper left", bbox_to_anchor=(1, 1))


def _annotate(axes, rows):
    """What is in the strip, and what is nowhere."""
    reasons = [point.why for row in rows.values() for point in row.values()]
    counted = [f"{count} {why}" for why in Why if why is not Why.ABSENT and (count := reasons.count(why))]
    text = [f"no speed: {', '.join(counted)}"] if counted else []
    if others := sum(not point.alike for row in rows.values() for point in row.values()):
        text.insert(0, f"hollow: other work than under the reference, {others}")
    if absent := reasons.count(Why.ABSENT):
        text.append(f"not drawn: {absent} {Why.ABSENT}")
    axes.text(0.01, STRIP * 0.78, "; ".join(text), va="top", fontsize=6, color="dimgrey", transform=axes.transAxes)


def _handle(marker, colour, label):
    """A line of a legend."""
    return lines.Line2D([], [], linestyle="none", marker=marker, color=colour, markersize=4.5, label=label)


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
    rows = 1 + len(summaries)
    with pyplot.rc_context(STYLE):
        figure = pyplot.figure(figsize=(14, 4.2 * rows), layout="constrained")
        grid = figure.add_gridspec(rows, 2, width_ratios=(8, 6))
        _scatter(figure.add_subplot(grid[0, :]), summaries, names, colours)
        for number, summary in enumerate(summaries, 1):
            _units(figure.add_subplot(grid[number, 0]), summary, colours)
            _totals(figure.add_subplot(grid[number, 1]), summary, colours)
        figure.savefig(file, dpi=150, metadata={"Date": None} if file.suffix == ".svg" else None)
        pyplot.close(figure)
