"""`swallow compare`: what an iteration is, what is made of the runs, and comparisons on real programs."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import clean_environment
from swallow import compare, perf
from swallow.compare import command_line, configurations, figures, programs, results, session, tables, units
from swallow.compare.figures import Curve
from swallow.compare.units import Native, Why
from swallow.perf.configurations import BadConfiguration, Configuration

HERE = sys.executable


def test_a_program_does_not_load_it(run_python):
    done = run_python(["-Xjit=whenhot"], "import swallow, sys\nswallow.stats()\nprint([name for name in sys.modules if 'compare' in name])")
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr


# -- figures


def unit(name="f", installed=0.0, own=0.01, line=1, kind="function", pc=None, memory=(1 << 20, 3 << 20), size=100):
    """A compilation, as swallow.stats() tells of it: half of the time is selection, a tenth each are the others and what nobody knows."""
    shares = {"copy": 0.05, "optimise": 0.05, "lower": 0.1, "passes": 0.1, "emit": 0.5, "link": 0.1, "polish": 0.1}
    phases = [{"name": phase, "seconds": 2 * own * share, "own": own * share} for phase, share in shares.items()]
    before, peak = memory
    known = {"name": name, "file": "p.py", "line": line, "kind": kind, "pc": pc, "installed": installed, "phases": phases}
    return known | {"code_bytes": size, "memory_before": before, "memory_peak": peak}


def run(times, units=None, begin=10.0, start=0.5):
    """A process: its iterations follow each other, the first one some time behind its beginning."""
    starts, ends, now = [], [], begin + start
    for taken in times:
        starts.append(now)
        now += taken
        ends.append(now)
    return figures.Run(begin, starts, ends, units)


@pytest.mark.parametrize(
    ("times", "installed", "expected"),
    [
        # CPython: all but the first.
        ([9, 1, 2, 3, 4], None, (2.5, 4, True)),
        ([9], None, (9, 1, False)),
        ([9, 1, 2], None, (1.5, 2, False)),
        # Code comes in the second iteration; what follows is steady.
        ([9, 5, 1, 1, 2], [10.6, 20.0], (1, 3, True)),
        # It comes in the last but one: the last quarter must do.
        ([9, 5, 4, 3, 2, 2, 2, 1], [37.0], (1.5, 2, False)),
        ([9, 1, 2, 3, 4], [], (2.5, 4, True)),
    ],
)
def test_the_steady_state(times, installed, expected):
    units = None if installed is None else [unit(installed=moment) for moment in installed]
    found = figures.steady(run(times, units))
    assert (found.seconds, found.iterations, found.settled) == expected


def test_total_times_begin_with_the_process():
    found = figures.curve(run([2, 1, 1, 1], start=0.5))
    assert found.points == (2.5, 3.5, 4.5, 5.5) and found.steady == 1
    assert [found.at(number) for number in (1, 3, 5, 10)] == [2.5, 4.5, 6.5, 11.5]
    assert figures.middle([found, Curve((1.0, 2.0, 3.0), 3.0), Curve((9.0, 9.0, 9.0), 2.0)]) == Curve((2.5, 3.5, 4.5), 2.0)


PLAIN = Curve(tuple(range(1, 11)), 1.0)


@pytest.mark.parametrize(
    ("curve", "gains", "loses"),
    [
        # Ahead from the beginning, and faster.
        (Curve(tuple(0.5 * n for n in range(1, 11)), 0.5), 1, None),
        # Pays from the 5th on: 2.5 + 0.5 n < n.
        (Curve(tuple(2.1 + 0.5 * n for n in range(1, 11)), 0.5), 5, None),
        # Only beyond what was measured: 20.1 + 0.5 n < n from 41 on.
        (Curve(tuple(20.1 + 0.5 * n for n in range(1, 11)), 0.5), 41, None),
        # Slower in the long run, but ahead for now: 10 is the last, since 2 n - 10.5 = n at 10.5.
        (Curve(tuple(2 * n - 10.5 for n in range(1, 11)), 2.0), None, 11),
        # As fast, and late: never.
        (Curve(tuple(5 + n for n in range(1, 11)), 0.99), None, 1),
        # As fast, and ahead: for good.
        (Curve(tuple(n - 0.5 for n in range(1, 11)), 1.01), 1, None),
        # Measured further than the other.
        (Curve(tuple(6.1 + 0.5 * n for n in range(1, 31)), 0.5), 13, None),
        # Ahead, behind, and ahead again: the last time counts.
        (Curve((0.5, 1.5, 4, 5, 5.5, 5.9, 6, 6.5, 7, 7.5), 0.5), 6, None),
    ],
)
def test_break_even(curve, gains, loses):
    assert (figures.break_even(curve, PLAIN), figures.break_even(PLAIN, curve)) == (gains, loses)


def test_leaders():
    curves = {
        "plain": PLAIN,
        "quick": Curve(tuple(1.4 + 0.5 * n for n in range(1, 11)), 0.5),
        "good": Curve(tuple(4.0 + 0.2 * n for n in range(1, 11)), 0.2),
        "best": Curve(tuple(30.0 + 0.1 * n for n in range(1, 11)), 0.1),
        # No better by so much that it counts.
        "twin": Curve(tuple(3.999 + 0.2 * n for n in range(1, 11)), 0.199),
    }
    assert figures.leaders(curves) == [(1, "plain"), (3, "quick"), (10, "twin"), (263, "best")]
    assert figures.leaders({"plain": PLAIN}) == [(1, "plain")]


def test_what_compiling_took():
    found = figures.compiling([unit(), unit(size=300, memory=(2 << 20, 9 << 20)), unit("g", own=0.02), unit("f", kind="loop", pc=4)])
    assert (found.compilations, found.units, found.code_bytes) == (4, 3, 300 + 100 + 100)
    assert found.own == pytest.approx(0.05) and found.seconds == pytest.approx(0.1)
    assert found.groups == {name: pytest.approx(0.05 * share) for name, share in zip([*figures.GROUPS, "other"], [0.1, 0.1, 0.1, 0.5, 0.1, 0.1])}
    assert (found.memory_peak, found.memory_growth) == (9 << 20, 7 << 20)
    assert figures.compiling([unit(memory=(None, None))]).memory_peak is None
    assert figures.compiling([]).units == 0


RUNS = {
    "plain": [run([1.1] + [1.0] * 9, start=0.15), run([1.2] + [1.02] * 9, start=0.15)],
    "llvm-jit": [run([5.0] + [0.1] * 12, [unit(installed=14.0, own=0.4)], start=0.2) for _ in range(2)],
    "cranelift-none": [run([1.0] + [0.4] * 9, [unit(installed=10.5, own=0.02, size=250)], start=0.2) for _ in range(2)],
}


def profiled(*known, count=8, installed=11.0):
    """A profiled run: of each unit its compilation, and the seconds and entries of its code in each iteration, but for the first two, when it was made."""
    units = [unit(name, installed=installed, own=own, **more) for name, own, _, _, more in known]
    native = [[(max(0, number - 1) * seconds, max(0, number - 1) * entries) for _, _, seconds, entries, _ in known] for number in range(count)]
    found = run([1.0] * count, units)
    found.native = native
    return found


PROFILED = {
    "llvm-jit": profiled(("f", 0.4, 0.02, 10, {}), ("g", 0.1, 0.001, 1, {}), ("tiny", 0.1, 0.001, 100000, {}), ("gone", 0.1, 0.0, 0, {})),
    "cranelift-none": profiled(("f", 0.02, 0.05, 10, {}), ("g", 0.03, 0.004, 3, {}), ("tiny", 0.01, 0.001, 100000, {}), ("own", 0.04, 0.003, 2, {})),
}


@pytest.fixture
def summary():
    found = figures.summarise("p", RUNS, 10)
    found.speeds = units.speeds(found, PROFILED)
    return found


def test_a_summary(summary):
    plain, llvm, cranelift = summary.figures.values()
    assert plain.faster is None and plain.compiling is None and plain.units == {} and plain.settled
    assert plain.curve.points[0] == pytest.approx(1.3) and plain.steady["median"] == pytest.approx(1.01)
    assert llvm.faster["ratio"] == pytest.approx(10.1) and llvm.faster["significant"]
    # 5.2 + 0.1 (n - 1) < 1.3 + 1.01 (n - 1), and < 1.2 + 0.4 (n - 1).
    assert llvm.break_even == {"plain": 6, "cranelift-none": 15} and cranelift.break_even == {"plain": 1, "llvm-jit": None}
    assert llvm.rounds["plain"] == [6, 6]
    assert llvm.compile_time["mean"] == pytest.approx(0.4) and list(llvm.units) == [("p.py", 1, "f", "function", None)]
    assert summary.leaders == [(1, "cranelift-none"), (15, "llvm-jit")] and summary.nothing_compiled() == []


def test_native_times_are_those_of_an_iteration_in_the_steady_state():
    f, g, again = unit("f", installed=11.0), unit("g", installed=12.2), unit("f", installed=12.2)
    found = run([1.0] * 6, [f, g, again], start=0.5)
    # Cumulated; g and the second version of f come in the second iteration. What was before the third counts for nothing.
    found.native = [
        [[0.5, 100]],
        [[0.9, 130], [0.7, 7], [0.3, 1]],
        [[0.9, 130], [0.8, 9], [0.5, 3]],
        [[1.0, 131], [0.9, 11], [0.7, 5]],
        [[1.0, 131], [1.0, 13], [0.9, 7]],
        [[1.0, 131], [9.9, 99], [1.1, 9]],
    ]
    assert figures.steady_from(found) == (2, True)
    times = units.natives(found)
    assert times == {("p.py", 1, "f", "function", None): Native(pytest.approx(0.2), 2), ("p.py", 1, "g", "function", None): Native(pytest.approx(0.1), 2)}
    # One iteration: all that was before it is nothing.
    found = run([1.0], [f])
    found.native = [[[0.5, 100]]]
    assert list(units.natives(found).values()) == [Native(0.5, 100)]


@pytest.mark.parametrize(
    ("native", "expected"),
    [
        (Native(0.0, 0), Why.IDLE),
        (Native(9e-6, 1), Why.SHORT),
        (Native(11e-6, 1), None),
        (Native(0.4, 10**7), Why.SHORT),
        (Native(0.6, 10**7), None),
    ],
)
def test_times_that_say_something(native, expected):
    assert native.why_not is expected


def test_speeds_of_units(summary):
    speeds = summary.speeds
    assert (speeds.reference, speeds.unsettled) == ("llvm-jit", [])
    # A point for each unit and configuration, whatever is known of it.
    assert [(point.key[2], point.configuration) for point in speeds.points] == [
        (name, configuration) for name in ("f", "g", "tiny", "own", "gone") for configuration in ("llvm-jit", "cranelift-none")
    ]
    rows = {key[2]: row for key, row in speeds.by_unit().items()}
    slower, other = rows["f"]["cranelift-none"], rows["g"]["cranelift-none"]
    assert slower.speed == pytest.approx(0.4) and slower.alike and slower.native == Native(pytest.approx(0.05), 10)
    # Entered three times as often.
    assert other.speed == pytest.approx(0.25) and not other.alike
    # Compile times are those of the runs for time, where there are any.
    assert slower.compiling == pytest.approx(0.02) and other.compiling == pytest.approx(0.03) and rows["f"]["llvm-jit"].compiling == pytest.approx(0.4)
    assert all(rows[name]["llvm-jit"].speed == 1.0 for name in ("f", "g"))
    whys = {name: [point.why for point in row.values()] for name, row in rows.items()}
    assert whys["f"] == whys["g"] == [None, None]
    assert whys["tiny"] == [Why.SHORT, Why.SHORT] and whys["gone"] == [Why.IDLE, Why.ABSENT] and whys["own"] == [Why.ABSENT, Why.ALONE]
    assert all((point.speed is None) == (point.why is not None) for point in speeds.points)


def test_speeds_where_runs_are_missing():
    found = figures.summarise("p", RUNS, 10)
    (key,) = found.figures["llvm-jit"].units
    first, second = units.speeds(found, {"cranelift-none": PROFILED["cranelift-none"]}).by_unit()[key].values()
    assert (first.why, first.compiling, second.why) == (Why.UNKNOWN, pytest.approx(0.4), Why.ALONE)
    assert units.reference(["cranelift-none", "llvm-o0"]) == "cranelift-none"
    late = {"llvm-jit": profiled(("f", 0.4, 0.02, 10, {}), installed=17.0)}
    assert units.speeds(found, late).unsettled == ["llvm-jit"]
    assert units.speeds(figures.summarise("p", {"plain": RUNS["plain"]}, 10), {}) is None


def test_each_configuration_is_profiled_behind_the_runs_for_time():
    steps = [(step.kind, step.benchmark, step.configuration) for step in session.plan(2, 3, 2)]
    assert steps[:8] == [*(("time", 0, side) for side in (0, 1, 2)), *(("time", 0, side) for side in (0, 1, 2)), ("profile", 0, 1), ("profile", 0, 2)]
    assert len(steps) == 16 and {step[1] for step in steps[8:]} == {1}


def test_tables(summary):
    speed, pairs, phases, units, speeds = tables.of_program(summary, 5)
    rows = {row[0]: dict(zip(speed[1], row)) for row in speed[2]}
    assert rows["plain"]["iteration, ms"] == "1010" and rows["plain"]["compiling, ms"] == tables.MISSING
    assert rows["llvm-jit"]["ahead of plain from"] == "6" and rows["llvm-jit"]["faster"].startswith("10.10x (")
    assert (rows["cranelift-none"]["code, bytes"], rows["cranelift-none"]["peak, MB"], rows["cranelift-none"]["grew, MB"]) == ("250", "3.0", "2.0")
    assert pairs[2][1] == ["llvm-jit", "6", "", "~15"] and pairs[2][2] == ["cranelift-none", "1", "never", ""]
    assert phases[2][0][:7] == ["llvm-jit", "40", "40", "40", "200", "40", "400"]
    assert [row[:3] for row in units[2]] == [["f:1", "llvm-jit", "1"], ["f:1", "cranelift-none", "1"]]
    assert speeds[1:] == (
        ["unit", "entries", "llvm-jit, ms", "cranelift-none"],
        [
            ["f:1", "10", "20", "0.40x"],
            ["g:1", "1", "1", "~0.25x"],
            ["tiny:1", "100000", "too short", "too short"],
            ["own:1", tables.MISSING, "not compiled", "(3 ms)"],
            ["gone:1", "0", "not entered", "not compiled"],
        ],
    )
    # However many there are.
    assert tables.of_program(summary, 1)[4] == speeds
    assert tables.of_program(summary, 0) == [speed, pairs, phases]
    assert tables.advice(summary) == "Least total time, by iterations: cranelift-none for 1 to ~14, llvm-jit from ~15 on"
    assert tables.remarks(summary) == []


def test_a_break_even_that_not_every_round_has(summary):
    found = summary.figures["llvm-jit"]
    found.rounds["plain"] = [5, None, 8]
    assert tables._break_even(summary, "llvm-jit", "plain") == "6 (5 to never)"
    found.rounds["plain"] = [7, 8, 9]
    assert tables._break_even(summary, "llvm-jit", "plain") == "6 (6 to 9)"
    found.rounds["plain"] = [5, 6, 8]
    assert tables._break_even(summary, "llvm-jit", "plain") == "6 (5 to 8)"


def test_nothing_is_compiled():
    runs = {"plain": [run([1] * 6)], "llvm-jit": [run([1] * 6, [])], "llvm-o0": [run([1, 1, 1, 1], [unit(installed=13.0)])]}
    summary = figures.summarise("p", runs, 4)
    assert [table[0].partition(": ")[2].split()[0] for table in tables.of_program(summary, 5)] == ["an", "the", "compile", "the"]
    nothing, unsettled = tables.remarks(summary)
    assert nothing.startswith("llvm-jit compiled nothing: ") and "(llvm-o0)" in unsettled
    del runs["llvm-o0"]
    summary = figures.summarise("p", runs, 4)
    assert tables.remarks(summary)[0].startswith("no configuration compiled anything: ") and len(tables.of_program(summary, 5)) == 2


def made_up(count=1):
    """A session whose runs are made up; its last program has failed."""
    jobs = [programs.Job(f"p{number}", f"/x/p{number}.py", (), "run", ("BENCH",)) for number in range(count + 1)]
    found = [session.Result(job, dict(RUNS), dict(PROFILED), count=10) for job in jobs]
    found[-1].error = "llvm-jit: iteration 2: it printed something else than plain: line 1 is 'a', not 'b'"
    sides = [Configuration(name, HERE) for name in RUNS]
    facts = {name: {"version": "3.11.2 (main)", "swallow": "1", "jit": name != "plain"} for name in RUNS}
    options = SimpleNamespace(command=["p0"], units=2, runs=2, json=None, markdown=None, plot=None)
    return session.Session(options, sides, facts, {"cpu_count": 2}, found)


def test_json():
    whole = made_up()
    measured = json.loads(json.dumps(results.as_object(whole, whole.summaries())))
    assert (measured["format"], measured["runs"], measured["interrupted"]) == (1, 2, False)
    assert [one["name"] for one in measured["configurations"]] == list(RUNS)
    good, bad = measured["programs"]
    assert bad["error"].startswith("llvm-jit: iteration 2") and bad["figures"] is None and good["error"] is None
    assert good["leaders"] == [{"from": 1, "configuration": "cranelift-none"}, {"from": 15, "configuration": "llvm-jit"}]
    llvm = good["figures"]["llvm-jit"]
    assert llvm["break_even"]["plain"] == {"iteration": 6, "rounds": [6, 6], "measured": True}
    assert llvm["break_even"]["cranelift-none"]["measured"] is False
    assert llvm["compiling"]["groups"]["selection, registers"] == pytest.approx(0.2) and llvm["compiling"]["time"]["n"] == 2
    assert llvm["units"][0]["label"] == "f:1" and llvm["units"][0]["memory_growth"] == 2 << 20 and len(llvm["total"]) == 13
    assert good["speeds"]["reference"] == "llvm-jit" and bad["speeds"] is None
    first, *_, last = good["speeds"]["units"]
    assert (first["label"], first["line"], first["kind"], first["pc"]) == ("f:1", 1, "function", None)
    assert first["configurations"]["cranelift-none"] == {
        "compiling": pytest.approx(0.02),
        "seconds": pytest.approx(0.05),
        "entries": 10,
        "speed": pytest.approx(0.4),
        "why": None,
        "alike": True,
    }
    assert [one["why"] for one in last["configurations"].values()] == ["not entered", "not compiled"]
    assert len(good["profiled"]["llvm-jit"]["native"]) == 8
    assert good["runs"]["plain"][0]["units"] is None and len(good["runs"]["llvm-jit"][1]["ends"]) == 13


def test_the_report(capsys):
    whole = made_up(2)
    tables.show(whole, whole.summaries())
    out = capsys.readouterr().out
    assert "### p0: calls of run(BENCH), 10 iterations ###" in out and "All programs: " in out
    assert "p1: Least total time, by iterations: cranelift-none for 1 to ~14" in out
    assert "Failed: p2: llvm-jit: iteration 2: " in out
    together = next(line for line in out.split("All programs: ")[1].splitlines() if line.startswith("llvm-jit"))
    assert together.split() == ["llvm-jit", "10.10x", "2", "800", "200", "3.0"]
    text = tables.markdown(whole, whole.summaries())
    assert "| llvm-jit | 10.10x | 2 | 800 | 200 | 3.0 |" in text and "- p2: llvm-jit: iteration 2" in text


@pytest.mark.parametrize(("name", "start"), [("picture.svg", b"<?xml"), ("picture.png", b"\x89PNG")])
def test_the_picture(tmp_path, name, start):
    from swallow.compare import plot

    whole = made_up(2)
    plot.draw(whole.summaries(), whole.names, tmp_path / name)
    data = (tmp_path / name).read_bytes()
    assert data.startswith(start)
    if name.endswith("svg"):
        for text in ("p1: time to the n-th iteration", "whole programs: compile time against speed", "p0: compile time against speed, by unit"):
            assert text.encode() in data


def test_the_picture_has_a_point_for_each_unit_and_configuration(summary):
    from matplotlib import colors
    from swallow.compare import plot

    colours = plot._colours(list(RUNS))
    _, axes = plot.pyplot.subplots()
    plot._units(axes, summary, colours)
    # Where they are, and whether they are filled.
    found = {}
    for points in axes.collections:
        ((x, y),) = points.get_offsets()
        name = next(name for name in RUNS if colors.same_color(points.get_edgecolor()[0][:3], colours[name]))
        is_filled = len(points.get_facecolor()) and colors.same_color(points.get_facecolor()[0][:3], colours[name])
        found.setdefault(name, []).append((round(float(x)), round(float(y), 3), bool(is_filled)))
    known = [(400, 1.0, True), (100, 1.0, True)]
    strip = plot.STRIP / 4
    assert found["llvm-jit"] == [*known, (100, strip, False), (100, strip, False)]
    assert found["cranelift-none"] == [(20, 0.4, True), (30, 0.25, False), (10, strip, False), (40, strip, False)]
    # f and g are joined across the configurations.
    joined = sorted(tuple(round(x) for x in line.get_xdata()) for line in axes.lines if len(line.get_xdata()) == 2 and line.get_linewidth() == 0.5)
    assert joined == [(20, 400), (30, 100)]
    low, high = axes.get_ylim()
    assert low < 0.25 < 1.0 < high
    (text,) = [text.get_text() for text in axes.texts]
    assert text == "hollow: other work than under the reference, 1; no speed: 1 not entered, 2 too short, 1 no reference; not drawn: 2 not compiled"
    assert {"f:1", "g:1", "3 other units"} <= {text.get_text() for text in axes.get_legend().get_texts()}
    plot.pyplot.close("all")


# -- what an iteration is


@pytest.mark.parametrize(
    ("text", "arguments", "expected"),
    [
        ("DEFAULT = 5\nBENCH = 2\ndef run(n): return n\n", (), ("run", ("BENCH", "DEFAULT"), ())),
        ("from once import BENCH\ndef run(n): return n\n", (), ("run", ("BENCH",), ())),
        ("DEFAULT = 5\ndef run(n): return n\n", ("7",), ("run", 7, ())),
        ("def run(n): return n\n", (), (None, None, ())),
        ("DEFAULT = 5\ndef run(n, m): return n\n", ("x",), (None, None, ("x",))),
        ("def main(): pass\nif __name__ == '__main__':\n    main()\n", ("x",), ("main", None, ("x",))),
        ("def main(a=1, *, b=2): pass\nif '__main__' == __name__: main()\n", (), ("main", None, ())),
        ("def main(a): pass\nif __name__ == '__main__':\n    main(1)\n", (), (None, None, ())),
        ("def main(*, a): pass\nif __name__ == '__main__':\n    main(a=1)\n", (), (None, None, ())),
        ("def main(): pass\nmain()\n", (), (None, None, ())),
        ("async def main(): pass\nif __name__ == '__main__': main()\n", (), (None, None, ())),
    ],
)
def test_what_an_iteration_is(tmp_path, text, arguments, expected):
    file = tmp_path / "p.py"
    file.write_text(text)
    job = programs.job("p", str(file), arguments)
    assert (job.function, job.size, job.arguments) == expected


def test_a_function_that_is_named(tmp_path):
    file = tmp_path / "p.py"
    file.write_text("BENCH = 1\ndef run(n): return n\ndef other(): pass\n")
    job = programs.job("p", str(file), call="other")
    assert (job.function, str(job)) == ("other", "calls of other()")
    for name in ("run", "nobody"):
        with pytest.raises(programs.BadProgram, match=f"it has no function {name}\\(\\) that can be called without arguments"):
            programs.job("p", str(file), call=name)


def test_names_and_files(tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text("BENCH = 3\ndef run(n): return n\n")
    file = tmp_path / "prog.py"
    file.write_text("print(1)\n")
    jobs = programs.choose(["one=7,two", f"{file} a 'b c'"], tmp_path, tmp_path)
    assert [(job.label, job.function, job.size, job.arguments) for job in jobs] == [
        ("one=7", "run", 7, ()),
        ("two", "run", ("BENCH",), ()),
        ("prog a 'b c'", None, None, ("a", "b c")),
    ]
    assert [str(job) for job in jobs] == ["calls of run(7)", "calls of run(BENCH)", "the whole file, again and again"]


# -- what programs print


def told(*parts, before=b"", behind=b"", statuses=None):
    return session.Told(before, list(parts), behind, statuses or [0] * len(parts))


def test_outputs_are_cut_where_iterations_end():
    report = {"loaded": 2, "sizes": [3, 3, 6], "statuses": [0, 1, 0]}
    assert session.told(b"abcdefgh", report) == told(b"c", b"", b"def", before=b"ab", behind=b"gh", statuses=[0, 1, 0])


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (told(b"a\n", b"a\n", b"a\n", b"a\n"), None),
        (told(b"a\n", b"b\n"), "iteration 2: it printed something else than plain: line 1 is 'b', not 'a'"),
        (told(b"a\n", b"a\n", b"a\n", b"b\n"), "iteration 4: it printed"),
        (told(b"a\n", b"a\n", before=b"x"), "before the first iteration: it printed"),
        (told(b"a\n", b"a\n", behind=b"x"), "behind the last iteration: it printed"),
        (told(b"a\n", b"a\n", statuses=[0, 3]), "iteration 2: exit status 3, not 0 as under plain"),
    ],
)
def test_what_is_printed_is_compared(found, message):
    expected = told(b"a\n", b"a\n")
    if message is None:
        session.check(found, expected)
        return
    with pytest.raises(session.Different) as caught:
        session.check(found, expected)
    assert str(caught.value).startswith(message)


def test_iterations_that_plain_did_not_have_are_compared_only_if_all_were_the_same():
    session.check(told(b"1", b"2", b"3"), told(b"1", b"2"))
    with pytest.raises(session.Different, match="iteration 2: "):
        session.check(told(b"1", b"3"), told(b"1", b"2"))


# -- the options


def names(*arguments):
    return [one.name for one in configurations.make(*arguments, "/plain", "/jit")]


def test_configurations():
    assert names(None, []) == ["plain", *configurations.KNOWN]
    assert names("cranelift, llvm-o1", []) == ["plain", "cranelift-none", "cranelift-speed", "llvm-o1"]
    assert names(None, ["t=-Xjit-backend=tiered"]) == ["plain", "t"]
    found = configurations.make("llvm-jit", ["t=-X 'jit-passes=function(gvn, dce)'"], "/plain", "/jit")
    assert [one.command() for one in found] == [
        ["/plain"],
        ["/jit", "-Xjit=whenhot", "-Xjit-time-units", "-Xjit-backend=llvm"],
        ["/jit", "-Xjit=whenhot", "-Xjit-time-units", "-X", "jit-passes=function(gvn, dce)"],
    ]


@pytest.mark.parametrize(
    ("chosen", "own", "message"),
    [
        ("gcc", [], "-c gcc: there is no such configuration; there are llvm-o0, llvm-o1, "),
        (" ,", [], "-c  ,: that names no configuration"),
        (None, ["x"], "--config x: expected 'NAME=ARGS…'"),
        (None, ["a/b=-O"], "--config a/b=-O: expected 'NAME=ARGS…'"),
        (None, ["plain=-O"], "--config plain: there is a configuration of this name"),
        (None, ["a=-O", "a=-B"], "--config a: there is a configuration of this name"),
        (None, ["a='"], "--config a=': No closing quotation"),
    ],
)
def test_wrong_configurations(chosen, own, message):
    with pytest.raises(BadConfiguration) as caught:
        names(chosen, own)
    assert str(caught.value).startswith(message)


@pytest.fixture
def program(tmp_path):
    file = tmp_path / "prog.py"
    file.write_text(HOT)
    return str(file)


HOT = """
def work(n):
    total = 0.0
    for i in range(n):
        total += i * 0.5
    return total

