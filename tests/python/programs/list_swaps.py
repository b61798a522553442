"""Items of a list change places: counts of references are right behind it, and wherever it is left in between."""

import sys


class Item:
    """Says when it dies."""

    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("gone", self.name)


def swap(items, i, j):
    items[i], items[j] = items[j], items[i]


def rotate(items, i, j, k):
    items[i], items[j], items[k] = items[j], items[k], items[i]


def reverse(items):
    """As fannkuch does it."""
    i, j = 0, len(items) - 1
    while i < j:
        items[i], items[j] = items[j], items[i]
        i += 1
        j -= 1


def across(one, other, i, j):
    """Two lists, which may be one."""
    one[i], other[j] = other[j], one[i]


def counts(items):
    return [sys.getrefcount(item) for item in items]


items = [Item(name) for name in "abcdef"]
before = counts(items)
for turn in range(300):
    swap(items, turn % 6, turn * 5 % 6)
    swap(items, 2, 2)
    swap(items, -1, 0)
    rotate(items, turn % 6, (turn + 1) % 6, (turn + 3) % 6)
    reverse(items)
    across(items, items, turn % 6, -(turn % 3) - 1)
print([item.name for item in items], counts(items) == before)

# Places that there are not: for the first item, for the second, and for one that can be read elsewhere only.
short, long = [Item("short")], items[:]
for turn in range(120):
    for places in ((0, 6), (6, 0), (-7, 0)):
        try:
            swap(items, *places)
        except IndexError as error:
            print(error) if turn == 119 else None
    try:
        across(short, long, 1, 2)
    except IndexError as error:
        print(error) if turn == 119 else None
del long
print([item.name for item in items], counts(items) == before, counts(short))

# Other classes than before: what was compiled for lists meets them.
print("numbers", end=" ")
numbers = list(range(1000, 1010))
for turn in range(100):
    reverse(numbers)
    swap(numbers, turn % 10, 3)
print(numbers)


class Loud(list):
    """Its items are counted when they are set."""

    sets = 0

    def __setitem__(self, at, item):
        Loud.sets += 1
        super().__setitem__(at, item)


loud = Loud(items)
reverse(loud)
swap(loud, 0, 1)
print(Loud.sets, [item.name for item in loud])
del loud
print(counts(items) == before)


class Fickle:
    """Whoever asks whether it is true takes it out of the list that holds it."""

    def __init__(self, home):
        self.home = home

    def __bool__(self):
        self.home[0] = 7
        return len(self.home) > 3

    def __del__(self):
        print("fickle", end=" ")


def truths(items):
    found = 0
    for at in range(len(items)):
        if items[at]:
            found += 1
    return found


print(truths([True, False, None, 1, 0] * 100), end=" ")
home = [0]
home[0] = Fickle(home)
print(truths(home), home)


class Broken:
    def __bool__(self):
        raise ValueError("neither")

    def __del__(self):
        print("broken", end=" ")


try:
    truths([1, Broken()])
except ValueError as error:
    print(error)

# Shifts in the place of divisions.
print([(n // 8, n % 8, n // 1, n % 1, n // 3, n % 3) for n in (-17, -16, -8, -1, 0, 1, 7, 8, 17, -(2**63), 2**63 - 1)])


def halves(numbers):
    total = 0
    for n in numbers:
        total = total * 3 + (n // 4) + (n % 16) - n // 7 + n % 7 + n // -2 + n % -4
        total %= 1 << 40
    return total


print(halves(range(-1000, 1000)), halves([-(2**62), 2**62 - 1, -5, 5]))


def quotients(numbers):
    total = 0.0
    for n in numbers:
        total += 1.0 / (n * 2)
    return total


print(quotients(range(1, 500)))
try:
    quotients(range(-300, 300))
except ZeroDivisionError as error:
    print(error)
