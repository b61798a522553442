"""Loops that end in every way there is, in frames that run long enough to be taken over in the middle: by falling through, `return`, `break`,
an exception, with a handler around the loop or behind it, below a tracer, with a frame object that somebody keeps."""

import sys
import traceback


def falls_through(n):
    total = i = 0
    while i < n:
        total += i & 3
        i += 1
    return total, i


def returns(n):
    i = 0
    while True:
        i += 1
        if i == n:
            return "inside", i
    return "behind"


def breaks(n):
    for i in range(10 * n):
        if i == n:
            break
    else:
        return "all"
    return "some", i


def raises(n, kind):
    values = list(range(n)) + [kind]
    total = 0
    for value in values:
        total += value
    return total


def handles_behind(n):
    i = 0
    while i < n:
        i += 1
    try:
        return [][i]
    except IndexError as error:
        return type(error).__name__, i, error.__traceback__.tb_lineno - handles_behind.__code__.co_firstlineno


def handles_inside(n):
    seen = 0
    for i in range(n):
        try:
            if i % 1000 == 0:
                raise KeyError(i)
        except KeyError as error:
            seen += error.args[0]
    return seen


def handles_around(n):
    i = 0
    try:
        while True:
            i += 1
            if i == n:
                raise ValueError(i)
    except ValueError as error:
        return "around", error.args
    finally:
        i = -1


def raises_in_handler(n):
    i = 0
    while i < n:
        i += 1
    try:
        raise ValueError(i)
    except ValueError:
        raise KeyError("second")


def nested(n):
    total = 0
    for i in range(n // 100):
        for j in range(100):
            total += i ^ j
        while j:
            j -= 1
    return total


def leaves_frame(n, kept):
    frame = sys._getframe()
    kept.append(frame)
    i = 0
    while i < n:
        i += 1
    return i


def lines(n):
    found = set()
    frame = sys._getframe()
    i = 0
    while i < n:
        i += 1
        if i % 500 == 0:
            found.add(frame.f_lineno - lines.__code__.co_firstlineno)
    return found


def traces(n):
    events = []

    def tracer(frame, event, arg):
        events.append((event, frame.f_code.co_name))
        return None

    def seen():
        return 1

    i = 0
    while i < n:
        i += 1
        if i == n - 3:
            sys.settrace(tracer)
            seen()
            sys.settrace(None)
    return events, i


def traced_to_the_end(n):
    events = []

    def tracer(frame, event, arg):
        events.append((event, frame.f_lineno - traced_to_the_end.__code__.co_firstlineno))
        return tracer

    frame = sys._getframe()
    i = 0
    while i < n:
        i += 1
        if i == n - 2:
            frame.f_trace = tracer
            sys.settrace(tracer)
    sys.settrace(None)
    return events


def depth(n):
    """How deep a recursion can go from here does not depend on who runs the loop."""
    i = 0
    while i < n:
        i += 1

    def down(left):
        return 0 if not left else 1 + down(left - 1)

    limit = sys.getrecursionlimit()
    used = 0
    frame = sys._getframe()
    while frame:
        used += 1
        frame = frame.f_back
    down(limit - used - 10)
    return i


class Body:
    total = 0
    for number in range(20000):
        total += number
    del number


def deletes(n):
    values = [0]
    for i in range(n):
        value = i
        if i == n - 1:
            del value
    try:
        return value
    except UnboundLocalError as error:
        return str(error), len(values)


def main(n):
    print(falls_through(n), returns(n), breaks(n))
    print(raises(n, 1))
    for kind in ("text", None):
        try:
            raises(n, kind)
        except TypeError:
            print(traceback.format_exc())
    print(handles_behind(n), handles_inside(n), handles_around(n), nested(n))
    try:
        raises_in_handler(n)
    except KeyError:
        print(traceback.format_exc())
    kept = []
    print(leaves_frame(n, kept), kept[0].f_lineno - leaves_frame.__code__.co_firstlineno, kept[0].f_locals["i"])
    print(lines(n), traces(n), traced_to_the_end(n))
    print(depth(n), deletes(n), Body.total)


for _ in range(3):
    main(30000)
total = 0
for i in range(60000):
    total += i
print(total)
