"""Compile and drop many distinct small functions, or the same one again and again, and watch the memory.

    python benches/churn.py [--count 10000] [--csv FILE]
    python benches/churn.py --again 11000

A function is made from source, called until it is compiled, checked, and dropped. What the process keeps is measured as the sum of Private_*
in /proc/self/smaps, after each tenth of the functions. The exit status is 1 if the second half of the functions made the process grow
by 1 % or more. With --check only the results count, not the memory. Runs under any interpreter: without the JIT it shows what
CPython itself keeps.

With --again one function is released and compiled anew so often, and its IR printed a hundred times on the way. Measured are, in kB, the private memory of the program and
of the code generator's process, and in bytes what the ledger (`swallow.memory()`) and the arena have; none may grow by more than 1 % and 16 kB over the second half.
"""

import argparse
import gc
import sys
import time

try:
    import swallow
except ImportError:
    swallow = None

BAR = 0.01

# kB.
SLACK = 16

# Several shapes, so that the code, its constants, its exits and its metadata differ; {k} makes every function distinct.
SHAPES = [
    "def f(a, b):\n    return a * {k} + b\n",
    "def f(a, b):\n    total = {k}\n    for i in range(a):\n        total += i * b\n    return total\n",
    "def f(a, b):\n    x = {k}.5\n    while x > a:\n        x = x * 0.5 - b\n    return x\n",
    "def f(a, b):\n    items = [a, b, {k}]\n    return items[0] + items[2] if a < b else items[1] - items[2]\n",
    "def f(a, b):\n    a, b = b, a + {k}\n    return (a - b) * {k}\n",
    "class C:\n    def __init__(self, x):\n        self.x = x\nc = C({k})\ndef f(a, b):\n    c.x = c.x\n    return c.x + a - b\n",
]


def private_kilobytes(pid="self"):
    """The memory that only one process has."""
    total = 0
    with open(f"/proc/{pid}/smaps") as smaps:
        for line in smaps:
            if line.startswith("Private_"):
                total += int(line.split()[1])
    return total


def expected(shape, k, a, b):
    """What the function of that shape must return, computed without it."""
    if shape == 0:
        return a * k + b
    if shape == 1:
        return k + b * (a * (a - 1) // 2)
    if shape == 2:
        x = k + 0.5
        while x > a:
            x = x * 0.5 - b
        return x
    if shape == 3:
        return a + k if a < b else b - k
    if shape == 4:
        return (b - (a + k)) * k
    return k + a - b


def one(number):
    """Make, compile, check and drop one function; whether it was compiled."""
    shape = number % len(SHAPES)
    space = {}
    exec(SHAPES[shape].format(k=number), space)
    function = space["f"]
    for _ in range(20):
        function(5, 7)
    compiled = swallow.compile(function) if swallow else False
    for a, b in ((5, 7), (7, 5), (3, 0.25)):
        result = function(a, b)
        if result != expected(shape, number, a, b):
            raise SystemExit(f"churn.py: function {number}: f({a}, {b}) is {result!r}, expected {expected(shape, number, a, b)!r}")
    return compiled


def again(count):
    """Compile one function so often; the exit status."""
    if not swallow:
        raise SystemExit("churn.py: --again needs the JIT")

    def foo(a, b):
        total = 0
        for i in range(a):
            total += i * b
        return total

    for _ in range(20):
        foo(5, 7)
    points = []
    start = time.perf_counter()
    for number in range(1, count + 1):
        if not swallow.compile(foo) or foo(5, 7) != 70:
            raise SystemExit(f"churn.py: compilation {number}: {swallow.info(foo)}")
        if number % max(1, count // 100) == 0 and not swallow.llvm_ir(foo):
            raise SystemExit("churn.py: no IR")
        if not swallow.release(foo):
            raise SystemExit(f"churn.py: compilation {number} could not be released")
        if number % (count // 10) == 0:
            gc.collect()
            stats, memory = swallow.stats(), swallow.memory()
            # The pages of the extension module that have been touched are not kept for any function.
            ledger = memory["total"] - memory["module"]
            points.append((private_kilobytes(), private_kilobytes(stats["helper_pid"]), ledger, stats["arena_used_bytes"]))
            print(
                f"{number:>8} compilations: program {points[-1][0]} kB, helper {points[-1][1]} kB, ledger {ledger} bytes, arena {points[-1][3]} bytes",
                flush=True,
            )
    seconds = time.perf_counter() - start
    print(f"{count} compilations in {seconds:.1f} s, {seconds / count * 1000:.2f} ms each")
    middle, last = points[len(points) // 2 - 1], points[-1]
    # In the unit of each: kB, kB, bytes, bytes. Tables that double now and then are no growth.
    rows = zip(("program", "helper", "ledger", "arena"), middle, last, (SLACK, SLACK, SLACK << 10, 0))
    grown = [name for name, before, after, slack in rows if after > before * (1 + BAR) + slack]
    for name in grown:
        print(f"churn.py: {name}: more after {count} compilations than after half of them", file=sys.stderr)
    return 1 if grown else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--count", type=int, default=10_000, help="functions (default: %(default)s)")
    parser.add_argument("--check", action="store_true", help="check the results only")
    parser.add_argument("--csv", metavar="FILE", help="write the measured points there")
    parser.add_argument("--again", type=int, metavar="COUNT", help="compile one function so often instead")
    options = parser.parse_args()
    if options.again is not None:
        return again(max(10, options.again))
    if options.count < 10:
        parser.error("--count: expected at least 10")
    start = time.perf_counter()
    compiled = 0
    points = [(0, private_kilobytes())]
    for number in range(1, options.count + 1):
        compiled += one(number)
        if number % (options.count // 10) == 0:
            gc.collect()
            points.append((number, private_kilobytes()))
            if not options.check:
                print(f"{number:>8} functions  {points[-1][1]:>8} kB private", flush=True)
    seconds = time.perf_counter() - start
    print(f"{options.count} functions, {compiled} compiled, in {seconds:.1f} s, {seconds / options.count * 1000:.2f} ms each")
    if options.csv:
        with open(options.csv, "w") as file:
            file.write("functions,private_kb\n")
            file.writelines(f"{number},{kilobytes}\n" for number, kilobytes in points)
    if swallow and compiled < options.count:
        print(f"churn.py: {options.count - compiled} functions were not compiled", file=sys.stderr)
        return 1
    if options.check:
        return 0
    middle = points[len(points) // 2][1]
    last = points[-1][1]
    growth = last / middle - 1
    print(
        f"private memory: {points[0][1]} kB at the start, {middle} kB at half, {last} kB at the end: {growth:+.2%} over the second half (bar: below {BAR:.0%})"
    )
    return 0 if growth < BAR else 1


if __name__ == "__main__":
    sys.exit(main())
