"""A while loop of n of the simplest steps: a sum that wraps, in slices of 100,000 steps, each a call."""

DEFAULT = 100_000_000
BENCH = 10_000_000

SLICE = 100_000
MASK = 0xFFFFFFFFFFFF


def add(start, stop, total):
    """Add the numbers from start to stop to the total."""
    i = start
    while i < stop:
        total = (total + i) & MASK
        i += 1
    return total


def run(n):
    """n steps."""
    total = 0
    start = 0
    while start < n:
        stop = min(start + SLICE, n)
        total = add(start, stop, total)
        start = stop
    return total


if __name__ == "__main__":
    from support import main

    main("int_sum", run, DEFAULT, BENCH)
