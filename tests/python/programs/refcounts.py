"""Nothing leaks and nothing is freed too early: reference counts before and after hot functions, exits and exceptions included."""

import gc
import sys

from support import HOT


class Thing:
    cls_attr = []

    def __init__(self):
        self.x = []
        self.n = 1

    def method(self, other):
        return other

    def __add__(self, other):
        return other


def attributes(t, item):
    t.x = item
    y = t.x
    t.x = y
    return t.cls_attr is y


def items_of(t, item):
    items = [item, item]
    items[0] = items[1]
    a, b = items
    b, a = a, b
    return a is b


def calls(t, item):
    a = t.method(item)
    b = identity(a)
    return identity(b) is item


def identity(x):
    return x


def operators(t, item):
    return t + item, item is not None, item == item, item in [item], not item


def loops(t, item):
    out = None
    for x in [item, t, item]:
        out = x
    for i in range(5):
        out = item
    return out is item


def failing_type(t, item):
    y = item
    return y + 1


def failing_attribute(t, item):
    y = [item, t]
    return y[0].missing


def failing_subscript(t, item):
    y = (item, t)
    return y[5]


def failing_unpack(t, item):
    a, b, c = item, t
    return a


def failing_call(t, item):
    return identity(item, t)


def failing_callee(t, item):
    return [item, failing_type(t, item)]


def early(t, item):
    for x in [item, item]:
        for y in (x, t):
            if y is t:
                return item
    return None


def late_type_change(t, item):
    total = 0
    keep = item
    for i in range(20):
        if i == 15:
            total = 0.5
        total = total + i
    return keep is item, total


def overflow(t, item):
    keep = item
    x = 1
    for i in range(70):
        x = x * 3
    return keep is item and x > 0


def big_results(t, item):
    x = 2**70
    y = x + 1
    z = [y, y]
    return z[0] is z[1]


def slices(t, item):
    items = [item] * 5
    return items[1:3][0] is item, items[::-1][0] is item


def conditional(t, item):
    a = item if t else None
    b = a or t
    c = a and t
    return b, c


def while_attribute(t, item):
    t.n = 0
    while t.n < 5:
        t.n += 1
        t.x = item
    return t.n


def formatted(t, item):
    return f"{len(item)} {t.n}", [item for _ in range(2)], {1: item}, lambda: item


FUNCTIONS = [attributes, items_of, calls, operators, loops, failing_type, failing_attribute, failing_subscript, failing_unpack, failing_call, failing_callee, early, late_type_change,
             overflow, big_results, slices, conditional, while_attribute, formatted]


def once(function, t, item):
    try:
        function(t, item)
    except (TypeError, AttributeError, IndexError, ValueError):
        pass


for function in FUNCTIONS:
    t, item = Thing(), []
    once(function, t, item)
    counts = sys.getrefcount(t), sys.getrefcount(item), sys.getrefcount(Thing), sys.getrefcount(Thing.cls_attr)
    for _ in range(HOT):
        once(function, t, item)
    gc.collect()
    after = sys.getrefcount(t), sys.getrefcount(item), sys.getrefcount(Thing), sys.getrefcount(Thing.cls_attr)
    print(function.__name__, [b - a for a, b in zip(counts, after)])


def live(cls):
    return sum(isinstance(o, cls) for o in gc.get_objects())


class Tracked:
    def __init__(self):
        self.me = self


def make(n, fail):
    made = Tracked()
    for i in range(n):
        made = Tracked()
        made.other = [made, i]
    if fail:
        return made.missing
    return n


for fail in (False, True):
    for _ in range(HOT):
        try:
            make(3, fail)
        except AttributeError:
            pass
    gc.collect()
    print(fail, live(Tracked))
