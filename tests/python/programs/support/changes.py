"""Changing the world in the middle of hot code: an expression is evaluated very often while changes happen around it."""

from support import show

STEP = 120

BETWEEN = """
def run(n):
    value = None
    for i in range(n):
        value = {0}
    return value
"""

INSIDE = """
def run(n, at):
    out = []
    for i in range(n):
        if i in at:
            change(at[i])
        try:
            value = {0}
        except Exception as error:
            value = error
        out.append(value)
    return out
"""

NUMERIC = """
def run(n, at):
    total = 0
    i = 0
    while i < n:
        if i in at:
            change(at[i])
        total = total + {0}
        i += 1
    return total
"""

MODULE = """
out = []
i = 0
while i < n:
    if i in at:
        change(at[i])
    try:
        value = {0}
    except Exception as error:
        value = error
    out.append(value)
    i += 1
"""


def text_of(value):
    """A result as text."""
    return f"{type(value).__name__}: {value}" if isinstance(value, Exception) else show(value)


def compressed(values):
    """Results in order, with how often each came in a row."""
    out = []
    for text in map(text_of, values):
        if out and out[-1][0] == text:
            out[-1][1] += 1
        else:
            out.append([text, 1])
    return " | ".join([f"{count} x {text}" for text, count in out])


def attempt(function, *args):
    """A call's result as text."""
    try:
        value = function(*args)
    except Exception as error:
        value = error
    return text_of(value)


def space_of(setup, at=None):
    """A fresh module in which `change` changes, and `hook` does at its call of a certain number."""
    at = {} if at is None else at
    calls = 0

    def change(source):
        exec(source, space)

    def hook():
        nonlocal calls
        calls += 1
        if calls in at:
            change(at[calls])

    space = {"__name__": "changing", "change": change, "hook": hook}
    exec(setup, space)
    return space


def play(label, setup, expression, *changes, numeric=False):
    """Evaluate the expression while the changes happen: between loops, in a loop, in a loop of a module, from within what is called."""
    print(label)
    n = STEP * (len(changes) + 1)
    at = {STEP * (number + 1): source for number, source in enumerate(changes)}
    space = space_of(setup)
    exec(compile(BETWEEN.format(expression), "<between>", "exec"), space)
    run = space["run"]
    lines = [attempt(run, STEP)]
    for source in changes:
        space["change"](source)
        lines.append(attempt(run, STEP))
    print("   between:", " | ".join(lines))
    for name, template in (("inside", INSIDE), *([("numeric", NUMERIC)] if numeric else [])):
        space = space_of(setup)
        exec(compile(template.format(expression), f"<{name}>", "exec"), space)
        for _ in range(2):
            try:
                result = space["run"](n, at)
                print(f"   {name}:", compressed(result) if name == "inside" else show(result))
            except Exception as error:
                print(f"   {name}:", text_of(error))
    space = space_of(setup)
    space.update(n=n, at=at)
    exec(compile(MODULE.format(expression), "<module>", "exec"), space)
    print("   module:", compressed(space["out"]))
    if "hook()" in setup:
        space = space_of(setup, at)
        exec(compile(INSIDE.format(expression), "<inside>", "exec"), space)
        print("   callee:", compressed(space["run"](n, {})))

# Classes to change, and an instance.
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
