"""The opcodes of class bodies and attributes: LOAD_BUILD_CLASS, LOAD_CLASSDEREF, LOAD_NAME, STORE_NAME, SETUP_ANNOTATIONS, LOAD_ATTR, STORE_ATTR, DELETE_ATTR."""

import types

from support import without_address
from support.effects import brief, effects, tell, telling, telling_class


def plain(x):
    class Made:
        """Documented."""

        a = x
        b = a, 1

        def method(self):
            return self.a, __class__.__name__

    made = Made()
    return Made.__name__, Made.__qualname__, Made.__doc__, made.method(), Made.b, sorted(key for key in Made.__dict__ if not key.startswith("__"))


def class_deref(x):
    y = x

    class Made:
        z = y
        y = "shadow"
        w = y
        del y
        again = y

        class Inner:
            v = x, y

        u = [x for _ in range(2)]

    return Made.z, Made.w, Made.again, Made.Inner.v, Made.u


def class_deref_unbound(x, bind):
    class Made:
        if not bind:
            del_me = 1
        a = late if x else None

    late = 5
    return Made.a


def class_names(x):
    global shared
    shared = x

    class Made:
        before = shared
        shared = "class"
        after = shared
        del shared
        last = shared
        length = len("abc")

    return Made.before, Made.after, Made.last, Made.length


def class_missing(x):
    class Made:
        a = tell("first", x)
        b = missing_name

    return Made


def class_delete_missing(x):
    class Made:
        a = x
        del a
        del a

    return Made


def class_global(x):
    class Made:
        global assigned
        assigned = x
        local = assigned

    return assigned, Made.local, "assigned" in Made.__dict__


def class_nonlocal(x):
    y = x

    class Made:
        nonlocal y
        y = (x, "changed")

    return y, "y" in Made.__dict__


def annotations(x):
    class Made:
        a: int
        b: x = 1
        c: "text" = a if x == "never" else 2
        if x == 1:
            d: float = 2.5
        (e): list = 3

    return [(key, str(value)) for key, value in Made.__annotations__.items()], Made.b, hasattr(Made, "a")


def annotations_order(x):
    class Made:
        a: tell("annotation", int) = tell("value", x)
        b: tell("only annotation")

    return Made.a


def annotations_deleted(x):
    class Made:
        a: int = x
        del __annotations__
        b: int = x

    return Made


def bases(*bases_, **names):
    class Made(*bases_, **names):
        a = 1

    return [base.__name__ for base in Made.__mro__], Made.a


def two_bases(x, y):
    class Made(x, y):
        pass

    return [base.__name__ for base in Made.__mro__]


def with_meta(meta, x):
    class Made(metaclass=meta, option=x):
        a = tell("body", x)

        def method(self):
            return super().__repr__

    return Made


def prepared(space):
    class Made(metaclass=lambda name, bases, names: tell(f"made {name} {sorted(key for key in names if not key.startswith('__'))}")):
        a = 1

    return Made


def decorated(x, y):
    @tell("x", x)
    @tell("y", y)
    class Made:
        tell("body")

    return Made


def inheritance(x):
    class A:
        def who(self):
            return ["A"]

        @property
        def value(self):
            return x

    class B(A):
        def who(self):
            return ["B", *super().who()]

    class C(A):
        def who(self):
            return ["C", *super(C, self).who()]

    class D(B, C):
        def who(self):
            return ["D", *super().who(), super().value, __class__ is D]

    return D().who(), [kind.__name__ for kind in D.__mro__]


def special(x):
    class Made:
        __slots__ = ("a", "__b")

        def __init__(self, a):
            self.a = a
            self.__b = a, a

        def __eq__(self, other):
            return self.__b == other

        def __set_name__(self, owner, name):
            tell(f"set name {owner.__name__} {name}")

        def __init_subclass__(cls, **names):
            tell(f"subclass {cls.__name__} {names}")

        def __class_getitem__(cls, key):
            return cls.__name__, key

    class Sub(Made, option=x):
        attribute = Made(x)

    return Made(x) == (x, x), Made[x], Sub[x], Made(x)._Made__b, Made.__hash__, Made(x).__b


