"""One code object used by several functions with different globals, defaults and closures."""

from types import FunctionType

from support import heat, outcome

SOURCE = """
def f(x, y=1):
    return helper(x) * scale + y

def loop(n):
    total = 0
    for i in range(n):
        total += helper(i) * scale
    return total
"""
code = compile(SOURCE, "<shared>", "exec")
spaces = []
for scale, helper in ((2, abs), (0.5, float), (3, lambda x: x - 1), ("ab", lambda x: x)):
    space = {"scale": scale, "helper": helper}
    exec(code, space)
    spaces.append(space)
shared = spaces[0]["f"].__code__
print([space["f"].__code__ is shared for space in spaces])
functions = [FunctionType(shared, space) for space in spaces]
for round_number in range(3):
    for i, function in enumerate(functions):
        function.__defaults__ = (i,)
        print(round_number, i, outcome(function, 5), outcome(spaces[i]["f"], 5), outcome(spaces[i]["loop"], 5))
    heat(functions[round_number], 5)
    heat(spaces[round_number]["loop"], 20)
for _ in range(300):
    values = [outcome(function, 4) for function in functions]
print(values)
del spaces[0]["scale"]
print(outcome(functions[0], 5), outcome(functions[1], 5))
spaces[1]["scale"] = 100
print(outcome(functions[0], 5), outcome(functions[1], 5))


class Globals(dict):
    def __missing__(self, key):
        return f"missing {key}"


# exec with a dict subclass as globals: functions look names up in the plain dict.
special = Globals(scale=4)
exec("def g(x):\n    return x * scale\ndef h():\n    return nothing_here\n", special)
heat(special["g"], 3)
print(outcome(special["g"], 3), outcome(special["h"]))


def make(scale):
    def inner(x):
        return x * scale

    return inner


closures = [make(value) for value in (2, 1.5, "z")]
for _ in range(100):
    values = [outcome(closure, 3) for closure in closures]
print(values)
