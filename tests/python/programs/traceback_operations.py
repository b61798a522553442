"""An exception from every kind of operation in a hot function: the full text of the traceback, line numbers and column marks included."""

import traceback

from support import HOT


def add(a, b):
    c = 1
    return c + a + b


def floor(a, b):
    return (a
            // b)


def subscript(a, b):
    x = a
    return x[b] + x[
        b]


def store(a, b):
    a[b] = 1
    return a


def attribute(a, b):
    return a.real + a.missing


def store_attribute(a, b):
    a.missing = b


def call(a, b):
    return a(b)


def method(a, b):
    return a.append(b)


def compare(a, b):
    if a < b:
        return 1
    return 0


def unpack(a, b):
    x, y = a
    return x + y


def unpack_loop(a, b):
    for x, y in a:
        b += x + y
    return b


def iterate(a, b):
    total = 0
    for x in a:
        total += x * b
    return total


def missing_global(a, b):
    return a + not_a_name + b


def unbound(a, b):
    if b:
        x = a
    return x


def negate(a, b):
    return -a + ~b


def shift(a, b):
    return a << b | a >> b


def power(a, b):
    return a ** b


def in_place(a, b):
    a += b
    a -= b
    a *= b
    return a


def contains(a, b):
    return b in a


def raising(a, b):
    for i in range(3):
        if i == a:
            raise ValueError(
                f"raised at {i}"
            )
    return b


def chain(a, b):
    try:
        return a / b
    except ZeroDivisionError as error:
        raise RuntimeError("from division") from error


def context(a, b):
    try:
        return a / b
    except ZeroDivisionError:
        return {}[a]


def asserting(a, b):
    assert a < b, f"{a} is not below {b}"
    return a


def deep(a, b):
    return outer(a, b) + 1


def outer(a, b):
    x = inner(a, b)
    return x * 2


def inner(a, b):
    return a % b


def formatted(a, b):
    return f"{a:d} {b:>{a}}"


def importing(a, b):
    import no_such_module_anywhere
    return no_such_module_anywhere, a, b


def wrong_call(a, b):
    return inner(a, b, 3)


def bad_index(a, b):
    return [1, 2, 3][a:b:0]


def key_error(a, b):
    return {1: 2}[a][b]


def deleting(a, b):
    del a[b]


FUNCTIONS = [add, floor, subscript, store, attribute, store_attribute, call, method, compare, unpack, unpack_loop, iterate, missing_global, unbound, negate, shift, power,
             in_place, contains, raising, chain, context, asserting, deep, formatted, importing, wrong_call, bad_index, key_error, deleting]
GOOD = {"add": (1, 2), "floor": (7, 2), "subscript": ([1, 2], 1), "store": ([1, 2], 0), "call": (abs, -1), "method": ([], 1), "compare": (1, 2), "unpack": ((1, 2), 0),
        "unpack_loop": ([(1, 2)], 0), "iterate": ([1, 2], 2), "unbound": (1, 1), "negate": (1, 2), "shift": (1, 2), "power": (2, 3), "in_place": (1, 2), "contains": ([1], 1),
        "raising": (9, 1), "chain": (1, 2), "context": (1, 2), "asserting": (1, 2), "deep": (5, 3), "formatted": (5, 3), "deleting": ({1: 2}, 1)}
BAD = [(1, 0), (1, "x"), ("x", 1), (None, None), ([], 5), (2.5, 0.0), (0, -1), ([(1,)], 1), (0, 0)]


def caught(function, args):
    try:
        function(*args)
    except Exception:
        return traceback.format_exc()
    return "no exception\n"


for function in FUNCTIONS:
    good = GOOD.get(function.__name__)
    for _ in range(HOT):
        if good:
            try:
                function(*good)
            except KeyError:
                pass
    for args in BAD:
        texts = [caught(function, args) for _ in range(3)]
        print(f"{function.__name__}{args!r}: {texts[0]}", end="")
        if texts[1] != texts[0] or texts[2] != texts[0]:
            print("UNSTABLE", texts)
