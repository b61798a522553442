"""Attribute loads, stores and in-place operations on ordinary instances; missing ones; instances of several classes at one site."""

from support import HOT, define, heat, outcome, report


class Point:
    kind = "point"

    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __repr__(self):
        return f"{type(self).__name__}({self.x!r}, {self.y!r})"


class Other:
    def __init__(self, x, y):
        self.y = y
        self.x = x

    __repr__ = Point.__repr__


class Third:
    x = "class x"

    def __init__(self, x, y):
        self.y = y

    def __repr__(self):
        return "Third()"


class Child(Point):
    def __init__(self, x, y):
        super().__init__(x, y)
        self.z = 0


def total(p):
    return p.x + p.y


def store(p, v):
    p.x = v
    return p.x


def move(p, dx, n):
    for _ in range(n):
        p.x += dx
        p.y -= dx
    return p.x, p.y


def new_attribute(p, v):
    p.fresh = v
    return p.fresh, p.__dict__


def missing(p):
    return p.nothing


def class_attribute(p):
    return p.kind


def chain(a):
    return a.next.next.value


def swap(p):
    p.x, p.y = p.y, p.x
    return p.x, p.y


def dot(points, others):
    result = 0
    for i in range(len(points)):
        a = points[i]
        b = others[i]
        result += a.x * b.x + a.y * b.y
    return result


POINTS = [Point(1, 2), Point(1.5, 2.5), Point("a", "b"), Other(1, 2), Third(1, 2), Child(3, 4), Point(2**62, 2**62), Point(1, "x"), Point(None, 1)]
report("total", total, [(p,) for p in POINTS])
report("total, other objects ", define("def f(p):\n    return p.x + p.y\n"), [(POINTS[0],), (5,), (None,), ("s",), (Point,), (Third,)])
report("class attribute", class_attribute, [(p,) for p in POINTS])
report("missing", missing, [(p,) for p in POINTS] + [(5,), (None,), (Point,), ([],)])
report("dot", dot, [([POINTS[0]] * 3, [POINTS[1]] * 3), ([POINTS[0], POINTS[3], POINTS[5]], [POINTS[1]] * 3), ([], []), ([POINTS[0]], [POINTS[2]]), ([POINTS[2]], [POINTS[2]])])

for make in (Point, Other, Child, Third):
    for values in ((1, 2), (1.5, 2), (2**63 - 3, 0), ("a", "b")):
        results = {outcome(move, make(*values), 1, 5) for _ in range(HOT)}
        print(make.__name__, values, sorted(results))
    for value in (1, 1.5, "s", None, 2**64):
        target = make(1, 2)
        print(make.__name__, sorted({outcome(store, target, value) for _ in range(50)}), target, sorted({outcome(new_attribute, make(1, 2), value) for _ in range(50)}))
    print(make.__name__, sorted({outcome(swap, make(1, 2.5)) for _ in range(50)}))
for target in (5, "s", None, [], Point, object(), 1.5, len):
    heat(store, target, 1, times=5)
    print(type(target).__name__, outcome(store, target, 1).replace("'object' object", "object"))


class Link:
    def __init__(self, value, following):
        self.value = value
        self.next = following


def link(values):
    node = None
    for value in reversed(values):
        node = Link(value, node)
    return node


report("chain", lambda *values: chain(link(values)), [(1, 2, 3), (1, 2), (1,), (1.5, "x", 2**70, 4)])
