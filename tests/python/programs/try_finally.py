"""try, except, else, finally and with inside hot functions: values, order, break and return through finally, nested and re-raised."""

from support import heat, report

log = []


class Manager:
    def __init__(self, name, swallow=False):
        self.name = name
        self.swallow = swallow

    def __enter__(self):
        log.append(f"enter {self.name}")
        return self.name

    def __exit__(self, kind, value, tb):
        log.append(f"exit {self.name} {kind.__name__ if kind else None}")
        return self.swallow


def order(x):
    steps = []
    try:
        steps.append("try")
        10 // x
    except ZeroDivisionError:
        steps.append("zero")
    except (TypeError, ValueError) as error:
        steps.append(type(error).__name__)
    else:
        steps.append("else")
    finally:
        steps.append("finally")
    return steps


def returns(x):
    try:
        return 10 // x
    finally:
        log.append("finally")


def finally_wins(x):
    try:
        return 10 // x
    finally:
        return "finally"  # noqa: B012


def break_through(n):
    out = []
    for i in range(n):
        try:
            if i == 3:
                break
            if i == 1:
                continue
            out.append(i)
        finally:
            out.append(f"f{i}")
    return out


def nested(x):
    try:
        try:
            return 10 // x
        except ZeroDivisionError:
            raise ValueError("inner") from None
        finally:
            log.append("inner finally")
    except ValueError as error:
        return f"caught {error}"
    finally:
        log.append("outer finally")


def reraised(x):
    try:
        return 10 // x
    except Exception:
        log.append("noted")
        raise


def loop_with_try(items):
    total = 0
    errors = 0
    for item in items:
        try:
            total += 100 // item
        except ZeroDivisionError:
            errors += 1
        except TypeError:
            return "type error", total
    return total, errors


def with_block(x):
    with Manager("one") as name, Manager("two", True):
        return name, 10 // x
    return "swallowed"


def with_loop(n):
    total = 0
    for i in range(n):
        with Manager("loop", True):
            total += 10 // (i - 2)
    return total


def finally_changes(x):
    value = x
    try:
        value += 1
        value = 10 // (value - 1)
    finally:
        value = (value, "changed")
        log.append(value)
    return value


def generator_exit(x):
    def generate():
        try:
            yield 1
            yield 10 // x
        finally:
            log.append("generator closed")

    out = []
    for value in generate():
        out.append(value)
        if x == 2:
            break
    return out


def calls(function, x):
    log.clear()
    try:
        result = function(x)
    finally:
        log.append("after")
    return result, list(log)


for function in (order, returns, finally_wins, nested, reraised, with_block, finally_changes, generator_exit):
    heat(calls, function, 5)
    report(function.__name__, lambda x, f=function: calls(f, x), [(5,), (0,), ("x",), (2.5,), (2,), (None,), (10**30,)])
    log.clear()
report("break", break_through, [(5,), (3,), (0,), (2,)])
report("loop", loop_with_try, [([1, 2, 0, 4],), ([],), ([1, "x"],), ([0, 0],), ([2.5, 1],), ([10**30],)])
report("with loop", lambda n: calls(with_loop, n), [(5,), (2,), (3,), (0,)])
