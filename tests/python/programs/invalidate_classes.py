"""Classes and instances changed while hot code uses them: attributes, methods, bases, classes, dictionaries, descriptors, metaclasses."""

from support.changes import THING, play

NUMBERS = """
class Base:
    def f(self, y): return self.x + y
class Thing(Base):
    k = 1
    def __init__(self): self.x = 1
t = Thing()
keep = Base.f
"""

play("class attribute", THING, "t.k", "Thing.k = 2.5", "del Thing.k", "Base.k = 'base'", "Thing.k = 5", "del Base.k", "t.k = 'own'", "Thing.k = 6", "del t.k", "Thing.k = 1")
play("class attribute of base", THING, "t.shared", "Base.shared = 2", "Thing.shared = 'thing'", "del Thing.shared", "t.shared = 2.5", "del t.shared", "del Base.shared", "Base.shared = 'base'")
play("numbers", NUMBERS, "t.x + t.k", "Thing.k = 2.5", "t.x = 0.5", "t.k = 3", "del t.k", "t.x = 2**62", "Thing.k = True", "t.x = 1; Thing.k = 1", numeric=True)
play("method numbers", NUMBERS, "t.f(2)", "Base.f = lambda self, y: y * 2.5", "Thing.f = lambda self, y: 7", "del Thing.f", "Base.f = keep", "t.f = abs", "del t.f", "t.x = 2.5", "Base.f = staticmethod(abs)", "Base.f = keep", "Thing.f = property(lambda self: lambda y: 100)", "del Thing.f", numeric=False)
play("method", THING, "t.method()", "Thing.method = lambda self: 'new'", "Base.method = lambda self: 'new base'", "del Thing.method", "t.method = lambda: 'own'", "del t.method", "Base.method = staticmethod(lambda: 'static')", "Base.method = classmethod(lambda cls: cls.__name__)", "Base.method = property(lambda self: lambda: 'property')", "Base.method = 5", "del Base.method", "Base.method = lambda self: 'back'")
play("method code", THING, "t.method()", "Base.method.__code__ = (lambda self: 'code').__code__", "Base.method.__defaults__ = (1,)", "Base.method.__code__ = (lambda self, x: x).__code__", "Base.method.__defaults__ = None", "Base.method.__code__ = (lambda self: 'back').__code__")
play("bases", THING, "t.method(), t.shared", "Thing.__bases__ = (Other,)", "Thing.__bases__ = (Base,)", "Thing.__bases__ = (Other, Base)", "Thing.__bases__ = (Base, Other)", "Base.__bases__ = (type('New', (Root,), {'k2': 1}),)", "del Base.shared", "Thing.__bases__ = (Base,)")
play("class assigned", THING, "t.method(), t.k, t.x, type(t).__name__", "t.__class__ = Second", "t.__class__ = Thing", "t.__class__ = Base", "t.k = 5; t.__class__ = Second", "t.__class__ = Thing", "del t.k")
play("other instances", THING, "t.x, t.k", "keep = t; t = Second()", "t = keep", "t = Base()", "t = Thing", "t = None", "t = Thing(); t.a = t.b = t.c = 1", "t = keep")
play("dict", THING, "t.x", "t.__dict__['x'] = 2", "t.__dict__['y'] = 3; t.x = 2.5", "t.__dict__ = {'x': 'new'}", "t.__dict__.clear()", "t.x = 1", "t.__dict__ = {}; Thing.x = 'class'", "t.__dict__ = {'z': 1, 'x': 2}", "vars(t).update(k=1, x=7)", "del Thing.x", "del t.x", "t.x = 1")
play("dict with methods", THING, "t.method(), t.__dict__ == {'x': 1}", "t.__dict__['method'] = lambda: 'dict'", "del t.__dict__['method']", "t.__dict__ = {'method': str}", "t.__dict__ = {'x': 1}")
play("many attributes", THING, "t.x", "[setattr(t, f'a{j}', j) for j in range(40)]", "t.x = 2.5", "[delattr(t, f'a{j}') for j in range(40)]", "del t.x", "t.x = 'again'", "setattr(t, 'x', 1); u = Thing(); u.y = 1; u.x = 2; t = u")
play("property", THING, "t.x", "Thing.x = property(lambda self: 'property')", "Thing.x = property(lambda self: self.__dict__['x'] + 1)", "del Thing.x", "Thing.x = 5", "Base.x = property(lambda self: 'base')", "del Thing.x", "del Base.x")
play("descriptor", THING, "t.x", "class D:\n    def __get__(self, instance, owner): return 'non-data'\nThing.x = D()", "D.__set__ = lambda self, instance, value: None", "del D.__set__", "Thing.k = D()", "D.__get__ = lambda self, instance, owner: 'changed'", "D.__set__ = None", "del D.__get__", "del Thing.x")
play("descriptor changed", "class D:\n    def __get__(self, instance, owner): return 'get'\nclass Thing: k = D()\nt = Thing()\n", "t.k", "D.__get__ = lambda self, instance, owner: 'new get'", "del D.__get__; D.__repr__ = lambda self: 'D'", "D.__get__ = lambda self, instance, owner: 2.5", "t.k = 'own'", "D.__set__ = lambda self, instance, value: None", "del D.__set__", "del t.k")
play("getattr", THING, "t.x, t.k", "Thing.__getattr__ = lambda self, name: name", "del t.x", "del Thing.k", "Base.__getattr__ = lambda self, name: 'base ' + name", "del Thing.__getattr__", "Thing.__getattr__ = lambda self, name: 1 // 0", "Thing.k = 1; t.x = 1", "del Thing.__getattr__", "del t.x", "del Base.__getattr__", "t.x = 1")
play("getattribute", THING, "t.x, t.method()", "Thing.__getattribute__ = lambda self, name: object.__getattribute__(self, name) if name == 'x' else lambda: name", "Thing.__getattribute__ = lambda self, name: 1 // 0", "Thing.__getattr__ = lambda self, name: lambda: 'fallback'", "del Thing.__getattribute__", "Base.__getattribute__ = lambda self, name: int", "del Base.__getattribute__", "del Thing.__getattr__")
play("setattr", THING, "setattr(t, 'x', 1) or [t.__dict__.get('x')]", "Thing.__setattr__ = lambda self, name, value: None; t.__dict__['x'] = 9", "del Thing.__setattr__", "Base.__setattr__ = lambda self, name, value: 1 // 0", "del Base.__setattr__", "Thing.x = property(lambda self: 1)", "del Thing.x")
play("store", THING + "def put(t, value):\n    hook()\n    t.x = value\n    return t.x\n", "put(t, 5)", "Thing.__setattr__ = lambda self, name, value: object.__setattr__(self, name, (value, 'set'))", "del Thing.__setattr__", "Thing.x = property(lambda self: 'get', lambda self, value: None)", "Thing.x = property(lambda self: 'read only')", "del Thing.x", "t.__class__ = Second", "t = 5", "t = Thing", "t = Thing()", "t.__dict__ = {}", "class S: __slots__ = ('x',)\nt = S()")
play("slots", "class Thing:\n    __slots__ = ('x', 'y')\n    def __init__(self): self.x = 1\nclass Second:\n    __slots__ = ('y', 'x')\n    def m(self): return 'm'\nclass Third:\n    __slots__ = ('x', 'y')\nclass Sub(Thing): pass\nt = Thing()\nkeep = Thing.x\n", "t.x", "t.x = 2.5", "del t.x", "t.x = 1", "t.__class__ = Third", "t = Second(); t.x = 'second'", "t = Sub()", "t.__dict__['x'] = 'dict'", "t.x = 7", "Thing.x = 'class'", "del Thing.x", "Thing.x = keep", "t = Thing()")
