"""range objects and range iterators that live longer than one loop, are shared, kept, or replaced under the name `range`."""

from support import heat, report


def shared_iterator(n):
    it = iter(range(n))
    first = []
    for i in it:
        first.append(i)
        if i == 2:
            break
    rest = []
    for i in it:
        rest.append(i)
    return first, rest


def same_iterator_nested(n):
    it = iter(range(n))
    pairs = []
    for a in it:
        for b in it:
            pairs.append((a, b))
            break
    return pairs


def same_range_twice(r):
    total = 0
    for i in r:
        for j in r:
            total += i * 100 + j
    return total


def over(iterable):
    out = []
    for item in iterable:
        out.append(item)
    return out


def advance_inside(n):
    it = iter(range(n))
    out = []
    for i in it:
        out.append((i, next(it, None)))
    return out


def named_range(n):
    total = 0
    for i in range(n):
        total += i
    return total


report("shared", shared_iterator, [(6,), (2,), (0,)])
report("nested", same_iterator_nested, [(6,), (5,), (1,), (0,)])
report("twice", same_range_twice, [(range(4),), (range(0),), (range(9, 0, -4),), ([1, 2],), (range(2**65, 2**65 + 2),)])
report("over", over, [(range(3),), ([1, 2],), ((1, 2),), ("ab",), (range(5, 2, -1),), ({"k": 1},), (b"ab",), (5,), (None,), (range(2**70, 2**70 + 2),)])
report("advance", advance_inside, [(6,), (5,), (0,)])

heat(named_range, 10)
print(named_range(10))
range = lambda n: [n, n, n]  # noqa: E731, A001
print(named_range(10))
range = 5  # noqa: A001
try:
    named_range(10)
except TypeError as error:
    print(error)
del range
print(named_range(10), named_range(0))
