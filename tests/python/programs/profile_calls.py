"""sys.setprofile switched on while functions are hot: calls, returns, C calls and exceptions, in order; cProfile's counts."""

import cProfile
import pstats
import sys
import threading

from support import HOT

events = []


def profiler(frame, event, arg):
    if frame.f_code.co_filename != __file__:
        return
    shown = arg.__name__ if event.startswith("c_") else (repr(arg) if event == "return" else "")
    events.append((event, frame.f_code.co_name, shown))


def add(a, b):
    return a + b


def builtins(x):
    items = [x]
    items.append(len(items))
    return max(items), abs(-x), items.pop()


def failing_c(x):
    try:
        return len(x)
    except TypeError:
        return "failed"


def failing(x):
    if x:
        raise ValueError
    return x


def caller(n):
    total = 0
    for i in range(n):
        total = add(total, i)
    try:
        failing(n)
    except ValueError:
        total = add(total, 0.5)
    return total


def switch(n, at, off):
    total = 0
    for i in range(n):
        if i == at:
            sys.setprofile(profiler)
        total = add(total, i)
        if i == off:
            sys.setprofile(None)
    return total


class Thing:
    def __init__(self, x):
        self.x = x

    def method(self):
        return self.x


def methods(x):
    return Thing(x).method()


for _ in range(HOT):
    caller(3), builtins(2), failing_c(5), switch(4, -1, -1), methods(1)
for function, args in ((caller, (2,)), (builtins, (3,)), (failing_c, (5,)), (failing_c, ("ab",)), (switch, (4, -1, 2)), (methods, (1.5,)), (sorted, ([1, 2],))):
    events.clear()
    sys.setprofile(profiler)
    result = function(*args)
    sys.setprofile(None)
    print(function.__name__, args, result)
    for event in events:
        print("   ", *event)
for args in ((5, 2, 3), (300, 298, -1)):
    events.clear()
    result = switch(*args)
    sys.setprofile(None)
    print(args, result, events)

profile = cProfile.Profile()
profile.enable()
for _ in range(100):
    caller(3)
    builtins(2)
profile.disable()
stats = pstats.Stats(profile).stats
print(sorted((name, calls) for (file, _, name), (calls, *_) in stats.items() if name in ("add", "caller", "builtins", "failing") or "len" in name))

counts = {}


def count(frame, event, arg):
    if event == "call" and frame.f_code.co_filename == __file__:
        counts[frame.f_code.co_name] = counts.get(frame.f_code.co_name, 0) + 1


def work():
    for _ in range(50):
        caller(2)


threading.setprofile(count)
thread = threading.Thread(target=work)
thread.start()
thread.join()
threading.setprofile(None)
print(sorted(counts.items()))
