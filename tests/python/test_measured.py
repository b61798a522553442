"""What compilations are made of: -X jit-time-passes, -X jit-time-units and -X jit-trace."""

import ast
import json
import os
import pathlib
import re
import signal
import subprocess
import textwrap

import pytest
from conftest import clean_environment
from swallow.tune import trial

PLACES = ["helper", "inprocess"]

HOT = """
import swallow, os, sys, signal
def work(n):
    s = 0
    for i in range(n):
        s += i * i
    return s
swallow.compile(work)
print(work(1000))
"""


@pytest.fixture
def run(run_python):
    def run(code, *options, place="helper", **more):
        # LLVM alone, unless the options say something else: they come later.
        return run_python(["-Xjit=whenhot", "-Xjit-backend=llvm", f"-Xjit-codegen={place}", "-Xjit-wait", *options], HOT + textwrap.dedent(code), **more)

    return run


def stubbed(name):
    """The keys that the stub file has for a dict."""
    stub = ast.parse((pathlib.Path(__file__).parents[2] / "python/swallow/__init__.pyi").read_text())
    return next({field.target.id for field in node.body} for node in stub.body if getattr(node, "name", "") == name)


@pytest.mark.parametrize("place", PLACES)
def test_passes_are_counted(run, place):
    code = """
    rows = swallow.stats()["passes"]
    import json
    print(json.dumps(rows))
    """
    done = run(code, "-Xjit-time-passes", "-Xjit-passes=function(sroa,gvn,gvn)", place=place)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout.splitlines()[1])
    assert all(set(row) == stubbed("PassTotal") for row in rows)
    found = {row["name"]: row for row in rows}
    assert found["gvn"]["runs"] == 2 * found["sroa"]["runs"] > 0
    assert found["gvn"]["insts_before"] > found["gvn"]["insts_after"] > 0 and found["gvn"]["changed"] >= 1
    assert {found["gvn"]["stage"], found["insert_refcounts"]["stage"]} == {"llvm", "hir"}
    for name in ("gvn", "insert_refcounts"):
        assert 0 < found[name]["bytes_peak"] <= found[name]["bytes_taken"], rows
    assert all(row["seconds"] >= 0 for row in rows) and sum(row["seconds"] for row in rows) > 0
    table = done.stderr.splitlines()
    assert table[0].split()[-2:] == ["stage", "pass"] and table[-1].endswith("all passes")
    assert len(table) == len(rows) + 2
    assert any(re.fullmatch(r" *\d+\.\d{3} +\d+\.\d +\d+ +\d+ +\d+ +\d+ +\d+\.\d +\d+\.\d  llvm  gvn", line) for line in table), done.stderr


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("backend", ["llvm", "cranelift"])
def test_units_are_kept(run, place, backend):
    code = """
    import json, time
    def loop():
        s = 0.5
        for i in range(100000):
            s += i
        return s
    loop()
    found = swallow.stats()
    print(json.dumps([found["units"], time.monotonic(), found["passes"], found["jobs"], swallow.info(work)]))
    """
    done = run(code, "-Xjit-time-units", f"-Xjit-backend={backend}", place=place)
    assert (done.returncode, done.stderr) == (0, "")
    units, now, passes, jobs, info = json.loads(done.stdout.splitlines()[1])
    work, loop = units
    assert (work["name"], work["line"], work["kind"], work["pc"], work["file"]) == ("work", 3, "function", None, "<string>")
    assert (loop["name"], loop["kind"]) == ("loop", "loop") and loop["pc"] > 0 and passes == [] and jobs == 0
    assert 0 < work["installed"] < loop["installed"] < now
    assert (work["code_bytes"], work["hir_insts"]) == (info["code_bytes"], info["hir_insts"])
    for unit in units:
        assert set(unit) == stubbed("Compilation") and unit["native"] is None
        assert all(set(phase) == stubbed("Phase") for phase in unit["phases"])
        assert unit["backend"] == backend and unit["ir_before"] > 0 and unit["ir_after"] > 0
        names = [phase["name"] for phase in unit["phases"]]
        freed = ["free"] if backend == "llvm" else []
        assert names == ["copy", "build", "judge", "serialise", "decode", "optimise", "lower", "passes", "emit", *freed, "link"]
        assert all(phase["own"] >= 0 and phase["seconds"] > 0 for phase in unit["phases"])
        if place == "helper":
            assert 1 << 20 < unit["memory_before"] <= unit["memory_peak"] < 1 << 30
        else:
            assert unit["memory_before"] is unit["memory_peak"] is None
    assert {phase["name"]: phase["seconds"] for phase in work["phases"]} == info["phase_times"]


def natives(done):
    """What was spent in each compilation's code, by name and kind, in their order."""
    found = {}
    for unit in json.loads(done.stdout.splitlines()[1]):
        found.setdefault((unit["name"], unit["kind"]), []).append(unit["native"])
    return found


