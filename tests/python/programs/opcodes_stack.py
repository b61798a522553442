"""The opcodes that move values: POP_TOP, COPY, SWAP, NOP, PUSH_NULL, LOAD_CONST, and EXTENDED_ARG before large arguments and jumps."""

from support import define
from support.effects import effects, tell, telling


def pop_top(f, x):
    f(x)
    f(f(x))
    x
    return x


def no_operation(x):
    pass
    while True:
        pass
        if x:
            pass
        break
    try:
        pass
    finally:
        pass
    return x


def copy_targets(x):
    a = b = c = x
    return a, b, c


def copy_unpacked(x):
    a = (b, c) = [d, *e] = x
    return a, b, c, d, e


def copy_into(container, key, value):
    first = container[key] = second = value
    return first, second, container


def chained(a, b, c, d):
    return a < b <= c != d


def chained_jump(a, b, c):
    if a < b < c:
        return "rising"
    if not a > b > c:
        return "mixed"
    return "falling"


def chained_kinds(a, b, c):
    return a in b is not c, a is not b not in [c]


def swap_two(a, b):
    a, b = b, a
    return a, b


def swap_three(a, b, c):
    a, b, c = c, a, b
    b, c, a = a, b, c
    c, b, a = a, b, c
    return a, b, c


def swap_four(a, b, c, d):
    a, b, c, d = d, c, b, a
    (a, b), (c, d) = (c, d), (a, b)
    return a, b, c, d


def swap_items(items, i, j):
    items[i], items[j] = items[j], items[i]
    return items


def swap_order(a, b):
    return [(tell("first", a), tell("second", b))[1], (tell("third", b), tell("fourth", a))[0]]


def same_name(a, b, c):
    a, a, a = a, b, c
    return a


def augmented_item(items, key, value):
    items[tell("key", key)] += tell("value", value)
    return items


class Holder:
    def __init__(self, x):
        self.x = x

    def __repr__(self):
        return f"Holder({self.x!r})"


def augmented_attribute(holder, value):
    tell("holder", holder).x += tell("value", value)
    return holder


def augmented_slice(items, i, j, value):
    items[i:j] += value
    return items


def deep(a, b):
    return [a, (b, [a, (b, {a: [b, (a, f"{a}{[b, (a, b)]}")]})]), a < b, [a, [b, [a, [b, [a, [b, [a, [b]]]]]]]]]


def conditional_deep(a, b):
    return (a, b, a if a else b, (b if not b else a, [a and b, a or b, (a, b and a)]), not a)


def constants():
    return 1, 2.5, -0.0, 1j, "text", b"bytes", None, True, ..., (1, (2.5, "x")), frozenset((1,)) == {1}, 2**100, 1e999


def constant_branch(x):
    if 0:
        return "never"
    if "text":
        x = x, "always"
    while ():
        pass
    return x if 1 else None


def large_unpack(items):
    first, *middle, last, end = items
    *start, final = items
    return first, middle, last, end, start, final


def call_null(f, x):
    return f(x), (lambda: x)(), (f if x else f)(x)


def method_null(x, y):
    return x.__eq__(y), x.__class__(y)


plus = telling("Plus", add="added", iadd="in place", lt=True, le=[], gt=0, ne="end")
fails = telling("Fails", add=ValueError("add"), lt=ValueError("lt"), bool=ValueError("bool"))
falsy = telling("Falsy", lt=lambda self, other: self, le=lambda self, other: self, bool=False)

