"""The opcodes of exceptions: PUSH_EXC_INFO, CHECK_EXC_MATCH, CHECK_EG_MATCH, PREP_RERAISE_STAR, RERAISE, RAISE_VARARGS, POP_EXCEPT, with statements."""

import sys

from support.effects import TOLD, effects, failure, tell, telling


def current():
    error = sys.exc_info()[1]
    return error and repr(error)


def run(action):
    """Raise what is asked for, or return a value."""
    if isinstance(action, BaseException):
        raise type(action)(*action.args)
    if isinstance(action, type) and issubclass(action, BaseException):
        raise action
    return action


def raise_value(x):
    raise x


def raise_from(x, cause):
    raise x from cause


def raise_nothing():
    raise


def raise_again(action):
    try:
        run(action)
    except ValueError:
        tell(current())
        raise
    except (KeyError, TypeError) as error:
        tell(repr(error))
        raise error
    except ArithmeticError as error:
        raise RuntimeError("replaced") from error
    except OSError:
        raise RuntimeError("replaced") from None
    except LookupError:
        run(TypeError("in handler"))
    return "none"


def catch(action):
    try:
        value = run(action)
    except ZeroDivisionError:
        return "zero", current()
    except (ValueError, (KeyError, OSError)):
        return "several", current()
    except Exception as error:
        return "exception", repr(error), current()
    except:
        return "bare", current()
    else:
        tell("else")
    return value, current()


def catch_value(action, kinds):
    try:
        run(action)
    except kinds as error:
        return "caught", repr(error)
    return "nothing"


def catch_computed(action):
    try:
        run(action)
    except tell("first", KeyError):
        return 1
    except tell("second", (ValueError, TypeError)):
        return 2


def name_deleted(action):
    error = "before"
    try:
        run(action)
    except ValueError as error:
        pass
    return error


def name_reassigned(action):
    try:
        run(action)
    except ValueError as error:
        del error
    except TypeError as error:
        error = "assigned"
        tell(error)
    try:
        return error
    except UnboundLocalError as unbound:
        return str(unbound)


def finally_order(action, other):
    try:
        tell("try")
        run(action)
    except ValueError:
        tell("except")
        run(other)
    else:
        tell("else")
        run(other)
    finally:
        tell(f"finally {current()}")
    return "end"


def finally_returns(action):
    try:
        return run(action)
    finally:
        if action == 1 or isinstance(action, KeyError):
            return "finally"


def finally_in_loop(actions):
    out = []
    for action in actions:
        try:
            run(action)
            if action == "continue":
                continue
            if action == "break":
                break
            out.append(action)
        except ValueError:
            out.append("value")
            continue
        except TypeError:
            break
        finally:
            out.append("finally")
            if action == "forget":
                continue
            if isinstance(action, KeyError):
                break
    else:
        out.append("else")
    return out


def nested(action, inner, last):
    try:
        try:
            run(action)
        except ValueError:
            tell(current())
            try:
                run(inner)
            except KeyError:
                tell(current())
                run(last)
            finally:
                tell(f"inner {current()}")
        finally:
            tell(f"middle {current()}")
    except TypeError as error:
        return failure(error, 0)
    finally:
        tell(f"outer {current()}")
    return "end", current()


def loop(actions):
    out = []
    for action in actions:
        try:
            out.append(run(action))
        except Exception as error:
            out.append(str(error))
            caught = error
    return out, "caught" in locals() and repr(caught.__context__)


def deep(n, action):
    if n == 0:
        return run(action)
    try:
        return deep(n - 1, action)
    except KeyError:
        raise ValueError(n)
    finally:
        tell(n)


def with_one(manager, action):
    with manager:
        tell("body")
        run(action)
        return "returned"
    return "suppressed", current()


def with_as(manager, action):
    with manager as value:
        run(action)
    return value


def with_two(first, second, action):
    with first as a, second as b:
        tell(f"body {a} {b}")
        run(action)
    return "after"


def with_target(manager, holder):
    with manager as holder[0], manager as (a, *b):
        pass
    return a, b, holder


def with_loop(manager, actions):
    out = []
    for action in actions:
        with manager:
            if action == "continue":
                continue
            if action == "break":
                break
            run(action)
            out.append(action)
        out.append("after")
    else:
        out.append("else")
    return out


def with_finally(manager, action):
    try:
        with manager:
            try:
                run(action)
            finally:
                tell(f"inner {current()}")
    except Exception as error:
        return failure(error, 0)
    finally:
        tell(f"outer {current()}")
    return "end"


