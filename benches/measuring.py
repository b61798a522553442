"""What growth.py, latency.py, kills.py, linking.py, memory_never.py and ledger.py share: how their options are read, and how a process is run to its end.

They run under any Python: what `swallow perf` has for that is taken from this checkout.
"""

import argparse
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "python"))
from swallow.perf import configurations, process  # noqa: E402 - it lies in the directory above

# What `holds` reads is printed with these.
LOG = ("-X", "jit-log=_swallow::control::compile=debug")
HOLD = re.compile(r'hold what="\w+" us=(\d+) cpu=(\d+)')


class Failed(Exception):
    """A measurement came to nothing; one line says why."""


def holds(messages):
    """All holds that the log on stderr tells of: pairs of ms by the clock and on the processor."""
    return [(int(clock) / 1e3, int(processor) / 1e3) for clock, processor in HOLD.findall(messages)]


# ---- options


def is_installed(package):
    """Whether there is such a package."""
    return importlib.util.find_spec(package) is not None


def interpreter(text):
    """The full path of an interpreter."""
    try:
        return configurations.located(text)
    except configurations.BadConfiguration as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def interpreter_with_jit(text):
    """The full path of an interpreter that the JIT works in."""
    path = interpreter(text)
    try:
        found = configurations.probe(configurations.Configuration("it does not run", path, configurations.JIT), environment())
    except configurations.BadConfiguration as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if not found["jit"]:
        raise argparse.ArgumentTypeError(f"{text}: the JIT isn't installed for it")
    return path


def count(text):
    """A whole number above 0."""
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: expected a whole number above 0")
    return number


def output(text):
    """A file to be written at the end, when much has been measured."""
    path = Path(text)
    if path.is_dir() or not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"{text}: it can't be written")
    return path


def picture(text):
    """The same for a picture."""
    path = output(text)
    if path.suffix not in (".png", ".svg"):
        raise argparse.ArgumentTypeError(f"{text}: expected a name that ends in .png or .svg")
    if not is_installed("matplotlib"):
        raise argparse.ArgumentTypeError("it needs matplotlib: pip install matplotlib")
    return path


# ---- processes


def environment(**more):
    """The environment of the runs, without what would change a Python or the JIT."""
    return {name: value for name, value in process.environment().items() if not name.startswith("SWALLOW_")} | more


def run(command, what, env, timeout=600.0, **options):
    """Runs a process to its end, which must be a good one; `what` names it."""
    try:
        done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False, **options)
    except subprocess.TimeoutExpired:
        raise Failed(f"{what}: no end after {timeout:g} s") from None
    except OSError as error:
        raise Failed(f"{what}: {command[0]}: {error.strerror}") from None
    if done.returncode != 0:
        messages = done.stderr if isinstance(done.stderr, str) else done.stderr.decode("utf-8", "backslashreplace")
        last = messages.strip().splitlines()[-1:] or ["no message"]
        raise Failed(f"{what}: exit status {done.returncode}: {last[0]}")
    return done


def need_valgrind():
    """Fails if valgrind isn't installed."""
    try:
        subprocess.run(["valgrind", "--version"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        raise Failed("valgrind does not run: apt-get install valgrind") from None


def end(name, main):
    """Runs a program's `main` and ends the process with its status."""
    try:
        status = main()
    except Failed as error:
        status = f"{name}: {error}"
    except OSError as error:
        status = f"{name}: {': '.join(filter(None, (error.filename and str(error.filename), error.strerror or str(error))))}"
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)
