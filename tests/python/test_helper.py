"""The process that generates code, and all that can happen to it: the program must not notice. It gives CPython's results and status, does
not hang, says on stderr what there is to say in single lines, and leaves no process behind."""

import functools
import os
import random
import signal
import subprocess
import textwrap
import threading
import time
import uuid
from pathlib import Path

import pytest
from running import PYTHON, REFERENCE, Result, environment, run

# The start of every program here. What only the JIT has is behind `if swallow`.
PRELUDE = '''
import os, resource, signal, socket, subprocess, sys, threading, time
try:
    import swallow
except ImportError:
    swallow = None

def make(n):
    """A function like no other."""
    space = {}
    exec(f"""
def f{n}(count):
    total, x, seen = {n}, {n}.5, []
    for i in range(count):
        total = (total * {n % 7 + 3} + i) & 0xFFFFF
        x = x * 0.5 + i - total
        if total > {n} << 12:
            total -= {n} * i
    seen.append(total)
    return "f{n}", seen, x
""", space)
    return space[f"f{n}"]

def heat(function, times=40):
    """Calls it often; its first result, which is that of every call."""
    first = function(20)
    for _ in range(times):
        found = function(20)
        assert found == first, (found, first)
    return first

def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited for too long"
        time.sleep(0.005)

def helper():
    return swallow.stats()["helper_pid"]

def gone(pid):
    return not os.path.exists(f"/proc/{pid}")

def entries():
    stats = swallow.stats()
    return stats["entries_hook"] + stats["entries_vectorcall"]

def compiled(function):
    """Has it compiled, and runs that code."""
    assert swallow.compile(function) is True, swallow.info(function)
    before = entries()
    heat(function, 5)
    assert entries() > before and swallow.is_compiled(function)
    return function

def no_children():
    try:
        found = os.waitpid(-1, os.WNOHANG | 0x40000000)
    except ChildProcessError:
        return
    raise AssertionError(found)
'''

HOT = ["-Xjit=whenhot", "-X", "jit-threshold=200"]
FAST = ["-X", "jit-opt=0"]
WAIT = ["-X", "jit-wait"]
STAYS = ["-X", "jit-idle=600000"]
HASTY = ["-X", "jit-patience=1"]
# Long enough for every wait that succeeds, on a busy machine too.
DEADLINE = 20.0


def program(source):
    return PRELUDE + textwrap.dedent(source)


@functools.cache
def reference(text):
    """What plain CPython makes of a program."""
    result = run([REFERENCE, "-c", text])
    assert result.status is not None, result
    return result


def processes(mark):
    """The processes that have inherited an environment with that mark."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in entry.read_bytes():
                found.append(int(entry.parent.name))
        except OSError:
            pass
    return found


def end_of(mark):
    """Waits until no process with the mark is left; those that don't go are killed, and returned as text."""
    end = time.monotonic() + DEADLINE
    while left := processes(mark):
        if time.monotonic() > end:
            texts = []
            for pid in left:
                try:
                    status = Path(f"/proc/{pid}/status").read_text().splitlines()
                    texts.append(f"{pid} {status[0]} {status[2]}")
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    pass
            return texts
        time.sleep(0.02)
    return []


def verify(result, text, lines):
    """That a result is that of plain CPython, but for so many of our lines on stderr."""
    plain = reference(text)
    assert (result.status, result.stdout) == (plain.status, plain.stdout), f"{result}\n=== CPython: {plain}"
    ours = [line for line in result.stderr.splitlines() if line.startswith("swallow: ")]
    others = [line for line in result.stderr.splitlines() if not line.startswith("swallow: ")]
    assert others == plain.stderr.splitlines() and len(ours) <= lines, result
    return ours


def same(source, *options, lines=0, children=True, **extra):
    """Run a program under the JIT and under plain CPython, and compare. Our lines on stderr."""
    text = program(source) + ("no_children()\n" if children else "")
    mark = f"mark-{uuid.uuid4()}"
    result = run([PYTHON, *HOT, *options, "-c", text], HELPER_TEST_MARK=mark, **extra)
    left = end_of(mark)
    ours = verify(result, text, lines)
    assert not left, left
    return ours


