"""`swallow perf`: what it selects, how it counts, what it says, and that nothing of it is lost."""

import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from swallow import perf
from swallow.perf import (
    aside,
    command_line,
    configurations,
    process,
    progress,
    report,
    results,
    selection,
    session,
    stages,
    statistics,
    summary,
    tables,
)

HERE = sys.executable


def test_a_program_does_not_load_it(run_python):
    done = run_python(["-Xjit=whenhot"], "import swallow, sys\nswallow.stats()\nprint([name for name in sys.modules if 'perf' in name])")
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr


# -- which benchmarks


@pytest.fixture
def programs(tmp_path):
    for name in ("fib", "nbody", "often", "once", "support", "_hidden"):
        (tmp_path / f"{name}.py").write_text("print(1)\n")
    (tmp_path / "support").mkdir()
    (tmp_path / "groups.json").write_text('{"numeric": ["nbody", "fib"], "loops": ["once", "often"]}')
    return tmp_path


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("", "fib nbody often once"),
        ("all", "fib nbody often once"),
        ("numeric", "nbody fib"),
        ("once,numeric,once", "once nbody fib"),
        ("-fib", "nbody often once"),
        ("-numeric", "often once"),
        ("all,-loops,-fib", "nbody"),
        (" fib , -nbody,numeric", "fib"),
        ("fib=25,fib,fib=025", "fib=25 fib"),
        ("numeric=7,-fib", "nbody=7"),
    ],
)
def test_selection(programs, text, labels):
    assert [benchmark.label for benchmark in selection.Programs(programs).choose(text)] == labels.split()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fob", "no program or group 'fob'; programs: fib, nbody, often, once; groups: all, numeric, loops"),
        ("-fob", "no program or group 'fob'"),
        ("fib=x", "fib=x: expected a whole number after ="),
        ("fib=", "fib=: expected a whole number after ="),
        ("fib,-numeric", "fib,-numeric: that leaves no program"),
    ],
)
def test_wrong_selection(programs, text, message):
    with pytest.raises(selection.BadSelection) as caught:
        selection.Programs(programs).choose(text)
    assert str(caught.value).startswith(message)


def test_a_default_group(programs):
    (programs / "groups.json").write_text('{"default": ["once"]}')
    assert [benchmark.name for benchmark in selection.Programs(programs).choose("")] == ["once"]


@pytest.mark.parametrize("text", ["{", "[]", '{"a": "fib"}', '{"a": ["fob"]}'])
def test_wrong_groups(programs, text):
    (programs / "groups.json").write_text(text)
    with pytest.raises(selection.BadSelection, match="groups.json: "):
        selection.Programs(programs)


def test_the_directory_of_the_programs(tmp_path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    with pytest.raises(selection.BadSelection, match="there is no benches/programs in .*/a/b or above; name a directory with --programs"):
        selection.find_directory(inner)
    (tmp_path / "benches" / "programs").mkdir(parents=True)
    assert selection.find_directory(inner) == tmp_path / "benches" / "programs"


# -- stages of the compiler

MANIFEST = """
[package]
name = "swallow"

[[bench]]
name = "passes"
path = "benches/stages/passes.rs"

[[bench]]
name = "side_exit"
path = "benches/stages/side_exit.rs"

[[bench]]
name = "other"
path = "benches/other.rs"
"""


@pytest.fixture
def tree(tmp_path):
    """A source tree with two programs and two stages."""
    programs = tmp_path / "tree" / "benches" / "programs"
    programs.mkdir(parents=True)
    for name in ("fib", "nbody"):
        (programs / f"{name}.py").write_text("print(1)\n")
    (tmp_path / "tree" / "Cargo.toml").write_text(MANIFEST)
    return programs


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("", "fib nbody"),
        ("stages", "passes side_exit"),
        ("side_exit,fib,stages,nbody=3", "side_exit fib passes nbody=3"),
        ("stages,-passes", "side_exit"),
        ("all,stages,-stages", "fib nbody"),
    ],
)
def test_selection_of_stages(tree, text, labels):
    chosen = selection.Programs(tree).choose(text)
    assert [one.label for one in chosen] == labels.split()
    assert [one.label for one in chosen if isinstance(one, stages.Stage)] == [name for name in labels.split() if "_" in name or name == "passes"]