effects("pop", pop_top, [(abs, -1), (abs, -1.5), (str, "x"), (abs, "x"), (5, 5), (lambda x: tell("called", x), 3)])
effects("nop", no_operation, [(1,), (0.0,), ("",), (fails,), (falsy,)])
effects("copy", copy_targets, [(1,), (2.5,), ("x",), (None,)])
effects("copy unpacked", copy_unpacked, [((1, 2),), ([1.5, "x"],), ("ab",), ({1: 2, 3: 4},), ((1,),), ((1, 2, 3),), (5,)])
effects("copy into", copy_into, [lambda: ([1, 2], 0, 5), lambda: ({}, "k", 1.5), lambda: ([], 0, 1), lambda: ((), 0, 1), lambda: (bytearray(2), 1, 65), lambda: ({}, [], 1)])
effects("chained", chained, [(1, 2, 3, 4), (1.5, 2, 2.0, 2), ("a", "b", "b", "b"), (3, 2, 1, 0), (1, "x", 2, 3), (plus, 1, 2, 3), (1, plus, plus, 3), (falsy, 1, 2, 3), (fails, 1, 2, 3), (1, 2, None, 3)])
effects("chained jump", chained_jump, [(1, 2, 3), (3, 2, 1), (1, 3, 2), (1.5, 2.5, 3.5), (3.5, 2.5, 1.5), ("a", "b", "c"), (plus, 2, 3), (falsy, 1, 0), (fails, 1, 0), (1, fails, 0), (1, 2, "x"), (float("nan"), 1, 2)])
effects("chained kinds", chained_kinds, [(1, [1], 2), (1, [2], 2), ("a", "abc", None), (1, 2, 3), (None, [None], None), ("a", "a", "a")])
effects("swap", swap_two, [(1, 2), (1.5, "x"), (None, [1]), (2**70, -2.5)])
effects("swap three", swap_three, [(1, 2, 3), (1.5, 2, "x"), (None, (), [])])
effects("swap four", swap_four, [(1, 2, 3, 4), (1.5, 2.5, 3.5, 4.5), ("a", 1, None, 2.5)])
effects("swap items", swap_items, [lambda: ([1, 2, 3], 0, 2), lambda: ({"a": 1, "b": 2.5}, "a", "b"), lambda: ([1, 2], 0, 5), lambda: ([1, 2], 5, 0), lambda: ((1, 2), 0, 1), lambda: (bytearray(b"ab"), 0, -1), lambda: ("ab", 0, 1)])
effects("swap order", swap_order, [(1, 2), (1.5, "x")])
effects("same name", same_name, [(1, 2, 3), (1.5, 2.5, 3.5), ("a", None, [])])
effects("augmented item", augmented_item, [lambda: ([1, 2], 0, 5), lambda: ([1.5], 0, 1), lambda: ({"k": "v"}, "k", "w"), lambda: ({}, "k", 1), lambda: ([1], 1, 1), lambda: ([[1]], 0, (2, 3)), lambda: (([1],), 0, [2]), lambda: ([plus], 0, 1), lambda: ([fails], 0, 1), lambda: ([1], 0, "x"), lambda: (telling("Item", getitem=1, setitem=None), 4, 2), lambda: (telling("Item", getitem=1), 4, 2), lambda: (telling("Item", setitem=1), 4, 2)])
effects("augmented attribute", augmented_attribute, [lambda: (Holder(1), 2), lambda: (Holder(1.5), 2), lambda: (Holder("x"), "y"), lambda: (Holder([1]), (2,)), lambda: (Holder(plus), 1), lambda: (Holder(fails), 1), lambda: (Holder(1), "x"), lambda: (5, 1), lambda: (telling("Get", getattr=5), 1), lambda: (telling("Get", getattr=5, setattr=TypeError("set")), 1)])
effects("augmented slice", augmented_slice, [lambda: ([1, 2, 3], 0, 2, [9]), lambda: ([1, 2, 3], 1, None, (5.5,)), lambda: (bytearray(b"abc"), 0, 1, b"z"), lambda: ("abc", 0, 1, "z"), lambda: ([1], 0, 1, 5)])
effects("deep", deep, [(1, 2), (1.5, 2), ("a", "b"), ([], 1), (1, "x")])
effects("conditional", conditional_deep, [(1, 2), (0, 2), (1.5, 0.0), ("", []), (falsy, 1), (1, falsy), (fails, 1)])
effects("constants", constants, [()])
effects("branch", constant_branch, [(1,), (2.5,), ("x",)])
effects("large unpack", large_unpack, [((1, 2, 3, 4),), ([1.5, 2],), ("abc",), (range(3),), ((1, 2),), (lambda: (iter([1, 2, 3]),)), ((1,),), (5,)])
effects("null", call_null, [(abs, -1), (str, 2.5), (abs, "x"), (None, 1), (lambda x: x * 2, "ab")])
effects("method null", method_null, [(1, 2), (1.5, 1.5), ("a", "a"), (1, "x"), (True, [])])

