"""Functions redefined, deleted or replaced by other callables while their callers are hot, also from inside the loop and from themselves."""

from support import heat, outcome


def helper(x):
    return x + 1


def caller(x):
    return helper(x) * 2


def loop(n):
    total = 0
    for i in range(n):
        if i == n - 3:
            redefine("float")
        if i == n - 1:
            redefine("string")
        total = add(total, i)
    return total


def redefine(how):
    global add
    if how == "int":
        add = lambda a, b: a + b
    elif how == "float":
        add = lambda a, b: a + b + 0.5
    else:
        add = lambda a, b: f"{a} and {b}"


def self_replacing(n):
    global self_replacing
    if n == 0:
        self_replacing = lambda n: "replaced"
        return "old"
    return self_replacing(n - 1)


def add(a, b):
    return a + b


heat(caller, 5)
print(outcome(caller, 5))


def helper(x):
    return x - 1


print(outcome(caller, 5))
for helper in (float, str, lambda x: [x], abs, max, int.__neg__, dict, None, 5):
    print(outcome(caller, 5))
del helper
print(outcome(caller, 5))


def helper(x, y=3):
    return x * y


print(outcome(caller, 5))


def helper():
    return 1


print(outcome(caller, 5))


def helper(*args):
    return len(args)


print(outcome(caller, 5))


def helper(x):
    yield x


print(outcome(caller, 5))


async def helper(x):
    return x


import warnings  # noqa: E402

warnings.simplefilter("ignore")
print(outcome(caller, 5))


class helper:  # noqa: N801
    def __init__(self, x):
        self.x = x

    def __mul__(self, other):
        return ("instance", self.x, other)


print(outcome(caller, 5))
helper.__mul__ = lambda self, other: "changed"
print(outcome(caller, 5))
for _ in range(300):
    redefine("int")
    result = loop(10)
print(result)
original = self_replacing
for _ in range(300):
    self_replacing = original
    texts = (self_replacing(3), self_replacing(3))
print(texts)
