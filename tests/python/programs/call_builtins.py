"""Calls of builtin functions and types, with right and wrong arguments, in the result of arithmetic."""

from support import define, report


class Length:
    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def __repr__(self):
        return f"Length({self.n!r})"


ONE_ARGUMENT = ["len", "abs", "int", "float", "str", "bool", "repr", "hash", "ord", "chr", "bin", "hex", "round", "sum", "min", "max", "sorted", "list", "tuple", "any", "all", "callable", "type", "bytes", "complex", "iter", "next", "divmod"]
VALUES = [5, -5, 2.5, "12", "a", [3, 1, 2], (1, 2.5), [], None, 2**65, True, Length(3), Length(-1), Length("x"), Length(2**70)]
for name in ONE_ARGUMENT:
    function = define(f"def f(x):\n    return {name}(x)\n")
    values = [v for v in VALUES if not (name == "bytes" and v == 2**65)]
    if name == "hash":
        values = [v for v in values if not isinstance(v, Length) and v is not None and v not in ("12", "a")]
    report(f"{name} ", function, [(v,) for v in values], rounds=1)


def isinstance_checks(x):
    return isinstance(x, int), isinstance(x, (int, float)), isinstance(x, str), isinstance(x, Length), isinstance(x, int | None), issubclass(type(x), int)


def bad_isinstance(x):
    return isinstance(x, 5)


def minimum(a, b):
    return min(a, b), max(a, b), min(a, b, 3), max([a, b]), min(a, b, key=lambda v: -v)


def clamp(x, low, high):
    return max(low, min(x, high))


def two_arguments(a, b):
    return divmod(a, b), pow(a, b), round(a, b), int(str(a), b)


def attributes(x):
    return getattr(x, "real", "none"), hasattr(x, "n"), getattr(x, "n", 0)


def set_attribute(x):
    setattr(x, "n", 7)
    return x.n


def computed(n):
    total = 0
    for i in range(n):
        total += abs(i - 3) + len("ab" * i) + max(i, 2) + int(i / 2)
    return total


def types(x):
    return type(x) is int, type(x)(1), type(x).__name__


report("isinstance", isinstance_checks, [(v,) for v in VALUES])
report("bad isinstance", bad_isinstance, [(1,), (1.5,)])
report("minimum", minimum, [(1, 2), (2.5, 1), (1, 1.0), (1.0, 1), ("a", "b"), (1, "a"), (float("nan"), 1), (1, float("nan")), (2**70, -(2**70))])
report("clamp", clamp, [(5, 0, 3), (-5, 0, 3), (1.5, 0, 3), (2, 2.0, 2), ("b", "a", "c")])
report("two", two_arguments, [(7, 3), (7, 10), (7.5, 2), (7, 0), (7, 40), (-7, 2)])
report("attributes", attributes, [(5,), (2.5,), ("a",), (Length(3),), (None,)])
report("set attribute", set_attribute, [(Length(1),), (5,)])
report("computed", computed, [(10,), (0,), (3,), (2.5,)])
report("types", types, [(5,), (True,), (2.5,), ("a",), ([],), (None,)])
