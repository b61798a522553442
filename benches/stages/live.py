"""Stages of the JIT that only a running Python has. The benches `code_entry`, `side_exit` and `release` start this and ask it.

    python [-X OPTION]... live.py call FROM HOW     FROM: c or python; HOW: compiled or interpreted
    python [-X OPTION]... live.py exit WHAT         WHAT: leaves or stays
    python [-X OPTION]... live.py release WHAT      WHAT: code, compiled or interpreted

Each line on stdin is a number of iterations, answered by a line with the nanoseconds that all of them took. Where counters of the
JIT can tell, they are looked at, so that nothing else is measured than what is said; if it is, this ends with a line and status 1.
"""

import sys
import types
from collections import deque
from itertools import repeat
from time import perf_counter_ns

# Functions that are alive at once.
BATCH = 200


def fail(text):
    raise SystemExit(f"live.py {' '.join(sys.argv[1:])}: {text}")


def jit():
    """The package: not loaded where plain CPython is measured."""
    try:
        import swallow

        swallow.stats()
    except ImportError as error:
        fail(f"no JIT in {sys.executable}: {error}")
    return swallow


def counter(name):
    return sys.modules["swallow"].stats()[name]


def compiled(function):
    """The function, with native code."""
    swallow = sys.modules["swallow"]
    if not swallow.compile(function):
        fail(f"{function.__name__} is not compiled: {swallow.info(function)['reason']}")
    return function


def empty(_):
    pass


def add(number):
    return number + 1


def from_c(function, argument, count):
    """Calls from C, through the function's vectorcall slot: `map` adds the same few nanoseconds to each of them."""
    calls = map(function, repeat(argument, count))
    start = perf_counter_ns()
    deque(calls, 0)
    return perf_counter_ns() - start


def from_python(function, argument, count):
    """Calls from a loop that CPython interprets: each iteration is the call, dropping its result, and the loop's own step."""
    calls = repeat(argument, count)
    start = perf_counter_ns()
    for argument in calls:
        function(argument)
    return perf_counter_ns() - start


def call(where, how):
    """Calls of an empty function."""
    caller = {"c": from_c, "python": from_python}[where]
    if how == "interpreted":
        return lambda count: caller(empty, None, count)
    jit()
    compiled(empty)

    def measure(count):
        before = counter("entries_vectorcall") + counter("entries_hook")
        taken = caller(empty, None, count)
        entries = counter("entries_vectorcall") + counter("entries_hook") - before
        if entries < count:
            fail(f"{entries} entries into native code in {count} calls")
        return taken

    return measure


def exit_at_a_guard(what):
    """Calls from C of a function whose only guard fails each time, by -X jit-fail-guard=1, or never."""
    jit()
    # For CPython to specialise the addition.
    from_c(add, 1, 100)
    compiled(add)

    def measure(count):
        before = counter("side_exits")
        taken = from_c(add, 1, count)
        exits = counter("side_exits") - before
        if exits != (count if what == "leaves" else 0):
            fail(f"{exits} side exits in {count} calls")
        return taken

    return measure


def release(what):
    """Functions that are compiled and then lose their code, or die; or die without having had any."""
    jit()

    def batch(size):
        functions = [types.FunctionType(add.__code__.replace(co_firstlineno=1 + number), globals()) for number in range(size)]
        if what != "interpreted":
            deque(map(compiled, functions), 0)
        if what == "code":
            let_go = sys.modules["swallow._swallow"].release
            start = perf_counter_ns()
            done = [*map(let_go, functions)]
            taken = perf_counter_ns() - start
            if not all(done):
                fail("there was no code")
            return taken
        start = perf_counter_ns()
        functions.clear()
        return perf_counter_ns() - start

    return lambda count: sum(batch(min(BATCH, count - done)) for done in range(0, count, BATCH))


def main():
    kinds = {"call": call, "exit": exit_at_a_guard, "release": release}
    measure = kinds[sys.argv[1]](*sys.argv[2:])
    for line in sys.stdin:
        print(measure(int(line)), flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        # Whoever has started this says so.
        sys.exit(130)
