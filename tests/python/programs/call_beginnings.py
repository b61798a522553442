"""Functions whose first branch returns: compiled code takes that branch in the place of the call, and calls for the rest."""

import sys
import traceback


def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


def depth(tree):
    if tree is None:
        return 0
    left, right = depth(tree[0]), depth(tree[1])
    return 1 + (left if left > right else right)


def tree_of(levels):
    return None if levels == 0 else (tree_of(levels - 1), tree_of(levels - 2) if levels > 1 else None)


def ackermann(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


def halves(x):
    if x < 1.0:
        return x
    return halves(x / 2.0) + 1.0


# The beginning returns ints, the rest does for long; then something else.
SEEN = []


def turns(n):
    if n < 3:
        return n
    SEEN.append(n)
    if len(SEEN) > 5000:
        return f"text {n}"
    rest = turns(n - 1)
    return rest if isinstance(rest, str) else rest + 1


def use_turns(n):
    got = turns(n)
    return got + got


# The argument of the beginning changes its class, between a comparison and a result.
class Number:
    def __init__(self, value):
        self.value = value

    def __lt__(self, other):
        LOG.append(("lt", self.value))
        return self.value < other

    def __sub__(self, other):
        return Number(self.value - other)

    def __add__(self, other):
        return self.value + (other.value if isinstance(other, Number) else other)

    __radd__ = __add__


LOG = []


def down(n):
    if n < 1:
        return n
    return down(n - 1) + 1


# The callee is another function from some moment on, and its beginning raises.
def picked(n):
    if n > 0:
        return n
    return len(sys.argv) * 0 - n


def pick(values):
    total = 0
    for value in values:
        total += picked(value)
    return total


def limited(n):
    if n == 0:
        return 0
    return limited(n - 1) + 1


def observed(n):
    if n < 2:
        return n
    return observed(n - 1) + observed(n - 2)


def main():
    print([fib(n) for n in range(22)])
    print([fib(True), fib(-5), fib(2.5), fib(10**20 - 10**20 + 12)])
    print(depth(tree_of(16)), depth(None))
    print(ackermann(2, 60), ackermann(3, 4))
    print([halves(x * 0.75) for x in range(2000)][-3:], halves(float("-inf")), halves(0.25))
    print([use_turns(n) for n in range(3, 40)][-1], [use_turns(40) for _ in range(200)][-1], len(SEEN))
    for _ in range(300):
        down(12)
    print(down(7.5), down(Number(5)), down(True), down(2**70 - 2**70 + 3), LOG)
    print(pick(range(-500, 500)), pick([1] * 3000))

    global picked
    old = picked

    def picked(n):
        if n == 17:
            raise ValueError("17")
        return -old(n)

    print(pick(range(-10, 10)))
    try:
        pick(range(30))
    except ValueError:
        print(traceback.format_exc())
    picked = abs
    print(pick(range(-10, 10)))
    picked = old

    for _ in range(50):
        limited(100)
    try:
        limited(10**6)
    except RecursionError as error:
        frames = 0
        trace = error.__traceback__
        while trace:
            frames, trace = frames + 1, trace.tb_next
        print("RecursionError", frames)
    print(limited(200))

    observed(18)
    calls = []

    def profile(frame, event, _):
        if event == "call" and frame.f_code is observed.__code__:
            calls.append(frame.f_locals["n"])

    sys.setprofile(profile)
    observed(6)
    sys.setprofile(None)
    print(len(calls), calls)


main()
