"""sys.settrace switched on and off while functions are hot: the events that follow are all there, with their lines and arguments."""

import sys

from support import HOT

events = []


def tracer(frame, event, arg):
    code = frame.f_code
    if code.co_filename != __file__:
        return None
    shown = arg if event == "return" else (arg[0].__name__ if event == "exception" else None)
    events.append((event, code.co_name, frame.f_lineno - code.co_firstlineno, shown))
    return tracer


def add(a, b):
    c = a + b
    return c


def loop(n, at, off):
    total = 0
    for i in range(n):
        if i == at:
            sys.settrace(tracer)
        if i == off:
            sys.settrace(None)
        total = add(total, i)
    return total


def failing(x):
    try:
        return 10 // x
    except ZeroDivisionError:
        return None


def raising(x):
    y = [x]
    return y[x]


def nested(n):
    out = []
    for i in range(n):
        if i % 2:
            out.append(failing(i - 1))
        else:
            continue
    return out


def recursive(n):
    return 0 if n == 0 else 1 + recursive(n - 1)


def generate(n):
    for i in range(n):
        yield i


def uses_generator(n):
    total = 0
    for x in generate(n):
        total += x
    return total


def while_loop(n):
    while n > 0:
        n -= 1
    return n


def one_line(n):
    return [x * 2 for x in range(n)], (lambda y: y + 1)(n)


def traced(function, *args):
    events.clear()
    sys.settrace(tracer)
    try:
        result = function(*args)
    except Exception as error:
        result = type(error).__name__
    sys.settrace(None)
    return result


def show(title, result):
    print(title, result)
    for event in events:
        if event[1] != "traced":
            print("   ", *event)


for _ in range(HOT):
    loop(5, -1, -1), nested(5), recursive(3), uses_generator(3), while_loop(5), one_line(2), add(0.5, 1)
    try:
        raising(1)
    except IndexError:
        pass
for n, at, off in ((5, 2, 4), (5, 0, -1), (300, 297, 299), (4, 3, -1)):
    events.clear()
    result = loop(n, at, off)
    sys.settrace(None)
    show((n, at, off), result)
for function, args in ((add, (1, 2)), (add, (1, "x")), (loop, (2, -1, -1)), (nested, (4,)), (raising, (1,)), (raising, (0,)), (recursive, (2,)), (uses_generator, (2,)), (while_loop, (2,)), (one_line, (1,))):
    show((function.__name__, args), traced(function, *args))
for _ in range(HOT):
    loop(5, -1, -1)
show("again", traced(loop, 1, -1, -1))
print(sys.gettrace())


def counting_calls(frame, event, arg):
    events.append(event)
    return None


events.clear()
sys.settrace(counting_calls)
for _ in range(50):
    add(1, 2)
sys.settrace(None)
print(len(events), set(events))
