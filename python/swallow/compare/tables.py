"""The figures for people: tables of each program, and of all together."""

from swallow.compare.configurations import PLAIN
from swallow.compare.figures import GROUPS, unit_label
from swallow.compare.units import LEAST_ENTRY, LEAST_TIME, Why
from swallow.perf import report, statistics
from swallow.perf.tables import MISSING, as_markdown, show_all


def _milliseconds(seconds):
    return MISSING if seconds is None else f"{seconds * 1e3:.4g}" if seconds < 0.1 else f"{seconds * 1e3:.0f}"


def _megabytes(count):
    return MISSING if count is None else f"{count / 2**20:.1f}"


def _ratio(faster):
    """How many times faster; differences that may be none are marked."""
    if faster is None:
        return "1.00x"
    sign = "" if faster["significant"] in (True, None) else "~"
    bounds = f" ({faster['low']:.2f} to {faster['high']:.2f})" if faster["low"] is not None else ""
    return f"{sign}{faster['ratio']:.2f}x{bounds}"


def _interval(described):
    """The reach of a mean's confidence interval, in milliseconds."""
    if described["low"] is None:
        return MISSING
    return f"±{_milliseconds((described['high'] - described['low']) / 2)}"


def _break_even(summary, name, other):
    """From which iteration on a configuration is ahead of another."""
    found = summary.figures[name]
    number = found.break_even[other]
    if number is None:
        return "never"
    sign = "~" if number > summary.measured(name, other) else ""
    rounds = [one for one in found.rounds[other] if one is not None]
    some = len(rounds) < len(found.rounds[other])
    # That of the medians need not be among those of the rounds.
    low, high = min([number, *rounds]), max([number, *rounds])
    if low == high and not some:
        return f"{sign}{number}"
    return f"{sign}{number} ({low} to {'never' if some else high})"


def _speed(summary):
    """The table of one program's times."""
    columns = ["configuration", "iteration, ms", "95 %", "faster", f"first of {summary.iterations}, ms", f"all {summary.iterations}, ms"]
    columns += [f"ahead of {PLAIN} from", "compiling, ms", "units", "code, bytes", "peak, MB", "grew, MB"]
    rows = []
    for name, found in summary.figures.items():
        settled = "" if found.settled else "*"
        row = [name, _milliseconds(found.steady["median"]) + settled, _interval(found.steady), _ratio(found.faster)]
        row += [_milliseconds(found.curve.at(1)), _milliseconds(found.curve.at(summary.iterations))]
        row.append(MISSING if name == PLAIN else _break_even(summary, name, PLAIN))
        took = found.compiling
        if took is None or not took.units:
            row += [MISSING] * 5
        else:
            row += [_milliseconds(took.own), f"{took.units:g}", f"{took.code_bytes:g}"]
            row += [_megabytes(took.memory_peak), _megabytes(took.memory_growth)]
        rows.append(row)
    return f"{summary.label}: an iteration in the steady state, the total times, and what compiling took", columns, rows


def _break_evens(summary):
    """The table of who is ahead of whom from which iteration on."""
    names = list(summary.figures)
    rows = []
    for name in names:
        rows.append([name, *("" if other == name else _break_even(summary, name, other) for other in names)])
    return f"{summary.label}: the iteration from which on the total time is less than that of …, for good", ["total time of", *names], rows


def _phase_cells(took):
    cells = [_milliseconds(took.groups[group]) for group in GROUPS]
    return [*cells, _milliseconds(took.own)]


def _phases(summary):
    """The table of compile times by phase, of all units together; None if nothing was compiled."""
    rows = []
    for name, found in summary.figures.items():
        if found.compiling is not None and found.compiling.units:
            rows.append([name, *_phase_cells(found.compiling), _interval(found.compile_time)])
    columns = ["configuration", *(f"{group}, ms" for group in GROUPS), "in all, ms", "95 %"]
    return (f"{summary.label}: compile time by phase", columns, rows) if rows else None


def dearest(summary, count):
    """The keys of the units that took the most time to compile, all configurations together."""
    total = {}
    for found in summary.figures.values():
        for key, took in found.units.items():
            total[key] = total.get(key, 0.0) + took.own
    return sorted(total, key=lambda key: -total[key])[:count]


def _units(summary, count):
    """The table of units; None if there are none to show."""
    rows = []
    for key in dearest(summary, count):
        for name, found in summary.figures.items():
            if took := found.units.get(key):
                memory = MISSING if took.memory_growth is None else f"{took.memory_growth / 1024:.0f}"
                rows.append([unit_label(key), name, f"{took.compilations:g}", *_phase_cells(took), f"{took.code_bytes:g}", memory])
    columns = ["unit", "configuration", "times", *(f"{group}, ms" for group in GROUPS), "in all, ms", "code, bytes", "grew, kB"]
    return (f"{summary.label}: the dearest units", columns, rows) if rows else None


def _native(point, is_reference):
    """How fast a unit's code is: as a ratio, or in milliseconds where that has nothing to refer to."""
    if point.why is None:
        return _milliseconds(point.native.seconds) if is_reference else f"{'' if point.alike else '~'}{point.speed:.2f}x"
    if point.why is Why.ALONE:
        return f"({_milliseconds(point.native.seconds)} ms)"
    return str(point.why)


