"""Calls of Python functions with defaults, keywords, *args and **kwargs; every wrong call and its message."""

from support import heat, outcome, report


def plain(a, b):
    return a, b


def defaults(a, b=2, c="three"):
    return a, b, c


def keyword_only(a, *, b, c=3):
    return a, b, c


def positional_only(a, b=2, /, c=3):
    return a, b, c


def star(a, *rest):
    return a, rest


def double_star(a, **named):
    return a, sorted(named.items())


def everything(a, b=2, /, c=3, *rest, d, e=5, **named):
    return a, b, c, rest, d, e, sorted(named.items())


def mutable_default(item, items=[]):  # noqa: B006
    items.append(item)
    return len(items)


def no_arguments():
    return "none"


CALLS = {
    "plain": ["plain(1, 2)", "plain(b=1, a=2)", "plain(1, b=2)", "plain(1)", "plain()", "plain(1, 2, 3)", "plain(1, a=2)", "plain(1, 2, z=3)", "plain(*[1, 2])", "plain(*[1])", "plain(**{'a': 1, 'b': 2})", "plain(*[1], **{'b': 3})", "plain(1, *[2, 3])"],
    "defaults": ["defaults(1)", "defaults(1, 5)", "defaults(1, 5, 6)", "defaults(1, c=6)", "defaults(c=1, a=2)", "defaults()", "defaults(b=1)", "defaults(1, 2, 3, 4)", "defaults(*(), **{'a': 1})"],
    "keyword_only": ["keyword_only(1, b=2)", "keyword_only(1, b=2, c=4)", "keyword_only(1)", "keyword_only(1, 2)", "keyword_only(b=1, a=2)", "keyword_only()", "keyword_only(1, b=2, d=3)", "keyword_only(1, 2, b=3)"],
    "positional_only": ["positional_only(1)", "positional_only(1, 2, 3)", "positional_only(1, c=5)", "positional_only(1, b=5)", "positional_only(a=1)", "positional_only(1, 2, c=3)"],
    "star": ["star(1)", "star(1, 2, 3)", "star()", "star(1, *range(3))", "star(*'abc')", "star(a=1)", "star(*[], *[1], *[2])", "star(1, rest=2)", "star(*5)", "star(1, *None)"],
    "double_star": ["double_star(1)", "double_star(1, x=2, y=3)", "double_star(1, **{'z': 4})", "double_star(a=1)", "double_star(1, **{'a': 2})", "double_star(1, 2)", "double_star(1, **{5: 6})", "double_star(1, **5)", "double_star(1, x=1, **{'x': 2})"],
    "everything": ["everything(1, d=4)", "everything(1, 2, 3, 4, 5, d=6, e=7, f=8)", "everything(1)", "everything(d=1)", "everything(1, d=2, a=3)", "everything(1, d=2, c=9, b=8)", "everything(*range(6), **{'d': 1, 'zz': 2})"],
    "no_arguments": ["no_arguments()", "no_arguments(1)", "no_arguments(x=1)", "no_arguments(*[])", "no_arguments(**{})", "no_arguments(*[1])"],
}
space = dict(globals())
for name, calls in CALLS.items():
    for number, call in enumerate(calls):
        exec(f"def caller_{name}_{number}():\n    return {call}\n", space)
        caller = space[f"caller_{name}_{number}"]
        heat(caller, times=60)
        print(call, "->", outcome(caller))

for _ in range(300):
    mutable_default(1)
print(mutable_default(1), mutable_default(1, []))


def through(f, *args, **kwargs):
    return f(*args, **kwargs)


heat(through, plain, 1, 2)
print(outcome(through, plain, 1, 2), outcome(through, plain, 1), outcome(through, max, 3, 4), outcome(through, dict))
print(through(defaults, 1, c=9), through(everything, 1, d=2), through(dict, a=1), through(lambda **k: k, x=1))
report("arity changes", lambda n: [defaults, plain, no_arguments][n % 3](*range(2 - n)), [(0,), (1,), (2,), (3,)])
