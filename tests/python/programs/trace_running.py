"""Tracing that starts in a frame which is already running hot: f_trace set from a callee, opcodes events, lines jumped to, values changed by the tracer."""

import sys

from support import HOT

events = []


def tracer(frame, event, arg):
    events.append((event, frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))
    return tracer


def start(now):
    if now:
        sys.settrace(tracer)
        sys._getframe(1).f_trace = tracer
    return 1


def stop(now):
    if now:
        sys.settrace(None)
    return 1


def running(n, first, last):
    total = 0
    for i in range(n):
        total += start(i == first)
        total += i
        total += stop(i == last)
    return total


def running_floats(n, first):
    x = 0.5
    i = 0
    while i < n:
        if start(i == first):
            x = x * 1.5
        i += 1
    stop(first >= 0)
    return x


for _ in range(HOT):
    running(6, -1, -1)
    running_floats(6, -1)
for args in ((6, 3, 4), (6, 5, -1), (6, 0, 0), (300, 298, 299)):
    events.clear()
    result = running(*args)
    sys.settrace(None)
    print(args, result)
    for event in events:
        print("   ", *event)
events.clear()
print(running_floats(5, 3))
sys.settrace(None)
print(events)


def changing(frame, event, arg):
    if frame.f_code.co_name == "changed" and event == "line" and frame.f_locals.get("i") == 3:
        frame.f_locals["total"] = 1000
        frame.f_locals["i"] = 3
    return changing


def changed(n):
    total = 0
    for i in range(n):
        total += i
        total = total + 0
    return total


for _ in range(HOT):
    changed(6)
sys.settrace(changing)
result = changed(6)
sys.settrace(None)
print(result, changed(6))


def jumper(frame, event, arg):
    if frame.f_code.co_name == "jumped" and event == "line":
        first = frame.f_code.co_firstlineno
        if frame.f_lineno == first + 2:
            frame.f_lineno = first + 4
    return jumper


def jumped(x):
    y = x
    y = y + 100
    y = y + 1000
    y = y + 1
    return y


for _ in range(HOT):
    jumped(1)
sys.settrace(jumper)
result = jumped(1)
sys.settrace(None)
print(result, jumped(1), jumped(0.5))

opcodes = []


def opcode_tracer(frame, event, arg):
    if frame.f_code.co_name != "with_opcodes":
        return None
    frame.f_trace_opcodes = True
    frame.f_trace_lines = False
    opcodes.append((event, frame.f_lasti))
    return opcode_tracer


def with_opcodes(a, b):
    c = a + b
    if c > 3:
        c = c * 2
    return c


for _ in range(HOT):
    with_opcodes(1, 2)
sys.settrace(opcode_tracer)
with_opcodes(1, 2)
with_opcodes(2, 2.5)
sys.settrace(None)
print(opcodes)


def raising_tracer(frame, event, arg):
    if frame.f_code.co_name == "traced_to_death" and event == "line" and frame.f_lineno == frame.f_code.co_firstlineno + 3:
        raise KeyError("from the tracer")
    return raising_tracer


def traced_to_death(n):
    total = 0
    for i in range(n):
        total += i
    return total


for _ in range(HOT):
    traced_to_death(4)
sys.settrace(raising_tracer)
try:
    print(traced_to_death(4))
except KeyError as error:
    print("KeyError", error, error.__traceback__.tb_next.tb_lineno - traced_to_death.__code__.co_firstlineno)
print(sys.gettrace(), traced_to_death(4))
