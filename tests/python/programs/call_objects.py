"""Creating instances and calling objects: __new__, __init__ (also wrong ones), classes from type(), partial, callbacks from C code."""

from functools import cmp_to_key, lru_cache, partial, reduce

from support import HOT, heat, outcome, report


class Simple:
    def __init__(self, x, y=2):
        self.x = x
        self.y = y


class WithNew:
    def __new__(cls, x):
        if x < 0:
            return "not an instance"
        made = super().__new__(cls)
        made.from_new = x
        return made

    def __init__(self, x):
        self.x = x + self.from_new


class Singleton:
    only = None

    def __new__(cls, x):
        if cls.only is None:
            cls.only = super().__new__(cls)
        return cls.only

    def __init__(self, x):
        self.x = x


class BadInit:
    def __init__(self, x):
        return x


class Raising:
    def __init__(self, x):
        self.x = x
        raise KeyError(x)


class NoInit:
    x = "class"


class Error(Exception):
    def __init__(self, x):
        super().__init__(f"error {x}")
        self.x = x


CLASSES = {cls.__name__: cls for cls in (Simple, WithNew, Singleton, BadInit, Raising, NoInit, Error)}
CLASSES["made"] = type("Made", (Simple,), {"z": 3})
CLASSES["partial"] = partial(Simple, y=5)


def create(name, x):
    made = CLASSES[name](x)
    return made.x if hasattr(made, "x") else made


def create_many(name, n):
    total = 0
    for i in range(n):
        total += CLASSES[name](i).x
    return total


report("create", create, [(name, x) for name in CLASSES for x in (1, 2.5, -1, None)])
report("many", create_many, [(name, 4) for name in CLASSES])


def make_simple(x):
    return Simple(x).x


heat(make_simple, 1)
Simple.__init__ = lambda self, x: setattr(self, "x", f"new init {x}")
print(outcome(make_simple, 1))
Simple.__new__ = lambda cls, x: "from new"
print(outcome(make_simple, 1), outcome(create, "made", 1))
Simple.__new__ = staticmethod(lambda cls, x: object.__new__(cls))
print(outcome(make_simple, 1))


def negate(x):
    return -x


def compare(a, b):
    return a - b


def add(a, b):
    return a + b


print([sorted([3, 1, 2.5, 2**70, True], key=negate) for _ in range(HOT)][-1])
print([sorted([3, 1, 2], key=cmp_to_key(compare)) for _ in range(HOT)][-1])
print([list(map(negate, [1, 2.5, 2**63])) for _ in range(HOT)][-1], outcome(lambda: list(map(negate, ["a"]))))
print([reduce(add, [1, 2, 3.5]) for _ in range(HOT)][-1], reduce(add, ["a", "b"]), outcome(reduce, add, [1, "b"]))
print([max([1, -5, 3], key=negate) for _ in range(HOT)][-1])


@lru_cache(maxsize=None)
def cached(n):
    return n if n < 2 else cached(n - 1) + cached(n - 2)


print(cached(100), cached(100.0) == cached(100), cached.cache_info())


def outer(f, x):
    return f(x)


for f in (negate, partial(add, 1), partial(negate), cached, Simple, type, negate.__call__, WithNew):
    texts = {outcome(outer, f, 3) if f not in (Simple, WithNew) else type(outer(f, 3)).__name__ for _ in range(HOT)}
    print(sorted(texts))
