"""for over everything that can be iterated, and iterators that fail on the way."""

from support import report


class Countdown:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        if self.n == 0:
            raise StopIteration
        self.n -= 1
        return self.n


class Failing:
    def __init__(self, error):
        self.error = error
        self.n = 0

    def __iter__(self):
        return self

    def __next__(self):
        self.n += 1
        if self.n > 2:
            raise self.error
        return self.n


class Sequence:
    def __init__(self, *items):
        self.items = items

    def __getitem__(self, i):
        return self.items[i]


class BadIter:
    def __iter__(self):
        return 5


def generate(n):
    for i in range(n):
        yield i * i


def failing_generator():
    yield 1
    raise KeyError("in the generator")


MAKERS = {
    "list": lambda: [1, 2],
    "tuple": lambda: (1, 2.5),
    "str": lambda: "aé\U0001f600",
    "bytes": lambda: b"ab",
    "dict": lambda: {"a": 1, "b": 2},
    "items": lambda: {"a": 1}.items(),
    "values": lambda: {"a": 1}.values(),
    "set": lambda: {7},
    "frozenset": lambda: frozenset([3]),
    "enumerate": lambda: enumerate("xy"),
    "zip": lambda: zip([1, 2], "ab"),
    "map": lambda: map(str, [1, 2]),
    "filter": lambda: filter(None, [0, 1]),
    "reversed": lambda: reversed([1, 2]),
    "generator": lambda: generate(3),
    "genexpr": lambda: (x for x in [1, 2]),
    "countdown": lambda: Countdown(2),
    "sequence": lambda: Sequence(1, "b"),
    "value error": lambda: Failing(ValueError("third")),
    "stop with value": lambda: Failing(StopIteration("value")),
    "index error": lambda: Failing(IndexError("not a sequence")),
    "failing generator": lambda: failing_generator(),
    "bad iter": lambda: BadIter(),
    "int": lambda: 5,
    "none": lambda: None,
    "callable": lambda: iter([1, 2, 3].pop, 1),
    "memoryview": lambda: memoryview(b"ab"),
    "range": lambda: range(2),
}
seen = []


def walk(name):
    for item in MAKERS[name]():
        seen.append(item)
    return len(seen)


def total(name):
    result = 0
    for item in MAKERS[name]():
        result += item
    return result


def unpacked(name):
    out = []
    for a, b in MAKERS[name]():
        out.append((b, a))
    return out


def walk_clean(name):
    seen.clear()
    count = walk(name)
    return count, seen.copy()


for function in (walk_clean, total, unpacked):
    report(function.__name__, function, [(name,) for name in MAKERS])


def dict_changes_size(d):
    for key in d:
        d[key + "x"] = 1
    return d


def dict_changes_value(d):
    for key in d:
        d[key] = key
    return d


report("size", lambda n: dict_changes_size({str(i): i for i in range(n)}), [(1,), (3,)])
report("value", lambda n: dict_changes_value({str(i): i for i in range(n)}), [(1,), (3,), (0,)])
