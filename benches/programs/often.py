"""The loop of once.py in slices of a thousand, each a call."""

from once import BENCH, DEFAULT, TABLE, work

SLICE = 1000


def run(n):
    """The whole in slices."""
    total = 0.0
    for first in range(0, n, SLICE):
        total = work(first, min(first + SLICE, n), TABLE, total)
    return repr(total)


if __name__ == "__main__":
    from support import main

    main("often", run, DEFAULT, BENCH)