def test_wrong_selection_of_stages(tree, programs):
    for directory, text, message in (
        (tree, "passes=3", "passes=3: a stage has no size"),
        (tree, "stages=3", "stages=3: a stage has no size"),
        (tree, "other", "no program or group 'other'; programs: fib, nbody; groups: all; stages: passes, side_exit"),
        (programs, "stages", f"stages: there are none around {programs}; a source tree of Swallow has them, in benches/stages"),
    ):
        with pytest.raises(selection.BadSelection) as caught:
            selection.Programs(directory).choose(text)
        assert str(caught.value) == message


def test_stages_of_this_source_tree():
    """As many as there are files of benches, all with a description; and those that need a Python are among them."""
    root = Path(__file__).parents[2]
    found = stages.names(root)
    assert sorted(found) == sorted(path.stem for path in (root / stages.DIRECTORY).glob("*.rs"))
    assert set(stages.LIVE) < set(found)


@pytest.mark.parametrize(
    ("seconds", "text"), [(2.0, "2.000 s"), (0.0123456, "12.35 ms"), (1e-6, "1.000 µs"), (4.2e-8, "42.00 ns"), (3.21e-10, "0.3210 ns")]
)
def test_short_times(seconds, text):
    assert stages.spoken(seconds) == text


def criterion(directory, group, function, value, mean):
    """Leaves what criterion would: the middle in nanoseconds, the confidence a tenth around it."""
    folder = directory.joinpath(*[part for part in (group, function, value) if part])

    def estimate(point):
        interval = {"confidence_level": 0.95, "lower_bound": 0.9 * point, "upper_bound": 1.1 * point}
        return {"point_estimate": point, "standard_error": 1.0, "confidence_interval": interval}

    for name in ("base", "new"):
        (folder / name).mkdir(parents=True)
        estimates = {"mean": estimate(mean if name == "new" else 1.0), "median": estimate(0.98 * mean), "std_dev": estimate(0.25 * mean)}
        (folder / name / "estimates.json").write_text(json.dumps(estimates | {"slope": None}))
        (folder / name / "benchmark.json").write_text(json.dumps({"group_id": group, "function_id": function, "value_str": value}))


def test_what_criterion_leaves(tmp_path):
    criterion(tmp_path, "passes", "sink_boxes", "nbody.advance", 2000.0)
    criterion(tmp_path, "passes", None, "fib", 30.0)
    criterion(tmp_path, "link", None, None, 5.0)
    found = stages.read(tmp_path)
    assert {name: [figure.name for figure in figures] for name, figures in found.items()} == {
        "link": ["link"],
        "passes": ["fib", "sink_boxes/nbody.advance"],
    }
    figure = found["passes"][1]
    assert (figure.mean, figure.low, figure.high) == (pytest.approx(2e-6), pytest.approx(1.8e-6), pytest.approx(2.2e-6))
    assert (figure.confidence, figure.median, figure.stdev) == (0.95, pytest.approx(1.96e-6), pytest.approx(5e-7))
    assert stages.read(tmp_path / "nothing") == {}


