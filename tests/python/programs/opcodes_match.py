"""The opcodes of match statements: GET_LEN, MATCH_SEQUENCE, MATCH_MAPPING, MATCH_KEYS, MATCH_CLASS, and the jumps and stack moves between them."""

import collections.abc
import enum

from support.effects import effects, tell, telling


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Constants:
    ZERO = 0
    TEXT = "text"


def literals(x):
    match x:
        case 0:
            return "zero"
        case -1 | 1.5 | 2 + 3j:
            return "number"
        case "text" | b"bytes":
            return "text"
        case None:
            return "none"
        case True:
            return "true"
        case False:
            return "false"
        case Color.RED | Constants.TEXT:
            return "named"
    return "nothing"


def captures(x):
    match x:
        case 1 as one:
            return "one", one
        case (2 | 3) as small:
            return "small", small
        case [a] | (a, _):
            return "a", a
        case {"k": a} | [_, _, a]:
            return "b", a
        case other:
            return "other", other


def sequences(x):
    match x:
        case []:
            return "empty"
        case [1]:
            return "one"
        case [a, b]:
            return "two", a, b
        case [1, *rest]:
            return "starts with 1", rest
        case [*start, 9]:
            return "ends with 9", start
        case [a, *middle, b, "end"]:
            return "surrounded", a, middle, b
        case [_, _, *_]:
            return "long"
        case _:
            return "not a sequence"


def nested(x):
    match x:
        case [[a, b], [c, *d]]:
            return "lists", a, b, c, d
        case [{"x": [a]}, b]:
            return "mapping in list", a, b
        case (a, (b, (c, ()))):
            return "tuples", a, b, c
        case [int(a), str(b), float(c)]:
            return "kinds", a, b, c
        case {"list": [a, *_], "map": {"k": b}}:
            return "in mapping", a, b


def mappings(x):
    match x:
        case {"a": 1, "b": b}:
            return "a and b", b
        case {"kind": "point", "at": (a, b)}:
            return "point", a, b
        case {1: one, 2.5: other}:
            return "numbers", one, other
        case {"rest": _, **rest}:
            return "rest", sorted(rest, key=str)
        case {Constants.TEXT: value, None: none}:
            return "named", value, none
        case {}:
            return "mapping"
        case _:
            return "no mapping"


def classes(x):
    match x:
        case int(5):
            return "five"
        case int(n) | float(n):
            return "number", n
        case str() | bytes():
            return "text"
        case Point(0, 0):
            return "origin"
        case Point(a, y=b) if a == b:
            return "diagonal", a
        case Point(x=a, y=Point(b, c)):
            return "nested", a, b, c
        case Point(a):
            return "point", a
        case Other(first=a, second=b):
            return "other", a, b
        case list([a, b]):
            return "list", a, b
        case dict({"k": k}):
            return "dict", k
        case tuple():
            return "tuple"
        case Exception(args=[a]):
            return "exception", a
        case set(s) | frozenset(s):
            return "set", len(s)
        case bool():
            return "never"
    return "unmatched"


def given_class(x, kind):
    match x:
        case kind():
            return "no arguments"
    return "no"


def given_one(x, kind):
    match x:
        case kind(a):
            return "one", a
    return "no"


def given_two(x, kind):
    match x:
        case kind(a, b):
            return "two", a, b
    return "no"


def given_keyword(x, kind):
    match x:
        case kind(a, x=b):
            return "keyword", a, b
    return "no"


def guards(x, limit):
    match x:
        case [a, b] if tell("first guard", a < limit):
            return "small", a, b
        case [a, b] if tell("second guard", b) and not tell("third guard", a):
            return "b", a, b
        case int() as a if a > limit:
            return "big", a
        case a if a is None:
            return "none"
    return "unmatched"


def left_over(x):
    match x:
        case [a, 5]:
            return "five"
        case [b, 6, c]:
            return "six"
        case _ if x:
            pass
    names = locals()
    return {name: names[name] for name in "abc" if name in names}


def in_loop(items):
    out = []
    for item in items:
        match item:
            case "skip":
                continue
            case "stop":
                break
            case ("add", a, b):
                out.append(a + b)
            case ("raise", error):
                raise error
            case {"op": "neg", "value": v}:
                out.append(-v)
            case int() | float() if item > 10:
                out.append("big")
            case _:
                out.append("?")
    else:
        out.append("else")
    return out


def subjects(a, b):
    match a, b:
        case (1, 1) | (2, 2):
            return "same"
        case 1, _:
            return "one"
        case _, [*_]:
            return "list"
        case {}, x:
            return "mapping", x
        case (x, y) if x == y:
            return "equal"
        case *all_of_them,:
            return all_of_them


def targets(x):
    match x:
        case [first, second] as both:
            pass
        case {"a": first, **both}:
            second = None
        case first:
            second = both = 0
    return first, second, both


class Point:
    __match_args__ = ("x", "y")

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __repr__(self):
        return f"Point({self.x!r}, {self.y!r})"


class Other:
    def __init__(self, **names):
        self.__dict__.update(names)

    def __repr__(self):
        return f"Other({self.__dict__})"


class Slotted:
    __slots__ = __match_args__ = ("x", "y")

    def __repr__(self):
        return "Slotted"


class TellingAttributes:
    __match_args__ = ("a", "b", "c")

    def __getattr__(self, name):
        if name == "b":
            raise AttributeError("no b")
        return tell(f"get {name}", name)

    def __repr__(self):
        return "TellingAttributes"


