"""The opcodes of operators: UNARY_*, every BINARY_OP and COMPARE_OP, IS_OP, truth values, with numbers, other types and telling objects."""

from support import define, report
from support.effects import effects, tell, telling, telling_class

BINARY = ["+", "-", "*", "/", "//", "%", "**", "@", "&", "|", "^", "<<", ">>"]
NAMES = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor", "lshift", "rshift"]
COMPARE = ["<", "<=", "==", "!=", ">", ">="]
COMPARE_NAMES = ["lt", "le", "eq", "ne", "gt", "ge"]
VALUES = [7, 0, -3, True, 2**62, -(2**63), 2.5, -0.0, float("inf"), 1j, "ab", b"c", (1,), None]


def positive(x):
    return +x


def negative(x):
    return -x


def inverted(x):
    return ~x


def not_value(x):
    return not x


def binary_all(a, b):
    return [a + b, a - b, a * b, a / b, a // b, a % b, a**b, a & b, a | b, a ^ b, a << b, a >> b]


def matmul(a, b):
    return a @ b


def inplace_all(a, b):
    out = []
    c = a
    c += b
    out.append(c)
    c -= b
    out.append(c)
    c *= b
    out.append(c)
    c /= b
    out.append(c)
    c = a
    c //= b
    out.append(c)
    c = a
    c %= b
    out.append(c)
    c **= b
    out.append(c)
    c = a
    c &= b
    out.append(c)
    c |= b
    out.append(c)
    c ^= b
    out.append(c)
    c <<= b
    out.append(c)
    c >>= b
    out.append(c)
    return out


def inplace_matmul(a, b):
    a @= b
    return a


def compare_all(a, b):
    return [a < b, a <= b, a == b, a != b, a > b, a >= b]


def compare_branches(a, b):
    out = []
    if a < b:
        out.append("lt")
    if a <= b:
        out.append("le")
    if a == b:
        out.append("eq")
    if a != b:
        out.append("ne")
    if a > b:
        out.append("gt")
    if a >= b:
        out.append("ge")
    return out


def identity(a, b):
    return a is b, a is not b, "is" if a is b else "other", a is None, a is not None, not a is b


def truth(x):
    if x:
        first = "true"
    else:
        first = "false"
    second = "false" if not x else "true"
    count = 0
    while x:
        count += 1
        break
    return first, second, count, x and 1, x or 1, not x, not not x, bool(x)


def or_and(a, b, c):
    return a and b and c, a or b or c, a and b or c, (a or b) and c, not (a and b) or c


def order(a, b, c, d):
    return tell("a", a) + tell("b", b) * tell("c", c) - -tell("d", d)


def order_compare(a, b, c):
    return tell("a", a) < tell("b", b) < tell("c", c)


def order_power(a, b, c):
    return tell("a", a) ** tell("b", b) ** tell("c", c), -tell("a", a) ** 2


def mixed_loop(values):
    total = 0
    for value in values:
        total += value
        total = total * 2 - value
        if total > 10**6:
            total //= 3
    return total


report("all", binary_all, [(7, 3), (-7, 3), (7, -3), (True, True), (2**70, 3), (7, 0), (0, 5), (7, 3.0), (2.5, 2), ("a", 1), (-1, 2), (1, 2**62)])
report("in place", inplace_all, [(7, 3), (-7, 2), (True, True), (2**70, 5), (7, 0), (7, 3.0), (2.5, 2), ("a", 1)])
for op in BINARY:
    function = define(f"def f(a, b):\n    return a {op} b", "f")
    inplace = define(f"def f(a, b):\n    a {op}= b\n    return a", "f")
    pairs = [(a, b) for a in VALUES for b in VALUES if not (op in ("**", "<<") and isinstance(b, int) and b > 100) and not (op == "*" and (a == 2**62 or b == 2**62))]
    pairs.sort(key=lambda pair: pair != (7, 7))
    effects(f"a {op} b ", function, pairs, rounds=1)
    effects(f"a {op}= b ", inplace, pairs, rounds=1)
for op in COMPARE:
    function = define(f"def f(a, b):\n    return a {op} b", "f")
    branch = define(f"def f(a, b):\n    if a {op} b:\n        return 'yes'\n    return 'no'", "f")
    pairs = [(a, b) for a in [*VALUES, float("nan"), [1]] for b in [*VALUES, float("nan"), [1]]]
    effects(f"a {op} b ", function, pairs, rounds=1)
    effects(f"if a {op} b ", branch, pairs, rounds=1)

# Which methods, in which order, with which results.
for op, name in zip(BINARY, NAMES):
    left = telling("Left", **{name: "left"})
    right = telling("Right", **{f"r{name}": "right"})
    both = telling("Both", **{name: "both", f"r{name}": "rboth", f"i{name}": "iboth"})
    refuses = telling("Refuses", **{name: NotImplemented, f"r{name}": NotImplemented, f"i{name}": NotImplemented})
    fails = telling("Fails", **{name: ZeroDivisionError(name), f"r{name}": OverflowError(name), f"i{name}": KeyError(name)})
    parent = telling_class("Parent", **{name: "parent", f"r{name}": "rparent"})
    child = telling_class("Child", parent, **{f"r{name}": "rchild", f"i{name}": None})
    number = telling_class("Number", int, **{name: "number", f"r{name}": "rnumber"})
    operands = [left, right, both, refuses, fails, parent(), child(), number(5), 3, 2.5]
    pairs = [(a, b) for a in operands for b in operands]
    function = define(f"def f(a, b):\n    return a {op} b", "f")
    inplace = define(f"def f(a, b):\n    a {op}= b\n    return a", "f")
    effects(f"a {op} b ", function, [(3, 2), *pairs], rounds=1)
    effects(f"a {op}= b ", inplace, [(2.5, 3), *pairs], rounds=1)
for op, name in zip(COMPARE, COMPARE_NAMES):
    mirrored = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}.get(name, name)
    left = telling("Left", **{name: "left"})
    right = telling("Right", **{mirrored: ""})
    both = telling("Both", **{name: "both", mirrored: 0})
    refuses = telling("Refuses", **{name: NotImplemented, mirrored: NotImplemented})
    fails = telling("Fails", **{name: ZeroDivisionError(name), mirrored: OverflowError(name)})
    untrue = telling("Untrue", **{name: telling("Truth", bool=ValueError("truth")), mirrored: telling("Truth", bool=5)})
    parent = telling_class("Parent", **{name: 1.5, mirrored: "mirrored"})
    child = telling_class("Child", parent, **{mirrored: []})
    text = telling_class("Text", str, **{name: "text", mirrored: "rtext"})
    operands = [left, right, both, refuses, fails, untrue, parent(), child(), text("x"), 3, 2.5, "x"]
    pairs = [(a, b) for a in operands for b in operands]
    function = define(f"def f(a, b):\n    return a {op} b", "f")
    branch = define(f"def f(a, b):\n    if a {op} b:\n        return 'yes'\n    return 'no'", "f")
    inverse = define(f"def f(a, b):\n    while not a {op} b:\n        return 'no'\n    return 'yes'", "f")
    effects(f"a {op} b ", function, [(3, 2), *pairs], rounds=1)
    effects(f"if a {op} b ", branch, [(3, 2), *pairs], rounds=1)
    effects(f"not a {op} b ", inverse, [(3, 2), *pairs], rounds=1)

