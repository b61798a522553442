"""__class__ assignment: the layout stays, the class changes under a hot function and within its loop."""

from support import heat, outcome


class First:
    label = "first"

    def __init__(self):
        self.x = 1
        self.y = 2

    def describe(self):
        return f"first {self.x}"


class Second:
    label = "second"

    @property
    def x(self):
        return "property"

    def describe(self):
        return f"second {self.y}"


class Third(First):
    def __getattr__(self, name):
        return f"no {name}"


class SlotsA:
    __slots__ = ("a", "b")


class SlotsB:
    __slots__ = ("a", "b")

    def describe(self):
        return "slots b"


def read(t):
    return t.x, t.y, t.label


def call(t):
    return t.describe()


def write(t, v):
    t.x = v
    return t.__dict__["x"]


def switching(t, n):
    out = []
    for i in range(n):
        if i == n - 2:
            t.__class__ = Second
        elif i == n - 1:
            t.__class__ = Third
        out.append((t.label, t.x, t.describe()))
    t.__class__ = First
    return out[-3:]


thing = First()
for function in (read, call):
    heat(function, thing)
heat(write, thing, 1)
for cls in (Second, First, Third, Second, First):
    thing.__class__ = cls
    print(cls.__name__, outcome(read, thing), outcome(call, thing), outcome(write, thing, 3))
heat(switching, thing, 10)
print(outcome(switching, thing, 10), type(thing).__name__)
slotted = SlotsA()
slotted.a = 1


def slot(t):
    return t.a


heat(slot, slotted)
heat(call, slotted)
slotted.__class__ = SlotsB
print(outcome(slot, slotted), outcome(call, slotted))
for target in (int, SlotsA, list):
    try:
        thing.__class__ = target
    except TypeError as error:
        print(error)


def set_class(t, cls):
    t.__class__ = cls
    return t.label


heat(set_class, thing, First)
print(outcome(set_class, thing, Second), outcome(set_class, thing, First), outcome(set_class, thing, int), outcome(set_class, 5, First))
