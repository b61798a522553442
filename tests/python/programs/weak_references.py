"""Weak references watched from hot functions: alive as long as a local, dead at once after it, callbacks in order."""

import weakref

from support import HOT


class Thing:
    def __init__(self, n=0):
        self.n = n


log = []


def alive_to_the_end():
    x = Thing(1)
    ref = weakref.ref(x)
    total = 0
    for i in range(5):
        total += i
    return ref() is not None, total


def dead_after_rebinding():
    x = Thing(1)
    ref = weakref.ref(x)
    before = ref() is None
    x = 5
    return before, ref() is None, x


def dead_after_del():
    x = Thing(1)
    y = x
    ref = weakref.ref(x)
    del x
    before = ref() is None
    del y
    return before, ref() is None


def dead_after_return():
    def make():
        x = Thing(2)
        return weakref.ref(x)

    return make()() is None


def make_reference():
    x = Thing(3)
    return weakref.ref(x), x.n


def reference_after_call():
    ref, n = make_reference()
    return ref() is None, n


def temporary():
    return weakref.ref(Thing(4))() is None


def in_list():
    items = [Thing(i) for i in range(3)]
    refs = []
    for item in items:
        refs.append(weakref.ref(item))
    before = [ref() is None for ref in refs]
    items[1] = None
    middle = [ref() is None for ref in refs]
    items = None
    # The loop variable still holds the last one.
    after = [ref() is None for ref in refs]
    item = None
    return before, middle, after, refs[2]() is None


def loop_variable(n):
    last = None
    dead = 0
    for i in range(n):
        x = Thing(i)
        if last is not None and last() is None:
            dead += 1
        last = weakref.ref(x)
    return dead


def loop_variable_overlap(n):
    # The old value dies only when the name is bound again, after the new one exists.
    x = Thing(-1)
    states = []
    for i in range(n):
        ref = weakref.ref(x)
        x = keep(Thing(i), ref, states)
    return states


def keep(new, ref, states):
    states.append(ref() is not None)
    return new


def callbacks(names):
    things = []
    refs = []
    for name in names:
        thing = Thing(name)
        things.append(thing)
        refs.append(weakref.ref(thing, lambda ref, name=name: log.append(name)))
    thing = None
    log.append("made")
    things.pop(0)
    log.append("popped")
    things = None
    log.append("dropped")
    return refs


def value_dictionary():
    d = weakref.WeakValueDictionary()
    a = Thing("a")
    d["a"] = a
    d["b"] = Thing("b")
    sizes = [len(d)]
    a = None
    sizes.append(len(d))
    return sizes


def argument(x, ref):
    x = None
    return ref() is None


def argument_of_caller():
    x = Thing(5)
    ref = weakref.ref(x)
    first = argument(x, ref)
    x = None
    return first, ref() is None


def during_exception():
    refs = []

    def fail():
        x = Thing(6)
        refs.append(weakref.ref(x))
        raise KeyError("k")

    try:
        fail()
    except KeyError:
        inside = refs[0]() is None
    return inside, refs[0]() is None


def attribute_temporary():
    box = Thing()
    box.inner = Thing(7)
    ref = weakref.ref(box.inner)
    n = box.inner.n + len(swap(box))
    return n, ref() is None


def swap(box):
    box.inner = None
    return "swapped"


def attribute_held_on_stack():
    box = Thing()
    box.inner = Thing(8)
    ref = weakref.ref(box.inner)
    # The left operand stays alive while the right one is computed.
    return (box.inner, ref() is not None, swap(box), ref() is not None)[1:]


for function, args in (
    (alive_to_the_end, ()), (dead_after_rebinding, ()), (dead_after_del, ()), (dead_after_return, ()), (reference_after_call, ()), (temporary, ()), (in_list, ()), (loop_variable, (10,)),
    (loop_variable_overlap, (4,)), (value_dictionary, ()), (argument_of_caller, ()), (during_exception, ()), (attribute_temporary, ()), (attribute_held_on_stack, ()),
):
    print(function.__name__, sorted({repr(function(*args)) for _ in range(HOT)}))
for _ in range(HOT):
    log.clear()
    refs = callbacks("abc")
print(log, [ref() is None for ref in refs])