unary = telling("Unary", pos="plus", neg=lambda self: -1.5, invert=(1, 2), bool=False)
failing = telling("Failing", pos=ValueError("plus"), neg=KeyError("minus"), invert=OSError(5, "invert"), bool=AttributeError("bool"))
strange = telling("Strange", bool=1)
sized = telling("Sized", len=0)
longer = telling("Longer", len=3)
negative_size = telling("Negative", len=-1)
huge_size = telling("Huge", len=2**70)
wrong_size = telling("Wrong", len="x")
lists = telling("Lists", len=1, bool=True)
disabled = telling("Disabled", neg=None, pos=None, invert=None)
odd = [unary, failing, strange, sized, longer, negative_size, huge_size, wrong_size, lists, disabled]
plain = [5, -(2**62), -(2**63), 2**100, True, False, 0, 2.5, -0.0, float("nan"), 1j, "x", "", [], [0], {}, {1}, None, ..., int, NotImplementedError("e")]
effects("+", positive, [(x,) for x in plain + odd])
effects("-", negative, [(x,) for x in plain + odd])
effects("~", inverted, [(x,) for x in plain + odd if not isinstance(x, bool)])
effects("not ", not_value, [(x,) for x in plain + odd])
effects("truth", truth, [(x,) for x in plain + odd])
shared = [1]
effects("is", identity, [(None, 1), (None, None), (True, True), (True, 1), (shared, shared), (shared, [1]), (int, int), (abs, abs), (unary, unary), (unary, strange), ("", 0), (..., ...)])
effects("@", matmul, [(telling("M", matmul=5), 1), (1, 2), ([1], [2]), (1.5, telling("R", rmatmul=2.5))])
effects("@=", inplace_matmul, [(telling("I", imatmul=5), 1), (1, 2), ([1], [2]), (telling("M", matmul=1.5), 2)])
effects("compare", compare_all, [(1, 2), (2, 1), (1, 1.0), (1.5, 2.5), ("a", "b"), ([1], [1, 2]), ({1}, {1, 2}), (1, "x"), (2**70, 2**70 + 1), (True, 1), (b"a", b"b"), ((1, "x"), (1, 2))])
effects("branches", compare_branches, [(1, 2), (2, 1), (1, 1.0), (1.5, 2.5), ("a", "b"), ([1], [1, 2]), ({1}, {1, 2}), (1, "x"), (2**70, 2**70 + 1), (float("nan"), 1), (True, 1)])
effects("or and", or_and, [(1, 0, 2), (0, 1, 2), (0, 0, 0), (1, 2, 3), ("", [], None), (1.5, 0.0, ""), (unary, 1, 2), (1, unary, 2), (1, failing, 2), (sized, longer, 1), (negative_size, 1, 1)])
tells = telling("T", add="T+", radd="+T", mul="T*", rmul="*T", sub="T-", rsub="-T", neg="neg")
effects("order", order, [(1, 2, 3, 4), (1.5, 2, 3, 4), (tells, 1, 1, 1), (1, tells, 1, 1), (1, 1, tells, 1), (1, 1, 1, tells), (1, "x", "y", 2), (1, "x", 2, 3), (1, 2, 3, "x")])
effects("order compare", order_compare, [(1, 2, 3), (1, 0, 3), (1.5, 2, 1), ("a", "b", "c"), (1, "b", "c"), (1, 2, "c")])
effects("order power", order_power, [(2, 3, 2), (2.5, 2, 1), (2, -1, 2), (0, -1, 1), (-8, 0.5, 1), ("x", 1, 1)])
effects("mixed", mixed_loop, [([1, 2, 3] * 30,), ([1, 2.5, 3],), ([2**62] * 5,), ([1, "x"],), ([1, True, 1j],), ([0.0, 2**70, 1],)])
