"""Exception handlers in hot functions: exceptions of every origin in loops, handlers that change what locals hold, nested handlers, `finally` with every way out, `with`, groups, tracebacks, contexts, and what is handled at each moment."""

import contextlib
import sys
import traceback

from support import outcome


def lookup(table, keys):
    total = 0
    missing = 0
    for key in keys:
        try:
            total += table[key]
        except KeyError as error:
            missing += 1
            total -= len(error.args)
        except (TypeError, ValueError) as error:
            total = str(error)[:12]
    return total, missing


def raising(n, every):
    out = 0.0
    for i in range(n):
        try:
            if i % every == 0:
                raise ValueError(i)
            out += i
        except ValueError as error:
            out -= error.args[0] * 0.5
        else:
            out += 1
        finally:
            out += 0.25
    return out


def nested(values):
    log = 0
    for value in values:
        try:
            try:
                log += 10 // value
            except ZeroDivisionError:
                log += len("x" * value[0])
            finally:
                log += 1
        except TypeError as error:
            log += 100
            assert isinstance(error.__context__, ZeroDivisionError) or error.__context__ is None
    return log


def ways_out(n):
    got = []
    for i in range(n):
        try:
            if i % 5 == 0:
                continue
            if i % 7 == 0:
                raise KeyError(i)
            if i == 33:
                return "returned", got
            if i % 11 == 0:
                break
        except KeyError:
            got.append(-i)
            continue
        finally:
            got.append(i)
            if i == 200:
                return "from finally"
    return "broken", got


class Manager:
    def __init__(self, swallows):
        self.swallows = swallows
        self.seen = []

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.seen.append(kind.__name__ if kind else None)
        if value is not None and value.args == ("exit",):
            raise OSError("in exit")
        return self.swallows


def managed(n, swallows):
    manager = Manager(swallows)
    count = 0
    for i in range(n):
        with manager as entered:
            count += 1
            if i % 4 == 3:
                raise LookupError("exit" if i == 39 else i)
            count += len(entered.seen)
    return count, manager.seen[-4:]


def suppressed(n):
    total = 0
    for i in range(n):
        with contextlib.suppress(ZeroDivisionError):
            total += 6 // (i % 3)
    return total


def rethrows(n):
    kinds = set()
    for i in range(n):
        try:
            try:
                [].pop()
            except IndexError as error:
                if i % 2:
                    raise
                raise RuntimeError(i) from error
        except (IndexError, RuntimeError) as error:
            kinds.add((type(error).__name__, type(error.__cause__).__name__, type(error.__context__).__name__))
            assert sys.exc_info()[1] is error
        assert sys.exc_info()[1] is None
    return sorted(kinds)


def changing(n, values):
    x = 1
    for i in range(n):
        try:
            x = x + values[i % len(values)]
        except TypeError:
            x = float(i)
        except IndexError:
            x = None
    return x


def groups(n):
    out = []
    for i in range(n):
        try:
            raise ExceptionGroup("g", [ValueError(i), KeyError(i)][: 1 + i % 2])
        except* ValueError as group:
            out.append(len(group.exceptions))
        except* KeyError:
            out.append(0.5)
    return sum(out)


def unbound(n):
    for i in range(n):
        try:
            raise ValueError(i)
        except ValueError as error:
            pass
    return error


def lines(n):
    found = set()
    for i in range(n):
        try:
            if i % 2:
                int("x")
            else:
                {}[i]
        except (ValueError, KeyError) as error:
            found.add(tuple((step.name, step.lineno - lines.__code__.co_firstlineno) for step in traceback.extract_tb(error.__traceback__)))
            lengths = len(traceback.extract_tb(error.__traceback__))
            assert lengths == 1, lengths
    return sorted(found)


def without_loop(value):
    try:
        return 10 // value
    except ZeroDivisionError:
        return "zero"
    except TypeError as error:
        return type(error).__name__


def leaks(n):
    count = None
    for i in range(n):
        value = object()
        before = sys.getrefcount(value)
        try:
            raise ValueError(value)
        except ValueError:
            pass
        after = sys.getrefcount(value)
        if after != before:
            count = (i, before, after)
    return count


def deep(n):
    try:
        return deep(n - 1) if n else [][0]
    except IndexError as error:
        if n % 2:
            raise KeyError(n) from None
        return n
    except KeyError:
        return -n


table = {i: i for i in range(0, 100, 2)}
for keys in (range(100), [0, 2, 4], [1, 3, 5], [0, [], 2], range(0, 100, 3), [0.5, "a", None], range(300)):
    print("lookup", outcome(lookup, table, keys))
for n, every in [(100, 3), (200, 2), (50, 1), (50, 1000), (300, 7)]:
    print("raising", outcome(raising, n, every))
for values in ([1, 2, 0], [0] * 30, [5] * 50, [1.0, 0.0, 2], [True, False], ["x", 0], [0, 0, None] * 20):
    print("nested", outcome(nested, values))
for n in (30, 60, 12, 4):
    print("ways out", outcome(ways_out, n))
for swallows in (True, 1, [], False, "yes"):
    print("managed", swallows, outcome(managed, 38, swallows), outcome(managed, 60, swallows))
print("suppressed", suppressed(300))
print("rethrows", rethrows(200))
for values in ([1, 2, 3], [1, "x"], [0.5, None, 2], ["x"], [], [1 << 62, 1 << 62, 2]):
    print("changing", outcome(changing, 120, values))
print("groups", groups(60))
print("unbound", outcome(unbound, 80))
print("lines", lines(100))
print("without loop", [without_loop(value) for value in [1, 0, 2.5, "x", None, 0.0] * 30][-6:])
print("leaks", leaks(200))
print("deep", [outcome(deep, n) for n in (0, 1, 2, 3, 40, 41) * 10][-6:])
