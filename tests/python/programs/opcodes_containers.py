"""The opcodes of containers: BUILD_*, LIST_EXTEND, SET_UPDATE, DICT_UPDATE, *_APPEND, subscripts, slices, unpacking, FORMAT_VALUE, CONTAINS_OP."""

from support.effects import effects, tell, telling


def build(a, b):
    return (a, b), [a, b], [a], (b,), {a: b, b: a}, [], (), {}


def build_set(a, b):
    return len({a, b, a}), a in {a, b}, {a}


def build_order(a, b, c):
    return {tell("k1", a): tell("v1", b), tell("k2", b): tell("v2", c)}, [tell("e1"), tell("e2")], (tell("e3"), {tell("e4"), tell("e5")})


def constant_keys(a, b, c):
    return {"x": a, "y": tell("y", b), 3: c}


def constant_lists(a):
    return [1, 2, 3], {1, 2, 3} == a, [1, 2.5, "x", None], {4, 5, 6} | {a}


def constant_in(a):
    return a in (1, 2.5, "x"), a in {1, "y", None}, a not in [3, "z"], a in "abc" if isinstance(a, str) else 0


def list_extend(a, b):
    return [*a, 1, *b], [0, *a], [*a]


def list_to_tuple(a, b):
    return (*a, 1, *b), (0, *a)


def set_update(a, b):
    return sorted({*a, *b, 1}, key=repr), sorted({*a}, key=repr)


def dict_update(a, b):
    return {**a, "k": 1, **b}, {"first": 0, **a}


def extend_order(a, b):
    return [tell("x"), *tell("a", a), tell("y"), *tell("b", b), tell("z")]


def list_comprehension(items):
    return [item + 1 for item in items if item]


def set_comprehension(items):
    return sorted({item % 3 for item in items})


def dict_comprehension(items):
    return {tell(f"k{key}", key): tell(f"v{value}", value) for key, value in items}


def nested_comprehension(rows):
    return [[cell * 2 for cell in row if cell != 1] for row in rows], [(x, y) for x in rows for y in x], {i: {j for j in range(i)} for i in range(3)}


def subscript(container, key):
    return container[key]


def subscript_order(container, key):
    return tell("container", container)[tell("key", key)]


def subscript_chain(container, i, j):
    return container[i][j][-1]


def store(container, key, value):
    container[key] = value
    return container


def store_order(container, key, value):
    tell("container", container)[tell("key", key)] = tell("value", value)


def delete(container, key):
    del container[key]
    return container


def delete_many(container, i, j):
    del container[i], container[j], container[0:1]
    return container


def slices(container, i, j, k):
    return container[i:j], container[i:j:k], container[:j], container[i:], container[:], container[::k]


def slice_order(container, i, j, k):
    return container[tell("i", i) : tell("j", j) : tell("k", k)]


def slice_store(container, i, j, value):
    container[i:j] = value
    return container


def slice_step_store(container, k, value):
    container[::k] = value
    return container


def slice_delete(container, i, j):
    del container[i:j]
    return container


def slice_tuple(container, i, j):
    return container[i:j, ..., None, j:]


def contains(item, container):
    return item in container, item not in container


def contains_branch(item, container):
    if item in container:
        return "in"
    return "not in" if item not in container else "changed"


def unpack_none(items):
    () = items
    return "empty"


def unpack_one(items):
    (a,) = items
    return a


def unpack_two(items):
    a, b = items
    return b, a


def unpack_three(items):
    [a, b, c] = items
    return c, b, a


def unpack_nested(items):
    (a, (b, [c, d])), e = items
    return a, b, c, d, e


def unpack_star(items):
    a, *b = items
    *c, d = items
    e, *f, g = items
    return a, b, c, d, e, f, g


def unpack_star_only(items):
    (*a,) = items
    return a


def unpack_targets(items, container):
    container[0], (container[1], x), *container[2:] = items
    return container, x


def unpack_loop(pairs):
    total = 0
    for a, b in pairs:
        total += a * b
    for a, *b in pairs:
        total += len(b)
    return total


def format_plain(a, b):
    return f"{a}{b}", f"{a}", f"<{a}>", f"{a}-{b!s}"


def format_conversions(a):
    return f"{a!r}", f"{a!s}", f"{a!a}", f"{a=}", f"{a!r:>12}|{a!s:<12}|{a!a:^12}|{a=!s}|{a=:}"


def format_spec(a, spec):
    return f"{a:{spec}}|{a:>10}"


def format_nested(a, width, precision):
    return f"{a:{width}.{precision}}", f"{a:{'>'}{width}}", f"{f'{a}':*^{width}}"


def format_order(a, b, c):
    return f"{tell('a', a)}{tell('b', b)!r:{tell('c', c)}}{tell('d', a)!a}"


