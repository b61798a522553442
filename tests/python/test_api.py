"""The functions of `import swallow`, and the options that show what they work on; each test in a process of its own."""

import json
import re

import pytest
from running import check

HOT = """
import swallow

def work(n):
    total = 0
    for i in range(n):
        total += i * 2
    return total

for _ in range(20):
    work(10)
"""

COMPILED = (
    HOT
    + """
assert swallow.compile(work) is True, swallow.info(work)
assert work(10) == 90
"""
)


def test_public_names():
    check(
        """
        import swallow
        names = ["compile", "is_compiled", "info", "feedback", "hir", "llvm_ir", "clif", "asm", "release", "stats", "set_control", "get_control"]
        for name in names:
            function = getattr(swallow, name)
            assert callable(function), name
            assert function.__doc__ and function.__doc__.strip(), f"{name} has no docstring"
        assert set(names) <= set(swallow.__all__), swallow.__all__
        """
    )


def test_import_alone_changes_nothing():
    check(
        HOT
        + """
for _ in range(100000):
    work(3)
assert swallow.is_compiled(work) is False
assert swallow.get_control() == "never", swallow.get_control()
"""
    )


def test_compile_activates():
    check(COMPILED + "assert swallow.is_compiled(work) is True\n")


def test_compile_twice_is_true():
    check(COMPILED + "assert swallow.compile(work) is True\nassert swallow.info(work)['compiles'] == 1, swallow.info(work)\n")


def test_whenhot_compiles_by_itself():
    check(
        HOT
        + """
assert swallow.get_control() == "whenhot"
for _ in range(100000):
    work(10)
assert swallow.is_compiled(work)
""",
        "-Xjit=whenhot",
    )


def test_threshold_is_respected():
    source = HOT + "print(swallow.is_compiled(work), swallow.info(work)['state'])\n"
    assert check(source, "-Xjit=whenhot", "-X", "jit-threshold=4000000000").stdout.split()[0] == "False"
    assert check(source, "-Xjit=whenhot", "-X", "jit-threshold=1").stdout.split() == ["True", "compiled"]


def test_always_compiles_at_the_first_execution():
    check(
        """
        import swallow

        def first(a, b):
            return a + b

        assert first(1, 2) == 3
        assert swallow.is_compiled(first), swallow.info(first)
        assert first(1, 2) == 3
        assert first(1.5, 2) == 3.5
        """,
        "-Xjit=always",
    )


def test_always_leaves_unexecuted_functions_alone():
    check(
        """
        import swallow

        def unused(a, b):
            return a + b

        assert not swallow.is_compiled(unused)
        assert swallow.info(unused)["state"] == "cold"
        """,
        "-Xjit=always",
    )


def test_info_of_a_cold_function():
    check(
        """
        import swallow

        def cold():
            return 1

        info = swallow.info(cold)
        assert set(info) >= {"state", "hotness", "reason", "code_bytes", "hir_insts", "phase_times", "exits", "compiles"}, info
        assert info["state"] == "cold" and info["reason"] is None and info["compiles"] == 0 and info["exits"] == [] and info["code_bytes"] == 0, info
        """,
        "-Xjit=whenhot",
    )


def test_info_of_a_compiled_function():
    check(
        COMPILED
        + """
info = swallow.info(work)
assert info["state"] == "compiled" and info["reason"] is None and info["compiles"] == 1, info
assert type(info["code_bytes"]) is int and info["code_bytes"] > 0
assert type(info["hir_insts"]) is int and info["hir_insts"] > 0
assert info["phase_times"] and all(type(name) is str and type(seconds) is float and seconds >= 0 for name, seconds in info["phase_times"].items()), info
assert type(info["exits"]) is list
"""
    )


def test_hotness_grows_with_calls_and_back_edges():
    check(
        """
        import swallow

        def called():
            return 1

        def looping(n):
            total = 0
            for i in range(n):
                total += i
            return total

        before = swallow.info(called)["hotness"]
        # Counting begins when CPython has quickened the code, after 8 calls.
        for _ in range(40):
            called()
        after = swallow.info(called)["hotness"]
        assert after >= before + 40, (before, after)
        before = swallow.info(looping)["hotness"]
        for _ in range(20):
            looping(5)
        first = swallow.info(looping)["hotness"]
        looping(5000)
        assert swallow.info(looping)["hotness"] > first + 100, (before, first, swallow.info(looping))
        """,
        "-Xjit=whenhot",
        "-X",
        "jit-threshold=4000000000",
    )


