"""Attribute loads, stores, method calls and operators at sites that see one class, a few or very many, in varying order and frequency."""

from support import define, outcome, show
from support.effects import brief


def make(number):
    """A class of its own: where its attribute is and what its method gives differ from class to class."""
    kind = number % 8
    name = f"Kind{number}"
    if kind == 0:

        def __init__(self):
            self.x = number

        space = {"__init__": __init__}
    elif kind == 1:

        def __init__(self):
            self.a, self.b, self.x = 0, 0, number + 0.5

        space = {"__init__": __init__}
    elif kind == 2:

        def __init__(self):
            self.x = number

        space = {"__slots__": ("a", "x"), "__init__": __init__}
    elif kind == 3:
        space = {"x": number}
    elif kind == 4:
        space = {"x": property(lambda self: -number, lambda self, value: None)}
    elif kind == 5:
        space = {"__getattr__": lambda self, name: f"{name}{number}" if name == "x" else 1 // 0}
    elif kind == 6:

        def __init__(self):
            self.x = f"text {number}"
            self.method = lambda k: ("instance", number, k)

        space = {"__init__": __init__}
    else:
        space = {}
    if kind == 3:
        space["method"] = staticmethod(lambda k: ("static", number, k))
    elif kind == 4:
        space["method"] = classmethod(lambda cls, k: (cls.__name__, k))
    elif kind != 7:
        space["method"] = lambda self, k: (number, k)
    space["__repr__"] = lambda self: name
    space["__add__"] = lambda self, other: ("sum", number)
    space["__len__"] = lambda self: number
    space["__getitem__"] = lambda self, i: (number, i)
    space["__eq__"] = lambda self, other: number % 2 == 0
    space["__hash__"] = None
    return type(name, (), space)


class Point:
    def __init__(self, x):
        self.x = x

    def method(self, k):
        return self.x + k

    def __repr__(self):
        return f"Point({self.x!r})"


class Sub(Point):
    pass


class Override(Point):
    def method(self, k):
        return self.x * k

    def __init__(self, x):
        self.before = 1
        super().__init__(x)


SITES = {
    "load": "def f(o):\n    return o.x",
    "store": "def f(o):\n    o.x = 5\n    return o.x",
    "augmented": "def f(o):\n    o.x += 1\n    return o.x",
    "method": "def f(o):\n    return o.method(2)",
    "bound": "def f(o):\n    m = o.method\n    return m(3), m(4)",
    "add": "def f(o):\n    return o + 1",
    "item": "def f(o):\n    return o[2], len(o)",
    "equal": "def f(o):\n    return 'equal' if o == 5 else 'unequal'",
    "several": "def f(o):\n    return o.x, o.x, o.method(1), o.x",
    "delete": "def f(o):\n    before = o.x\n    del o.x\n    o.x = before\n    return before",
    "missing": "def f(o):\n    return o.nothing",
    "has": "def f(o):\n    return hasattr(o, 'x'), getattr(o, 'method', None) is None",
}
LOOP = "def loop(items):\n    out = []\n    for o in items:\n        try:\n            out.append({0})\n        except Exception as error:\n            out.append(str(error))\n    return out"
EXPRESSIONS = {"load": "o.x", "method": "o.method(1)", "both": "(o.x, o.method(o.x))"}


def pick(counter, count):
    """A repeatable order that is not regular."""
    return (counter * 7919 + counter // 3 * 31) % count


def orders(objects):
    """In turn, one after the other, one mostly, irregular, one class longest last."""
    count = len(objects)
    yield "turns", [objects[i % count] for i in range(150)]
    yield "phases", [objects[i * count // 150] for i in range(150)]
    yield "mostly", [objects[i % count] if i % 17 == 0 else objects[0] for i in range(150)]
    yield "irregular", [objects[pick(i, count)] for i in range(150)]
    yield "last", [objects[min(i, count - 1)] for i in range(150)]


def digest(texts):
    """Many results as a few: how many, of which kinds, the last ones."""
    kinds = {}
    for text in texts:
        kinds[text] = kinds.get(text, 0) + 1
    return "; ".join([f"{count} x {text}" for text, count in kinds.items()])


classes = [make(number) for number in range(24)]
for site, source in SITES.items():
    for count in (1, 2, 3, 4, 5, 24):
        f = define(source)
        for label, sequence in orders([kind() for kind in classes[:count]]) if count in (3, 24) else list(orders([kind() for kind in classes[:count]]))[::3]:
            print(site, count, label, digest([outcome(f, o) for o in sequence]))
        print("   then", [outcome(f, o) for o in (5, None, "text", classes[7](), Point(1), Override(2.5), Point)])
for site, expression in EXPRESSIONS.items():
    for count in (1, 2, 4, 5, 24):
        loop = define(LOOP.format(expression), "loop")
        for label, sequence in orders([kind() for kind in classes[1 : count + 1]]):
            print("loop", site, count, label, digest([show(value) for value in loop(sequence)]))

# Numbers: sums over attributes and methods of several classes, with a class that changes in between.
total_source = "def total(items):\n    total = 0\n    for o in items:\n        total += o.x\n        total += o.method(2)\n    return total"
groups = {
    "one": [Point(1), Point(2)],
    "types": [Point(1), Point(2.5), Point(True)],
    "two": [Point(1), Sub(2)],
    "three": [Point(1), Sub(2), Override(3)],
    "floats": [Point(0.5), Sub(1.5), Override(2.5), Override(2)],
    "big": [Point(2**62), Override(2**40)],
    "text": [Point(1), Sub("x")],
    "lacking": [Point(1), 5],
}
for label, group in groups.items():
    total = define(total_source, "total")
    for _ in range(5):
        first = outcome(total, group * 40)
    print(label, first, [outcome(total, other * 3) for other in groups.values()])
total = define(total_source, "total")
for _ in range(4):
    line = [outcome(total, group * 10) for group in groups.values()]
print("all", line)
keep = Sub.__dict__.get("method")
for change in (lambda: setattr(Sub, "method", lambda self, k: 100), lambda: setattr(Override, "x", property(lambda self: 7, lambda self, value: None)), lambda: delattr(Override, "x"), lambda: setattr(Point, "method", lambda self, k: 0.25), lambda: delattr(Sub, "method"), lambda: setattr(Override, "method", None)):
    change()
    for _ in range(3):
        line = [outcome(total, group * 10) for group in groups.values()]
    print("changed", line)

# The same class, its instances with their attributes in different orders and numbers.
read = define("def read(o):\n    return o.a, o.b, o.c", "read")
shapes = []
for names in ("abc", "cba", "bac", "abcd", "xabc", "ab", "c", ""):
    o = Sub(0)
    for name in names:
        setattr(o, name, name * 2)
    shapes.append(o)
big = Sub(0)
for i in range(60):
    setattr(big, f"n{i}", i)
big.a, big.b, big.c = 1, 2.5, 3
shapes.append(big)
replaced = Sub(0)
replaced.__dict__ = {"c": 1, "a": 2, "b": 3}
shapes.append(replaced)
for i in range(300):
    outcome(read, shapes[pick(i, len(shapes))])
print([outcome(read, o) for o in shapes])
print([brief(o) for o in shapes[:2]])
Sub.b = "class b"
print([outcome(read, o) for o in shapes])
del Sub.b
print([outcome(read, o) for o in shapes])