def format_long(a, b):
    return f"{a}{b}{a}{b}{a}{b}{a}{b} and {a:5}{b:5} {{}} {a}"


def format_in_loop(items):
    text = ""
    for i, item in enumerate(items):
        text += f"{i}:{item:>{i}} "
    return text


def slice_objects(i, j):
    class Catcher:
        def __getitem__(self, key):
            return key

    catcher = Catcher()
    return catcher[i:j], catcher[i:j:2], catcher[:], catcher[i:j, 1], catcher[i, j]


iterates = telling("Iterates", iter=lambda self: iter([1, 2]))
fails = telling("Fails", iter=ValueError("iter"), getitem=KeyError("get"), setitem=OSError(1, "set"), delitem=IndexError("del"), contains=RuntimeError("contains"), hash=TypeError("hash"), format=ValueError("format"), len=OverflowError("len"))
next_fails = telling("NextFails", iter=lambda self: self, next=ValueError("next"))
not_iterator = telling("NotIterator", iter=5)
old_style = telling("OldStyle", getitem=lambda self, i: [10, 20][i])
old_fails = telling("OldFails", getitem=ZeroDivisionError("get"))
lying = telling("Lying", iter=lambda self: iter([1, 2, 3]), len=100)
bad_hint = telling("BadHint", iter=lambda self: iter([1, 2, 3]), length_hint=ValueError("hint"))
mapping = telling("Mapping", keys=0, getitem="item", iter=lambda self: iter("ab"))
type(mapping).keys = lambda self: tell("keys", ["p", "q"])
bad_keys = telling("BadKeys", getitem="item")
type(bad_keys).keys = lambda self: tell("keys", 5)
unhashable = telling("Unhashable", eq=True, hash=None)
colliding = telling("Colliding", hash=1, eq=lambda self, other: tell("compared", True))
index = telling("Index", index=1)
bad_index = telling("BadIndex", index="x")
full = telling("Full", getitem="got", setitem="ignored", delitem="ignored", contains="truthy")
iterables = [([1, 2], (3,)), ((1.5,), [2.5]), ("ab", "c"), ({1: 2}, {3}), (range(3), []), (iterates, iterates), (lying, bad_hint), (old_style, []), ([], fails), (fails, []), (next_fails, []), ([1], not_iterator), (5, []), ([1], None), (old_fails, []), (b"ab", bytearray(b"c")), ([[1]], [])]

effects("build", build, [(1, 2), (1.5, "x"), (None, ()), (1, 1), ("a", []), (colliding, 1), (fails, 1), (unhashable, 1), (2**70, -0.0)])
effects("build set", build_set, [(1, 2), (1, True), (1.0, 1), ("a", "b"), ([], 1), (1, []), (colliding, 1), (1, fails), (None, None)])
effects("build order", build_order, [(1, 2, 3), ("a", "b", 1.5), ([], 1, 2), (1, [], 2), (1, 1.0, True)])
effects("constant keys", constant_keys, [(1, 2, 3), (1.5, "x", None), ([], (), {})])
effects("constant lists", constant_lists, [(1,), (4,), (1.5,), ("x",), ([],), (colliding,), (frozenset({1, 2, 3}),)])
effects("constant in", constant_in, [(1,), (2.5,), ("x",), ("z",), (None,), (1.0,), ([],), (colliding,), (fails,)])
for label, function in (("list", list_extend), ("tuple", list_to_tuple), ("set", set_update), ("order", extend_order)):
    effects(f"extend {label}", function, iterables)
