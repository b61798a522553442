"""Objects whose special methods tell that they were called, and what a call did: effects in order, value, way of an exception."""

from itertools import islice
from types import FunctionType

from support import heat, show, without_address

TOLD = []


def tell(text, value=None):
    """Note an effect, and hand back a value."""
    TOLD.append(str(text))
    return value


def brief(value):
    """An argument as short text without addresses."""
    if issubclass(type(value), BaseException):
        return f"{type(value).__name__}({', '.join([brief(arg) for arg in value.args])})"
    if issubclass(type(value), type):
        return value.__name__
    text = without_address(repr(value))
    return text if len(text) <= 60 else f"{text[:40]}...{len(text)}"


def teller(owner, name, result):
    """A method that tells its arguments, then calls a function, raises an exception like the given one, or returns a value."""

    def method(self, *args):
        TOLD.append(f"{owner}.{name}({', '.join([brief(arg) for arg in args])})")
        if isinstance(result, BaseException):
            raise type(result)(*result.args)
        if isinstance(result, FunctionType):
            return result(self, *args)
        return result

    return method


def telling_class(class_name, base=object, **methods):
    """A class with special methods that tell."""
    space = {"__repr__": lambda self: f"<{class_name}>"}
    for name, result in methods.items():
        space[f"__{name}__"] = result if result is None else teller(class_name, name, result)
    return type(class_name, (base,), space)


def telling(class_name, **methods):
    """An instance of such a class."""
    return telling_class(class_name, **methods)()


def place(code, at, found={}):
    """Where in the source an instruction comes from: PRECALL or CALL, specialised or not, all the same."""
    if (code, at) not in found:
        line, last, column, end = next(islice(code.co_positions(), at // 2, None))
        found[code, at] = "nowhere" if line is None else f"{code.co_name}+{line - code.co_firstlineno}+{last - line}:{column}-{end}"
    return found[code, at]


def failure(error, skip=1):
    """An exception: type, message, its way to the expression, what it came from, what it consists of."""
    way = []
    tb = error.__traceback__
    while tb:
        way.append(place(tb.tb_frame.f_code, tb.tb_lasti))
        tb = tb.tb_next
    text = f"{type(error).__name__}: {without_address(str(error))} [{' '.join(way[skip:])}]"
    if isinstance(error, BaseExceptionGroup):
        text += f" {{{'; '.join([failure(part, 0) for part in error.exceptions])}}}"
    if error.__cause__:
        text += f" from ({failure(error.__cause__, 0)})"
    elif error.__context__:
        text += f" {'hiding' if error.__suppress_context__ else 'after'} ({failure(error.__context__, 0)})"
    return text


def ending(function, *args):
    """What a call does, in one line."""
    TOLD.clear()
    try:
        text = show(function(*args))
    except BaseException as error:
        text = failure(error)
    return " ".join([*TOLD, "->", text])


def effects(label, function, cases, rounds=3):
    """As `report`, with effects. A case is a tuple of arguments, or a function that makes it anew for every call."""
    made = [case if isinstance(case, FunctionType) else lambda case=case: case for case in cases]
    for _ in range(5):
        heat(lambda: ending(function, *made[0]()), times=50)
    names = [", ".join([brief(arg) for arg in make()]) for make in made]
    expected = [ending(function, *make()) for make in made]
    for name, text in zip(names, expected):
        print(f"{label}({name}) {text}")
    for number in range(rounds):
        order = range(len(made)) if number % 2 else range(len(made) - 1, -1, -1)
        for i in order:
            for _ in range(3):
                text = ending(function, *made[i]())
                if text != expected[i]:
                    print(f"UNSTABLE {label}({names[i]}) {text}")
