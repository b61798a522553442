"""Comprehensions and lambdas in hot functions: nesting, conditions, closures over loop variables, walrus, exceptions inside, sorting keys."""

from support import HOT, outcome, report


def squares(n):
    return [i * i for i in range(n)]


def filtered(items):
    return [x for x in items if x > 2], {x for x in items if x}, {x: -x for x in items}, tuple(x for x in items)


def nested(n):
    return [[i * j for j in range(i)] for i in range(n)], [(i, j) for i in range(n) for j in range(n) if i != j]


def with_outer(n, k):
    return [i * k for i in range(n) if i % k == 0]


def walrus(items):
    out = []
    while (n := len(items)) > 1:
        items = items[:-1]
        out.append(n)
    return out, [last := x * 2 for x in items], last if items else None


def failing(items):
    return [10 // x for x in items]


def keys(items):
    return sorted(items, key=lambda x: -x), max(items, key=lambda x: x % 3), list(map(lambda x, y: x + y, items, items)), list(filter(lambda x: x > 1, items))


def immediate(n):
    total = 0
    for i in range(n):
        total += (lambda x: x * 2)(i) + (lambda: i)()
    return total


def conditional_lambda(flag):
    f = (lambda x: x + 1) if flag else (lambda x: x - 1)
    return f(10), (lambda *a, **k: (a, k))(1, b=2), (lambda x=flag: x)()


def sums(n):
    return sum(i for i in range(n)), sum([i * 0.5 for i in range(n)]), any(i == 3 for i in range(n)), all(i < 3 for i in range(n)), "".join(str(i) for i in range(n))


def matrix(a, b):
    return [[sum(x * y for x, y in zip(row, column)) for column in zip(*b)] for row in a]


def flatten(rows):
    return [x for row in rows for x in row]


def scope(x):
    inner = [x for x in range(3)]
    return x, inner


report("squares", squares, [(5,), (0,), (2.5,)])
report("filtered", filtered, [([1, 2, 3],), ([],), ([1.5, 3],), (["a"],), ([True, 5],), ((3, 4),)])
report("nested", nested, [(3,), (0,)])
report("outer", with_outer, [(10, 3), (10, 0), (5, 1), (5, 1.5)])
report("walrus", walrus, [([1, 2, 3],), ([],), ("ab",), ((1.5,),)])
report("failing", failing, [([1, 2],), ([0],), (["x"],), ([2.5],), ([],)])
report("keys", keys, [([3, 1, 2],), ([0.5, 2],), (["a"],), ([],)])
report("immediate", immediate, [(5,), (0,)])
report("conditional", conditional_lambda, [(True,), (0,), ("x",)])
report("sums", sums, [(5,), (0,), (3,)])
report("matrix", matrix, [([[1, 2], [3, 4]], [[5, 6], [7, 8]]), ([[1.5]], [[2]]), ([], []), ([["a"]], [[2]]), ([[1]], [["x"]])])
report("flatten", flatten, [([[1], [2, 3]],), ([],), (["ab"],), ([1],)])
report("scope", scope, [(1,), ("x",)])
f = lambda x, y=2: x * y + 1  # noqa: E731
for _ in range(HOT):
    f(3)
print(outcome(f, 3), outcome(f, 3, 0.5), outcome(f, "a"), outcome(f, [1], 2), f.__name__)
