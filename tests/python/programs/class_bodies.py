"""Class statements executed often: bodies with loops, names from outside, decorators, __init_subclass__, __set_name__, nested classes, type()."""

from support import HOT, outcome, report

registry = []


class Plugin:
    def __init_subclass__(cls, /, label=None, **rest):
        super().__init_subclass__(**rest)
        registry.append((cls.__name__, label))


class Field:
    def __set_name__(self, owner, name):
        self.name = f"{owner.__name__}.{name}"


def tagged(tag):
    def decorate(cls):
        cls.tag = tag
        return cls

    return decorate


def make(n):
    outside = n * 2

    @tagged(n)
    class Made(Plugin, label=f"label {n}"):
        inside = outside + 1
        table = [i * i for i in range(3)]
        field = Field()
        total = 0
        for i in range(4):
            total += i
        if n > 2:
            extra = "big"
        del i

        class Inner:
            value = 5

            def get(self):
                return self.value + outside

        def method(self):
            return self.inside, __class__.__name__, self.total

        @property
        def double(self):
            return self.inside * 2

    return Made


def use(n):
    cls = make(n)
    made = cls()
    return made.method(), made.double, cls.table, cls.field.name, cls.tag, getattr(cls, "extra", None), cls.Inner().get(), hasattr(cls, "i")


def failing(n):
    class Bad:
        x = 10 // n

    return Bad.x


def shadow(n):
    x = "outer"

    class Shadow:
        seen_before = x
        x = n
        seen_after = x

    return Shadow.seen_before, Shadow.seen_after, x


def conflicting(bases):
    return type("Mixed", bases, {"z": 1}).__mro__[1].__name__


class Meta(type):
    def __prepare__(name, bases):
        return {"prepared": name}

    def __new__(meta, name, bases, space):
        space["order"] = [key for key in space if not key.startswith("__")]
        return super().__new__(meta, name, bases, space)

    prepare = __prepare__
    __prepare__ = staticmethod(__prepare__)


def with_meta(n):
    class Ordered(metaclass=Meta):
        b = n
        a = 1
        b = 2

    return Ordered.order, Ordered.prepared, Ordered.b


report("use", use, [(1,), (3,), (0.5,), ("x",)])
report("failing", failing, [(1,), (0,), (2.5,)])
report("shadow", shadow, [(1,), ("s",)])
report("conflicting", conflicting, [((int,),), ((int, str),), ((), ), ((object, int),), ((Plugin,),)])
report("meta", with_meta, [(1,), ("x",)])
registry.clear()
make(5)
print(registry, outcome(lambda: type("X", (Plugin,), {}, label="by call").__name__), registry[-1])
for _ in range(HOT):
    last = make(7)
print(last().method(), last.__qualname__, last.__module__)
