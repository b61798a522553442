"""Slots: loads, stores, deletion, unset slots, subclasses with and without __dict__, the same name in another class."""

from support import HOT, outcome, report


class Slotted:
    __slots__ = ("x", "y")

    def __init__(self, *values):
        if values:
            self.x, self.y = values


class SlottedChild(Slotted):
    __slots__ = ("z",)


class DictChild(Slotted):
    pass


class Reversed:
    __slots__ = ("y", "x")

    def __init__(self, *values):
        if values:
            self.x, self.y = values


class Ordinary:
    def __init__(self, *values):
        if values:
            self.x, self.y = values


class Shadow(Slotted):
    x = "class attribute"


def total(p):
    return p.x + p.y


def store(p, v):
    p.x = v
    return p.x


def add(p, n):
    for i in range(n):
        p.x += i
        p.y = p.x
    return p.x, p.y


def other_name(p):
    p.z = 5
    return p.z


def delete(p):
    del p.x
    return p.x


def read_dict(p):
    return p.__dict__


CLASSES = [Slotted, SlottedChild, DictChild, Reversed, Ordinary, Shadow]
MAKE = {cls.__name__: cls for cls in CLASSES}


def with_fresh(function, name, *args):
    return function(MAKE[name](1, 2) if name != "Shadow" else Shadow(), *args)


def with_unset(function, name, *args):
    return function(MAKE[name](), *args)


for function, args in ((total, ()), (store, (7.5,)), (add, (4,)), (other_name, ()), (delete, ()), (read_dict, ())):
    report(function.__name__, lambda name, f=function, a=args: with_fresh(f, name, *a), [(name,) for name in MAKE])
    report(f"unset {function.__name__}", lambda name, f=function, a=args: with_unset(f, name, *a), [(name,) for name in MAKE])

target = Slotted(1, 2)
for value in (1, 2.5, None, 2**70, "s"):
    print(sorted({outcome(store, target, value) for _ in range(HOT)}))
descriptor = Slotted.x
print(outcome(total, Slotted(1, 2)))
Slotted.x = property(lambda self: 100)
print(outcome(total, Slotted.__new__(Slotted)), outcome(store, target, 1))
Slotted.x = descriptor
print(outcome(total, Slotted(1, 2)), outcome(store, target, 3))
Slotted.x, Slotted.y = Slotted.y, Slotted.x
swapped = Slotted(1, 2)
print(swapped.x, swapped.y, Slotted.x.__get__(swapped), outcome(total, swapped))