# More than 256 constants, names, locals, targets, values; jumps over more than 256 instructions.
lines = "\n".join([f"    v{i} = x + {i}.5" for i in range(300)])
many_locals = define(f"def f(x):\n{lines}\n    return v0, v255, v256, v299, {' + '.join([f'v{i}' for i in range(300)])}")
effects("many locals", many_locals, [(1,), (1.5,), (2**70,), ("x",)])
unbound = "\n".join([f"    if x > {i}:\n        w{i} = {i}" for i in range(280)])
many_unbound = define(f"def f(x):\n{unbound}\n    return w0, w254, w255, w256, w279")
effects("many unbound", many_unbound, [(280,), (0,), (256,), (256.5,), (10**6,), (None,)])
lines = "\n".join([f"    if x == {i}:\n        r = name{i}\n    total += {i * 3}" for i in range(290)])
many_names = define(f"def f(x):\n    r = None\n    total = 0\n{lines}\n    return r, total", **{f"name{i}": f"value {i}" for i in range(289)})
effects("many names", many_names, [(1,), (256,), (288,), (289,), (2.0,), ("x",), (telling("Equal", eq=lambda self, other: other == 260),)])
targets = ", ".join([f"t{i}" for i in range(300)])
many_targets = define(f"def f(x):\n    {targets} = x\n    return t0, t255, t256, t299\n")
effects("many targets", many_targets, [lambda: (list(range(300)),), lambda: (tuple(range(300)),), lambda: (iter(range(300)),), lambda: ([0] * 299,), lambda: (range(301),), (5,)])
after = ", ".join([f"t{i}" for i in range(260)])
many_after = define(f"def f(x):\n    first, *rest, {after} = x\n    return first, rest, t0, t259\n")
effects("many after", many_after, [lambda: (list(range(270)),), lambda: (range(261),), lambda: ([1] * 260,), lambda: ("x" * 262,)])
values = ", ".join([f"x + {i}" if i % 2 else f"{i}" for i in range(300)])
many_values = define(f"def f(x):\n    a = ({values})\n    b = [{values}]\n    c = {{{values}}}\n    return len(a), a[299], b[299], sum(a), sum(b), len(c)")
effects("many values", many_values, [(1,), (1.5,), (2**65,), ("x",)])
pieces = "".join([f"{{x}}-{i}-" for i in range(140)])
many_pieces = define(f"def f(x):\n    return f'{pieces}'[-20:]")
effects("many pieces", many_pieces, [(1,), (2.5,), ("x",), (telling("Format", format="f"),), (telling("Format", format=5),)])
body = "\n".join([f"        total = total + x * {i} - y" for i in range(120)])
long_jumps = define(
    f"def f(n, x, y):\n    total = 0\n    i = 0\n    while i < n:\n        i += 1\n        if i % 3 == 0:\n            continue\n{body}\n"
    f"        if i > 90: break\n    else:\n        total = (total, 'else')\n    for item in range(n):\n        if item is None:\n            continue\n{body}\n    return total"
)
effects("long jumps", long_jumps, [(5, 1, 2), (3, 1.5, 2), (0, 1, 1), (2, "x", 1), (100, 1, 1), (2, 1, 0.5)], rounds=2)
body = "\n".join([f"            total = total + {i}" for i in range(300)])
long_kinds = define(
    f"def f(x, y):\n    total = 0\n    for _ in range(2):\n        if x is None:\n{body}\n        if x is not None:\n{body}\n"
    f"        if not x:\n{body}\n        if x:\n{body}\n        try:\n            total = total + y\n{body}\n        except TypeError:\n{body}\n        finally:\n            total += 1\n    return total"
)
effects("long kinds", long_kinds, [(None, 1), (1, 1), (0, 1.5), ("x", "y"), (fails, 1), (falsy, 1)], rounds=2)
arguments = ", ".join([f"a{i}" for i in range(270)])
many_arguments = define(f"def f({arguments}, *, k1=1, k2=2):\n    return a0 + a255 + a256 + a269 + k1 * k2")
effects("many arguments", lambda items, **names: many_arguments(*items, **names), [(range(270),), ([1.5] * 270,), (range(269),), (range(271),)])
many_passed = define(f"def f(g, x):\n    return g({', '.join([f'x + {i}' for i in range(260)])}, k={{'x': x}})")
effects("many passed", many_passed, [(lambda *args, k: (sum(args), k), 1), (lambda *args, k: (sum(args), k), 1.5), (max, 1), (lambda *args: None, 1)])
keywords = ", ".join([f"k{i}=x + {i}" for i in range(300)])
many_keywords = define(f"def f(g, x):\n    return g({keywords})")
effects("many keywords", many_keywords, [(lambda **names: (len(names), sum(names.values())), 1), (lambda k5, k299, **names: (k5, k299, len(names)), 1.5), (lambda k1: k1, 1), (dict.fromkeys, 1)])
huge = "def f(x):\n    table = {\n" + "\n".join([f"    {i}: x," for i in range(100)]) + "\n    }\n    return len(table), table[99]"
effects("table", define(huge), [(1,), (2.5,), ("x",)])
# Arguments of three bytes: constants and jumps.
lines = "\n".join([f"        y -= {i}.5" for i in range(23000)])
three_bytes = define(f"def f(x, y):\n    for i in range(3):\n        if x:\n            y += i\n            continue\n{lines}\n        y += i\n    return y")
effects("three bytes", three_bytes, [(1, 1), (1, 1.5), ("x", 2**70), (1, "x")])
print(three_bytes(0, 1), three_bytes(None, 0.25))
