"""Classes with comparison methods: results that are no bools, NotImplemented, reflected methods, exceptions."""

from support import define, report


class Vector:
    def __init__(self, *items):
        self.items = items

    def __eq__(self, other):
        if not isinstance(other, Vector):
            return NotImplemented
        return self.items == other.items

    def __lt__(self, other):
        return [a < b for a, b in zip(self.items, other.items)]

    def __repr__(self):
        return f"Vector{self.items}"


class Ranked:
    def __init__(self, rank):
        self.rank = rank

    def __gt__(self, other):
        return f"{self.rank} gt"

    def __ge__(self, other):
        return NotImplemented

    def __repr__(self):
        return f"Ranked({self.rank})"


class RankedChild(Ranked):
    def __lt__(self, other):
        return "child lt"


class Angry:
    def __eq__(self, other):
        raise RuntimeError("no comparison, please")

    def __lt__(self, other):
        raise RuntimeError("no order, please")

    __hash__ = None

    def __repr__(self):
        return "Angry()"


class NoTruth:
    def __bool__(self):
        raise ValueError("no truth here")

    def __repr__(self):
        return "NoTruth()"


class Vague:
    def __eq__(self, other):
        return NoTruth()

    def __lt__(self, other):
        return NoTruth()

    def __repr__(self):
        return "Vague()"


OBJECTS = [1, 2.5, Vector(1, 2), Vector(3, 1), Ranked(1), RankedChild(2), Angry(), Vague(), None]
for operator in ("<", "<=", "==", "!=", ">", ">="):
    plain = define(f"def f(a, b):\n    return a {operator} b\n")
    branch = define(f"def f(a, b):\n    if a {operator} b:\n        return 'yes'\n    return 'no'\n")
    loop = define(f"def f(a, b):\n    n = 0\n    while a {operator} b:\n        n += 1\n        if n == 5:\n            break\n    return n\n")
    # Identity decides == between strangers, and no operand here equals a stranger: nothing depends on addresses.
    pairs = [(1, 2.5)] + [(a, b) for a in OBJECTS for b in OBJECTS]
    report(f"{operator} ", plain, pairs, rounds=1)
    report(f"if {operator} ", branch, pairs, rounds=1)
    report(f"while {operator} ", loop, pairs[::2], rounds=1)


def largest(items):
    best = items[0]
    for item in items:
        if best < item:
            best = item
    return best


report("largest", largest, [([1, 3, 2],), ([1.5, 2, 0],), (["a", "c", "b"],), ([Vague(), Vague()],), ([Angry(), 1],), ([1, None],), ([(1, 2), (1, 3)],)])
