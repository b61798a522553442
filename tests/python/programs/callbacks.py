"""Hot functions called from C: sort keys, map, functools, ctypes callbacks, __hash__ and __eq__ in dicts, __del__, iter(), re.sub, struct of hooks."""

import ctypes
import functools
import itertools
import operator
import re
import sys

from support import HOT, outcome


def square(x):
    return x * x


def compare(a, b):
    return (a > b) - (a < b)


class Key:
    def __init__(self, n):
        self.n = n

    def __hash__(self):
        h = 17
        for i in range(5):
            h = (h * 31 + self.n + i) & 0xFFFF
        return h

    def __eq__(self, other):
        return self.n == other.n

    def __lt__(self, other):
        return self.n < other.n

    def __repr__(self):
        return f"Key({self.n})"


def keys_in_dict(n):
    d = {}
    for i in range(n):
        d[Key(i % 7)] = i
    return sorted(d.items())


def replaced(match):
    return str(int(match.group()) * 2)


def accumulate(items):
    return list(itertools.accumulate(items, lambda a, b: a * 2 + b))


def grouped(items):
    return [(k, list(g)) for k, g in itertools.groupby(sorted(items), key=lambda x: x // 3)]


def partials(n):
    add = functools.partial(operator.add, n)
    return [add(i) for i in range(3)], functools.reduce(lambda a, b: a - b, range(n))


CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))


def c_compare(a, b):
    return a[0] - b[0]


def c_sort(values):
    array = (ctypes.c_int * len(values))(*values)
    ctypes.CDLL(None).qsort(array, len(values), ctypes.sizeof(ctypes.c_int), CALLBACK(c_compare))
    return list(array)


class Hooked:
    def __getattr__(self, name):
        return len(name)

    def __contains__(self, x):
        return x % 2 == 0

    def __iter__(self):
        return iter([1, 2])

    def __len__(self):
        return 3

    def __enter__(self):
        return 5

    def __exit__(self, *args):
        return False

    def __format__(self, spec):
        return f"<{spec}>"

    def __index__(self):
        return 2

    def __call__(self, *args):
        return args


def hooks(n):
    h = Hooked()
    out = []
    for i in range(n):
        with h as five:
            out.append(h.abc + five + len(h) + sum(h) + [1, 2, 3][h] + (i in h))
    return out, f"{h:spec}", h(1, n)


def exceptions_through_c(n):
    def key(x):
        if x == n:
            raise LookupError(x)
        return -x

    return sorted([3, 1, 2], key=key)


for _ in range(HOT):
    results = [
        sorted([3, 1, 2.5], key=square), list(map(square, range(4))), sorted("bca", key=functools.cmp_to_key(compare)), keys_in_dict(10), re.sub(r"\d+", replaced, "a1b22"),
        accumulate([1, 2, 3]), grouped([1, 5, 2, 7]), partials(4), hooks(3), max([1, -5], key=square), list(iter(functools.partial(next, iter([1, 2, 0])), 0)),
    ]
for result in results:
    print(result)
for _ in range(5):
    result = c_sort([3, 1, 2, -5, 10])
print(result)
print(outcome(exceptions_through_c, 9), outcome(exceptions_through_c, 2), outcome(lambda: list(map(square, ["x"]))), outcome(accumulate, ["a"]), outcome(accumulate, ["a", "b"]))


def unraisable(n):
    class Bad:
        def __del__(self):
            1 / 0

    for _ in range(n):
        Bad()
    return "went on"


caught = []
sys.unraisablehook = lambda info: caught.append(type(info.exc_value).__name__)
for _ in range(HOT):
    unraisable(2)
print(len(caught), set(caught), unraisable(1))


def displayed(value):
    return value


sys.displayhook = lambda value: print("shown", value)
exec(compile("displayed(5)", "<single>", "single"))
