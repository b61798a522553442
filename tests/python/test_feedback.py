"""What the recording evaluator sees, shows and forgets, and what is made of it; each test in a process of its own."""

import json

import pytest
from running import check

RECORDED = ["-Xjit=whenhot", "-X", "jit-threshold=4294967295"]

PROGRAM = """
import swallow

class A:
    def __init__(self):
        self.x = 1

class B:
    def __init__(self):
        self.y = 2
        self.x = 2

def read(items, limit):
    total = 0.0
    for item in items:
        if item.x > limit:
            total -= 1.0
        total += one(item.x) * 0.5
    return total

def one(x):
    return x + 1

items = [A(), A(), B()]
for _ in range(300):
    read(items, 100)
"""


def test_feedback_of_a_warm_function():
    check(
        PROGRAM
        + """
shown = swallow.feedback(read)
assert set(shown) == {"bytes", "sites", "seen"}, shown
assert shown["bytes"] == swallow.info(read)["feedback_bytes"] > 0
seen = {}
for site in shown["seen"]:
    assert set(site) == {"pc", "line", "instruction", "seen"} and site["line"] >= 14, site
    seen.setdefault(site["instruction"], []).append(site["seen"])
assert "float" in seen["BINARY_OP"][0], seen
assert any(text.count("inline value") == 2 for text in seen["LOAD_ATTR"]), seen
assert seen["CALL"][0].startswith("one function"), seen
branches = [text for name in seen if name.startswith("POP_JUMP") for text in seen[name]]
assert any(", not 0" in text or "taken 0," in text for text in branches), seen
""",
        *RECORDED,
    )


def test_no_feedback_of_code_that_is_not_warm():
    check(PROGRAM + "def cold(): return 1\ncold()\nassert swallow.feedback(cold) is None and swallow.info(cold)['feedback_bytes'] == 0", *RECORDED)


def test_feedback_costs_a_few_bytes_a_site():
    check(
        PROGRAM
        + """
for function in (read, one):
    shown = swallow.feedback(function)
    # The map's header, and second cases of polymorphic sites, are shared by few sites here.
    assert shown["bytes"] <= 16 * shown["sites"] + 160, shown
""",
        *RECORDED,
    )


def test_feedback_goes_when_the_code_comes():
    source = PROGRAM + "\nfor _ in range(40000):\n    one(1)\nassert swallow.is_compiled(one), swallow.info(one)\nprint(swallow.feedback(one))\n"
    assert check(source, "-Xjit=whenhot").stdout == "None\n"
    kept = check(source, "-Xjit=whenhot", "-X", "jit-keep-feedback").stdout
    assert "BINARY_OP" in kept, kept


def test_feedback_goes_with_the_code_object():
    check(
        """
import gc
import swallow
def run(number):
    space = {}
    exec(f"def f(n):\\n    for i in range(n):\\n        number = i * {number}\\n", space)
    space["f"](300)
    space.clear()
for number in range(100):
    run(number)
gc.collect()
before = swallow.stats()["feedback_bytes"]
for number in range(200):
    run(number)
gc.collect()
after = swallow.stats()
assert after["feedback_bytes"] == before, (before, after)
assert after["feedback_bytes_max"] > before
""",
        *RECORDED,
    )


def test_a_loop_that_is_entered_once_becomes_native():
    check(
        """
import swallow
def main(n):
    total = 0.0
    for i in range(n):
        total += i * 0.5
    return total
assert main(3_000_000) == sum(i * 0.5 for i in range(3_000_000))
info = swallow.info(main)
assert swallow.stats()["entries_loop"] >= 1, swallow.stats()
[loop] = info["loops"]
assert loop["compiled"] and loop["line"] == 5 and loop["code_bytes"] > 0 and loop["back_edges"] < 200_000, loop
assert any("loop at" in line for line in info["history"]), info
assert info["compiles"] == 0 and not swallow.is_compiled(main)
""",
        "-Xjit=whenhot",
    )


def test_a_second_class_is_dispatched_to():
    check(
        PROGRAM
        + """
def get(item):
    return item.x
a, b = items[0], items[2]
for _ in range(30000):
    get(a)
assert swallow.is_compiled(get), swallow.info(get)
for _ in range(60000):
    assert get(b) == 2 and get(a) == 1
info = swallow.info(get)
assert swallow.is_compiled(get) and info["compiles"] == 2, info
assert any("type_version" in line for line in info["history"]), info
taken = sum(site["count"] for site in info["exits"])
assert get(b) == 2 and get(a) == 1
assert sum(site["count"] for site in swallow.info(get)["exits"]) == taken <= 60, info
""",
        "-Xjit=whenhot",
    )


def test_nothing_flips_for_ever():
    check(
        """
import swallow
def f(x):
    return x.v
classes = []
for number in range(400):
    cls = type(f"C{number}", (), {"__init__": lambda self, number=number: setattr(self, "v", number)})
    instance = cls()
    for _ in range(300):
        assert f(instance) == number
info = swallow.info(f)
assert info["compiles"] <= 5, info
assert len(info["history"]) <= 20, info
""",
        "-Xjit=whenhot",
        "-X",
        "jit-threshold=100",
    )


