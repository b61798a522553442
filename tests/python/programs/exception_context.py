"""Exception state around hot functions: sys.exc_info in callees, chaining, __context__, groups, bare raise, names deleted, StopIteration."""

import sys

from support import HOT, heat, outcome, report


def current():
    kind = sys.exc_info()[0]
    return kind.__name__ if kind else None


def in_handler(x):
    before = current()
    try:
        10 // x
    except ZeroDivisionError:
        inside = current()
        try:
            {}[x]
        except KeyError:
            deeper = current()
        back = current()
    else:
        inside = deeper = back = "no error"
    return before, inside, deeper, back, current()


def bare_raise():
    raise


def bare_raise_in_handler():
    try:
        raise ValueError("original")
    except ValueError:
        bare_raise()


def raise_it(error):
    raise error


def raise_from(error, cause):
    raise error from cause


def chain_of(x):
    try:
        try:
            raise_it(KeyError(x))
        except KeyError as first:
            raise_it(ValueError(x))
    except ValueError as second:
        return repr(second.__context__), second.__cause__, second.__suppress_context__


def cause_of(cause):
    try:
        raise_from(ValueError("v"), cause)
    except (ValueError, TypeError) as error:
        return repr(error), repr(error.__cause__), error.__suppress_context__, repr(error.__context__)


def groups(*errors):
    caught = []
    try:
        raise ExceptionGroup("group", list(errors))
    except* ValueError as group:
        caught.append(("value", [str(e) for e in group.exceptions]))
    except* (TypeError, KeyError) as group:
        caught.append(("other", [type(e).__name__ for e in group.exceptions]))
    return caught


def stop(x):
    raise StopIteration(x)


def notes(x):
    try:
        raise_it(ValueError(x))
    except ValueError as error:
        error.add_note("a note")
        return error.__notes__, error.args


for _ in range(HOT):
    try:
        raise RuntimeError("outer")
    except RuntimeError:
        result = current(), in_handler(0), in_handler(1)
print(result, current())
report("in handler", in_handler, [(1,), (0,), (2.5,)])
report("bare", bare_raise, [()])
report("bare in handler", bare_raise_in_handler, [()])
report("raise", lambda which: raise_it({"type": ValueError, "value": KeyError("k"), "int": 5, "none": None, "class": int, "exit": ArithmeticError(1, 2)}[which]), [("value",), ("type",), ("int",), ("none",), ("class",), ("exit",)])
report("chain", chain_of, [(1,), ("x",), (2.5,)])
report("cause", cause_of, [(None,), (KeyError("k"),), (KeyError,), (5,)])
report("groups", groups, [(ValueError("a"), TypeError("b")), (ValueError("a"),), (KeyError(1), KeyError(2)), (OSError("o"), ValueError("v")), ()])
report("stop", stop, [(1,), (None,)])
report("notes", notes, [("n",), (1,)])


def same_exception(error, n):
    lengths = []
    for _ in range(n):
        try:
            raise_it(error)
        except ValueError as caught:
            length = 0
            tb = caught.__traceback__
            while tb:
                length += 1
                tb = tb.tb_next
            lengths.append(length)
    return lengths


heat(same_exception, ValueError("same"), 2, times=50)
print(same_exception(ValueError("same"), 5))


class Custom(Exception):
    def __init__(self, code, *, detail):
        super().__init__(code, detail)
        self.code = code


def custom(code):
    if code > 3:
        raise Custom(code, detail="d" * code)
    return code


report("custom", custom, [(1,), (5,), (3.5,), ("x",)])
print(outcome(raise_it, Custom(1, detail="x")))
