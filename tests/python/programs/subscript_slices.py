"""Slices: loads, stores, deletions, on builtin types and on classes that see the slice object."""

from support import HOT, report


class Shows:
    def __getitem__(self, key):
        return key

    def __repr__(self):
        return "Shows()"


def head(a, n):
    return a[:n]


def tail(a, n):
    return a[n:]


def middle(a, i, j):
    return a[i:j]


def stepped(a, i, j, k):
    return a[i:j:k]


def whole(a):
    return a[:], a[::-1], a[::2], a[1:-1]


def with_tuple(a, i, j):
    return a[i:j, 0]


def windows(a, n):
    out = []
    for i in range(len(a) - n + 1):
        out.append(a[i : i + n])
    return out


SEQUENCES = [[1, 2, 3, 4], (1, 2, 3, 4), "abcd", b"abcd", range(4), Shows(), {}, None]
for function, arguments in ((head, (2,)), (tail, (2,)), (middle, (1, 3)), (stepped, (0, 4, 2)), (whole, ())):
    report(function.__name__, function, [(sequence, *arguments) for sequence in SEQUENCES])
report("head", head, [([1, 2], n) for n in (1, 0, -1, 5, None, True, 2**70, -(2**70), 1.0, "a")])
report("tail", tail, [("abc", n) for n in (1, 0, -1, 5, None, 2**70)])
report("stepped", stepped, [([1, 2, 3, 4, 5], *s) for s in ((0, 5, 1), (4, 0, -1), (None, None, -2), (0, 5, 0), (5, 0, 1), (-100, 100, 3), (0, 2**70, 2**69), (0, 5, 1.5))])
report("tuple", with_tuple, [(Shows(), 1, 2), ([1], 0, 1)])
report("windows", windows, [([1, 2, 3], 2), ("abcd", 3), ((), 1), ([1], 0)])


def replace(items):
    items[1:2] = [8, 9]
    items[:0] = ["first"]
    items[::2] = [0] * len(items[::2])
    del items[-1:]
    return items


def bad_size(items):
    items[::2] = [1]
    return items


def not_iterable(items):
    items[0:1] = 5
    return items


def add_slice(items):
    items[1:] += [7]
    return items


def alias_slice(items):
    items[1:] = items
    return items


for function in (replace, bad_size, not_iterable, add_slice, alias_slice):
    for make in (lambda: [1, 2, 3, 4], lambda: [], lambda: bytearray(b"abcd"), lambda: (1, 2)):
        texts = set()
        for _ in range(HOT):
            target = make()
            try:
                result = function(target)
            except Exception as error:
                result = f"{type(error).__name__}: {error}"
            texts.add(f"{result!r} {target!r}")
        print(function.__name__, sorted(texts))
