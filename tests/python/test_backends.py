"""The code generators: what differs between them for users, and how one's code follows the other's."""

import pytest
from running import PYTHON, check, run

CRANELIFT = ("-X", "jit-backend=cranelift")
TIERED = ("-X", "jit-backend=tiered")

WORK = """
import swallow

def work(n):
    total = 0
    for i in range(n):
        total += i * i % 7
    return total
"""


@pytest.mark.parametrize("backend", ["llvm", "cranelift"])
@pytest.mark.parametrize("place", ["helper", "inprocess"])
@pytest.mark.parametrize("level", ["0", "2"])
def test_code_comes_from(backend, place, level):
    check(
        WORK
        + f"""
assert work(1000) == sum(i * i % 7 for i in range(1000))
info = swallow.info(work)
assert info["state"] == "compiled" and info["backend"] == {backend!r}, info
assert info["code_bytes"] > 0 and info["phase_times"]["emit"] > 0
swallow.release(work)
assert swallow.info(work)["backend"] is None
""",
        "-Xjit=always",
        "-X",
        f"jit-backend={backend}",
        "-X",
        f"jit-codegen={place}",
        "-X",
        f"jit-opt={level}",
    )


@pytest.mark.parametrize("backend", ["llvm", "cranelift"])
def test_texts(backend):
    """The IR of both is there on demand; the assembly text is of the one in use."""
    check(
        WORK
        + f"""
assert swallow.clif(work).startswith("function %swl_unit_")
assert "%swl_side_exit" in swallow.clif(work)
assert "define" in swallow.llvm_ir(work)
text = swallow.asm(work)
assert "ret" in text and ("block0:" in text) == ({backend!r} == "cranelift"), text
""",
        "-Xjit=whenhot",
        "-X",
        f"jit-backend={backend}",
    )


def test_dump():
    result = check(WORK + "work(10)", "-Xjit=always", *CRANELIFT, "-X", "jit-dump=clif,asm")
    assert "function %swl_unit_" in result.stderr and "pushq %rbp" in result.stderr


@pytest.mark.parametrize("mode", ["never", "whenhot"])
def test_no_pipeline_for_cranelift(mode):
    message = "swallow: jit-passes: a pass pipeline is LLVM's, and jit-backend is cranelift\n"
    result = run([PYTHON, f"-Xjit={mode}", *CRANELIFT, "-X", "jit-passes=o1", "-c", "pass"])
    assert (result.status, result.stderr) == (2, message)
    result = run([PYTHON, f"-Xjit={mode}", "-X", "jit-passes=o1", "-c", "pass"], PYTHONJITBACKEND="cranelift")
    assert (result.status, result.stderr) == (2, message)


LOOP = """
def f(n):
    total = 0
    for i in range(n):
        total += i & 3
    return total
"""

# What is called often, called directly by compiled code, loops while it runs, goes on as a generator.
PATTERNS = {
    "called": LOOP
    + """
for _ in range(20000):
    assert f(10) == 13
assert swallow.info(f)["backend"] == "llvm", swallow.info(f)
""",
    "recursive": """
def f(n):
    return n if n < 2 else f(n - 1) + f(n - 2)
for _ in range(20):
    assert f(20) == 6765
assert swallow.info(f)["backend"] == "llvm", swallow.info(f)
""",
    "loops": LOOP
    + """
assert f(3_000_000) == 4500000
assert "llvm" in [loop["backend"] for loop in swallow.info(f)["loops"]], swallow.info(f)
""",
    "resumed": """
def f(n):
    total = 0
    for i in range(n):
        for k in range(20):
            total += (i ^ k) & 3
        yield total
assert list(f(20_000))[-1] == 600_000
assert "llvm" in [loop["backend"] for loop in swallow.info(f)["loops"]], swallow.info(f)
""",
}


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("options", [(), ("-X", "jit-threshold=50"), ("-X", "jit-codegen=inprocess")], ids=["whenhot", "soon", "inprocess"])
def test_what_stays_hot_comes_again_from_llvm(name, options):
    check("import swallow\n" + PATTERNS[name] + 'assert swallow.stats()["recompiles"] == 0', "-Xjit=whenhot", *TIERED, *options)


def test_loop_goes_over_while_it_runs():
    """Without waiting: the first tier runs until the second is there."""
    check(
        """
        import swallow

        def f(n):
            odd = 0
            for i in range(n):
                odd += i & 1
            return odd

        assert f(200_000_000) == 100_000_000
        backends = [loop["backend"] for loop in swallow.info(f)["loops"]]
        assert "llvm" in backends, swallow.info(f)
        """,
        "-Xjit=whenhot",
        *TIERED,
        PYTHONJITWAIT="0",
    )


def test_the_second_tier_is_for_what_has_a_share_of_the_time():
    """A function that the program hardly spends time in keeps the first tier, however many turns it has taken, until that changes."""
    check(
        LOOP
        + """
import swallow, time

def runs_until(backend):
    end = time.monotonic() + 20
    while swallow.info(f)["backend"] != backend and time.monotonic() < end:
        assert f(1000) == 1500
    return swallow.info(f)["backend"] == backend

assert runs_until("cranelift"), swallow.info(f)
for _ in range(60):
    # 60,000 turns: four times what it takes where they come in a row.
    assert f(1000) == 1500
    time.sleep(0.01)
assert swallow.info(f)["backend"] == "cranelift", swallow.info(f)
assert runs_until("llvm"), swallow.info(f)
""",
        "-Xjit=whenhot",
        *TIERED,
        PYTHONJITWAIT="0",
    )