effects("dict update", dict_update, [({"a": 1}, {"b": 2}), ({}, {}), ({"k": 5, 1: 2}, {"k": 6}), (mapping, {}), ({}, mapping), (bad_keys, {}), ([("a", 1)], {}), (None, {}), ({}, 5), ("ab", {})])
effects("list comp", list_comprehension, [([1, 0, 2],), ((1.5, 0.0),), (range(4),), ("a",), (iterates,), (next_fails,), (5,), (fails,), ([1, None, ""],), ([1, "x"],), ([[1]],)])
effects("set comp", set_comprehension, [([1, 2, 3, 4, 5],), ((1.5, 2.5),), (range(10),), ("a",), ([1, "%d"],), ({1: 1},), ([None],)])
effects("dict comp", dict_comprehension, [([(1, 2), (3, 4)],), ({"a": 1}.items(),), ([(1, 2), (3,)],), ([(1, 2), 5],), ([([], 1)],), (["ab", "cd"],), ([(1, 1), (1.0, 2)],)])
effects("nested comp", nested_comprehension, [([[1, 2], [3]],), ([(1.5,), ()],), (["ab"],), ([5],), ([],)])
subscripts = [([1, 2, 3], 1), ([1, 2, 3], -1), ([1, 2, 3], 3), ([1, 2, 3], -4), ([1, 2, 3], True), ([1], index), ([1, 2], index), ([1], bad_index), ([1], "x"), ([1], 1.0), ([1], None), ([1], 2**70), ((1.5, 2.5), 1), ((1.5,), 5), ((1,), "k"), ((1, 2), index), ("abc", 1), ("abc", -3), ("abc", 9), ("é", 0), ("abc", "b"), (b"abc", 1), (bytearray(b"abc"), 7), ({"a": 1}, "a"), ({"a": 1}, "b"), ({1: 2}, 1.0), ({1: 2}, True), ({}, []), ({(1, 2): 3}, (1, 2)), ({}, fails), ({1: "one"}, colliding), (range(5), 2), (range(5), 5), (list, int), (dict, (int, str)), (int, 1), (None, 0), (5, 0), (full, 1), (fails, 1), (old_style, 1), (old_style, 2), ({1}, 1), (memoryview(b"ab"), 1)]
effects("subscript", subscript, subscripts)
effects("subscript order", subscript_order, subscripts[:12])
effects("chain", subscript_chain, [([[[1, 2]]], 0, 0), ({"a": ["xyz"]}, "a", 0), ([[1]], 0, 0), ([[[]]], 0, 0), ([], 0, 0), ([full], 0, 0)])
stores = [lambda: ([1, 2], 0, 5), lambda: ([1, 2], -1, 1.5), lambda: ([1, 2], 2, 5), lambda: ([1, 2], -3, 5), lambda: ([1, 2], index, "x"), lambda: ([1], "x", 1), lambda: ([1], 2**70, 1), lambda: ([1], 0.0, 1), lambda: ({}, "k", 1), lambda: ({1: 2}, True, 3), lambda: ({}, [], 1), lambda: ({}, fails, 1), lambda: ({1: 1}, colliding, 2), lambda: (bytearray(2), 0, 65), lambda: (bytearray(2), 0, 256), lambda: (bytearray(2), 0, "x"), lambda: ((1,), 0, 1), lambda: ("abc", 0, "x"), lambda: (5, 0, 1), lambda: (None, 0, 1), lambda: (full, 0, 1), lambda: (fails, 0, 1), lambda: (old_style, 0, 1), lambda: ([1, 2], False, None)]
effects("store", store, stores)
effects("store order", store_order, stores[:14])
deletes = [lambda: ([1, 2], 0), lambda: ([1, 2], -1), lambda: ([1], 1), lambda: ([1], "x"), lambda: ([1, 2], index), lambda: ({"k": 1}, "k"), lambda: ({}, "k"), lambda: ({}, []), lambda: (bytearray(b"ab"), 0), lambda: ((1,), 0), lambda: ("a", 0), lambda: (5, 0), lambda: (full, 1), lambda: (fails, 1), lambda: (old_style, 1)]
effects("delete", delete, deletes)
effects("delete many", delete_many, [lambda: ([1, 2, 3, 4], 0, 1), lambda: ([1, 2], 0, 5), lambda: ([], 0, 0), lambda: ({1: 1, 2: 2}, 1, 2), lambda: (full, 1, 2), lambda: (bytearray(b"abcd"), -1, -1)])
effects("slices", slices, [([1, 2, 3, 4], 1, 3, 2), ((1.5, 2.5), 0, -1, -1), ("abcdef", -3, None, 2), (b"abc", 0, 5, 1), (range(10), 2, 8, 3), ([1, 2], index, None, index), ([1], "x", 1, 1), ([1], 0, 1, 0), ([1], bad_index, 1, 1), ({}, 0, 1, 1), (full, 1, 2, 3), (5, 0, 1, 1), ([1, 2, 3], True, 2**70, -(2**70)), ([1], 0.0, 1, 1)])
effects("slice order", slice_order, [([1, 2, 3], 0, 2, 1), ("abc", None, None, -1), ([1], 0, 1, 0), (5, 1, 2, 3), (full, index, 2, 3)])
effects("slice store", slice_store, [lambda: ([1, 2, 3], 0, 2, [9]), lambda: ([1, 2, 3], 1, 1, "xy"), lambda: ([1, 2, 3], 0, None, iterates), lambda: ([1], 0, 1, 5), lambda: ([1], 0, 1, next_fails), lambda: ([1], "x", 1, []), lambda: (bytearray(b"abc"), 0, 1, b"xyz"), lambda: ((1,), 0, 1, ()), lambda: ({}, 0, 1, 1), lambda: (full, 0, 1, 2)])
effects("slice step store", slice_step_store, [lambda: ([1, 2, 3], 2, [8, 9]), lambda: ([1, 2, 3], 2, [8]), lambda: ([1, 2], -1, "ab"), lambda: ([1, 2], 0, []), lambda: (bytearray(b"abc"), 2, b"xy")])
effects("slice delete", slice_delete, [lambda: ([1, 2, 3], 0, 2), lambda: ([1, 2, 3], -1, None), lambda: (bytearray(b"abc"), 1, 9), lambda: ("abc", 0, 1), lambda: (full, 1, 2), lambda: ([1], "x", 1)])
effects("slice tuple", slice_tuple, [(full, 1, 2), ({}, 1, 2), ([1], 1, 2), (old_style, 0, 1)])
pairs = [(1, [1, 2]), (3, [1, 2]), (1.0, [1]), ("a", "abc"), ("", "abc"), (1, "abc"), (1, (1, 2)), ("k", {"k": 1}), ([], {}), ([], {1}), (1, {1: 2}), (5, range(10)), (5.0, range(10)), ("x", range(3)), (1, 5), (1, None), (65, b"A"), (b"A", b"BA"), (300, b"A"), (1, full), (1, fails), (20, old_style), (30, old_style), (2, iterates), (3, iterates), (1, next_fails), (1, not_iterator), (colliding, [1]), (colliding, {1: 1}), (None, [None]), (float("nan"), [1.0]), (int, [int])]
effects("contains", contains, pairs)
effects("contains branch", contains_branch, pairs)
sequences = [lambda: ((1, 2),), lambda: ([1, 2],), lambda: ((1.5,),), lambda: ([1, 2, 3],), lambda: ("ab",), lambda: ((),), lambda: ([],), lambda: ({"a": 1, "b": 2},), lambda: (iter([1, 2]),), lambda: (iterates,), lambda: (old_style,), lambda: (lying,), lambda: (fails,), lambda: (next_fails,), lambda: (not_iterator,), lambda: (5,), lambda: (None,), lambda: (range(2),), lambda: (range(100),), lambda: ((x for x in (1, 2)),), lambda: ((1, (2, [3, 4])),), lambda: (((1, (2, [3.5, "x"])), 5),), lambda: (((1, (2, "xy")), 5),)]
for function in (unpack_two, unpack_none, unpack_one, unpack_three, unpack_nested, unpack_star_only):
    effects(function.__name__, function, sequences)