def groups(action):
    out = []
    try:
        run(action)
    except* ValueError as group:
        out.append(("value", [repr(error) for error in group.exceptions], current()))
    except* (KeyError, TypeError) as group:
        out.append(("others", [repr(error) for error in group.exceptions]))
    except* OSError:
        tell("os")
        raise
    else:
        out.append("else")
    finally:
        tell(f"finally {current()}")
    return out


def groups_raise(action, other, again):
    try:
        run(action)
    except* ValueError as group:
        tell(f"value {len(group.exceptions)}")
        run(other)
    except* TypeError as group:
        if again:
            raise group
        raise KeyError("from type") from group


def groups_nested(action):
    try:
        try:
            run(action)
        except* ValueError:
            tell("inner value")
    except* TypeError as group:
        tell(f"outer {group!r}")
        try:
            raise group
        except* TypeError as again:
            same = again is group, repr(again)
    return "end", "same" in locals() and same


def groups_kinds(action, kinds):
    try:
        run(action)
    except* kinds as group:
        return_value = repr(group)
    return return_value


def groups_loop(actions):
    out = []
    for action in actions:
        try:
            run(action)
        except* ValueError as group:
            out.append(len(group.exceptions))
        except* Exception:
            out.append("other")
    return out


def in_outer(function, *args):
    try:
        raise LookupError("outer")
    except LookupError:
        return function(*args)


def assertion(x, message):
    try:
        assert x, message
    except AssertionError as error:
        return repr(error), show_args(error)
    return "passed"


def show_args(error):
    return [type(arg).__name__ for arg in error.args]


class Odd(Exception):
    def __new__(cls, *args):
        return 5 if args == ("not",) else super().__new__(cls, *args)


class FailingException(Exception):
    def __init__(self, *args):
        raise OSError(3, "init")


class Meta(type):
    def __instancecheck__(cls, instance):
        return tell("instancecheck", True)

    def __subclasscheck__(cls, kind):
        return tell("subclasscheck", True)


class Matches(Exception, metaclass=Meta):
    pass


class BadArgs(Exception):
    def __init__(self, a, b):
        super().__init__(a)


class Manager:
    def __init__(self, name, suppress=False, enter=None, leave=None):
        self.name, self.suppress, self.enter, self.leave = name, suppress, enter, leave

    def __repr__(self):
        return f"Manager({self.name})"

    def __enter__(self):
        tell(f"enter {self.name}")
        run(self.enter)
        return self.name

    def __exit__(self, kind, value, traceback):
        tell(f"exit {self.name} {kind and kind.__name__} {value!r} {traceback is not None} {current()}")
        run(self.leave)
        return self.suppress


class NoExit:
    def __enter__(self):
        return 1


class NoEnter:
    def __exit__(self, *args):
        return 1


actions = [1, "x", ValueError("v"), KeyError("k"), TypeError("t"), ZeroDivisionError("z"), OSError(2, "o"), IndexError, AttributeError("a"), KeyboardInterrupt("i"), SystemExit(3), GeneratorExit(), StopIteration(5), UnicodeDecodeError("utf-8", b"x", 0, 1, "u"), RecursionError("r")]
for function in (raise_again, catch, catch_computed, name_deleted, name_reassigned, finally_returns):
    effects(function.__name__, function, [(action,) for action in actions])