class FailingAttributes:
    __match_args__ = ("a", "b")

    def __getattr__(self, name):
        raise ValueError(name)

    def __repr__(self):
        return "FailingAttributes"


class BadArgs:
    __match_args__ = ["x"]


class BadArg:
    __match_args__ = (5, "x")
    x = 1


class TwiceArg:
    __match_args__ = ("x", "x")
    x = 1


class Meta(type):
    def __instancecheck__(cls, instance):
        return tell("instancecheck", isinstance(instance, int))


class Checked(metaclass=Meta):
    pass


class FailingMeta(type):
    def __instancecheck__(cls, instance):
        raise KeyError("instancecheck")


class FailingChecked(metaclass=FailingMeta):
    pass


class Sequence(collections.abc.Sequence):
    def __init__(self, *items, fail=None):
        self.items, self.fail = items, fail

    def __repr__(self):
        return f"Sequence{self.items}"

    def __len__(self):
        return tell("len", len(self.items))

    def __getitem__(self, i):
        tell(f"item {i}")
        if i == self.fail:
            raise RuntimeError("item")
        return self.items[i]


class Mapping(collections.abc.Mapping):
    def __init__(self, **items):
        self.items_ = items

    def __repr__(self):
        return f"Mapping({self.items_})"

    def __len__(self):
        return len(self.items_)

    def __iter__(self):
        return iter(self.items_)

    def get(self, key, default=None):
        tell(f"get {key}")
        if key == "fail":
            raise RuntimeError("get")
        return self.items_.get(key, default)

    def __getitem__(self, key):
        return tell(f"getitem {key}", self.items_[key])


class Dict(dict):
    def __missing__(self, key):
        return tell(f"missing {key}", 1)


class Number(int):
    pass


equal = telling("Equal", eq=True)
unequal = telling("Unequal", eq=False)
fails = telling("Fails", eq=ValueError("eq"))
slotted = Slotted()
slotted.x = 1
values = [0, 1, -1, 2, 3, 5, 50, 1.5, 0.0, 2 + 3j, True, False, None, "text", "", b"bytes", Color.RED, Color.BLUE, 2**70, equal, unequal, fails, [], (), [1], [1, 2], (1.5, "x"), [1, 2, 3], [2, 3, 9], [0, 1, 2, "end"], (0, "end"), [5, 6, 7], range(3), range(2), "ab", b"ab", bytearray(b"ab"), {1, 2}, {}, {"a": 1, "b": 2.5}, {"k": 5}, {"kind": "point", "at": [1, 2]}, {1: "one", 2.5: "x"}, {"rest": 1, "more": 2, 3: 4}, {"text": 1, None: 2}, collections.deque([1, 2]), memoryview(b"ab"), collections.OrderedDict(k=1), Sequence(1, 2), Sequence(1, 2, 3, fail=1), Mapping(a=1, b=3), Mapping(rest=1, x=2), Dict(x=1), Dict(), Number(5), ValueError("v"), KeyError(1, 2), frozenset([1]), int, iter([1])]
for function in (literals, captures, sequences, mappings, left_over, targets):
    effects(function.__name__, function, [lambda value=value: (value,) for value in values])
effects("nested", nested, [([[1, 2], [3]],), ([[1, 2], "xy"],), ([{"x": [1]}, 2.5],), ((1, (2, (3, ()))),), ([1, "a", 2.5],), ([1, "a", 2],), ({"list": [1, 2], "map": {"k": None}},), ({"list": [], "map": {"k": 1}},), ([{"x": 1}, 2],), (Sequence([1, 2], [3, 4]),), (Sequence(Dict(x=[1]), 2),), (5,), ([[1, 2], Sequence(5, fail=0)],)])
effects("classes", classes, [(value,) for value in (5, 7, 2.5, True, "x", b"x", Point(0, 0), Point(2, 2), Point(1, Point(2, 3)), Point(1, 2), Point(0, 0.0), Point(equal, equal), Point(fails, 1), Other(first=1, second=2), Other(first=1), [1, 2], [1], {"k": 1}, {}, (1,), ValueError("v"), ValueError(), {1}, frozenset(), None, Number(5), Number(6), int)])
kinds = [int, str, list, Point, Other, Slotted, TellingAttributes, FailingAttributes, BadArgs, BadArg, TwiceArg, Checked, FailingChecked, 5, None, "text", (int, str), int | str, object, list[int]]
subjects_ = [1, "x", [1], Point(1, 2.5), Other(x=1), slotted, TellingAttributes(), FailingAttributes(), BadArgs(), BadArg(), TwiceArg()]
for function in (given_class, given_one, given_two, given_keyword):
    effects(function.__name__, function, [(Point(1, 2), Point), *[(x, kind) for kind in kinds for x in subjects_]], rounds=1)
effects("guards", guards, [([1, 2], 5), ([9, 2], 5), ([9, 0], 5), ([0, 1], 0), (7, 5), (3, 5), (None, 1), ([1.5, 2], 2), (["x", 1], 5), ([1, 2], "x"), (7, None), ("ab", 1)])
effects("in loop", in_loop, [([1, 20, "skip", ("add", 1, 2), {"op": "neg", "value": 5}],), (["stop", 1],), ([("add", 1.5, 2)],), ([("add", 1, "x")],), ([("raise", 5)],), ([{"op": "neg", "value": "x"}],), ([True, 2**70, 10.5],), (5,), ([],)])
effects("subjects", subjects, [(1, 1), (2, 2), (1, 2), (5, []), ({}, 5), (7, 7), (7.0, 7), (8, 9), (equal, 1), (fails, 1), (None, None)])
