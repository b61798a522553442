"""A loop that is entered once, as in the `main()` of a script: see often.py, which is the same loop in slices."""

DEFAULT = 50_000_000
BENCH = 600_000

TABLE = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3]


def work(first, last, table, total):
    """Numbers from `first` to `last` folded into a total."""
    weight = 0.5
    for i in range(first, last):
        step = table[i & 15]
        if i % 3 == 0:
            total += weight * step
        else:
            total -= step * 0.125
        if total > 1000.0:
            total /= 3.0
    return total


def run(n):
    """The whole in one call."""
    return repr(work(0, n, TABLE, 0.0))


if __name__ == "__main__":
    from support import main

    main("once", run, DEFAULT, BENCH)
