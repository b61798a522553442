"""Running programs under the interpreter that has the JIT and under plain CPython, for all the tests here.

SWALLOW_TEST_PYTHON names the interpreter with the package installed (default: that of target/venv), SWALLOW_TEST_REFERENCE the plain one
(default: /usr/bin/python3.11). SWALLOW_TEST_BACKEND names the code generator with which all that do not choose one are run.
"""

import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROGRAMS = HERE / "programs"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
PYTHON = os.environ.get("SWALLOW_TEST_PYTHON") or str(TARGET / "venv" / "bin" / "python")
REFERENCE = os.environ.get("SWALLOW_TEST_REFERENCE") or "/usr/bin/python3.11"
BACKEND = os.environ.get("SWALLOW_TEST_BACKEND") or ""
TIMEOUT = 120.0

# Every way to run a program that must not show in its output. The forced exits are the sharp ones: the N-th execution of any guard
# fails, so the interpreter takes over at places where it rarely would. Exits look different in code that is not optimised, so most have that: it
# also compiles five times as fast. Where the program waits for code, what is compiled does not depend on the clock.
IN_PROCESS = ["-X", "jit-codegen=inprocess"]
WAIT = ["-X", "jit-wait"]
# That of the suite if one is named, otherwise LLVM at once: by itself it comes second, for what stays hot.
LLVM = [] if BACKEND else ["-X", "jit-backend=llvm"]
MODES = {
    "never": ["-Xjit=never"],
    "recorded": ["-Xjit=whenhot", "-X", "jit-threshold=4294967295", "-X", "jit-warm=0"],
    "threshold-1": ["-Xjit=whenhot", "-X", "jit-opt=0", "-X", "jit-threshold=1", *IN_PROCESS],
    "threshold-50": ["-Xjit=whenhot", *LLVM, "-X", "jit-opt=0", "-X", "jit-threshold=50", *WAIT],
    "whenhot": ["-Xjit=whenhot"],
    "always": ["-Xjit=always", *LLVM],
    "exits-1": ["-Xjit=always", *LLVM, "-X", "jit-opt=0", "-X", "jit-fail-guard=1", *IN_PROCESS],
    "exits-3": ["-Xjit=always", *LLVM, "-X", "jit-opt=0", "-X", "jit-fail-guard=3", *WAIT],
    "exits-31": ["-Xjit=whenhot", *LLVM, "-X", "jit-threshold=60", "-X", "jit-fail-guard=31", *IN_PROCESS],
    "cranelift": ["-Xjit=always", "-X", "jit-backend=cranelift", *IN_PROCESS],
    "cranelift-exits-3": ["-Xjit=always", "-X", "jit-backend=cranelift", "-X", "jit-fail-guard=3", *WAIT],
    "tiered": ["-Xjit=whenhot", "-X", "jit-backend=tiered", "-X", "jit-threshold=20", *IN_PROCESS],
    "takeover": ["-Xjit=whenhot", "-X", "jit-threshold=1", "-X", "jit-warm=0", "-X", "jit-takeover=20", *WAIT],
    "exits-random": ["-Xjit=always", "-X", "jit-opt=0", "-X", "jit-fail-guard=5", "-X", "jit-seed=1", *IN_PROCESS],
}


@dataclass(frozen=True)
class Result:
    """What one process did. A status of None means that it was killed after `TIMEOUT`."""

    status: int | None
    stdout: str
    stderr: str

    def __str__(self):
        ending = f"no end after {TIMEOUT} s" if self.status is None else f"exit status {self.status}"
        return f"{ending}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"


def environment(**extra):
    """An environment in which outputs are repeatable and no setting of ours leaks in."""
    dropped = ("PYTHON", "SWALLOW_", "LD_LIBRARY_PATH")
    env = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    env["PYTHONHASHSEED"] = "0"
    if BACKEND:
        env["PYTHONJITBACKEND"] = BACKEND
    env.update(extra)
    return env


def run(command, timeout=None, **extra):
    """Run a command to its end."""
    try:
        done = subprocess.run(
            [str(part) for part in command],
            env=environment(**extra),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout or TIMEOUT,
        )
    except subprocess.TimeoutExpired as expired:
        return Result(None, decoded(expired.stdout), decoded(expired.stderr))
    except FileNotFoundError:
        sys.exit(f"no interpreter at {command[0]}: build it with `cargo xtask test`, or set SWALLOW_TEST_PYTHON and SWALLOW_TEST_REFERENCE")
    return Result(done.returncode, decoded(done.stdout), decoded(done.stderr))


# The processes of `run_alone` that run now: sessions of their own, which an interrupt of ours does not reach.
alone = set()


def kill(process):
    """Ends a process of `alone` and what it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def run_alone(command, timeout, **options):
    """Run a command in a session of its own; its status, or None if it was killed after that time, stdout and stderr as bytes, seconds."""
    start = time.monotonic()
    process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True, **options)
    alone.add(process)
    try:
        stdout, stderr = process.communicate(timeout=timeout)
        status = process.returncode
    except subprocess.TimeoutExpired:
        kill(process)
        stdout, stderr = process.communicate()
        status = None
    finally:
        if process.returncode is None:
            kill(process)
        alone.discard(process)
    return status, stdout, stderr, time.monotonic() - start


def decoded(data):
    """Bytes, or None, as text."""
    return (data or b"").decode("utf-8", "backslashreplace")


def check(source, *options, status=0, timeout=None, **extra):
    """Run a piece of Python under the JIT; it must end with that status. The result, for what must be looked at from outside.

    The program waits for code, so that what has become hot is compiled.
    """
    extra = {"PYTHONJITWAIT": "1", **extra}
    result = run([PYTHON, *options, "-c", textwrap.dedent(source)], timeout=timeout, **extra)
    assert result.status == status, result
    return result
