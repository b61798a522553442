"""What the conformance programs share: making functions hot and printing what calls do, exactly and repeatably."""

HOT = 250


def show(value):
    """A value as text with its exact type; floats to the last bit."""
    kind = type(value)
    if kind is float:
        return f"float {value!r} {value.hex()}"
    if kind is complex:
        return f"complex {value!r} {value.real.hex()} {value.imag.hex()}"
    if kind is list or kind is tuple:
        return f"{kind.__name__}({', '.join([show(item) for item in value])})"
    return f"{kind.__name__} {without_address(repr(value))}"


def without_address(text):
    """The text of a repr without the address in it."""
    before, found, after = text.partition(" at 0x")
    return f"{before} at ...{after.lstrip('0123456789abcdef')}" if found else text


def outcome(function, *args):
    """What a call does: the value, or the type and message of the exception."""
    try:
        value = function(*args)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return show(value)


def heat(function, *args, times=HOT):
    """Call a function until it must be hot; exceptions are part of it."""
    for _ in range(times):
        try:
            function(*args)
        except Exception:
            pass


def report(label, function, cases, rounds=3):
    """Make the function hot with the first case, then print what it does with each, and check that every round agrees."""
    heat(function, *cases[0])
    expected = [outcome(function, *case) for case in cases]
    for case, text in zip(cases, expected):
        print(f"{label}{case!r} -> {text}")
    for number in range(rounds):
        order = range(len(cases)) if number % 2 else range(len(cases) - 1, -1, -1)
        for i in order:
            text = outcome(function, *cases[i])
            if text != expected[i]:
                print(f"UNSTABLE {label}{cases[i]!r} -> {text}")


def define(source, name="f", **names):
    """A function made from source: its own code object, so its own type feedback."""
    space = dict(names)
    exec(compile(source, f"<{name}>", "exec"), space)
    return space[name]
