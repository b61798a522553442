"""The opcodes of calls: PRECALL, CALL, KW_NAMES, CALL_FUNCTION_EX, DICT_MERGE, MAKE_FUNCTION with all its flags, LOAD_METHOD on every kind of callable."""

import functools
import operator

from support import show
from support.effects import brief, effects, tell, telling, telling_class


def none():
    return "none"


def one(a):
    return "one", a


def two(a, b):
    return "two", a, b


def defaults(a, b=2, c=3.5):
    return a, b, c


def keyword_only(*, a, b=2):
    return a, b


def positional_only(a, b=2, /, c=3):
    return a, b, c


def variable(*args):
    return args


def names(**kwargs):
    return sorted(kwargs.items(), key=str)


def everything(a, b=2, /, c=3, *args, d, e=5, **kwargs):
    return a, b, c, args, d, e, sorted(kwargs.items(), key=str)


def shadowing(self, /, **kwargs):
    return self, sorted(kwargs.items())


def generator(a, b=2):
    yield a
    yield b


class Callable:
    def __call__(self, *args, **kwargs):
        return "called", args, sorted(kwargs.items(), key=str)

    def __repr__(self):
        return "Callable"


class Plain:
    def __init__(self, a, b=2):
        self.a, self.b = a, b

    def __repr__(self):
        return f"Plain({self.a!r}, {self.b!r})"

    def method(self, x, y=5):
        return self, x, y

    @classmethod
    def class_method(cls, x):
        return cls.__name__, x

    @staticmethod
    def static_method(x):
        return "static", x


class New:
    def __new__(cls, *args, **kwargs):
        tell(f"new {args} {sorted(kwargs)}")
        return super().__new__(cls) if args else 5

    def __init__(self, *args, **kwargs):
        tell(f"init {args}")

    def __repr__(self):
        return "New"


class BadInit:
    def __init__(self, *args, **kwargs):
        return args


class FailingInit:
    def __init__(self, *args):
        raise ValueError(args)


class Meta(type):
    def __call__(cls, *args, **kwargs):
        return tell(f"meta {cls.__name__}", (args, sorted(kwargs)))


class Made(metaclass=Meta):
    pass


class Small(int):
    def __repr__(self):
        return f"Small({int(self)})"


def call_none(f):
    return f()


def call_one(f, x):
    return f(x)


def call_two(f, x, y):
    return f(x, y)


def call_three(f, x, y, z):
    return f(x, y, z)


def call_keyword(f, x, y):
    return f(x, b=y)


def call_keywords(f, x, y):
    return f(a=x, b=y)


def call_unknown(f, x):
    return f(x, unknown=x)


def call_many(f, x):
    return f(x, x, x, d=x, e=x, z=x)


def call_star(f, args):
    return f(*args)


def call_double_star(f, kwargs):
    return f(**kwargs)


def call_both(f, args, kwargs):
    return f(*args, **kwargs)


def call_mixed(f, args, kwargs):
    return f(1, *args, 2, *args, k=3, **kwargs)


def call_merged(f, first, second):
    return f(**first, b=2, **second)


def call_order(f, x):
    return tell("f", f)(tell("1", x), *tell("2", (x,)), tell("3", x), k=tell("4", x), **tell("5", {"m": x}))


def call_nested(f, x):
    return f(f(f(x)), f(f(x)))[0], [f(x), (f(x), {1: f(x)})]


def call_method(x, name, item):
    return x.method(item), x.method(x=item), x.method(item, item), x.class_method(item), x.static_method(item)


def call_methods(text, item):
    return text.upper(), text.replace("a", item), text.split(item), text.join([item, item]), text.startswith(item, 0), text.center(7, "-")


def call_list_methods(items, x):
    items.append(x)
    items.extend([x, x])
    items.insert(0, x)
    items.sort(key=repr, reverse=True)
    return items.pop(), items.index(x), items.count(x), items


def call_dict_methods(mapping, key):
    first = mapping.get(key), mapping.get(key, "default"), mapping.setdefault(key, 5), mapping.pop(key)
    mapping.update({key: 1}, k=2)
    return first, sorted(mapping.items(), key=str), mapping.pop(key, None)


def call_builtins(x):
    return len(x), isinstance(x, list), type(x).__name__, sorted(x, key=lambda item: -item), min(x), max(x, default=1), sum(x, start=1), tuple(x), list(map(str, x)), getattr(x, "count")(1)


def call_constructors(x):
    return int(x), float(x), str(x), bool(x), complex(x), type(x)(x), Small(int(x)), (x).__class__(x)


def call_str_kinds(x):
    return str(x), tuple(str(x)), repr(x), type(x), str(), tuple(), int(), dict(), list(), str(b"x", "ascii")


