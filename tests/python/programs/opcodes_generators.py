"""The opcodes of generators: RETURN_GENERATOR, YIELD_VALUE, GET_YIELD_FROM_ITER, SEND, JUMP_BACKWARD_NO_INTERRUPT, with send, throw and close."""

import inspect
import sys
import warnings

from support.effects import effects, failure, tell, telling


# What is dropped before its end has no say here: when that happens is not what is tested.
warnings.simplefilter("ignore")
sys.set_asyncgen_hooks(finalizer=lambda generator: None)
sys.unraisablehook = lambda error: None


def simple(n):
    for i in range(n):
        yield i
    return "end"


def empty():
    return
    yield


def receiving(x):
    received = []
    while x:
        got = yield x
        received.append(got)
        x -= 1
    return received


def guarded(x):
    try:
        tell("start")
        got = yield x
        tell(f"got {got!r}")
        yield got
    except ValueError as error:
        tell(f"caught {error}")
        yield "handled"
    except GeneratorExit:
        tell("exit")
        raise
    finally:
        tell(f"finally {sys.exc_info()[0] and sys.exc_info()[0].__name__}")


def stubborn(x):
    try:
        yield x
    except GeneratorExit:
        yield "still here"


def swallowing(x):
    try:
        yield x
    except GeneratorExit:
        return


def delegating(inner):
    tell("before")
    result = yield from inner
    tell(f"result {result!r}")
    return "outer", result


def twice(make):
    first = yield from make()
    second = yield from make()
    return first, second


def deep(n):
    if n:
        value = yield from deep(n - 1)
        return value + 1
    got = yield "bottom"
    return got


def yields_in_expressions(a):
    x = (yield a) + (yield a + 1)
    y = [(yield x), *((yield "star"),)]
    return x, y, f"{(yield 'format')}", (yield) or "none"


def raising_stop(x):
    yield x
    raise StopIteration("inner")


def stop_from_next(iterator):
    yield next(iterator)
    yield next(iterator)


def in_handler(x):
    try:
        raise KeyError(x)
    except KeyError:
        tell(repr(sys.exc_info()[1]))
        got = yield 1
        tell(repr(sys.exc_info()[1]))
        if got == "raise":
            raise
    yield repr(sys.exc_info()[1])


def with_manager(x):
    with Manager("generator"):
        yield x
        yield x + 1


def closure(x):
    def inner():
        nonlocal x
        while x < 5:
            x += 1
            yield x

    return list(inner()), x


def expression(items):
    return list(x * 2 for x in items if x), sum(x for x in items), tuple((x, y) for x in items for y in items)


def expression_eager(items):
    made = (tell("element", x) for x in tell("iterable", items))
    tell("made")
    return next(made, "none"), list(made)


class Manager:
    def __init__(self, name, suppress=False):
        self.name, self.suppress = name, suppress

    def __repr__(self):
        return f"Manager({self.name})"

    def __enter__(self):
        return tell(f"enter {self.name}", self)

    def __exit__(self, kind, value, traceback):
        return tell(f"exit {self.name} {value!r}", self.suppress)


class Awaitable:
    def __init__(self, value, result=None, error=None):
        self.value, self.result, self.error = value, result, error

    def __repr__(self):
        return f"Awaitable({self.value!r})"

    def __await__(self):
        got = yield self.value
        if self.error:
            raise type(self.error)(*self.error.args)
        return self.result if self.result is not None else got


def drive(generator, *actions):
    """Send, throw or close as told, then run to the end; every value and how it ended."""
    out = []
    try:
        for action in actions:
            if action == "close":
                out.append(generator.close())
            elif isinstance(action, (BaseException, type)):
                out.append(generator.throw(type(action)(*action.args) if isinstance(action, BaseException) else action))
            else:
                out.append(generator.send(action))
        while len(out) < 30:
            out.append(generator.send(None))
    except StopIteration as stop:
        return out, "returned", stop.value
    except BaseException as error:
        return out, failure(error, 0)
    return out, "not ended"


def driven(function):
    return lambda *args: drive(function(args[0]), *args[1:])


scripts = [(), (None,), (None, "sent"), (None, 2.5, 3), ("early",), (None, ValueError("thrown")), (ValueError("at start"),), (None, KeyError("other")), (None, "close"), ("close",), (None, GeneratorExit()), (None, KeyError), (None, StopIteration("thrown")), (None, None, "close", None), (None, int)]
for function, argument in ((simple, 3), (receiving, 3), (guarded, 1), (stubborn, 1), (swallowing, 1), (raising_stop, 1), (in_handler, 1), (with_manager, 1), (deep, 5)):
    effects(function.__name__, driven(function), [(argument, *script) for script in scripts])