KILLED = """
first = make(0)
if swallow:
    compiled(first)
for n in range(1, 41):
    print(heat(make(n)))
while not os.path.exists(os.environ.get("STOPPED", "/")):
    n += 1
    heat(make(n))
if swallow:
    entered = entries()
print(heat(first))
if swallow:
    assert swallow.is_compiled(first) and entries() > entered
    compiled(make(n + 1))
    assert swallow.stats()["helper_starts"] > 1
no_children()
"""


@pytest.mark.parametrize("seed, options", enumerate([[], FAST, WAIT, [*WAIT, *FAST], ["-Xjit=always", *FAST]]))
def test_killed_again_and_again(seed, options, tmp_path):
    text = program(KILLED)
    mark = f"mark-{uuid.uuid4()}"
    stopped = tmp_path / "stopped"
    draws = random.Random(seed)
    killed = set()

    def kill():
        # Less often than makes the JIT give up for good: that is 20 times in a row without an answer.
        end = time.monotonic() + 4
        while len(killed) < 15 and time.monotonic() < end:
            for pid in processes(mark):
                try:
                    if Path(f"/proc/{pid}/comm").read_text() == "swallow-codegen\n":
                        os.kill(pid, signal.SIGKILL)
                        killed.add(pid)
                except OSError:
                    pass
            time.sleep(draws.uniform(0, 0.2))
        stopped.touch()

    killer = threading.Thread(target=kill)
    killer.start()
    result = run([PYTHON, *HOT, *STAYS, *options, "-c", text], HELPER_TEST_MARK=mark, STOPPED=str(stopped))
    killer.join()
    left = end_of(mark)
    verify(result, text, len(killed))
    assert killed and not left, (killed, left)


def test_stopped():
    same(
        """
        old = make(0)
        if swallow:
            compiled(old)
            stopped = helper()
            os.kill(stopped, signal.SIGSTOP)
        new = make(1)
        print(heat(old), heat(new))
        if swallow:
            until(lambda: heat(new) and swallow.is_compiled(new))
            assert helper() != stopped
            until(lambda: gone(stopped))
            compiled(make(2))
            stopped = helper()
            os.kill(stopped, signal.SIGSTOP)
            compiled(make(3))
            until(lambda: gone(stopped))
            assert swallow.stats()["helper_deaths"] == 2
        print(heat(old), heat(new))
        """,
        *STAYS,
        *HASTY,
    )


