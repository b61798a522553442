"""Chained comparisons, `is`, `is not`, comparisons in conditions of loops; each operand evaluated once."""

from support import heat, report

log = []


def note(value):
    log.append(value)
    return value


def between(a, b, c):
    return a < b < c


def between_or_equal(a, b, c):
    return a <= b <= c


def mixed(a, b, c, d):
    return a < b <= c != d


def noted(a, b, c):
    return note(a) < note(b) < note(c)


def condition(a, b, c):
    if a < b < c:
        return "inside"
    elif a == b == c:
        return "same"
    elif not a < b < c and a > b:
        return "falling"
    return "other"


def identity(a, b):
    return a is b, a is not b, a is None, b is not None, None is None


def none_branch(a):
    if a is None:
        return "none"
    if a is not None and a:
        return "true"
    return "false"


def count_inside(values, low, high):
    inside = 0
    for value in values:
        if low <= value < high:
            inside += 1
    return inside


class Odd:
    def __init__(self, answer):
        self.answer = answer

    def __lt__(self, other):
        return self.answer

    def __repr__(self):
        return f"Odd({self.answer!r})"


triples = [(1, 2, 3), (1, 3, 2), (2, 1, 3), (3, 2, 1), (1, 1, 1), (1.0, 2, 3.5), (1, "a", 2), ("a", "b", "c"), (2**63, 2**64, 2**65), (1, float("nan"), 2), (True, 2, 3.0)]
for function in (between, between_or_equal, condition):
    report(function.__name__, function, triples)
report("odd", between, [(1, 2, 3), (Odd([]), 5, 6), (Odd("yes"), 5, 6), (Odd(0), 5, 6), (Odd("yes"), 7, 6), (Odd(None), 1, "x")])
report("mixed", mixed, [(1, 2, 2, 3), (1, 2, 2, 2), (2, 1, 1, 1), (1, 2, 1, 0), (1.5, 2, 2.0, "x")])
heat(noted, 1, 2, 3)
for triple in triples:
    log.clear()
    try:
        result = noted(*triple)
    except TypeError as error:
        result = error
    print("noted", triple, result, log)
same = [1]
report("identity", identity, [(1, 2), (1, 1), (None, None), (same, same), (same, [1]), (None, 1), ("a", "a"), (True, 1), ((), ())])
report("none branch", none_branch, [(None,), (1,), (0,), ("",), ([],), (0.0,), (2.5,)])
report("inside", count_inside, [([1, 5, 9], 2, 9), ([1.5, 2.5], 1, 2), ([], 1, 2), ([2**70, 3], 1, 5), (["a"], "a", "b"), ([1, "a"], 0, 5)])
