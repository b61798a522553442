"""Objects that compiled code only borrows: under a truth test, out of a function that is dying, of a class that loses a method."""

import types
import weakref


class Plain:
    pass


class Truth:
    def __init__(self, function):
        self.function = function

    def __bool__(self):
        return self.function()


class Noisy:
    def __del__(self):
        LOG.append("del")


LOG = []


# The subject of a match lies below a truth test that drops its last other reference.
def choose(holder, guards):
    match holder.subject:
        case _ if guards.first:
            return 1
        case _ if guards.second:
            return 4
        case _ if guards.third:
            return 2
    return 3


def truth():
    holder, guards = Plain(), Plain()
    guards.second, guards.third = False, True
    holder.subject = Noisy()
    for k in range(4000):
        guards.first = Truth((lambda: True, lambda: False)[k % 2])
        choose(holder, guards)

    def drop():
        holder.subject = None
        LOG.append("dropped")
        return True

    def drop_and_raise():
        drop()
        raise ValueError("bad")

    for guard in (drop, drop_and_raise):
        holder.subject = Noisy()
        guards.first = Truth(guard)
        LOG.clear()
        try:
            choose(holder, guards)
        except ValueError as error:
            LOG.append(str(error))
        print(LOG)


# The last function that has a code object is popped, called, and gone.
def pop_and_call(functions, x):
    return functions.pop()(x)


SOURCES = (
    "def f(x):\n    return (12345.5, 'kept only by the code object')\n",
    "def f(x):\n    if x > 0:\n        return (12345.5, 'kept only by the code object')\n    return [x, print(end='')]\n",
)


def dying_functions():
    for source in SOURCES:
        names = {}
        exec(source, names)
        code = names["f"].__code__
        names.clear()
        functions = [types.FunctionType(code, {"print": print}) for _ in range(4000)]
        del code
        while len(functions) > 1:
            pop_and_call(functions, len(functions) % 5)
        result = pop_and_call(functions, 1)
        _ = [(float(i), str(i)) for i in range(20)]
        print(result)


# A method that its class has lost dies at once, and not after the loop.
class Changing:
    pass


def other(self, i):
    return 2


def act(i, at):
    if i == at:
        Changing.method = other


def loop(holder, count, at):
    total, seen = 0, []
    for i in range(count):
        total += holder.method(i)
        act(i, at)
        seen.append(len(LOG))
    return total, seen


def lost_methods():
    def method(self, i):
        for _ in range(2):
            self.last = i
        return 1

    LOG.clear()
    Changing.method = method
    watched = weakref.ref(method, lambda _: LOG.append("dead"))
    del method
    holder = Changing()
    for _ in range(200):
        loop(holder, 100, -1)
    total, seen = loop(holder, 100, 60)
    print(total, seen.index(1), LOG, watched())


truth()
dying_functions()
lost_methods()
