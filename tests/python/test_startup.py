"""Start-up: who pays, who is started, and what is said about bad input."""

import json
import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

HELLO = "print('hello')"

# What of ours is in the process: mapped files, and modules.
TRACES = """
import sys
with open("/proc/self/maps") as file:
    maps = [line.split()[-1] for line in file if "_swallow" in line or "libLLVM" in line]
print(sorted(set(maps)), sorted(name for name in sys.modules if name.startswith("swallow")))
"""

BAD_OPTIONS = [
    (["-Xjit=sometimes"], "-X jit=sometimes: expected never, whenhot or always"),
    (["-Xjit="], "-X jit=: expected never, whenhot or always"),
    (["-Xjit-threshold=abc"], "-X jit-threshold=abc: expected a whole number from 1 to 4294967295"),
    (["-Xjit-threshold=0"], "-X jit-threshold=0: expected a whole number from 1 to 4294967295"),
    (["-Xjit-threshold=4294967296"], "-X jit-threshold=4294967296: expected a whole number from 1 to 4294967295"),
    (["-Xjit-threshold=-1"], "-X jit-threshold=-1: expected a whole number from 1 to 4294967295"),
    (["-Xjit-threshold"], "-X jit-threshold: expected a whole number from 1 to 4294967295"),
    (["-Xjit-threshold=" + "9" * 5000], "-X jit-threshold=" + "9" * 5000 + ": expected a whole number from 1 to 4294967295"),
    (
        ["-Xjit-threshold=\N{ARABIC-INDIC DIGIT FIVE}"],
        "-X jit-threshold=\N{ARABIC-INDIC DIGIT FIVE}: expected a whole number from 1 to 4294967295",
    ),
    (["-Xjit-opt=4"], "-X jit-opt=4: expected 0, 1, 2 or 3"),
    (["-Xjit-dump=hir,llvn"], "-X jit-dump=hir,llvn: expected a list of feedback, hir, llvm, clif and asm, joined by commas"),
    (["-Xjit-stats=yes"], "-X jit-stats=yes: expected 0 or 1"),
    (["-Xjit-fail-guard=often"], "-X jit-fail-guard=often: expected a whole number from 0 to 18446744073709551615"),
    (["-Xjit-seed=dice"], "-X jit-seed=dice: expected a whole number from 0 to 18446744073709551615, or random"),
    (["-Xjit-gc-exits=-1"], "-X jit-gc-exits=-1: expected a whole number from 0 to 18446744073709551615"),
    (["-Xjit-passes="], "-X jit-passes=: expected jit, o0, o1, o2, o3, unladen-o2, @FILE or the text of an LLVM pass pipeline"),
    (["-Xjit-passes=@no/such/file"], "-X jit-passes=@no/such/file: No such file or directory"),
    (["-Xjit-passes=@/"], "-X jit-passes=@/: Is a directory"),
    (["-Xjit-time-passes=yes"], "-X jit-time-passes=yes: expected 0 or 1"),
    (["-Xjit-time-units=2"], "-X jit-time-units=2: expected 0 or 1"),
    (["-Xjit-trace"], "-X jit-trace: expected the name of a file; %p in it is the process's number"),
    (["-Xjit-backend=gcc"], "-X jit-backend=gcc: expected llvm, cranelift or tiered"),
    (["-Xjit-unit=trace"], "-X jit-unit=trace: expected function"),
    (["-Xjit-codegen=elsewhere"], "-X jit-codegen=elsewhere: expected helper or inprocess"),
    (["-Xjit-wait=yes"], "-X jit-wait=yes: expected 0 or 1"),
    (["-Xjit-lull=-1"], "-X jit-lull=-1: expected a whole number from 0 to 4294967295"),
    (["-Xjit-takeover=often"], "-X jit-takeover=often: expected a whole number from 0 to 4294967295"),
    (["-Xjit-idle=0"], "-X jit-idle=0: expected a whole number from 1 to 4294967295"),
    (["-Xjit-patience"], "-X jit-patience: expected a whole number from 1 to 4294967295"),
    (["-Xjit-treshold=5"], "-X jit-treshold: unknown option; did you mean jit-threshold?"),
    (["-Xjit-"], "-X jit-: unknown option; did you mean jit?"),
    (
        ["-Xjit-speculation=5"],
        "-X jit-speculation: unknown option; there are jit, jit-threshold, jit-warm, jit-opt, jit-passes, jit-dump,"
        " jit-stats, jit-profile, jit-time-passes, jit-time-units, jit-trace, jit-keep-feedback, jit-fail-guard, jit-seed, jit-gc-exits, jit-takeover, jit-log, jit-backend, jit-unit, jit-codegen, jit-wait,"
        " jit-lull, jit-idle, jit-patience",
    ),
]