def main():
    for _ in range(30):
        result = work(3000)
    print(result)

if __name__ == "__main__":
    main()
"""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no.py"], "no.py: no such file"),
        (["/"], "/: not a file"),
        (["nobody"], "no program or group 'nobody'; programs: prog; groups: all"),
        (["broken.txt"], "broken.txt: line 1: "),
        (["binary.txt"], "binary.txt: source code string cannot contain null bytes"),
        (["{}", "{}"], "prog: named twice"),
        (["{}", "-c", "llvm-o9"], "-c llvm-o9: there is no such configuration; there are llvm-o0"),
        (["{}", "--call", "work"], "it has no function work() that can be called without arguments"),
        (["{}", "--plot", "x.pdf"], "x.pdf: expected a name that ends in .svg or .png"),
        (["{}", "--json", "/no/such/file"], "/no/such/file: its directory does not exist"),
        (["{}", "--iterations", "0"], "invalid number of runs value: '0'"),
        (["{}", "--python", "/no/python"], "/no/python: no such interpreter"),
        (["{}", "-r", "-f"], "not allowed with argument"),
    ],
)
def test_mistakes(program, tmp_path, monkeypatch, arguments, message, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.txt").write_text("def\n")
    (tmp_path / "binary.txt").write_bytes(b"a\0b")
    with pytest.raises(SystemExit) as caught:
        command_line.parse([*(argument.format(program) for argument in arguments), "--programs", str(tmp_path), "--baseline", HERE])
    assert caught.value.code == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("swallow compare: error: ") and message in line


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(programs.BadProgram, match=r"^p\.py: Permission denied$"):
        programs.job("p", "p.py")


def test_missing_packages(program, monkeypatch, capsys):
    monkeypatch.setattr(perf, "missing", lambda: ["psutil", "rich"])
    assert compare.main([program, "--baseline", HERE]) == 2
    assert capsys.readouterr() == ("", "swallow compare needs psutil, rich: pip install 'swallow[perf]'\n")


def test_help_lists_it(run_python):
    done = run_python(["-m", "swallow", "--help"])
    assert "swallow compare prog.py|names..." in done.stdout
    done = run_python(["-m", "swallow", "compare", "--help"])
    assert done.returncode == 0 and "cranelift-none, -speed" in done.stdout


# -- all together


@pytest.fixture
def command(python, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def start(*arguments):
        return compare.main([*map(str, arguments), "--python", python, "--runs", "1"])

    return start


def test_a_small_comparison(command, program, tmp_path, capsys):
    files = [tmp_path / name for name in ("all.json", "all.md", "all.svg")]
    arguments = [f"{program} x", "-c", "llvm-o1,cranelift-none", "--iterations", "40"]
    assert command(*arguments, "--json", files[0], "--markdown", files[1], "--plot", files[2]) == 0
    said = capsys.readouterr()
    assert "### prog x: calls of main(), 40 iterations ###" in said.out and "run 3 of 5: prog x, cranelift-none" in said.err
    assert "run 5 of 5: prog x, cranelift-none (profile)" in said.err
    measured = json.loads(files[0].read_text())
    (found,) = measured["programs"]
    assert list(found["figures"]) == ["plain", "llvm-o1", "cranelift-none"] and found["iterations"] == 40
    for name, backend in (("llvm-o1", "llvm"), ("cranelift-none", "cranelift")):
        (one,) = found["runs"][name]
        assert len(one["ends"]) == 40 and all(start < end for start, end in zip(one["starts"], one["ends"]))
        assert one["units"] and all(unit["file"] == program and unit["backend"] == backend for unit in one["units"])
        assert one["begin"] < one["starts"][0] < one["units"][0]["installed"] and one["counters"]["codegen_ns"] > 0
        took = found["figures"][name]["compiling"]
        assert took["code_bytes"] > 0 and took["memory_peak"] > took["memory_growth"] >= 0
        for group in ("HIR", "lowering", "IR passes", "selection, registers", "linking"):
            assert took["groups"][group] > 0, (name, group)
        assert any(unit["name"] == "work" for unit in found["figures"][name]["units"])
    assert found["runs"]["plain"][0]["units"] is None and found["figures"]["plain"]["compiling"] is None
    for one in found["speeds"]["units"]:
        assert list(one["configurations"]) == ["llvm-o1", "cranelift-none"]
    assert found["speeds"]["reference"] == "llvm-o1" and list(found["profiled"]) == ["llvm-o1", "cranelift-none"]
    assert "prog x: native time of each unit in an iteration" in said.out and "| unit | entries | llvm-o1, ms | cranelift-none |" in files[1].read_text()
    assert "| cranelift-none |" in files[1].read_text() and files[2].read_bytes().startswith(b"<?xml")


# `map` is CPython's, so all of these calls come from outside.
CALLS = """
import collections

