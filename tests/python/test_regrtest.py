"""A short list of CPython's own test files has the verdict that it has under plain CPython; `cargo xtask regrtest` runs them all."""

import pytest
import regrtest
from running import PYTHON, REFERENCE

TESTS = [
    "test_asyncgen",
    "test_code",
    "test_contextlib",
    "test_coroutines",
    "test_except_star",
    "test_exceptions",
    "test_extcall",
    "test_frame",
    "test_generators",
    "test_genexps",
    "test_grammar",
    "test_listcomps",
    "test_patma",
    "test_raise",
    "test_scope",
    "test_super",
    "test_sys_settrace",
    "test_unpack_ex",
    "test_with",
]
EAGER = ["-Xjit=whenhot", "-X", "jit-opt=0", "-X", "jit-threshold=60"]
TIMEOUT = 600


@pytest.fixture(scope="module")
def suite():
    """Skips where the interpreter has no test suite: Debian's is a package of its own."""
    if not regrtest.has_suite():
        pytest.skip(f"{REFERENCE} has no test suite")


@pytest.mark.parametrize("name", TESTS)
def test_file(suite, name):
    plain, _ = regrtest.run([REFERENCE], name, TIMEOUT)
    jit, output = regrtest.run([PYTHON, *EAGER], name, TIMEOUT)
    assert jit.same(plain), f"plain {plain}, with the JIT {jit}\n{output[-4000:]}"
