"""Subscript loads on lists, tuples, strings, ranges and dicts: negative, out of range, bool, float, huge and odd indices."""

from support import define, report


class Index:
    def __init__(self, value):
        self.value = value

    def __index__(self):
        if isinstance(self.value, Exception):
            raise self.value
        return self.value

    def __repr__(self):
        return f"Index({self.value!r})"


class Small(int):
    pass


INDICES = [0, 1, -1, 2, 3, -3, -4, 10**6, 2**63 - 1, 2**63, -(2**63), -(2**64), True, False, 1.0, "a", None, Index(1), Index(-1), Index(9), Index("x"), Index(KeyError("k")), Small(2)]
CONTAINERS = {
    "list": [10, 20.5, "c"],
    "tuple": (10, 20.5, "c"),
    "str": "xyz",
    "bytes": b"xyz",
    "range": range(5, 8),
    "dict": {0: "zero", 1: "one", "a": "letter", None: "none", 2**63: "big"},
    "empty": [],
    "none": None,
    "int": 5,
    "type": list,
}

for name in CONTAINERS:
    load = define("def f(a, i):\n    return a[i]\n")
    report(f"{name} ", load, [(CONTAINERS[name], 0)] + [(CONTAINERS[name], i) for i in INDICES])

changing = define("def f(a, i):\n    return a[i]\n")
report("changing ", changing, [(CONTAINERS[name], 1) for name in CONTAINERS] + [([1, 2], 1), ((1, 2), -1)])


def constants(a):
    return a[0], a[1], a[-1], a[2], a[True]


def far(a):
    return a[1000000]


def nested(a, i, j):
    return a[i][j]


def rotate(a, n):
    total = 0
    size = len(a)
    for i in range(n):
        total += a[i % size] - a[-(i % size) - 1] + a[(i * i) % size]
    return total


def last_valid(a):
    i = 0
    while True:
        a[i]
        i += 1


def computed(a, i):
    return a[i - 1] + a[i] + a[i + 1]


report("constants", constants, [([1, 2, 3],), ((1, 2, 3),), ("abc",), ([1, 2],), ([],), ({0: 1, 1: 2, -1: 3, 2: 4},), (None,)])
report("far", far, [([1],), ((1,),), ({1000000: "here"},), (range(10**7),)])
report("nested", nested, [([[1, 2], [3, 4]], 1, 0), ([[1]], 0, 1), ([[1]], 1, 0), ([(1, "x")], 0, -1), ((("a",),), 0, 0), ({"k": [7]}, "k", 0), ([5], 0, 0)])
report("rotate", rotate, [([1, 2, 3], 10), ((1.5, 2.5), 7), ([], 3), ([1], 0), ([2**62, 2**62], 4), ([1, "a"], 3)])
report("last valid", last_valid, [([1, 2],), ((1, 2),), ("",), ({},), (range(3),)])
report("computed", computed, [([1, 2, 3, 4], 2), ([1, 2, 3], 0), ([1, 2, 3], 2), ([1, 2, 3], -1), ([0.5, 1, 2], 1), (["a", "b", "c"], 1), ([1, 2, 3], 2**63 - 1), ([1], 2**64)])
