"""No memory is lost: valgrind's verdict on programs under the JIT is the one on plain CPython. `cargo xtask test` installs it."""

import json
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from running import PROGRAMS, PYTHON, REFERENCE, ROOT, environment, run

# Program, options: code that is compiled, compiled again, left at guards, given back.
# LLVM is in the process that valgrind looks at; it doesn't follow another one.
INPROCESS = ["-X", "jit-codegen=inprocess"]
CASES = {
    "hot": (ROOT / "benches/programs/nbody.py", ["2000"], ["-Xjit=whenhot"]),
    "recompiled": (PROGRAMS / "global_constants.py", [], ["-Xjit=whenhot"]),
    "exits": (PROGRAMS / "float_mixed.py", [], ["-Xjit=whenhot", "-X", "jit-threshold=100", "-X", "jit-fail-guard=3"]),
    "dropped": (ROOT / "benches/churn.py", ["--count", "30", "--check"], ["-Xjit=whenhot", "-X", "jit-opt=0"]),
}

KINDS = ("definitely", "indirectly", "possibly")


def lost(python, options, program, arguments):
    """Bytes lost by kind, and the errors of other kinds that valgrind saw."""
    suppressions = sorted(Path(ROOT / "valgrind-suppressions").glob("*.supp"))
    command = [
        "valgrind",
        "--smc-check=all-non-file",
        "--leak-check=full",
        "--num-callers=40",
        *[f"--suppressions={path}" for path in suppressions],
        python,
        *options,
        str(program),
        *arguments,
    ]
    done = subprocess.run(command, env=environment(PYTHONMALLOC="malloc"), capture_output=True, text=True, timeout=900)
    report = done.stderr
    if "All heap blocks were freed" in report:
        return dict.fromkeys(KINDS, 0), [], done
    bytes_lost = {}
    for kind in KINDS:
        found = re.search(rf"{kind} lost: ([\d,]+) bytes", report)
        assert found, f"{' '.join(command)}\n{report[-4000:]}"
        bytes_lost[kind] = int(found.group(1).replace(",", ""))
    errors = re.findall(r"== (Invalid .*|.*uninitialised.*)", report)
    return bytes_lost, errors, done


@pytest.mark.parametrize("case", CASES)
def test_no_leak(case):
    program, arguments, options = CASES[case]
    with ThreadPoolExecutor(2) as pool:
        ours = pool.submit(lost, PYTHON, [*options, *INPROCESS], program, arguments)
        plain = pool.submit(lost, REFERENCE, [], program, arguments)
        (got, errors, done), (expected, _, _) = ours.result(), plain.result()
    assert done.returncode == 0, done.stderr[-4000:]
    assert got == expected, done.stderr[-8000:]
    assert not errors, done.stderr[-8000:]


def test_the_code_of_a_helper_runs_under_valgrind():
    """Code that the helper writes, and writes over old code, which valgrind has translations of."""
    program = str(ROOT / "benches/programs/factory.py")
    expected = run([REFERENCE, program, "20"])
    got = run(["valgrind", "--tool=none", "-q", PYTHON, "-Xjit=whenhot", "-X", "jit-stats", program, "20"])
    assert (got.status, got.stdout) == (0, expected.stdout), got
    stats = json.loads([line for line in got.stderr.splitlines() if line.startswith("{")][-1])
    assert stats["helper_starts"] >= 1 and stats["units_compiled"] >= 1, stats
    assert stats["entries_hook"] + stats["entries_vectorcall"] + stats["entries_loop"] >= 1, stats
