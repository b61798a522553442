"""sys._getframe() and f_locals of hot callers, seen from callees: every local with its value and type, also unbound and deleted ones."""

import sys

from support import HOT, show


def snapshot(depth=1):
    frame = sys._getframe(depth)
    return {name: show(value) for name, value in frame.f_locals.items()}


last = None


def peek(when=True):
    global last
    if when:
        last = snapshot(2)
    return 0


def numbers(n, scale):
    total = 0
    half = 0.5
    for i in range(n):
        total += i * 2
        half = half * scale + i
        peek(i == n - 1)
    return total, half


def overflowing(n):
    x = 3
    y = -1
    for i in range(n):
        x = x * 5
        y = y * 2
        peek(i == n - 1)
    return x, y


def unbound(n):
    for i in range(n):
        if i == n - 1:
            late = i * 1.5
            peek()
        elif i == n - 2:
            early = i
            peek()
            del early
    return late


def partly(flag):
    if flag:
        x = 1
    peek()
    y = 2
    return y


def parameters(a, b=2, *rest, c=3, **named):
    a = a + 1
    peek()
    return a


def branches(n):
    x = n
    y = "text" if n % 2 else 1.5
    z = x > 3
    w = x == 3 or None
    peek()
    return y, z, w


def nested(n):
    x = n
    items = [n]

    def inner():
        nonlocal x
        x += 1
        peek()
        return items

    inner()
    peek()
    return x


def in_expression(a, b):
    c = a * b
    return c + peek() + (a - b)


def own_locals(n):
    x = n * 2
    if n > 3:
        y = x / 2
    return {name: show(value) for name, value in locals().items()}


def write_through(n):
    x = n
    sys._getframe().f_locals["x"] = "written"
    locals()["y"] = "written too"
    after = x
    return after, "y" in locals()


def outer_names():
    frame = sys._getframe(1)
    names = []
    while frame is not None:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return names


def a(n):
    return b(n)


def b(n):
    result = None
    for _ in range(n):
        result = c()
    return result


def c():
    return outer_names()


def chain_of_values(n):
    if n == 0:
        frame = sys._getframe()
        out = []
        while frame.f_code.co_name == "chain_of_values":
            out.append(frame.f_locals["n"])
            frame = frame.f_back
        return out
    return chain_of_values(n - 1)


def caller_of_global(n):
    frame = sys._getframe()
    return frame.f_globals is globals(), frame.f_code is caller_of_global.__code__, frame.f_builtins["len"] is len, frame.f_trace, frame.f_locals["n"]


CASES = [
    (numbers, (5, 0.5)), (numbers, (5, 2)), (numbers, (1, 1)), (overflowing, (10,)), (overflowing, (27,)), (overflowing, (28,)), (overflowing, (63,)), (overflowing, (64,)),
    (unbound, (5,)), (unbound, (2,)), (partly, (True,)), (partly, (False,)), (parameters, (1,)), (parameters, (1.5, 2, 3, 4)), (branches, (2,)), (branches, (5,)), (branches, (3,)),
    (nested, (1,)), (nested, (2.5,)), (in_expression, (3, 4)), (in_expression, (0.5, 4)), (in_expression, (2**40, 2**40)),
]
for function, args in CASES:
    for _ in range(60):
        result = function(*args)
    print(function.__name__, args, show(result), sorted(last.items()))
for n in (2, 5, 5.5):
    for _ in range(HOT):
        result = own_locals(n), write_through(n), caller_of_global(n)
    print(n, result)
for _ in range(HOT):
    result = a(2), chain_of_values(5)
print(result)
print(parameters(1, 2, 3, c=4, d=5), sorted(last.items()))
