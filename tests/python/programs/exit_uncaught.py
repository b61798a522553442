"""An exception that nobody catches, from a hot function: text on stderr and the exit status."""


def inner(values, i):
    return values[i] * 2


def outer(values, n):
    total = 0
    for i in range(n):
        total += inner(values, i)
    return total


for _ in range(300):
    outer([1, 2, 3], 3)
print(outer([1, 2, 3], 3))
outer([1, 2, 3], 4)
print("never printed")
