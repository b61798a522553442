"""Nested loops with break, continue, else and return from inside."""

from support import report


def primes(n):
    found = []
    for i in range(2, n):
        for j in range(2, i):
            if j * j > i:
                found.append(i)
                break
            if i % j == 0:
                break
        else:
            found.append(i)
    return found


def while_else(n, stop):
    i = 0
    while i < n:
        if i == stop:
            result = "broke"
            break
        i += 1
    else:
        result = "ended"
    return result, i


def continues(n):
    out = []
    for i in range(n):
        if i % 3 == 0:
            continue
        if i % 5 == 0:
            out.append("five")
            continue
        out.append(i)
    return out


def inner_continue(n):
    total = 0
    i = 0
    while i < n:
        i += 1
        j = 0
        while True:
            j += 1
            if j % 2:
                continue
            if j > i:
                break
            total += i * j
        else:
            total = -1
    return total


def return_inside(grid, wanted):
    for y in range(len(grid)):
        for x in range(len(grid[y])):
            if grid[y][x] == wanted:
                return y, x
    return None


def return_in_while(n):
    while True:
        n -= 1
        while True:
            if n % 7 == 0:
                return n
            break


def else_returns(items):
    for item in items:
        if item < 0:
            return "negative"
    else:
        return "all fine"


def three_deep(n):
    out = []
    for a in range(1, n):
        for b in range(a, n):
            for c in range(b, n):
                if a * a + b * b == c * c:
                    out.append((a, b, c))
                    break
                if c * c > a * a + b * b:
                    break
            else:
                continue
            if len(out) > 3:
                return out
    else:
        out.append("end")
    return out


report("primes", primes, [(20,), (3,), (0,), (60,)])
report("while else", while_else, [(5, 3), (5, 9), (0, 0), (1, 0), (2.5, 1)])
report("continues", continues, [(16,), (0,), (1,)])
report("inner", inner_continue, [(6,), (0,), (11,)])
report("return inside", return_inside, [([[1, 2], [3, 4]], 3), ([[1, 2], [3, 4]], 9), ([], 1), ([[], [5]], 5), ([["a"]], "a"), ([[1.0]], 1)])
report("return in while", return_in_while, [(20,), (7,), (0,), (-3,), (15,)])
report("else returns", else_returns, [([1, 2],), ([1, -2],), ([],), ([1.5, -0.5],), (["a"],)])
report("three deep", three_deep, [(14,), (5,), (1,), (30,)])
