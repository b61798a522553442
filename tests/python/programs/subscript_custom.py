"""Subscripts on classes: __getitem__ in Python, subclasses of builtin containers, __missing__, __class_getitem__, changes while hot."""

from collections import OrderedDict, defaultdict, deque

from support import heat, outcome, report


class Square:
    def __getitem__(self, i):
        return i * i


class Doubling(list):
    def __getitem__(self, i):
        return 2 * super().__getitem__(i)


class Plain(list):
    pass


class Triple(tuple):
    def __getitem__(self, i):
        return (i, tuple.__getitem__(self, i), len(self))


class Missing(dict):
    def __missing__(self, key):
        return f"missing {key}"


class Failing:
    def __getitem__(self, i):
        raise KeyError(i)


class Generic:
    def __class_getitem__(cls, item):
        return f"{cls.__name__}[{item}]"


class Callable:
    def __call__(self, i):
        return f"called with {i}"


class Odd:
    __getitem__ = Callable()


class Static:
    @staticmethod
    def __getitem__(i):
        return f"static {i}"


OBJECTS = {
    "list": [1, 2],
    "square": Square(),
    "doubling": Doubling([1, 2]),
    "plain": Plain([1, 2]),
    "triple": Triple((1, 2)),
    "missing": Missing({1: "one"}),
    "failing": Failing(),
    "generic": Generic,
    "odd": Odd(),
    "static": Static(),
    "defaultdict": defaultdict(int, {1: 5}),
    "ordered": OrderedDict({1: 2}),
    "deque": deque([3, 4]),
    "memoryview": memoryview(b"ab"),
    "object": object,
}


def load(name, i):
    return OBJECTS[name][i]


def total(name, n):
    a = OBJECTS[name]
    result = 0
    for i in range(n):
        result = result + a[i]
    return result


report("load", load, [(name, i) for name in OBJECTS for i in (1, 5)])
report("total", total, [(name, 2) for name in OBJECTS])


class Changing:
    def __getitem__(self, i):
        return i


def read(a, i):
    return a[i]


thing = Changing()
heat(read, thing, 3)
print(outcome(read, thing, 3))
Changing.__getitem__ = lambda self, i: f"new {i}"
print(outcome(read, thing, 3))
heat(read, thing, 3)
Changing.__getitem__ = [7, 8].__getitem__
print(outcome(read, thing, 1))
del Changing.__getitem__
print(outcome(read, thing, 3))
thing.__getitem__ = lambda i: i
print(outcome(read, thing, 3))
items = Plain([1, 2, 3])
heat(read, items, 1)
print(outcome(read, items, 1))
Plain.__getitem__ = lambda self, i: "overridden"
print(outcome(read, items, 1))
del Plain.__getitem__
print(outcome(read, items, 1))
