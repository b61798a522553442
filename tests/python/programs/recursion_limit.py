"""RecursionError: at the same depth within a few frames, in every shape of recursion, and everything works afterwards."""

import sys

from support import HOT, heat

LIMITS = (150, 400, 1000, 3000)


def base_depth():
    depth = 0
    frame = sys._getframe()
    while frame is not None:
        depth += 1
        frame = frame.f_back
    return depth


def single(seen):
    seen[0] += 1
    return single(seen) + 1


def loop(seen):
    for i in range(3):
        seen[0] += 1
        loop(seen)
    return i


def ping(seen):
    seen[0] += 1
    pong(seen)


def pong(seen):
    seen[0] += 1
    ping(seen)


class Thing:
    def method(self, seen):
        seen[0] += 1
        return self.method(seen)


def keyword(*, seen):
    seen[0] += 1
    keyword(seen=seen)


def star(*args):
    args[0][0] += 1
    star(*args)


def limited(n):
    return 0 if n == 0 else 1 + limited(n - 1)


def caught_inside(n):
    try:
        return caught_inside(n + 1)
    except RecursionError:
        return n


def attempt(function, limit):
    seen = [0]
    sys.setrecursionlimit(limit)
    try:
        function(seen)
    except RecursionError as error:
        text = str(error).startswith("maximum recursion depth exceeded")
    else:
        text = "no error"
    finally:
        sys.setrecursionlimit(1000)
    return abs(limit - base_depth() - seen[0]) < 20, text


SHAPES = {"single": single, "loop": loop, "ping": ping, "method": lambda seen: Thing().method(seen), "keyword": lambda seen: keyword(seen=seen), "star": star}
heat(limited, 10)
for name, function in SHAPES.items():
    for _ in range(3):
        results = [attempt(function, limit) for limit in LIMITS[:3]]
    print(name, results)
    print(name, attempt(function, 3000), limited(100))
reached = [caught_inside(0) for _ in range(5)]
print(all(1000 - 20 < n < 1000 for n in reached), max(reached) - min(reached) < 5)


class Deep:
    def __init__(self, n):
        self.n = n

    def __add__(self, other):
        return Deep(self.n + 1) + other

    def __lt__(self, other):
        return Deep(self.n + 1) < other

    def __getattr__(self, name):
        return getattr(self, name + "x") if len(name) < 5000 else name

    def __repr__(self):
        return "Deep"


def through_operator(x):
    return x + 1


def through_comparison(x):
    return x < 1


def through_attribute(x):
    return x.missing


for function in (through_operator, through_comparison, through_attribute):
    for _ in range(3):
        try:
            function(Deep(0))
        except RecursionError:
            print(function.__name__, "RecursionError")
        else:
            print(function.__name__, "no error")
print(limited(500), [limited(50) for _ in range(HOT)][-1])
print(sys.getrecursionlimit())