def loop_classes(n):
    made = []
    for i in range(n):

        class Made:
            number = i

            def get(self, j=i):
                return self.number, j

        made.append(Made)
    return [kind().get() for kind in made[-3:]], len({id(kind) for kind in made})


def loop_in_class(items):
    class Made:
        total = 0
        for item in items:
            if item is None:
                continue
            total += item
            last = item
        else:
            done = True
        while total > 10:
            total -= 7
        try:
            ratio = 100 // total
        except ZeroDivisionError as error:
            ratio = str(error)
        with telling_manager as entered:
            squares = [x * x for x in range(3)]

    return Made.total, Made.ratio, Made.entered, Made.squares, hasattr(Made, "error"), getattr(Made, "last", "none")


telling_manager = telling("Manager", enter="entered", exit=None)


def load(x):
    return x.attribute


def load_many(x):
    return x.a.b.c


def store(x, value):
    x.attribute = value
    return x.attribute


def store_order(x, value):
    tell("object", x).attribute = tell("value", value)


def delete(x):
    del x.attribute
    return hasattr(x, "attribute")


def augmented(x, value):
    x.attribute += value
    x.attribute *= 2
    return x.attribute


def method(x, value):
    return x.method(tell("argument", value))


def swap(x, y):
    x.attribute, y.attribute = y.attribute, x.attribute
    return x.attribute, y.attribute


def build_by_hand(x):
    made = type("Hand", (Base,), {"attribute": x, "method": lambda self, value: (x, value)})
    made.other = x
    return made().attribute, made().method(1), made.other, types.new_class("New", (Base,), {}, lambda space: space.update(attribute=x)).attribute


class Base:
    attribute = "base"

    def method(self, value):
        return "base method", value

    def __repr__(self):
        return type(self).__name__


class Meta(type):
    @classmethod
    def __prepare__(meta, name, bases, **names):
        return tell(f"prepare {name} {names}", Space())

    def __new__(meta, name, bases, space, **names):
        tell(f"new {name} {sorted(key for key in space if not key.startswith('__'))}")
        return super().__new__(meta, name, bases, dict(space))

    def __init__(cls, name, bases, space, **names):
        tell(f"init {name}")

    def __repr__(cls):
        return f"Meta {cls.__name__}"


class Space(dict):
    def __setitem__(self, key, value):
        if not key.startswith("__"):
            tell(f"set {key}")
        super().__setitem__(key, value)


class FailingPrepare(type):
    @classmethod
    def __prepare__(meta, name, bases, **names):
        raise ValueError("prepare")


class BadPrepare(type):
    @classmethod
    def __prepare__(meta, name, bases, **names):
        return 5


class Slots:
    __slots__ = ("attribute", "method")

    def __repr__(self):
        return "Slots"


class Property(Base):
    @property
    def attribute(self):
        return tell("get", 5)

    @attribute.setter
    def attribute(self, value):
        tell(f"set {value}")

    @attribute.deleter
    def attribute(self):
        tell("delete")


class ReadOnly(Base):
    attribute = property(lambda self: tell("get", 2.5))


class Lazy(Base):
    def __getattr__(self, name):
        return tell(f"getattr {name}", 7)

    attribute = telling("Descriptor", get=lambda self, instance, owner: tell(f"for {instance is None} {owner.__name__}", 3))


class Fails(Base):
    def __getattribute__(self, name):
        raise ValueError(name)

    def __setattr__(self, name, value):
        raise KeyError(name)

    def __delattr__(self, name):
        raise OSError(1, name)

    def __repr__(self):
        return "Fails"


class SetterOnly(Base):
    attribute = telling("Setter", set=None, delete=ValueError("delete"))


class Entry:
    def __mro_entries__(self, bases):
        return tell("entries", (Base,))

    def __repr__(self):
        return "Entry"


def instance(kind, **names):
    made = kind()
    for name, value in names.items():
        setattr(made, name, value)
    return made


def reduced(function):
    """The function with its classes reported by name."""

    def run(*args):
        made = function(*args)
        return made.__name__ if isinstance(made, type) else without_address(brief(made))

    return run


for function in (plain, class_deref, class_names, class_missing, class_delete_missing, class_global, class_nonlocal, annotations, annotations_order, annotations_deleted, inheritance, special, build_by_hand):
    effects(function.__name__, function, [(1,), (2.5,), ("x",), (None,), (2**70,)])
