"""All the comparisons on ints, floats and bools, mixed at the places where conversion would lie."""

from math import inf, nan

from support import define, report

VALUES = [0, -0.0, 1, True, 1.0, -1, 2**53, 2**53 + 1, 2.0**53, 2.0**53 + 2, 2**63 - 1, 2**63, 2.0**63, -(2**63), 10**400, 1e308, inf, -inf, nan]
OPERATORS = ["<", "<=", "==", "!=", ">", ">="]

for operator in OPERATORS:
    plain = define(f"def f(a, b):\n    return a {operator} b\n")
    branch = define(f"def f(a, b):\n    if a {operator} b:\n        return 'yes'\n    return 'no'\n")
    negated = define(f"def f(a, b):\n    return 'no' if not a {operator} b else 'yes'\n")
    report(f"{operator} ", plain, [(1, 2)] + [(a, b) for a in VALUES for b in VALUES], rounds=1)
    report(f"if {operator} ", branch, [(1, 2)] + [(a, b) for a in VALUES[::2] for b in VALUES], rounds=1)
    report(f"not {operator} ", negated, [(1.0, 2.0)] + [(a, b) for a in VALUES for b in VALUES[::2]], rounds=1)
    mixed = define(f"def f(a, b):\n    return a {operator} b\n")
    report(f"int, float {operator} ", mixed, [(1, 2.0), (2**53 + 1, 2.0**53), (2**53, 2.0**53), (10**400, inf), (3, nan), (3, 3), (3.0, 3), (2**62 + 1, 2.0**62)])
    report(f"wrong types {operator} ", mixed, [(1, 2.0), (1, "a"), ("a", 1), (None, 1), (1j, 1), ([1], [2]), ((1, 2), (1, 3)), ("a", "b"), ([1], 1)])
    constant = define(f"def f(a):\n    return a {operator} 10, 10 {operator} a, a {operator} 0.5, a {operator} 2**60\n")
    report(f"constant {operator} ", constant, [(3,), (10,), (11,), (0.5,), (2**60,), (2**64,), (nan,), (True,), ("x",), (-(10**30),)])