@pytest.fixture
def cargo(tmp_path, monkeypatch):
    """Stands in for cargo: says what it was called with, and leaves what the benches would."""
    home = tmp_path / "made up"
    criterion(home / "passes", "passes", "sink_boxes", "nbody.advance", 2000.0)
    criterion(home / "passes", "passes", "spill_params", "nbody.advance", 30.5)
    criterion(home / "side_exit", "side_exit", "leaves", "llvm", 123456.0)
    program = tmp_path / "bin" / "cargo"
    program.parent.mkdir()
    program.write_text(
        f"""#!{HERE}
import json, os, pathlib, shutil, sys
made = pathlib.Path({str(home)!r})
with open(made / "calls", "a") as calls:
    print(json.dumps([os.getcwd(), os.environ.get("SWALLOW_BENCH_PYTHON"), *sys.argv[1:]]), file=calls)
if "--no-run" not in sys.argv:
    name = sys.argv[sys.argv.index("--bench") + 1]
    shutil.copytree(made / name, os.environ["CRITERION_HOME"], dirs_exist_ok=True)
"""
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    return home


def test_stages_beside_a_program(tree, cargo, tmp_path, capsys):
    output, markdown = tmp_path / "results.json", tmp_path / "table.md"
    arguments = ["-f", "--runs=1", "-b", "fib,stages", "-a", ",", "--programs", tree, "--output", output, "--markdown", markdown, HERE, HERE]
    assert perf.main([str(argument) for argument in arguments]) == 0
    said = capsys.readouterr()
    assert "swallow perf: building the benches of 2 stages\n" in said.err and "swallow perf: stage 2 of 2: side_exit\n" in said.err
    note = "Measured once: stages are the compiler's, and do not depend on the interpreters that are compared; side_exit in target/venv/bin/python"
    assert "### fib ###\n" in said.out and f"### stages ###\n{note}\n" in said.out
    lines = said.out.splitlines()
    start = lines.index("Stages: means, where they are with 95 % confidence, and standard deviations")
    rows = [line.split() for line in lines[start + 3 : start + 6]]
    assert rows == [
        "passes sink_boxes/nbody.advance 2.000 µs 1.800 µs 2.200 µs 500.0 ns".split(),
        "passes spill_params/nbody.advance 30.50 ns 27.45 ns 33.55 ns 7.625 ns".split(),
        "side_exit leaves/llvm 123.5 µs 111.1 µs 135.8 µs 30.86 µs".split(),
    ]
    assert "| passes | spill_params/nbody.advance | 30.50 ns | 27.45 ns | 33.55 ns | 7.625 ns |" in markdown.read_text()
    assert f"\n{note}.\n" in markdown.read_text()
    measured = json.loads(output.read_text())
    assert [one["name"] for one in measured["benchmarks"]] == ["fib"]
    assert [(one["name"], one["error"], len(one["figures"])) for one in measured["stages"]] == [("passes", None, 2), ("side_exit", None, 1)]
    assert measured["stages"][1]["figures"][0]["mean"] == pytest.approx(123.456e-6)
    calls = [json.loads(line) for line in (cargo / "calls").read_text().splitlines()]
    root = str(tree.parents[1])
    assert [(call[0], call[1]) for call in calls] == [(root, None)] * 3
    assert calls[0][2:] == ["stages", "--no-run", "--bench", "passes", "--bench", "side_exit"]
    assert calls[2][2:] == ["stages", "--bench", "side_exit", "--", *stages.FAST]


def test_stages_in_the_interpreter_with_the_jit(tree, cargo, python, capsys):
    assert perf.main(["-b", "side_exit,passes", "-a", "-I,-I -Xjit", "--programs", str(tree), HERE, python]) == 0
    said = capsys.readouterr().out
    assert f"; side_exit in {python}\n" in said and "###\nMin" not in said
    assert [json.loads(line)[1] for line in (cargo / "calls").read_text().splitlines()] == [None, python, None]


def test_stages_that_can_not_be_measured(tree, cargo, tmp_path, monkeypatch, capsys):
    arguments = ["-b", "stages", "-a", ",", "--programs", str(tree), HERE, HERE]
    program = tmp_path / "bin" / "cargo"
    text = program.read_text()

    def complaints():
        said = capsys.readouterr()
        return [line for line in said.err.splitlines() if "the machine is" not in line], said.out

    # One of them fails, and the other goes on.
    program.write_text(f"{text}\nif 'passes' in sys.argv and '--no-run' not in sys.argv:\n    sys.exit('x\\nbench: no inputs\\nlast')\n")
    assert perf.main(arguments) == 1
    lines, out = complaints()
    assert "swallow perf: passes: exit status 1: bench: no inputs" in lines
    assert "### passes ###\nFailed: exit status 1: bench: no inputs\n" in out and "side_exit  leaves/llvm" in out
    # It has measured nothing, or what it has written is no such thing.
    (cargo / "passes" / "passes" / "sink_boxes" / "nbody.advance" / "new" / "estimates.json").write_text("{}")
    shutil.rmtree(cargo / "side_exit" / "side_exit")
    program.write_text(text)
    assert perf.main(arguments) == 1
    lines, _ = complaints()
    assert lines[-1] == "swallow perf: side_exit: it has measured nothing"
    assert any(line.startswith("swallow perf: passes: what criterion has written can't be read: ") for line in lines)
    # They can't be built.
    program.write_text(f"#!{HERE}\nraise SystemExit('error: no LLVM\\nmore')\n")
    assert perf.main(arguments) == 1
    lines, out = complaints()
    assert lines[-1] == "swallow perf: the benches of the stages can't be built: exit status 1: error: no LLVM"
    assert out.count("Failed: the benches of the stages can't be built") == 2
    # There is no cargo, and no clock: mistakes, before anything is measured.
    program.unlink()
    assert perf.main(arguments) == 2
    assert complaints() == (["swallow perf: stages are measured by cargo, which is not on the PATH: https://rustup.rs has it"], "")
    assert perf.main(["-m", "--no-time", *arguments]) == 2
    assert complaints() == (["swallow perf: --no-time: stages are measured by the clock only"], "")


# -- the command line


def commands(*arguments):
    """The configurations that a command line makes."""
    return {configuration.name: configuration.command() for configuration in command_line.parse(arguments).configurations}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([HERE], {"baseline": [HERE], "changed": [HERE, "-Xjit=whenhot"]}),
        ([HERE, HERE], {"baseline": [HERE], "changed": [HERE, "-Xjit=whenhot"]}),
        (["-a", "-O -B", HERE, HERE], {"baseline": [HERE, "-O", "-B"], "changed": [HERE, "-O", "-B"]}),
        (["-a", "-O,-X 'jit=al ways'", HERE, HERE], {"baseline": [HERE, "-O"], "changed": [HERE, "-X", "jit=al ways"]}),
        ([HERE, "-f", HERE, "--args=,-O"], {"baseline": [HERE], "changed": [HERE, "-O"]}),
        (["--config", f"a={HERE} -O", "--config", f"b={HERE}"], {"a": [HERE, "-O"], "b": [HERE]}),
        ([HERE, "--config", f"b={HERE} -OO"], {"baseline": [HERE], "changed": [HERE, "-Xjit=whenhot"], "b": [HERE, "-OO"]}),
    ],
)
def test_configurations(arguments, expected):
    assert commands(*arguments) == expected


