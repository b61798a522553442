"""The opcodes of coroutines: GET_AWAITABLE, SEND, async for, with and comprehensions, async generators, everything driven by hand."""

import sys
import types
import warnings

from support import heat
from support.effects import effects, failure, tell, telling

# What is dropped before its end has no say here: when that happens is not what is tested.
warnings.simplefilter("ignore")
sys.set_asyncgen_hooks(finalizer=lambda generator: None)
sys.unraisablehook = lambda error: None


def simple(n):
    for i in range(n):
        yield i
    return "end"


class Manager:
    def __init__(self, name, suppress=False):
        self.name, self.suppress = name, suppress

    def __repr__(self):
        return f"Manager({self.name})"

    def __enter__(self):
        return tell(f"enter {self.name}", self)

    def __exit__(self, kind, value, traceback):
        return tell(f"exit {self.name} {value!r}", self.suppress)

    async def __aenter__(self):
        tell(f"aenter {self.name}")
        got = await Awaitable("enter")
        return self.name, got

    async def __aexit__(self, kind, value, traceback):
        tell(f"aexit {self.name} {value!r}")
        await Awaitable("exit")
        return self.suppress


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


class Numbers:
    def __init__(self, n, end=None):
        self.n, self.end = n, end

    def __repr__(self):
        return f"Numbers({self.n})"

    def __aiter__(self):
        return self

    async def __anext__(self):
        self.n -= 1
        if self.n < 0:
            if self.end:
                raise type(self.end)(*self.end.args)
            raise StopAsyncIteration
        return await Awaitable("next", self.n)


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


async def coroutine(x):
    got = await Awaitable("wait")
    return x, got


async def awaits(x):
    tell("before")
    got = await x
    return "got", got


async def awaits_many(x):
    total = 0
    for i in range(x):
        total += await Awaitable(i, i)
    return total


async def nested(n):
    if n == 0:
        return await Awaitable("deepest")
    return (await nested(n - 1), n)


async def managed(manager, action):
    async with manager as value:
        tell(f"body {value}")
        if isinstance(action, BaseException):
            raise type(action)(*action.args)
        if action == "return":
            return value
        await Awaitable("inside")
    return "after"


async def managed_two(first, second, action):
    async with first, second as value:
        if isinstance(action, BaseException):
            raise type(action)(*action.args)
    return value


async def managed_loop(manager, n):
    out = []
    for i in range(n):
        async with manager:
            if i == 1:
                continue
            if i == 3:
                break
            out.append(i)
    return out


async def iterates(items):
    out = []
    async for item in items:
        out.append(item)
        if item == "break":
            break
    else:
        out.append("else")
    return out


async def comprehends(make):
    return [x async for x in make()], {x: y async for x in make() for y in [await Awaitable("in", 1)]}, [x async for x in make() if x]


async def comprehends_await(n):
    return [await Awaitable(i, i) for i in range(n)], {await Awaitable("set", 5)}, sum([x async for x in (await Awaitable(i, i) for i in range(n))])


async def generates(x):
    tell("start")
    try:
        got = yield x
        tell(f"got {got!r}")
        await Awaitable("in generator")
        yield got
        async for y in Numbers(2):
            yield y
    except ValueError as error:
        tell(f"caught {error}")
        yield "handled"
    finally:
        tell("finally")
        await Awaitable("cleanup")


async def uses_generator(*script):
    out = []
    generator = generates(1)
    for action in script:
        if action == "close":
            out.append(await generator.aclose())
        elif isinstance(action, BaseException):
            out.append(await generator.athrow(type(action)(*action.args)))
        else:
            out.append(await generator.asend(action))
    async for x in generator:
        out.append(x)
    return out


async def try_await(action):
    try:
        return await Awaitable("try", error=action)
    except ValueError as error:
        return "caught", str(error)
    except BaseException:
        tell("other")
        raise
    finally:
        await Awaitable("finally")


@types.coroutine
def old_coroutine(x):
    got = yield x
    return got


awaitables = [lambda: (Awaitable(1),), lambda: (Awaitable(1, 2.5),), lambda: (Awaitable(1, error=KeyError("k")),), lambda: (coroutine(3),), lambda: (old_coroutine(4),), lambda: (simple(2),), lambda: (5,), lambda: (None,), lambda: ([],), lambda: (telling("BadAwait", **{"await": 5}),), lambda: (telling("AwaitIter", **{"await": lambda self: iter([1, 2])}),), lambda: (telling("AwaitFails", **{"await": ValueError("await")}),), lambda: (telling("AwaitCoroutine", **{"await": lambda self: old_coroutine(1)}),), lambda: (nested(3),)]
for script in ((), (None, "sent"), (None, ValueError("thrown")), (None, "close"), (None, None, 5)):
    effects(f"awaits {script} ", lambda x: drive(awaits(x), *script), awaitables)
