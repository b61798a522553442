"""The programs in benches/: mistakes are one line before anything is measured, and what can go wrong in a measurement is one line, too."""

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest
from running import PYTHON, REFERENCE, ROOT, check, environment

BENCHES = ROOT / "benches"
sys.path.insert(0, str(BENCHES))
import growth  # noqa: E402 - these lie in benches
import latency  # noqa: E402
import ledger as ledger_bench  # noqa: E402
import linking  # noqa: E402
import measuring  # noqa: E402
import report  # noqa: E402
import touched  # noqa: E402

PROGRAMS = {"growth.py": [], "latency.py": [], "kills.py": [], "ledger.py": [], "linking.py": [sys.executable, sys.executable], "memory_never.py": [], "touched.py": []}


def refused(name, *arguments):
    """What a program says of a mistake."""
    command = [sys.executable, str(BENCHES / name), *arguments, *PROGRAMS[name]]
    done = subprocess.run(command, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, ""), done
    *usage, last = done.stderr.splitlines()
    assert usage[0].startswith("usage: ") and "Traceback" not in done.stderr
    return last


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_wrong_interpreter(name):
    assert refused(name, "--python", "/no/python") == f"{name}: error: argument --python: /no/python: no such interpreter"
    assert refused(name, "--python", REFERENCE) == f"{name}: error: argument --python: {REFERENCE}: the JIT isn't installed for it"
    last = refused(name, "--python", "/bin/false")
    assert last == f"{name}: error: argument --python: it does not run: /bin/false -Xjit=whenhot: exit status 1"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--shapes", "loops,round"], "argument --shapes: no shape 'round'; there are straight, "),
        (["--sizes", "10,0"], "argument --sizes: 0: expected a whole number above 0"),
        (["--runs", "none"], "argument --runs: none: expected a whole number above 0"),
        (["--json", "/no/file.json"], "argument --json: /no/file.json: it can't be written"),
        (["--plot", "file.pdf"], "argument --plot: file.pdf: expected a name that ends in .png or .svg"),
    ],
)
def test_mistakes_are_seen_before_anything_runs(arguments, message):
    assert f"growth.py: error: {message}" in refused("growth.py", "--python", PYTHON, *arguments)


def test_a_run_that_comes_to_nothing():
    env = measuring.environment()
    with pytest.raises(measuring.Failed, match=r"^it: no end after 0.2 s$"):
        measuring.run([sys.executable, "-c", "import time; time.sleep(60)\n# more"], "it", env, timeout=0.2)
    with pytest.raises(measuring.Failed, match=r"^it: exit status 1: ValueError: why$"):
        measuring.run([sys.executable, "-c", "raise ValueError('why')"], "it", env)
    with pytest.raises(measuring.Failed, match=r"^it: /no/program: No such file or directory$"):
        measuring.run(["/no/program"], "it", env)


def test_what_the_runs_inherit(monkeypatch):
    for name in ("PYTHONJIT", "SWALLOW_DEV_CODEGEN"):
        monkeypatch.setenv(name, "always")
    env = measuring.environment(TMPDIR="there")
    assert "PYTHONJIT" not in env and "SWALLOW_DEV_CODEGEN" not in env
    assert (env["PYTHONHASHSEED"], env["TMPDIR"]) == ("0", "there")