@pytest.mark.parametrize("backend", ["llvm", "cranelift", "tiered"])
def test_native_time_is_known_by_unit(run, backend):
    # `map` is CPython's: each of these calls comes from outside.
    code = """
    import json, collections
    def tiny(x):
        return x + 1
    def loop():
        s = 0.5
        for i in range(3000000):
            s += i * 0.5
        return s
    swallow.compile(tiny)
    collections.deque(map(tiny, range(1000)), 0)
    loop()
    collections.deque(map(work, [20000] * 50), 0)
    print(json.dumps(swallow.stats()["units"]))
    """
    done = run(code, "-Xjit-time-units", "-Xjit-profile", f"-Xjit-backend={backend}")
    assert done.returncode == 0, done.stderr
    found = natives(done)
    total = {key: {what: sum(row[what] for row in rows) for what in ("seconds", "entries")} for key, rows in found.items()}
    assert total["tiny", "function"]["entries"] == 1000 and total["work", "function"]["entries"] == 51
    # Its loop runs natively from some turn on, and is entered again where a guard fails.
    long, short, middle = total["loop", "loop"], total["tiny", "function"], total["work", "function"]
    assert 1 <= long["entries"] < 50
    # No less than a tenth of a cycle a turn, and no more than an interpreter takes.
    assert 3000000 * 0.03e-9 < long["seconds"] < 3000000 * 200e-9
    for other in (long, middle):
        assert 0 < 20 * short["seconds"] / short["entries"] < other["seconds"] / other["entries"]
    # Both tiers have rows of their own.
    assert backend != "tiered" or len(found["loop", "loop"]) == 2 and all(row["entries"] for row in found["loop", "loop"]), found


def test_code_is_installed_where_time_is_taken(run_python):
    # The recording evaluator, which asks for code as well, has nothing more to do behind the calls that make this hot: the hook has to ask.
    code = """
import collections, itertools, time, swallow
def count(n):
    total = 0
    for i in (n, n):
        if i > 0:
            total += count(i - 1)
    return total + 1
steps = map(count, [10] * 100), map(time.sleep, [2]), map(count, [10] * 3)
collections.deque(itertools.chain(*steps), 0)
print(swallow.is_compiled(count), swallow.stats()["jobs"])
"""
    done = run_python(["-Xjit=whenhot", "-Xjit-profile"], code)
    assert done.stdout == "True 0\n", done.stderr


def test_versions_of_a_unit_have_their_own_times(run):
    code = """
    import json, collections
    def add(a, b):
        for _ in range(100):
            a = a + b
        return a
    for kind in (int, float):
        collections.deque(map(add, [kind(1)] * 3000, [kind(1)] * 3000), 0)
    print(json.dumps(swallow.stats()["units"]), json.dumps(swallow.info(add)["spent"]), sep="\\n")
    """
    done = run(code, "-Xjit-time-units", "-Xjit-profile")
    assert done.returncode == 0, done.stderr
    found = natives(done)
    rows = [row for (name, _), rows in found.items() if name == "add" for row in rows]
    whole = json.loads(done.stdout.splitlines()[2])["native"]
    assert len(found["add", "function"]) >= 2, found
    assert all(row["entries"] > 0 for row in found["add", "function"]), found
    # All together they are the code object's.
    assert sum(row["entries"] for row in rows) == whole["entries"]
    assert sum(row["seconds"] for row in rows) == pytest.approx(whole["seconds"])


def test_passes_and_units_together(run):
    code = 'found = swallow.stats()\nprint(len(found["units"]), len(found["passes"]) > 5)'
    done = run(code, "-Xjit-time-units", "-Xjit-time-passes")
    assert done.stdout.splitlines()[1] == "1 True"


def test_nothing_is_measured_unless_asked_for(run):
    done = run('print(swallow.stats()["passes"], swallow.stats()["units"], swallow.stats()["code_digest"])')
    assert (done.stdout.splitlines()[1], done.stderr) == ("[] [] None", "")


def test_equal_code_has_equal_digests(python):
    # Code has addresses in it: as `swallow tune` does, all processes get the same ones.
    front = trial.same_addresses()
    if not front:
        pytest.skip("this system lays processes out at random")
    code = HOT + 'print(swallow.stats()["code_digest"])'

    def digest(text):
        command = [*front, python, "-Xjit=whenhot", "-Xjit-backend=llvm", "-Xjit-wait", "-Xjit-time-passes", f"-Xjit-passes={text}", "-c", code]
        done = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, timeout=120, check=True)
        return done.stdout.splitlines()[1]

    # On a busy machine code may lie in one of a few places (`tune.search`), but it is not another one in every run.
    same = {digest("o2") for _ in range(4)}
    assert len(same) < 4 and digest("o0") not in same and "None" not in same


def events(file):
    with open(file) as stream:
        return json.load(stream)


