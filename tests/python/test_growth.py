"""Large functions, and the same function again and again: what is cut or refused says why, results are right, and nothing is kept.

How much time and memory large functions take is measured by benches/growth.py.
"""

import sys

import pytest
from running import ROOT, check

sys.path.insert(0, str(ROOT / "benches"))
import growth_shapes  # noqa: E402 - it is a part of the benches

# Nothing gets hot by itself; what is called is recorded.
ASKED = ["-Xjit=whenhot", "-X", "jit-threshold=4000000000", "-X", "jit-warm=0", "-X", "jit-opt=0"]

PRELUDE = f"""
import sys
sys.path.insert(0, {str(ROOT / "benches")!r})
import growth_shapes, swallow
"""


@pytest.mark.parametrize("shape", growth_shapes.SHAPES)
def test_a_huge_function_is_refused_with_a_reason(shape):
    # 20,000 instructions: not even copied.
    check(
        PRELUDE
        + f"""
f = growth_shapes.make({shape!r}, 20_000)
count = growth_shapes.instructions(f)
assert count > 15_000
expected = [f(a) for a in range(3)]
before = swallow.stats()
assert swallow.compile(f) is False
info = swallow.info(f)
assert info["state"] == "refused" and info["reason"] == f"code too large: {{count}} instructions", info["reason"]
assert [f(a) for a in range(3)] == expected
after = swallow.stats()
assert after["codegen_errors"] == after["units_compiled"] == 0 and after["helper_starts"] == 0
""",
        *ASKED,
    )


# What becomes of functions of 2,000 instructions: they are compiled, or refused for what grows faster than they do.
AT_THE_LIMIT = {
    "straight": None,
    "loops": "code too large: more than 12000 HIR instructions",
    "switch": None,
    "tries": None,
    "locals": "code too large: more than 50000 values in its frame states",
    "calls": None,
    "literals": None,
}


@pytest.mark.parametrize("shape", growth_shapes.SHAPES)
def test_a_function_at_the_limit_is_right(shape):
    check(
        PRELUDE
        + f"""
f = growth_shapes.make({shape!r}, 2000)
expected = [f(a) for a in range(25)]
done = swallow.compile(f)
info = swallow.info(f)
assert info["reason"] == {AT_THE_LIMIT[shape]!r}, info
assert done is (info["reason"] is None), info
assert [f(a) for a in range(25)] == expected
""",
        *ASKED,
        timeout=300,
    )


def test_many_locals_are_refused_for_their_frame_states():
    check(
        PRELUDE
        + """
f = growth_shapes.make("locals", 2800)
expected = [f(a) for a in range(25)]
assert swallow.compile(f) is False
assert "values in its frame states" in swallow.info(f)["reason"], swallow.info(f)["reason"]
assert [f(a) for a in range(25)] == expected
""",
        *ASKED,
    )


def test_a_function_that_gets_hot_is_cut_earlier():
    # What is going to be judged is not built to the end where it is too large in any case.
    check(
        PRELUDE
        + """
f = growth_shapes.make("loops", 2500)
expected = [f(a) for a in range(3)]
for _ in range(2000):
    for a in range(3):
        assert f(a) == expected[a]
    info = swallow.info(f)
    if info["state"] == "refused" or any("too large" in line for line in info["history"]):
        break
else:
    raise AssertionError(info)
lines = info["history"] + [info["reason"] or ""]
assert any("code too large: more than 5000 HIR instructions" in line for line in lines), info
""",
        "-Xjit=whenhot",
        "-X",
        "jit-threshold=1000",
    )


def test_a_long_literal_is_not_written_out():
    check(
        PRELUDE
        + """
space = {}
exec(f"def f(a):\\n    return a + len({'x' * 5_000_000!r})", space)
f = space["f"]
for a in range(25):
    f(a)
assert swallow.compile(f) and f(1) == 5_000_001
text = swallow.hir(f)
assert len(text) < 20_000 and "xxx" in text
""",
        *ASKED,
    )


def test_a_function_is_compiled_again_and_again():
    # The full number is benches/churn.py's (--again).
    check(
        """
import gc, swallow
def foo(a, b):
    total = 0
    for i in range(a):
        total += i * b
    return total

for _ in range(20):
    foo(5, 7)

def state():
    gc.collect()
    memory, stats = swallow.memory(), swallow.stats()
    rows = {name: memory[name] for name in ("code", "retired_code", "exit_tables", "arena_slack")}
    [own] = [row for row in memory["functions"] if row["name"].startswith("foo:")]
    return rows | own | {"arena": stats["arena_used_bytes"], "all": memory["total"] - memory["module"]}

seen = {}
for number in range(1, 301):
    assert swallow.compile(foo) is True, swallow.info(foo)
    assert foo(5, 7) == 70
    if number % 30 == 0:
        assert "swl_unit" in swallow.llvm_ir(foo)
    assert swallow.release(foo) is True
    if number in (100, 300):
        seen[number] = state()
early, late = seen[100], seen[300]
# Other functions get warm meanwhile; and buffers of the connection may be larger at one moment than at another.
assert late.pop("all") <= early.pop("all") + 8192, seen
assert late == early, seen
assert swallow.stats()["helper_starts"] == 1 and swallow.info(foo)["reason"] is None
""",
        *ASKED,
        timeout=300,
    )


# What gets hot is judged.
HOT = ["-Xjit=whenhot", "-X", "jit-threshold=100", "-X", "jit-backend=cranelift"]

# Loops of operations that native code leaves to CPython's functions, and of others.
GENERIC = "".join(f"        table[{n}] = table[{n}] | more\n" for n in range(90))
NUMBERS = "".join(f"        x = (x * {n + 3} + i) & 0xFFFF\n" for n in range(90))

LOOPS = f"""
import swallow

def generic(turns, table, more):
    i = 0
    while i < turns:
        i = i + 1
{GENERIC}
    return table

def numbers(turns, table, more):
    x = i = 0
    if turns:
{GENERIC}
    while i < turns:
        i = i + 1
{NUMBERS}
    return x

def plain(turns):
    x = i = 0
    while i < turns:
        i += 1
        for factor in range(3, 93):
            x = (x * factor + i) & 0xFFFF
    return x

def table():
    return {{n: set() for n in range(90)}}
"""


def test_a_large_loop_of_generic_operations_is_given_up_while_it_is_built():
    result = check(
        LOOPS
        + """
assert generic(20_000, table(), {1}) == dict.fromkeys(range(90), {1})
info = swallow.info(generic)
reasons = [info["reason"], *(place["reason"] for place in info["loops"])]
assert "mostly generic operations: no gain expected" in reasons, info
assert generic(10, table(), {1, "x"}) == dict.fromkeys(range(90), {1, "x"})
""",
        *HOT,
        "-X",
        "jit-log=debug",
    )
    lines = [line for line in result.stderr.splitlines() if "given up name=generic:" in line]
    assert lines, result.stderr[-2000:]
    # The whole has some 1,400.
    assert all(500 <= int(line.split("insts=")[1].split()[0]) < 900 for line in lines), lines


def test_generic_operations_before_a_loop_do_not_count():
    check(
        LOOPS
        + """
given, expected = table(), plain(20)
for _ in range(2500):
    assert numbers(20, given, {1}) == expected
assert swallow.info(numbers)["state"] == "compiled", swallow.info(numbers)
assert numbers(20_000, given, {1, "x"}) == plain(20_000) and given == dict.fromkeys(range(90), {1, "x"})
""",
        *HOT,
        "-X",
        "jit-wait=1",
    )
