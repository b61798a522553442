"""The programs in benches/: mistakes are one line before anything is measured, and what can go wrong in a measurement is one line, too."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
from running import PYTHON, REFERENCE, ROOT, check, environment

BENCHES = ROOT / "benches"
sys.path.insert(0, str(BENCHES))
import growth  # noqa: E402 - these lie in benches
import latency  # noqa: E402
import linking  # noqa: E402
import measuring  # noqa: E402
import report  # noqa: E402

PROGRAMS = {"growth.py": [], "latency.py": [], "kills.py": [], "linking.py": [sys.executable, sys.executable]}


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
