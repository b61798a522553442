"""Classes, functions, dicts and objects that die and whose addresses are used again by different ones: nothing remembers the dead."""

import gc
import sys
from types import FunctionType

from support import outcome


def read(o):
    return o.value


def call(o):
    return o.method(1)


def add(a, b):
    return a + b


def construct(cls):
    return cls().value


def invoke(f, x):
    return f(x)


def make_class(number):
    kind = number % 5
    if kind == 0:
        return type("C", (), {"value": number, "method": lambda self, x: x + number})
    if kind == 1:
        return type("C", (), {"__slots__": ("other",), "value": property(lambda self: number), "method": staticmethod(lambda x: x - number)})
    if kind == 2:

        def init(self):
            self.other, self.value = "o", number

        return type("C", (), {"__init__": init, "method": lambda self, x: self.value * x})
    if kind == 3:

        def init(self):
            self.value = number * 0.5
            self.method = lambda x: f"{x} {number}"

        return type("C", (), {"__init__": init, "__add__": lambda self, other: "added"})
    return type("C", (list,), {"__getattr__": lambda self, name: number if name == "value" else (lambda x: name)})


seen = []
for number in range(120):
    cls = make_class(number)
    thing = cls()
    for _ in range(6):
        texts = outcome(read, thing), outcome(call, thing), outcome(construct, cls), outcome(add, thing, thing)
    seen.append([text.split(" object")[0][:60] for text in texts])
    del cls, thing
    if number % 3 == 0:
        gc.collect()
print(seen[:10], seen[-5:])

# Functions at reused addresses.
results = []
for number in range(300):
    space = {"k": number}
    exec(f"def f(x):\n    return x * k + {number % 7}\n", space)
    results.append(invoke(space["f"], 3))
    del space
print(sum(results), results[-5:])

# Code objects at reused addresses, hot each.
totals = []
for number in range(40):
    space = {}
    body = ["total += i", "total -= i", "total += 0.5", "total = i"][number % 4]
    exec(f"def f(n):\n    total = {number}\n    for i in range(n):\n        {body}\n    return total\n", space)
    for _ in range(40):
        result = space["f"](10)
    totals.append(result)
    del space
print(totals)


# Globals dicts at reused addresses, one code object.
def template(x):
    return scale * x + offset()  # noqa: F821


values = []
for number in range(200):
    space = {"__builtins__": __builtins__, "scale": number if number % 3 else number * 0.25, "offset": (lambda number=number: -number)}
    function = FunctionType(template.__code__, space)
    values.append((function(2), function(3)))
    del function, space
print(values[:4], values[-4:], len(values))


# Bound methods, ints and floats come and go all the time.
def churn(n):
    total = 0
    for i in range(n):
        a = [i]
        b = (a, 1000 + i)
        c = 1.5 * i
        total += a[0] + b[1] + c
        del a
    return total


print({churn(50) for _ in range(200)}, sys.getrefcount(churn) < 10)
