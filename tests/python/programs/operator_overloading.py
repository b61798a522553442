"""Operators of user classes: plain, reflected, in place, NotImplemented, subclass priority, results of other types, errors."""

from support import define, report


class Vector:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __add__(self, other):
        if isinstance(other, Vector):
            return Vector(self.x + other.x, self.y + other.y)
        return NotImplemented

    def __mul__(self, k):
        return Vector(self.x * k, self.y * k)

    def __rmul__(self, k):
        return ("rmul", k, self)

    def __neg__(self):
        return Vector(-self.x, -self.y)

    def __matmul__(self, other):
        return self.x * other.x + self.y * other.y

    def __repr__(self):
        return f"Vector({self.x!r}, {self.y!r})"


class Mutable:
    def __init__(self, value):
        self.value = value

    def __iadd__(self, other):
        self.value += other.value if isinstance(other, Mutable) else other
        return self

    def __isub__(self, other):
        return f"isub {other!r}"

    def __imul__(self, other):
        return NotImplemented

    def __mul__(self, other):
        return f"mul {other!r}"

    def __repr__(self):
        return f"Mutable({self.value!r})"


class Reflected:
    def __radd__(self, other):
        return f"radd {other!r}"

    def __rsub__(self, other):
        return f"rsub {other!r}"

    def __rpow__(self, other):
        return f"rpow {other!r}"

    def __rfloordiv__(self, other):
        raise ValueError("rfloordiv")

    def __rlshift__(self, other):
        return [other]

    def __rand__(self, other):
        return None

    def __repr__(self):
        return "Reflected()"


class Parent:
    def __add__(self, other):
        return "parent add"

    def __radd__(self, other):
        return "parent radd"

    def __repr__(self):
        return "Parent()"


class Child(Parent):
    def __radd__(self, other):
        return "child radd"

    def __repr__(self):
        return "Child()"


class Sneaky(float):
    def __radd__(self, other):
        return "sneaky radd"

    def __repr__(self):
        return "Sneaky()"


MAKERS = [lambda: 3, lambda: 2.5, lambda: Vector(1, 2.5), lambda: Mutable(5), Reflected, Parent, Child, lambda: Sneaky(1.5), lambda: [1], lambda: "s", lambda: None]
for operator in ("+", "-", "*", "/", "//", "%", "**", "<<", ">>", "&", "|", "^", "@"):
    binary = define(f"def f(a, b):\n    return a {operator} b\n")
    in_place = define(f"def f(a, b):\n    a {operator}= b\n    return a\n")
    pairs = [(i, j) for i in range(len(MAKERS)) for j in range(len(MAKERS))]
    report(f"{operator} ", lambda i, j: binary(MAKERS[i](), MAKERS[j]()), [(0, 0)] + pairs, rounds=1)
    report(f"{operator}= ", lambda i, j: in_place(MAKERS[i](), MAKERS[j]()), [(2, 2)] + pairs[::2], rounds=1)


def sum_all(items, start):
    total = start
    for item in items:
        total = total + item
    return total


def horner(x, n):
    result = x
    for i in range(n):
        result = result * 2 + x
    return result


report("sum", lambda *which: sum_all([MAKERS[i]() for i in which], MAKERS[which[0]]()), [(0, 0), (2, 2), (0, 1), (4, 0), (0, 4), (8, 8), (9, 9), (0, 7), (2, 0)])
report("horner", lambda i: horner(MAKERS[i](), 3), [(0,), (1,), (2,), (3,), (5,), (8,), (9,)])
