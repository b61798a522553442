"""The opcodes of names: globals, names of module, class and exec code, locals, cells, imports, annotations, PRINT_EXPR, LOAD_ATTR and its kin."""

import builtins
import sys
import types

from support import HOT, outcome
from support.effects import brief, effects, ending, failure, tell, telling, telling_class

value = 1
SOURCES = [
    ("from math import *\nresult = [floor(2.5), ceil(x)]", "exec"),
    ("1 + x\n", "single"),
    ("None\n", "single"),
    ("for i in range(3): i * x\n", "single"),
    ("x; 'text'; [x, 1.5]\n", "single"),
    ("y: int = x\nz: float\nw: 'text' = [y]\nif x: deep: {} = 5\nresult = sorted(__annotations__.items(), key=str)", "exec"),
    ("a: int\ndel __annotations__\ntry:\n    b: x = 1\nexcept NameError as error:\n    result = str(error)", "exec"),
    ("del x\ntry:\n    x\nexcept NameError as error:\n    result = str(error)\ntry:\n    del x\nexcept NameError as error:\n    result += str(error)", "exec"),
    ("x += 1\nresult = x, len([x]), [x for _ in range(2)]", "exec"),
    ("import os.path, sys as system\nfrom os import path as p, sep\nresult = os.path is p, system is __import__('sys'), sep", "exec"),
    ("global g\ng = x\nresult = g\ndel g", "exec"),
    ("def f(n):\n    return n + x\nresult = [f(i) for i in range(3)]\nclass C:\n    y = x\n    x = 5\n    z = x\nresult.append((C.x, C.y, C.z))", "exec"),
    ("result = lambda: x\nx = 2.5\nresult = result()", "exec"),
    ("while x is not None and x != 5: x = 5 if x else None\nresult = x", "exec"),
]
CODES = [(source, compile(source, "<source>", mode)) for source, mode in SOURCES]


def load_global():
    return value


def store_global(x):
    global value
    value = x
    return value


def delete_global(x):
    global temporary
    temporary = x
    del temporary
    try:
        del temporary
    except NameError as error:
        first = str(error)
    try:
        temporary
    except NameError as error:
        return first, str(error)


def missing_global():
    return missing_name


def call_missing(x):
    return missing_function(tell("argument", x))


def delete_fast(x, first):
    y = x
    if first:
        del y
    z = 5
    del z
    return y


def delete_fast_twice(x):
    if x:
        del x
    del x


def delete_argument(x):
    del x
    x = [1]
    return x


def unbound_in_loop(n):
    out = []
    for i in range(n):
        if i > 2:
            out.append(late)
        if i > 1:
            late = i
    return i, out


def unbound_after_loop(items):
    for item in items:
        pass
    return item


def unbound_augmented(x):
    if x:
        count = x
    count += 1
    return count


def cell(x):
    def get():
        return x

    def put(new):
        nonlocal x
        x = new
        return x

    before = get()
    put((x, 1))
    return before, get(), x


def cell_unbound(when):
    def get():
        return late

    if when == "early":
        late = 1
    first = get()
    late = 2
    return first, get()


def cell_deleted(when):
    x = when

    def get():
        return x

    def drop():
        nonlocal x
        del x

    if when == "here":
        del x
    elif when == "there":
        drop()
    elif when == "twice":
        drop()
        drop()
    elif when == "both":
        drop()
        del x
    return get()


def cell_argument(x, *args, k=1, **names):
    return [lambda: (x, args, k, sorted(names.items()))][0]()


def cell_loop(n):
    functions = []
    for i in range(n):
        functions.append(lambda j=i: (i, j))
    return [function() for function in functions[-2:]]


def deep_cells(x):
    def one(y):
        def two(z):
            def three():
                nonlocal x, y
                x += 1
                y = y, z
                return x, y, z

            return three

        return two

    three = one(x)(x)
    return three(), three(), x


def class_cells(x):
    class Body:
        before = x
        x = before, "class"
        after = x

        def method(self):
            return x

    return Body.before, Body.after, Body().method()


def class_cell_deleted(x, drop):
    y = x
    if drop:
        del y

    class Body:
        z = y

    return Body.z


class Space(dict):
    def __getitem__(self, key):
        if key in ("x", "counted"):
            return tell(f"get {key}", 5)
        return super().__getitem__(key)

    def __setitem__(self, key, item):
        tell(f"set {key}")
        super().__setitem__(key, item)

    def __delitem__(self, key):
        tell(f"del {key}")
        super().__delitem__(key)