def test_default_configurations(monkeypatch):
    monkeypatch.setattr(configurations, "BASELINE", HERE)
    assert commands() == {"baseline": [HERE], "changed": [sys.executable, "-Xjit=whenhot"]}
    assert commands("--config", f"jit={HERE} -Xjit") == {"baseline": [HERE], "jit": [HERE, "-Xjit"]}


def test_values_that_look_like_options():
    options = command_line.parse(["-b", "-fib,nbody=3", "-a", "-B", HERE])
    assert (options.benchmarks, options.args) == ("-fib,nbody=3", "-B")


@pytest.mark.parametrize(
    ("arguments", "runs"),
    [
        ([], (5, 0)),
        (["-m"], (5, 2)),
        (["-f", "--track_memory"], (3, 1)),
        (["-rm"], (20, 5)),
        (["-m", "--no-time"], (0, 2)),
        (["-f", "--runs", "7", "-m", "--memory-runs=4"], (7, 4)),
    ],
)
def test_numbers_of_runs(arguments, runs):
    options = command_line.parse([*arguments, HERE])
    assert (options.runs, options.memory_runs) == runs


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--no-time"], "--no-time: nothing is left to measure without -m"),
        (["-r", "-f"], "not allowed with argument"),
        (["--runs", "0"], "invalid number of runs value: '0'"),
        (["--timeout", "-1"], "invalid number of seconds value: '-1'"),
        (["/no/python"], "/no/python: no such interpreter"),
        (["no-such-python"], "no-such-python: no such interpreter"),
        ([HERE, HERE, HERE], "expected two interpreters; --config adds more"),
        (["-a", "a,b,c"], "-a a,b,c: expected one comma at the most"),
        (["-a", "'x"], "'x: No closing quotation"),
        (["--config", "x"], "--config x: expected 'NAME=PYTHON ARGS…'"),
        (["--config", f"a/b={HERE}"], "expected a name of letters"),
        (["--config", f"a={HERE}", "--config", f"a={HERE}"], "--config a: there is another configuration of this name"),
        (["-a", ",", "--config", f"a={HERE}", "--config", f"b={HERE}"], "-a: these arguments are for interpreters that are named without"),
        (["--output", "/no/such/file"], "/no/such/file: its directory does not exist"),
        (["--markdown", "/"], "/: that is a directory"),
        (["--plot", HERE], ": not a directory"),
    ],
)
def test_wrong_command_lines(arguments, message, capsys, monkeypatch):
    monkeypatch.setattr(configurations, "BASELINE", HERE)
    with pytest.raises(SystemExit) as caught:
        command_line.parse(arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "env", "wanted"),
    [
        ("", {}, False),
        ("-O -X utf8", {}, False),
        ("-Xjit=whenhot", {}, True),
        ("-X jit", {}, True),
        ("-X jit-opt=0", {}, True),
        ("-Xjit=never -X jit-opt=0", {}, False),
        ("-W -Xjit", {}, False),
        ("", {"PYTHONJIT": "always"}, True),
        ("", {"PYTHONJIT": "never"}, False),
        ("-Xjit=never", {"PYTHONJIT": "always"}, False),
    ],
)
def test_who_has_the_jit(arguments, env, wanted):
    assert configurations.Configuration("x", HERE, tuple(arguments.split())).wants_jit(env) is wanted


