"""Callees of callees, recursive functions, generators, decorated and local functions changed while hot code calls them, also by themselves."""

from support.changes import play

play("recursive", "def f(n):\n    hook()\n    return 0 if n == 0 else 1 + f(n - 1)\nfirst, code = f, f.__code__\n", "first(3)", "f = lambda n: 100.5", "f = first", "f = abs", "first.__code__ = (lambda n: 'code').__code__", "first.__code__ = code; f = first", "del f", "f = first")
play("generators", "def f(n):\n    for i in range(n): yield i\nfirst = f\n", "list(f(3))", "def f(n): return range(n, 0, -1)", "f = first", "def f(n):\n    yield from first(n)\n    yield 'more'", "f.__code__ = (lambda n: 'ab').__code__", "f = first")
play("nested", "def inner(x): return x + 1\ndef middle(x):\n    hook()\n    return inner(x) * 2\ndef f(x): return middle(x) + inner(x)\nkeep_inner, keep_middle = inner, middle\n", "f(5)", "inner = lambda x: x + 0.5", "middle = abs", "inner = keep_inner", "middle = keep_middle", "del inner", "inner = keep_inner", "middle.__code__ = inner.__code__", numeric=False)
play("nested numeric", "def inner(x): return x + 1\ndef middle(x): return inner(x) * 2\ndef f(x): return middle(x) + inner(x)\nkeep_inner, keep_middle = inner, middle\n", "f(5)", "inner = lambda x: x + 0.5", "middle = abs", "inner = keep_inner", "middle = keep_middle", "inner = lambda x: 2**62", numeric=True)
play("name and annotations", "def f(x): return f.__name__, f.__annotations__, f.__doc__\n", "f(1)", "f.__name__ = 'new'", "f.__annotations__ = {'x': 1}", "f.__doc__ = 'text'", "f.own = 5", "f.__name__ = 'f'; f.__annotations__.clear()")
play("decorated", "def f(x): return x\nfirst = f\ndef decorate(function):\n    def wrapper(*args): return ('wrapped', function(*args))\n    return wrapper\n", "f(5)", "f = decorate(f)", "f = decorate(f)", "f = first", "import functools; f = functools.lru_cache(first)", "f = first")


def changes_itself(n):
    """A function whose own code and defaults are assigned while it runs."""
    total = 0
    for i in range(n):
        total += i
        if i == n // 2:
            changes_itself.__code__ = other.__code__
    return total


def other(n):
    changes_itself.__code__ = code
    return "other"


code = changes_itself.__code__
for _ in range(60):
    results = changes_itself(20), changes_itself(20), changes_itself(20)
print(results)


def local_functions(n):
    out = []

    def f(x):
        return x + 1

    for i in range(n):
        if i == n // 3:

            def f(x):
                return x + 2.5

        if i == n // 2:
            f.__code__ = (lambda x: "code").__code__
        if i == n - 3:
            f = str
        out.append(f(5))
    return out[0], out[n // 3], out[n // 2], out[-1]


for _ in range(60):
    results = local_functions(30)
print(results)
