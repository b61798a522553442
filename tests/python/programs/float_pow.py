"""** on floats: the domain cases, complex results, overflow."""

from math import inf, nan

from support import define, report

BASES = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -8.0, 1e308, 1e-308, inf, -inf, nan]
EXPONENTS = [0.0, -0.0, 1.0, -1.0, 2.0, 3.0, 0.5, -0.5, 1.0 / 3.0, 1e308, -1e308, 400.0, inf, -inf, nan]


def power(a, b):
    return a**b


def power_in_place(a, b):
    a **= b
    return a


def inverse_square_root(x):
    return x**-0.5


def cubed_distance(x):
    return x**-1.5


def integer_exponents(x):
    return x**2, x**3, x**0, x**10


def integer_inverse(x):
    return x**-2


def sum_of_powers(n, exponent):
    total = 0.0
    for i in range(1, n + 1):
        total += i**exponent
    return total


report("power", power, [(2.0, 3.0)] + [(a, b) for a in BASES for b in EXPONENTS], rounds=1)
report("in place", power_in_place, [(2.0, 3.0)] + [(a, b) for a in BASES[::2] for b in EXPONENTS[::2]], rounds=1)
for function in (inverse_square_root, cubed_distance, integer_exponents, integer_inverse):
    report(function.__name__, function, [(v,) for v in [2.0] + BASES + [2, 0, -1, 10**400, True]])
report("sum", sum_of_powers, [(10, 0.5), (10, 2.0), (10, 2), (5, -1), (5, -0.5), (0, 1.0), (3, 400.0), (3, 1e4)])
fresh = define("def f(a, b):\n    return a ** b\n")
report("complex first ", fresh, [(-8.0, 0.5), (8.0, 0.5), (-8, 0.5), (-8.0, 3), (0.0, -1.0), (10.0, 400.0)])
fresh = define("def f(a, b):\n    return a ** b\n")
report("overflow first ", fresh, [(10.0, 400.0), (2.0, 2.0), (-2.0, 0.25), (0.0, -2)])
