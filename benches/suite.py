"""The pure-Python programs of pyperformance, for compare.py: real programs that nobody wrote for a JIT.

They are run where the package pyperformance is installed (`pip install pyperformance`, beside pyperf): nothing of it is kept here.
"""

import importlib.util
import re
import subprocess
from pathlib import Path

# Name, and what is given to its script.
SUITE = {
    "async_generators": [],
    "barnes_hut": [],
    "chaos": [],
    "comprehensions": [],
    "coroutines": [],
    "deepcopy": [],
    "deltablue": [],
    "fannkuch": [],
    "float": [],
    "generators": [],
    "go": [],
    "hexiom": [],
    "logging": [],
    "mdp": [],
    "meteor_contest": [],
    "nbody": [],
    "nqueens": [],
    "pickle": ["--pure-python", "pickle"],
    "pprint": [],
    "pyflate": [],
    "raytrace": [],
    "richards": [],
    "richards_super": [],
    "scimark": [],
    "spectral_norm": [],
    "telco": [],
    "unpack_sequence": [],
}

PREFIX = "pyperformance:"

# Seconds that the measured part of a program is to take under plain CPython.
LENGTH = 1.5

_UNITS = {"sec": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


class NoSuite(Exception):
    """pyperformance isn't there."""


def _packages():
    """The directory that pyperformance is installed in."""
    found = importlib.util.find_spec("pyperformance")
    if found is None or not found.submodule_search_locations:
        raise NoSuite("pyperformance isn't installed here: pip install pyperformance")
    return Path(found.submodule_search_locations[0]).parent


def environment():
    """Variables with which another interpreter finds pyperf."""
    return {"PYTHONPATH": str(_packages())}


def script(name):
    """The script of a program."""
    return _packages() / "pyperformance" / "data-files" / "benchmarks" / f"bm_{name}" / "run_benchmark.py"


def arguments(name, loops):
    """Script and arguments of a run in one process."""
    return [str(script(name)), "--worker", "--warmups", "0", "--values", "1", "--loops", str(loops), *SUITE[name]]


def loops(name, python, env):
    """How often to repeat a program so that it takes a while."""
    command = [python, *arguments(name, 1)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300, check=True)
    # "chaos: 43.0 ms", a line for each part.
    times = re.findall(r": ([0-9.]+) (\w+)$", done.stdout, flags=re.MULTILINE)
    seconds = sum(float(number) * _UNITS[unit] for number, unit in times)
    return max(1, round(LENGTH / seconds)) if seconds > 0 else 1
