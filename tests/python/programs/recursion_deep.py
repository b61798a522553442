"""Recursion 5,000 deep under a raised limit: results, exceptions on the way back, tracebacks, generators and methods at depth."""

import sys

from support import heat

sys.setrecursionlimit(7000)
DEPTH = 5000


def count(n):
    if n == 0:
        return 0
    return 1 + count(n - 1)


def total(n, acc):
    return acc if n == 0 else total(n - 1, acc + n * n)


def fall(n):
    if n == 0:
        raise ValueError("bottom")
    return fall(n - 1)


def fall_through_finally(n, log):
    try:
        if n == 0:
            return 1 // n
        return fall_through_finally(n - 1, log)
    finally:
        log.append(n)


def build(n):
    node = None
    for i in range(n):
        node = (i, node)
    return node


def length(node):
    return 0 if node is None else 1 + length(node[1])


def even(n):
    return True if n == 0 else odd(n - 1)


def odd(n):
    return False if n == 0 else even(n - 1)


class Chain:
    def __init__(self, n):
        self.n = n

    def sum(self):
        return self.n + Chain(self.n - 1).sum() if self.n else 0


def with_float(n, x):
    return x if n == 0 else with_float(n - 1, x + 0.5 if n == 2500 else x + 1)


for function, args in ((count, (10,)), (total, (10, 0)), (length, (build(10),)), (even, (10,)), (with_float, (10, 0))):
    heat(function, *args)
for _ in range(250):
    Chain(5).sum()
print(count(DEPTH), total(DEPTH, 0), total(DEPTH, 2**62), length(build(DEPTH)), even(DEPTH), odd(DEPTH), Chain(DEPTH - 10).sum())
print(with_float(DEPTH, 0), with_float(DEPTH, 2**63 - 100), with_float(DEPTH, 0.25))
heat(fall, 5)
for _ in range(3):
    try:
        fall(DEPTH)
    except ValueError as error:
        frames = 0
        tb = error.__traceback__
        while tb is not None:
            frames += 1
            tb = tb.tb_next
        print(error, frames)
log = []
heat(fall_through_finally, 3, [])
try:
    fall_through_finally(2000, log)
except ZeroDivisionError as error:
    print(error, len(log), log[:3], log[-3:])
try:
    count(10**6)
except RecursionError as error:
    print("RecursionError", str(error)[:32])
print(count(DEPTH))
