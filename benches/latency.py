"""How long a program waits for native code, and how long it is held up: the three latencies that have a bar.

    python benches/latency.py --python VENV/bin/python [--runs 5] [--pythonpath DIR] [--json FILE] [--no-programs]

  first   ms from the call in which a program's first unit got hot to its first entry into native code: the start of the code generator's process is
          in it, and that somebody comes by and looks (bar: 60)
  later   ms for units of 20 to 200 bytecode instructions after that, from LLVM at -X jit-opt=2 (bar: 15); also as the JIT does it by itself. The code
          generator is there, and has not given back its memory (-X jit-idle); *rested*: it has
  holds   ms of the 99th percentile of all holds, the moments in which a thread of the program does nothing but compile, over the programs of the group
          `seed` (bar: 2); beside it the time on the processor, in which other programs have no part

Beside the times by the clock are those on a processor: of the code generator's process (schedstat), and of the holds; on a busy machine they tell more.
All are medians of --runs runs. The holds are read from -X jit-log. The exit status is 1 where a bar is missed. Django's programs need the packages of
benches/programs/requirements.txt, or --pythonpath.
"""

import argparse
import json
import os
import statistics
import sys

import measuring
from measuring import HERE, Failed

PROGRAMS = HERE / "programs"
BARS = {"first": 60.0, "later": 15.0, "holds": 2.0}

# Sizes at which a program takes some seconds.
SIZES = {
    "nbody": 100_000,
    "seed_2to3": 8,
    "seed_django": 10,
    "seed_rietveld": 10,
    "seed_slowpickle": 5,
    "seed_slowspitfire": 5,
    "seed_slowunpickle": 5,
    "seed_spambayes": 5,
}

# The units whose latency is measured one after the other: shape and size.
UNITS = [(shape, size) for size in (20, 50, 100, 150, 190) for shape in ("straight", "switch", "tries", "locals", "calls")]

FIRST = """
import time
import swallow

def first(a):
    return a * 3 + 1

hot = None
while True:
    before = time.perf_counter()
    first(3)
    stats = swallow.stats()
    # It is hot when it has become worth its compilation.
    if hot is None and stats["helper_starts"]:
        hot = before
    if stats["entries_hook"] + stats["entries_vectorcall"] + stats["entries_loop"]:
        break
took = time.perf_counter() - hot
with open(f"/proc/{stats['helper_pid']}/schedstat") as file:
    print(took, int(file.read().split()[0]) / 1e9 + stats["compile_ns"] / 1e9)
"""

CHILD = """
import swallow
# Neither what is imported nor what makes the functions is to get hot.
swallow.set_control("never")
import itertools, json, operator, sys, time
sys.path.insert(0, sys.argv[1])
import growth_shapes

ENTRIES = ("entries_hook", "entries_vectorcall", "entries_loop")
clock = time.perf_counter

def wait(function):
    '''Calls it until it runs natively: the seconds since the call in which it got hot.'''
    stats = swallow.stats()
    tried, entered = stats["compiles_tried"], sum(stats[name] for name in ENTRIES)
    hot = clock()
    while True:
        function(3)
        if swallow.stats()["compiles_tried"] > tried:
            break
        hot = clock()
    # Not a loop of Python's, which would be hot at once.
    is_there = map(swallow.is_compiled, itertools.repeat(function, 10_000_000))
    calls = map(function, itertools.repeat(3))
    assert any(map(operator.itemgetter(0), zip(is_there, calls))), swallow.info(function)
    function(3)
    took = clock() - hot
    stats = swallow.stats()
    assert sum(stats[name] for name in ENTRIES) > entered
    return took

def quiet():
    '''Waits until nothing is being compiled any more.'''
    since, before = clock(), None
    while clock() - since < float(sys.argv[3]):
        time.sleep(0.01)
        stats = swallow.stats()
        now = stats["compiles_tried"], stats["units_compiled"], stats["places_compiled"]
        if now != before:
            since, before = clock(), now

def on_processor():
    '''Seconds that the code generator's process has had, and the program for compiling.'''
    stats = swallow.stats()
    with open(f"/proc/{stats['helper_pid']}/schedstat") as file:
        return int(file.read().split()[0]) / 1e9 + stats["compile_ns"] / 1e9

functions = [(shape, growth_shapes.make(shape, size)) for shape, size in json.loads(sys.argv[2])]
counts = [growth_shapes.instructions(function) for _, function in functions]
swallow.set_control("whenhot")
# What measures is new each time, so that it never gets hot.
for _, function in functions[:5]:
    growth_shapes.copy(wait)(growth_shapes.copy(function))
found = []
for (shape, function), count in zip(functions, counts):
    if count > 200:
        continue
    growth_shapes.copy(quiet)()
    before = growth_shapes.copy(on_processor)()
    seconds = growth_shapes.copy(wait)(function)
    found.append([shape, count, seconds, growth_shapes.copy(on_processor)() - before])
print(json.dumps(found))
"""


def run(command, what, pythonpath=None):
    """Runs a process to its end."""
    return measuring.run(command, what, measuring.environment(**({"PYTHONPATH": pythonpath} if pythonpath else {})), text=True)