def test_bound_method_and_code_object():
    check(
        """
        import swallow

        class Thing:
            def __init__(self):
                self.x = 2

            def method(self, n):
                total = 0
                for i in range(n):
                    total += self.x
                return total

        thing = Thing()
        for _ in range(20):
            thing.method(5)
        assert swallow.compile(thing.method) is True, swallow.info(thing.method)
        assert swallow.is_compiled(thing.method) and swallow.is_compiled(Thing.method) and swallow.is_compiled(Thing.method.__code__)
        assert thing.method(5) == 10
        assert swallow.release(Thing.method.__code__) is True
        assert not swallow.is_compiled(thing.method)
        assert swallow.compile(Thing.method.__code__) is True
        assert swallow.is_compiled(thing.method)
        thing.x = 0.5
        assert thing.method(5) == 2.5
        """
    )


@pytest.mark.parametrize("name", ["compile", "is_compiled", "info", "hir", "llvm_ir", "clif", "asm", "release"])
@pytest.mark.parametrize("argument", ["5", "None", "'work'", "len", "int", "[].append", "object()"])
def test_wrong_argument(name, argument):
    check(
        f"""
        import swallow
        try:
            swallow.{name}({argument})
        except TypeError as error:
            assert str(error), "no message"
        else:
            raise AssertionError("no TypeError")
        """
    )


@pytest.mark.parametrize("name", ["compile", "is_compiled", "info", "hir", "llvm_ir", "clif", "asm", "release", "set_control"])
def test_wrong_number_of_arguments(name):
    check(
        f"""
        import swallow
        def f(): pass
        for arguments in ((), (f, f, f)):
            try:
                swallow.{name}(*arguments)
            except TypeError:
                pass
            else:
                raise AssertionError(arguments)
        """
    )


def test_refused_function_gives_a_reason():
    check(
        """
import swallow
exec("def f(x):\\n" + "    x = x + 1\\n" * 4000 + "    return x")
assert swallow.compile(f) is False
info = swallow.info(f)
assert info["state"] == "refused" and "too large" in info["reason"], info
assert not swallow.is_compiled(f)
assert swallow.compile(f) is False
assert f(0) == 4000
"""
    )


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    yield 1",
        "async def f():\n    return 1",
        "async def f():\n    yield 1",
    ],
    ids=["generator", "coroutine", "async generator"],
)
def test_function_that_is_not_compiled_as_a_whole(source):
    check(
        f"""
import swallow
{source}
assert swallow.compile(f) is False
assert swallow.info(f)["state"] != "refused", swallow.info(f)
assert not swallow.is_compiled(f)
"""
    )


def test_refused_function_still_works():
    check(
        """
        import swallow

        def generate(n):
            for i in range(n):
                yield i

        assert swallow.compile(generate) is False
        assert list(generate(3)) == [0, 1, 2]
        """,
        "-Xjit=always",
    )


def test_exits_are_counted_by_site():
    check(
        COMPILED
        + """
def count():
    return sum(exit["count"] for exit in swallow.info(work)["exits"])

before = count()
assert work(2**70 // 2**69) == 2
assert work(True) == 0
middle = count()

class Index:
    def __index__(self):
        return 4

assert work(Index()) == 12
assert count() >= before
"""
    )


def test_type_change_leaves_through_an_exit():
    check(
        """
        import swallow

        def add(a, b):
            c = a + b
            return c

        for _ in range(100):
            add(1, 2)
        assert swallow.compile(add), swallow.info(add)
        assert sum(exit["count"] for exit in swallow.info(add)["exits"]) == 0
        for _ in range(3):
            assert add("a", "b") == "ab"
        info = swallow.info(add)
        exits = [exit for exit in info["exits"] if exit["count"]]
        assert exits, info
        first = add.__code__.co_firstlineno
        for exit in exits:
            assert set(exit) >= {"pc", "line", "reason", "count"}, exit
            assert first <= exit["line"] <= first + 2 and exit["reason"] and type(exit["pc"]) is int, exit
        assert sum(exit["count"] for exit in exits) == 3, exits
        assert add(1, 2) == 3
        assert add(2**62, 2**62) == 2**63
        """
    )


