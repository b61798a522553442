"""What the benches of stages measure in a running Python (`benches/stages/live.py`): it answers, and measures what it says."""

import subprocess
from pathlib import Path

import pytest
import running

LIVE = Path(__file__).parents[2] / "benches" / "stages" / "live.py"
COLD = ("jit=whenhot", "jit-threshold=4294967295", "jit-warm=4294967295")


def ask(python, options, words, questions="3\n250\n"):
    """What it answers and complains about."""
    command = [python, "-I", *(f"-X{option}" for option in options), str(LIVE), *words]
    return subprocess.run(command, input=questions, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (COLD, "call c compiled"),
        (COLD, "call python compiled"),
        (COLD, "call c interpreted"),
        (("jit=never",), "call python interpreted"),
        ((*COLD, "jit-fail-guard=1"), "exit leaves"),
        ((*COLD, "jit-fail-guard=1", "jit-backend=cranelift"), "exit leaves"),
        ((*COLD, "jit-fail-guard=9223372036854775807"), "exit stays"),
        ((*COLD, "jit-backend=cranelift"), "release code"),
        ((*COLD, "jit-backend=cranelift"), "release compiled"),
        (COLD, "release interpreted"),
    ],
)
def test_answers(python, options, words):
    done = ask(python, options, words.split())
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 2 and all(int(line) > 0 for line in done.stdout.splitlines())


def test_it_does_not_measure_something_else(python):
    """The counters tell: no exit where each call should have one, and the other way round."""
    for guard, what, count in ((9223372036854775807, "leaves", 0), (1, "stays", 3)):
        done = ask(python, (*COLD, f"jit-fail-guard={guard}"), ["exit", what])
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == f"live.py exit {what}: {count} side exits in 3 calls\n"


def test_an_interpreter_without_the_jit():
    done = ask(running.REFERENCE, (), ["exit", "stays"])
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"live.py exit stays: no JIT in {running.REFERENCE}: No module named 'swallow'\n"
