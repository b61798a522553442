"""Loops over floats whose result depends on every rounding."""

from math import sqrt

from support import report


def harmonic(n):
    total = 0.0
    for i in range(1, n + 1):
        total += 1.0 / i
    return total


def kahan(values):
    total = 0.0
    lost = 0.0
    for value in values:
        y = value - lost
        t = total + y
        lost = (t - total) - y
        total = t
    return total, lost


def logistic(x, r, n):
    for _ in range(n):
        x = r * x * (1.0 - x)
    return x


def newton(x):
    guess = x / 2.0
    steps = 0
    while steps < 50:
        better = 0.5 * (guess + x / guess)
        if better == guess:
            break
        guess = better
        steps += 1
    return guess, steps


def euler(n):
    x, v = 1.0, 0.0
    dt = 0.01
    for _ in range(n):
        x, v = x + v * dt, v - x * dt
    return x, v, sqrt(x * x + v * v)


def to_infinity(x):
    n = 0
    while x == x and x < 1e308:
        x *= 1.7
        n += 1
    return x, n


def underflow(x):
    n = 0
    while x > 0.0:
        x *= 0.5
        n += 1
    return x, n


def counted(start, stop, step):
    x = start
    n = 0
    while x < stop and n < 1000:
        x += step
        n += 1
    return x, n


def multiply_add(a, b, c):
    return a * b + c, a * b - c, c - a * b


report("harmonic", harmonic, [(10,), (100,), (0,), (1,)])
report("kahan", kahan, [([0.1] * 10,), ([1e16, 1.0, -1e16],), ([],), ([1, 2, 0.5],), ([0.1, 1e100, -1e100],)])
report("logistic", logistic, [(0.3, 3.9, 20), (0.3, 3.9, 100), (0.0, 4.0, 5), (2.0, 4.0, 20), (1, 3, 4)])
report("newton", newton, [(2.0,), (9.0,), (1e-300,), (1e300,), (0.0,), (-4.0,), (16,)])
report("euler", euler, [(10,), (200,), (0,)])
report("to infinity", to_infinity, [(1.0,), (float("nan"),), (1e307,), (3,)])
report("underflow", underflow, [(1.0,), (5e-324,), (0.0,), (-1.0,)])
report("counted", counted, [(0.0, 1.0, 0.1), (0.0, 1.0, 1e-1), (1e16, 1e16 + 10, 1.0), (0, 5, 1), (0, 5, 0.5)])
# A fused multiply-add would round once, not twice.
report("multiply add", multiply_add, [(0.1, 10.0, -1.0), (1.0 + 2**-52, 1.0 - 2**-52, -1.0), (1e200, 1e200, -1e308), (3.0, 1.0 / 3.0, -1.0)])