def refused(done, message):
    """The process ended before the program, with this line."""
    assert done.stderr == f"swallow: {message}\n"
    assert done.stdout == ""
    assert done.returncode == 2


def ran(done, stderr="", stdout="hello\n"):
    """The program ran and said this."""
    assert done.stderr == stderr
    assert done.stdout == stdout
    assert done.returncode == 0


# -- who pays


@pytest.mark.parametrize(
    ("args", "env"),
    [
        ([], {}),
        (["-Xjit=never"], {}),
        (["-X", "jit=never"], {}),
        ([], {"PYTHONJITTHRESHOLD": "abc"}),
    ],
)
def test_nothing_of_ours_in_a_process_that_did_not_ask(run_python, args, env):
    ran(run_python(args, TRACES, env=env), stdout="[] []\n")


# The line in the .pth file only knows the simplest cases: it is paid for by every process. Then a small Python module looks closer.
@pytest.mark.parametrize(
    ("args", "env"),
    [
        (["-Xjit=never", "-Xjit-threshold=5"], {}),
        ([], {"PYTHONJIT": "never"}),
        (["-Xjit=never"], {"PYTHONJIT": "always"}),
        (["-Xdev", "-X", "utf8"], {}),
    ],
)
def test_never_maps_nothing(run_python, args, env):
    done = run_python(args, TRACES, env=env)
    assert done.stdout.startswith("[] ["), done.stderr
    assert (done.stderr, done.returncode) == ("", 0)


@pytest.mark.parametrize(("args", "value"), [(["-I"], "whenhot"), (["-E"], "sometimes"), ([], "")])
def test_a_variable_that_does_not_count(run_python, args, value):
    done = run_python(args, TRACES, env={"PYTHONJIT": value})
    assert done.stdout.startswith("[] ["), done.stderr
    assert (done.stderr, done.returncode) == ("", 0)


@pytest.mark.parametrize(
    ("args", "env", "mode"),
    [
        (["-Xjit=whenhot"], {}, "whenhot"),
        (["-Xjit"], {}, "whenhot"),
        (["-X", "jit=always"], {}, "always"),
        (["-Xjit=always", "-Xjit-threshold=0005"], {"PYTHONJITTHRESHOLD": "7"}, "always"),
        ([], {"PYTHONJIT": "always"}, "always"),
        (["-Xjit=whenhot"], {"PYTHONJIT": "always"}, "whenhot"),
        (["-I", "-Xjit=whenhot"], {"PYTHONJIT": "sometimes"}, "whenhot"),
        (["-Xjit-threshold=9"], {}, "whenhot"),
    ],
)
def test_the_jit_is_on(run_python, args, env, mode):
    code = "import sys; on = 'swallow._swallow' in sys.modules; import swallow; print(on, swallow.get_control())"
    ran(run_python(args, code, env=env), stdout=f"True {mode}\n")


def test_importing_loads_nothing_until_asked(run_python):
    code = f"import swallow\nprint(swallow.get_control(), swallow.set_control('never'))\n{TRACES}"
    ran(run_python([], code), stdout="never never\n[] ['swallow']\n")


def test_compiling_without_an_option_switches_the_jit_on(run_python):
    code = "import swallow\ndef f(x): return x + 1\nprint(swallow.compile(f), swallow.is_compiled(f), f(1), swallow.get_control())"
    ran(run_python([], code), stdout="True True 2 whenhot\n")


# -- bad options


@pytest.mark.parametrize(("options", "message"), BAD_OPTIONS)
@pytest.mark.parametrize("mode", ["never", "whenhot"])
def test_bad_option(run_python, mode, options, message):
    args = options if options[0].startswith("-Xjit=") else [f"-Xjit={mode}", *options]
    refused(run_python(args, HELLO, env={"PYTHONUTF8": "1"}), message)


@pytest.mark.parametrize("mode", ["whenhot", "always"])
@pytest.mark.parametrize(
    ("variable", "message"),
    [
        (("PYTHONJITOPT", "9"), "PYTHONJITOPT=9: expected 0, 1, 2 or 3"),
        (("PYTHONJITSTATS", "yes"), "PYTHONJITSTATS=yes: expected 0 or 1"),
    ],
)
def test_bad_variable(run_python, mode, variable, message):
    refused(run_python([f"-Xjit={mode}"], HELLO, env=dict([variable])), message)


