"""Entry into compiled code in the middle: generators that go on, exception handlers, loops of modules; that it happens, and what follows when an assumption fails there."""

from running import check

EAGER = ["-Xjit=whenhot", "-X", "jit-threshold=60"]


def test_generators_go_on_in_compiled_code():
    check(
        """
import swallow

def halves(n):
    x = 0.0
    for i in range(n):
        x = x * 0.5 + i
        yield x

def plain(n):
    x = 0.0
    out = []
    for i in range(n):
        x = x * 0.5 + i
        out.append(x)
    return out

for _ in range(5):
    assert list(halves(1000)) == plain(1000)
assert swallow.stats()["entries_resume"] > 3000, swallow.stats()
info = swallow.info(halves)
assert [place["kind"] for place in info["loops"] if place["compiled"]].count("resume point") >= 1, info
assert any(line.startswith("resume point at") for line in info["history"]), info
""",
        *EAGER,
    )


def test_guard_that_fails_where_a_generator_goes_on():
    check(
        """
import swallow

def total():
    x = 0
    while True:
        got = yield x
        x = x + got * 2

g = total()
next(g)
for i in range(500):
    g.send(1)
entered = swallow.stats()["entries_resume"]
assert entered > 200, entered
assert g.send(0.25) == 1000.5
assert g.send(1 << 70) == 1000.5 + (1 << 71)
g = total()
next(g)
assert g.send(1 << 62) == 1 << 63
assert g.send(-1) == (1 << 63) - 2
try:
    g.send("x")
except TypeError as error:
    assert error.__traceback__.tb_next.tb_lineno == 8, error.__traceback__.tb_next.tb_lineno
else:
    raise AssertionError
assert any(exit["reason"] in ("type", "overflow") for exit in swallow.info(total)["exits"]), swallow.info(total)
""",
        *EAGER,
    )


def test_coroutines_go_on_in_compiled_code():
    check(
        """
import asyncio, swallow

class Step:
    def __await__(self):
        yield

async def work(n):
    total = 0
    for i in range(n):
        await Step()
        total += i * 3 % 7
    return total

def drive(coroutine):
    while True:
        try:
            coroutine.send(None)
        except StopIteration as stop:
            return stop.value

assert drive(work(3000)) == sum(i * 3 % 7 for i in range(3000))
assert swallow.stats()["entries_resume"] > 1000, swallow.stats()
""",
        "-Xjit=always",
    )


def test_handlers_are_entered():
    check(
        """
import swallow

def count(values):
    good = 0
    bad = 0.0
    for value in values:
        try:
            good += 100 // value
        except ZeroDivisionError:
            bad += 1.5
    return good, bad

values = [5, 0, 4] * 300
for _ in range(6):
    assert count(values) == (13500, 450.0)
assert swallow.stats()["entries_handler"] > 100, swallow.stats()
places = {place["kind"]: place["compiled"] for place in swallow.info(count)["loops"]}
assert places.get("handler"), places
# The handler's code takes a float for `bad`, and a number for `good`.
class Odd:
    def __rfloordiv__(self, other):
        return 0.5
assert count([0, Odd(), 0, 4]) == (25.5, 3.0)
assert count([0.0, 2.0, 0]) == (50.0, 3.0)
""",
        *EAGER,
    )


def test_loops_of_modules_are_entered():
    check(
        """
import swallow, sys
total = 0
for i in range(30000):
    total += i % 7
assert total == sum(i % 7 for i in range(30000))
assert swallow.stats()["entries_loop"] >= 1, swallow.stats()
info = swallow.info(sys._getframe().f_code)
assert any(place["compiled"] for place in info["loops"]), info
for i in range(3000):
    if i == 2000:
        total = 0.5
    total += 1
assert total == 1000.5, total
""",
        *EAGER,
    )


def test_code_that_is_not_entered_at_its_beginning():
    check(
        """
import swallow

def generator():
    yield 1

assert not swallow.compile(generator)
assert list(generator()) == [1]
assert swallow.info(generator)["state"] != "refused", swallow.info(generator)
""",
        "-Xjit=whenhot",
    )


def test_loops_that_are_hot_over_many_calls():
    """The function is compiled, none of its loops; a loop that one call makes hot is. Wrong guards go on in CPython."""
    check(
        """
import swallow

SOURCE = '''
def sums(rows, turns):
    total = 0
    for turn in range(turns):
        for row in rows:
            total = total + row * turn
    return total
'''

def make():
    names = {}
    exec(SOURCE, names)
    return names["sums"]

often, long = make(), make()
rows = list(range(12))
for _ in range(90):
    assert often(rows, 150) == 66 * 75 * 149
info = swallow.info(often)
assert info["state"] == "compiled", info
assert not any(line.startswith("loop at") for line in info["history"]), info

for turns in (4, 4, 40_000):
    assert long(rows, turns) == 66 * (turns * (turns - 1) // 2)
info = swallow.info(long)
assert any(line.startswith("loop at") for line in info["history"]), info

# A function much larger than its loop is not waited for.
names = {}
lines = SOURCE.splitlines()
exec("\\n".join([*lines[:3], *["    total = total + 0"] * 400, *lines[3:]]), names)
large = names["sums"]
for _ in range(30):
    assert large(rows, 150) == 66 * 75 * 149
info = swallow.info(large)
assert any(line.startswith("loop at") for line in info["history"]), info

half = [*rows[:6], 0.5, "", 1 << 70]
for sums in (often, long, large):
    assert sums(half[:7], 3) == 46.5
    assert sums([1 << 70, 1], 3) == 3 * ((1 << 70) + 1)
    try:
        sums(half, 3)
    except TypeError as error:
        assert "unsupported operand" in str(error), error
    else:
        raise AssertionError
    assert sums(rows, 4) == 396
""",
        "-Xjit=whenhot",
        "-X",
        "jit-threshold=1000",
        "-X",
        "jit-wait",
    )


def test_the_loops_of_a_function_are_not_each_built_to_learn_its_size():
    """What one entry is found to need is what the others are expected to."""
    check(
        """
import swallow

def turn(rows, turns):
    total = 0.0
    for i in range(turns):
        for a, b in rows:
            x = a[0] * b[1] - a[1] * b[0]
            y = a[0] * b[0] + a[1] * b[1]
            z = x * x + y * y + 1.0
            a[0] += x / z
            a[1] -= y / z
            b[0] -= x / z
            b[1] += y / z
            total += (x + y) * (x - y) / z
    return total

def has_code():
    info = swallow.info(turn)
    return info["state"] == "compiled" or any(loop["compiled"] for loop in info["loops"])

rows = [([1.0, 2.0], [0.5, float(k)]) for k in range(10)]
before = swallow.stats()["compiles_tried"]
for _ in range(1000):
    turn(rows, 100)
    if has_code():
        break
assert has_code(), swallow.info(turn)
# Once to learn how large it is, and once for the code.
assert swallow.stats()["compiles_tried"] - before <= 2, swallow.stats()
""",
        "-Xjit=whenhot",
        "-X",
        "jit-lull=0",
    )
