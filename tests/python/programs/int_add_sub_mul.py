"""+, -, * and the unary operators on ints of every size, plain and in place."""

from support import define, report

BORDERS = [0, 1, -1, 7, -5, 256, 257, -6, 2**30 - 1, 2**30, -(2**30), 2**31, 2**60, 2**62, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64]
HUGE = [10**40, -(10**40), 3**200]


def add(a, b):
    return a + b


def subtract(a, b):
    return a - b


def multiply(a, b):
    return a * b


def negate(a):
    return -a


def positive(a):
    return +a


def invert(a):
    return ~a


def add_in_place(a, b):
    a += b
    return a


def subtract_in_place(a, b):
    a -= b
    return a


def multiply_in_place(a, b):
    a *= b
    return a


def chain(a, b):
    return (a + b) * (a - b) - a * b + (-b) - (~a)


def with_constants(a):
    return a + 1, a - 1, a * 2, 1 - a, 3 + a, -1 * a, a + 9223372036854775807, a - 9223372036854775808


pairs = [(a, b) for a in BORDERS for b in BORDERS[::3]] + [(a, b) for a in HUGE for b in (1, -(2**63), 10**39)]
singles = [(a,) for a in BORDERS + HUGE]
for binary in (add, subtract, multiply):
    report(binary.__name__, binary, [(3, 4)] + pairs, rounds=1)
for binary in (add_in_place, subtract_in_place, multiply_in_place, chain):
    report(binary.__name__, binary, [(3, 4)] + pairs[::4], rounds=1)
for unary in (negate, positive, invert, with_constants):
    report(unary.__name__, unary, singles)

# Functions that saw only big ints, and only sums that overflow.
for operator in "+-*":
    for first in ((10**30, 10**29), (2**62, 2**62)):
        fresh = define(f"def f(a, b):\n    return a {operator} b\n")
        report(f"{operator} from {first}: ", fresh, [first, (1, 2), (-(2**63), -1), (2**63 - 1, 1), (10**30, -(10**30))])
