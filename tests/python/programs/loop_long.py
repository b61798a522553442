"""Loops that get hot within one call, with a surprise late in the loop."""


def late_float(n, at):
    total = 0
    for i in range(n):
        if i == at:
            total = total + 0.5
        total += i
    return total


def late_string(values):
    total = values[0]
    i = 1
    while i < len(values):
        total = total + values[i]
        i += 1
    return total


def late_overflow(n, factor):
    x = 1
    biggest = 0
    for i in range(n):
        x = (x * 3 + i) % 1000003
        if i == n - 5:
            x = x * factor
        if x > biggest:
            biggest = x
    return x, biggest


def late_exception(values):
    total = 0
    for i in range(len(values)):
        total += 100 // values[i]
    return total


def late_index(values, n):
    total = 0
    for i in range(n):
        total += values[i % 50]
        if i == n - 2:
            del values[10:]
    return total


def late_return(n, at):
    for i in range(n):
        if i >= at:
            return i * 2
    return None


def late_attribute(n, at):
    class Box:
        pass

    box = Box()
    box.value = 1
    total = 0
    for i in range(n):
        total += box.value
        if i == at:
            box.extra = 1
            box.value = 2.5
        if i == at + 5:
            Box.value = property(lambda self: 10)
    return total


def nested(n, m):
    total = 0
    for i in range(n):
        j = 0
        while j < m:
            total += i ^ j
            j += 1
            if i == n - 1 and j == m - 1:
                total = float(total)
                j = float(j)
                i = 1
                break
    return total


print(late_float(20000, -1), late_float(20000, 19990), late_float(20000, 0))
print(late_string(list(range(5000))), late_string([0.5] * 3000), late_string(["a"] * 5000) == "a" * 5000)
try:
    late_string(list(range(5000)) + ["x"])
except TypeError as error:
    print(error)
print(late_overflow(20000, 1), late_overflow(20000, 2**62), late_overflow(20000, 2**64), late_overflow(20000, 0.5))
for bad in (0, 0.0, "x", None):
    try:
        print(late_exception([7] * 20000 + [bad]))
    except (ZeroDivisionError, TypeError) as error:
        print(type(error).__name__, error)
try:
    late_index(list(range(50)), 20000)
except IndexError as error:
    print(error)
print(late_return(30000, 29999), late_return(10000, 20000))
print(late_attribute(20000, 19980), late_attribute(100, 50))
print(nested(200, 100), nested(3, 5))
