"""Method calls: bound methods kept and called, instance attributes that hide methods, callables as class attributes, wrong arguments."""

from support import HOT, heat, outcome, report


class Adder:
    def __init__(self, n):
        self.n = n

    def add(self, x):
        return self.n + x

    def add_default(self, x, y=10, *rest, key=0):
        return self.n + x + y + len(rest) + key

    def chain(self):
        self.n += 1
        return self

    def get_method(self):
        return self.add

    def __call__(self, x):
        return f"called {self.n} {x}"

    def __eq__(self, other):
        return isinstance(other, Adder) and self.n == other.n

    def __hash__(self):
        return 7

    def __repr__(self):
        return f"Adder({self.n})"


class Child(Adder):
    def add(self, x):
        return f"child {super().add(x)}"


class Unrelated:
    def __init__(self):
        self.add = lambda x: f"instance function {x}"

    def __repr__(self):
        return "Unrelated()"


class Nested:
    add = Adder(100)

    def __repr__(self):
        return "Nested()"


class TypeAsMethod:
    add = int

    def __repr__(self):
        return "TypeAsMethod()"


class NoneAsMethod:
    add = None

    def __repr__(self):
        return "NoneAsMethod()"


def call(a, x):
    return a.add(x)


def call_loop(a, n):
    out = None
    for i in range(n):
        out = a.add(i)
    return out


def call_default(a):
    return a.add_default(1), a.add_default(1, 2), a.add_default(1, 2, 3, 4), a.add_default(1, key=5), a.add_default(y=1, x=2)


def call_object(a, x):
    return a(x)


def chained(a):
    return a.chain().chain().chain().n


def bound(a, x):
    method = a.add
    return method(x), method.__self__ is a, method.__func__ is type(a).add, a.add == a.add, a.add is a.add


def too_few(a):
    return a.add()


def too_many(a):
    return a.add(1, 2)


def unknown_keyword(a):
    return a.add(z=1)


def call_unbound(a):
    return Adder.add(a, 5)


def all_at_one_site(objects, x):
    out = []
    for a in objects:
        out.append(a.add(x))
    return out


OBJECTS = [Adder(1), Adder(1.5), Adder("s"), Adder(2**63 - 2), Child(1), Unrelated(), Nested(), TypeAsMethod(), NoneAsMethod()]
for function in (lambda a: call(a, 5), lambda a: call_loop(a, 4), call_default, bound, too_few, too_many, unknown_keyword, call_unbound, lambda a: call_object(a, 1)):
    report(f"{function.__name__} ", function, [(a,) for a in OBJECTS] + [(5,), (None,), ({1, 2},)])
report("set", lambda: call({1}, 2), [()])
report("one site", lambda *which: all_at_one_site([OBJECTS[i] for i in which], 3), [(0, 0), (0, 4, 5), (0, 1), (6, 7), (8,), (0, 2), (3,)])
for make in (lambda: Adder(1), lambda: Child(0.5), lambda: Adder("x")):
    print(sorted({outcome(chained, make()) for _ in range(HOT)}))

a = Adder(5)
methods = [a.add for _ in range(3)]


def call_kept(f, x):
    return f(x)


heat(call_kept, a.add, 1)
print(outcome(call_kept, a.add, 1), outcome(call_kept, methods[1], 2), outcome(call_kept, Child(2).add, 3), outcome(call_kept, a.get_method(), 4))
print(outcome(call_kept, a, 1), outcome(call_kept, int, "7"), outcome(call_kept, len, "abc"), outcome(call_kept, Adder, 3), outcome(call_kept, lambda x: -x, 3), outcome(call_kept, 5, 1))
a.n = 2.5
print(outcome(call_kept, methods[0], 1))
del a.n
print(outcome(call_kept, methods[0], 1))