effects("unbound", class_deref_unbound, [(0, 1), (1, 1), (1, 0), ("", 0)])
effects("bases", bases, [(), (Base,), (int,), (Slots,), (Property, Lazy), (Base, Property), (Base, Base), (5,), (Entry(),), (int, str), (bool,), (None,), (Meta("M", (), {}),)])
effects("keywords", lambda **names: bases(**names), [(), ()])
effects("keyword", lambda names: bases(**names), [({},), ({"metaclass": type},), ({"option": 1},), ({"metaclass": Meta, "option": 1},), ({"metaclass": 5},)])
effects("two bases", two_bases, [(Base, Slots), (Property, Base), (Base, Property), (Entry(), Slots), (int, float), (5, Base), (telling_class("A", Base), telling_class("B", Base))])
effects("meta", reduced(with_meta), [(Meta, 1), (Meta, 2.5), (type, 1), (FailingPrepare, 1), (BadPrepare, 1), (5, 1), (lambda name, bases, space, option: tell(f"function {name}", option), 1), (lambda name, bases, space: 1, 1), (telling("Callable", call="made"), 1)])
effects("prepared", prepared, [(1,)])
effects("decorated", reduced(decorated), [(lambda kind: (kind.__name__, 1), lambda kind: tell("inner", kind)), (len, list), (5, lambda kind: kind), (lambda kind: kind, 5), (telling("Call", call="result"), lambda kind: kind)])
effects("loop classes", loop_classes, [(3,), (0,), (10,), ("x",)])
effects("loop in class", loop_in_class, [([1, 2, 3],), ([7, 0],), ([],), ([1.5, None, 20],), (["x"],), (5,), ([10, 11],)])
kinds = [lambda: Base(), lambda: instance(Base, attribute=1), lambda: instance(Base, attribute=2.5), lambda: instance(Base, other=1, attribute="x"), lambda: Slots(), lambda: instance(Slots, attribute=1, method=lambda value: ("slot", value)), lambda: instance(Slots, attribute="s"), lambda: Property(), lambda: ReadOnly(), lambda: Lazy(), lambda: instance(Lazy, attribute=1), lambda: Fails(), lambda: SetterOnly(), lambda: instance(Base, method=lambda value: ("instance", value)), lambda: instance(Base, method=5), lambda: 5, lambda: None, lambda: "x", lambda: 2.5, lambda: telling("Set", setattr="ignored", getattr=9), lambda: telling("NoSet", setattr=None), lambda: types.SimpleNamespace(attribute=1, method=abs), lambda: types.ModuleType("module"), lambda: type("Fresh", (Base,), {"attribute": 4}), lambda: telling_class("Class", type, repr=5)]
effects("load", load, [lambda make=make: (make(),) for make in kinds])
effects("store", store, [lambda make=make, value=value: (make(), value) for make in kinds for value in (1, "x")])
effects("store order", store_order, [lambda make=make: (make(), 2) for make in kinds])
effects("delete", delete, [lambda: (instance(Base, attribute=1),), *[lambda make=make: (make(),) for make in kinds]])
effects("augmented", augmented, [lambda: (instance(Base, attribute=1), 2), *[lambda make=make, value=value: (make(), value) for make in kinds for value in (3, 1.5)]])
effects("method", method, [lambda make=make: (make(), -1) for make in kinds])
effects("swap", swap, [lambda: (instance(Base, attribute=1), instance(Base, attribute=2)), lambda: (instance(Base, attribute=1), Base()), lambda: (Base(), Property()), lambda: (Slots(), Base()), lambda: (instance(Slots, attribute=2.5), Base()), lambda: (5, Base()), lambda: (Base(), 5)])
chain = types.SimpleNamespace(a=types.SimpleNamespace(b=types.SimpleNamespace(c=1)))
effects("load many", load_many, [(chain,), (types.SimpleNamespace(a=types.SimpleNamespace(b=5)),), (types.SimpleNamespace(a=None),), (5,), (telling("Getter", getattr=chain.a),), (telling("Every", getattr=lambda self, name: self),)])
