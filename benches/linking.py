"""The code generator with LLVM inside against the one that uses the system's libLLVM: start-up, memory and size.

    python benches/linking.py STATIC/swallow-codegen DYNAMIC/swallow-codegen --python VENV/bin/python [--runs 5] [--units 50] [--json FILE]

The executables are built with `cargo build --profile generator --no-default-features` and `--features llvm-static` or `llvm-dynamic`. The installed
package is used with each in turns (SWALLOW_DEV_CODEGEN).

  start     ms from asking for the first unit to its code, less what the same unit takes later: the process and its setup
  private   kB of Private_* in the smaps of the process, alive and idle, after one unit and after many
  pss       the same with its part of the shared pages
  file      bytes of the executable, and of the libLLVM that it loads

Medians of the runs.
"""

import argparse
import json
import os
import re
import select
import statistics
import subprocess
from pathlib import Path

import measuring
from measuring import HERE, Failed

# Seconds that units may take.
TIMEOUT = 120.0

CHILD = """
import json, sys, time
sys.path.insert(0, sys.argv[1])
import growth_shapes
import swallow

def compiled(number):
    shapes = list(growth_shapes.SHAPES)
    function = growth_shapes.make(shapes[number % len(shapes)], 40 + number)
    for a in range(20):
        function(a)
    start = time.perf_counter()
    assert swallow.compile(function), swallow.info(function)
    return time.perf_counter() - start

def say(seconds):
    print(json.dumps([seconds, swallow.stats()["helper_pid"]]), flush=True)
    sys.stdin.readline()

first = compiled(0)
say(first)
again = min(compiled(0) for _ in range(3))
for number in range(1, int(sys.argv[2])):
    compiled(number)
say(again)
"""


def measure(python, executable, units):
    """One process of the program, and its code generator."""
    # It needs psutil, of which there has been no word yet when this file is loaded.
    from swallow.perf.memory import usage

    env = measuring.environment(SWALLOW_DEV_CODEGEN=str(executable))
    options = ["-X", "jit-backend=llvm", "-X", "jit-threshold=4000000000", "-X", "jit-warm=0", "-X", "jit-idle=600000"]
    command = [python, "-Xjit=whenhot", *options, "-c", CHILD, str(HERE), str(units)]
    with subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        found = []
        for _ in range(2):
            if not select.select([process.stdout], [], [], TIMEOUT)[0]:
                process.kill()
                raise Failed(f"{executable}: no code after {TIMEOUT:g} s")
            line = process.stdout.readline()
            if not line:
                raise Failed(f"{executable}: the program ended with {process.wait()}")
            seconds, pid = json.loads(line)
            used = usage(pid) if pid else None
            if used is None:
                process.kill()
                raise Failed(f"{executable}: it has ended meanwhile")
            found.append((seconds, *used))
            process.stdin.write("\n")
            process.stdin.flush()
    (first, private_1, pss_1), (again, private_n, pss_n) = found
    return {
        "start": 1e3 * (first - again),
        "first": 1e3 * first,
        "private_1": private_1,
        "private_n": private_n,
        "pss_1": pss_1,
        "pss_n": pss_n,
    }


def library(executable):
    """The libLLVM that an executable loads, or None."""
    done = subprocess.run(["ldd", str(executable)], capture_output=True, text=True)
    found = re.search(r"libLLVM\S* => (\S+)", done.stdout)
    return Path(found[1]).resolve() if found else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("executables", nargs=2, type=Path, help="swallow-codegen, linked statically and dynamically")
    parser.add_argument("--python", required=True, type=measuring.interpreter_with_jit, help="the interpreter that has the JIT installed")
    parser.add_argument("--runs", type=measuring.count, default=5, help="processes with each (default: %(default)s)")
    parser.add_argument("--units", type=measuring.count, default=50, help="units compiled by the end (default: %(default)s)")
    parser.add_argument("--json", type=measuring.output, metavar="FILE", help="write everything there")
    options = parser.parse_args()
    if not measuring.is_installed("psutil"):
        parser.error("it needs psutil: pip install psutil")
    paths = [path.resolve() for path in options.executables]
    for path in paths:
        if not path.is_file() or not os.access(path, os.X_OK):
            parser.error(f"{path}: no such program")
    runs = {path: [] for path in paths}
    for _ in range(options.runs):
        for path in paths:
            runs[path].append(measure(options.python, path, options.units))
    result = {}
    columns = (
        "start, ms",
        "first unit, ms",
        "private after 1, kB",
        f"private after {options.units}, kB",
        "pss after 1, kB",
        f"pss after {options.units}, kB",
    )
    print(f"{'':<9}" + "".join(f"{column:>22}" for column in columns) + f"{'file, kB':>12}{'libLLVM, kB':>13}")
    for path in paths:
        llvm = library(path)
        middle = {name: statistics.median(run[name] for run in runs[path]) for name in runs[path][0]}
        middle |= {"file": path.stat().st_size, "library": llvm.stat().st_size if llvm else 0}
        result[str(path)] = middle
        values = [middle[name] for name in ("start", "first", "private_1", "private_n", "pss_1", "pss_n")]
        cells = "".join(f"{value:>22.1f}" for value in values)
        print(f"{'dynamic' if llvm else 'static':<9}{cells}{middle['file'] // 1024:>12}{middle['library'] // 1024:>13}")
    if options.json:
        options.json.write_text(
            json.dumps({"medians": result, "runs": {str(path): each for path, each in runs.items()}}, indent=2) + "\n"
        )
    return 0


if __name__ == "__main__":
    measuring.end("linking.py", main)
