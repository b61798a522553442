"""Subscript stores and deletions: lists, dicts, bytearrays, things that refuse; in-place operations on elements."""

from support import HOT, define


class Index:
    def __index__(self):
        return 1

    def __repr__(self):
        return "Index()"


class Recorder:
    def __init__(self):
        self.calls = []

    def __setitem__(self, key, value):
        self.calls.append(("set", key, value))

    def __getitem__(self, key):
        self.calls.append(("get", key))
        return 10

    def __delitem__(self, key):
        self.calls.append(("del", key))

    def __repr__(self):
        return f"Recorder({self.calls})"


class Sublist(list):
    def __setitem__(self, key, value):
        super().__setitem__(key, f"<{value}>")


def run(function, make, *args, times=HOT):
    texts = set()
    for _ in range(times):
        target = make()
        try:
            result = function(target, *args)
        except Exception as error:
            result = f"{type(error).__name__}: {error}"
        texts.add(f"{result!r} {target!r}")
    return sorted(texts)


STORE = "def f(a, i, v):\n    a[i] = v\n"
ADD = "def f(a, i, v):\n    a[i] += v\n    return a[i]\n"
MULTIPLY = "def f(a, i, v):\n    a[i] *= v\n"
DELETE = "def f(a, i, v):\n    del a[i]\n"
SWAP = "def f(a, i, v):\n    a[0], a[i] = a[i], a[0]\n"
TARGETS = {
    "list": lambda: [1, 2.5, 3],
    "dict": lambda: {0: 1, 1: 2},
    "bytearray": lambda: bytearray(b"abc"),
    "tuple": lambda: (1, 2, 3),
    "str": lambda: "abc",
    "recorder": Recorder,
    "sublist": lambda: Sublist([1, 2, 3]),
    "nested": lambda: [[1], [2], [3]],
    "empty": list,
    "none": lambda: None,
}
for source in (STORE, ADD, MULTIPLY, DELETE, SWAP):
    mixed = define(source)
    for name, make in TARGETS.items():
        fresh = define(source)
        for index in (1, -1, 3, -4, True, 2**63, "x", 1.0, Index()):
            print(source.split("\n")[1].strip(), name, index, run(fresh, make, index, 2, times=40))
        for value in (7, "s", 0.5, 300, None, [9]):
            print(source.split("\n")[1].strip(), name, repr(value), run(mixed, make, 1, value, times=40))


def fill(items, n):
    for i in range(n):
        items[i] = i * i
    return items


def accumulate(items, n):
    for i in range(n):
        items[i % 3] += i
    return items


def shift(items):
    for i in range(len(items) - 1):
        items[i] = items[i + 1]
    items[-1] = None
    return items


def reverse(items):
    i, j = 0, len(items) - 1
    while i < j:
        items[i], items[j] = items[j], items[i]
        i += 1
        j -= 1
    return items


def alias(items):
    other = items
    other[0] = "changed"
    return items[0]


def self_reference(items):
    items[0] = items
    return items[0] is items and items[0][0] is items


print(run(fill, lambda: [0] * 5, 5), run(fill, lambda: [0] * 2, 5), run(fill, dict, 3))
print(run(accumulate, lambda: [0, 0.5, 2**63], 10), run(accumulate, lambda: ["a", 1, 2], 1))
print(run(shift, lambda: [1, 2, 3]), run(shift, list), run(shift, lambda: [1]))
print(run(reverse, lambda: [1, 2.0, "c", 4]), run(reverse, lambda: []), run(reverse, lambda: (1, 2)), run(reverse, lambda: (1,)))
print(run(alias, lambda: [1, 2]), run(alias, list), run(self_reference, lambda: [1]))
