"""f_lineno and f_lasti of hot frames: of the caller at each call, through loops, conditions and expressions over several lines."""

import sys

from support import HOT


def line():
    frame = sys._getframe(1)
    return frame.f_lineno - frame.f_code.co_firstlineno


def straight():
    a = line()
    b = line()

    c = line()
    return a, b, c, line()


def in_loop(n):
    out = []
    for i in range(n):
        out.append(line())
        if i % 2:
            out.append(line())
        else:
            out.append(
                line()
            )
    out.append(line())
    return out


def in_expression(a):
    return (
        a
        + line()
        + max(
            line(),
            line(),
        )
        * 2,
        [
            line(),
            line(),
        ],
    )


def in_condition(a):
    if (
        a == line()
        or a > line()
    ):
        return line()
    while a < line():
        a += 1
    return a, line()


def in_try():
    out = []
    try:
        out.append(line())
        [][1]
    except IndexError:
        out.append(line())
    finally:
        out.append(line())
    return out


def outer_lines():
    frame = sys._getframe(1)
    out = []
    while frame is not None and frame.f_code.co_name != "<module>":
        out.append((frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))
        frame = frame.f_back
    return out


def one(n):
    x = 0
    for i in range(n):
        x = two(
            i,
            n,
        )
    return x


def two(i, n):
    y = i * 0.5

    return three(y)


def three(y): return outer_lines()


def positions():
    frame = sys._getframe(1)
    table = list(frame.f_code.co_positions())
    first = frame.f_code.co_firstlineno
    start, end, column, end_column = table[frame.f_lasti // 2]
    return start - first, end - first, column, end_column


def marked(a):
    x = positions(); y = a + positions()[2]
    return x, y, [positions(), (a, positions())], positions() if a else None


def lasti_moves():
    first = sys._getframe().f_lasti
    second = sys._getframe().f_lasti
    return 0 < first < second, (second - first) % 2


for function, args in ((straight, ()), (in_loop, (3,)), (in_expression, (1,)), (in_condition, (0,)), (in_condition, (100,)), (in_try, ()), (one, (2,)), (marked, (5,)), (lasti_moves, ())):
    results = {repr(function(*args)) for _ in range(HOT)}
    print(function.__name__, args, sorted(results))