def test_missing_packages(monkeypatch, capsys):
    find = perf.importlib.util.find_spec
    monkeypatch.setattr(perf.importlib.util, "find_spec", lambda name: None if name in ("psutil", "matplotlib") else find(name))
    assert perf.main([HERE, HERE]) == 2
    assert capsys.readouterr() == ("", "swallow perf needs psutil, matplotlib: pip install 'swallow[perf]'\n")


# -- statistics


def test_description():
    found = statistics.describe([4.0, 1.0, 2.0, 3.0])
    assert (found["n"], found["min"], found["mean"], found["median"]) == (4, 1.0, 2.5, 2.5)
    assert found["stdev"] == pytest.approx(1.2909944)
    # 2.5 ± 3.182446 · 1.2909944 / 2
    assert (found["low"], found["high"]) == (pytest.approx(0.4457397), pytest.approx(4.5542603))
    assert statistics.describe([3.0]) == {"n": 1, "min": 3.0, "mean": 3.0, "stdev": None, "median": 3.0, "low": None, "high": None}


@pytest.mark.parametrize(
    ("freedom", "t"), [(1, 12.7062), (2, 4.30265), (3.5, 2.94009), (4, 2.77645), (8, 2.30600), (30, 2.04227), (1000, 1.96234)]
)
def test_quantiles(freedom, t):
    assert statistics.t_quantile(freedom) == pytest.approx(t, rel=1e-5)


def test_significance_is_that_of_pyperf():
    from pyperf import _utils

    base, near, far = [1.0, 1.1, 0.9, 1.05, 1.02], [1.02, 1.08, 0.95, 1.1, 1.0], [0.5, 0.52, 0.49, 0.5, 0.51]
    for changed in (near, far):
        significant, t = statistics.significance(base, changed)
        expected, score = _utils.is_significant(base, changed)
        assert (significant, t) == (expected, pytest.approx(score))
    assert statistics.significance(base, near)[0] is False and statistics.significance(base, far)[0] is True


def test_significance_at_the_edges():
    assert statistics.significance([1.0], [2.0, 3.0]) == (None, None)
    assert statistics.significance([1.0, 1.0], [1.0, 1.0]) == (False, 0.0)
    assert statistics.significance([1.0, 1.0], [2.0, 2.0]) == (True, -math.inf)
    # One run fewer on one side: pooled variance 0.8, standard error sqrt(0.8 · (1/4 + 1/3)).
    assert statistics.significance([1, 2, 3, 2], [5, 6, 7])[1] == pytest.approx(-4 / math.sqrt(0.8 * 7 / 12))


def test_ratio():
    found = statistics.ratio([2.0, 2.2, 1.8], [1.0, 1.1, 0.9])
    assert found["ratio"] == 2.0
    # The intervals' middle is the ratio of the geometric means, which is 2 here.
    assert found["low"] < 2 < found["high"] and found["low"] * found["high"] == pytest.approx(4.0)
    assert statistics.ratio([2.0, 2.0], [4.0, 4.0]) == {"ratio": 0.5, "low": pytest.approx(0.5), "high": pytest.approx(0.5)}
    assert statistics.ratio([3.0], [1.0]) == {"ratio": 3.0, "low": None, "high": None}
    assert statistics.geometric_mean([1.0, 4.0]) == pytest.approx(2.0)


# -- what is said


def described(low, mean, stdev):
    return {"n": 5, "min": low, "mean": mean, "stdev": stdev, "median": mean, "low": mean, "high": mean}


@pytest.fixture
def figures():
    found = summary.Summary("nbody")
    found.times = {"base": described(0.29, 0.295, 0.001), "changed": described(0.113, 0.118, 0.002)}
    found.compiling = {
        "base": None,
        "changed": {"compile_ns": 12_000_000, "codegen_ns": 80_000_000, "helper_starts": 1, "units_compiled": 3},
    }
    found.faster = {"changed": {"ratio": 2.5, "low": 2.4, "high": 2.6, "significant": True, "t": 177.5}}
    kinds = ("max", "max_with_helper", "pss_max", "pss_max_with_helper", "steady", "steady_with_helper")
    found.memory = {"base": dict.fromkeys(kinds, 10092), "changed": dict.fromkeys(kinds, 11872) | {"max_with_helper": 20184}}
    return found


