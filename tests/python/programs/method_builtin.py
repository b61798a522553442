"""Methods of builtin types in hot functions: on the expected type, on subclasses that override them, on other types."""

from support import HOT, heat, outcome, report


class LoudList(list):
    def append(self, item):
        super().append(f"<{item}>")


class LoudDict(dict):
    def get(self, key, default=None):
        return f"got {key}"


class LoudStr(str):
    def upper(self):
        return "overridden"


class Appender:
    def __init__(self):
        self.items = []

    def append(self, item):
        self.items.append(item * 2)

    def pop(self):
        return "popped"

    def __repr__(self):
        return f"Appender({self.items})"


def append(target, n):
    for i in range(n):
        target.append(i)
    return target


def append_pop(target, n):
    for i in range(n):
        target.append(i)
    total = 0
    for i in range(n):
        total += target.pop()
    return total


def list_methods(items):
    items.extend([3, 1, 2])
    items.insert(1, "x")
    items.remove("x")
    items.reverse()
    items.sort()
    return items.index(3), items.count(1), items.copy(), items.clear(), items


def dict_methods(d):
    d.setdefault("k", []).append(1)
    return d.get("k"), d.get("none"), d.get("none", 5), d.pop("k", 0), list(d.keys()), sorted(d.values(), key=repr), d.items() == d.items()


def get(d, key):
    return d.get(key, "default")


def upper(s):
    return s.upper()


def text(s):
    return s.split(), s.replace("a", "b"), s.join(["1", "2"]), s.startswith("a"), s.find("b"), s.strip(), s.encode(), s.format(1), len(s)


def missing(target):
    return target.no_such_method(1)


def wrong(target):
    return target.append(1, 2)


def keywords(target):
    target.sort(key=lambda x: -x, reverse=True)
    return target


MAKERS = {"list": list, "loud": LoudList, "appender": Appender, "bytearray": bytearray, "set": set, "tuple": tuple, "filled": lambda: [5, 6]}
for function, args in ((append, (3,)), (append_pop, (3,)), (list_methods, ()), (missing, ()), (wrong, ()), (keywords, ())):
    report(function.__name__, lambda name, f=function, a=args: f(MAKERS[name](), *a), [(name,) for name in MAKERS])
report("dict methods", lambda name: dict_methods({"dict": dict, "loud": LoudDict, "list": list}[name]()), [("dict",), ("loud",), ("list",)])
report("get", get, [({1: 2}, 1), ({1: 2}, 3), (LoudDict(), 1), ({}, []), ([], 1), ({1.0: "float"}, 1)])
report("upper", upper, [("abc",), (LoudStr("abc"),), (b"abc",), ("ß",), (5,), ("",)])
report("text", text, [("a b {}",), ("",), (" ba{0} ",), (LoudStr("a"),), (b"a",), ("é{",)])


def keep_method(n):
    items = []
    add = items.append
    for i in range(n):
        add(i)
    return items


def method_from_type(items):
    return list.append(items, 1), str.join(",", ["a", "b"]), int.bit_length(255), dict.get({1: 2}, 1)


print(sorted({outcome(keep_method, 4) for _ in range(HOT)}))
heat(method_from_type, [])
print(outcome(method_from_type, []), outcome(method_from_type, (1,)))
report("numbers", lambda x: (x.bit_length(), x.to_bytes(2, "big"), x.conjugate(), x.real), [(5,), (300,), (70000,), (-1,), (True,), (1.5,)])
report("float", lambda x: (x.hex(), x.is_integer(), x.real), [(1.5,), (2.0,), (2,), (True,)])
