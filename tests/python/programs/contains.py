"""`in` and `not in` on the builtin containers and on classes with __contains__, __iter__ or __getitem__."""

from support import report

NAN = float("nan")


class Even:
    def __contains__(self, item):
        if item == 99:
            raise LookupError("99 is not asked about")
        return item % 2

    def __repr__(self):
        return "Even()"


class Countdown:
    def __iter__(self):
        return iter([3, 2, 1])

    def __repr__(self):
        return "Countdown()"


class Old:
    def __getitem__(self, i):
        if i > 3:
            raise IndexError
        return i * 10

    def __repr__(self):
        return "Old()"


class Never:
    __contains__ = None

    def __repr__(self):
        return "Never()"


def inside(a, b):
    return a in b


def outside(a, b):
    return a not in b


def branch(a, b):
    if a in b:
        return "in"
    return "out"


def branch_not(a, b):
    return "out" if a not in b else "in"


def constant(a):
    return a in (1, 2, 3), a in [1, "x"], a in {1, 2}, a not in "abc"


def count(needles, hay):
    n = 0
    for needle in needles:
        if needle in hay:
            n += 1
    return n


cases = [
    (2, [1, 2, 3]), (5, [1, 2, 3]), (2.0, [1, 2, 3]), (True, [1]), (NAN, [NAN]), (NAN, [float("nan")]), (2, (1, 2)), ("a", {"a": 1}),
    ("b", {"a": 1}), ([], {"a": 1}), (1, {1, 2}), ([1], [[1]]), ("bc", "abcd"), ("", ""), (1, "abc"), (98, b"abc"), (300, b"abc"), (3, range(5)),
    (3.5, range(5)), (2**70, range(2**71)), (1, Even()), (2, Even()), (99, Even()), (2, Countdown()), (7, Countdown()), (20, Old()), (25, Old()),
    (1, Never()), (1, 5), (1, None), (None, [None]),
]
for function in (inside, outside, branch, branch_not):
    report(function.__name__, function, cases)
report("constant", constant, [("x",), (1,), ("a",), ("z",)])
report("constant", constant, [("q",), ([],)])
report("count", count, [([1, 2, 3], [2, 3, 4]), ([1, 2], {2: 0}), (["a"], "abc"), ([1], "abc"), ([], [])])
