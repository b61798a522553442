"""Conditional expressions, and, or, not on values of every type; short circuits; nesting."""

from math import nan

from support import heat, report

log = []


class Truth:
    def __init__(self, name, value):
        self.name = name
        self.value = value

    def __bool__(self):
        log.append(self.name)
        return self.value

    def __repr__(self):
        return f"Truth({self.name})"


class Sized:
    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def __repr__(self):
        return f"Sized({self.n})"


VALUES = [0, 1, -1, True, False, 0.0, -0.0, 0.5, nan, "", "a", None, [], [0], (), (0,), {}, {0: 0}, 0j, 2**64, Sized(0), Sized(1), b"", range(0), range(1), object, len, Ellipsis]


def both(a, b):
    return a and b


def either(a, b):
    return a or b


def negated(a):
    return not a, not not a


def conditional(a, b, c):
    return b if a else c


def nested(a, b):
    return "a" if a else "b" if b else "c"


def mixed(a, b, c):
    return a and b or c, (a or b) and c, not a or b, a if a and not b else (c or b)


def branches(a, b):
    if a and b:
        return "both"
    if a or b:
        return "one"
    if not (a or b):
        return "none"
    return "never"


def elif_chain(a):
    if a == 0:
        return "zero"
    elif a == 1:
        return "one"
    elif a:
        return "many"
    else:
        return "falsy"


def sign(x):
    return 1 if x > 0 else -1 if x < 0 else 0


def conditional_types(a, n):
    total = 0
    for i in range(n):
        total += i if a else i * 0.5
    return total


def count_true(items):
    n = 0
    for item in items:
        if item:
            n += 1
        elif not item:
            n -= 1000
    return n


pairs = [(1, 2)] + [(a, b) for a in VALUES[::2] for b in VALUES[1::3]]
for function in (both, either, nested, branches):
    report(function.__name__, function, pairs, rounds=1)
report("negated", negated, [(a,) for a in VALUES])
report("conditional", conditional, [(a, "yes", 0.5) for a in VALUES])
report("mixed", mixed, [(1, 2, 3)] + [(a, b, c) for a in VALUES[::5] for b in VALUES[1::6] for c in (0, "c")], rounds=1)
report("elif", elif_chain, [(a,) for a in VALUES])
report("sign", sign, [(5,), (-5,), (0,), (0.5,), (-0.0,), (nan,), (2**70,), (-(2**70),), ("a",), (True,)])
report("types", conditional_types, [(True, 5), (False, 5), (None, 4), ([], 3), ("x", 3), (1.5, 0)])
report("count", count_true, [([1, 0, 2],), (VALUES,), ([],), ([0.0, 1.5],), ((None, "a"),)])


def many(a, b, c, d):
    if (a and b) or (c and not d):
        return 1
    return 2


truths = [Truth(name, value) for name, value in zip("abcd", (True, False, True, False))]
heat(many, 1, 0, 1, 0)
for a in (truths[0], truths[1]):
    for c in (truths[2], truths[3]):
        log.clear()
        print(many(a, truths[1], c, truths[3]), log)
log.clear()
heat(both, truths[1], 5, times=3)
print(both(truths[0], 5), both(truths[1], 5), either(truths[1], 6), log)
