"""Frames that outlive their function: f_locals of finished frames, of frames in tracebacks, of generators; frame.clear(); frames kept in cycles."""

import gc
import sys

from support import HOT, show

kept = []


class Loud:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("bye", self.name)

    def __repr__(self):
        return f"Loud({self.name})"


def contents(frame):
    return sorted((name, show(value)) for name, value in frame.f_locals.items())


def finished(a, n):
    x = a * 2
    y = 0.0
    kept.append(sys._getframe())
    for i in range(n):
        x = x + i
        y = y + 0.5 * i
    z = "end"
    return x


def kept_by_callee(a):
    x = a
    keep_caller()
    x = x * 10
    y = [x]
    return y


def keep_caller():
    kept.append(sys._getframe(1))


def failing(a):
    x = a + 1
    y = x / 0
    return y


def own_frame_in_local(n):
    frame = sys._getframe()
    total = n + 1
    return total


def changed_after(n):
    keep_caller()
    values = []
    for i in range(n):
        values.append(contents(kept[-1])[0])
        n = n * 2
    return values[-1] if values else None


for a, n in ((1, 3), (0.5, 3), ("ab", 0), (2**62, 3)):
    for _ in range(60):
        kept.clear()
        finished(a, n)
    frame = kept[0]
    print((a, n), contents(frame), frame.f_lineno - frame.f_code.co_firstlineno, frame.f_back is sys._getframe(), frame.f_code.co_name)
for a in (1, 2.5, "x"):
    for _ in range(60):
        kept.clear()
        kept_by_callee(a)
    frame = kept[0]
    print(a, contents(frame), frame.f_lineno - frame.f_code.co_firstlineno)
    frame.clear()
    print(contents(frame))
for _ in range(HOT):
    try:
        failing(1.5)
    except ZeroDivisionError as error:
        tb = error.__traceback__.tb_next
print(contents(tb.tb_frame), tb.tb_lineno - tb.tb_frame.f_code.co_firstlineno)
del tb
for _ in range(HOT):
    own_frame_in_local(5)
gc.collect()
print(own_frame_in_local(2.5))
for n in (3, 0, 1.0):
    try:
        for _ in range(60):
            kept.clear()
            result = changed_after(n)
    except TypeError as error:
        result = error
    print(n, result)


def holds(name):
    x = Loud(name)
    kept.append(sys._getframe())
    return "returned"


def no_noise(name):
    x = name
    kept.append(sys._getframe())
    return "returned"


for _ in range(HOT):
    kept.clear()
    no_noise("warm")
kept.clear()
for name in ("one", "two"):
    print(holds(name))
    print("kept", contents(kept[-1]))
kept.pop(0)
print("popped")
kept[0].clear()
print("cleared")
kept.clear()


def generate(n):
    x = n
    yield x
    x = x * 2.5
    yield x


for _ in range(HOT):
    generator = generate(2)
    next(generator)
print(contents(generator.gi_frame))
next(generator)
print(contents(generator.gi_frame))
list(generator)
print(generator.gi_frame)


def running_clear():
    try:
        sys._getframe().clear()
    except RuntimeError as error:
        return str(error)


print({running_clear() for _ in range(HOT)})