effects("star", unpack_star, [((1, 2),), ([1.5, 2.5, "x"],), ("abcd",), ((1,),), ((),), (iterates,), (lying,), (5,), (next_fails,), (range(5),), ({1: 2, 3: 4},)])
effects("targets", unpack_targets, [lambda: ((1, (2, 3), 4, 5), [0, 0]), lambda: ([1, "ab"], [0, 0]), lambda: ((1, (2, 3)), []), lambda: ((1, 2), [0, 0]), lambda: ((1, (2, 3), 4), {}), lambda: ((1, (2, 3)), (0, 0)), lambda: ((1, (2, 3), 4), full)])
effects("loop", unpack_loop, [([(1, 2), (3, 4)],), ([(1.5, 2), (2, 0.5)],), ([[1, 2]],), ([("a", 1)],), ([(1, 2), (1, 2, 3)],), ([(1, 2), 5],), (5,), ({"ab": 1},), lambda: (zip([1], [2]),)])
formatted = [1, 2.5, "text", "é\n'", None, True, 2**70, -0.0, [1], {"a": 1}, b"x", int, ValueError("v"), telling("Format", format="formatted", str="str"), telling("Str", str="str!"), fails, telling("BadFormat", format=5), telling("BadStr", str=5), telling("FailStr", str=KeyError("str"))]
effects("format", format_plain, [(x, 1) for x in formatted])
effects("conversions", format_conversions, [(x,) for x in formatted])
effects("spec", format_spec, [(1, "5d"), (1.5, "8.3f"), ("x", ">4"), (1, "x"), (255, "#x"), (1, "s"), ("x", "d"), (1.5, "d"), (1, ""), ([1], ""), ([1], "5"), (None, "x"), (True, "d"), (2**70, ",d"), (1, 5), (telling("Format", format="f"), "any"), (fails, "x"), (1, None), (1j, ".2f"), (1, telling("Spec", format="04"))])
effects("nested", format_nested, [(2.5, 10, 3), ("abc", 6, 2), (7, 5, 1), (1.5, "x", 1), (1.5, 5, 2.5), (None, 5, 1), (2.5, -1, 2)])
effects("format order", format_order, [(1, 2, 5), (1.5, "b", ">6"), (fails, 1, 5), (1, fails, 5), (1, 2, fails), (1, 2, None), (telling("Format", format="f"), telling("Other", str="o"), "")])
effects("long", format_long, [(1, 2), (1.5, "x"), ("é", 1), (None, 1), (fails, 1)])
effects("format loop", format_in_loop, [([1, 2.5, "x"],), ((0,) * 20,), (["a", None],), ([1, [2]],), ([1, fails],)])
effects("slice objects", slice_objects, [(1, 2), (None, "x"), (1.5, [])])
