"""Instructions that compiled code has the evaluator do one at a time: displays, f-strings, star calls, imports, unpacking, `with`; also where the
evaluator hands them on to CPython in the midst of a compiled function, which must then go on with the right stack and locals."""

import sys
from collections import namedtuple

from support import report


def displays(n):
    letters = dict(zip(range(n), "abcdefgh"))
    return {k: letters[k] for k in letters}, {i % 3 for i in range(n)}, {**letters, "z": n}, [*letters, n], (*letters, n), {n, 1, 2}, {"a": n, "b": 1, "c": 2}


report("displays", displays, [(8,), (0,), (2,)])


def texts(value, width):
    return f"{value}|{value!r:>{width}}|{value!s}|{value!a}|{width:03}"


class Unprintable:
    def __repr__(self):
        raise ValueError("no text")


report("texts", texts, [("né", 9), (1.5, 3), ("a", "x")])
try:
    texts(Unprintable(), 2)
except ValueError as error:
    print("texts", error, error.__traceback__.tb_next.tb_lineno - texts.__code__.co_firstlineno)


def target(a, *rest, key=None, **more):
    return a, rest, key, sorted(more.items())


def star(args, keywords):
    before = [1, 2]
    result = target(*args, **keywords)
    return before, result


Pair = namedtuple("Pair", "x y")
report("star", star, [((1, 2), {}), ([1, 2, 3], {"key": 4, "z": 5}), (Pair(1, 2), {}), ("ab", {}), (5, {}), ((), {}), ((1,), {1: 2}), ((1,), 7), ({3}, {"a": 1})])


def twice(args, one, two):
    return 5, target(*args, 6, **one, k=0, **two)


report("twice", twice, [((1,), {"a": 1}, {"b": 2}), ((1,), {"a": 1}, {"a": 2}), ((1,), {"k": 1}, {}), ((1,), {}, 3), ((), {1: 1}, {}), (4, {}, {})])


def unpacking(values):
    kept = "kept"
    first, *middle, last = values
    *start, end = middle
    return kept, first, start, end, last


report("unpacking", unpacking, [((1, 2, 3, 4),), ([1, 2, 3],), ("abcd",), (range(5),), ((1,),), ([1],), (7,), ((1, 2),)])


def extended(values, more):
    total = 3
    return total, [0, *values, *more], {*values, *more}, (*more, total)


report("extended", extended, [((1, 2), [3]), ("ab", {}), (5, ()), ((), 6), ([[]], ()), (range(2), "c")])


def imports(name):
    import os.path as path
    from collections import OrderedDict

    if name:
        from os import path as other
        from xml import dom  # A submodule that nothing has imported before.

        return path is other, OrderedDict.__name__, dom.__name__
    from collections import missing

    return missing


report("imports", imports, [(1,)])
try:
    imports(0)
except ImportError as error:
    print("imports", str(error).partition(" (")[0])


class Manager:
    def __init__(self, log, swallows):
        self.log, self.swallows = log, swallows

    def __enter__(self):
        self.log.append("in")
        return len(self.log)

    def __exit__(self, kind, error, trace):
        self.log.append(kind and kind.__name__)
        return self.swallows


def managed(n, swallows):
    log = []
    total = 0
    for i in range(n):
        with Manager(log, swallows) as number, Manager(log, False) as more:
            total += number + more
            if i == 3:
                raise KeyError(i)
            if i == 5:
                continue
            total += 100
    return total, log


report("managed", managed, [(3, True), (8, True), (8, False), (0, True)])


def no_manager(value):
    kept = [value]
    with value as inside:
        kept.append(inside)
    return kept


report("no_manager", no_manager, [(1,), ("a",), (None,)])


def factory(n):
    total = 0

    def add(k, step: int = 1, *, factor=n) -> int:
        nonlocal total
        total += k * factor + step
        return total

    add.kind = "adder"
    return [add(1), add(2, 3), add(4, factor=0), add.kind, add.__defaults__, add.__kwdefaults__, sorted(add.__annotations__), add.__closure__[0].cell_contents]


report("factory", factory, [(3,), (0.5,), ("x",), (2**70,)])


def unbound(flag, delete):
    def inner():
        return value

    if flag:
        value = flag
    if delete:
        del value
    return inner(), value


report("unbound", unbound, [(1, 0), (0, 0), (1, 1), ("a", 0)])


def cells(n):
    made = []
    for i in range(n):
        made.append(lambda k=i: (i, k))
    seen = sorted(locals())
    return [one() for one in made], i, seen


report("cells", cells, [(3,), (1,), (0,)])


class Base:
    def name(self):
        return "base"


class Derived(Base):
    def name(self):
        return super().name() + __class__.__name__

    def later(self):
        return [super(Derived, self).name() for _ in range(2)], (lambda: self.name())()


report("super", lambda: (Derived().name(), Derived().later()), [()])


def deletes(n):
    global gone
    gone = n
    box = Base()
    box.x = n
    del box.x
    del gone
    if n > 5:
        del gone
    return hasattr(box, "x"), "gone" in globals()


report("deletes", deletes, [(1,), (2,), (9,)])


def counts(n):
    """What a callee can count: the locals' references and the argument's."""
    thing = [n]
    before = sys.getrefcount(thing)
    other = thing
    return before, sys.getrefcount(thing), sys.getrefcount(other), sys.getrefcount([n]), sys.getrefcount(thing[:])


report("counts", counts, [(1,), ("a",)])


def recorded(n):
    return [list(range(i)) for i in range(n)], [c for c in "abc" for _ in range(2) if c != "b"], list(zip(range(n), (y for y in range(n)))), sum(x for x in [1, 2, n])


report("comprehensions", recorded, [(3,), (0,), (4,)])
