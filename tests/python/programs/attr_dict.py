"""Instance dictionaries seen and changed from outside: __dict__, vars(), key sharing broken, dictionary replaced, many keys, odd keys."""

from support import heat, outcome


class Thing:
    default = "class"

    def __init__(self):
        self.a = 1
        self.b = 2


def read(t):
    return t.a, t.b


def read_default(t):
    return t.default


def write(t, v):
    t.a = v
    return t.a


def grow(t, v):
    t.c = v
    return list(t.__dict__)


def loop_with_change(t, n):
    out = []
    for i in range(n):
        if i == n - 3:
            t.__dict__["a"] = "from dict"
        if i == n - 2:
            t.__dict__ = {"a": "replaced", "b": 0}
        if i == n - 1:
            del t.__dict__["a"]
            t.__dict__["a"] = "again"
        out.append(t.a)
    return out[-4:]


thing = Thing()
heat(read, thing)
heat(read_default, thing)
heat(write, thing, 1)
print(outcome(read, thing), outcome(read_default, thing))
thing.__dict__["a"] = 10
print(outcome(read, thing))
vars(thing)["default"] = "instance"
print(outcome(read_default, thing))
del vars(thing)["default"]
print(outcome(read_default, thing))
thing.__dict__ = {"b": "first", "a": "second", "default": 3}
print(outcome(read, thing), outcome(read_default, thing), outcome(write, thing, 5), thing.__dict__)
thing.__dict__.clear()
print(outcome(read, thing), outcome(read_default, thing), outcome(write, thing, 6), thing.__dict__)
thing.__dict__.update(b=1)
print(outcome(read, thing))
thing.__dict__[5] = "odd key"
thing.__dict__[(1, 2)] = "odd key"
print(outcome(read, thing), outcome(write, thing, 7), len(thing.__dict__))
thing.__dict__.pop("a")
print(outcome(read, thing))
del thing.__dict__
print(outcome(read, thing), thing.__dict__)

others = []
for i in range(60):
    other = Thing()
    if i % 3 == 1:
        other.extra = i
        del other.a
        other.a = "late"
    if i % 3 == 2:
        for j in range(40):
            setattr(other, f"attribute_{j}", j)
    others.append(other)
print([outcome(read, other) for other in others[:3]], {outcome(read, other) for other in others} == {outcome(read, other) for other in others[:3]})
print([outcome(write, other, 3.5) for other in others[:3]])
print([len(outcome(grow, other, 1)) for other in others[:6]])


class Key(str):
    def __hash__(self):
        return str.__hash__(self)

    def __eq__(self, other):
        return str.__eq__(self, other)


thing = Thing()
thing.__dict__[Key("a")] = "by key"
print(outcome(read, thing))
heat(loop_with_change, Thing(), 10, times=3)
for _ in range(250):
    result = loop_with_change(Thing(), 10)
print(result)


class Dictless:
    __slots__ = ()


print(outcome(read, Dictless()), outcome(write, Dictless(), 1))


class Borg:
    shared = {"a": 1, "b": 2}

    def __init__(self):
        self.__dict__ = self.shared


one, two = Borg(), Borg()
heat(write, one, 5)
print(outcome(read, two), outcome(write, one, 9), outcome(read, two))
