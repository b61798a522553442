"""Truth tests that raise or answer wrongly, in every construct that tests."""

from support import define, heat, outcome


class Raises:
    def __bool__(self):
        raise ValueError("truth refused")


class NotBool:
    def __bool__(self):
        return 1


class RaisingLen:
    def __len__(self):
        raise KeyError("length refused")


class NegativeLen:
    def __len__(self):
        return -5


class HugeLen:
    def __len__(self):
        return 2**70


class FloatLen:
    def __len__(self):
        return 1.0


class NoneBool:
    __bool__ = None


class Flips:
    state = True

    def __bool__(self):
        self.state = not self.state
        return self.state


BODIES = {
    "if": "if x:\n        return 1\n    return 2",
    "if not": "if not x:\n        return 1\n    return 2",
    "while": "n = 0\n    while x:\n        n += 1\n        if n > 3:\n            break\n    return n",
    "and": "return x and 5",
    "or": "return (x or 5) == 5",
    "not": "return not x",
    "conditional": "return 1 if x else 2",
    "assert": "assert x, 'asserted'",
    "elif": "if x == 17:\n        return 0\n    elif x:\n        return 1\n    return 2",
    "bool": "return bool(x)",
    "chain": "return 1 < 2 < 3 and x is not None and (x and 1)",
    "comprehension": "return [1 for i in range(2) if x]",
    "loop": "total = 0\n    for i in range(4):\n        if x and i:\n            total += i\n    return total",
}
MAKERS = [Raises, NotBool, RaisingLen, NegativeLen, HugeLen, FloatLen, NoneBool, Flips]
for name, body in BODIES.items():
    function = define(f"def f(x):\n    {body}\n")
    heat(function, 1)
    heat(function, False)
    print(name, [outcome(function, value) for value in (1, 0, "", 0.5)])
    for make in MAKERS:
        print(name, make.__name__, outcome(function, make()))
    heat(function, Raises(), times=50)
    print(name, outcome(function, Raises()), outcome(function, [1]))
