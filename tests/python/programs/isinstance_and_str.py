"""isinstance() and str(): what native code answers by itself, and what Python code has a say in."""

import abc
import sys
import weakref


class Plain:
    def method(self):
        return 1


class Child(Plain):
    __slots__ = ("value",)


class Liar:
    """Says that it is something else."""

    @property
    def __class__(self):
        return Plain


class Late:
    """Its instances become liars later on."""


class Guess:
    def __getattr__(self, name):
        return f"no {name}"


class Everything:
    def __getattribute__(self, name):
        if name == "__class__":
            return int
        return object.__getattribute__(self, name)


class Broken:
    def __getattribute__(self, name):
        raise ValueError(name)


class Meta(type):
    def __instancecheck__(cls, instance):
        seen.append((cls.__name__, sys._getframe(1).f_locals.get("thing") is instance))
        if instance == "raise":
            raise LookupError("of the metaclass")
        return instance == "yes"


class Asked(metaclass=Meta):
    pass


class Abstract(abc.ABC):
    @abc.abstractmethod
    def method(self): ...


Abstract.register(complex)


class Text(str):
    pass


class Spoken:
    def __init__(self, answer):
        self.answer = answer

    def __str__(self):
        frame = sys._getframe(1)
        seen.append((frame.f_code.co_name, sorted(frame.f_locals)))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


seen = []
plain = Plain()
THINGS = [1, True, 2.5, "yes", "raise", None, plain, Child(), Liar(), Late(), Guess(), Everything(), Broken(), 1j, Text("t"), weakref.proxy(plain), Plain, int]
CLASSES = [int, str, Plain, Child, Asked, Abstract, type, object, (int, str), (), (Asked, int), int | str, list[int], 3, type(None)]


def is_a(thing, of):
    answer = isinstance(thing, of)
    return answer, type(answer)


def branches(thing):
    if isinstance(thing, bool):
        return "bool"
    if isinstance(thing, int):
        return "int"
    if not isinstance(thing, str):
        return "other"
    return "str"


def told(thing):
    text = str(thing)
    return type(text).__name__, text


def outcome(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return type(error).__name__, str(error), error.__traceback__.tb_next.tb_lineno


def table():
    return [[outcome(is_a, thing, of) for of in CLASSES] for thing in THINGS]


def texts():
    things = [1, "s", Text("t"), 2.5, None, Spoken("spoken"), Spoken(Text("sub")), Spoken(4), Spoken(KeyError("k")), b"b", [Spoken("inner").answer]]
    return [outcome(told, thing) for thing in things]


first = table(), texts(), [branches(thing) for thing in THINGS[:12]]
for thing, row in zip(THINGS, first[0]):
    print(type(thing).__name__, [answer[0] for answer in row])
print(first[1:])
print(len(seen), sorted(set(map(repr, seen))))
for turn in range(60):
    seen.clear()
    assert (table(), texts(), [branches(thing) for thing in THINGS[:12]]) == first
print(len(seen), sorted(set(map(repr, seen))))

# The classes change under the code.
print(is_a(THINGS[9], Plain), is_a(THINGS[9], Late))
THINGS[9].__class__ = Liar
print(is_a(THINGS[9], Plain), is_a(THINGS[9], Late))
object.__dict__["__class__"].__set__(THINGS[9], Late)
Late.__getattribute__ = lambda self, name: Child
print(is_a(THINGS[9], Child), is_a(THINGS[9], Plain), is_a(THINGS[9], int))
del Late.__getattribute__
print(is_a(THINGS[9], Child), is_a(THINGS[9], Late))
Base = type("Base", (), {})
Derived = type("Derived", (Base,), {})
derived = Derived()
print(is_a(derived, Base), is_a(derived, Plain))
Derived.__bases__ = (Late,)
print(is_a(derived, Base), is_a(derived, Late))


def dropped(things, of):
    """What is looked at has no other reference, and goes while it is looked at."""
    count = 0
    while things:
        count += isinstance(things.pop(), of)
    return count


class Dying:
    def __del__(self):
        seen.append("del")


class Emptying(type):
    def __instancecheck__(cls, instance):
        held.clear()
        return isinstance(instance, Dying)


class Emptied(metaclass=Emptying):
    pass


def from_a_list(of):
    return isinstance(held[0], of)


seen.clear()
held = []
for turn in range(80):
    held[:] = [Dying()]
    assert from_a_list(Emptied)
print(len(seen), dropped([Dying(), 1, Dying()], Dying), len(seen))

class Key:
    """A name on a class that is no string, and has a comparison of its own."""

    def __hash__(self):
        return hash("__class__")

    def __eq__(self, other):
        if armed:
            armed.clear()
            held.clear()
            raise ValueError
        return False


armed = []
for turn in range(40):
    held[:] = [type("Odd", (), {Key(): 1, "__del__": lambda self: seen.append("odd")})()]
    if turn % 2:
        armed.append(turn)
    assert from_a_list(Plain) is False
    assert bool(held) != turn % 2
print(seen.count("odd"))

# Other functions of these names: the guard fails, and what comes is right.
def isinstance(thing, of):
    return "mine"


print(is_a(1, int), branches(1))
del isinstance


class str:
    def __init__(self, thing):
        self.thing = thing


print(told(3)[0])
del str
print(told(3), is_a(1, int), is_a(1, str))
