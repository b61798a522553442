"""staticmethod, classmethod, super(), functions and builtins as methods, methods added to instances and classes while hot."""

from types import MethodType

from support import heat, outcome, report


class Base:
    count = 0

    @staticmethod
    def static(x, y=1):
        return x * y

    @classmethod
    def make(cls, n):
        made = cls()
        made.n = n
        return made

    @classmethod
    def increase(cls):
        cls.count += 1
        return cls.count

    def name(self):
        return "base"

    def twice(self):
        return self.name() + self.name()

    builtin = len
    listed = [1, 2, 3].index

    def __len__(self):
        return 3


class Left(Base):
    def name(self):
        return "left " + super().name()


class Right(Base):
    def name(self):
        return "right " + super().name()


class Diamond(Left, Right):
    def name(self):
        return "diamond " + super().name()

    @classmethod
    def make(cls, n):
        return super().make(n + 1)


class OldStyle(Base):
    def name(self):
        return "old " + super(OldStyle, self).name() + " " + Base.name(self)


CLASSES = [Base, Left, Right, Diamond, OldStyle]
BY_NAME = {cls.__name__: cls for cls in CLASSES}


def static(which):
    cls = BY_NAME[which]
    return cls.static(2, 3), cls().static(4), cls.static(y=2, x="a")


def make(which):
    made = BY_NAME[which].make(5)
    return type(made).__name__, made.n


def names(which):
    thing = BY_NAME[which]()
    return thing.name(), thing.twice()


def builtin(which):
    return BY_NAME[which]().builtin([1, 2])


def listed(which):
    return BY_NAME[which]().listed(2)


def many(which, n):
    thing = BY_NAME[which]()
    total = 0
    for i in range(n):
        total += thing.static(i, 2) + len(thing.name())
    return total


for function in (static, make, names, builtin, listed, lambda which: many(which, 5)):
    report(f"{function.__name__} ", function, [(which,) for which in BY_NAME])
print([cls.increase() for cls in CLASSES for _ in range(3)], Base.count)
for _ in range(300):
    Diamond.increase()
print(Diamond.count, Base.count, Diamond().increase())

thing = Diamond()


def call_name(t):
    return t.name()


heat(call_name, thing)
print(outcome(call_name, thing))
Right.name = lambda self: "new right"
print(outcome(call_name, thing))
del Right.name
print(outcome(call_name, thing))
Diamond.__bases__ = (Right, Left)
print(outcome(call_name, thing))
thing.name = MethodType(lambda self: f"bound to {type(self).__name__}", thing)
print(outcome(call_name, thing))
del thing.name
Diamond.name = staticmethod(lambda: "static now")
print(outcome(call_name, thing))
Diamond.name = property(lambda self: lambda: "from property")
print(outcome(call_name, thing))
Diamond.name = str.upper
print(outcome(call_name, thing))
del Diamond.name
print(outcome(call_name, thing))


class Outer:
    def super_missing(self):
        return super().nothing()

    def super_in_nested(self):
        def inner():
            return super().super_missing

        return inner()

    def class_cell(self):
        return __class__.__name__


for name in ("super_missing", "super_in_nested", "class_cell"):
    heat(getattr(Outer(), name))
    print(name, outcome(getattr(Outer(), name)))