# What the bar of later units speaks of.
AT_O2 = ["-X", "jit-backend=llvm", "-X", "jit-opt=2"]
# For later units. Below 100 nothing is judged, so that the first attempt counts; the code generator stays.
HASTY = ["-X", "jit-threshold=90"]
# Milliseconds: one that stays as it is, one that has given its memory back behind the pause before each unit, and is still there.
READY, RESTED = 600_000, 900


def first(python):
    """Seconds to the first native entry of a program, and those of them on a processor."""
    return [float(word) for word in run([python, "-Xjit=whenhot", "-c", FIRST], "the first entry").stdout.split()]


def later(python, *options, idle=READY):
    """For each unit its shape, instructions, seconds to its code, and the seconds on a processor for it."""
    pause = 0.2 if idle == READY else 0.4
    command = [python, "-Xjit=whenhot", *HASTY, "-X", f"jit-idle={idle}", *options, "-c", CHILD, str(HERE), json.dumps(UNITS), str(pause)]
    return json.loads(run(command, "later units").stdout)


def holds(python, name, pythonpath):
    """All holds of a program: pairs of ms by the clock and on the processor."""
    command = [python, "-Xjit=whenhot", *measuring.LOG, str(PROGRAMS / f"{name}.py"), str(SIZES[name])]
    found = measuring.holds(run(command, name, pythonpath).stderr)
    if not found:
        raise Failed(f"{name}: nothing was compiled")
    return found


def percentile(values, share):
    """The value that no more than the rest of that share exceeds."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--python", required=True, type=measuring.interpreter_with_jit, help="the interpreter that has the JIT installed")
    parser.add_argument("--runs", type=measuring.count, default=5, help="runs of everything (default: %(default)s)")
    parser.add_argument("--pythonpath", help="where Django is, if it is not installed")
    parser.add_argument("--no-programs", action="store_true", help="leave the holds out")
    parser.add_argument("--json", type=measuring.output, metavar="FILE", help="write everything there")
    options = parser.parse_args()
    assert all(size <= 200 for _, size in UNITS)
    load = os.getloadavg()[0]
    if load > 1:
        print(f"the machine is busy (load {load:.1f}): times by the clock will be too long")
    found, failures = {}, []

    def judge(name, value, text):
        print(f"{text}: {value:.2f} ms (bar: {BARS[name]:g})", flush=True)
        if value > BARS[name]:
            failures.append(f"{name}: {value:.2f} ms, the bar is {BARS[name]:g}")

    found["first"] = [first(options.python) for _ in range(options.runs)]
    took, busy = (1e3 * statistics.median(column) for column in zip(*found["first"]))
    judge("first", took, f"first native entry, the code generator's start included, {busy:.2f} ms of it on a processor")
    o2 = [later(options.python, *AT_O2) for _ in range(options.runs)]
    rested = [later(options.python, *AT_O2, idle=RESTED) for _ in range(options.runs)]
    default = [later(options.python) for _ in range(options.runs)]
    found["o2"], found["rested"], found["default"] = o2, rested, default
    for name, runs in (("LLVM at O2", o2), ("LLVM at O2, rested", rested), ("default", default)):
        units = [1e3 * statistics.median(unit[2] for unit in same) for same in zip(*runs)]
        work = [1e3 * statistics.median(unit[3] for unit in same) for same in zip(*runs)]
        middle = statistics.median(units)
        print(f"later units, {name}: {min(units):.2f} to {max(units):.2f} ms, median {middle:.2f}, on a processor {min(work):.2f} to {max(work):.2f}")
        for (shape, count, *_), took, phases in zip(runs[0], units, work):
            print(f"    {shape:<10}{count:>5} instructions{took:>9.2f} ms{phases:>9.2f} ms on a processor")
        if runs is o2:
            busy = statistics.median(work)
            judge(
                "later",
                middle,
                f"later units of at most 200 instructions, LLVM at O2, median, {busy:.2f} ms of it on a processor",
            )
    if not options.no_programs:
        names = json.loads((PROGRAMS / "groups.json").read_text())["seed"]
        found["holds"] = {name: [holds(options.python, name, options.pythonpath) for _ in range(options.runs)] for name in names}
        print(f"{'holds':<22}{'number':>8}{'> 2 ms':>8}{'p99':>9}{'longest':>9}{'p99 cpu':>9}{'longest':>9}   medians")
        for name, runs in [*found["holds"].items(), ("all", [sum(same, []) for same in zip(*found["holds"].values())])]:
            rows = []
            for each in runs:
                clock, processor = zip(*each)
                rows.append(
                    [
                        len(each),
                        sum(ms > 2 for ms in clock),
                        percentile(clock, 0.99),
                        max(clock),
                        percentile(processor, 0.99),
                        max(processor),
                    ]
                )
            middle = [statistics.median(column) for column in zip(*rows)]
            print(f"{name:<22}{middle[0]:>8.0f}{middle[1]:>8.0f}" + "".join(f"{value:>9.2f}" for value in middle[2:]), flush=True)
        judge("holds", middle[2], "99th percentile of all holds")
    for failure in failures:
        print(f"latency.py: {failure}", file=sys.stderr)
    if options.json:
        options.json.write_text(json.dumps(found | {"failures": failures}, indent=2) + "\n")
    return 1 if failures else 0


if __name__ == "__main__":
    measuring.end("latency.py", main)
