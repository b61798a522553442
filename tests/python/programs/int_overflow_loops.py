"""Accumulators in loops that leave 64 bits and come back."""

from support import HOT, heat, report


def factorial(n):
    result = 1
    for i in range(2, n + 1):
        result *= i
    return result


def fibonacci(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


def sum_of_cubes(start, stop):
    total = 0
    for i in range(start, stop):
        total += i * i * i
    return total


def doubling(n):
    x = 1
    while n > 0:
        x = x + x
        n -= 1
    return x


def down(n, step):
    x = -1
    while n > 0:
        x -= step
        n -= 1
    return x


def up_and_down(n):
    x = 2**63 - n // 2
    seen_big = 0
    for i in range(n):
        x += 1
        if x > 9223372036854775807:
            seen_big += 1
    for i in range(n):
        x -= 1
        if x > 9223372036854775807:
            seen_big += 1
    return x, seen_big


def collatz(n):
    steps = 0
    highest = n
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        if n > highest:
            highest = n
        steps += 1
    return steps, highest


def counter_from(start, n):
    i = start
    stop = start + n
    out = []
    while i < stop:
        out.append(i)
        i += 1
    return out


def overflow_then_continue(a, b):
    first = a * b
    second = first + 1
    third = second // b
    return first, second, third, first & 0xFFFF


report("factorial", factorial, [(5,), (20,), (21,), (30,), (100,), (0,)])
report("fibonacci", fibonacci, [(10,), (90,), (92,), (93,), (94,), (300,)])
report("cubes", sum_of_cubes, [(0, 10), (2000000, 2000050), (-2100000, -2099990), (10**10, 10**10 + 5), (2**62, 2**62 + 3)])
report("doubling", doubling, [(5,), (61,), (62,), (63,), (64,), (65,), (200,)])
report("down", down, [(5, 1), (70, 2**58), (70, 2**62), (3, 10**30)])
report("up and down", up_and_down, [(20,), (1,), (50,)])
report("collatz", collatz, [(7,), (27,), (97,), (2**62 + 1,), (2**63 - 1,), (2**64 + 1,)])
report("counter", counter_from, [(0, 3), (2**63 - 3, 6), (-(2**63) - 2, 5), (2**64, 2), (-3, 6)])
report("continue", overflow_then_continue, [(3, 4), (2**40, 2**30), (-(2**62), 4), (2**63, 2**63), (3, -4)])
heat(factorial, 25, times=HOT)
print(factorial(25) == 25 * factorial(24), sum_of_cubes(0, 1000) == (999 * 1000 // 2) ** 2)
