"""The summary tables: with lines and colours on a terminal, plain in a file, and as Markdown."""

import sys

from swallow.perf import report, stages, statistics, summary

MISSING = "–"
# Begins the last row of the tables that have such a row.
MEAN = "geometric mean"


def _times(summaries, names):
    """Title, columns and rows of the table of times."""
    columns = ["benchmark", f"{names[0]}, s"]
    compiled = {name for name in names[1:] if any(row.compiling.get(name) for row in summaries)}
    for name in names[1:]:
        columns += [f"{name}, s", "ratio"] + (["compiling, s", "generator, s"] if name in compiled else [])
    rows = []
    for row in summaries:
        cells = [row.label, f"{row.times[names[0]]['median']:.3f}"]
        for name in names[1:]:
            faster = row.faster[name]
            # Differences that may be none are marked.
            cells += [f"{row.times[name]['median']:.3f}", f"{'' if faster['significant'] in (True, None) else '~'}{faster['ratio']:.2f}x"]
            if name in compiled:
                figures = row.compiling[name]
                cells += [f"{figures['compile_ns'] / 1e9:.3f}", f"{figures['codegen_ns'] / 1e9:.3f}"] if figures else [MISSING] * 2
        rows.append(cells)
    last = [MEAN, ""]
    for name in names[1:]:
        last += ["", f"{statistics.geometric_mean(row.faster[name]['ratio'] for row in summaries):.2f}x"]
        last += ["", ""] if name in compiled else []
    return "Times: medians, and how many times faster (~: not significant)", columns, [*rows, last]


def _memory(summaries, names):
    """Title, columns and rows of the table of memory."""
    columns = ["benchmark", f"{names[0]}, kB"]
    helped = {name for name in names[1:] if any(row.memory[name]["max_with_helper"] != row.memory[name]["max"] for row in summaries)}
    for name in names[1:]:
        columns += [f"{name}, kB", "ratio"] + (["with helper, kB", "ratio"] if name in helped else [])
    rows = []
    ratios = {}
    for row in summaries:
        cells = [row.label, str(row.memory[names[0]]["max"])]
        for name in names[1:]:
            for figure in ("max", "max_with_helper") if name in helped else ("max",):
                ratio = summary.more_memory(row, name, names, figure)
                if ratio:
                    ratios.setdefault((name, figure), []).append(ratio)
                cells += [str(row.memory[name][figure]), f"{ratio:.2f}x" if ratio else MISSING]
        rows.append(cells)
    last = [MEAN, ""]
    for name in names[1:]:
        for figure in ("max", "max_with_helper") if name in helped else ("max",):
            mean = statistics.geometric_mean(ratios.get((name, figure), ()))
            last += ["", f"{mean:.2f}x" if mean else MISSING]
    return "Mem max: private memory, and how many times larger", columns, [*rows, last]


def make(summaries, names):
    """All tables that there is something for: title, columns, rows."""
    timed = [row for row in summaries if row.times]
    sampled = [row for row in summaries if row.memory]
    return ([_times(timed, names)] if timed else []) + ([_memory(sampled, names)] if sampled else [])


def make_stages(measured):
    """The table of the stages, if there are any figures: title, columns, rows."""
    rows = []
    for one in measured:
        for figure in one.figures:
            rows.append([one.label, figure.name, *map(stages.spoken, (figure.mean, figure.low, figure.high, figure.stdev))])
    confidences = {f"{figure.confidence * 100:g} %" for one in measured for figure in one.figures}
    title = f"Stages: means, where they are with {' or '.join(sorted(confidences))} confidence, and standard deviations"
    return [(title, ["stage", "figure", "mean", "from", "to", "stddev"], rows)] if rows else []


def _parts(rows):
    """The rows, and the one of the means behind them, if there is one."""
    return (rows[:-1], rows[-1:]) if rows[-1][0] == MEAN else (rows, [])


def unsteady(summaries):
    """A line on benchmarks whose times vary too much, as pyperf draws the line; None if there are none."""
    found = []
    for row in summaries:
        for name, times in row.times.items():
            if times["stdev"] is not None and times["stdev"] >= 0.1 * times["mean"]:
                found.append(f"{row.label} ({name}, {times['stdev'] / times['mean'] * 100:.0f} %)")
    return f"Unsteady, with a standard deviation of a tenth of the mean or more: {', '.join(found)}" if found else None


def plain(title, columns, rows):
    """A table as text."""
    widths = [max(len(row[number]) for row in (columns, *rows)) for number in range(len(columns))]

    def line(row):
        cells = [cell.ljust(width) if number == 0 else cell.rjust(width) for number, (cell, width) in enumerate(zip(row, widths))]
        return "  ".join(cells).rstrip()

    return "\n".join([title, line(columns), "  ".join("-" * width for width in widths), *map(line, rows)])


def show(summaries, session):
    """Prints the tables."""
    show_all(make(summaries, session.names) + make_stages(session.stages))
    if line := unsteady(summaries):
        print(line)


def show_all(tables):
    """Prints tables."""
    if sys.stdout.isatty():
        _show_rich(tables)
    else:
        for table in tables:
            print(plain(*table), end="\n\n")


def _show_rich(tables):
    """Prints tables on a terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    for title, columns, rows in tables:
        table = Table(title=title, title_justify="left")
        for number, column in enumerate(columns):
            table.add_column(Text(column), justify="right" if number else "left", no_wrap=number == 0)
        usual, means = _parts(rows)
        for row in usual:
            table.add_row(*map(Text, row))
        for row in means:
            table.add_section()
            table.add_row(*map(Text, row), style="bold")
        console.print(table)


def as_markdown(title, columns, rows):
    """A table as Markdown."""
    lines = [f"| {' | '.join(columns)} |", f"|---|{'--:|' * (len(columns) - 1)}"]
    usual, means = _parts(rows)
    lines += [f"| {' | '.join(row)} |" for row in [*usual, *([f"*{row[0]}*", *row[1:]] for row in means)]]
    return "\n\n".join([f"{title}:", "\n".join(lines)])


def markdown(session, summaries):
    """What was measured and the tables, as Markdown."""
    parts = ["\n".join(f"- {line}" for line in report.heading(session).splitlines())]
    parts += [as_markdown(*table) for table in make(summaries, session.names) + make_stages(session.stages)]
    if session.stages:
        parts.append(f"{report.stages_note(session)}.")
    failed = [f"- {result.label}: {result.error}" for result in [*session.results, *session.stages] if result.error]
    if failed:
        parts += ["Failed:", "\n".join(failed)]
    return "\n\n".join(parts) + "\n"
