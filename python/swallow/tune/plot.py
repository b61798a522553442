"""The picture: what pipelines take against what their code takes."""

from swallow.perf import plot as pictures


def draw(points, front, start, best, directory):
    """Compile time against run time, as PNG and SVG. Points are pairs of milliseconds in passes and times the first pipeline's run time."""
    from matplotlib import pyplot

    with pyplot.rc_context(pictures.STYLE):
        figure, axes = pyplot.subplots(figsize=(8, 5), layout="constrained")
        axes.scatter(*zip(*points), s=14, color=pictures.COLOURS[0], alpha=0.6, label="tried")
        ordered = sorted(front)
        axes.step(*zip(*ordered), where="post", color=pictures.COLOURS[1], linewidth=1.2, label="none is better in both")
        axes.scatter(*start, marker="s", s=50, color=pictures.COLOURS[2], label="start")
        axes.scatter(*best, marker="*", s=110, color=pictures.COLOURS[3], label="best")
        axes.axhline(1, color="black", linewidth=0.6)
        axes.set_xscale("log")
        axes.set_xlabel("milliseconds in passes on LLVM's IR")
        axes.set_ylabel("run time, as a multiple of the start's")
        axes.legend(frameon=False)
        figure.savefig(directory / "pareto.png", dpi=150)
        figure.savefig(directory / "pareto.svg", metadata={"Date": None})
        pyplot.close(figure)