@pytest.mark.parametrize("place", PLACES)
def test_trace(run, tmp_path, place):
    file = tmp_path / "trace.json"
    # The program may be elsewhere by then.
    done = run("os.chdir('/')\nprint(os.getpid())", "-Xjit-trace=trace.json", place=place, cwd=tmp_path)
    assert done.returncode == 0 and done.stderr == ""
    own = int(done.stdout.splitlines()[1])
    found = events(file)
    stretches = [event for event in found if event["ph"] == "X"]
    by_name = {event["name"]: event for event in stretches}
    for name in ("build", "copy", "wait", "install", "compile", "decode", "passes", "emit", "insert_refcounts", "gvn"):
        assert name in by_name, (name, sorted(by_name))
    assert by_name["build"]["pid"] == own
    assert (by_name["compile"]["pid"] == own) == (place == "inprocess")
    assert by_name["gvn"]["args"] == {"unit": "work:3"}
    # One time line: the code generator works between the request and the code's being installed; passes lie within their phase.
    compiled, passes, gvn = by_name["compile"], by_name["passes"], by_name["gvn"]
    assert by_name["build"]["ts"] <= compiled["ts"] <= compiled["ts"] + compiled["dur"] <= by_name["install"]["ts"]
    assert passes["ts"] <= gvn["ts"] <= gvn["ts"] + gvn["dur"] <= passes["ts"] + passes["dur"]
    jobs = [event for event in found if event.get("cat") == "job" and event["name"] == "work:3"]
    assert [event["ph"] for event in jobs] == ["b", "e"] and jobs[0]["ts"] <= jobs[1]["ts"]
    named = {event["pid"] for event in found if event["ph"] == "M"}
    assert named == {event["pid"] for event in found}


@pytest.mark.parametrize("end", ["os._exit(3)", "os.kill(os.getpid(), signal.SIGKILL)", "os.abort()", "os.closerange(3, 256)"])
def test_a_trace_is_whole_however_the_program_ends(run, tmp_path, end):
    file = tmp_path / "trace.json"
    done = run(end, f"-Xjit-trace={file}")
    status = {"os._exit(3)": 3, "os.abort()": -signal.SIGABRT, "os.closerange(3, 256)": 0}.get(end, -signal.SIGKILL)
    assert done.returncode == status
    assert "install" in {event["name"] for event in events(file)}


def test_a_trace_of_nothing(run_python, tmp_path):
    file = tmp_path / "trace.json"
    done = run_python(["-Xjit=whenhot", f"-Xjit-trace={file}"], "import os; os._exit(0)")
    assert done.returncode == 0 and isinstance(events(file), list)


def test_a_child_writes_into_the_same_trace(run, tmp_path):
    file = tmp_path / "trace.json"
    code = """
    def other(n):
        s = 0.5
        for i in range(n):
            s += i
        return s
    pid = os.fork()
    swallow.compile(other)
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    print(os.getpid(), pid)
    """
    done = run(code, f"-Xjit-trace={file}")
    assert done.returncode == 0, done.stderr
    pids = set(map(int, done.stdout.splitlines()[1].split()))
    assert {event["pid"] for event in events(file) if event["name"] == "build"} == pids


def test_a_trace_that_goes_away_is_said_once(run, tmp_path):
    file = tmp_path / "trace.json"
    code = f"""
    os.remove({str(file)!r})
    for n in range(3):
        exec("def f(n):\\n for i in range(n): n += i\\n return n")
        swallow.compile(f)
    """
    done = run(code, f"-Xjit-trace={file}")
    assert done.returncode == 0
    assert done.stderr == f"swallow: {file}: No such file or directory (os error 2); the trace ends here\n"
    assert not os.path.exists(file)


def test_a_trace_that_can_not_be_written_on_stays_whole(run, tmp_path):
    file = tmp_path / "trace.json"
    # The next events fit in part only. Python has the signal of the limit ignored.
    code = f"""
    import resource
    size = os.path.getsize({str(file)!r})
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, resource.RLIM_INFINITY))
    for n in range(3):
        exec("def f(n):\\n for i in range(n): n += i\\n return n")
        assert swallow.compile(f)
    print(size, os.path.getsize({str(file)!r}))
    """
    done = run(code, f"-Xjit-trace={file}")
    assert done.returncode == 0
    assert done.stderr == f"swallow: {file}: File too large (os error 27); the trace ends here\n"
    before, after = map(int, done.stdout.splitlines()[1].split())
    assert before == after == file.stat().st_size
    assert "install" in {event["name"] for event in events(file)}


def test_the_number_of_the_process_in_the_name(run, tmp_path):
    done = run("print(os.getpid())", "-Xjit-trace=t-%p.json", cwd=tmp_path)
    assert os.listdir(tmp_path) == [f"t-{done.stdout.splitlines()[1]}.json"]
