"""float(), int(), round(), abs(), repr and formatting of computed numbers."""

from math import ceil, floor, inf, nan, trunc

from support import report


def to_int(x):
    return int(x)


def to_float(x):
    return float(x)


def rounded(x):
    return round(x), round(x, 1), round(x, -1)


def whole(x):
    return floor(x), ceil(x), trunc(x)


def absolute(x):
    return abs(x), abs(-x)


def text(x):
    return repr(x), str(x), f"{x}", "%s" % x


def fixed(x):
    return f"{x:.3f}", f"{x:e}", f"{x:g}"


def properties(x):
    return x.is_integer(), x.as_integer_ratio()


def hashes(a, b):
    return hash(a) == hash(b), a == b, {a: 1}.get(b)


values = [(1.5,), (2.5,), (-2.5,), (0.0,), (-0.0,), (1e22,), (1e16,), (123456.789,), (inf,), (-inf,), (nan,), (3,), (-7,), (True,), (2**63,), (10**400,), ("4",), ("x",), (None,), (2j,)]
for function in (to_int, to_float, rounded, whole, absolute, text, fixed):
    report(function.__name__, function, values)
report("properties", properties, [(1.5,), (2.0,), (inf,), (nan,), (-0.0,), ("a",)])
report("hashes", hashes, [(1, 1.0), (2**53, 2.0**53), (2**53 + 1, 2.0**53), (0.0, -0.0), (True, 1.0), (1.5, 1.5), (10**30, 1e30)])