def test_bad_mode_in_the_variable(run_python):
    refused(run_python([], HELLO, env={"PYTHONJIT": "hot"}), "PYTHONJIT=hot: expected never, whenhot or always")


@pytest.mark.parametrize("mode", ["whenhot", "always"])
def test_bad_pipeline(run_python, mode):
    done = run_python([f"-Xjit={mode}", "-Xjit-backend=llvm", "-Xjit-passes=no-such-pass"], HELLO)
    assert done.stderr.startswith("swallow: -X jit-passes=no-such-pass: ")
    assert done.stderr.count("\n") == 1
    assert (done.stdout, done.returncode) == ("", 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("function(sroa,gvm)", "column 15: there is no pass gvm; did you mean gvn?"),
        ("function(gvn", "column 9: ( is never closed"),
        ("function(gvn))", "column 14: ) without ("),
        ("function(loop-mssa(gvn))", "column 20: gvn: not a pass that can stand inside loop-mssa"),
        ("o4", "column 1: there is no pass o4; did you mean o0?"),
    ],
)
def test_a_bad_pipeline_is_pointed_at(run_python, tmp_path, text, message):
    done = run_python(["-Xjit=whenhot", f"-Xjit-passes={text}"], HELLO)
    refused(done, f"-X jit-passes={text}: {message}")
    refused(run_python([], HELLO, env={"PYTHONJIT": "always", "PYTHONJITPASSES": text}), f"PYTHONJITPASSES={text}: {message}")
    file = tmp_path / "passes.txt"
    file.write_text(f"# mine\n {text}\n")
    column, rest = message.removeprefix("column ").split(":", 1)
    expected = f"-X jit-passes=@{file}: line 2, column {int(column) + 1}:{rest}"
    refused(run_python(["-Xjit=whenhot", f"-Xjit-passes=@{file}"], HELLO), expected)


def test_a_pipeline_in_a_file(run_python, tmp_path):
    file = tmp_path / "passes.txt"
    file.write_text("# mine\nfunction(\n  sroa, # memory to registers\n  gvn)\n")
    ran(run_python(["-Xjit=whenhot", "-Xjit-passes=@passes.txt"], HELLO, cwd=tmp_path))
    for preset in ("o0", "o1", "o2", "o3", "jit", "unladen-o2"):
        ran(run_python(["-Xjit=whenhot", f"-Xjit-passes={preset}"], HELLO))
    file.write_bytes(b"\xff\xfe")
    for mode in ("never", "whenhot"):
        refused(run_python([f"-Xjit={mode}", f"-Xjit-passes=@{file}"], HELLO), f"-X jit-passes=@{file}: not text in UTF-8")


def test_a_trace_that_cannot_be_written(run_python, tmp_path):
    refused(run_python(["-Xjit=whenhot", f"-Xjit-trace={tmp_path}"], HELLO), f"-X jit-trace={tmp_path}: Is a directory")
    missing = tmp_path / "missing" / "trace.json"
    refused(run_python(["-Xjit=whenhot", f"-Xjit-trace={missing}"], HELLO), f"-X jit-trace={missing}: No such file or directory")


def test_bad_log_filter(run_python):
    done = run_python(["-Xjit=whenhot", "-Xjit-log==,="], HELLO)
    assert done.stderr.startswith("swallow: -X jit-log==,=: expected a filter")
    assert (done.stdout, done.returncode) == ("", 2)


def test_chosen_seed_is_printed(run_python):
    done = run_python(["-Xjit-seed=random"], "print('hello')")
    assert re.fullmatch(r"swallow: -X jit-seed=\d+\n", done.stderr), done.stderr
    assert (done.stdout, done.returncode) == ("hello\n", 0)


def test_bad_option_without_stderr(python):
    # The status is all that is left to tell it.
    assert os.system(f"'{python}' -Xjit=sometimes -c '{HELLO}' >/dev/null 2>&-") >> 8 == 2


def test_the_two_option_tables_are_the_same(run_python):
    code = (
        "import json, swallow._options as ours, swallow._swallow as native;"
        "print(json.dumps([list(map(list, ours.OPTIONS)), list(map(list, native.options()))]))"
    )
    done = run_python([], code)
    assert done.returncode == 0, done.stderr
    ours, native = json.loads(done.stdout)
    assert ours == native
    assert len(ours) > 5


