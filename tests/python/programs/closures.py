"""Closures: cells read and written from both sides, nonlocal counters, loops that share a cell, cells deleted, functions that make functions."""

from support import HOT, heat, outcome, report


def make_counter(step):
    count = 0

    def increase():
        nonlocal count
        count += step
        return count

    def reset(value):
        nonlocal count
        count = value

    return increase, reset


def make_adders():
    return [lambda x: x + i for i in range(3)], [lambda x, i=i: x + i for i in range(3)]


def compose(f, g):
    def composed(x):
        return f(g(x))

    return composed


def power(n):
    def inner(x):
        return x**n

    return inner


def shared(n):
    total = 0

    def add(x):
        nonlocal total
        total += x
        return total

    for i in range(n):
        add(i)
        total = total * 2
    return total, add(0)


def cell_variable_loop(n):
    seen = []
    for i in range(n):
        seen.append(lambda: i)
    return [f() for f in seen]


def deleted_cell():
    x = 1

    def inner():
        return x

    del x
    return inner()


def late_cell(flag):
    def inner():
        return y

    if flag:
        y = 5
    return inner()


def nested(a):
    def middle(b):
        def inner(c):
            return a * 100 + b * 10 + c

        return inner

    return middle


def recursive_inner(n):
    def fact(k):
        return 1 if k <= 1 else k * fact(k - 1)

    return fact(n)


def parameter_cell(x):
    def get():
        return x

    x = x + 1
    first = get()
    x = "changed"
    return first, get()


def memo():
    cache = {}

    def fib(n):
        if n not in cache:
            cache[n] = n if n < 2 else fib(n - 1) + fib(n - 2)
        return cache[n]

    return fib(60)


increase, reset = make_counter(1)
for _ in range(HOT):
    increase()
print(increase())
reset(0.5)
print(increase(), increase())
reset(2**63 - 2)
print([increase() for _ in range(3)])
reset("x")
print(outcome(increase))
increase.__closure__[0].cell_contents = 100
print(outcome(increase), [type(cell).__name__ for cell in increase.__closure__])
late, early = make_adders()
print([[outcome(f, x) for f in late + early] for x in (1, 0.5)])
both = compose(power(2), power(3))
report("composed", both, [(2,), (0.5,), (2**20,), ("x",)])
report("shared", shared, [(5,), (0,), (70,)])
report("loop cell", cell_variable_loop, [(3,), (0,)])
report("deleted", deleted_cell, [()])
report("late", late_cell, [(True,), (False,)])
report("nested", lambda a, b, c: nested(a)(b)(c), [(1, 2, 3), (0.5, 2, 1), ("a", "b", 1)])
report("recursive", recursive_inner, [(5,), (30,), (1,)])
report("parameter", parameter_cell, [(1,), (1.5,), ("x",)])
report("memo", memo, [()])
inner = nested(1)(2)
heat(inner, 3)
inner.__closure__[0].cell_contents = 7.5
print(outcome(inner, 3), inner.__code__.co_freevars)
