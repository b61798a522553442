"""Every program in programs/ does the same in every mode as under plain CPython: stdout, stderr and exit status.

All the selected (program, mode) pairs run in the background, as many at a time as there are processors; a test waits for its own pair.
"""

import difflib
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from running import MODES, PROGRAMS, PYTHON, REFERENCE, check, run

NAMES = sorted(path.stem for path in PROGRAMS.glob("*.py"))


@pytest.fixture(scope="module")
def runs(request):
    """The future result of every selected pair, and under (program, None) the expected one."""
    pairs = [item.callspec.params for item in request.session.items if item.module is request.module and hasattr(item, "callspec")]
    pairs = [(params["name"], params["mode"]) for params in pairs if {"name", "mode"} <= params.keys()]
    pool = ThreadPoolExecutor(os.cpu_count() or 2)
    futures = {}
    for name, mode in pairs:
        program = PROGRAMS / f"{name}.py"
        if (name, None) not in futures:
            futures[name, None] = pool.submit(run, [REFERENCE, program])
        futures[name, mode] = pool.submit(run, [PYTHON, *MODES[mode], program])
    yield futures
    pool.shutdown(cancel_futures=True)


def difference(expected, got, what):
    """A short unified diff."""
    lines = list(difflib.unified_diff(expected.splitlines(), got.splitlines(), f"expected {what}", f"got {what}", n=1, lineterm=""))
    more = [f"... {len(lines) - 40} more lines"] if len(lines) > 40 else []
    return "\n".join(lines[:40] + more)


# What CPython itself does differently once a frame evaluation hook is set (ARCHITECTURE.md, "What a program can tell").
BY_HOOK = {"release_argument": "CALL keeps the arguments alive until the callee has returned"}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", NAMES)
def test_program(runs, name, mode, request):
    if name in BY_HOOK and mode != "never":
        request.applymarker(pytest.mark.xfail(reason=BY_HOOK[name], strict=False))
    expected = runs[name, None].result()
    got = runs[name, mode].result()
    assert expected.status is not None, f"the program does not end under {REFERENCE}"
    assert "UNSTABLE" not in expected.stdout, "the program is not repeatable under plain CPython"
    problems = []
    if got.status != expected.status:
        problems.append(f"exit status {got.status}, expected {expected.status}")
    if got.stdout != expected.stdout:
        problems.append(difference(expected.stdout, got.stdout, "stdout"))
    if got.stderr != expected.stderr:
        problems.append(difference(expected.stderr, got.stderr, "stderr"))
    assert not problems, f"{' '.join(MODES[mode])} {name}.py\n" + "\n".join(problems)


def test_there_are_programs():
    assert len(NAMES) >= 60


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode not in ("never", "takeover")])
def test_mode_compiles(mode):
    """The modes are what they say: without this, all the comparisons above could pass with a JIT that is off."""
    result = check(
        """
        import swallow

        def work(n):
            total = 0
            for i in range(n):
                total += i
            return total

        for _ in range(50000):
            work(10)
        left = sum(exit["count"] for exit in swallow.info(work)["exits"]) > 0
        print(swallow.is_compiled(work), left, swallow.stats()["recorded"] > 1000)
        """,
        *MODES[mode],
    )
    compiled, exits, recorded = result.stdout.split()
    if mode == "recorded":
        assert (compiled, recorded) == ("False", "True")
    elif "exits" in mode:
        # Code that keeps leaving may be given up again; but it must have been left.
        assert exits == "True"
    else:
        assert compiled == "True"


def test_mode_takes_over():
    """The same for the mode in which there is no frame hook."""
    result = check(
        """
        import swallow

        def work(n):
            i = 0
            while i < n:
                i += 1
            return i

        print(work(5_000_000))
        stats = swallow.stats()
        print(stats["takeovers"] > 0, stats["entries_loop"] > 0, swallow.info(work)["loops"][0]["compiled"])
        """,
        *MODES["takeover"],
    )
    assert result.stdout.split() == ["5000000", "True", "True", "True"]


COLLECTED = ("handlers_hot", "module_loops", "coroutines", "closures", "polymorphic_sites", "method_kinds", "plain_instructions")


@pytest.mark.parametrize("name", COLLECTED)
def test_garbage_collected_at_exits(name):
    """Whatever is alive at a side exit survives a collection there."""
    program = PROGRAMS / f"{name}.py"
    stress = ["-Xjit=always", "-X", "jit-opt=0", "-X", "jit-fail-guard=4", "-X", "jit-seed=7", "-X", "jit-gc-exits=10"]
    assert run([PYTHON, *stress, program]) == run([REFERENCE, program])
