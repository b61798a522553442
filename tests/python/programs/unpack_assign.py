"""Multiple assignment: swaps, rotations, chained targets, order of evaluation, starred literals."""

from support import heat, report

log = []


class Noting:
    def __init__(self, name):
        object.__setattr__(self, "name", name)

    def __setattr__(self, key, value):
        log.append((self.name, key, value))

    def __setitem__(self, key, value):
        log.append((self.name, key, value))


def note(value):
    log.append(value)
    return value


def swap(a, b):
    a, b = b, a
    return a, b


def rotate(a, b, c, n):
    for _ in range(n):
        a, b, c = b, c, a
    return a, b, c


def rotate_four(a, b, c, d):
    a, b, c, d = d, a, b, c
    return a, b, c, d


def fibonacci_mod(n, m):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, (a + b) % m
    return a


def chained(v):
    a = b = c = v
    c += v
    return a, b, c, a is b


def chained_unpack(v):
    a, b = c = v
    return a, b, c


def dependent(items):
    i = 0
    i, items[i] = 1, "stored"
    return i, items


def order():
    x, y = Noting("x"), Noting("y")
    x.first, y[note("key")], x.last = note(1), note(2), note(3)


def starred(a, b):
    return [*a, *b], (*a, 0, *b), {*a} == set(a)


def starred_call(a, b):
    return max(*a, *b)


def euclid(a, b):
    x0, x1, y0, y1 = 1, 0, 0, 1
    while b:
        q, a, b = a // b, b, a % b
        x0, x1 = x1, x0 - q * x1
        y0, y1 = y1, y0 - q * y1
    return a, x0, y0


report("swap", swap, [(1, 2), (1.5, "x"), (None, 1), (2**70, -1)])
report("rotate", rotate, [(1, 2, 3, 4), (1.5, 2, "c", 2), (1, 2, 3, 0)])
report("rotate four", rotate_four, [(1, 2, 3, 4), (1.0, "b", None, 4)])
report("fibonacci", fibonacci_mod, [(10, 1000), (100, 10**9 + 7), (0, 5), (100, 2**64), (5, 0), (5, 2.5)])
report("chained", chained, [(1,), (1.5,), ("a",), ((1,),)])
report("chained list", lambda: chained([1]), [()])
report("chained unpack", chained_unpack, [((1, 2),), ([1, 2],), ("ab",), ((1,),), (5,)])
report("dependent", lambda n: dependent([0] * n), [(3,), (2,), (1,)])
report("starred", starred, [([1], (2,)), ("ab", [1]), ((), ()), ([1], 5), (range(2), {3: 4})])
report("starred call", starred_call, [([1], [2]), ([], [1, 2]), ([], []), ("ab", "c"), ([1], ["a"])])
report("euclid", euclid, [(240, 46), (17, 5), (0, 5), (5, 0), (2**80, 2**40 + 1), (-12, 7), (10.0, 4)])
log.clear()
heat(order)
log.clear()
order()
print(log)
