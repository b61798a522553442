"""Functions of any size, for growth.py and the tests: each shape is one thing that a large function may have much of.

`source(shape, size)` is a module with a function `f(a)` of about that many bytecode instructions, which takes an int and returns an int. The same
source gives the same result under every Python, so that results can be compared.
"""

import dis

INDENT = "    "


def _straight(size):
    """Arithmetic without a branch: some 8 instructions a line."""
    lines = [f"x = (x * {3 + n % 5} + a) & 0xFFFF" for n in range(max(1, size // 8))]
    return ["x = a", *lines, "return x"]


def _loops(size):
    """Loops in loops, four deep, one nest after the other: some 43 instructions a nest."""
    lines = ["x = a"]
    for n in range(max(1, size // 43)):
        for depth, name in enumerate("ijkl"):
            lines.append(INDENT * depth + f"for {name} in range(2):")
        lines.append(INDENT * 4 + f"x = (x + i * j + k - l + {n}) & 0xFFFF")
    return [*lines, "return x"]


def _switch(size):
    """One chain of comparisons, as a large switch: some 8 instructions a case."""
    lines = ["x = a & 15"]
    for n in range(max(1, size // 8)):
        lines += [f"{'el' if n else ''}if x == {n}:", INDENT + f"x = a + {n}"]
    return [*lines, "return x"]


def _tries(size):
    """Handlers, of which few are ever needed: some 20 instructions each."""
    lines = ["x = a"]
    for n in range(max(1, size // 20)):
        lines += ["try:", INDENT + f"x = x + {n}", "except ValueError:", INDENT + "x = x - a"]
    return [*lines, "return x"]


def _locals(size):
    """A local for each statement, all of them alive to the end: some 8 instructions each."""
    count = max(1, size // 8)
    lines = [f"v{n} = a + {n}" for n in range(count)]
    total = [f"x = x + v{n}" for n in range(count)]
    return [*lines, "x = a", *total, "return x"]


def _calls(size):
    """Calls of Python functions and builtins: some 11 instructions a line."""
    lines = [f"x = g{n % 7}(x, {n}) + abs(x)" for n in range(max(1, size // 11))]
    return ["x = a", *lines, "return x & 0xFFFF"]


def _literals(size):
    """Large literals, each another: strings, tuples, whole numbers beyond 64 bits; some 6 instructions a line."""
    lines = []
    for n in range(max(1, size // 6)):
        kind = n % 3
        if kind == 0:
            literal = repr(f"{n} " * 500)
        elif kind == 1:
            literal = repr(tuple(range(n, n + 100)))
        else:
            literal = f"({'9' * 200}{n}, 0)"
        lines.append(f"x = x + len({literal})")
    return ["x = a", *lines, "return x"]


SHAPES = {
    "straight": _straight,
    "loops": _loops,
    "switch": _switch,
    "tries": _tries,
    "locals": _locals,
    "calls": _calls,
    "literals": _literals,
}

CALLEES = "".join(f"def g{n}(x, y):\n    return (x * {n + 1} + y) & 0xFFF\n\n\n" for n in range(7))


def source(shape, size):
    """The module's text."""
    body = SHAPES[shape](size)
    head = CALLEES if shape == "calls" else ""
    return head + "def f(a):\n" + "".join(f"{INDENT}{line}\n" for line in body)


def make(shape, size):
    """The function, made now."""
    space = {}
    exec(source(shape, size), space)
    return space["f"]


def instructions(function):
    """Bytecode instructions of a function, without those that only extend an argument."""
    return sum(instruction.opname not in ("CACHE", "EXTENDED_ARG") for instruction in dis.get_instructions(function))


def copy(function):
    """A function that does the same, with code of its own."""
    return type(function)(function.__code__.replace(co_name="copy"), function.__globals__)
