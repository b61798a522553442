"""+, -, *, /, //, % and divmod on floats, to the last bit, with the special values."""

from math import inf, nan

from support import define, report

VALUES = [0.0, -0.0, 1.0, -1.5, 0.1, 1e-308, 5e-324, 1.7976931348623157e308, 1e16, inf, -inf, nan, 3.7, -2.5]


def basic(a, b):
    return a + b, a - b, a * b


def divide(a, b):
    return a / b


def floor(a, b):
    return a // b


def modulo(a, b):
    return a % b


def both(a, b):
    return divmod(a, b)


def in_place(a, b):
    c = a
    c += b
    d = a
    d -= b
    e = a
    e *= b
    return c, d, e


def divide_in_place(a, b):
    a /= b
    return a


def unary(a):
    return -a, +a, abs(a), a * 0.0, a + 0.0, 0.0 - a, a - a


def polynomial(x):
    return ((1.5 * x - 0.1) * x + 3.0) * x - 7.25


def not_reassociated(a, b, c):
    return (a + b) + c, a + (b + c), a * b + c, a * (b + c), a / b * c, a * c / b


pairs = [(1.5, 2.0)] + [(a, b) for a in VALUES for b in VALUES]
report("basic", basic, pairs, rounds=1)
for function in (divide, floor, modulo):
    report(function.__name__, function, pairs, rounds=1)
for function in (both, in_place, divide_in_place):
    report(function.__name__, function, pairs[::4], rounds=1)
for function in (unary, polynomial):
    report(function.__name__, function, [(v,) for v in VALUES])
triples = [(0.1, 0.2, 0.3), (1e16, 1.0, 1.0), (1e308, 1e308, -1e308), (3.0, 7.0, 7.0), (1e-200, 1e-200, 1e300), (inf, -inf, 1.0), (1e200, 1e200, -inf)]
report("not reassociated", not_reassociated, triples)
for operator in ("/", "//", "%"):
    fresh = define(f"def f(a, b):\n    return a {operator} b\n")
    report(f"zero first {operator} ", fresh, [(1.0, 0.0), (1.0, 2.0), (1.0, -0.0), (0.0, 0.0), (nan, 0.0)])
