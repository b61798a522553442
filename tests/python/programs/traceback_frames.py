"""Tracebacks over several hot frames: numbers of lines, the frames' locals, tb_lasti order, exceptions through loops and C code."""

import sys
import traceback

from support import HOT


def bottom(x, n):
    scaled = x * 2
    for i in range(n):
        scaled += 10 // (n - 1 - i - x)
    return scaled


def middle(x, n):
    local = [x]
    result = bottom(
        x,
        n,
    )
    local.append(result)
    return local


def top(x, n):
    a = x
    b = a + 1
    c = middle(a, n)
    return b, c


class Caller:
    def __init__(self, x):
        self.x = x

    def method(self, n):
        return self.other(n)

    def other(self, n):
        return top(self.x, n)


def through_c(x, n):
    return sorted([x, x], key=lambda v: top(v, n))


def through_map(x, n):
    return list(map(top, [x], [n]))


def recursive(x, n):
    if n == 0:
        return 1 // x
    return recursive(x, n - 1) + 0


def describe(error):
    out = []
    tb = error.__traceback__
    while tb is not None:
        frame = tb.tb_frame
        names = {name: value for name, value in frame.f_locals.items() if isinstance(value, (int, list)) and name != "i"}
        out.append((frame.f_code.co_name, tb.tb_lineno, frame.f_lineno, tb.tb_lasti == frame.f_lasti or "moved on", sorted(names.items())))
        tb = tb.tb_next
    return out


def attempt(function, x, n):
    try:
        return function(x, n)
    except ZeroDivisionError as error:
        return describe(error)


for function in (top, middle, bottom, lambda x, n: Caller(x).method(n), through_c, through_map, recursive):
    for _ in range(HOT):
        attempt(function, -1, 3)
    print(attempt(function, -1, 3) == attempt(function, -1, 3))
    for x, n in ((-1, 3), (0, 3), (1, 4), (2, 2), (0, 1)):
        for line in [attempt(function, x, n)]:
            print(function.__name__, (x, n), line)


def loop_catches(n):
    caught = []
    for i in range(n):
        try:
            top(i % 3, 4)
        except ZeroDivisionError as error:
            caught.append(error.__traceback__.tb_next.tb_lineno)
    return len(caught), sorted(set(caught))


print(loop_catches(HOT))
try:
    through_c(0, 3)
except ZeroDivisionError:
    print(traceback.format_exc())
    print([entry.name for entry in traceback.extract_tb(sys.exc_info()[2])])
try:
    recursive(0, 50)
except ZeroDivisionError as error:
    text = "".join(traceback.format_exception(error))
    print(text)


class Reraise:
    def __enter__(self):
        return self

    def __exit__(self, kind, value, tb):
        self.lines = [entry.lineno for entry in traceback.extract_tb(tb)]
        return True


def suppressed(x):
    with Reraise() as guard:
        top(x, 3)
    return guard.lines if hasattr(guard, "lines") else None


for _ in range(HOT):
    suppressed(-1)
print(suppressed(0), suppressed(-1))
