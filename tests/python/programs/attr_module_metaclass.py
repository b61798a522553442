"""Attributes of modules (changed, deleted, module __getattr__), of classes, and of classes with a metaclass."""

import math
import types

from support import heat, outcome

module = types.ModuleType("made")
module.value = 1
module.function = lambda x: x + 1


def read():
    return module.value


def call(x):
    return module.function(x)


def write(v):
    module.value = v
    return module.value


def circle(r):
    return math.pi * r * r + math.sqrt(r)


for function, args in ((read, ()), (call, (1,)), (write, (1,)), (circle, (2.0,))):
    heat(function, *args)
print(outcome(read), outcome(call, 1), outcome(write, 2.5), outcome(circle, 2.0), outcome(circle, -1.0), outcome(circle, "x"))
module.value = "changed"
module.function = str
print(outcome(read), outcome(call, 1))
del module.value
print(outcome(read))
module.__getattr__ = lambda name: f"module getattr {name}"
print(outcome(read))
module.__dict__["value"] = 3
print(outcome(read))
saved_pi, saved_sqrt = math.pi, math.sqrt
math.pi, math.sqrt = 3, abs
print(outcome(circle, 2.0))
math.pi, math.sqrt = saved_pi, saved_sqrt
print(outcome(circle, 2.0))


class Loud(types.ModuleType):
    @property
    def value(self):
        return "property of a module class"


module.__class__ = Loud
print(outcome(read), outcome(write, 5))
module = types.SimpleNamespace(value="namespace", function=float)
print(outcome(read), outcome(call, 1), outcome(write, 6))


class Meta(type):
    answer = "meta answer"

    @property
    def shown(cls):
        return f"shown {cls.__name__}"

    def __getattr__(cls, name):
        return f"meta getattr {name}"

    def __call__(cls, *args):
        return ("made", super().__call__(*args).args)


class WithMeta(metaclass=Meta):
    answer = "class answer"
    counter = 0

    def __init__(self, *args):
        self.args = args


def class_read(cls):
    return cls.answer


def class_shown(cls):
    return cls.shown


def class_missing(cls):
    return cls.missing


def class_count(cls, n):
    for _ in range(n):
        cls.counter += 1
    return cls.counter


def create(cls, *args):
    return cls(*args)


for function in (class_read, class_shown, class_missing):
    heat(function, WithMeta)
    print(outcome(function, WithMeta))
heat(class_count, WithMeta, 2)
heat(create, WithMeta, 1)
print(outcome(class_count, WithMeta, 2), outcome(create, WithMeta, 1, 2))
del WithMeta.answer
print(outcome(class_read, WithMeta))
Meta.answer = property(lambda cls: "meta property")
print(outcome(class_read, WithMeta))
try:
    WithMeta.answer = 5
except AttributeError as error:
    print(error)
del Meta.answer
print(outcome(class_read, WithMeta))
WithMeta.counter = 0.5
print(outcome(class_count, WithMeta, 2), outcome(class_count, int, 1), outcome(class_read, 5))
