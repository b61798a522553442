"""Unpacking: tuples, lists, any iterable, stars, nesting; too few, too many, not iterable."""

from support import report


class Iterable:
    def __init__(self, *items):
        self.items = items

    def __iter__(self):
        return iter(self.items)

    def __repr__(self):
        return f"Iterable{self.items}"


class Failing:
    def __iter__(self):
        yield 1
        raise RuntimeError("second item")

    def __repr__(self):
        return "Failing()"


class Subtuple(tuple):
    def __iter__(self):
        return iter(("from", "iter"))


def two(p):
    a, b = p
    return b, a


def three(p):
    a, b, c = p
    return c, b, a


def one(p):
    (a,) = p
    return a


def none(p):
    () = p
    return "empty"


def star_end(p):
    a, *b = p
    return a, b


def star_middle(p):
    a, *b, c = p
    return a, b, c


def star_start(p):
    *a, b = p
    return a, b


def nested(p):
    (a, b), (c, (d, e)) = p
    return e, d, c, b, a


def in_loop(pairs):
    total = 0
    for a, b in pairs:
        total += a * 10 + b
    return total


def in_loop_nested(pairs):
    out = []
    for i, (a, *b) in pairs:
        out.append((i, a, b))
    return out


def into_subscripts(p):
    target = [0, 0]
    target[0], target[1] = p
    return target


def partly(p):
    a = b = c = "unset"
    try:
        a, b, c = p
    except (ValueError, TypeError, RuntimeError) as error:
        return a, b, c, str(error)
    return a, b, c


VALUES = [(1, 2), [1, 2], (1.5, "x"), (1,), (), (1, 2, 3), [1, 2, 3], "ab", "a", {"k": 1, "l": 2}, range(2), range(3), Iterable(1, 2), Iterable(1), Failing(), Subtuple((1, 2)), Subtuple((1, 2, 3)), None, 5]
for function in (two, three, one, none, star_end, star_middle, star_start, into_subscripts, partly):
    report(function.__name__, function, [(value,) for value in VALUES])
report("two, lists first ", lambda p: two(p), [([1, 2],), ((1, 2),), ([1],), ([1, 2, 3],)])
report("nested", nested, [(((1, 2), (3, (4, 5))),), ([[1, 2], [3, [4, 5]]],), (((1, 2), (3, 4)),), (("ab", ("c", "de")),), ((1, 2),)])
report("in loop", in_loop, [([(1, 2), (3, 4)],), ([[1, 2]],), ([(1, 2), (3,)],), ([(1.5, 2)],), ([],), ({"ab": 1},), (["ab"],)])
report("nested loop", in_loop_nested, [([(1, (2, 3, 4)), (2, [5])],), ([(1, ())],), ([(1, "abc")],), ([],)])