raisable = [lambda: (ValueError("v"),), lambda: (ValueError,), lambda: (KeyError("k", 1),), lambda: (5,), lambda: (None,), lambda: ("x",), lambda: (int,), lambda: (BadArgs,), lambda: (BadArgs(1, 2),), lambda: (Odd("not"),), lambda: (Odd,), lambda: (FailingException,), lambda: (StopIteration(1),), lambda: (KeyboardInterrupt,), lambda: (ExceptionGroup("g", [ValueError(1)]),), lambda: (ExceptionGroup,), lambda: ([ValueError],)]
effects("raise", raise_value, raisable)
effects("raise from", raise_from, [lambda: (ValueError("v"), KeyError("k")), lambda: (ValueError, KeyError), lambda: (ValueError("v"), None), lambda: (ValueError("v"), 5), lambda: (5, KeyError("k")), lambda: (ValueError("v"), BadArgs), lambda: (BadArgs, 5), lambda: (ValueError("v"), FailingException), lambda: (ValueError("v"), int)])
effects("raise nothing", raise_nothing, [()])
not_kinds = [ValueError, Exception, (), (KeyError, ValueError), 5, int, (ValueError, 5), (5, ValueError), ((ValueError,),), "x", None, Matches, BaseException, [ValueError]]
effects("catch value", catch_value, [(ValueError("v"), kinds) for kinds in not_kinds] + [(1, 5), (KeyError("k"), ValueError), (KeyError("k"), 5), (OSError(2, "o"), FileNotFoundError), (IndexError("i"), LookupError)])
effects("finally", finally_order, [(a, b) for a in (1, ValueError("v"), KeyError("k")) for b in (1, TypeError("t"), ValueError("w"))])
effects("loop", loop, [([1, 2, 3],), ([ValueError("a"), 1, KeyError("b")],), ([],), ([TypeError("x")] * 5,), ([KeyboardInterrupt("stop")],), (5,)])
effects("finally in loop", finally_in_loop, [([1, 2],), ([1, "continue", 2],), ([1, "break", 2],), ([ValueError("v"), 1],), ([TypeError("t"), 1],), ([KeyError("k"), 1],), ([OSError(1, "o"), 1],), (["forget", 1],), ([],), (5,)])
effects("nested", nested, [(a, b, c) for a in (1, ValueError("v"), TypeError("t")) for b in (1, KeyError("k"), TypeError("u")) for c in (1, TypeError("w"), OSError(5, "o"))])
effects("deep", deep, [(5, 1), (5, ValueError("v")), (3, KeyError("k")), (0, KeyError("k")), (3, "x")])
managers = [Manager("plain"), Manager("suppress", True), Manager("one", 1), Manager("empty", []), Manager("truth", telling("Truth", bool=ValueError("truth"))), Manager("enter", enter=KeyError("enter")), Manager("leave", leave=OSError(1, "leave")), Manager("same", leave=ValueError("v")), NoExit(), NoEnter(), 5, None, telling("Special", enter="entered", exit=lambda self, *args: tell(f"special {len(args)}", True))]
few = [1, ValueError("v"), KeyboardInterrupt("i"), StopIteration(1)]
for function in (with_one, with_as, with_finally):
    effects(function.__name__, function, [(manager, action) for manager in managers for action in few])
effects("with two", with_two, [(first, second, action) for first in managers[:8] for second in managers[:9] for action in (1, TypeError("t"))], rounds=1)
effects("with target", with_target, [lambda: (Manager("abc"), [0]), lambda: (Manager("x"), [0]), lambda: (Manager(""), [0]), lambda: (Manager("abc"), []), lambda: (Manager("abc", True), []), lambda: (Manager(5), [0])])
effects("with loop", with_loop, [(Manager("plain"), [1, "continue", 2]), (Manager("plain"), [1, "break", 2]), (Manager("suppress", True), [1, ValueError("v"), 2]), (Manager("plain"), [1, ValueError("v")]), (Manager("leave", leave=KeyError("l")), ["continue"]), (Manager("enter", enter=KeyError("e")), [1]), (5, [1]), (5, [])])
group = ExceptionGroup
raised = [1, ValueError("v"), KeyError("k"), OSError(1, "o"), IndexError("i"), group("g", [ValueError("a"), TypeError("b")]), group("g", [OSError(1, "o"), ValueError("a"), IndexError("i")]), group("deep", [group("inner", [ValueError(1), KeyError(2)]), group("other", [ValueError(3)])]), BaseExceptionGroup("base", [KeyboardInterrupt("k"), ValueError("v")]), KeyboardInterrupt("k"), group("only", [IndexError(1)])]
effects("groups", groups, [(action,) for action in raised])
effects("groups raise", groups_raise, [(action, other, again) for action in raised for other in (1, KeyError("new"), ValueError("new"), group("new", [IndexError(1)])) for again in (0, 1)], rounds=1)
effects("groups nested", groups_nested, [(action,) for action in raised])
effects("groups kinds", groups_kinds, [(action, kinds) for action in raised[:7] for kinds in (ValueError, (KeyError, TypeError), Exception, 5, group, (group, ValueError), (), BaseExceptionGroup, int)], rounds=1)
effects("groups loop", groups_loop, [([1, 2],), ([ValueError("v"), group("g", [ValueError(1), ValueError(2)]), KeyError(1)],), ([KeyboardInterrupt("k")],), ([group("mixed", [ValueError(1), OSError(1, "x")])],)])
effects("assertion", assertion, [(1, "m"), (0, "m"), (0, (1, 2)), (None, None), ("", ValueError("v")), (telling("Bool", bool=KeyError("b")), 1)])
effects("context", lambda x: (current(), catch(x), current()), [(ValueError("v"),), (1,)])
effects("in handler", in_outer, [(raise_nothing,), (raise_again, ValueError("v")), (raise_again, KeyError("k")), (raise_again, OSError(1, "o")), (raise_again, 1)])
effects("in handler with", in_outer, [(with_one, Manager("m", True), ValueError("v")), (with_one, Manager("m"), 1), (with_one, Manager("m"), KeyError("k"))])
effects("in handler groups", in_outer, [(groups, group("g", [OSError(1, "o"), ValueError("a")])), (groups, 1)])
print(current(), len(TOLD) < 100)