def test_every_option_has_a_check(run_python):
    code = "import swallow._options as o; print({n for n, *_ in o.OPTIONS} ^ set(o._CHECKS), [n for n, _, d, *_ in o.OPTIONS if d and not o._CHECKS[n](d)])"
    ran(run_python([], code), stdout="set() []\n")


# -- what hinders the JIT


def test_other_version(run_python):
    env = {"SWALLOW_DEV_FAKE_HEXVERSION": "030c01f0"}
    done = run_python(["-Xjit=whenhot"], TRACES, env=env)
    assert done.stderr == "swallow: this is CPython 3.12.1; only CPython 3.11 is supported; running without the JIT\n"
    assert done.stdout.startswith("[] [")
    assert done.returncode == 0


def test_other_version_and_bad_option(run_python):
    env = {"SWALLOW_DEV_FAKE_HEXVERSION": "030c01f0"}
    refused(run_python(["-Xjit=whenhot", "-Xjit-opt=7"], HELLO, env=env), "-X jit-opt=7: expected 0, 1, 2 or 3")


def test_calls_on_another_version(run_python):
    code = "import swallow\ntry: swallow.stats()\nexcept ImportError as error: print(error)"
    env = {"SWALLOW_DEV_FAKE_HEXVERSION": "030a0000"}
    ran(run_python([], code, env=env), stdout="this is CPython 3.10.0; only CPython 3.11 is supported\n")


@pytest.fixture
def broken_llvm(tmp_path):
    """A directory whose libLLVM is found first, and is none; nor is a library that LLVM needs where it is linked in."""
    for name in ("libLLVM.so.19.1", "libLLVM-19.so.1", "libzstd.so.1"):
        (tmp_path / name).write_bytes(b"")
    return {"LD_LIBRARY_PATH": str(tmp_path)}


HOT = "def f(n):\n    s = 0\n    for i in range(n):\n        s += i\n    return s\nprint(f(10**6), f(10))"


@pytest.mark.parametrize(
    "place, message",
    [
        ("helper", r"swallow: the code generator has died before it was ready, 20 times in a row; nothing more is compiled\n"),
        ("inprocess", r"swallow: the code generator can't be loaded: .*lib.*; nothing more is compiled\n"),
    ],
)
def test_broken_llvm(run_python, broken_llvm, place, message):
    """Whoever needs no code generator doesn't see that there is none."""
    done = run_python(["-Xjit=whenhot", "-X", f"jit-codegen={place}"], HELLO, env=broken_llvm)
    assert (done.stdout, done.stderr, done.returncode) == ("hello\n", "", 0)
    done = run_python(["-Xjit=whenhot", "-X", "jit-wait", "-X", f"jit-codegen={place}"], HOT, env=broken_llvm)
    assert (done.stdout, done.returncode) == ("499999500000 45\n", 0)
    assert re.fullmatch(message, done.stderr), done.stderr


def test_broken_llvm_and_bad_option(run_python, broken_llvm):
    done = run_python(["-Xjit=whenhot", "-Xjit-threshold=abc"], HELLO, env=broken_llvm)
    refused(done, "-X jit-threshold=abc: expected a whole number from 1 to 4294967295")


# -- programs


@pytest.mark.parametrize("args", [["-Xjit=whenhot"], ["-m", "swallow"]])
def test_missing_program(run_python, tmp_path, args):
    done = run_python(args, tmp_path / "none.py")
    assert "can't open file" in done.stderr
    assert "No such file" in done.stderr
    assert done.stderr.count("\n") == 1
    assert (done.stdout, done.returncode) == ("", 2)


@pytest.mark.parametrize("args", [["-Xjit=whenhot"], ["-m", "swallow"]])
def test_unreadable_program(run_python, tmp_path, args):
    program = tmp_path / "secret.py"
    program.write_text(HELLO)
    program.chmod(0)
    if os.access(program, os.R_OK):
        # Root reads everything; a link to itself nobody can open.
        program.unlink()
        program.symlink_to(program)
    done = run_python(args, program)
    assert "can't open file" in done.stderr
    assert done.stderr.count("\n") == 1
    assert (done.stdout, done.returncode) == ("", 2)


def test_syntax_error_in_the_program(run_python, tmp_path):
    program = tmp_path / "wrong.py"
    program.write_text("def f(:\n    pass\n")
    plain = run_python([], program)
    assert plain.returncode == 1
    for args in (["-Xjit=always"], ["-m", "swallow"]):
        done = run_python(args, program)
        assert (done.returncode, done.stdout, done.stderr) == (1, "", plain.stderr)


