"""What compilations are made of: -X jit-time-passes and -X jit-trace."""

import ast
import json
import os
import pathlib
import re
import signal
import textwrap

import pytest

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
        return run_python(["-Xjit=whenhot", f"-Xjit-codegen={place}", "-Xjit-wait", *options], HOT + textwrap.dedent(code), **more)

    return run


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
    stub = ast.parse((pathlib.Path(__file__).parents[2] / "python/swallow/__init__.pyi").read_text())
    names = next([field.target.id for field in node.body] for node in stub.body if getattr(node, "name", "") == "PassTotal")
    assert all(set(row) == set(names) for row in rows)
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


def test_nothing_is_measured_unless_asked_for(run):
    done = run('print(swallow.stats()["passes"], swallow.stats()["code_digest"])')
    assert (done.stdout.splitlines()[1], done.stderr) == ("[] None", "")


def test_equal_code_has_equal_digests(run):
    code = 'print(swallow.stats()["code_digest"])'
    one, other = (run(code, "-Xjit-time-passes", f"-Xjit-passes={text}") for text in ("o0", "o2"))
    assert one.stdout.splitlines()[1] != other.stdout.splitlines()[1]


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


def test_the_number_of_the_process_in_the_name(run, tmp_path):
    done = run("print(os.getpid())", "-Xjit-trace=t-%p.json", cwd=tmp_path)
    assert os.listdir(tmp_path) == [f"t-{done.stdout.splitlines()[1]}.json"]
