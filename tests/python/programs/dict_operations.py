"""Dictionaries and sets in hot functions: stores, misses, iteration, views, merging, comprehension, keys that misbehave."""

from support import report


class BadHash:
    def __hash__(self):
        raise TypeError("no hash")

    def __repr__(self):
        return "BadHash()"


class Collide:
    def __init__(self, n):
        self.n = n

    def __hash__(self):
        return 1

    def __eq__(self, other):
        return isinstance(other, Collide) and self.n == other.n

    def __repr__(self):
        return f"Collide({self.n})"


def count(items):
    counts = {}
    for item in items:
        if item in counts:
            counts[item] += 1
        else:
            counts[item] = 1
    return counts


def lookup(d, key):
    return d[key]


def lookups(d, keys):
    total = 0
    for key in keys:
        total += d[key]
    return total


def fill(n):
    d = {}
    for i in range(n):
        d[i] = i * i
        d[str(i)] = d[i] + 0.5
    return len(d), d


def literal(a, b):
    return {"a": a, b: 1, **{"c": a}}, {a, b}, {*[a], b}


def merge(a, b):
    c = {**a, **b}
    d = a | b
    d |= {"z": 1}
    return c, d, a.keys() & b.keys() == set(a) & set(b)


def views(d):
    return list(d), list(d.values()), list(d.items()), len(d), sorted(d, key=repr)


def delete(d, key):
    d = dict(d)
    del d[key]
    return d


def invert(d):
    out = {}
    for key, value in d.items():
        out[value] = key
    return out


def comprehension(n):
    return {i: i * 2 for i in range(n) if i % 2}, {i % 3 for i in range(n)}


def group(items):
    groups = {}
    for item in items:
        groups.setdefault(item % 3, []).append(item)
    return groups


def nested(d, *keys):
    for key in keys:
        d = d[key]
    return d


def set_operations(a, b):
    a, b = set(a), set(b)
    return sorted(a | b), sorted(a & b), sorted(a - b), sorted(a ^ b), a <= b, a.isdisjoint(b)


def memo_fib(n, cache):
    if n in cache:
        return cache[n]
    result = n if n < 2 else memo_fib(n - 1, cache) + memo_fib(n - 2, cache)
    cache[n] = result
    return result


report("count", count, [("abca",), ([1, 1.0, True],), ([],), ([Collide(1), Collide(2), Collide(1)],), ([[1]],), ([BadHash()],), ((None, None),)])
report("lookup", lookup, [({1: "a"}, 1), ({1: "a"}, 2), ({1: "a"}, 1.0), ({"k": 1}, "k"), ({}, None), ({1: 2}, []), ([1, 2], 1), ({Collide(1): "c"}, Collide(1)), ({1: 2}, BadHash()), ("abc", 1)])
report("lookups", lookups, [({"a": 1, "b": 2}, "ab"), ({"a": 1.5}, "a"), ({1: 2**63}, [1, 1]), ({}, ""), ({"a": 1}, "b"), ([5, 6], [0, 1]), ({"a": "x"}, "a")])
report("fill", fill, [(3,), (0,), (20,)])
report("literal", literal, [(1, 2), (1, 1), ("x", "y"), ([], 1), (1.5, "a")])
report("merge", merge, [({1: 2}, {3: 4}), ({1: 2}, {1: 5}), ({}, {}), ({1: 2}, [3])])
report("views", views, [({1: 2, "a": 3},), ({},), ([1],)])
report("delete", delete, [({1: 2}, 1), ({1: 2}, 3), ({}, "x")])
report("invert", invert, [({1: 2},), ({},), ({1: 2, 3: 2},), ({1: []},)])
report("comprehension", comprehension, [(6,), (0,)])
report("group", group, [([1, 2, 3, 4],), ([1.5, 3],), ([],), (["a"],)])
report("nested", nested, [({1: {2: 3}}, 1, 2), ({1: [5]}, 1, 0), ({}, 1), (5,)])
report("sets", set_operations, [([1, 2], [2, 3]), ("ab", "bc"), ([], []), ([1, [2]], [])])
report("memo", lambda n: memo_fib(n, {}), [(10,), (50,), (100,), (0,)])
