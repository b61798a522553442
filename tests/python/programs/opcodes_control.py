"""The opcodes of control: every jump forward and backward, on truth and on None, JUMP_IF_*_OR_POP, FOR_ITER, GET_ITER, RETURN_VALUE, assert."""

from support.effects import effects, tell, telling


def if_true(x):
    if x:
        return "yes"
    return "no"


def if_false(x):
    if not x:
        return "no"
    return "yes"


def if_none(x):
    if x is None:
        return "none"
    return "some"


def if_not_none(x):
    if x is not None:
        return "some"
    return "none"


def both(x, y):
    if x and y:
        return "both"
    if x or y:
        return "one"
    if not (x or y) and x is None and y is not None:
        return "none, some"
    return "neither"


def one_of(x, y, z):
    if (x or y) and (y or z):
        return 1
    if (x and y) or (y and z):
        return 2
    return 3


def value_of(x, y, z):
    return x and y or z, x or y and z, (x or y) and z, x and (y or z), not x or y, x if y else z


def while_true(items):
    total = 0
    while items:
        total += items.pop()
    return total


def while_not(flag, n):
    count = 0
    while not flag:
        count += 1
        flag = count >= n
    return count, flag


def while_none(values):
    i = 0
    x = values[0]
    while x is None:
        i += 1
        x = values[i]
    return x, i


def while_not_none(node):
    out = []
    while node is not None:
        out.append(node[0])
        node = node[1]
    return out


def while_none_not(values):
    i = 0
    while not values[i] is not None:
        i += 1
    return i


def while_compound(x, y):
    steps = 0
    while x < 10 and y or x == 3:
        x += 1
        y -= 1
        steps += 1
    while not (x < 0 or y > 5):
        x -= 2
        steps += 1
    while (x is None or x < 5) and y is not None:
        x += 1
    else:
        steps += 100
    return x, y, steps


def do_while(n):
    i = 0
    while True:
        i += 1
        if i > n:
            break
        if i % 2:
            continue
        if i is None:
            continue
        if i % 3:
            pass
        else:
            continue
        if i > 100:
            return i, "early"
    return i


def backward_kinds(items):
    out = []
    for item in items:
        if item is None:
            continue
        if item is not Ellipsis and not item:
            continue
        if item == 1 or item == 2:
            continue
        out.append(item)
    for item in items:
        if item is not None:
            continue
        out.append("none")
    for item in items:
        if item:
            continue
        out.append("untrue")
    for item in items:
        if not item:
            continue
        out.append("true")
    return out


def filtered(items):
    return [x for x in items if x if x != 5 if not x == 7], [x for x in items if x is None], [x for x in items if x is not None and x or x == 0]


def for_loop(items):
    out = []
    for item in items:
        out.append(item)
    return out


def for_else(items, stop):
    for item in items:
        if item == stop:
            found = "found"
            break
    else:
        found = "not found"
    return found


def for_nested(rows, skip):
    total = 0
    for row in rows:
        for cell in row:
            if cell == skip:
                break
            total += cell
        else:
            total += 1000
            continue
        total += 1
    return total


def for_return(items):
    for i, item in enumerate(items):
        for other in items[i + 1 :]:
            if item == other:
                return i, item
    return None


def for_target(items, holder):
    for holder[0] in items:
        holder.append(holder[0])
    return holder


def for_iterator(iterator):
    first = [x for x in iterator]
    second = [x for x in iterator]
    return first, second


def assertion(x):
    assert x
    assert x, "message"
    return x


def assertion_message(x, message):
    assert x is not None and x, (tell("message", message), f"{x!r}")
    return "passed"


def returns(x):
    if x == 1:
        return
    if x == 2:
        return None
    for i in range(3):
        if x == i:
            return [x]
    try:
        return x
    finally:
        tell("finally")


def conditional(x):
    return "big" if x > 100 else "middle" if x > 10 else "small" if x else None


def many_branches(x):
    if x == 0:
        out = "zero"
    elif x == 1:
        out = "one"
    elif x is None:
        out = "none"
    elif x < 0:
        out = "negative"
    elif x > 1e9:
        out = "huge"
    else:
        out = "else"
    return out


def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


def loop_variable(n):
    for i in range(n):
        i = i * 2
        if i > 6:
            break
    else:
        i = "else"
    return i


true = telling("True_", bool=True)
false = telling("False_", bool=False)
fails = telling("Fails", bool=ValueError("bool"), eq=ZeroDivisionError("eq"))
wrong = telling("Wrong", bool=1)
sized = telling("Sized", len=2)
empty = telling("Empty", len=0)
bad_size = telling("BadSize", len=-5)
truths = [(1,), (0,), (True,), (False,), (None,), (1.5,), (0.0,), (float("nan"),), ("",), ("x",), ([],), ([0],), ((),), ({},), ({1},), (2**70,), (0j,), (b"",), (int,), (...,), (range(0),), (true,), (false,), (fails,), (wrong,), (sized,), (empty,), (bad_size,)]
for function in (if_true, if_false, if_none, if_not_none, assertion):
    effects(function.__name__, function, truths)
    effects(function.__name__, function, truths[::-1])
