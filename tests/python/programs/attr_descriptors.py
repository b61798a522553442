"""Properties and other descriptors: data before instance before non-data, exceptions in getters, setters with effects."""

from support import heat, outcome, report

log = []


class Data:
    def __init__(self, name):
        self.name = name

    def __get__(self, instance, owner):
        if instance is None:
            return f"class access {owner.__name__}"
        return f"data {self.name}"

    def __set__(self, instance, value):
        log.append((self.name, value))

    def __delete__(self, instance):
        log.append((self.name, "deleted"))


class NonData:
    def __get__(self, instance, owner):
        return "non-data"


class SetOnly:
    def __set__(self, instance, value):
        instance.__dict__["set_only"] = value * 2


class Named:
    def __set_name__(self, owner, name):
        self.label = f"{owner.__name__}.{name}"

    def __get__(self, instance, owner):
        return self.label


class Thing:
    data = Data("d")
    non_data = NonData()
    set_only = SetOnly()
    named = Named()
    plain = "plain"

    def __init__(self):
        self._value = 1
        self.__dict__["data"] = "in dict"
        self.__dict__["non_data"] = "in dict"

    @property
    def value(self):
        return self._value

    @value.setter
    def value(self, new):
        if new == "bad":
            raise ValueError("bad value")
        self._value = new

    @value.deleter
    def value(self):
        log.append("value deleted")

    @property
    def read_only(self):
        return 42

    @property
    def failing(self):
        raise RuntimeError("getter")

    @property
    def attribute_error(self):
        return self.not_there

    @property
    def recursive(self):
        return self.value + 1


NAMES = ["value", "data", "non_data", "set_only", "named", "plain", "read_only", "failing", "attribute_error", "recursive", "absent"]
space = {}
for name in NAMES:
    exec(f"def get_{name}(o):\n    return o.{name}\ndef set_{name}(o, v):\n    o.{name} = v\n    return o.{name}\ndef del_{name}(o):\n    del o.{name}\n", space)
for name in NAMES:
    thing = Thing()
    report(f"get {name} ", lambda which, n=name: space[f"get_{n}"](thing if which else Thing), [(True,), (False,)])
    for value in (1, 2.5, "bad"):
        target = Thing()
        heat(space[f"set_{name}"], target, value)
        log.clear()
        print("set", name, outcome(space[f"set_{name}"], target, value), log, sorted(target.__dict__))
    target = Thing()
    log.clear()
    for _ in range(3):
        print("delete", name, outcome(space[f"del_{name}"], target), log)


def increase(o, n):
    for _ in range(n):
        o.value += 1
    return o.value


thing = Thing()
heat(increase, thing, 2)
print(outcome(increase, thing, 2))
thing._value = 1.5
print(outcome(increase, thing, 2))
Thing.value = 5
print(outcome(increase, thing, 2), Thing.value)
Thing.value = property(lambda self: "replaced")
print(outcome(increase, thing, 2), outcome(space["get_value"], thing))
del Thing.value
print(outcome(increase, thing, 2), outcome(space["get_value"], thing), thing.__dict__["value"])
Thing.plain = Data("now data")
print(outcome(space["get_plain"], thing))
thing.__dict__["plain"] = "hidden"
print(outcome(space["get_plain"], thing))
Thing.plain = "class value"
print(outcome(space["get_plain"], thing))
NonData.__set__ = lambda self, instance, value: None
print(outcome(space["get_non_data"], thing))
del NonData.__set__
print(outcome(space["get_non_data"], thing))