# -- python -m swallow

ABOUT = """
import sys, swallow
print(__name__, sys.argv, sys.flags.isolated, sys.flags.dev_mode, swallow.get_control(), sys.path[0])
"""


@pytest.fixture
def about(tmp_path):
    """A program that tells how it was run."""
    path = tmp_path / "about.py"
    path.write_text(ABOUT)
    return path


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["-m", "swallow"], "0 False whenhot"),
        (["-mswallow"], "0 False whenhot"),
        (["-Xdev", "-m", "swallow"], "0 True whenhot"),
        (["-W", "ignore", "-bm", "swallow"], "0 False whenhot"),
        (["-m", "swallow", "-Xjit=always"], "0 False always"),
        (["-m", "swallow", "-X", "jit=always", "-Xjit-threshold=3"], "0 False always"),
        (["-Xjit=always", "-m", "swallow"], "0 False always"),
        (["-m", "swallow", "-Xjit=never"], "0 False never"),
    ],
)
def test_module_runs_the_program(run_python, about, args, expected):
    done = run_python([*args, str(about), "-x", "a b"])
    ran(done, stdout=f"__main__ {[str(about), '-x', 'a b']!r} {expected} {about.parent}\n")


def test_module_in_an_isolated_process(run_python, about):
    done = run_python(["-Im", "swallow", str(about)], env={"PYTHONJIT": "always"})
    assert done.stdout.startswith(f"__main__ [{str(about)!r}] 1 False whenhot"), done.stderr


def test_module_respects_the_variable(run_python, about):
    done = run_python(["-m", "swallow", str(about)], env={"PYTHONJIT": "always"})
    assert " always " in done.stdout, done.stderr


def test_module_runs_modules_and_code(run_python):
    ran(
        run_python(["-m", "swallow", "-c", "import sys, swallow; print(swallow.get_control(), sys.argv)", "x"]),
        stdout="whenhot ['-c', 'x']\n",
    )
    ran(run_python(["-m", "swallow", "-m", "json.tool", "--compact"], input="[1, 2]"), stdout="[1,2]\n")


def test_module_keeps_status_and_traceback(run_python, tmp_path):
    program = tmp_path / "fails.py"
    program.write_text("def f():\n    raise KeyError('x')\n\nf()\n")
    plain = run_python([], program)
    done = run_python(["-m", "swallow", str(program)])
    assert (done.returncode, done.stdout, done.stderr) == (plain.returncode, plain.stdout, plain.stderr)
    assert done.returncode == 1
    assert run_python(["-m", "swallow", "-c", "raise SystemExit(7)"]).returncode == 7


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "expected a program; see --help"),
        (["-Xjit=always"], "expected a program; see --help"),
        (["-X"], "-X: expected an option; see --help"),
        (["--fast", "x.py"], "--fast: unknown option; see --help"),
        (["-Xjit=sometimes", "x.py"], "-X jit=sometimes: expected never, whenhot or always"),
    ],
)
def test_module_with_bad_arguments(run_python, args, message):
    refused(run_python(["-m", "swallow", *args]), message)


def test_module_help_names_every_option(run_python):
    done = run_python(["-m", "swallow", "--help"])
    assert done.returncode == 0
    for name in ("jit", "jit-threshold", "jit-passes", "PYTHONJITFAILGUARD"):
        assert name in done.stdout


def test_command(python, about):
    command = Path(python).with_name("swallow")
    assert command.stat().st_mode & stat.S_IXUSR
    done = subprocess.run([command, "-Xjit=always", about, "1"], capture_output=True, text=True, check=False)
    ran(done, stdout=f"__main__ {[str(about), '1']!r} 0 False always {about.parent}\n")


# -- the package


def test_stub_and_module_agree(run_python):
    code = """
import ast, inspect, pathlib, swallow
stub = ast.parse(pathlib.Path(swallow.__file__).with_suffix(".pyi").read_text())
functions = {node.name: [a.arg for a in node.args.posonlyargs] for node in stub.body if isinstance(node, ast.FunctionDef)}
assert sorted(functions) == sorted(swallow.__all__), functions
for name, parameters in functions.items():
    function = getattr(swallow, name)
    assert list(inspect.signature(function).parameters) == parameters, name
    assert function.__doc__, name
print("hello")
"""
    ran(run_python([], code))


def test_typed(run_python):
    ran(run_python([], "import pathlib, swallow; print((pathlib.Path(swallow.__file__).parent / 'py.typed').exists())"), stdout="True\n")