class FailingSpace(Space):
    def __getitem__(self, key):
        raise ValueError(key)


def import_names(name):
    if name == "os":
        import os.path
        from os import path as found
        from os.path import join

        return found is os.path, join("a", "b")
    if name == "missing":
        import missing_module
    if name == "missing part":
        from os import missing_part
    if name == "relative":
        from . import relative_part
    if name == "parent":
        from ..parent import part
    if name == "submodule":
        import os.missing_module
    if name == "fake":
        import fake_module
        from fake_module import there

        there.append(1)
        from fake_module import absent
    import sys as system
    from math import cos, pi as number

    return system is sys, cos(0), number


def import_hooked(x):
    import hooked.inner as inner
    from hooked import a as first, b as second

    return inner, first, second, x


def fake_import(name, *rest):
    tell(f"import {name} {[brief(item) for item in rest[2:]]}")
    return telling("Fake", getattr=lambda self, part: part * 2 if part != "b" else 5)


def attributes(x):
    return x.a, x.b


def attribute_store(x, item):
    x.a = item
    tell("holder", x).b = tell("value", item)
    return x.a, x.b


def attribute_delete(x):
    del x.a
    return x.a


def method(x, item):
    return x.m(tell("item", item)), x.m


def debug_and_main():
    return __debug__, __name__


def annotated(x):
    y: undefined_annotation = x
    (z): also_undefined = y
    x.w: tell("not a name") = 5
    return y, z


class Plain:
    b = "class b"

    def __init__(self, a):
        self.a = a

    def __repr__(self):
        return "Plain"

    def m(self, item):
        return "m", item


class Slots:
    __slots__ = ("a", "b", "__weakref__")

    def __repr__(self):
        return "Slots"


class Property:
    @property
    def a(self):
        return tell("get a", 1)

    @a.setter
    def a(self, item):
        tell(f"set a {item}")

    @a.deleter
    def a(self):
        tell("delete a")

    @property
    def b(self):
        return self.missing

    @property
    def m(self):
        return lambda item: ("property", item)

    def __repr__(self):
        return "Property"


def slots(**names):
    made = Slots()
    for name, item in names.items():
        setattr(made, name, item)
    return made


for _ in range(HOT):
    load_global()
print(load_global(), [store_global(x) for x in (2, 2.5, "x", None)], load_global())
effects("store global", store_global, [(1,), (2.5,), ("x",), (None,)])
effects("delete global", delete_global, [(1,), (2.5,), ("x",)])
effects("missing", missing_global, [()])
missing_name = "found"
effects("found", missing_global, [()])
del missing_name
effects("missing again", missing_global, [()])
builtins.missing_name = "builtin"
effects("found again", missing_global, [()])
del builtins.missing_name
effects("missing at last", missing_global, [()])
effects("call missing", call_missing, [(1,), ("x",)])
effects("delete", delete_fast, [(1, 0), (1.5, 1), ("x", ""), ([], [1])])
effects("delete twice", delete_fast_twice, [(1,), (0,), (1.5,), ("",)])
effects("delete argument", delete_argument, [(1,), ("x",)])
effects("unbound in loop", unbound_in_loop, [(3,), (5,), (0,), (4,), ("x",)])
effects("unbound after loop", unbound_after_loop, [([1, 2],), ([],), ("ab",), (range(0),), ((1.5,),)])
effects("unbound augmented", unbound_augmented, [(1,), (0,), (1.5,), ("x",), (None,)])
effects("cell", cell, [(1,), (1.5,), ("x",), (None,)])
effects("cell unbound", cell_unbound, [("early",), ("late",)])
effects("cell deleted", cell_deleted, [("not",), ("here",), ("there",), ("twice",), ("both",)])
effects("cell argument", cell_argument, [(1,), (1.5, 2, 3), ("x",), ()])
effects("cell named", lambda x: cell_argument(x, x, k=x, z=x), [(1,), (1.5,), ("x",)])
effects("cell loop", cell_loop, [(3,), (1,), (0,), ("x",), (300,)])
effects("deep cells", deep_cells, [(1,), (1.5,), ("x",), (2**62,)])
effects("class cells", class_cells, [(1,), (1.5,), ("x",)])
effects("class cell deleted", class_cell_deleted, [(1, False), (1, True), ("x", 0)])


def run(code, space, names=None):
    """Run code with a printing hook; what it displayed and its result."""
    displayed = []
    hook, sys.displayhook = sys.displayhook, lambda shown: displayed.append(repr(shown))
    try:
        exec(code, space, names)
    finally:
        sys.displayhook = hook
    return displayed, (names or space).get("result"), sorted([key for key in space if key == "g" or len(key) == 1])