def test_the_ledger_is_the_sum_of_its_rows(tmp_path):
    """Whether that is what the process has gained is the bench's to say, not a test's."""
    output = tmp_path / "rows.json"
    command = [sys.executable, str(BENCHES / "ledger.py"), "--python", PYTHON, "--runs", "1", "--json", str(output), "fib=24"]
    done = subprocess.run(command, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in (0, 1) and done.stderr == "", done
    (row,) = json.loads(output.read_text())
    ledger = row["ledger"]
    total = ledger.pop("total")
    assert total == sum(ledger.values()) > ledger["module"] > 0 and ledger["loading"] > 0
    ((private, own, none),), ((_, _, of_run),) = row["runs"]["without"], row["runs"]["with"]
    # Where other processes have the same pages of files, no more is private than what was written.
    assert min(private, own) > 0 and none is None and of_run == ledger | {"total": total} and done.stdout.splitlines()[1].split()[0] == "fib"


def test_what_a_start_costs(tmp_path):
    """Whether that is too much is the bench's to say, not a test's."""
    output = tmp_path / "rows.json"
    command = [sys.executable, str(BENCHES / "memory_never.py"), "--python", PYTHON, "--runs", "2", "--memory-runs", "1", "--instructions", "--json", str(output)]
    done = subprocess.run(command, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode in (0, 1) and done.stderr == "", done
    rows = json.loads(output.read_text())
    assert list(rows) == ["private memory, kB", "start-up, ms", "start-up, processor ms", "start-up, 10^6 instructions"]
    assert {title: len(values["with"]) for title, values in rows.items()} == dict(zip(rows, (1, 2, 2, 1)))
    (without,), (ours,) = rows["start-up, 10^6 instructions"].values()
    # The line in the .pth file, and nothing like an import.
    assert without < ours < without + 2


def test_pages_of_ones_own():
    smaps = """\
1000-2000 r-xp 00000000 08:01 7 /usr/bin/python3.11
Rss: 64 kB
Private_Clean: 32 kB
Anonymous: 4 kB
2000-3000 r-xp 00000000 08:01 8 /x/_swallow.cpython-311.so
Rss: 48 kB
Private_Clean: 16 kB
Private_Dirty: 8 kB
Anonymous: 8 kB
3000-4000 r-xp 00000000 00:01 9 /memfd:swallow (deleted)
Rss: 12 kB
Private_Dirty: 4 kB
Anonymous: 0 kB
4000-5000 rw-p 00000000 00:00 0
Rss: 100 kB
Private_Dirty: 100 kB
Anonymous: 100 kB
"""
    kilobytes = (32 + 16 + 8 + 4 + 100, 4 + 16 + 8 + 12 + 100)
    assert ledger_bench.pages(smaps) == tuple(number << 10 for number in kilobytes)


def test_holds_are_read_from_the_log():
    result = check("import swallow\ndef f(): return 1\nassert swallow.compile(f)", "-Xjit=whenhot", *measuring.LOG)
    held = measuring.holds(result.stderr)
    assert len(held) >= 2 and all(clock >= 0 and processor >= 0 for clock, processor in held)


def test_no_holds(monkeypatch):
    silent = SimpleNamespace(stdout='{"state": "warm", "instructions": 9}', stderr="")
    monkeypatch.setattr(measuring, "run", lambda *_, **__: silent)
    with pytest.raises(measuring.Failed, match="^loops 10: it did not get hot: warm$"):
        growth.measure(PYTHON, "loops", 10, "hot")
    with pytest.raises(measuring.Failed, match="^nbody: nothing was compiled$"):
        latency.holds(PYTHON, "nbody", None)


def test_a_code_generator_that_does_not_start():
    # With code that some other program would have to make there is none.
    with pytest.raises(measuring.Failed, match="^/bin/false: the program ended with 1$"):
        linking.measure(PYTHON, "/bin/false", 2)


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (measuring.Failed("it ended"), 1, "x.py: it ended\n"),
        (OSError(28, "No space left on device", "a/file"), 1, "x.py: a/file: No space left on device\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_ends(error, status, message):
    code = f"import sys; sys.path.insert(0, {str(BENCHES)!r}); import measuring\nfrom measuring import Failed\ndef main(): raise {error!r}\nmeasuring.end('x.py', main)"
    if isinstance(error, OSError):
        code = code.replace(repr(error), f"OSError{(error.errno, error.strerror, error.filename)!r}")
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (status, message)


CALLGRIND = """\
ob=(1) /usr/bin/python3.11
fl=(1) ???
fn=(1) main
0 10
cob=(2) /site-packages/swallow/_swallow.cpython-311-x86_64-linux-gnu.so
cfn=(2) _ZN8_swallow7control5enter10eval_frame17h0123456789abcdefE
calls=2 0
0 900

ob=(2)
fn=(2)
0 100
cfn=(3) _ZN8_swallow7control7compile9translate17h0123456789abcdefE
calls=1 0
0 700
cfn=(2)
calls=1 0
0 50
+3 50

fn=(3)
0 200
cfn=(4) _ZN4core3ops8function6FnOnce9call_once17h0123456789abcdefE.llvm.123
calls=1 0
0 500

fn=(4)'2
0 500

fn=(5) 0x0000000000001234
0 7
"""


def test_what_callgrind_has_seen(tmp_path):
    path = tmp_path / "callgrind.out"
    path.write_text(CALLGRIND, encoding="utf-8")
    profile = touched.Profile(path)
    enter, translate = "_ZN8_swallow7control5enter10eval_frame", "_ZN8_swallow7control7compile9translate"
    once = "_ZN4core3ops8function6FnOnce9call_once"
    assert profile.counts == {enter: 150, translate: 200, once: 500}
    assert profile.reached(profile.beginnings(), left_out=touched.COMPILE) >= {"main", enter}
    assert once not in profile.reached(profile.beginnings(), left_out=touched.COMPILE)
    assert profile.reached(touched.COMPILE, only=profile.counts) == {translate, once}


def test_order_of_the_list():
    often, shared, compiler, seldom = 1_000_000, 900, 5_000_000, 3
    counts = {"seldom": seldom, "compiler": compiler, "shared": shared, "often": often, "oftener": 2 * often}
    outside = {"often", "oftener", "shared", "seldom"}
    assert touched.ordered([(counts, outside, {"compiler", "shared"})]) == ["oftener", "often", "shared", "compiler", "seldom"]


def test_what_is_touched_lies_side_by_side():
    """The list is not out of date, and the linker has followed it."""
    module = check("import swallow._swallow as module; print(module.__file__)", "-Xjit=whenhot").stdout.strip()
    lines = subprocess.run(["nm", "--print-size", "--defined-only", module], capture_output=True, text=True, check=True).stdout.splitlines()
    symbols = [line.split() for line in lines if len(line.split()) == 4]
    listed = {line for line in (ROOT / "src/touched.txt").read_text(encoding="utf-8").splitlines() if not line.startswith("#")}
    places = [(touched.without_hash(name), int(address, 16), int(size, 16)) for address, size, kind, name in symbols if kind in "tT"]
    found = [(name, address, size) for name, address, size in places if name in listed and name.startswith("_ZN8_swallow")]
    names = {name for name, _, _ in found}
    ours = {name for name in listed if name.startswith("_ZN8_swallow")}
    assert len(names) > 0.75 * len(ours), f"make src/touched.txt anew (benches/touched.py): {sorted(ours - names)}"
    begin, end = min(address for _, address, _ in found), max(address + size for _, address, size in found)
    beside = sum(size for name, address, size in places if begin <= address < end and name not in listed)
    assert beside < 0.1 * sum(size for _, _, size in found)


def test_the_table_of_the_readme_is_replaced_and_nothing_else(tmp_path):
    old = (ROOT / "README.md").read_text()
    head, _, rest = old.partition("<!-- bench:start -->\n")
    table, _, tail = rest.partition("<!-- bench:end -->")
    # A line that says how it was measured, and the table.
    caption, lines = table.split("\n\n")
    assert "|" not in caption and all(line.startswith("|") for line in lines.splitlines())
    file = tmp_path / "README.md"
    file.write_text(old)
    row = {"name": "fib", "plain": 2.0, "jit": 0.5, "ratio": 4.0, "plain_runs": [2.0] * 5, "jit_runs": [0.5] * 5}
    report.write_readme(file, [row])
    new = file.read_text()
    assert new.startswith(head) and new.endswith(tail)
    inside = new[len(head) : -len(tail)]
    assert "medians of 5" in inside and "| fib | 2.00 s | 0.50 s | 4.00× |" in inside and "int_sum" not in inside
