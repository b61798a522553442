"""Pancake flips over all the permutations of n numbers.

Integer list shuffling: subscripts, stores, swaps by unpacking, short loops that end early. The permutations are visited in
batches, each a call. `run(n)` returns the checksum and the largest count of flips.
"""

DEFAULT = 9
BENCH = 8

BATCH = 2000


def count_flips(order, scratch):
    """How often the first k numbers of `order` must be reversed, k being the first number, until that number is 0."""
    top = order[0]
    if top == 0:
        return 0
    for i in range(len(order)):
        scratch[i] = order[i]
    flips = 0
    while top:
        low = 0
        high = top
        while low < high:
            scratch[low], scratch[high] = scratch[high], scratch[low]
            low += 1
            high -= 1
        flips += 1
        top = scratch[0]
    return flips


def step(order, turns):
    """Turn `order` into the next permutation; False after the last one."""
    for level in range(1, len(order)):
        first = order[0]
        for i in range(level):
            order[i] = order[i + 1]
        order[level] = first
        if turns[level] < level:
            turns[level] += 1
            return True
        turns[level] = 0
    return False


def visit(order, turns, scratch, sign, limit):
    """Visit up to `limit` permutations; (checksum, most flips, sign of the next one, whether there are more)."""
    checksum = 0
    most = 0
    more = True
    for _ in range(limit):
        flips = count_flips(order, scratch)
        checksum += sign * flips
        if flips > most:
            most = flips
        sign = -sign
        if not step(order, turns):
            more = False
            break
    return checksum, most, sign, more


def run(n):
    """Visit all the permutations of n numbers, 4 times over."""
    total = 0
    most = 0
    for _ in range(4):
        order = list(range(n))
        turns = [0] * n
        scratch = [0] * n
        sign = 1
        more = True
        while more:
            checksum, highest, sign, more = visit(order, turns, scratch, sign, BATCH)
            total += checksum
            most = highest if highest > most else most
    return f"{total} {most}"


if __name__ == "__main__":
    from support import main

    main("fannkuch", run, DEFAULT, BENCH)