def test_overflow_leaves_through_an_exit():
    check(
        """
        import swallow

        def square(x):
            return x * x

        for _ in range(100):
            square(3)
        assert swallow.compile(square)
        assert square(2**40) == 2**80
        assert sum(exit["count"] for exit in swallow.info(square)["exits"]) >= 1
        assert square(-(2**40)) == 2**80
        assert square(5) == 25
        """
    )


def test_hir_text():
    check(
        COMPILED
        + """
text = swallow.hir(work)
assert type(text) is str and len(text.splitlines()) > 5, text
assert "bb0" in text, text
assert swallow.hir(work) == text
"""
    )


def test_llvm_ir_text():
    check(
        COMPILED
        + """
text = swallow.llvm_ir(work)
assert type(text) is str and "define" in text and "ret" in text, text
"""
    )


def test_asm_text():
    check(
        COMPILED
        + """
text = swallow.asm(work)
assert type(text) is str and len(text.splitlines()) > 5, text
"""
    )


def test_texts_of_a_function_that_cannot_be_compiled():
    check(
        """
        import swallow

        def generate():
            yield 1

        for show in (swallow.hir, swallow.llvm_ir, swallow.clif, swallow.asm):
            try:
                text = show(generate)
            except Exception as error:
                assert str(error), type(error)
                assert not isinstance(error, (SystemError, TypeError)), repr(error)
            else:
                raise AssertionError(text)
        """
    )


def test_release():
    check(
        COMPILED
        + """
assert swallow.release(work) is True
assert not swallow.is_compiled(work)
info = swallow.info(work)
assert info["state"] == "released" and info["code_bytes"] == 0, info
assert work(10) == 90 and work(0) == 0 and work(2**3) == 56
for _ in range(1000):
    assert work(10) == 90
assert swallow.release(work) is False
assert swallow.compile(work) is True
assert work(10) == 90
assert swallow.info(work)["compiles"] == 2, swallow.info(work)
"""
    )


def test_release_while_running():
    check(
        """
        import swallow

        def work(n, at):
            total = 0
            for i in range(n):
                if i == at:
                    assert swallow.release(work) is True
                total += i
            return total

        for _ in range(100):
            work(10, -1)
        assert swallow.compile(work), swallow.info(work)
        assert work(1000, 500) == 499500
        assert not swallow.is_compiled(work)
        assert work(1000, -1) == 499500
        """
    )


def test_release_in_recursion():
    check(
        """
        import swallow

        def deep(n):
            if n == 0:
                swallow.release(deep)
                return 0
            return deep(n - 1) + n

        for _ in range(100):
            deep(0)
        for _ in range(5):
            assert swallow.compile(deep), swallow.info(deep)
            assert deep(200) == 20100
            assert not swallow.is_compiled(deep)
        """
    )


def test_stats():
    check(
        COMPILED
        + """
import json
stats = swallow.stats()
assert type(stats) is dict and stats
json.dumps(stats)
assert any(type(value) in (int, float) and value > 0 for value in stats.values()), stats
before = json.dumps(stats)

def more(a, b):
    return a * b - a

for _ in range(20):
    more(2, 3)
assert swallow.compile(more)
assert json.dumps(swallow.stats()) != before
"""
    )


def test_stats_at_exit():
    result = check(HOT + "swallow.compile(work)\n", "-Xjit=whenhot", "-X", "jit-stats")
    assert json.loads(result.stderr), result
    result = check(HOT + "swallow.compile(work)\n", "-Xjit=whenhot", PYTHONJITSTATS="1")
    assert json.loads(result.stderr), result
    assert check(HOT, "-Xjit=whenhot").stderr == ""


def test_set_control():
    check(
        """
        import swallow
        import time

        assert swallow.get_control() == "never"
        assert swallow.set_control("whenhot") == "never"
        assert swallow.get_control() == "whenhot"
        assert swallow.set_control("always") == "whenhot"

        def work(a):
            return a + 1

        # The program does not wait for code.
        end = time.monotonic() + 60
        while not swallow.is_compiled(work) and time.monotonic() < end:
            assert work(1) == 2
        assert swallow.is_compiled(work)
        assert swallow.set_control("never") == "always"

        def other(a):
            return a + 1

        for _ in range(100000):
            other(1)
        assert not swallow.is_compiled(other)
        assert work(1.5) == 2.5
        """
    )