def test_wording(figures):
    assert report.block(figures, ["base", "changed"], "plots/usage-nbody.svg") == (
        "### nbody ###\n"
        "Min: 0.290000 -> 0.113000: 2.5664x faster\n"
        "Avg: 0.295000 -> 0.118000: 2.5000x faster\n"
        "Significant (t=177.500000)\n"
        "Stddev: 0.00100 -> 0.00200: 2.0000x larger\n"
        "Median: 0.295000 -> 0.118000: 2.5000x faster\n"
        "Confidence: 95% that the means' ratio is from 2.4000x to 2.6000x\n"
        "Mem max: 10092.000 -> 11872.000: 1.1764x larger\n"
        "Mem max with helper: 10092.000 -> 20184.000: 2.0000x larger\n"
        "Mem steady: 10092.000 -> 11872.000: 1.1764x larger\n"
        "Mem steady with helper: 10092.000 -> 11872.000: 1.1764x larger\n"
        "PSS max: 10092.000 -> 11872.000: 1.1764x larger\n"
        "PSS max with helper: 10092.000 -> 11872.000: 1.1764x larger\n"
        "Compiling: 0.012000 in the program's threads, 0.080000 in the code generator\n"
        "Usage over time: plots/usage-nbody.svg"
    )


def test_wording_of_other_cases(figures):
    figures.faster["changed"]["significant"] = False
    figures.memory = {}
    assert report.block(figures, ["base", "changed"]).splitlines()[3] == "Not significant"
    single = {"n": 1, "mean": 2.0}
    figures.times = {"base": single, "changed": {"n": 1, "mean": 3.0}}
    assert report.block(figures, ["base", "changed"]).splitlines()[1] == "2.000000 -> 3.000000: 1.5000x slower"
    assert report.time_delta(1.0, 1.0) == report.quantity_delta(5, 5) == "no change"
    assert report.time_delta(0, 1.0) == "incomparable (one result was zero)"
    assert report.quantity_delta(4, 2) == "2.0000x smaller"


def test_tables(figures):
    times, sampled = tables.make([figures], ["base", "changed"])
    assert times[1:] == (
        ["benchmark", "base, s", "changed, s", "ratio", "compiling, s", "generator, s"],
        [["nbody", "0.295", "0.118", "2.50x", "0.012", "0.080"], ["geometric mean", "", "", "2.50x", "", ""]],
    )
    assert sampled[2] == [["nbody", "10092", "11872", "1.18x", "20184", "2.00x"], ["geometric mean", "", "", "1.18x", "", "2.00x"]]
    assert tables.plain("T", ["a", "bb"], [["ccc", "1"], ["d", ""]]) == "T\na    bb\n---  --\nccc   1\nd"
    assert tables.unsteady([figures]) is None
    figures.times["changed"]["stdev"] = 0.0236
    assert tables.unsteady([figures]).endswith(": nbody (changed, 20 %)")


# -- the plan


def test_the_configurations_take_turns():
    steps = [(step.kind, step.benchmark, step.configuration) for step in session.plan(2, 2, 2, 1)]
    one = [("time", 0, 0), ("time", 0, 1)] * 2 + [("memory", 0, 0), ("memory", 0, 1)]
    assert steps == one + [(kind, 1, side) for kind, _, side in one]


def test_time_left():
    clock = progress.Clock(session.plan(2, 2, 2, 0))
    assert clock.estimate() is None
    clock.done(0, 1.0)
    assert clock.estimate() == pytest.approx(7.0)
    clock.done(1, 3.0)
    assert clock.estimate() == pytest.approx(1 + 3 + 2 * (1 + 3))
    clock.give_up(0)
    assert clock.estimate() == pytest.approx(2 * (1 + 3))
    assert [progress.spoken(seconds) for seconds in (None, 7.4, 300, 7200)] == [
        "",
        ", about 7 s left",
        ", about 5 min left",
        ", about 2.0 h left",
    ]


# -- all together


def write(directory, **files):
    for name, text in files.items():
        (directory / f"{name}.py").write_text(text)
    return directory


