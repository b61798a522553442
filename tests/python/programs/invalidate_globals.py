"""Globals and builtins changed while hot code reads them: other types, deleted, shadowed and unshadowed, from within loops and callees."""

from support.changes import play

play("types", "k = 1\n", "k + 1", "k = 2.5", "k = 'x'", "k = 2**70", "k = True", "k = None", "k = 1", numeric=False)
play("numeric", "k = 1\n", "k * 2", "k = 2.5", "k = 2**62", "k = True", "k = -1", numeric=True)
play("deleted", "k = 1\n", "k", "del k", "k = 2", "del k; import builtins; builtins.k = 'builtin'", "k = 'global'", "del k", "del builtins.k", "k = 1")
play("only a builtin", "import builtins\nbuiltins.own = 1\n", "own", "builtins.own = 2.5", "own = 'global'", "builtins.own = 3", "del own", "del builtins.own", "builtins.own = 1")
play("shadowed", "", "len([1, 2])", "len = lambda x: 'own'", "del len", "import builtins; keep = builtins.len; builtins.len = lambda x: ('replaced', keep(x))", "builtins.len = keep", "len = 5", "del len")
play("range", "keep = range\n", "sum(j for j in range(3)), [j for j in range(2)]", "range = lambda n: 'ab'[:n]", "range = lambda n: [1.5] * n", "del range", "sum = list", "del sum", "import builtins; builtins.range = lambda n: (n, n)", "builtins.range = keep")
play("loop over range", "def f(n):\n    hook()\n    total = 0\n    for j in range(n):\n        total += j\n    return total\nkeep = range\nimport builtins\n", "f(4)", "range = lambda n: [0.5] * n", "range = keep", "del range", "builtins.range = lambda n: iter((1, 2))", "builtins.range = keep", "range = 5", "del range", numeric=False)
play("constants", "SIZE = 3\nNAMES = ('a', 'b')\nFLAG = True\ndef f(x):\n    hook()\n    if FLAG:\n        return x * SIZE, NAMES[0]\n    return NAMES, x\n", "f(2)", "FLAG = False", "NAMES = ['c']", "FLAG = 1", "SIZE = 2.5", "NAMES = []", "NAMES = 'text'", "FLAG = 0.0", "SIZE, NAMES, FLAG = 3, ('a', 'b'), True")
play("classes", "keep = isinstance, int, str\nimport builtins\n", "isinstance(1, int), int('5'), str(2), type(1) is int", "int = float", "int = lambda x: 'int'", "del int", "isinstance = lambda x, y: 'own'", "del isinstance", "builtins.str = repr", "builtins.str = keep[2]", "builtins.isinstance = lambda *args: False", "builtins.isinstance = keep[0]")
play("many", "a = b = c = d = 1\n", "a + b * c - d", "a = 2", "b = 2.5", "c = 3", "d = -0.5", "a = b = c = d = 1", "del c", "c = 2**70", numeric=False)
play("written", "k = 0\ndef f():\n    global k\n    hook()\n    k = 1\n    return k\n", "f(), k", "k = 5", "del k", "def f(): return 7", "k = 'x'")
play("mutable", "items = [1, 2]\ntable = {'a': 1}\n", "items[0], len(items), table['a'], 'b' in table", "items[0] = 2.5", "items.append(3)", "table['a'] = 'x'; table['b'] = 1", "items = (7,)", "table = [1]", "table = {'a': 1}", "items = [1, 2]")
play("dict", "k = 1\n", "k", "globals()['k'] = 2", "globals().update(k=2.5)", "globals().pop('k')", "globals().setdefault('k', 'x')", "vars = globals(); vars |= {'k': 9}", "[globals().__setitem__(f'n{i}', i) for i in range(300)]", "[globals().__delitem__(f'n{i}') for i in range(300)]", "k = 1")
play("grown", "k = 1\n", "k", "exec('\\n'.join(f'new{i} = {i}' for i in range(1000)))", "k = 2", "exec('\\n'.join(f'del new{i}' for i in range(1000)))", "k = 3.5")
play("builtins dict", "import builtins\n", "abs(-3), max(1, 2)", "vars(builtins)['abs'] = str", "vars(builtins)['abs'] = (-1).__class__.__abs__", "keep = vars(builtins).pop('max')", "vars(builtins)['max'] = keep", "import operator; builtins.abs = operator.abs")
play("own builtins", "import builtins\n__builtins__ = {**vars(builtins)}\ndef f(): return len([1])\nimport types\n", "f()", "f = types.FunctionType(f.__code__, globals())", "__builtins__['len'] = lambda x: 'own'", "f = types.FunctionType(f.__code__, {'__builtins__': {}})", "f = types.FunctionType(f.__code__, {'__builtins__': builtins})", "f = types.FunctionType(f.__code__, {'__builtins__': {'len': sum}})")
play("modules", "import math\nfrom math import floor\nkeep = math.floor\n", "math.floor(2.5), floor(2.5), math.pi > 3", "math.floor = lambda x: 'module'", "floor = math.floor", "del math.floor", "math.floor = floor = keep", "math.pi, pi = 'x', math.pi", "math.pi = pi", "math, m = None, math", "math = m")
play("exceptions", "import builtins\ndef f():\n    hook()\n    try:\n        return missing\n    except NameError:\n        return 'caught'\nkeep = NameError\n", "f()", "missing = 1", "del missing", "NameError = ValueError", "del NameError", "builtins.NameError = LookupError", "builtins.NameError = keep", "NameError = 5", "del NameError")
play("print and names", "import builtins\n__name__ = 'first'\n", "__name__, __debug__, Ellipsis, NotImplemented", "__name__ = 'second'", "Ellipsis = 5", "del Ellipsis", "del __name__", "__name__ = 'first'")
play("None of them", "k = None\n", "'none' if k is None else 'some'", "k = 0", "k = None", "k = []", "del k", "k = None")
play("truth", "k = True\n", "1 if k else 2.5 if k is not None else 'none'", "k = False", "k = None", "k = 'x'", "k = 0.0", "k = type('T', (), {'__bool__': lambda self: True})()", "k = True", numeric=False)

counter = 0
limit = 10


def counting(n):
    """A loop that changes the globals that it reads."""
    global counter, limit
    counter = 0
    for i in range(n):
        counter += 1
        if counter == limit:
            counter = 0.5
        if i == n - 5:
            limit = "never"
    limit = 10
    return counter


def dropping(n):
    global temporary
    out = []
    for i in range(n):
        if i % 7 == 0:
            temporary = i
        if i % 7 == 5:
            del temporary
        try:
            out.append(temporary)
        except NameError as error:
            out.append(str(error))
    return len(out), out[4], out[5], out[6], out[-1]


def rebinding_callee(n):
    global helper
    keep = helper
    total = 0
    for i in range(n):
        total += helper(i)
        if i == n // 2:
            helper = float
        if i == n - 2:
            helper = keep
    return total


def helper(x):
    return x + 1


def shadowing(n):
    global len
    out = []
    for i in range(n):
        if i == n // 2:
            len = "abc".__len__
            len = lambda x: -1
        out.append(len([1, 2]))
    del len
    return out[0], out[-1], len([1])


for _ in range(100):
    results = counting(60), dropping(40), rebinding_callee(40), shadowing(30)
print(results)
print(counting(5000), dropping(5000), rebinding_callee(5000), shadowing(5000))