@pytest.mark.parametrize("end", ["pass", "sys.exit(3)", "1 / 0", "os._exit(3)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_stopped_when_the_program_ends(end):
    same(
        f"""
        if swallow:
            compiled(make(0))
            os.kill(helper(), signal.SIGSTOP)
        print(heat(make(1)), flush=True)
        {end}
        """,
        *STAYS,
        children=False,
    )


# Programs in the helper's place: the text of a script or a path, functions that are hot, lines that it may cost.
IMPOSTORS = {
    "missing": (Path("/nonexistent/x"), 30, 1),
    "a directory": (Path("/"), 30, 1),
    "not executable": (Path("/etc/passwd"), 30, 1),
    "not a program": ("", 30, 1),
    "ends": (Path("/bin/true"), 30, 11),
    "reads and ends": ("#!/bin/sh\nhead -c 2000 <&3\n", 30, 11),
    "garbage": ("#!/bin/sh\nprintf 'what is this?' >&3\nexec sleep 1000\n", 30, 11),
    "garbage and end": ("#!/bin/sh\nprintf '\\1\\0\\0\\0\\377' >&3\n", 30, 11),
    "nothing, often": ("#!/bin/sh\nprintf '\\0\\0\\0\\0\\0\\0\\0\\0\\0' >&3\nexec sleep 1000\n", 30, 11),
    "huge": ("#!/bin/sh\nprintf '\\377\\377\\377\\377' >&3\nexec sleep 1000\n", 30, 11),
    "half an answer": ("#!/bin/sh\nprintf '\\50\\0\\0\\0\\1' >&3\nexec sleep 1000\n", 2, 3),
    "deaf": ("#!/bin/sh\nexec sleep 1000\n", 2, 3),
}


@pytest.mark.parametrize("impostor", IMPOSTORS)
def test_impostor(impostor, tmp_path):
    helper, functions, lines = IMPOSTORS[impostor]
    if isinstance(helper, str):
        path = tmp_path / "helper"
        path.write_text(helper or "no format that is known")
        path.chmod(0o755)
        helper = path
    same(
        f"""
        functions = [make(n) for n in range({functions})]
        for function in functions:
            print(heat(function))
        if swallow:
            assert swallow.compile(make(100)) is False
        for function in functions:
            print(heat(function))
        if swallow:
            assert swallow.compile(make(101)) is False and swallow.stats()["units_compiled"] == 0
        """,
        *HASTY,
        lines=lines,
        SWALLOW_DEV_CODEGEN=str(helper),
    )


def test_two_deaths_over_a_unit_refuse_it(tmp_path):
    script = tmp_path / "helper"
    script.write_text("#!/bin/sh\nhead -c 100 <&3\n")
    script.chmod(0o755)
    lines = same(
        """
        for n in range(2):
            f = make(n)
            print(heat(f, 5))
            if swallow:
                assert swallow.compile(f) is False
                info = swallow.info(f)
                assert info["state"] == "refused" and "died, twice" in info["reason"], info
                assert swallow.stats()["helper_deaths"] == 2 * n + 2
                assert swallow.compile(f) is False and swallow.stats()["helper_deaths"] == 2 * n + 2
            print(heat(f))
        """,
        "-X",
        "jit-threshold=100000000",
        lines=2,
        SWALLOW_DEV_CODEGEN=str(script),
    )
    assert len(lines) == 2, lines


FORKED = """
old = make(0)
if swallow:
    compiled(old)
functions = [make(n) for n in range(1, 21)]
for function in functions:
    heat(function)

def child(n):
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid:
        os.close(theirs)
        return pid, ours
    if swallow:
        assert helper() is None and swallow.is_compiled(old)
        before = entries()
    results = [heat(old)]
    if swallow:
        assert entries() > before
    results += [heat(function) for function in functions + [make(100 + n)]]
    if swallow:
        compiled(make(200 + n))
        until(lambda: [heat(function) for function in functions] and all(map(swallow.is_compiled, functions)))
        assert helper() not in (None, parents)
        results = [heat(old)] + [heat(function) for function in functions + [make(100 + n)]]
        no_children()
    os.write(theirs, repr(results).encode())
    {end}

parents = helper() if swallow else 0
children = []
for n in range(3):
    children.append(child(n))
    for function in functions:
        heat(function)
if swallow:
    compiled(make(300))
    assert helper() == parents
for pid, ours in children:
    print(open(ours, "rb").read(), os.waitpid(pid, 0)[1])
print([heat(function) for function in [old] + functions])
"""


@pytest.mark.parametrize("options", [FAST, [*FAST, *WAIT]], ids=["beside", "wait"])
@pytest.mark.parametrize("end", ["sys.exit(0)", "os._exit(0)"])
def test_forks(end, options):
    same(FORKED.format(end=end), *STAYS, *options)


def test_multiprocessing():
    same(
        """
        import multiprocessing

        def work(n):
            result = heat(make(n)), heat(functions[n])
            if swallow:
                compiled(make(100 + n))
                result = heat(make(n)), heat(functions[n])
            return result

        functions = [make(n) for n in range(12)]
        for function in functions:
            heat(function)
        with multiprocessing.get_context("fork").Pool(3) as pool:
            print(pool.map(work, range(12)))
            pool.close()
            pool.join()
        print([heat(function) for function in functions])
        """,
        *FAST,
    )


def test_children_of_children_while_threads_compile():
    same(
        """
        ended = False

        def compile_more(n):
            while not ended:
                n += 1
                heat(make(n)) if n % 2 or not swallow else swallow.compile(make(n))

        def descend(depth):
            print(heat(old), heat(make(depth)), flush=True)
            for n in range(3 if depth else 0):
                pid = os.fork()
                if not pid:
                    descend(depth - 1)
                    if swallow:
                        compiled(make(50 + n))
                    os._exit(0)
                print(os.waitpid(pid, 0)[1], flush=True)

        old = make(0)
        heat(old)
        threads = [threading.Thread(target=compile_more, args=(1000 * n,)) for n in (1, 2)]
        for thread in threads:
            thread.start()
        descend(2)
        ended = True
        for thread in threads:
            thread.join()
        """,
        *STAYS,
        *FAST,
    )


# A child goes on with code that its parent gives back and overwrites. Where the child can't have a copy of it, too.
@pytest.mark.parametrize("obstacle", ["", "NOFILE", "FSIZE"])
def test_parent_gives_code_back(obstacle):
    same(
        f"""
        obstacle = "{obstacle}"
        functions = [make(n) for n in range(20)]
        if swallow:
            for function in functions:
                compiled(function)
        expected = [heat(function) for function in functions]
        to_child, to_parent = os.pipe(), os.pipe()
        if obstacle == "NOFILE":
            limits = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))
        elif obstacle:
            limits = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
        pid = os.fork()
        if not pid:
            os.read(to_child[0], 1)
            for _ in range(5):
                assert [heat(function) for function in functions] == expected
            if swallow and not obstacle:
                assert all(map(swallow.is_compiled, functions))
                for n in range(100, 110):
                    compiled(make(n))
                assert [heat(function) for function in functions] == expected
            os.write(to_parent[1], repr(expected).encode())
            os._exit(0)
        if obstacle:
            resource.setrlimit(getattr(resource, "RLIMIT_" + obstacle), limits)
        if swallow:
            used = swallow.stats()["arena_used_bytes"]
            for function in functions:
                assert swallow.release(function)
            assert swallow.stats()["arena_used_bytes"] < used
            for n in range(200, 230):
                compiled(make(n))
            for n in range(200, 230):
                heat(make(n))
        os.write(to_child[1], b"x")
        print(os.waitpid(pid, 0)[1])
        print(os.read(to_parent[0], 10000) == repr(expected).encode(), expected)
        """,
        *STAYS,
        *FAST,
        lines=2 if obstacle else 0,
    )


CLOSED = """
old, functions = make(0), [make(n) for n in range(1, 25)]
if swallow:
    compiled(old)
for function in functions:
    heat(function)
own = os.memfd_create("own")
content = b"what the program writes"
os.write(own, content)
place = os.fstat(own)
{replace}
for n in range(50):
    print(heat(functions[n % 24]), heat(make(100 + n)))
if swallow:
    swallow.compile(make(200))
    assert swallow.is_compiled(old)
    swallow.release(old)
print(heat(old))
for fd in own_ones:
    there = os.fstat(fd)
    assert (there.st_dev, there.st_ino) == (place.st_dev, place.st_ino), fd
    assert os.pread(fd, 1000, 0) == content, fd
print(len(own_ones))
"""

REPLACEMENTS = {
    "closed": "own = os.dup2(own, 2); os.closerange(3, 4096); own_ones = [own]",
    "closed and used": "own = os.dup2(own, 3); os.closerange(4, 4096); own_ones = [os.dup(own) for _ in range(800)]",
    "replaced": "own_ones = [os.dup2(own, fd) for fd in range(3, 800) if fd != own]",
    # No descriptor is free then.
    "all replaced": "resource.setrlimit(resource.RLIMIT_NOFILE, (800, 800)); own_ones = [os.dup2(own, fd) for fd in range(3, 800) if fd != own]",
    # As some daemons do.
    "standard ones, too": "own = os.dup2(own, 900); os.closerange(0, 900); own_ones = [os.dup(own) for _ in range(800)]; sys.stdout = out",
}


@pytest.mark.parametrize("when", ["before", "while"])
@pytest.mark.parametrize("how", REPLACEMENTS)
def test_descriptors_closed_and_replaced(how, when):
    source = CLOSED.format(replace=REPLACEMENTS[how])
    if when == "before":
        source = source.replace("compiled(old)", "pass").replace("    heat(function)", "    pass").replace("assert swallow.is_compiled(old)", "pass")
    if "stdout" in source:
        # It can only say by its exit status that all is well.
        source = "import io\nout = io.StringIO()\n" + source + "os._exit(7 if len(out.getvalue()) > 1000 else 8)\n"
    same(source, *STAYS, *FAST, lines=25)


def test_own_sockets_in_place_of_descriptors():
    same(
        """
        functions = [make(n) for n in range(20)]
        for function in functions:
            heat(function)
        ours, theirs = socket.socketpair()
        high = os.dup2(ours.fileno(), 900)
        for fd in range(3, 800):
            if fd not in (ours.fileno(), theirs.fileno()):
                os.dup2(high, fd)
        for function in functions + [make(n) for n in range(100, 120)]:
            print(heat(function))
        os.write(high, b"mine")
        theirs.setblocking(False)
        print(theirs.recv(1000))
        theirs.send(b"garbage for whoever reads here")
        for n in range(200, 220):
            heat(make(n))
        print(ours.recv(1000))
        """,
        *STAYS,
        lines=1,
    )


# What is set before anything is hot; "never" is printed where that has no effect here.
LIMITS = {
    "descriptors": "resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))",
    "few descriptors": "n = os.dup(0); os.close(n); resource.setrlimit(resource.RLIMIT_NOFILE, (n + {left}, n + {left}))",
    "memory": """
size = int(open("/proc/self/statm").read().split()[0]) * 4096 + ({left} << 20)
resource.setrlimit(resource.RLIMIT_AS, (size, size))""",
    "processes": """
os.setresuid(65534, 65534, 65534)
resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
try:
    pid = os.fork()
except BlockingIOError:
    pass
else:
    os.waitpid(pid, 0) if pid else os._exit(0)
    print("no effect")
    sys.exit()""",
    "files": "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))",
    "files, by a signal": "signal.signal(signal.SIGXFSZ, signal.SIG_DFL); resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))",
    "locked memory": "resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0)); resource.setrlimit(resource.RLIMIT_CORE, (0, 0))",
    "data": "resource.setrlimit(resource.RLIMIT_DATA, (({left} << 20), ({left} << 20)))",
}
CASES = [(limit, left) for limit, text in LIMITS.items() for left in ([1, 2, 4, 24] if "{left}" in text else [0])]


@pytest.mark.parametrize("limit, left", CASES, ids=lambda value: str(value))
def test_limits(limit, left):
    if limit == "data":
        left += 40
    source = """
        functions = [make(n) for n in range(30)]
        LIMIT
        for function in functions:
            print(heat(function))
        if swallow:
            swallow.compile(make(100))
        for function in functions:
            print(heat(function))
        """
    source = textwrap.dedent(source).replace("LIMIT", LIMITS[limit].format(left=left))
    same(source, *FAST, lines=2)
    if "no effect" in reference(program(source) + "no_children()\n").stdout:
        pytest.skip("this limit has no effect here")


def test_no_child_that_the_program_can_see():
    same(
        """
        handled = []
        signal.signal(signal.SIGCHLD, lambda *_: handled.append(1))
        before = os.listdir("/proc/self/fd")
        print(heat(make(0)))
        try:
            if swallow:
                compiled(make(1))
                assert helper()
            os.wait()
        except ChildProcessError:
            print("no children")
        if swallow:
            pid = helper()
            assert os.getsid(pid) == os.getpgid(pid) == pid != os.getsid(0)
            assert sorted(os.listdir(f"/proc/{pid}/fd")) == list("01234")
            assert os.readlink(f"/proc/{pid}/cwd") == "/"
            os.kill(pid, signal.SIGKILL)
            until(lambda: gone(pid))
            compiled(make(2))
        # Nor does a child of the program get our descriptors.
        listing = [sys.executable, "-Xjit=never", "-c", "import os; print(os.listdir('/proc/self/fd'))"]
        found = subprocess.run(listing, close_fds=False, capture_output=True, text=True).stdout
        assert "'400'" not in found, found
        print(len(eval(found)) - len(before), len(handled))
        """,
        *STAYS,
    )


def test_interrupts_of_the_process_group():
    same(
        """
        os.setpgrp()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        caught = n = 0
        if swallow:
            compiled(make(0))
            started = helper()
        for pause in range(6):
            timer = threading.Timer(0.03 * pause, os.killpg, (0, signal.SIGINT))
            try:
                timer.start()
                while True:
                    n += 1
                    heat(make(n))
            except KeyboardInterrupt:
                caught += 1
            timer.join()
        print(caught)
        if swallow:
            compiled(make(n + 1))
            stats = swallow.stats()
            assert helper() == started and stats["helper_starts"] == 1 and stats["helper_deaths"] == 0, stats
        """,
        *STAYS,
    )


ENDS = ["pass", "sys.exit(3)", "os._exit(3)", "raise ValueError(3)", *(f"os.kill(os.getpid(), signal.{name})" for name in ("SIGKILL", "SIGTERM"))]


@pytest.mark.parametrize("options", [[], ["-Xjit=always"]], ids=["whenhot", "always"])
@pytest.mark.parametrize("end", ENDS)
def test_end_while_units_compile(end, options):
    start = time.monotonic()
    same(
        f"""
        for n in range(60):
            print(heat(make(n)), flush=True)
        {end}
        """,
        *STAYS,
        *options,
        children=False,
    )
    # The helper holds no pipe of the program open, and the program doesn't wait for its units.
    assert time.monotonic() - start < DEADLINE


def test_killed_from_outside():
    mark = f"mark-{uuid.uuid4()}"
    text = program("n = 0\nwhile True:\n    n += 1\n    heat(make(n))\n    n == 50 and print('hot', flush=True)\n")
    process = subprocess.Popen(
        [PYTHON, *HOT, *STAYS, "-c", text],
        env=environment(HELPER_TEST_MARK=mark),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
    finally:
        process.kill()
    start = time.monotonic()
    stdout, stderr = process.communicate(timeout=DEADLINE)
    left = end_of(mark)
    result = Result(process.returncode, line + stdout, stderr)
    assert result == Result(-signal.SIGKILL, "hot\n", ""), result
    assert not left and time.monotonic() - start < DEADLINE, left


def test_idle():
    same(
        """
        old = make(0)
        if swallow:
            compiled(old)
            first = helper()
            until(lambda: gone(first))
            compiled(make(1))
            stats = swallow.stats()
            assert stats["helper_pid"] != first
            assert (stats["helper_starts"], stats["helper_idle"], stats["helper_deaths"]) == (2, 1, 0), stats
            for n in range(2, 6):
                until(lambda: gone(helper()))
                compiled(make(n))
            stats = swallow.stats()
            assert (stats["helper_starts"], stats["helper_idle"], stats["helper_deaths"]) == (6, 5, 0), stats
            entered = entries()
        print(heat(old))
        if swallow:
            assert entries() > entered and swallow.is_compiled(old)
        """,
        "-X",
        "jit-idle=50",
    )


@pytest.mark.parametrize("place", ["helper", "inprocess"])
def test_no_memory_is_writable_and_executable(place):
    same(
        f"""
        def maps(pid):
            return open(f"/proc/{{pid}}/maps").read()

        for n in range(30):
            print(heat(make(n)))
            if swallow:
                both = [line for line in maps("self").splitlines() if "rwx" in line or "rwxp" in line]
                assert not both, both
                if helper():
                    assert "rwx" not in maps(helper())
        if swallow:
            compiled(make(100))
            if "{place}" == "helper":
                assert "libLLVM" not in maps("self") and "libswallow_codegen" not in maps("self")
                assert "rwx" not in maps(helper())
            assert "rwx" not in maps("self")
        """,
        "-X",
        f"jit-codegen={place}",
        *STAYS,
    )


def test_in_process():
    same(
        """
        functions = [make(n) for n in range(30)]
        print([heat(function) for function in functions])
        if swallow:
            stats = swallow.stats()
            assert stats["units_compiled"] >= 30 and stats["helper_pid"] is None and stats["helper_starts"] == 0, stats
            compiled(make(100))
            assert helper() is None and not os.path.exists("/proc/self/fd/400")
        print([heat(function) for function in functions])
        """,
        "-X",
        "jit-codegen=inprocess",
    )


@pytest.mark.parametrize("place", ["helper", "inprocess"])
def test_signal_during_compilation(place):
    same(
        """
        import _thread, operator
        from functools import partial

        def f(n):
            text, big, x = "a", 10**30, 0.25
            for i in range(n):
                if big > 123456789012345678901234567890 + i:
                    x = x * 0.5 + 3
                    text = "b"
            return text, big, x

        compiles = partial(swallow._native().compile, f) if swallow else partial(f, 1)
        try:
            done = list(map(operator.methodcaller("__call__"), [partial(_thread.interrupt_main), compiles]))
        except KeyboardInterrupt:
            done = "interrupted"
        print(done, f(10))
        if swallow:
            compiled(f)
        print(f(10))
        """,
        "-X",
        f"jit-codegen={place}",
    )


@pytest.mark.parametrize("options", [[], FAST, [*FAST, *WAIT]], ids=["beside", "fast", "wait"])
def test_threads(options):
    same(
        """
        def work(n):
            functions = [make(100 * n + m) for m in range(15)]
            for _ in range(3):
                results[n] = [heat(function) for function in functions]
            if swallow:
                compiled(functions[n])
                results[n] = [heat(function) for function in functions]

        results = {}
        threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(sorted(results.items()))
        """,
        *options,
    )
