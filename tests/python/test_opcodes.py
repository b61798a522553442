"""The programs opcodes_*.py contain every instruction that CPython 3.11's compiler emits, and every form of those with an argument of forms."""

import ast
import dis
import types

import pytest
from running import PROGRAMS, REFERENCE, run

# Names in dis.opmap that the compiler never emits, with the reason. In 3.11 there are none: the specialised ones are not in dis.opmap.
NOT_EMITTED = {}

# The arguments that select what an instruction does.
FORMS = {
    "BINARY_OP": set(range(26)),
    "BUILD_SLICE": {2, 3},
    "CALL_FUNCTION_EX": {0, 1},
    "COMPARE_OP": set(range(6)),
    "CONTAINS_OP": {0, 1},
    # Conversions (none, str, repr, ascii), without and with a format.
    "FORMAT_VALUE": set(range(8)),
    "GET_AWAITABLE": {0, 1, 2},
    "IS_OP": {0, 1},
    # Defaults, keyword defaults, annotations, closure.
    "MAKE_FUNCTION": {0, 1, 2, 4, 8, 15},
    "RAISE_VARARGS": {0, 1, 2},
    "RERAISE": {0, 1},
    # At the start, after a yield, a yield from, an await.
    "RESUME": {0, 1, 2, 3},
}


def codes(code):
    """A code object and all those in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes(constant)


def sources(tree):
    """The (source, mode) pairs of a module's SOURCES: what it compiles itself."""
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and [getattr(target, "id", None) for target in statement.targets] == ["SOURCES"]:
            yield from ast.literal_eval(statement.value)


@pytest.fixture(scope="module")
def emitted():
    """Every instruction's name with the arguments that it has somewhere."""
    found = {}
    for path in sorted(PROGRAMS.glob("opcodes_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        compiled = [compile(tree, str(path), "exec")]
        compiled += [compile(source, "<source>", mode) for source, mode in sources(tree)]
        for top in compiled:
            for code in codes(top):
                for instruction in dis.get_instructions(code, show_caches=True):
                    found.setdefault(instruction.opname, set()).add(instruction.arg)
    return found


def test_the_compiler_is_the_right_one():
    result = run([REFERENCE, "-c", "import dis; print(*sorted(dis.opmap))"])
    assert result.stdout.split() == sorted(dis.opmap)


def test_every_opcode_occurs(emitted):
    assert sorted(set(dis.opmap) - set(emitted) - set(NOT_EMITTED)) == []
    assert sorted(set(NOT_EMITTED) & set(emitted)) == []


@pytest.mark.parametrize("name", FORMS)
def test_every_form_occurs(emitted, name):
    assert FORMS[name] - emitted[name] == set()


def test_unpacking_and_calls_of_many_sizes(emitted):
    assert {0, 1, 2, 3} <= emitted["UNPACK_SEQUENCE"]
    assert any(argument >= 256 for argument in emitted["UNPACK_EX"])
    assert {0, 1, 2, 3} <= emitted["CALL"]
    assert {1, 2, 3} <= emitted["COPY"]
    assert {2, 3} <= emitted["SWAP"]
