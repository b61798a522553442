"""__code__, __defaults__ and __kwdefaults__ assigned while hot: the function keeps its identity and changes what it does."""

from support import heat, outcome


def first(a, b=1):
    return a + b


def second(a, b=1):
    return a * b


def third(a):
    return f"third {a}"


def loops(a, b=1):
    total = 0
    for i in range(a):
        total += b
    return total


def keyword(a, *, k=1):
    return a, k


def caller(a):
    return first(a)


def caller_two(a, b):
    return first(a, b)


def switch(n):
    out = []
    for i in range(n):
        if i == n - 2:
            first.__code__ = CODES["second"]
        if i == n - 1:
            first.__defaults__ = (100,)
        out.append(first(i))
    first.__code__ = CODES["first"]
    first.__defaults__ = (1,)
    return out[-3:]


def own_code(n):
    if n == 0:
        own_code.__code__ = CODES["third"]
        return "still the old code"
    return own_code(n - 1)


CODES = {f.__code__.co_name: f.__code__ for f in (first, second, third, loops, own_code)}


def everything():
    return outcome(first, 3), outcome(caller, 3), outcome(caller_two, 3, 4)


heat(caller, 3)
heat(caller_two, 3, 4)
print(everything())
for name in ("second", "loops", "third", "first"):
    first.__code__ = CODES[name]
    print(name, first.__name__, everything())
    heat(caller, 3)
    print(name, everything())
for values in ((7,), (2.5,), ("x",), None, (1, 2), ()):
    first.__defaults__ = values
    print(values, everything())
first.__defaults__ = (1,)
try:
    first.__defaults__ = [1]
except TypeError as error:
    print(error)
try:
    first.__code__ = (lambda x: lambda: x)(1).__code__
except ValueError as error:
    print(error)
heat(switch, 10)
print(outcome(switch, 10), everything())
heat(keyword, 1)
keyword.__kwdefaults__ = {"k": "changed"}
print(outcome(keyword, 1))
keyword.__kwdefaults__["k"] = "in place"
print(outcome(keyword, 1))
keyword.__kwdefaults__ = None
print(outcome(keyword, 1))
for _ in range(300):
    own_code.__code__ = CODES["own_code"]
    texts = outcome(own_code, 3), outcome(own_code, 3)
print(texts)
replaced = first.__code__.replace(co_consts=tuple(5 if c == 1 else c for c in first.__code__.co_consts), co_name="renamed")
first.__code__ = replaced
print(everything(), first.__code__ == CODES["first"], first.__code__.co_name)