@pytest.mark.parametrize("value", ["'sometimes'", "''", "'WHENHOT '"])
def test_set_control_wrong_value(value):
    check(
        f"""
        import swallow
        before = swallow.get_control()
        try:
            swallow.set_control({value})
        except ValueError as error:
            assert "whenhot" in str(error), error
        else:
            raise AssertionError("no ValueError")
        assert swallow.get_control() == before
        """
    )


@pytest.mark.parametrize("value", ["5", "None", "b'always'"])
def test_set_control_wrong_type(value):
    check(
        f"""
        import swallow
        try:
            swallow.set_control({value})
        except TypeError:
            pass
        else:
            raise AssertionError("no TypeError")
        """
    )


@pytest.mark.parametrize("level", ["0", "1", "2", "3"])
@pytest.mark.parametrize("option", ["jit-opt={}", "jit-passes=o{}"])
def test_optimisation_levels(option, level):
    check(COMPILED + "assert work(100) == 9900 and work(2) == 2\n", "-Xjit=always", "-X", "jit-backend=llvm", "-X", option.format(level))


def test_passes_as_text():
    check(COMPILED, "-Xjit=always", "-X", "jit-backend=llvm", "-X", "jit-passes=function(mem2reg,instcombine,simplifycfg)")


@pytest.mark.parametrize("what, pattern", [("hir", r"bb0"), ("llvm", r"define "), ("clif", r"function %"), ("asm", r"\bret")])
def test_dump(what, pattern):
    result = check(HOT, "-Xjit=always", "-X", f"jit-dump={what}")
    assert re.search(pattern, result.stderr), result
    assert result.stdout == ""


def test_only_these_values_for_now():
    check(COMPILED, "-Xjit=whenhot", "-X", "jit-backend=llvm", "-X", "jit-unit=function", "-X", "jit-codegen=inprocess")


def test_log_filter():
    result = check(HOT + "swallow.compile(work)\n", "-Xjit=whenhot", "-X", "jit-log=trace")
    assert "work" in result.stderr, result


def test_compile_does_not_run_the_function():
    check(
        """
        import swallow
        ran = []

        def effect(x):
            ran.append(x)
            return x

        swallow.compile(effect)
        assert ran == []
        effect(1)
        assert ran == [1]
        """
    )


def test_compile_of_a_cold_function_is_correct():
    check(
        """
        import swallow

        def never_called(a, b):
            total = 0
            for i in range(a):
                total += b[i] * 2
            return total

        swallow.compile(never_called)
        assert never_called(3, [1, 2.5, 3]) == 13.0
        assert never_called(0, None) == 0
        try:
            never_called(1, None)
        except TypeError as error:
            assert "subscriptable" in str(error)
        """
    )


def test_shared_code_is_compiled_once():
    check(
        """
        import swallow
        from types import FunctionType

        def work(a):
            return a + k

        k = 1
        for _ in range(20):
            work(1)
        assert swallow.compile(work)
        other = FunctionType(work.__code__, {"k": 0.5})
        assert other(1) == 1.5 and work(1) == 2
        assert swallow.is_compiled(other) == swallow.is_compiled(work)
        """
    )


def test_functions_are_not_kept_alive():
    check(
        """
        import gc, weakref, swallow
        gone = []
        for number in range(50):
            space = {"marker": type("Marker", (), {})()}
            exec(f"def f(n):\\n    t = {number}\\n    for i in range(n):\\n        t += i\\n    return t, marker", space)
            f = space["f"]
            for _ in range(20):
                f(5)
            assert swallow.compile(f), swallow.info(f)
            assert f(5)[0] == 10 + number
            gone.append((weakref.ref(f), weakref.ref(space["marker"])))
            del space, f
        gc.collect()
        assert all(a() is None and b() is None for a, b in gone), sum(a() is not None for a, b in gone)
        """
    )


@pytest.mark.parametrize("options", [[], ["-X", "jit-stats=0"], ["-X", "jit-stats=1"]], ids=["", "off", "on"])
def test_what_loading_took_is_looked_for_only_where_it_is_asked_for(options):
    is_asked_for = "jit-stats=1" in options
    source = f"import swallow; row = swallow.memory()['loading']; assert (row is not None) == {is_asked_for}, row"
    check(source, "-Xjit=whenhot", *options)