few = [1, 0, 1.5, None, "", true, false, fails]
pairs = [(x, y) for x in few for y in few]
effects("both", both, pairs)
triples = [(x, y, z) for x in few for y in few for z in (1, 0.0, "z", false, wrong)]
effects("one of", one_of, triples, rounds=1)
effects("value of", value_of, triples, rounds=1)
effects("while", while_true, [lambda: ([1, 2, 3],), lambda: ([],), lambda: ([1.5, 2],), lambda: (["x"],), lambda: ({1, 2},), lambda: (5,), lambda: (0,), lambda: (bytearray(b"ab"),)])
effects("while not", while_not, [(False, 5), (True, 5), (None, 1.5), ("", 3), (0, "x"), (fails, 1), (sized, 1), (empty, 3)])
effects("while none", while_none, [([None, None, 1],), ([1],), ([None, 1.5],), ([None],), ([],), ((None, "x"),), ([false],)])
effects("while not none", while_not_none, [((1, (2, (3, None))),), (None,), ((1.5, None),), ((1, (2,)),), (5,), ("ab",), ((1, (2, 3)),)])
effects("while none not", while_none_not, [([None, None, 1],), ([1],), ([None],), ("ab",)])
effects("while compound", while_compound, [(1, 5), (3, 0), (0, 20), (1.5, 2.5), (20, 1), ("a", 1), (1, None), (None, 1), (true, 1)])
effects("do while", do_while, [(20,), (0,), (250,), (1.5,), (-5,), ("x",)])
effects("backward kinds", backward_kinds, [([1, 2, 3, None, 0, "", "x", 2.5],), ([],), ([true, false, None],), ((1,),), ([sized, empty],), ([bad_size],), ([1, fails],), (5,), ([...],)])
effects("filtered", filtered, [([0, 1, 5, 7, 8, None],), ([1.5, 0.0],), (["", "x", None],), ([true, false],), ([fails],), (5,)])
iterates = telling("Iterates", iter=lambda self: iter([1, 2]))
itself = telling("Itself", iter=lambda self: self, next=lambda self: tell("next", 1) if len(str(self)) > 50 else (_ for _ in ()).throw(StopIteration("done")))
stops = telling("Stops", iter=lambda self: self, next=StopIteration(5))
next_fails = telling("NextFails", iter=lambda self: self, next=KeyError("next"))
no_next = telling("NoNext", iter=lambda self: 5)
iter_fails = telling("IterFails", iter=ValueError("iter"))
iter_none = telling("IterNone", iter=None)
old = telling("Old", getitem=lambda self, i: [10, 20][i])
old_stops = telling("OldStops", getitem=lambda self, i: (_ for _ in ()).throw(StopIteration))
old_fails = telling("OldFails", getitem=KeyError("item"))


class Countdown:
    def __init__(self, n, end):
        self.n, self.end = n, end

    def __repr__(self):
        return f"Countdown({self.n}, {self.end!r})"

    def __iter__(self):
        return self

    def __next__(self):
        self.n -= 1
        if self.n < 0:
            raise self.end
        return self.n


iterables = [lambda: ([1, 2, 3],), lambda: ((1.5, "x"),), lambda: ("abc",), lambda: (b"ab",), lambda: ({1: 2},), lambda: ({3},), lambda: (range(4),), lambda: (range(5, 0, -2),), lambda: (range(2**70, 2**70 + 2),), lambda: ((x for x in "gen"),), lambda: (enumerate("ab"),), lambda: (zip([1], [2.5]),), lambda: (map(str, [1, 2]),), lambda: (reversed([1, 2]),), lambda: ({1: 2}.items(),), lambda: (iter([1]),), lambda: ([],), lambda: (5,), lambda: (None,), lambda: (iterates,), lambda: (itself,), lambda: (stops,), lambda: (next_fails,), lambda: (no_next,), lambda: (iter_fails,), lambda: (iter_none,), lambda: (old,), lambda: (old_stops,), lambda: (old_fails,), lambda: (Countdown(3, StopIteration()),), lambda: (Countdown(2, ValueError("end")),), lambda: (iter(lambda: 1, 1),), lambda: (int,), lambda: (memoryview(b"ab"),)]
effects("for", for_loop, iterables)
effects("for iterator", for_iterator, iterables)
effects("for else", for_else, [([1, 2, 3], 2), ([1, 2, 3], 5), ([], 1), ("abc", "c"), ((1.5,), 1.5), (range(5), 3.0), ([1, fails], 5), (iterates, 2), (next_fails, 1), (5, 1)])
effects("for nested", for_nested, [([[1, 2], [3, 4]], 3), ([[1.5], [2.5, 3.5]], 3.5), ([], 1), ([[], []], 1), (["ab"], "b"), ([5], 1), ([[1], None], 5), ([range(3)] * 3, 2)])
effects("for return", for_return, [([1, 2, 1],), ([1, 2],), ("abcb",), ((1.0, 1),), ([],), (5,), ({1},)])
effects("for target", for_target, [lambda: ([1, 2], [0]), lambda: ((1.5, "x"), [0]), lambda: ([1], []), lambda: ([1], (0,)), lambda: ([], [])])
effects("assert message", assertion_message, [(1, "m"), (0, "m"), (None, 5), (false, "f"), (fails, "f"), ("", None), (0.0, 1)])
effects("returns", returns, [(5,), (1,), (2,), (0,), (1.5,), ("x",), (None,), (fails,)])
effects("conditional", conditional, [(1,), (50,), (500,), (0,), (1.5,), (0.0,), ("x",), (None,)])
effects("many branches", many_branches, [(5,), (0,), (1,), (None,), (-1,), (-0.5,), (2e9,), (2**70,), ("x",), (False,), (fails,)])
effects("collatz", collatz, [(27,), (1,), (2**20,), (3.0,), (2**70,), ("x",), (6.0,)])
effects("loop variable", loop_variable, [(3,), (10,), (0,), ("x",), (1,)])