effects("kinds", driven(receiving), [(2,), (1.5, 1, 2), (True,), (0,), ("x", 1), (None,), (2.0, None, "a", "b")])
effects("empty", lambda *script: drive(empty(), *script), scripts)
inners = [lambda: simple(3), lambda: guarded(1), lambda: stubborn(1), lambda: [1, 2], lambda: "ab", lambda: range(2), lambda: (), lambda: 5, lambda: None, lambda: iter([1]), lambda: empty(), lambda: telling("Iterates", iter=lambda self: iter([7])), lambda: telling("IterFails", iter=KeyError("iter")), lambda: telling("NextFails", iter=lambda self: self, next=KeyError("next")), lambda: telling("Full", iter=lambda self: self, next="n"), lambda: raising_stop(1), lambda: coroutine(1), lambda: {1: 2}, lambda: delegating(simple(2))]


class Sender:
    def __init__(self, with_close=True):
        if with_close:
            self.close = lambda: tell("closed")

    def __iter__(self):
        return self

    def __next__(self):
        return tell("next", 1)

    def send(self, value):
        if value == "stop":
            raise StopIteration("stopped")
        return tell(f"send {value!r}", 2)

    def throw(self, *args):
        tell(f"throw {args[0] if isinstance(args[0], type) else repr(args[0])}")
        raise StopIteration("thrown")


async def coroutine(x):
    got = await Awaitable("wait")
    return x, got


for script in scripts:
    effects(f"delegating {script} ", lambda make: drive(delegating(make()), *script), [(make,) for make in inners], rounds=1)
effects("sender", lambda *script: drive(delegating(Sender()), *script), [*scripts, (None, "stop"), (None, 1, "stop")])
effects("sender without close", lambda *script: drive(delegating(Sender(False)), *script), scripts)
effects("twice", lambda make: drive(twice(make)), [(lambda: simple(2),), (lambda: [1.5],), (lambda: "x",), (lambda: 5,), (empty,), (lambda: telling("Fails", iter=ValueError("iter")),)])
effects("expressions", lambda *script: drive(yields_in_expressions(script[0]), *script[1:]), [(1, None, 2, 3), (1.5, None, 2, 3.5), (1, None, "a", "b"), (1, None, 1, "b"), ("x",), (1, None, 5, 6, "y", "z", "f", 0)])
effects("stop from next", lambda items: drive(stop_from_next(iter(items))), [([1, 2],), ([1],), ([],), ("ab",)])
effects("closure", closure, [(1,), (2.5,), (9,), ("x",)])
effects("expression", expression, [([1, 2, 0],), ((1.5, 2),), (range(3),), ([],), (5,), (["a"],), ([None, 1],)])
effects("eager", expression_eager, [([1, 2],), ([],), (5,), ("ab",), (telling("IterFails", iter=KeyError("iter")),)])


def partial_use(n, stop):
    taken = []
    generator = simple(n)
    for x in generator:
        if x == stop:
            break
        taken.append(x)
    return taken, list(generator), inspect.getgeneratorstate(generator), generator.gi_frame is None, generator.gi_running


def reentered(x):
    generator = None

    def run():
        yield generator.send(None)

    generator = run()
    return next(generator)


def closed_then_used(x):
    generator = guarded(x)
    first = next(generator)
    generator.close()
    return first, next(generator, "default"), list(generator), generator.close()


def interleaved(a, b):
    out = []
    for x, y in zip(simple(a), receiving(b)):
        out.append((x, y))
    first, second = simple(a), simple(b)
    for x in first:
        out.append(x + next(second, 100))
    return out


def unpacked(n):
    a, *b = simple(n)
    c, d, e = simple(3)
    return a, b, c + d + e, [*simple(n), *simple(2)], max(simple(n)), 1 in simple(n)


effects("partial", partial_use, [(5, 2), (5, 10), (0, 0), (3, 0), (5, 2.0), ("x", 1)])
effects("reentered", reentered, [(1,), ("x",)])
effects("closed", closed_then_used, [(1,), (2.5,), ("x",)])
effects("interleaved", interleaved, [(3, 3), (2, 5), (5, 2), (0, 3), (3, 1.5), ("x", 1)])
effects("unpacked", unpacked, [(3,), (1,), (0,), ("x",)])
