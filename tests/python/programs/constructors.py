"""Constructors that create attributes: their order, calls on an object that has them already, on one with a `__dict__`, on other classes, with errors."""

from support import report


class Point:
    def __init__(self, x, y, label=None):
        self.x = x
        self.y = y
        if label is not None:
            self.label = label
        self.sum = x + y

    def __repr__(self):
        return type(self).__name__


class Swapped(Point):
    def __init__(self, x, y):
        self.y = y
        self.x = x
        self.sum = 0
        Point.__init__(self, y, x)


class Slotted:
    __slots__ = ("x", "y", "label", "sum")
    __init__ = Point.__init__


class Watched(Point):
    seen = []

    def __setattr__(self, name, value):
        self.seen.append(name)
        object.__setattr__(self, name, value)


class Property(Point):
    @property
    def y(self):
        return "property"

    @y.setter
    def y(self, value):
        self.__dict__["hidden"] = value


class Released:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("released", self.name)


def make(kind, *args):
    made = kind(*args)
    return type(made).__name__, list(vars(made).items()) if hasattr(made, "__dict__") else (made.x, made.y, made.sum)


report("make", make, [(Point, 1, 2), (Point, 1, 2, "l"), (Point, 0.5, 2), (Point, "a", "b"), (Point, 1, None), (Swapped, 1, 2), (Slotted, 3, 4), (Property, 5, 6)])
print(make(Watched, 1, 2), Watched.seen[:4])


def again(point, x):
    """The attributes are there already; their order stays, the old values are released."""
    point.__init__(x, 2)
    return list(vars(point))


one = Point(1, 2, "kept")
report("again", again, [(one, 1), (one, 2.5)])
print(one.x, one.y, one.sum, one.label)


def with_dict(x):
    """An instance whose attributes have moved into a dictionary."""
    made = Point.__new__(Point)
    made.__dict__["first"] = x
    made.__init__(x, 1)
    return list(vars(made).items())


report("with_dict", with_dict, [(1,), (2,)])


def deleted(x):
    made = Point(x, 1)
    del made.x
    made.__init__(x, 3)
    made.extra = 1
    return list(vars(made).items())


report("deleted", deleted, [(1,), (7,)])


class Holder:
    def __init__(self, thing):
        self.thing = thing


holder = Holder(1)
for _ in range(300):
    holder.__init__(2)
holder.__init__(Released("first"))
holder.__init__(Released("second"))
holder.__init__(None)

many = [Point(i, -i) for i in range(400)]
print(all(list(vars(point)) == ["x", "y", "sum"] and point.x == i for i, point in enumerate(many)))

Point.y = property(lambda self: 9, lambda self, value: self.__dict__.update(came=value))
print(make(Point, 1, 2))
del Point.y
print(make(Point, 1, 2))