def test_a_branch_that_goes_the_other_way_later():
    check(
        """
import swallow
def f(n, limit):
    total = 0
    for i in range(n):
        if i > limit:
            total -= 1000
        total += i
    return total
for _ in range(3000):
    assert f(20, 100) == 190
assert swallow.is_compiled(f), swallow.info(f)
for _ in range(3000):
    assert f(20, 18) == 190 - 1000
assert f(20, -1) == 190 - 20000
""",
        "-Xjit=whenhot",
    )


def test_small_functions_are_inlined_and_can_be_replaced():
    check(
        """
import swallow
def small(i, j):
    return (i + j) * (i + j + 1) // 2 + i + 1
def caller(n):
    total = 0
    for i in range(n):
        total += small(i, 3)
    return total
expected = sum((i + 3) * (i + 4) // 2 + i + 1 for i in range(100))
for _ in range(2000):
    assert caller(100) == expected
assert swallow.is_compiled(caller) and "guard_depth" in swallow.hir(caller), swallow.info(caller)
assert caller(2**70 % 7 + 99) > 0
def small(i, j):
    return 1
assert caller(100) == 100
def small(i, j):
    raise KeyError(i)
try:
    caller(5)
except KeyError as error:
    entries = []
    at = error.__traceback__
    while at:
        entries.append(at.tb_frame.f_code.co_name)
        at = at.tb_next
    assert entries == ["<module>", "caller", "small"], entries
else:
    raise AssertionError("no exception")
""",
        "-Xjit=whenhot",
        "-X",
        "jit-keep-feedback",
    )


def test_errors_in_inlined_functions_have_their_traceback():
    check(
        """
import traceback
def small(i, j):
    return i // j
def caller(n, j):
    total = 0
    for i in range(n):
        total += small(i, j)
    return total
for _ in range(2000):
    caller(50, 2)
try:
    caller(5, 0)
except ZeroDivisionError as error:
    assert [entry.name for entry in traceback.extract_tb(error.__traceback__)] == ["<module>", "caller", "small"]
assert caller(5, 2.0) == 4.0 and caller(3, 2**80) == 0
""",
        "-Xjit=whenhot",
    )


@pytest.mark.parametrize("option", ["jit-profile", "jit-profile=1"])
def test_profile(option):
    # The report names the 20 that took longest: longer than what was imported from a slow disk.
    done = check(
        PROGRAM
        + """
import json
def spent():
    return swallow.info(read)["spent"]
while sum(part["seconds"] for part in spent().values()) < 0.1:
    read(items * 100, 100)
print(json.dumps(spent()))
""",
        "-Xjit=whenhot",
        "-X",
        option,
    )
    spent = json.loads(done.stdout)
    assert set(spent) == {"cold", "warm", "native", "compiling"}
    assert sum(part["entries"] for part in spent.values()) > 0 and spent["warm"]["seconds"] > 0
    header, *rows = done.stderr.splitlines()
    assert header.split()[:2] == ["cold", "ms"] and any(row.endswith(" read:13") for row in rows), done.stderr


def test_no_times_without_the_option():
    check(PROGRAM + "assert swallow.info(read)['spent'] is None", "-Xjit=whenhot")


def test_the_recursion_limit_counts_inlined_functions():
    source = """
import sys
def small(i):
    return i + 1
def deep(n):
    x = small(n)
    if n == 0:
        return x
    return deep(n - 1)
for _ in range(3000):
    deep(3)
def depth():
    try:
        deep(10**6)
    except RecursionError as error:
        names, at = [], error.__traceback__
        while at:
            names.append(at.tb_frame.f_code.co_name)
            at = at.tb_next
        return len(names), names[-1]
sys.setrecursionlimit(200)
print(depth())
"""
    assert check(source, "-Xjit=whenhot").stdout == check(source, "-Xjit=never").stdout


def test_a_float_that_somebody_else_has_is_not_overwritten():
    check(
        """
def keep(rounds, values):
    kept = []
    for number in range(rounds):
        x = 0.5
        for value in values:
            x = x * 1.5 + value
        kept.append(x)
    return kept, x
def overwritten(rounds, values):
    for number in range(rounds):
        x = 0.5
        for value in values:
            x = x * 1.5 + value
    return locals()["x"]
for function in (keep, overwritten):
    expected = function(6, [1.0, 2.0])
    for _ in range(2000):
        assert function(6, [1.0, 2.0]) == expected
    # A guard fails in mid-loop: what the frame then holds is what the loop had computed.
    assert repr(function(3, [1.0, 2])) == repr(expected if function is overwritten else ([expected[1]] * 3, expected[1]))
    try:
        function(3, [1.0, "x"])
    except TypeError as error:
        frame = error.__traceback__.tb_next.tb_frame
        assert frame.f_locals["x"] == 1.75 and frame.f_locals["value"] == "x", frame.f_locals
    else:
        raise AssertionError("no exception")
""",
        "-Xjit=whenhot",
    )


def test_a_function_is_judged_with_its_beginning_recorded():
    """The first call makes its loop hot: what stands before that loop has not been seen by then."""
    check(
        """
        import swallow

        def work(n):
            x = 0.5
            for i in range(n):
                x = x * 0.5 + i
            return x

        for _ in range(2000):
            work(1000)
        info = swallow.info(work)
        assert info["state"] == "compiled", info
        """,
        "-Xjit=whenhot",
    )
