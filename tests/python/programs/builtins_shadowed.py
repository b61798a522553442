"""Builtins replaced while hot: in the module, in the builtins module, in a globals dict with builtins of its own."""

import builtins
from types import FunctionType

from support import heat, outcome

ORIGINAL = {name: getattr(builtins, name) for name in ("len", "abs", "min", "isinstance", "range", "print", "int")}


def measure(items):
    return len(items) + 1


def magnitude(x):
    return abs(x)


def smallest(a, b):
    return min(a, b)


def kind(x):
    if isinstance(x, int):
        return "int"
    return "other"


def looped(n):
    total = 0
    for i in range(n):
        total += i
    return total


def swap_inside(n):
    total = 0
    for i in range(n):
        if i == n // 2:
            builtins.abs = lambda x: 1000
        total += abs(-i)
    builtins.abs = ORIGINAL["abs"]
    return total


def late_builtin():
    return brand_new(3)


heat(measure, [1, 2])
print(outcome(measure, [1, 2]))
builtins.len = lambda items: 41
print(outcome(measure, [1, 2]))
builtins.len = ORIGINAL["len"]
print(outcome(measure, [1, 2]))
len = lambda items: "text"  # noqa: E731, A001
print(outcome(measure, [1, 2]))
len = ORIGINAL["len"]  # noqa: A001
print(outcome(measure, [1, 2]))
del len
print(outcome(measure, [1, 2]))

heat(magnitude, -5)
builtins.abs = str
print(outcome(magnitude, -5))
del builtins.abs
print(outcome(magnitude, -5))
builtins.abs = ORIGINAL["abs"]
print(outcome(magnitude, -5), outcome(magnitude, -5.5), outcome(magnitude, "x"))

heat(smallest, 1, 2)
builtins.min = max
print(outcome(smallest, 1, 2))
builtins.min = ORIGINAL["min"]
print(outcome(smallest, 1, 2))

heat(kind, 5)
builtins.isinstance = lambda x, t: False
print(outcome(kind, 5))
builtins.isinstance = ORIGINAL["isinstance"]
builtins.int = float
print(outcome(kind, 5), outcome(kind, 5.0))
builtins.int = ORIGINAL["int"]
print(outcome(kind, 5), outcome(kind, 5.0))

heat(looped, 10)
builtins.range = lambda n: [n, n]
print(outcome(looped, 10))
builtins.range = ORIGINAL["range"]
print(outcome(looped, 10))

heat(swap_inside, 10)
print(outcome(swap_inside, 10))

print(outcome(late_builtin))
heat(late_builtin)
builtins.brand_new = lambda x: x + 1
print(outcome(late_builtin))
heat(late_builtin)
del builtins.brand_new
print(outcome(late_builtin))

# The same code with other globals and other builtins.
own = {"__builtins__": {"len": lambda items: -1}}
other = FunctionType(measure.__code__, own)
print(outcome(other, [1, 2]), outcome(measure, [1, 2]))
heat(other, [1, 2])
print(outcome(other, [1, 2]), outcome(measure, [1, 2]))
bare = FunctionType(measure.__code__, {"__builtins__": {}})
print(outcome(bare, [1]))
