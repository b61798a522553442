"""Generators that go on in compiled code: locals that change their type between two resumptions, what can be seen of a suspended frame, values sent and thrown at each place, the order in which locals die, generators that run already, or never end."""

import gc
import sys
import weakref

from support import outcome


class Thing:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        died.append(self.name)


died = []


def accumulate(start):
    total = start
    while True:
        got = yield total
        if got is None:
            total += 1
        else:
            total = total + got


def two_loops(n, scale):
    x = 0.0
    for i in range(n):
        x = x * 0.5 + i * scale
        yield x
    for j in (1, 2, 3):
        x -= j
        yield (j, x)
    return x


def inner_loop(n):
    seen = []
    for i in range(n):
        total = 0
        for j in range(i):
            total += j
        seen.append(total)
        yield total
        del total
    return seen


def with_things(n):
    first = Thing("first")
    for i in range(n):
        second = Thing(i)
        yield second.name
    third = Thing("third")
    yield "last"
    return third.name


def several(n):
    a = yield "a"
    b = yield a
    for i in range(n):
        a, b = b, (yield (a, b, i))
    return a, b


def delegating(n):
    first = yield from two_loops(n, 1)
    second = yield from accumulate(10)
    return first, second


def cleans(log, n):
    try:
        for i in range(n):
            try:
                yield i
            except KeyError as error:
                log.append(("inner", error.args, i))
                yield "caught"
            log.append(i)
    except ValueError as error:
        log.append(("outer", str(error)))
        yield "outer"
    finally:
        log.append(("finally", sys.exc_info()[0]))


def recursive(depth):
    if depth:
        yield depth
        yield from recursive(depth - 1)
    else:
        yield sys._getframe().f_back.f_code.co_name


def holds_stack(n):
    for i in range(n):
        print_args = (i, (yield i), [i, (yield -i)])
        if i == n - 1:
            return print_args


def itself():
    for _ in range(3):
        try:
            yield next(me)
        except ValueError as error:
            yield str(error)


def drain(generator, limit=1000):
    got = []
    try:
        for _ in range(limit):
            got.append(next(generator))
    except StopIteration as stop:
        return got, stop.value
    return got, "still going"


for start in [0, 5, 0.5, "s", 1 << 70, None]:
    g = accumulate(start)
    out = [outcome(next, g)]
    for i in range(60):
        out.append(outcome(g.send, None if i % 3 else start))
    print("accumulate", start, out[-3:])
    g.close()
for n, scale in [(200, 1), (200, 2.5), (3, 1 << 65), (50, True), (0, 1), (4, "x"), (100, 1)]:
    print("two loops", n, scale, str(outcome(drain, two_loops(n, scale)))[-200:])
print("inner", outcome(drain, inner_loop(60))[-1])
for n in (0, 1, 40):
    print("things", outcome(drain, with_things(n)), died)
    died.clear()
g = with_things(50)
for _ in range(45):
    next(g)
print("suspended", {k: type(v).__name__ for k, v in g.gi_frame.f_locals.items()}, g.gi_frame.f_lineno - g.gi_code.co_firstlineno, g.gi_running, g.gi_yieldfrom)
print("died", died[-3:])
del g
print("deleted", died[-3:])
died.clear()
for rounds in range(30):
    g = several(3)
    sent = [next(g)] + [outcome(g.send, value) for value in (1, 2.5, "x", None, [rounds])]
    g.close()
print("several", sent, outcome(next, g))
print("delegating", outcome(drain, delegating(100), 200)[-1])
g = delegating(5)
print("sent through", drain(g, 9), outcome(g.send, 5), outcome(g.send, 0.5), g.gi_yieldfrom.__name__, outcome(g.throw, KeyError("k")), outcome(next, g))
for action in (None, KeyError("k"), ValueError("v"), OSError(1, "o"), "close"):
    for at in (0, 1, 7, 39):
        log = []
        g = cleans(log, 40)
        values = [outcome(next, g) for _ in range(at)]
        if action == "close":
            values.append(outcome(g.close))
        elif action is not None:
            values.append(outcome(g.throw, action))
        values.append(outcome(next, g))
        print("cleans", repr(action), at, values[-3:], log[-3:], outcome(drain, g)[-1])
for _ in range(20):
    got = list(recursive(12))
print("recursive", got)
print("too deep", outcome(list, recursive(5000))[:40])
for _ in range(10):
    result = outcome(drain, holds_stack(12))
print("stack", result)
g = holds_stack(4)
next(g), next(g), g.send("x")
print("stack seen", g.gi_frame.f_locals, g.gi_frame.f_lineno - g.gi_code.co_firstlineno)
for _ in range(10):
    me = itself()
    print("itself", drain(me))

# A suspended generator in a cycle is collected, and its frame's references with it.
for _ in range(30):
    class Cell:
        pass

    cell = Cell()
    ref = weakref.ref(cell)

    def cycle(cell):
        for i in range(10):
            yield i

    cell.generator = cycle(cell)
    next(cell.generator), next(cell.generator)
    del cell
    gc.collect()
    assert ref() is None
print("collected")


def counts(n):
    value = object()
    before = sys.getrefcount(value)
    for i in range(n):
        yield sys.getrefcount(value) - before, value


g = counts(50)
print("references", {count for count, _ in g})


def traced(n):
    total = 0
    for i in range(n):
        total += i
        yield total


events = []


def tracer(frame, event, arg):
    if frame.f_code is traced.__code__:
        events.append((event, frame.f_lineno - frame.f_code.co_firstlineno, arg))
    return tracer


list(traced(300))
g = traced(30)
[next(g) for _ in range(20)]
sys.settrace(tracer)
next(g)
sys.settrace(None)
print("traced", events, next(g))
profile = []
sys.setprofile(lambda frame, event, arg: profile.append((event, frame.f_code.co_name)) if "trace" in frame.f_code.co_name else None)
next(g)
sys.setprofile(None)
print("profiled", profile, list(g))