def tiny(x):
    return x + 1

def work(n):
    total = 0.0
    for i in range(n):
        total += i * 0.5
    return total

def main():
    collections.deque(map(tiny, range(2000)), 0)
    print(sum(map(work, [30000] * 20)))

if __name__ == "__main__":
    main()
"""


def test_native_times_of_real_units(command, tmp_path, capsys):
    (tmp_path / "calls.py").write_text(CALLS)
    assert command("calls.py", "-c", "llvm-jit,llvm-o0", "--iterations", 60, "--json", tmp_path / "all.json") == 0
    (found,) = json.loads((tmp_path / "all.json").read_text())["programs"]
    speeds = found["speeds"]
    assert speeds["reference"] == "llvm-jit"
    by_unit = {(one["name"], one["kind"]): one["configurations"] for one in speeds["units"]}
    for name in ("llvm-jit", "llvm-o0"):
        work = by_unit["work", "function"][name]
        # An iteration calls it 20 times, and it runs for no longer than the iterations of the same run do.
        assert work["entries"] == 20 and work["why"] is None and work["compiling"] > 0, by_unit
        ends = found["profiled"][name]["ends"]
        longest = max(end - before for before, end in zip(ends, ends[1:]))
        assert 20 * 30000 * 0.03e-9 < work["seconds"] < longest, (longest, by_unit)
        if tiny := by_unit.get(("tiny", "function"), {}).get(name):
            assert tiny["entries"] == 2000 and tiny["seconds"] / 2000 < work["seconds"] / 20 / 20, by_unit
    assert by_unit["work", "function"]["llvm-jit"]["speed"] == 1.0 and by_unit["work", "function"]["llvm-o0"]["speed"] < 1.3


def test_names_and_the_number_of_iterations(command, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(command_line.SECONDS, command_line.FAST, 0.2)
    (tmp_path / "tiny.py").write_text("BENCH = 20\ndef run(n):\n    return sum(range(n))\nprint('loaded')\n")
    assert command("tiny=5000", "--programs", tmp_path, "-c", "llvm-o0", "-f", "--json", tmp_path / "all.json") == 0
    (found,) = json.loads((tmp_path / "all.json").read_text())["programs"]
    assert session.LEAST <= found["iterations"] <= session.MOST and (found["function"], found["size"]) == ("run", 5000)
    assert len(found["runs"]["llvm-o0"][0]["ends"]) >= found["iterations"]
    assert "no configuration compiled anything: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "import sys\nprint(1)\nprint('swallow._swallow' in sys.modules)\n",
            "llvm-o0: iteration 1: it printed something else than plain: line 2 is 'True', not 'False'",
        ),
        ("import random\nprint(random.random())\n", "plain does not do the same every time: iteration 1: it printed something else than before"),
        ("import atexit, sys\natexit.register(print, 'swallow._swallow' in sys.modules)\n", "llvm-o0: behind the last iteration: it printed"),
        ("import sys\nsys.exit(2 + ('swallow._swallow' in sys.modules))\n", "llvm-o0: iteration 1: exit status 3, not 2 as under plain"),
        ("raise ValueError('no, thanks')\n", "plain: exit status 1: ValueError: no, thanks"),
        ("import os\nos._exit(0)\n", "plain: it ended its process before all iterations were done"),
        ("import os, sys\nif 'swallow._swallow' in sys.modules: os.abort()\n", "llvm-o0: killed by SIGABRT"),
        ("import time\ntime.sleep(60)\n", "plain: no end after 2 s"),
    ],
)
def test_what_goes_wrong_is_a_line_and_the_others_go_on(command, tmp_path, text, message, capsys):
    (tmp_path / "bad.py").write_text(text)
    (tmp_path / "good.py").write_text("print('fine')\nraise SystemExit(3)\n")
    assert command("bad.py", "good.py", "-c", "llvm-o0", "--iterations", 2, "--timeout", 2) == 1
    said = capsys.readouterr()
    assert f"swallow compare: bad: {message}" in said.err and f"Failed: bad: {message}" in said.out
    assert "### good: the whole file, again and again, 2 iterations ###" in said.out and "### bad" not in said.out
    assert "Traceback" not in said.err + said.out


def test_a_whole_file_runs_as_the_main_program(command, tmp_path, capsys):
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "beside.py").write_text("NAME = 'beside'\n")
    (tmp_path / "inner" / "prog.py").write_text(
        "import os, pickle, sys\nimport beside\n"
        "class C: pass\n"
        "assert type(pickle.loads(pickle.dumps(C()))) is C\n"
        "print(__name__, beside.NAME, sys.argv[1:], os.path.basename(__file__), sys.modules['__main__'].C is C)\n"
        "assert (__name__, sys.argv[1:]) == ('__main__', ['-x', '3'])\n"
    )
    assert command("inner/prog.py -x 3", "-c", "cranelift-speed", "--iterations", 3) == 0, capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--config", "off=-Xjit=never"], "off: the package swallow isn't installed for "),
        (["--config", "bad=-Xjit-opt=9"], "bad: "),
    ],
)
def test_configurations_that_do_not_work(command, program, options, message, capsys):
    assert command(program, *options) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith(f"swallow compare: {message}") and said.err.count("\n") == 1


def test_ctrl_c_keeps_what_is_there(python, tmp_path):
    (tmp_path / "a_quick.py").write_text("print(1)\n")
    (tmp_path / "b_slow.py").write_text("import time\ntime.sleep(60)\n")
    words = [HERE, "-c", "import sys; from swallow import compare; sys.exit(compare.main(sys.argv[1:]))", "--python", python]
    words += ["a_quick.py", "b_slow.py", "-c", "llvm-o0", "--runs", "1", "--iterations", "3", "--json", "all.json"]
    env = clean_environment({"PYTHONPATH": os.pathsep.join(filter(None, sys.path))})
    # Where the tests run in the background, Ctrl-C is ignored.
    with subprocess.Popen(
        words,
        cwd=tmp_path,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as measuring:
        for line in measuring.stderr:
            if "b_slow, plain" in line:
                break
        time.sleep(0.2)
        measuring.send_signal(signal.SIGINT)
        said, complaints = measuring.communicate(timeout=60)
    assert measuring.returncode == 130, complaints
    assert "### a_quick: " in said and "### b_slow" not in said and "Interrupted: 1 of 2 programs" in said and "Traceback" not in complaints
    measured = json.loads((tmp_path / "all.json").read_text())
    assert measured["interrupted"] is True and [program["figures"] is None for program in measured["programs"]] == [False, True]
