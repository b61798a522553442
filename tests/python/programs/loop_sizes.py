"""Sieve, sorting, text and table loops: ordinary small algorithms over lists, run often."""

from support import report


def sieve(n):
    flags = [True] * (n + 1)
    primes = []
    for i in range(2, n + 1):
        if flags[i]:
            primes.append(i)
            j = i * i
            while j <= n:
                flags[j] = False
                j += i
    return primes


def insertion_sort(items):
    items = list(items)
    for i in range(1, len(items)):
        value = items[i]
        j = i - 1
        while j >= 0 and items[j] > value:
            items[j + 1] = items[j]
            j -= 1
        items[j + 1] = value
    return items


def bubble_sort(items):
    items = list(items)
    n = len(items)
    swapped = True
    while swapped:
        swapped = False
        for i in range(n - 1):
            if items[i] > items[i + 1]:
                items[i], items[i + 1] = items[i + 1], items[i]
                swapped = True
        n -= 1
    return items


def binary_search(items, wanted):
    low, high = 0, len(items)
    while low < high:
        middle = (low + high) // 2
        if items[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


def edit_distance(a, b):
    previous = list(range(len(b) + 1))
    for i in range(len(a)):
        current = [i + 1]
        for j in range(len(b)):
            cost = 0 if a[i] == b[j] else 1
            best = previous[j] + cost
            if previous[j + 1] + 1 < best:
                best = previous[j + 1] + 1
            if current[j] + 1 < best:
                best = current[j] + 1
            current.append(best)
        previous = current
    return previous[-1]


def gcd(a, b):
    while b:
        a, b = b, a % b
    return a


def life(board):
    n = len(board)
    out = []
    for y in range(n):
        line = []
        for x in range(n):
            near = 0
            for dy in (-1, 0, 1):
                for dx in (-1, 0, 1):
                    if dx or dy:
                        near += board[(y + dy) % n][(x + dx) % n]
            line.append(1 if near == 3 or (near == 2 and board[y][x]) else 0)
        out.append(line)
    return out


def digits(n, base):
    out = []
    while n:
        n, digit = divmod(n, base)
        out.append(digit)
    return out[::-1]


def transpose(rows):
    out = []
    for x in range(len(rows[0])):
        line = []
        for row in rows:
            line.append(row[x])
        out.append(line)
    return out


report("sieve", sieve, [(30,), (1,), (2,), (100,)])
for sort in (insertion_sort, bubble_sort):
    report(sort.__name__, sort, [([3, 1, 2],), ([],), ([5, -1, 2.5, 0],), (["b", "a"],), ([1, "a"],), ([2**70, 1, -(2**70)],), ((9, 8, 7, 6, 5, 4),), ([(2, 1), (1, 2)],), ([float("nan"), 1.0, 0.0],)])
report("search", binary_search, [([1, 3, 5], 3), ([1, 3, 5], 6), ([], 1), ([1.5, 2.5], 2), (["a", "c"], "b"), ([1], "a"), (range(10**6), 777)])
report("edit", edit_distance, [("kitten", "sitting"), ("", "abc"), ("abc", ""), ([1, 2, 3], [1, 3]), ("a", "a")])
report("gcd", gcd, [(48, 36), (17, 5), (0, 5), (5, 0), (2**70, 2**65), (-12, 8), (1.5, 0.5), (10, 0.0)])
report("life", life, [([[0, 1, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]],), ([[1]],), ([],), ([[True, False, 1], [0, 0, 1], [1, 1, 1]],)])
report("digits", digits, [(1234, 10), (255, 2), (0, 10), (2**70, 2**32), (10.5, 3), (5, 0)])
report("transpose", transpose, [([[1, 2], [3, 4]],), ([(1, 2, 3)],), (["ab", "cd"],), ([],), ([[1, 2], [3]],)])
