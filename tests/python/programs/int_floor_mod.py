"""//, %, / and divmod on ints: signs, borders, zero."""

from support import define, report

VALUES = [1, -1, 2, -2, 7, -7, 3, 10**9, 2**31, 2**53 + 1, 2**62, 2**63 - 1, -(2**63), 2**63, 10**25, -(10**25)]


def floor(a, b):
    return a // b


def modulo(a, b):
    return a % b


def true(a, b):
    return a / b


def both(a, b):
    return divmod(a, b)


def floor_in_place(a, b):
    a //= b
    return a


def modulo_in_place(a, b):
    a %= b
    return a


def true_in_place(a, b):
    a /= b
    return a


def identity(a, b):
    return (a // b) * b + a % b == a


def by_constants(a):
    return a // 2, a % 2, a // -2, a % -2, a // 7, a % 7, a // -7, a % -7, a // 1, a % 1, a // -1, a % -1, a // 4096, a % 4096


def by_zero_constant(a):
    return a // 0


def mod_zero_constant(a):
    return a % 0


pairs = [(7, 2)] + [(a, b) for a in VALUES for b in VALUES] + [(0, 5), (0, -5), (5, 0), (0, 0), (-(2**63), 0), (10**25, 0)]
for function in (floor, modulo):
    report(function.__name__, function, pairs, rounds=1)
for function in (true, both, floor_in_place, modulo_in_place, true_in_place, identity):
    report(function.__name__, function, pairs[::5] + pairs[-6:], rounds=1)
for function in (by_constants, by_zero_constant, mod_zero_constant):
    report(function.__name__, function, [(n,) for n in [5, 0] + VALUES], rounds=1)

# Hot with a failing division from the start.
for operator in ("//", "%", "/"):
    fresh = define(f"def f(a, b):\n    return a {operator} b\n")
    report(f"zero first {operator} ", fresh, [(5, 0), (5, 2), (-5, 2), (-(2**63), -1)])
report("true overflow ", true, [(1, 2), (10**400, 1), (10**400, 10**399), (1, 10**400), (2**1024, 3)])
