"""Locals that live unboxed, seen by what is called: at the same sites again and again, with other values and classes each time, from more
sites than are remembered, and while a collection runs."""

import gc
import sys


def look(names):
    found = sys._getframe(1).f_locals
    return [(name, found.get(name, "unbound")) for name in names.split()]


def numbers(n, step):
    total = 0
    part = step
    seen = []
    for i in range(n):
        total += i
        part = part * 0.5 + step
        if i % 400 < 2:
            seen.append(look("i total part"))
    return seen


def lists(values):
    count = 0
    seen = []
    for value in values:
        count += 1
        if count % 300 == 0:
            seen.append(look("count value"))
    return seen


def collected(n):
    """Each look happens in a collection, which a callback sees the frame in."""
    frames = []

    def seen(phase, info):
        frame = sys._getframe(1)
        if phase == "start" and frame.f_code is collected.__code__:
            frames.append(frame.f_locals["i"])

    gc.callbacks.append(seen)
    values = list(range(n))
    i = 0
    for value in values:
        i += value & 1
        if value % 500 == 0:
            gc.collect(0)
    gc.callbacks.remove(seen)
    return frames, i


SITES = 100
source = "def many(n):\n    total = 0\n    seen = []\n    for i in range(n):\n        total += i\n        if i % 50 == 0:\n"
source += "".join(f"            seen.append((total + {site}, look('i total')))\n" for site in range(SITES))
source += "    return hash(str(seen))\n"
exec(source)

for step in (1, 0.25, True, 2**70, 1.5):
    print(numbers(2000, step)[-3:])
print(lists(list(range(1500))), lists([0.5] * 900), lists(["a"] * 600 + [2**80] * 300))
print(collected(4000))
print([many(300) for _ in range(4)])
