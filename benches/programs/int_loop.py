"""A while loop of n steps of integer arithmetic, in slices of 100,000 steps, each a call."""

DEFAULT = 30_000_000
BENCH = 4_000_000

SLICE = 100_000


def work(start, stop, state):
    """Fold the numbers from start to stop into the state."""
    i = start
    while i < stop:
        state = (state * 5 + i) & 0xFFFFFFF
        if state % 3 == 0:
            state += i >> 2
        i += 1
    return state


def run(n):
    """n steps."""
    state = 1
    start = 0
    while start < n:
        stop = min(start + SLICE, n)
        state = work(start, stop, state)
        start = stop
    return state


if __name__ == "__main__":
    from support import main

    main("int_loop", run, DEFAULT, BENCH)
