"""<<, >>, &, |, ^ and ~ on ints: signs, counts at the word size, negative and enormous counts."""

from support import define, report

VALUES = [0, 1, -1, 5, -5, 2**31, -(2**31), 2**62, 2**63 - 1, -(2**63), 2**64 + 3, -(10**30)]
COUNTS = [0, 1, 2, 31, 32, 61, 62, 63, 64, 65, 127, 200, -1, -64, True]


def left(a, b):
    return a << b


def right(a, b):
    return a >> b


def left_in_place(a, b):
    a <<= b
    return a


def right_in_place(a, b):
    a >>= b
    return a


def bits(a, b):
    return a & b, a | b, a ^ b


def bits_in_place(a, b):
    c = a
    c &= b
    d = a
    d |= b
    e = a
    e ^= b
    return c, d, e, ~c, ~d, ~e


def masks(a):
    return a & 0xFF, a & 0xFFFFFFFF, a & 0xFFFFFFFFFFFFFFFF, a | 1, a ^ -1, a & -8, a & -(2**63)


def constant_shifts(a):
    return a << 1, a << 62, a << 63, a << 64, a >> 1, a >> 62, a >> 63, a >> 64


def hash_loop(seed, steps):
    state = seed
    for i in range(steps):
        state ^= state << 13
        state &= 0xFFFFFFFFFFFFFFFF
        state ^= state >> 7
        state ^= state << 17
        state &= 0xFFFFFFFFFFFFFFFF
    return state


pairs = [(a, b) for a in VALUES for b in COUNTS]
for function in (left, right):
    report(function.__name__, function, [(3, 4)] + pairs, rounds=1)
for function in (left_in_place, right_in_place):
    report(function.__name__, function, [(3, 4)] + pairs[::3], rounds=1)
report("bits", bits, [(6, 3)] + [(a, b) for a in VALUES for b in VALUES[::2]], rounds=1)
report("bits_in_place", bits_in_place, [(6, 3)] + [(a, b) for a in VALUES[::2] for b in VALUES], rounds=1)
report("masks", masks, [(a,) for a in VALUES])
report("constant_shifts", constant_shifts, [(a,) for a in VALUES])
report("hash_loop", hash_loop, [(1, 5), (12345, 100), (2**63, 50), (0, 10), (-1, 7)])
report("left by much", left, [(3, 4), (0, 2**70), (1, 2**70), (0, -(2**70))])
report("right by much", right, [(3, 4), (5, 2**70), (-5, 2**70), (5, -(2**70)), (0, -(2**70))])
for operator in ("<<", ">>", "&", "|", "^"):
    fresh = define(f"def f(a, b):\n    return a {operator} b\n")
    report(f"bool {operator} ", fresh, [(True, False), (True, True), (True, 2), (2, True), (2, 3), (1, 2.0), (2.0, 1), (1, "x")])