def test_two_plain_interpreters(tmp_path, capsys):
    write(tmp_path, tiny="import sys, time\ntime.sleep(0.1)\nprint(sys.argv[1:])\n")
    output, markdown, plots, others = (tmp_path / name for name in ("results.json", "table.md", "plots", "pyperf"))
    arguments = ["-f", "-m", "-b", "tiny=3", "-a", "-I,-I -O", "--programs", tmp_path, "--output", output, "--markdown", markdown]
    arguments += ["--plot", plots, "--pyperf", others, HERE, HERE]
    assert perf.main([str(argument) for argument in arguments]) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    start = lines.index("### tiny=3 ###")
    assert [line.partition(":")[0].partition(" (")[0].removeprefix("Not ").capitalize() for line in lines[start + 1 : start + 10]] == (
        ["Min", "Avg", "Significant", "Stddev", "Median", "Confidence", "Mem max", "Mem steady", "Pss max"]
    )
    assert any(line.startswith("geometric mean ") for line in lines)
    assert "run 8 of 8: tiny=3, changed (memory), about " in said.err
    measured = json.loads(output.read_text())
    assert [(one["name"], one["arguments"], one["jit"]) for one in measured["configurations"]] == [
        ("baseline", ["-I"], False),
        ("changed", ["-I", "-O"], False),
    ]
    (benchmark,) = measured["benchmarks"]
    assert (benchmark["name"], benchmark["size"], benchmark["error"], measured["interrupted"]) == ("tiny", 3, None, False)
    for name in ("baseline", "changed"):
        assert [run["seconds"] >= 0.1 and run["jit"] is None for run in benchmark["time"][name]] == [True] * 3
        (usage,) = benchmark["memory"][name]
        assert len(usage["seconds"]) == len(usage["private"]) == len(usage["helper_pss"]) > 2
        assert (
            benchmark["summary"]["memory"][name]["max"] == max(usage["private"]) == benchmark["summary"]["memory"][name]["max_with_helper"]
        )
    assert markdown.read_text().count("| tiny=3 |") == 2
    assert sorted(path.name for path in plots.iterdir()) == ["ratios.png", "ratios.svg", "usage-tiny=3.png", "usage-tiny=3.svg"]
    import pyperf

    assert pyperf.BenchmarkSuite.load(str(others / "changed.json")).get_benchmark("tiny=3").get_nvalue() == 3


