"""Which functions of the extension module real programs touch: the list by which the linker puts them side by side (src/touched.txt, build.rs).

    python benches/touched.py --python VENV/bin/python [--pythonpath DIR] [--jobs 2] [--output src/touched.txt] [name=n …]

The system maps code in windows of 64 kB. Half of the module is touched seldom or never (messages, error paths, what only options need); mixed with the
rest it would be in memory all the same. So each program runs under valgrind's callgrind, and what it calls is listed:

  - first what runs often, what runs most first: the evaluator and the runtime;
  - then what compilations share with that, such as the allocator;
  - then what only compilations reach: it goes as soon as the module's pages are given back;
  - then what runs seldom, and what is only reached at the start and the end of the process.

Names are without the hash at their end, so that the list outlives other versions of dependencies and of the compiler. A name that is gone does no harm; make the
list anew when the module's memory has grown (`swallow perf -m`). The module must be one with symbols, as `cargo xtask run` installs it.
"""

import argparse
import os
import re
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import measuring
from measuring import Failed

PROGRAMS = measuring.HERE / "programs"
SIZES = {
    "fannkuch": 7,
    "factory": 20,
    "fib": 22,
    "nbody": 60_000,
    "nqueens": 7,
    "scheduler": 20,
    "seed_2to3": 1,
    "seed_django": 1,
    "seed_rietveld": 1,
    "seed_slowpickle": 40,
    "seed_slowspitfire": 2,
    "seed_slowunpickle": 1,
    "seed_spambayes": 3000,
}
MODULE = "_swallow."
TIMEOUT = 1500.0

# Where a compilation begins, and what runs once. Their closures have other names.
COMPILE = {"_ZN8_swallow7control7compile9translate"}
ONCE = {"PyInit__swallow", "_ZN8_swallow6python5start", "_ZN8_swallow6python9shut_down"}

# Instructions of a run up to which a function counts as run seldom.
SELDOM = 20_000

# Lines of callgrind's output: `fn=(3) name`, later only `fn=(3)`.
NAMED = re.compile(r"(fn|ob|cfn|cob)=\((\d+)\)(?: (.*))?")
HASH = re.compile(r"17h[0-9a-f]{16}E.*$|\.llvm\.\d+$|'\d+$")

HEADER = """\
# Functions of the extension module that programs touch, those that run most first. The linker puts them side by side (build.rs).
# Made by benches/touched.py; mangled names without their hashes.
"""


def without_hash(name):
    """A mangled name as any build has it."""
    previous = None
    while name != previous:
        previous, name = name, HASH.sub("", name)
    return name


class Profile:
    """What callgrind has written: instructions that each function of the module has run itself, and who calls whom, in all objects."""

    def __init__(self, path):
        self.counts = Counter()
        self.calls = {}
        names = {}
        objects = {}
        function = callee = None
        ours = called = False
        with open(path, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if match := NAMED.match(line):
                    kind, number, name = match.groups()
                    table = objects if kind.endswith("ob") else names
                    if name is not None:
                        table[number] = without_hash(name.strip())
                    if kind == "ob":
                        ours = MODULE in objects[number]
                    elif kind == "fn":
                        function = names[number]
                        self.calls.setdefault(function, set())
                    elif kind == "cfn":
                        callee = names[number]
                elif line.startswith("calls="):
                    self.calls[function].add(callee)
                    called = True
                elif line[0] in "0123456789+-*":
                    # The line behind `calls=` is what the callee has run.
                    # What has no name can't be listed.
                    if ours and not called and not function.startswith("0x"):
                        self.counts[function] += int(line.split()[1])
                    called = False

    def beginnings(self):
        """Where threads begin."""
        called = set().union(*self.calls.values())
        return [function for function in self.calls if function not in called]

    def reached(self, beginnings, left_out=frozenset(), only=None):
        """What is called from there, not through what is left out, and perhaps only through some functions."""
        found = set()
        ahead = list(beginnings)
        while ahead:
            function = ahead.pop()
            if function not in found and function not in left_out and (only is None or function in only):
                found.add(function)
                ahead.extend(self.calls.get(function, ()))
        return found


def measure(options, program, size):
    """What a program runs: instructions of each function; those reached other than by compilations or once, and those reached by compilations."""
    env = measuring.environment() | ({"PYTHONPATH": options.pythonpath} if options.pythonpath else {})
    with tempfile.TemporaryDirectory(prefix="swallow-touched-") as directory:
        path = Path(directory) / "callgrind.out"
        tool = ["valgrind", "--tool=callgrind", "--demangle=no", f"--callgrind-out-file={path}"]
        command = [*tool, options.python, "-Xjit=whenhot", str(PROGRAMS / f"{program}.py"), str(size)]
        measuring.run(command, program, env, timeout=TIMEOUT, cwd=PROGRAMS)
        profile = Profile(path)
    missing = (COMPILE | ONCE) - set(profile.calls)
    if missing:
        raise Failed(f"{program}: the module has no symbols, or other functions: {', '.join(sorted(missing))}")
    print(f"{program}: {len(profile.counts)} functions", flush=True)
    outside = profile.reached(profile.beginnings(), left_out=COMPILE | ONCE)
    return profile.counts, outside, profile.reached(COMPILE, only=profile.counts)


def ordered(runs):
    """The names, as the list has them."""
    counts, outside, compiling = Counter(), set(), set()
    for more, reached_outside, reached_compiling in runs:
        for name, count in more.items():
            counts[name] = max(counts[name], count)
        outside |= reached_outside
        compiling |= reached_compiling

    def place(name):
        if name in compiling:
            return 1 if name in outside else 2
        return 0 if name in outside and counts[name] > SELDOM else 3

    return sorted(counts, key=lambda name: (place(name), -counts[name], name))


def size(text):
    """`name=n`."""
    name, _, number = text.partition("=")
    if name not in SIZES or not number.isdecimal():
        raise argparse.ArgumentTypeError(f"{text}: expected name=n with one of {', '.join(SIZES)}")
    return name, int(number)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=measuring.interpreter_with_jit, required=True, help="an interpreter that the JIT is installed for")
    parser.add_argument("--pythonpath", help="where Django and what it needs lie")
    parser.add_argument("--jobs", type=measuring.count, default=os.cpu_count(), help="programs at once (%(default)s)")
    parser.add_argument("--output", type=measuring.output, default=measuring.HERE.parent / "src" / "touched.txt", help="the list (%(default)s)")
    parser.add_argument("sizes", type=size, nargs="*", metavar="name=n", help="only these programs, in these sizes")
    options = parser.parse_args()
    measuring.need_valgrind()
    programs = dict(options.sizes) or SIZES
    with ThreadPoolExecutor(options.jobs) as pool:
        runs = list(pool.map(lambda program: measure(options, *program), programs.items()))
    names = ordered(runs)
    options.output.write_text(HEADER + "".join(f"{name}\n" for name in names), encoding="utf-8")
    print(f"{options.output}: {len(names)} functions")


if __name__ == "__main__":
    measuring.end("touched.py", main)
