"""Tracing and profiling that begin below a hot function and end with an exception: what the functions hear of its frame."""

import sys

from support import HOT

events = []


def trace(frame, event, argument):
    events.append((frame.f_code.co_name, event, frame.f_lineno - frame.f_code.co_firstlineno))
    return trace


def profile(frame, event, argument):
    if not event.startswith("c_"):
        events.append((frame.f_code.co_name, event, "profile"))


def below(start):
    if start:
        start()
    raise ValueError


def start_trace():
    sys.settrace(trace)
    frame = sys._getframe(1)
    while frame:
        frame.f_trace = trace
        frame = frame.f_back


def start_both():
    sys.setprofile(profile)
    start_trace()


def catches(n, start):
    total = 0
    for i in range(n):
        total += i
    try:
        below(start)
    except ValueError:
        total += 1
    return total


def passes_on(n, start):
    total = 0
    for i in range(n):
        total += i
    below(start)
    return total


def tried(n, start):
    try:
        passes_on(n, start)
    except ValueError:
        return "passed on"


for start in (start_trace, start_both):
    for function in (catches, tried):
        for _ in range(HOT):
            function(20, None)
        events.clear()
        result = function(20, start)
        sys.settrace(None)
        sys.setprofile(None)
        print(start.__name__, function.__name__, result)
        for event in events:
            print("   ", *event)
