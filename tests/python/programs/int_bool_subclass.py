"""Bools and subclasses of int in arithmetic: the types of the results, overridden operators, reflected ones."""

from support import define, report


class Plain(int):
    pass


class Loud(int):
    def __add__(self, other):
        return f"Loud.__add__({int(self)}, {int(other)})"

    def __radd__(self, other):
        return f"Loud.__radd__({int(self)}, {int(other)})"

    def __lt__(self, other):
        return "lt"

    def __bool__(self):
        return int(self) < 0

    def __neg__(self):
        return "neg"

    def __index__(self):
        return 1


OPERATORS = ["+", "-", "*", "//", "%", "/", "**", "<<", ">>", "&", "|", "^", "<", "<=", "==", "!=", ">", ">="]
PAIRS = [(5, 3), (True, True), (True, 3), (5, False), (Plain(5), 3), (5, Plain(3)), (Plain(5), Plain(3)), (Loud(5), 3), (5, Loud(3)), (Loud(5), Loud(3))]
for operator in OPERATORS:
    function = define(f"def f(a, b):\n    return a {operator} b\n")
    report(f"{operator} ", function, PAIRS)
    in_place = define(f"def f(a, b):\n    a {operator}= b\n    return a\n") if operator[0] not in "<=!>" else None
    if in_place:
        report(f"{operator}= ", in_place, PAIRS[1:])


def unary(a):
    return -a, +a, ~a, not a


def truth(a):
    return "true" if a else "false"


def loop(a):
    n = 0
    while a:
        a -= 1
        n += 1
        if n > 20:
            break
    return n


def index(a):
    return [10, 20, 30, 40, 50, 60][a]


for function in (unary, truth, loop, index):
    report(function.__name__, function, [(5,), (True,), (False,), (Plain(3),), (Loud(2),), (0,)])


def counting(flags):
    total = 0
    for flag in flags:
        total += flag
    return total


report("counting", counting, [([True, False, True],), ([],), ([True],), ([Plain(2), True, 1.5],), ([False, False],)])