def test_assumption_of_the_first_tier_fails():
    """Code that is left too often is recorded and compiled anew, in whichever tier it is."""
    check(
        """
        import swallow

        def add(a, b):
            return a + b

        def f(values):
            total = values[0]
            for value in values:
                total = add(total, value)
            return total

        for _ in range(200):
            f([1] * 50)
        for _ in range(2000):
            assert f([0.5] * 50) == 25.5
        assert swallow.info(f)["state"] == "compiled", swallow.info(f)
        """,
        "-Xjit=whenhot",
        *TIERED,
    )


def test_memory_of_both_tiers_comes_back():
    check(
        """
        import gc, swallow
        source = "def f(n):\\n    t = 0\\n    for i in range(n):\\n        t += i & %d\\n    return t"
        for number in range(40):
            space = {}
            exec(source % number, space)
            for _ in range(300):
                space["f"](50)
        space = None
        gc.collect()
        left = [row for row in swallow.memory()["functions"] if row["name"] == "f:1"]
        assert left == [], left
        """,
        "-Xjit=whenhot",
        "-X",
        "jit-threshold=50",
        *TIERED,
    )


MAKE = """
import swallow

def make(number):
    names = {}
    exec(f'''
def work(n):
    total = {number}
    for i in range(n):
        total += i * {number} % 7
        total ^= i & 3
    return total
''', names)
    return names["work"]
"""


def test_pages_of_the_first_tier_go_before_the_helper_hears_of_it():
    """The helper is told what is free with the next request, and here comes none."""
    body = "\n".join(f"        x = x * 0.5 + items[i & {number % 8}]" for number in range(100))
    source = f"""
import swallow

def f(items, n):
    x = 1.0
    for i in range(n):
{body}
    return x

def abs_of(x):
    return x if x >= 0 else -x

items = [number / 3 for number in range(8)]
largest = 0
while swallow.info(f)["backend"] != "llvm":
    f(items, 500)
    row = swallow.memory()
    largest = max(largest, row["code"] + row["arena_slack"])
# Whenever something is released, it is looked what else can go.
assert swallow.compile(abs_of) and swallow.release(abs_of)
row = swallow.memory()
pages = 4 * 4096 + row["code"]
assert row["retired_code"] == 0 and swallow.stats()["helper_starts"] == 1, row
assert largest > pages + 4 * 4096, (largest, row)
assert row["code"] + row["arena_slack"] <= pages, (largest, row)
"""
    check(source, "-Xjit=whenhot", *TIERED, PYTHONJITIDLE="60000")


def test_dead_code_below_a_running_loop_is_freed():
    """Native code that calls, and outlives, other native code does not keep it all."""
    check(
        MAKE
        + """
def main(count):
    total = 0
    for k in range(count):
        for j in range(20):
            total += k * j % 7
        work = make(k)
        for _ in range(3):
            total += work(800)
    return total

def retired(count):
    main(count)
    return swallow.memory()["retired_code"]

main(30)
assert swallow.is_compiled(main) or any(loop["compiled"] for loop in swallow.info(main)["loops"]), swallow.info(main)
few, many = retired(100), retired(400)
assert many < 2 * few + 100_000, (few, many)
""",
        "-Xjit=whenhot",
        "-X",
        "jit-wait",
        "-X",
        "jit-threshold=50",
        "-X",
        "jit-backend=cranelift",
    )


def test_second_tier_after_fork():
    """A child asks for the second tier that its parent was waiting for."""
    check(
        MAKE
        + """
import os, time

def backends(work):
    info = swallow.info(work)
    return {info["backend"], *(loop["backend"] for loop in info["loops"])}

def runs_until(work, backend, seconds=20):
    end = time.monotonic() + seconds
    while backend not in backends(work) and time.monotonic() < end:
        work(500)
    return backend in backends(work)

for number in range(5):
    work = make(number)
    assert runs_until(work, "cranelift") or runs_until(work, "llvm"), swallow.info(work)
    for _ in range(3):
        work(400)
    child = os.fork()
    if child == 0:
        os._exit(0 if runs_until(work, "llvm") else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, number
    assert runs_until(work, "llvm"), number
""",
        "-Xjit=whenhot",
        *TIERED,
        "-X",
        "jit-threshold=99",
        PYTHONJITWAIT="0",
    )


@pytest.mark.parametrize("backend", ["llvm", "cranelift"])
def test_code_grows_with_the_unit(backend):
    """And not with its square: what many exits tell is computed once."""
    check(
        """
import swallow

def size(statements):
    lines = [f"        t = t * 0.9{k} + s; s += i * {k} % 7; u = u + t * s" for k in range(statements)]
    names = {}
    exec("def work(n):\\n    s, t, u = 1, 0.5, 0.25\\n    for i in range(n):\\n" + "\\n".join(lines) + "\\n    return s, t, u", names)
    for _ in range(3):
        names["work"](150)
    loops = swallow.info(names["work"])["loops"]
    assert loops and loops[0]["code_bytes"] > 0, swallow.info(names["work"])
    return loops[0]["code_bytes"]

small, large = size(5), size(40)
assert large < 12 * small, (small, large)
""",
        "-Xjit=whenhot",
        "-X",
        f"jit-backend={backend}",
        "-X",
        "jit-threshold=60",
    )