def _speeds(summary):
    """The table of the units' running times; None if there are none."""
    speeds = summary.speeds
    if speeds is None or not speeds.points:
        return None
    base = speeds.reference
    others = [name for name in summary.figures if name != base and summary.figures[name].compiling is not None]
    rows = []
    for key, row in speeds.by_unit().items():
        native = row[base].native
        entries = MISSING if native is None else f"{native.entries:g}"
        rows.append([unit_label(key), entries, _native(row[base], True), *(_native(row[name], False) for name in others)])
    columns = ["unit", "entries", f"{base}, ms", *others]
    return f"{summary.label}: native time of each unit in an iteration, and how many times faster than under {base} it is", columns, rows


def _all_together(summaries, names):
    """The table of all programs; None for one program."""
    if len(summaries) < 2:
        return None
    rows = []
    for name in names:
        found = [summary.figures[name] for summary in summaries]
        compiled = [one.compiling for one in found if one.compiling is not None and one.compiling.units]
        ratio = statistics.geometric_mean(1.0 if one.faster is None else one.faster["ratio"] for one in found)
        best = sum(summary.leaders[-1][1] == name for summary in summaries)
        peaks = [took.memory_peak for took in compiled if took.memory_peak is not None]
        row = [name, f"{ratio:.2f}x", str(best)]
        if compiled:
            row += [_milliseconds(sum(took.own for took in compiled)), f"{sum(took.code_bytes for took in compiled):g}"]
            row.append(_megabytes(max(peaks, default=None)))
        else:
            row += [MISSING] * 3
        rows.append(row)
    title = "All programs: geometric mean of the speeds, for how many it is the best in the long run, and what compiling took"
    return title, ["configuration", "faster", "best", "compiling, ms", "code, bytes", "peak, MB"], rows


def advice(summary):
    """A line: which configuration is ahead from which iteration on, if total time is what counts."""

    def marked(number, name):
        return f"~{number}" if number > len(summary.figures[name].curve.points) else str(number)

    parts = []
    for (number, name), follower in zip(summary.leaders, [*summary.leaders[1:], None]):
        if follower is None:
            parts.append(f"{name} from {marked(number, name)} on")
            continue
        last = follower[0] - 1
        parts.append(f"{name} for {marked(number, name)}{f' to {marked(last, name)}' if last > number else ''}")
    return f"Least total time, by iterations: {', '.join(parts)}"


def remarks(summary):
    """Lines on what is odd about a program's figures."""
    found = []
    nothing = summary.nothing_compiled()
    if nothing:
        whom = "no configuration" if len(nothing) == len(summary.figures) - 1 else ", ".join(nothing)
        verb = "compiled anything" if whom == "no configuration" else "compiled nothing"
        found.append(f"{whom} {verb}: nothing of this program gets hot, or is promising; their times are those of interpreting")
    if unsettled := [name for name, one in summary.figures.items() if not one.settled and name not in nothing]:
        found.append(f"*: no steady state yet ({', '.join(unsettled)}): more --iterations would tell more")
    if summary.speeds is not None and (unsettled := summary.speeds.unsettled):
        found.append(f"The units' native times are no steady state yet ({', '.join(unsettled)}): more --iterations would tell more")
    return found


def of_program(summary, units):
    """All tables of a program."""
    tables = [_speed(summary), _break_evens(summary), _phases(summary), _units(summary, units), _speeds(summary) if units else None]
    return [table for table in tables if table]


def _heads(session):
    """By the programs' labels, their headings."""
    return {result.label: f"{result.label}: {result.job}, {result.count} iterations" for result in session.results}


LEGEND = (
    "Times of iterations: medians of the runs' medians once all is compiled. Total times: from the start of the process. Compile times: processor time, "
    "of the program and of the code generator. Memory: what the code generator's process had resident at most, its program included, and by how much one "
    "compilation had it grow. (~: beyond what was measured, or not significant) Units: time in their own native code, from a run of its own; what native "
    "code calls directly counts to its caller (and the callee is not entered). Too short: less than "
    f"{LEAST_TIME * 1e6:g} µs in an iteration, or {LEAST_ENTRY * 1e6:g} µs an entry, where taking the time disturbs it. (~: entered another number of times than "
    "under the reference, so other work)"
)


def _failures(session):
    return [f"{result.label}: {result.error}" for result in session.results if result.error]


def show(session, summaries):
    """Prints all of it."""
    print(report.heading(session))
    heads = _heads(session)
    for summary in summaries:
        print(f"\n### {heads[summary.label]} ###\n")
        show_all(of_program(summary, session.options.units))
        for line in [*remarks(summary), advice(summary)]:
            print(line)
    if table := _all_together(summaries, session.names):
        print()
        show_all([table])
        for summary in summaries:
            print(f"{summary.label}: {advice(summary)}")
    if summaries:
        print(f"\n{LEGEND}")
    for line in _failures(session):
        print(f"\nFailed: {line}")
    if session.interrupted:
        print(f"\nInterrupted: {len(summaries)} of {len(session.results)} programs")


def markdown(session, summaries):
    """The same as Markdown."""
    parts = ["\n".join(f"- {line}" for line in report.heading(session).splitlines())]
    heads = _heads(session)
    for summary in summaries:
        parts.append(f"### {heads[summary.label]}")
        parts += [as_markdown(*table) for table in of_program(summary, session.options.units)]
        parts += [*remarks(summary), advice(summary)]
    if table := _all_together(summaries, session.names):
        parts += ["### All programs", as_markdown(*table)]
    if summaries:
        parts.append(LEGEND)
    if failed := _failures(session):
        parts += ["Failed:", "\n".join(f"- {line}" for line in failed)]
    return "\n\n".join(parts) + "\n"
