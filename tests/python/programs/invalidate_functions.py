"""Functions changed while hot code calls them: redefined, code and defaults assigned, deleted, replaced, also from inside the callee."""

from support.changes import play

FUNCTION = """
def f(x, y=2, *, z=3):
    hook()
    return x + y * z
def g(x, y=2, *, z=3):
    hook()
    return ("g", x, y, z)
def wrong(): return "wrong"
def one(x): return ("one", x)
first, code, defaults, keyword_defaults = f, f.__code__, f.__defaults__, f.__kwdefaults__
"""
NUMBERS = """
def f(x):
    hook()
    return x + 1
def g(x):
    return x * 2.5
first, code = f, f.__code__
"""

play("redefined", FUNCTION, "f(5)", "f = g", "f = first", "def f(x): return 'new'", "f = first")
play("redefined numeric", NUMBERS, "f(5)", "f = g", "f = first", "f = lambda x: 2**70", "f = first", numeric=True)
play("code", FUNCTION, "f(5)", "f.__code__ = g.__code__", "f.__code__ = code", "f.__code__ = wrong.__code__", "f.__code__ = one.__code__", "f.__code__ = code")
play("code numeric", NUMBERS, "f(5)", "f.__code__ = g.__code__", "f.__code__ = code", "f.__code__ = (lambda x: 0.5).__code__", "f.__code__ = code", numeric=True)
play("replaced code", NUMBERS, "f(5)", "f.__code__ = code.replace(co_consts=(None, 7))", "f.__code__ = code", numeric=True)
play("defaults", FUNCTION, "f(5)", "f.__defaults__ = (7,)", "f.__defaults__ = None", "f.__defaults__ = (1, 2.5)", "f.__defaults__ = ()", "f.__defaults__ = defaults", "del f.__defaults__", "f.__defaults__ = defaults")
play("keyword defaults", FUNCTION, "f(5)", "f.__kwdefaults__ = {'z': 2.5}", "f.__kwdefaults__['z'] = 'text'", "f.__kwdefaults__ = None", "f.__kwdefaults__ = {'unknown': 1}", "f.__kwdefaults__ = {'z': 3}", "del f.__kwdefaults__['z']", "f.__kwdefaults__ = {'z': 3}")
play("defaults given", FUNCTION, "f(5, z=1)", "f.__defaults__ = (7,)", "f.__kwdefaults__ = None", "f.__defaults__ = None", "f.__defaults__ = (2.5,)")
play("deleted", FUNCTION, "f(5)", "del f", "f = first", "del f; import builtins; builtins.f = abs", "del builtins.f", "f = g")
play("builtin", FUNCTION, "f(5)", "f = abs", "f = str", "f = first", "f = len", "f = [].append", "f = first")
play("classes", FUNCTION, "f(5)", "class f:\n    def __new__(cls, x): return ('made', x)", "f = int", "f = first", "class f:\n    def __init__(self, x): pass\n    def __repr__(self): return 'instance'", "class f: pass", "f = first")
play("callables", FUNCTION, "f(5)", "f = type('Callable', (), {'__call__': lambda self, x: ('called', x)})()", "type(f).__call__ = lambda self, x: 'again'", "del type(f).__call__", "f = 5", "f = None", "f = first", "import functools; f = functools.partial(first, 1)", "f = first")
play("methods", FUNCTION, "f(5)", "f = 'abc'.count", "f = 'abc'.__eq__", "f = type('A', (), {'m': lambda self, x: ('method', x)})().m", "f = first")
play("closures", "def make(k):\n    def f(x):\n        hook()\n        return x + k\n    return f\nf = first = make(1)\nother = make(2.5)\n", "f(5)", "f = other", "f = first", "f = make('text')", "f.__closure__[0].cell_contents = 9", "del f.__closure__[0].cell_contents", "f = first", "f.__closure__[0].cell_contents = 100", numeric=False)
play("globals", "k = 1\ndef f(x):\n    hook()\n    return x + k\nimport types\nfirst = f\nother = types.FunctionType(f.__code__, {'k': 2.5, 'hook': hook})\n", "f(5)", "f = other", "f = first", "f = other; other.__globals__['k'] = 'text'", "other.__globals__['k'] = 7", "del other.__globals__['k']", "f = first", "k = 50", numeric=False)
play("same code", "import types\nk = 1\ndef f(x, y=1):\n    return x + y + k\nfunctions = [types.FunctionType(f.__code__, {'k': k}, 'f', (k,)) for k in (1, 2.5, 10)]\n", "[function(5) for function in functions]", "functions[1].__globals__['k'] = 7", "functions.reverse()", "functions[0].__defaults__ = ('x',)", "del functions[0]", "functions[0].__code__ = (lambda x: x).__code__")
play("arguments", "def f(*args, **names): return args, names\nfirst = f\n", "f(1, 2, k=3)", "def f(a, b, k): return a, b, k", "def f(a, b=5, *, k): return k, b, a", "def f(a, k): return a", "def f(a, /, b, **names): return names", "def f(k, /, b, **names): return k, names", "f = dict", "f = first")
