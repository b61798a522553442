"""Destructors that run to the limit of recursion: a frame's level counts until all that it held is dead."""

import sys

LEFT = []


def depth(n):
    try:
        return depth(n + 1)
    except RecursionError:
        return n


class D:
    def __del__(self):
        LEFT.append(depth(0))


def held(x):
    d = D()
    return x + 1


def dropped(x):
    d = D()
    del d
    return x + 1


def replaced(x):
    d = D()
    d = x
    return d + 1


def run(function, count):
    total = 0
    for i in range(count):
        total += function(i)
    return total


def run_mapped(function, count):
    return sum(map(function, range(count)))


sys.setrecursionlimit(200)
for function in (held, dropped, replaced):
    for how in (run, run_mapped):
        print(function.__name__, how.__name__, how(function, 120), sorted(set(LEFT)))
        LEFT.clear()