effects("awaits many", lambda n: drive(awaits_many(n)), [(5,), (0,), (1,), ("x",)])
effects("nested", lambda n, *script: drive(nested(n), *script), [(0,), (5,), (5, None, "x"), (3, None, ValueError("v")), (3, None, "close"), (1.0,), ("x",)])
managers = [Manager("plain"), Manager("suppress", True), 5, None, telling("OnlyEnter", aenter=1), telling("OnlyExit", aexit=1), telling("BadEnter", aenter=5, aexit=5), telling("Fails", aenter=ValueError("aenter"), aexit=1), telling("EnterAwait", aenter=lambda self: Awaitable("e", 1), aexit=lambda self, *args: Awaitable("x", True)), telling("BadExit", aenter=lambda self: Awaitable("e", 1), aexit=lambda self, *args: 5), telling("ExitFails", aenter=lambda self: Awaitable("e", 1), aexit=OSError(1, "aexit"))]
actions = [1, "return", ValueError("v"), KeyboardInterrupt("i")]
effects("async with", lambda manager, action, *script: drive(managed(manager, action), *script), [(manager, action) for manager in managers for action in actions] + [(managers[0], 1, None, None, ValueError("thrown")), (managers[0], 1, None, KeyError("early")), (managers[1], 1, None, None, "close"), (managers[0], 1, None, None, None, TypeError("late"))])
effects("async with two", lambda first, second, action: drive(managed_two(first, second, action)), [(first, second, action) for first in managers[:4] for second in managers for action in actions[1:3]], rounds=1)
effects("async with loop", lambda manager, n: drive(managed_loop(manager, n)), [(managers[0], 3), (managers[0], 5), (managers[1], 0), (5, 1), (5, 0)])
iterables = [lambda: (Numbers(3),), lambda: (Numbers(0),), lambda: (Numbers(2, ValueError("end")),), lambda: (Numbers(1, StopIteration("s")),), lambda: (generates(1),), lambda: (generates("break"),), lambda: (5,), lambda: ([1],), lambda: (telling("NotIterator", aiter=5),), lambda: (telling("Coroutine", aiter=lambda self: Awaitable(1)),), lambda: (telling("BadNext", aiter=lambda self: self, anext=5),), lambda: (telling("NextFails", aiter=lambda self: self, anext=KeyError("anext")),), lambda: (telling("IterFails", aiter=KeyError("aiter")),), lambda: (telling("Stops", aiter=lambda self: self, anext=StopAsyncIteration()),), lambda: (telling("NextAwait", aiter=lambda self: self, anext=lambda self: Awaitable("a", "break")),), lambda: (telling("NextIter", aiter=lambda self: self, anext=lambda self: telling("Inner", **{"await": lambda self: iter([1])})),)]
for script in ((), (None, "sent"), (None, ValueError("thrown")), (None, "close")):
    effects(f"async for {script} ", lambda items: drive(iterates(items), *script), iterables, rounds=1)
effects("comprehends", lambda make: drive(comprehends(make)), [(lambda: Numbers(3),), (lambda: Numbers(0),), (lambda: generates(1.5),), (lambda: Numbers(1, KeyError("k")),), (lambda: [1],), (lambda: None,)])
effects("comprehends await", lambda n: drive(comprehends_await(n)), [(3,), (0,), ("x",)])
effects("async generator", lambda *script: drive(uses_generator(*script)), [(), (None,), (None, "sent"), (None, ValueError("v")), (None, KeyError("k")), ("early",), (None, "close"), ("close",), (None, None, None, None, None), (None, StopIteration("s")), (None, StopAsyncIteration("s"))])
effects("try", lambda action, *script: drive(try_await(action), *script), [(None,), (ValueError("v"),), (KeyError("k"),), (None, None, TypeError("t")), (None, None, "close"), (None, None, 5)])


def by_hand(*script):
    """An async generator driven without a loop around it: its own awaitables."""
    out = []
    generator = generates(1)
    for action in script:
        step = generator.aclose() if action == "close" else generator.athrow(type(action)(*action.args)) if isinstance(action, BaseException) else generator.asend(action)
        out.append(drive(step))
        out.append(drive(step))
    return out, generator.ag_running, generator.ag_frame is None


effects("by hand", by_hand, [(None, None, None, "close"), (None, "close"), ("close",), (5,), (None, 1.5, "x"), (None, ValueError("v"), None, None)])


def never_awaited(x):
    made = coroutine(x)
    made.close()
    return drive(made), type(made).__name__, made.cr_frame is None


def awaited_twice(x):
    made = coroutine(x)
    return drive(made), drive(made), drive(awaits(made))


effects("never awaited", never_awaited, [(1,), ("x",)])
effects("awaited twice", awaited_twice, [(1,), (1.5,)])
heat(lambda: drive(awaits_many(5)))
print(drive(awaits_many(100))[1:], [drive(nested(i)) for i in range(3)])
