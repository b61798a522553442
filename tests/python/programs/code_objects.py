"""Code objects stay what they are when hot: bytes, equality, hash, marshal, replace, dis output, attributes of the function."""

import copy
import dis
import io
import marshal
import pickle
import types

from support import HOT, outcome


def work(n, x=1):
    """A docstring."""
    total = x
    for i in range(n):
        total += i * x
        if total > 100:
            total -= 100
    return total


def other(n, x=1):
    """A docstring."""
    total = x
    for i in range(n):
        total += i * x
        if total > 100:
            total -= 100
    return total


def text_of(function):
    stream = io.StringIO()
    dis.dis(function, file=stream)
    return stream.getvalue()


before = work.__code__.co_code, hash(work.__code__), marshal.dumps(work.__code__), text_of(work), list(work.__code__.co_lines()), work.__code__.co_consts
for _ in range(HOT):
    work(20), work(20, 0.5)
after = work.__code__.co_code, hash(work.__code__), marshal.dumps(work.__code__), text_of(work), list(work.__code__.co_lines()), work.__code__.co_consts
print([a == b for a, b in zip(before, after)])
print(work.__code__ == other.__code__, work.__code__ == work.__code__.replace(), work.__code__.replace() is work.__code__)
loaded = types.FunctionType(marshal.loads(marshal.dumps(work.__code__)), globals(), "loaded", (2,))
print(outcome(loaded, 5), outcome(loaded, 5, 0.5), outcome(work, 5))
for _ in range(HOT):
    loaded(20)
print(outcome(loaded, 20), outcome(work, 20))
changed = work.__code__.replace(co_name="changed", co_firstlineno=1000)
moved = types.FunctionType(changed, globals())
try:
    moved(5, "x")
except TypeError as error:
    tb = error.__traceback__.tb_next
    print(error, tb.tb_lineno, tb.tb_frame.f_code.co_name)
print(work.__name__, work.__qualname__, work.__doc__, work.__defaults__, work.__dict__, work.__closure__, work.__annotations__, work.__module__)
work.attribute = 5
work.__name__ = "renamed"
work.__doc__ = None
print(work.__name__, work.attribute, work.__doc__, outcome(work, 5), outcome(work))
print(pickle.loads(pickle.dumps(other)) is other, copy.deepcopy(other) is other, copy.copy(work) is work)
print(work.__call__(5), work.__get__(3)(), type(work).__name__, callable(work), isinstance(work, types.FunctionType))
duplicate = types.FunctionType(work.__code__, {"range": lambda n: [n]}, "duplicate", (10,))
duplicate.__globals__["__builtins__"] = {}
print(outcome(duplicate, 3), outcome(work, 3))
print(len(set([work, work, other])), work == other, repr(work).split(" at ")[0])
print([instruction.opname for instruction in dis.get_instructions(other)][:6])
print(sorted(name for name in dir(work) if not name.startswith("__")))
