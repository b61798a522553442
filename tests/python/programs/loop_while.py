"""while loops with conditions of every type."""

from support import report


class Fuse:
    def __init__(self, n):
        self.n = n

    def __bool__(self):
        self.n -= 1
        if self.n < -1:
            raise RuntimeError("burnt out")
        return self.n > 0

    def __repr__(self):
        return "Fuse"


class Sized:
    def __init__(self, n):
        self.n = n

    def __len__(self):
        self.n -= 1
        return self.n

    def __repr__(self):
        return "Sized"


def drain(items):
    n = 0
    while items:
        items.pop()
        n += 1
    return n


def count_down(x, step):
    n = 0
    while x:
        x = x - step
        n += 1
        if n > 30:
            return "too many", x
    return n, x


def negated(x, step):
    n = 0
    while not x > 10:
        x += step
        n += 1
        if n > 50:
            break
    return n, x


def both(a, b):
    n = 0
    while a and b:
        a -= 1
        b -= 2
        n += 1
        if n > 20:
            break
    return n, a, b


def either(a, b):
    n = 0
    while a > 0 or b > 0:
        a -= 1
        b -= 2
        n += 1
    return n, a, b


def forever(n):
    while True:
        if n <= 0:
            return n
        n -= 3


def burn(maker, n):
    fuse = maker(n)
    count = 0
    while fuse:
        count += 1
    return count


def linked(node):
    n = 0
    while node is not None:
        node = node[1]
        n += 1
    return n


def until_none(values):
    i = 0
    while (value := values[i]) is not None:
        i += 1
    return i, value


report("drain", lambda *items: drain(list(items)), [(1, 2, 3), (), (1,)])
report("count down", count_down, [(5, 1), (0, 1), (5.0, 1), (1.5, 0.5), (5, 2), (True, 1), (2**64, 2**63), ("", 1), ("a", 1), (None, 1), (3j, 1j), (0.3, 0.1)])
report("negated", negated, [(0, 1), (11, 1), (0.5, 1), (float("nan"), 1), (2**63, -(2**62)), ("a", "b"), (0, 0.5)])
report("both", both, [(5, 10), (5, 3), (0, 3), (3, 0), (1.5, 1), (True, True)])
report("either", either, [(5, 3), (-1, -1), (1, 9), (2.5, 0), ("a", 1)])
report("forever", forever, [(9,), (0,), (10,), (2.5,), (2**63 + 1 - 2**63,)])
report("burn", lambda name, n: burn({"fuse": Fuse, "sized": Sized}[name], n), [("fuse", 4), ("sized", 4), ("fuse", 0), ("sized", 0), ("fuse", -5), ("sized", 1)])
report("linked", linked, [((1, (2, (3, None))),), (None,), ((1, None),), (5,), ([1, None],)])
report("until none", until_none, [([1, 2, None],), ([None],), ([1],), ("ab",), ([0, 0.0, "", None],)])
