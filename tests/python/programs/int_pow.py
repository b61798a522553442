"""** on ints: growth, negative exponents, zero, one, minus one; the builtin with a modulus."""

from support import define, report

BASES = [0, 1, -1, 2, -2, 3, 10, -10, 2**31, 2**40, -(10**20), True, False]
EXPONENTS = [0, 1, 2, 3, 5, 10, 31, 32, 62, 63, 64, 65, 100, -1, -2, -3, -62, True, False]


def power(a, b):
    return a**b


def power_in_place(a, b):
    a **= b
    return a


def square(a):
    return a**2


def cube(a):
    return a**3


def inverse(a):
    return a**-1


def root(a):
    return a**0.5


def two_to(b):
    return 2**b


def modular(a, b, m):
    return pow(a, b, m)


report("power", power, [(3, 4)] + [(a, b) for a in BASES for b in EXPONENTS], rounds=1)
report("in place", power_in_place, [(3, 4)] + [(a, b) for a in BASES[::2] for b in EXPONENTS[::2]], rounds=1)
singles = [(a,) for a in BASES + [2**63, 94906265, 3037000499, 3037000500, -3037000500, 10**400]]
for function in (square, cube, inverse, root):
    report(function.__name__, function, singles)
report("two_to", two_to, [(b,) for b in EXPONENTS + [1000, 0.5, -0.5, 2.0, "x"]])
report("modular", modular, [(3, 4, 5), (2, 100, 97), (-2, 3, 7), (2, -1, 7), (2, -1, 4), (5, 2, 0), (5, 2, -3), (0, 0, 1), (10**20, 10**20, 10**9 + 7)])
fresh = define("def f(a, b):\n    return a ** b\n")
report("negative exponent first ", fresh, [(2, -2), (2, 3), (0, -1), (10, -400), (-2, -3)])
