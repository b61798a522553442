"""Special methods, constructors, metaclasses, super, modules and managers changed while hot code relies on them."""

from support.changes import play

THING = """
class Root: pass
class Base(Root):
    shared = 'base'
    def method(self):
        hook()
        return 'base method'
    def __repr__(self): return type(self).__name__
class Other(Root):
    shared = 'other'
    def method(self): return 'other method'
class Meta(type): pass
class Thing(Base, metaclass=Meta):
    k = 1
    def __init__(self): self.x = 1
class Second(Base, metaclass=Meta):
    k = 'second'
    x = 'second x'
    def method(self): return 'second method'
t = Thing()
"""

play("operators", "class Number:\n    def __add__(self, other): return 'added'\n    def __radd__(self, other): return 'reversed'\nclass Sub(Number): pass\nt = Sub()\nkeep = Number.__add__\n", "t + 1, 1 + t", "Number.__add__ = lambda self, other: 2.5", "Sub.__add__ = lambda self, other: NotImplemented", "del Number.__radd__", "del Sub.__add__", "del Number.__add__", "Number.__radd__ = lambda self, other: other", "Number.__add__ = keep", "t = 5", "t = Sub(); t.__add__ = abs")
play("protocols", "class P:\n    def __len__(self): return 2\n    def __getitem__(self, i): return [5, 6][i]\n    def __call__(self): return 'call'\n    def __bool__(self): return True\nt = P()\nlength, item = P.__len__, P.__getitem__\n", "len(t), list(t), t[0], bool(t), 1 if t else 2", "P.__len__ = lambda self: 0", "del P.__bool__", "P.__iter__ = lambda self: iter('xy')", "P.__getitem__ = lambda self, i: i", "del P.__iter__; P.__getitem__ = item", "del P.__len__", "P.__len__ = length; P.__bool__ = lambda self: 1", "P.__bool__ = lambda self: False", "P.__iter__ = None")
play("call", "class C:\n    def __call__(self, x): return ('called', x)\nc = C()\nkeep = C.__call__\n", "c(1)", "C.__call__ = lambda self, x: x + 0.5", "C.__call__ = staticmethod(abs)", "del C.__call__", "C.__call__ = keep", "c.__call__ = str", "C.__call__ = str", "C.__call__ = keep")
play("constructor", "class C:\n    def __init__(self, x): self.x = x\nkeep = C.__init__\nnew = object.__new__\n", "C(1).x", "C.__init__ = lambda self, x: setattr(self, 'x', 2.5)", "del C.__init__", "C.__init__ = keep", "C.__new__ = lambda cls, x: type('O', (), {'x': 'other'})()", "C.__new__ = lambda cls, *args: new(cls)", "C.__init__ = lambda self, x: 5", "C.__init__ = keep", "del C.__new__", "C.x = property(lambda self: 'p', lambda self, v: None)", "del C.x")
play("metaclass call", "class Meta(type): pass\nclass C(metaclass=Meta):\n    def __init__(self, x): self.x = x\n", "C(1) if isinstance(C(1), int) else C(1).x", "Meta.__call__ = lambda cls, x: 7", "del Meta.__call__", "Meta.__call__ = lambda cls, *args: super(Meta, cls).__call__(9)", "del Meta.__call__")
play("metaclass attribute", THING, "Thing.k, Thing.shared, getattr(Thing, 'm', 'no m')", "Meta.k = 'meta'", "Meta.k = property(lambda cls: 'meta property')", "del Meta.k", "Meta.m = 5", "del Meta.m", "Meta.__getattr__ = lambda cls, name: name", "del Thing.k", "del Meta.__getattr__", "Thing.k = 1", "Meta.__getattribute__ = lambda cls, name: 'all'", "del Meta.__getattribute__")
play("super", "class A:\n    def f(self): return 'A'\nclass B:\n    def f(self): return 'B'\nclass C(A):\n    def f(self):\n        hook()\n        return super().f()\nt = C()\nkeep = A.f\n", "t.f()", "A.f = lambda self: 'new A'", "C.__bases__ = (B, A)", "C.__bases__ = (B,)", "B.f = 5", "del B.f", "C.__bases__ = (A,)", "A.f = keep", "super = lambda: B()", "B.f = keep", "del super")
play("class methods", THING, "Thing.make() if hasattr(Thing, 'make') else 'none'", "Thing.make = classmethod(lambda cls: cls.__name__)", "Base.make = staticmethod(lambda: 'static')", "del Thing.make", "Base.make = lambda: 'function'", "Meta.make = lambda cls: 'meta'", "del Base.make", "del Meta.make")
play("isinstance", THING + "first = Thing\n", "isinstance(t, Thing), isinstance(t, Base), type(t) is Thing", "t.__class__ = Second", "Thing = Second", "Thing = first", "t.__class__ = first", "Meta.__instancecheck__ = lambda cls, instance: 'yes'", "del Meta.__instancecheck__", "Thing.__class__ = type('Meta2', (Meta,), {})", "t = 5")
play("equality", "class E:\n    def __init__(self, k): self.k = k\n    def __eq__(self, other): return self.k == other.k\n    def __hash__(self): return 1\na, b = E(1), E(1)\nkeep = E.__eq__\n", "a == b, a != b, a in [b], {a: 1}.get(b)", "E.__eq__ = lambda self, other: False", "E.__ne__ = lambda self, other: 'ne'", "del E.__eq__", "E.__eq__ = keep", "del E.__ne__", "E.__hash__ = lambda self: id(self)", "E.__hash__ = None", "E.__hash__ = lambda self: 2", "a.k = 2.5")
play("module attributes", "import types\nm = types.ModuleType('m')\nm.x = 1\n", "m.x", "m.x = 2.5", "del m.x", "m.__getattr__ = lambda name: name", "m.x = 'back'", "m.__class__ = type('M', (types.ModuleType,), {'x': property(lambda self: 'property')})", "m.__class__ = types.ModuleType", "m.__dict__['x'] = 9", "m = None")
play("repr and format", "class R:\n    def __repr__(self): return 'first'\nt = R()\n", "f'{t}', f'{t!r}', str(t)", "R.__repr__ = lambda self: 'second'", "R.__str__ = lambda self: 'str'", "R.__format__ = lambda self, spec: 'format'", "R.__str__ = lambda self: 5", "del R.__str__", "del R.__format__", "t = 2.5")
play("loop in callee", THING + "def work(t, n):\n    total = 0\n    for j in range(n):\n        hook()\n        total += t.x\n        if t.k == 'x': t.x = 0.5\n    return total\n", "work(t, 3)", "t.x = 2.5", "Thing.k = 'x'", "t.x = 2**62", "Thing.k = 1; t.x = 4", "del t.x", "t.x = 1")
play("with", "class W:\n    def __enter__(self): return 'in'\n    def __exit__(self, *args): return False\ndef f(w):\n    with w as x:\n        return x\n    return 'suppressed'\nw = W()\nkeep = W.__enter__\n", "f(w)", "W.__enter__ = lambda self: 2.5", "W.__enter__ = lambda self: 1 // 0", "del W.__enter__", "W.__enter__ = keep", "W.__exit__ = lambda self: 1", "del W.__exit__", "w.__exit__ = 5", "W.__exit__ = lambda *args: True")
