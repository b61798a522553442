"""Thousands of functions made by exec, made hot and dropped: code, types and globals that go away again."""

import gc

SOURCE = """
k = {number}
class Thing:
    def __init__(self, x): self.x = x
    def method(self, y): return self.x + y + k
def f(n):
    total = {start}
    for i in range(n):
        total += i * k
    return total
def g(thing, n):
    for _ in range(n):
        value = thing.method(n)
    return value
"""
CODES = {start: [compile(SOURCE.format(number=number, start=start), "<made>", "exec") for number in range(3)] for start in ("0", "0.5")}


def use(number):
    """A new module whose functions are used and forgotten, from source for some, from the same code for others."""
    space = {}
    start = "0.5" if number % 2 else "0"
    k = number % 3
    if number % 40 == 0:
        k = number
        exec(SOURCE.format(number=number, start=start), space)
    else:
        exec(CODES[start][k], space)
    f, g, Thing = space["f"], space["g"], space["Thing"]
    for _ in range(3):
        if f(20) != float(start) + 190 * k or g(Thing(number), 10) != number + 10 + k:
            raise AssertionError(number)
    if number % 5 == 0:
        space["k"] = 0.25
        if g(Thing(1), 5) != 6.25 or f(3) != float(start) + 0.75:
            raise AssertionError(number)


def closures(number):
    """Functions of one code object, made and dropped."""

    def inner(x):
        return x + number

    total = 0
    for i in range(10):
        total += inner(i)
    if total != 45 + 10 * number:
        raise AssertionError(number)


def lambdas(number):
    """Code that is dropped while it runs."""
    space = {}
    exec("def f(n):\n    global f\n    del f\n    t = 0\n    for i in range(n):\n        t += i\n    return t", space)
    if space["f"](30) != 435 or "f" in space:
        raise AssertionError(number)


for number in range(2000):
    use(number)
    closures(number)
    if number % 20 == 0:
        lambdas(number)
    if number % 500 == 0:
        gc.collect()
print("done")
