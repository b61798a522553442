"""Arithmetic between ints, floats and bools, with ints that no float can hold."""

from support import define, report

INTS = [0, 1, -3, 2**53, 2**53 + 1, 2**63 - 1, 2**64 + 1, 10**22 + 1, 10**308, 10**309, -(10**400), True, False]
FLOATS = [0.0, -0.0, 0.5, -2.0, 9007199254740993.0, 1e300, float("inf"), float("nan")]


def basic(a, b):
    return a + b, a - b, a * b


def divide(a, b):
    return a / b


def floor(a, b):
    return a // b, a % b


def constants(a):
    return a + 1, a - 0.5, 2 * a, a / 2, a // 2, 1.0 * a


def accumulate(items, start):
    total = start
    for item in items:
        total += item
    return total


def average(items):
    total = 0
    count = 0
    for item in items:
        total = total + item
        count += 1
    return total / count


pairs = [(3, 0.5)] + [(a, b) for a in INTS for b in FLOATS]
swapped = [(0.5, 3)] + [(b, a) for a in INTS for b in FLOATS]
report("int op float ", define("def f(a, b):\n    return a + b, a - b, a * b\n"), pairs, rounds=1)
report("float op int ", define("def f(a, b):\n    return a + b, a - b, a * b\n"), swapped, rounds=1)
report("divide", divide, pairs[::2] + swapped[::2], rounds=1)
report("floor", floor, pairs[::2] + swapped[::2], rounds=1)
report("basic, ints first ", basic, [(3, 4), (3, 4.0), (3.0, 4), (3.0, 4.0), (True, 4.0), (3.0, True), (True, True), (3, 4), (2j, 1), (1.0, 2j)])
report("constants", constants, [(3,), (3.0,), (True,), (2**70,), (10**400,), (1j,), (float("inf"),)])
report("accumulate", accumulate, [([1, 2, 3], 0), ([1.5, 2], 0), ([1, 2, 3], 0.0), ([1, 2.5, 3, True], 0), ([2**62, 2**62, 2**62], 0), ([2**62, 2**62, 0.5], 0), ([], 0.0), ([], -0.0)])
report("average", average, [([1, 2, 4],), ([1.0, 2.0, 4.0],), ([1, 2.0, 4],), ([True, False],), ([10**30, 1],), ([],)])
