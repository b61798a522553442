"""Classes that change while functions on their instances are hot: attributes, methods, bases, from inside a loop too."""

from support import heat, outcome


class Base:
    shared = 1

    def method(self):
        return "base method"


class Thing(Base):
    own = 10

    def __init__(self):
        self.x = 1


def read_shared(t):
    return t.shared


def read_own(t):
    return t.own


def read_x(t):
    return t.x


def call(t):
    return t.method()


def write_x(t, v):
    t.x = v
    return t.__dict__


def all_of_it(t):
    return outcome(read_shared, t), outcome(read_own, t), outcome(read_x, t), outcome(call, t)


def loop(t, n):
    out = []
    for i in range(n):
        if i == n - 2:
            Thing.own = "changed"
        if i == n - 1:
            Base.shared = "changed too"
        out.append((t.own, t.shared))
    Thing.own = 10
    Base.shared = 1
    return out[-3:]


thing = Thing()
for function in (read_shared, read_own, read_x, call):
    heat(function, thing)
heat(write_x, thing, 1)
print(all_of_it(thing))
Base.shared = 2
print(all_of_it(thing))
Thing.shared = 3
print(all_of_it(thing))
del Thing.shared
Thing.own = 2.5
print(all_of_it(thing))
thing.own = "instance"
print(all_of_it(thing))
del thing.own
print(all_of_it(thing))
Thing.method = lambda self: "new method"
print(all_of_it(thing))
thing.method = lambda: "instance method"
print(all_of_it(thing))
del thing.method, Thing.method
print(all_of_it(thing))
Base.method = staticmethod(lambda: "static")
print(all_of_it(thing))
Base.method = classmethod(lambda cls: f"class {cls.__name__}")
print(all_of_it(thing))
Base.method = 5
print(all_of_it(thing))
del Base.method
print(all_of_it(thing))
Thing.x = property(lambda self: "property x")
print(all_of_it(thing), outcome(write_x, thing, 3))
del Thing.x
print(all_of_it(thing), outcome(write_x, thing, 3))


class NewBase:
    shared = "from the new base"

    def method(self):
        return "new base method"


Thing.__bases__ = (NewBase,)
print(all_of_it(thing))
for function in (read_shared, read_own, read_x, call):
    heat(function, thing)
print(all_of_it(thing))
Thing.__bases__ = (Base,)
print(all_of_it(thing))
del Base.shared
print(all_of_it(thing))
Base.shared = 1
heat(loop, thing, 10, times=250)
print(loop(thing, 10), all_of_it(thing))
Thing.__setattr__ = lambda self, name, value: object.__setattr__(self, name, [value])
print(outcome(write_x, thing, 5))
del Thing.__setattr__
print(outcome(write_x, thing, 5))
Thing.__getattribute__ = lambda self, name: f"intercepted {name}"
print(all_of_it(thing), outcome(write_x, thing, 6))
del Thing.__getattribute__
print(all_of_it(thing))
# Many changes use up a version tag.
for i in range(300):
    Thing.own = i
    read_own(thing)
print(all_of_it(thing))