def test_what_goes_wrong_is_a_line_and_the_others_go_on(tmp_path, capsys):
    write(
        tmp_path,
        a_fails="raise SystemExit('no, thanks')\n",
        b_dies="import os\nos.abort()\n",
        c_differs="print('same')\nprint(__debug__)\n",
        d_hangs="import subprocess, time\nsubprocess.Popen(['sleep', '60'])\ntime.sleep(60)\n",
        e_works="print('fine')\n",
    )
    start = time.monotonic()
    assert perf.main(["--runs=1", "-a", ",-O", "--programs", str(tmp_path), "--timeout", "3", HERE, HERE]) == 1
    assert time.monotonic() - start < 30
    said = capsys.readouterr()
    wrong = {
        "a_fails": "baseline: exit status 1: no, thanks",
        "b_dies": "baseline: killed by SIGABRT",
        "c_differs": "changed: it printed something else than baseline: line 2 is 'False', not 'True'",
        "d_hangs": "baseline: no end after 3 s",
    }
    assert [line for line in said.err.splitlines() if line.startswith("swallow perf: ") and "the machine is" not in line] == [
        f"swallow perf: {name}: {text}" for name, text in wrong.items()
    ]
    for name, text in wrong.items():
        assert f"### {name} ###\nFailed: {text}\n" in said.out
    assert "### e_works ###\n0." in said.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--programs", "/no/such"], "/no/such: no such directory"),
        (["--programs", "{}", "-b", "x"], "no program or group 'x'; programs: one; groups: all"),
        (["--programs", "{}", "{}/broken"], "baseline: {}/broken: exit status 3"),
        (["--programs", "{}", "{}/text"], "baseline: {}/text: Exec format error"),
    ],
)
def test_what_can_not_be_measured(tmp_path, arguments, message, capsys):
    write(tmp_path, one="")
    for name, text in (("broken", "#!/bin/sh\nexit 3\n"), ("text", "nothing\n")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    arguments = [argument.format(tmp_path) for argument in arguments]
    assert perf.main([*arguments, "--config", f"x={HERE}"] if len(arguments) == 3 else [*arguments, HERE]) == 2
    assert capsys.readouterr() == ("", f"swallow perf: {message.format(tmp_path)}\n")


def test_ctrl_c_keeps_what_is_there(tmp_path):
    write(tmp_path, a_quick="print(1)\n", b_slow="import time\ntime.sleep(60)\n", c_never="print(3)\n")
    output = tmp_path / "results.json"
    command = [HERE, "-m", "swallow", "perf", "--runs=2", "--programs", tmp_path, "--output", output, "-a", ",", HERE, HERE]
    env = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    # Where the tests run in the background, Ctrl-C is ignored.
    with subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as measuring:
        for line in measuring.stderr:
            if "b_slow, baseline" in line:
                break
        time.sleep(0.2)
        measuring.send_signal(signal.SIGINT)
        start = time.monotonic()
        said, complaints = measuring.communicate(timeout=30)
    assert measuring.returncode == 130, complaints
    assert time.monotonic() - start < 20
    assert "### a_quick ###\nMin: " in said and "### b_slow ###" not in said
    assert "Interrupted: 1 of 3 benchmarks" in said
    measured = json.loads(output.read_text())
    assert measured["interrupted"] is True
    assert [len(benchmark["time"].get("changed", [])) for benchmark in measured["benchmarks"]] == [2, 0, 0]
    assert measured["benchmarks"][0]["summary"]["time"]["changed"]["n"] == 2


def test_memory_is_measured_from_aside(tmp_path):
    """The sampling process shares no pages of the interpreter's file with what it measures, and leaves nothing behind."""
    programs, room = tmp_path / "programs", tmp_path / "room"
    programs.mkdir()
    room.mkdir()
    write(
        programs,
        seen="""import os
            same = os.path.samefile(f"/proc/{os.getppid()}/exe", "/proc/self/exe")
            raise SystemExit(3 if same or not os.environ.get("PYTHONPATH", "").startswith("/nowhere") else 0)
        """.replace("            ", ""),
    )
    path = os.pathsep.join(["/nowhere", *filter(None, [os.environ.get("PYTHONPATH")])])
    for options, status in ((["-m"], 0), ([], 1)):
        command = [HERE, "-m", "swallow", "perf", "--runs=1", *options, "--inherit_env=PYTHONPATH", "--programs", programs, "-a", ",", HERE, HERE]
        env = {**os.environ, "TMPDIR": str(room), "PYTHONPATH": path}
        done = subprocess.run([str(part) for part in command], env=env, capture_output=True, text=True, timeout=60)
        assert done.returncode == status, done.stderr
        assert list(room.iterdir()) == []


def test_a_copy_that_does_not_start(tmp_path, monkeypatch, capsys):
    """As where an interpreter finds its library by its own place: it is measured without a copy, and that is said."""

    def copy(source, target):
        Path(target).write_text("#!/bin/sh\necho first >&2\necho libpython3.11.so: cannot open shared object file >&2\nexit 127\n")
        Path(target).chmod(0o755)

    def never(*_):
        raise AssertionError("it goes on in the copy")

    monkeypatch.setattr(aside.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(aside.shutil, "copy2", copy)
    monkeypatch.setattr(aside.os, "execve", never)
    aside.step(["-m"])
    why = "it does not start: libpython3.11.so: cannot open shared object file"
    assert capsys.readouterr().err == f"swallow perf: no copy of the interpreter to measure from ({why}): what both share is not counted\n"
    assert list(tmp_path.iterdir()) == []


def test_statistics_of_the_jit(python, tmp_path, capsys):
    """They are asked of interpreters that have it, and not taken for the program's output."""
    write(tmp_path, hot="def f(n):\n    s = 0\n    for i in range(n):\n        s += i\n    return s\nprint(f(300000))\n")
    output = tmp_path / "results.json"
    assert (
        perf.main(["--runs=1", "-a", "-I,-I -Xjit -X jit-wait", "--programs", str(tmp_path), "--output", str(output), python, python]) == 0
    )
    (benchmark,) = json.loads(output.read_text())["benchmarks"]
    assert benchmark["time"]["baseline"][0]["jit"] is None
    counters = benchmark["time"]["changed"][0]["jit"]
    assert counters["compile_ns"] > 0 and counters["codegen_ns"] > 0 and counters["units_compiled"] + counters["places_compiled"] >= 1
    assert "Compiling: 0." in capsys.readouterr().out


def test_statistics_are_found_among_other_lines():
    line = '{"codegen_ns": 2, "compile_ns": 1}'
    assert process.jit_statistics(f'x\n{{"a": 1}}\n{line}\nlast\n') == {"codegen_ns": 2, "compile_ns": 1}
    assert process.jit_statistics("x\n{\n") is None
    assert process.complaints("a\nswallow: b\n swallow: c\n") == ["swallow: b"]


def test_infinity_is_not_for_json():
    runs = {name: [session.Timed(seconds, 0.0, 0.0, None)] * 2 for name, seconds in (("a", 1.0), ("b", 2.0))}
    result = session.Result(selection.Benchmark("x"), times=runs, output=b"")
    found = results._result(result, ["a", "b"], True)["summary"]["faster"]["b"]
    assert found["significant"] is True and found["t"] is None