for source, code in CODES:
    for x in (1, 2.5, "x"):
        expected = ending(run, code, {"x": x})
        print(repr(source), repr(x), expected)
        in_locals = ending(run, code, {"x": x}, {})
        print("   locals", in_locals)
        in_space = ending(run, code, {}, Space())
        print("   space", in_space)
        print("   failing", ending(run, code, {}, FailingSpace()))
        print("   empty", ending(run, code, {}))
        for _ in range(40):
            if ending(run, code, {"x": x}) != expected or ending(run, code, {"x": x}, {}) != in_locals or ending(run, code, {}, Space()) != in_space:
                print("UNSTABLE", source)
print_code = compile("x\n", "<source>", "single")
for x in (1, None, 2.5, "text"):
    exec(print_code, {"x": x})
hook = sys.displayhook
for broken in (5, telling("Hook", call=ValueError("hook"))):
    sys.displayhook = broken
    print(outcome(exec, print_code, {"x": 1}))
del sys.displayhook
print(outcome(exec, print_code, {"x": 1}))
sys.displayhook = hook
for label, space in (("no builtins", {"__builtins__": {}}), ("some builtins", {"__builtins__": {"len": lambda x: "own", "value": 7}}), ("module", {"__builtins__": types.ModuleType("empty")})):
    code = compile("def f(x):\n    return len(x)\ndef g():\n    return value\ndef h():\n    class C: pass\n    return C.__name__\ndef i():\n    import math", "<builtins>", "exec")
    exec(code, space)
    for name in "fghi":
        for _ in range(HOT):
            text = outcome(space[name], *([[1]] if name == "f" else []))
        print(label, name, text)

fake = types.ModuleType("fake_module")
fake.there = []
sys.modules["fake_module"] = fake
effects("import", import_names, [("math",), ("os",), ("missing",), ("missing part",), ("relative",), ("parent",), ("submodule",), ("fake",)])
fake.absent = 1
print(outcome(import_names, "fake"), len(fake.there) > 10)
fake.__getattr__ = lambda name: tell(f"module getattr {name}", name)
del fake.absent
effects("import getattr", import_names, [("fake",)])
sys.modules["fake_module"] = None
print(outcome(import_names, "fake"))
sys.modules["fake_module"] = 5
print(outcome(import_names, "fake"))
del sys.modules["fake_module"]
real = builtins.__import__
builtins.__import__ = fake_import
TELLS = ending(import_hooked, 1)
for _ in range(HOT):
    again = ending(import_hooked, 1)
builtins.__import__ = real
print(TELLS, again == TELLS)
print(outcome(import_hooked, 1))
del builtins.__import__
text = outcome(import_hooked, 1)
builtins.__import__ = real
print(text)

Getter = telling_class("Getter", getattr=lambda self, name: name * 2)
failing = telling("Failing", getattr=ValueError("get"), setattr=KeyError("set"), delattr=OSError(1, "delete"))
every = telling("Every", getattribute=lambda self, name: name + "!", setattr="ignored", delattr="ignored")
Missing = telling_class("Missing", getattr=AttributeError("own text"))
module = types.ModuleType("made")
module.a, module.b, module.m = 1, 2.5, lambda item: ("module m", item)
Class = telling_class("Class")
Class.a, Class.b, Class.m = 1, "b", lambda item: ("class m", item)
objects = [lambda: (Plain(1),), lambda: (Plain(1.5),), lambda: (slots(a=1, b=2),), lambda: (slots(a="x"),), lambda: (slots(b=1.5),), lambda: (slots(),), lambda: (Property(),), lambda: (Getter(),), lambda: (failing,), lambda: (every,), lambda: (Missing(),), lambda: (5,), lambda: (None,), lambda: ("x",)]
fixed = [lambda: (module,), lambda: (Class,), lambda: (Class(),), lambda: (Plain,), lambda: (load_global,)]
effects("attributes", attributes, objects + fixed)
effects("attribute store", attribute_store, [lambda make=make: (*make(), 5) for make in objects])
effects("attribute delete", attribute_delete, objects)
effects("method", method, [lambda: (every, 1), *[lambda make=make: (*make(), 5) for make in objects if not isinstance(make()[0], Plain)], lambda: (Plain, 1), lambda: (module, 1.5)])
effects("annotated", annotated, [(Plain(1),), (5,), (failing,)])
effects("main", debug_and_main, [()])
try:
    print(undefined_at_module_level)
except NameError as error:
    print(failure(error))