def call_super(x):
    class Base:
        def method(self, a, b=1):
            return "base", a, b

        @classmethod
        def build(cls, a):
            return cls.__name__, a

    class Derived(Base):
        def method(self, a, b=2):
            return "derived", super().method(a, b), super(Derived, self).method(b=a, a=b)

        @classmethod
        def build(cls, a):
            return super().build((a, a))

        def missing(self):
            return super().missing()

    made = Derived()
    return made.method(x), made.method(x, b=5), Derived.method(made, x), Derived.build(x), getattr(made, "method")(x), made.missing()


def make_functions(x):
    def plain(a):
        return a

    def with_defaults(a, b=x, c=(x, 1)):
        return a, b, c

    def with_keyword_defaults(a, *, k=x, m=5):
        return a, k, m

    def annotated(a: "first", b: x = 1, *args: int, k: str = x, **kwargs: float) -> [x]:
        return a, b, k

    def only_annotated(a: int) -> x:
        return a

    def closure(a, b=x, *, c=x) -> x:
        return a, b, c, x

    functions = plain, with_defaults, with_keyword_defaults, annotated, only_annotated, closure, lambda a, b=x: (a, b, x)
    return [(f(x), f.__name__, f.__qualname__, show(f.__defaults__), f.__kwdefaults__, sorted(f.__annotations__.items(), key=str), f.__closure__ is None) for f in functions]


def make_order(x):
    def function(a=tell("default", x), *, b=tell("keyword default", x)) -> tell("returns", x):
        return a, b

    return function()


def decorated(x):
    def decorate(label):
        tell(f"decorator {label}")
        return lambda f: tell(f"apply {label}", lambda *args: (label, f(*args)))

    @decorate("outer")
    @decorate(x)
    def function(a):
        return a, x

    return function(x)


def mutable_default(x, seen=[]):
    seen.append(x)
    del seen[:-2]
    return list(seen)


def recursive(n, acc=0):
    return acc if n <= 0 else recursive(n - 1, acc=acc + n)


def mutual(n):
    def even(n):
        return True if n == 0 else odd(n - 1)

    def odd(n):
        return False if n == 0 else even(n - 1)

    return even(n), odd(n)


def sort_with(items, key):
    return sorted(items, key=lambda item: tell(f"key {brief(item)}", key(item))), list(filter(lambda item: item != 1, items)), functools.reduce(lambda a, b: (a, b), items)


instance = Plain(1)
partial = functools.partial(two, "partial")
functions = [none, one, two, defaults, keyword_only, positional_only, variable, names, everything, Callable(), Plain, Plain(1).method, Plain.method, Plain.class_method, Plain.static_method, New, BadInit, FailingInit, Made, lambda *a, **k: ("lambda", a, sorted(k)), partial, functools.lru_cache(one), operator.add, abs, divmod, max, str, dict, list, int, float, "abc".join, [].count, telling("Call", call="result"), telling("CallFails", call=ValueError("call")), type("NoCall", (), {"__call__": None, "__repr__": lambda self: "NoCall"})(), 5, None, "text", NotImplemented]
effects("call()", call_none, [(none,), *[(f,) for f in functions]])
effects("call(x)", call_one, [(one, 1), *[(f, x) for f in functions for x in (1, -2.5, "x", [1])]])
effects("call(x, y)", call_two, [(two, 1, 2), *[(f, x, 2) for f in functions for x in (1, 2.5, "x")]])
effects("call(x, y, z)", call_three, [(defaults, 1, 2, 3), *[(f, 1, 2.5, "x") for f in functions]])
effects("call(x, b=y)", call_keyword, [(defaults, 1, 2), *[(f, x, "y") for f in functions for x in (1, "x")]])
effects("call(a=x, b=y)", call_keywords, [(defaults, 1, 2), *[(f, 1, "y") for f in functions]])
effects("call(x, unknown=x)", call_unknown, [(names, 1), *[(f, 1) for f in functions]])
effects("call many", call_many, [(everything, 1), *[(f, 1) for f in functions], (everything, 2.5)])
stars = [(), (1,), (1, 2), [1.5, "x"], (1, 2, 3, 4), "ab", range(2), {"k": 1}, None, 5, telling("Iterates", iter=lambda self: iter([7])), telling("IterFails", iter=KeyError("iter")), telling("NextFails", iter=lambda self: self, next=OSError(2, "next"))]
effects("call(*)", call_star, [(two, (1, 2)), *[(f, args) for f in functions for args in stars[:5]], *[(f, args) for f in (one, two, variable, max, str, 5) for args in stars]])


class Mapping:
    def __init__(self, items):
        self.items_ = items

    def __repr__(self):
        return f"Mapping({self.items_})"

    def keys(self):
        return tell("keys", list(self.items_))

    def __getitem__(self, key):
        return tell(f"item {key}", self.items_[key])


