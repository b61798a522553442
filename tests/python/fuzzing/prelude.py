"""What the programs with classes, exceptions and closures start with."""

# It imports nothing: under the mode `always`, all that it imports would be compiled.
PRELUDE = '''
class Thing:
    __slots__ = ()

    def __repr__(self):
        return type(self).__name__


class Problem(Exception):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.number = len(arguments)


class Context:
    def __init__(self, log, swallows):
        self.log = log
        self.swallows = swallows

    def __enter__(self):
        return self.log

    def __exit__(self, kind, error, trace):
        if kind is not None:
            note(self.log, error)
        return self.swallows and kind is not GeneratorExit


def render(value, depth=0):
    if depth > 3:
        return type(value).__name__
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, int):
        return f"{type(value).__name__} {value:#x}"[:200]
    if isinstance(value, str):
        return repr(value[:100])
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__}{len(value)}({', '.join([render(item, depth + 1) for item in value[:14]])})"
    if isinstance(value, dict):
        return f"dict{len(value)}({', '.join([f'{key!r}: {render(value[key], depth + 1)}' for key in list(value)[:14]])})"
    if isinstance(value, (set, frozenset)):
        return f"set({', '.join(sorted([render(item, depth + 1) for item in value]))})"
    if isinstance(value, Thing):
        names = sorted([*getattr(value, "__dict__", ()), *[name for name in getattr(value, "__slots__", ()) if hasattr(value, name)]])
        return f"{type(value).__name__}({', '.join([f'{name}={render(getattr(value, name, None), depth + 1)}' for name in names])})"
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"[:200]
    return "None" if value is None else type(value).__name__


def lines_of(error):
    # Where CPython has fused the load of a missing local with a store in the line before, it names that line.
    if isinstance(error, UnboundLocalError):
        return []
    found = []
    trace = error.__traceback__
    while trace is not None:
        found.append(trace.tb_lineno)
        trace = trace.tb_next
    return found[-9:]


def note(log, error):
    text = f"{render(error)} {lines_of(error)} {type(error.__cause__).__name__} {type(error.__context__).__name__}"
    if len(log) < 10:
        log.append(text)
    else:
        log[9] = text


def tame(value):
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -(10**40) < value < 10**40 else value % 1000003
    if isinstance(value, float):
        return value if -1e40 < value < 1e40 else 0.75
    if isinstance(value, (str, list, tuple)):
        return value[:12]
    return value


def tame_all(items):
    return [tame(item) for item in items[:9]]


def counting(stop):
    number = 0
    while number < stop:
        yield number
        number += 1


def outcome(function, make):
    arguments = ()
    try:
        arguments = make()
        text = render(function(*arguments))
    except Exception as error:
        text = f"{render(error)} {lines_of(error)[1:]}"
    return f"{text} | {' '.join([render(argument) for argument in arguments])}"


def attempt(label, function, make):
    print(label, outcome(function, make), "|", render(globals().get("R0")), render(globals().get("R1")))


def drive(label, function, makers, hot):
    for _ in range(hot):
        outcome(function, makers[0])
    for number, make in enumerate(makers):
        attempt(f"{label} {number}", function, make)
    for number in range(hot // 2):
        outcome(function, makers[number % 4])
    attempt(f"{label} again", function, makers[0])


R0 = 3
R1 = 0.5


'''
