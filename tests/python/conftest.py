"""What the Python tests share: the interpreter under test, and running it.

SWALLOW_TEST_PYTHON names an interpreter with the package installed (default: that of target/venv); pytest itself may run in any other.
SWALLOW_TEST_BACKEND names the code generator (see running.py).
"""

import os
import signal
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# A shell's background jobs are started with SIGINT ignored, and so would be all that we start.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def clean_environment(extra=None):
    """This environment without what would change a Python under test."""
    dropped = ("PYTHON", "SWALLOW_", "LD_LIBRARY_PATH")
    env = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    env["PYTHONHASHSEED"] = "0"
    env["PYTHONJITBACKEND"] = os.environ.get("SWALLOW_TEST_BACKEND", "")
    env.update(extra or {})
    return {name: value for name, value in env.items() if value is not None}


@pytest.fixture(scope="session")
def python():
    """Path of the interpreter under test."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    path = Path(os.environ.get("SWALLOW_TEST_PYTHON", target / "venv/bin/python"))
    if not path.exists():
        pytest.exit(f"{path} does not exist; `cargo xtask test` makes it", returncode=2)
    return str(path)


@pytest.fixture(scope="session")
def run_python(python):
    """Run the interpreter under test.

    `run_python(args, program, env={...})`: `args` are its options; `program` is the path of a program (a Path) or code (a str), or None
    if `args` says it all. Returns a CompletedProcess with text.
    """

    def run(args, program=None, *, env=None, timeout=120, cwd=None, input=None):
        command = [python, *args]
        if isinstance(program, Path):
            command.append(str(program))
        elif program is not None:
            command += ["-c", program]
        return subprocess.run(
            command, env=clean_environment(env), cwd=cwd, input=input, capture_output=True, text=True, timeout=timeout, check=False
        )

    return run