keys_fail = telling("KeysFail", getitem=1)
type(keys_fail).keys = property(lambda self: 1 // 0)
doubles = [{}, {"a": 1}, {"a": 1, "b": 2.5}, {"b": 2, "unknown": 3}, {1: 2}, {"a": 1, 2: 3}, Mapping({"a": 1, "b": 2}), Mapping({"a": 1}), Mapping({3: 4}), [("a", 1)], None, 5, "ab", keys_fail]
effects("call(**)", call_double_star, [(defaults, {"a": 1}), *[(f, kwargs) for f in functions for kwargs in doubles[:4]], *[(f, kwargs) for f in (defaults, names, keyword_only, Plain, dict, 5, everything) for kwargs in doubles]])
effects("call(*, **)", call_both, [(defaults, (1,), {"b": 5}), *[(f, args, kwargs) for f in (one, defaults, names, everything, positional_only, Plain, New, dict, 5, shadowing) for args in ((), (1,), [1.5, 2], None) for kwargs in ({}, {"b": 1}, {"a": 1, "d": 4}, Mapping({"d": 5}), {1: 2}, {"self": 1}, 5)]])
effects("call mixed", call_mixed, [(lambda *a, **k: (a, sorted(k)), (5,), {"z": 1}), *[(f, args, kwargs) for f in (variable, everything, names, Callable(), max, 5) for args in ((), (1, 2), "a", 5) for kwargs in ({}, {"d": 1}, {"k": 1}, {1: 1}, None)]])
effects("call merged", call_merged, [(names, {"a": 1}, {"c": 3}), *[(f, first, second) for f in (names, defaults, dict, print, 5) for first in ({}, {"a": 1}, {"b": 1}, Mapping({"a": 1})) for second in ({"c": 3}, {"a": 2}, {"b": 5}, {2: 3}, Mapping({"a": 5}), 5) if f is not print]])
effects("call order", call_order, [(lambda *a, **k: (a, sorted(k)), 1), (everything, 2), (one, 1.5), (5, 1), (Callable(), "x")])
effects("call nested", call_nested, [(lambda *a: a, 1), (variable, 2.5), (one, 1), (str, "x"), (abs, 1), (list, "ab")])
effects("method", call_method, [(instance, "m", 1), (instance, "m", 2.5), (instance, "m", "x"), (Plain, "m", 1), (5, "m", 1), (telling("Get", getattr=lambda self, name: lambda *a, **k: (name, a, sorted(k))), "m", 1)])
effects("methods", call_methods, [("abc", "b"), ("", "x"), ("aaa", ""), ("abc", 1), (b"abc", b"b"), (5, "x"), ("ä", "é")])
effects("list methods", call_list_methods, [lambda: ([1, 2], 3), lambda: ([1.5], 2.5), lambda: ([], "x"), lambda: ([1], []), lambda: ((1,), 1), lambda: (bytearray(b"a"), 66), lambda: ([2**70], True), lambda: (5, 1)])
effects("dict methods", call_dict_methods, [lambda: ({}, "x"), lambda: ({"x": 1}, "x"), lambda: ({1: 2}, 1.0), lambda: ({}, []), lambda: ([], 1), lambda: ({"k": None}, "k")])
effects("builtins", call_builtins, [([1, 2, 3],), ((2.5, 1.5),), (range(1, 4),), ({1: 2},), ([],), ("ab",), (5,), ([1, "x"],), (b"ab",)])
effects("constructors", call_constructors, [(5,), (2.5,), ("7",), (True,), ("x",), (None,), (2**70,), (float("inf"),), (1j,), (telling("Int", int=3, float=1.5, str="s", bool=True, complex=1j), )])
effects("str kinds", call_str_kinds, [(5,), (2.5,), ("x",), (None,), ([1],), (telling("Str", str=5),), (telling("Str", str="own"),)])
effects("super", lambda x: call_super(x), [(1,), (2.5,), ("x",)])
effects("make functions", make_functions, [(1,), (2.5,), ("x",), (None,), ([],)])
effects("make order", make_order, [(1,), (2.5,), ("x",)])
effects("decorated", decorated, [("inner",), (1,), (2.5,)])
effects("mutable default", lambda x: [mutable_default(x) for _ in range(3)][1:], [(1,), (1.5,), ("x",)])
effects("recursive", recursive, [(10,), (0,), (50,), (2.5,), ("x",)])
effects("mutual", mutual, [(10,), (7,), (0,), (2.0,), ("x",)])
effects("sort", sort_with, [([3, 1, 2], abs), ([2.5, -1.5], abs), (["b", "a"], str), ([1, "x"], lambda x: x), ([1], lambda x: 1 // 0), ([], abs), (5, abs)])
effects("generator call", lambda *args, **kwargs: list(generator(*args, **kwargs)), [(1,), (1.5, "x"), (), (1, 2, 3)])
sub = telling_class("Sub", int, call="int called")
effects("subclass", lambda x: (sub(x)(x), sub(x) + 1), [(1,), ("5",), ("x",), (2.5,)])
