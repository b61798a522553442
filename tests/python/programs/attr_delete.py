"""Attributes deleted while hot, in loops, between a load and a store, with objects whose death is seen."""

from support import heat, outcome, report


class Thing:
    fallback = "class"

    def __init__(self):
        self.x = 1
        self.fallback = "instance"


class Loud:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("bye", self.name)


def read(t):
    return t.x


def delete(t):
    del t.x


def delete_then_read(t):
    del t.x
    return t.x


def delete_fallback(t):
    before = t.fallback
    del t.fallback
    return before, t.fallback


def delete_in_loop(n):
    t = Thing()
    for i in range(n):
        t.x += 1
        if i == n - 1:
            del t.x
    return t.x


def cycle(t, n):
    for i in range(n):
        t.y = i
        t.y += 1
        del t.y
    return hasattr(t, "y"), list(t.__dict__)


def replace(holder, name):
    holder.item = Loud(name)
    return "replaced"


def drop(holder):
    del holder.item
    return "dropped"


thing = Thing()
heat(read, thing)
del thing.x
print(outcome(read, thing))
thing.x = 2
print(outcome(read, thing))
for i in range(300):
    thing.x = i
    delete(thing)
print(outcome(read, thing), outcome(delete, thing))
report("delete then read", lambda: delete_then_read(Thing()), [()])
report("fallback", lambda: delete_fallback(Thing()), [()])
report("in loop", delete_in_loop, [(10,), (0,), (1,)])
report("cycle", lambda n: cycle(Thing(), n), [(5,), (0,), (100,)])


class Holder:
    item = None


holder = Holder()
quiet = Loud.__del__
del Loud.__del__
heat(replace, holder, "warm")
Loud.__del__ = quiet
print(replace(holder, "one"))
print(replace(holder, "two"))
print(drop(holder))
print(outcome(drop, holder))
print(holder.item)
