"""match statements, assignment expressions and other newer syntax in hot functions."""

from support import report


class Point:
    __match_args__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __repr__(self):
        return f"Point({self.x!r}, {self.y!r})"


def match(value):
    match value:
        case 0:
            return "zero"
        case int(n) if n > 100:
            return f"big {n}"
        case int() | float():
            return "number"
        case "a" | "b":
            return "letter"
        case []:
            return "empty"
        case [x]:
            return f"one {x}"
        case [x, y, *rest]:
            return f"several {x} {y} {rest}"
        case {"key": inner, **others}:
            return f"mapping {inner} {others}"
        case Point(0, y):
            return f"on axis {y}"
        case Point(x=x, y=Point(a, b)):
            return f"nested {x} {a} {b}"
        case None:
            return "none"
        case _:
            return "other"


def evaluate(tree):
    match tree:
        case ("add", a, b):
            return evaluate(a) + evaluate(b)
        case ("mul", a, b):
            return evaluate(a) * evaluate(b)
        case ("neg", a):
            return -evaluate(a)
        case _:
            return tree


def machine(program):
    stack = []
    at = 0
    steps = 0
    while at < len(program) and steps < 100:
        steps += 1
        match program[at]:
            case ("push", value):
                stack.append(value)
            case ("add",):
                stack.append(stack.pop() + stack.pop())
            case ("jump", target) if stack[-1] < 10:
                at = target
                continue
            case ("dup",):
                stack.append(stack[-1])
            case unknown:
                raise ValueError(f"unknown {unknown}")
        at += 1
    return stack, steps


def positional(a, /, b, *, c=(d := 5)):
    return a + b + c + (e := a * 2) + e


def walrus_loop(items):
    total = 0
    i = 0
    while i < len(items) and (item := items[i]) is not None:
        total += item
        i += 1
    return total, i


def annotated(n):
    x: int = n
    y: "not evaluated" = x + 1  # noqa: F722
    z: list[int]
    return x, y, "z" in locals()


def unpack_in_return(items):
    return 0, *items, 1


def subscript_star(d, items):
    return d[(*items, 1)]


report("match", match, [(0,), (500,), (5,), (1.5,), ("a",), ("c",), ([],), ([1],), ((1, 2, 3),), ({"key": 1, "z": 2},), ({},), (Point(0, 5),), (Point(1, Point(2, 3)),), (Point(1, 2),), (None,), (True,), (2**70,)])
report("evaluate", evaluate, [(("add", 1, ("mul", 2, 3)),), (5,), (("neg", 1.5),), (("add", "a", "b"),), (("add", 1, "b"),), (("add", 1),)])
report("machine", machine, [([("push", 1), ("push", 2), ("add",)],), ([("push", 1), ("dup",), ("add",), ("jump", 1)],), ([("pop",)],), ([("add",)],), ([("push", 0.5), ("dup",), ("add",), ("jump", 1)],), ([],)])
report("positional", positional, [(1, 2), (1.5, 2), ("a", "b")])
report("walrus", walrus_loop, [([1, 2, None, 3],), ([],), ([1.5, 2],), ([None],), (["a"],)])
report("annotated", annotated, [(1,), (1.5,)])
report("return", unpack_in_return, [([1, 2],), ((),), ("ab",), (5,)])
report("star", subscript_star, [({(2, 1): "found"}, [2]), ({}, [2]), ({(1,): 0}, [])])
