"""The process that generates code, and all that can happen to it: the program must not notice. It gives CPython's results and status, does
not hang, says on stderr what there is to say in single lines, and leaves no process behind."""

import functools
import os
import random
import signal
import textwrap
import threading
import time
import uuid
from pathlib import Path

import pytest
from running import PYTHON, REFERENCE, run

# The start of every program here, which plain CPython runs, too.
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

def heat(function, times=5000):
    """Calls it until it is hot; its first result, which is that of every call."""
    first = function(20)
    for _ in range(times):
        assert function(20) == first, function
    return first

def heat_all(functions):
    return [heat(function) for function in functions]

def native(function):
    """Calls it; it has code, and that runs. Its result."""
    if not swallow:
        return function(20)
    before = swallow.stats()
    result = heat(function, 5)
    after = swallow.stats()
    assert any(after[name] > before[name] for name in ("entries_hook", "entries_vectorcall")) and swallow.is_compiled(function)
    return result

def compiled(n):
    """A new function that has code."""
    function = make(n)
    assert not swallow or swallow.compile(function) is True, swallow.info(function)
    native(function)
    return function

def until(condition):
    end = time.monotonic() + 50
    while not condition():
        assert time.monotonic() < end, "waited for too long"
        time.sleep(0.005)

def helper():
    return swallow and swallow.stats()["helper_pid"]

def gone(pid):
    """Whether a process has ended. Its remains are its parent's business: that is the system's first process."""
    try:
        return ") Z 1 " in open(f"/proc/{pid}/stat").read()
    except OSError:
        return True

def stop():
    if pid := helper():
        os.kill(pid, signal.SIGSTOP)
        until(lambda: "State:\\tT" in open(f"/proc/{pid}/status").read())
    return pid
'''
# Of all children there are, those without a signal at their end, too (__WALL).
EPILOGUE = """
try:
    assert not os.waitpid(-1, os.WNOHANG | 0x40000000)
except ChildProcessError:
    pass
"""

# `heat` makes functions hot with this, and little else of a program is. What has code is to run it: no lulls.
HOT = ["-Xjit=whenhot", "-X", "jit-threshold=100", "-X", "jit-opt=0", "-X", "jit-lull=0"]
# Only what is asked for is compiled.
COLD = ["-X", "jit-threshold=100000000"]
SLOWLY, WAIT, STAYS, HASTY = (["-X", option] for option in ("jit-opt=2", "jit-wait", "jit-idle=600000", "jit-patience=1"))
TIMEOUT = 60.0
# For a process to be gone.
SOON = 10.0


@functools.cache
def reference(text):
    """What plain CPython makes of a program."""
    return run([REFERENCE, "-c", text], timeout=TIMEOUT, STARTED=os.devnull)


def processes(mark):
    """The processes that have inherited an environment with that mark, and their names."""
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (directory / "environ").read_bytes():
                found.append((int(directory.name), (directory / "comm").read_text().strip()))
        except OSError:
            pass
    return found


def kill(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def same(source, *options, lines=0, mark=None, **extra):
    """Run a program under the JIT and under plain CPython, and compare. Our lines on stderr, at most so many."""
    text = PRELUDE + textwrap.dedent(source) + EPILOGUE
    mark = mark or f"mark-{uuid.uuid4()}"
    result, plain = run([PYTHON, *HOT, *options, "-c", text], timeout=TIMEOUT, HELPER_TEST_MARK=mark, **extra), reference(text)
    end = time.monotonic() + SOON
    while (left := processes(mark)) and time.monotonic() < end:
        time.sleep(0.02)
    kill(pid for pid, _ in left)
    ours = [line for line in result.stderr.splitlines() if line.startswith("swallow: ")]
    others = [line for line in result.stderr.splitlines() if not line.startswith("swallow: ")]
    if (result.status, result.stdout, others) != (plain.status, plain.stdout, plain.stderr.splitlines()) or len(ours) > lines or left:
        pytest.fail(f"{result}\n=== CPython: {plain}\n=== left behind: {left}; {len(ours)} lines of {lines}", pytrace=False)
    return ours


@pytest.mark.parametrize("seed, options", list(enumerate([[], WAIT, [*WAIT, *SLOWLY], ["-Xjit=always"]])))
def test_killed_again_and_again(seed, options, tmp_path):
    source = """
        old = compiled(0)
        open(os.environ["STARTED"], "w").close()
        print(heat_all(make(n) for n in range(1, 31)))
        n = 30
        while swallow and not os.path.exists(os.environ["STOPPED"]):
            n += 1
            heat(make(n))
        print(native(old))
        compiled(n + 1)
        assert not swallow or swallow.stats()["helper_starts"] > 1
        """
    mark, draws, killed = f"mark-{uuid.uuid4()}", random.Random(seed), set()
    started, stopped = tmp_path / "started", tmp_path / "stopped"

    def kill_again_and_again():
        end = time.monotonic() + TIMEOUT
        while not started.exists() and time.monotonic() < end:
            time.sleep(0.01)
        end = time.monotonic() + 3
        # Less often than makes the JIT give up for good.
        while len(killed) < 15 and time.monotonic() < end:
            found = [pid for pid, name in processes(mark) if name == "swallow-codegen"]
            kill(found)
            killed.update(found)
            time.sleep(draws.uniform(0, 0.2))
        stopped.touch()

    killer = threading.Thread(target=kill_again_and_again)
    killer.start()
    same(source, *STAYS, *options, lines=15, mark=mark, STARTED=str(started), STOPPED=str(stopped))
    killer.join()
    assert killed


def test_stopped():
    source = """
        old, new = compiled(0), make(1)
        stopped = stop()
        print(native(old), heat(new))
        if swallow:
            until(lambda: heat(new) and swallow.is_compiled(new))
            assert helper() != stopped
            until(lambda: gone(stopped))
            stopped = stop()
            compiled(2)
            until(lambda: gone(stopped))
            assert swallow.stats()["helper_deaths"] == 2
        print(native(old), native(new))
        """
    # What else is hot may be refused: that is up to two units.
    same(source, *STAYS, *HASTY, lines=2)


@pytest.mark.parametrize("end", ["pass", "sys.exit(3)", "1 / 0", "os._exit(3)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_stopped_when_the_program_ends(end):
    same(f"old = compiled(0)\nstop()\nprint(heat(old), heat(make(1)), flush=True)\n{end}\n", *STAYS)


# Programs in the helper's place: the text of a script, or a path; lines that it may cost.
SLEEP = "exec sleep 1000\n"
IMPOSTORS = {
    "missing": (Path("/nonexistent/x"), 1),
    "a directory": (Path("/"), 1),
    "not executable": (Path("/etc/passwd"), 1),
    "no program": ("no format that is known", 1),
    "ends": (Path("/bin/true"), 11),
    "reads and ends": ("#!/bin/sh\nhead -c 2000 <&3\n", 11),
    "garbage": ("#!/bin/sh\nprintf 'what is this?' >&3\n" + SLEEP, 11),
    "garbage and end": ("#!/bin/sh\nprintf '\\1\\0\\0\\0\\377' >&3\n", 11),
    "zeros": ("#!/bin/sh\nprintf '\\0\\0\\0\\0\\0\\0\\0\\0\\0' >&3\n" + SLEEP, 11),
    "huge": ("#!/bin/sh\nprintf '\\377\\377\\377\\377' >&3\n" + SLEEP, 11),
}
SILENT = {"deaf": "#!/bin/sh\n" + SLEEP, "half an answer": "#!/bin/sh\nprintf '\\50\\0\\0\\0\\1' >&3\n" + SLEEP}


def script(directory, text):
    path = directory / "helper"
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("impostor", IMPOSTORS)
def test_impostor(impostor, tmp_path):
    source = """
        functions = [make(n) for n in range(12)]
        for n in range(2):
            print(heat_all(functions))
            assert not swallow or swallow.compile(make(100 + n)) is False and swallow.stats()["units_compiled"] == 0
        """
    path, lines = IMPOSTORS[impostor]
    same(source, lines=lines, SWALLOW_DEV_CODEGEN=script(tmp_path, path) if isinstance(path, str) else str(path))


@pytest.mark.parametrize("impostor", SILENT)
def test_silent_impostor(impostor, tmp_path):
    source = """
        function = make(1)
        print(heat(function, 1500))
        if swallow:
            first = helper()
            until(lambda: heat(function, 100) and swallow.stats()["helper_starts"] > 1 and gone(first))
        print(heat(function))
        """
    same(source, *HASTY, "-X", "jit-threshold=10000", lines=2, SWALLOW_DEV_CODEGEN=script(tmp_path, SILENT[impostor]))


# The code generator itself, which would take many seconds, and may not work for more than one, or is not given more.
@pytest.mark.parametrize("how", ["dies", "hangs"])
def test_two_deaths_over_a_unit_refuse_it(how, tmp_path):
    source = f"""
        lines = "".join(f"        x, total = x * 0.{{k}} + i, total + i * {{k}} & 0xFFFF\\n" for k in range(1, 200))
        exec("def large(n):\\n    x, total = 0.0, 0\\n    for i in range(n):\\n" + lines + "    return x, total\\n")
        if swallow:
            assert swallow.compile(large) is False
            info = swallow.info(large)
            assert info["state"] == "refused" and "{"died" if how == "dies" else "too long"}, twice" in info["reason"], info
            assert swallow.stats()["helper_deaths"] == 2
        print(large(100), native(compiled(0)))
        """
    passes = ",".join(["early-cse", "reassociate", "instcombine", "gvn"] * 60)
    # Only LLVM takes a pipeline.
    options, extra = [*HASTY, "-X", "jit-backend=llvm"], {}
    if how == "dies":
        package = Path(run([PYTHON, "-c", "import swallow; print(swallow.__file__)"]).stdout).parent
        options, extra = ["-X", "jit-backend=llvm"], {"SWALLOW_DEV_CODEGEN": script(tmp_path, f"#!/bin/sh\nulimit -t 1\nexec '{package}/swallow-codegen'\n")}
    assert len(same(source, *COLD, "-X", f"jit-passes=function({passes})", *options, lines=1, **extra)) == 1


@pytest.mark.parametrize("end, options", [("sys.exit(0)", []), ("os._exit(0)", []), ("os._exit(0)", WAIT)])
def test_forks(end, options):
    source = f"""
        old, functions = compiled(0), [make(n) for n in range(1, 11)]
        heat_all(functions)
        parents = helper()
        children = []
        for n in range(3):
            ours, theirs = os.pipe()
            pid = os.fork()
            if not pid:
                assert helper() is None
                native(old)
                new = compiled(200 + n)
                if swallow:
                    until(lambda: heat_all(functions) and all(map(swallow.is_compiled, functions)))
                    assert helper() not in (None, parents)
                os.write(theirs, repr([native(old), native(new), heat_all(functions + [make(100 + n)])]).encode())
                {end}
            os.close(theirs)
            children.append((pid, ours))
            heat(functions[n])
        compiled(300)
        assert helper() == parents
        for pid, ours in children:
            print(open(ours, "rb").read(), os.waitpid(pid, 0)[1])
        print(native(old), heat_all(functions))
        """
    same(source, *STAYS, *options)


def test_multiprocessing():
    source = """
        import multiprocessing

        def work(n):
            return native(compiled(100 + n)), heat(make(n)), heat(functions[n])

        functions = [make(n) for n in range(8)]
        heat_all(functions)
        with multiprocessing.get_context("fork").Pool(3) as pool:
            print(pool.map(work, range(8)))
            pool.close()
            pool.join()
        print(heat_all(functions))
        """
    same(source)


def test_children_of_children_while_threads_compile():
    source = """
        def compile_more(n):
            while not ended:
                n += 1
                heat(make(n)) if n % 2 else compiled(n)

        def descend(depth):
            print(heat(old), heat(make(depth)), flush=True)
            for n in range(2 if depth else 0):
                pid = os.fork()
                if not pid:
                    descend(depth - 1)
                    compiled(50 + n)
                    os._exit(0)
                print(os.waitpid(pid, 0)[1], flush=True)

        ended, old = False, make(0)
        threads = [threading.Thread(target=compile_more, args=(1000 * n,)) for n in (1, 2)]
        [thread.start() for thread in threads]
        descend(2)
        ended = True
        [thread.join() for thread in threads]
        """
    same(source, *STAYS)


# A child goes on with code that its parent gives back and overwrites; also where there is no room for a copy of it.
@pytest.mark.parametrize("obstacle", ["", "NOFILE", "FSIZE"])
def test_parent_gives_code_back(obstacle):
    source = f"""
        functions = [compiled(n) for n in range(12)]
        expected = heat_all(functions)
        to_child, to_parent = os.pipe(), os.pipe()
        limit = resource.RLIMIT_{obstacle or "CORE"}
        before = resource.getrlimit(limit)
        resource.setrlimit(limit, (3, before[1]))
        pid = os.fork()
        if not pid:
            os.read(to_child[0], 1)
            assert heat_all(functions) == expected
            if not "{obstacle}":
                assert [native(function) for function in functions + [compiled(100)]][:12] == expected
            os.write(to_parent[1], b"fine")
            os._exit(0)
        resource.setrlimit(limit, before)
        if swallow:
            used = swallow.stats()["arena_used_bytes"]
            assert all([swallow.release(function) for function in functions])
            # Where the child has no copy, its code stays in place.
            assert "{obstacle}" or swallow.stats()["arena_used_bytes"] < used
        for n in range(200, 218):
            compiled(n)
        os.write(to_child[1], b"x")
        os.close(to_parent[1])
        print(os.read(to_parent[0], 10), os.waitpid(pid, 0)[1])
        """
    same(source, *STAYS, lines=2 if obstacle else 0)


# What a program does with descriptors that it doesn't know. `own` is a file of its own, and stays; so do `own_ones`.
REPLACEMENTS = {
    "closed": "own = os.dup2(own, 3); os.closerange(4, 4096); own_ones = [own]",
    "closed and used": "own = os.dup2(own, 3); os.closerange(4, 4096); own_ones = [os.dup(own) for _ in range(800)]",
    "replaced": "own_ones = [os.dup2(own, fd) for fd in range(3, 800) if fd != own]",
    # No descriptor is free then.
    "all replaced": "resource.setrlimit(resource.RLIMIT_NOFILE, (800, 800)); own_ones = [os.dup2(own, fd) for fd in range(3, 800) if fd != own]",
    # Stderr remains: lines of ours may go there.
    "standard ones, too": "own = os.dup2(own, 900); sys.stdout = open(os.dup2(1, 901), 'w'); os.closerange(0, 2); os.closerange(3, 900);"
    " own_ones = [os.dup(own) for _ in range(800)]",
}


@pytest.mark.parametrize("how", REPLACEMENTS)
def test_descriptors_closed_and_replaced(how):
    source = f"""
        old, functions = compiled(0), [make(n) for n in range(1, 13)]
        heat_all(functions)
        own, content = os.memfd_create("own"), b"what the program writes"
        os.write(own, content)
        there = os.fstat(own)
        {REPLACEMENTS[how]}
        print(heat_all(functions), heat_all(make(100 + n) for n in range(12)), len(own_ones))
        if swallow:
            swallow.compile(make(200))
            assert swallow.is_compiled(old) and heat(old) and swallow.release(old)
        print(heat(old))
        for fd in own_ones:
            assert os.path.sameopenfile(fd, own) and os.pread(fd, 1000, 0) == content, fd
        """
    same(source, *STAYS, lines=2)


def test_own_sockets_in_place_of_descriptors():
    source = """
        functions = [make(n) for n in range(12)]
        heat_all(functions)
        ours, theirs = socket.socketpair()
        for fd in range(3, 800):
            if fd not in (ours.fileno(), theirs.fileno()):
                os.dup2(ours.fileno(), fd)
        theirs.send(b"for whoever reads here")
        print(heat_all(functions), heat_all(make(100 + n) for n in range(12)))
        os.write(799, b"mine")
        ours.setblocking(False)
        print(theirs.recv(1000), ours.recv(1000))
        """
    same(source, *STAYS, lines=1)


# What is set before the functions are hot.
LIMITS = {
    "descriptors": "resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))",
    "few descriptors": "n = os.dup(0); os.close(n); resource.setrlimit(resource.RLIMIT_NOFILE, (n + {left}, n + {left}))",
    "memory": "size = statm(0) + ({left} << 20); resource.setrlimit(resource.RLIMIT_AS, (size, size))",
    "data": "size = statm(5) + ({left} << 20); resource.setrlimit(resource.RLIMIT_DATA, (size, size))",
    "processes": "os.setresuid(65534, 65534, 65534); resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))",
    "files": "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))",
    "files, by a signal": "signal.signal(signal.SIGXFSZ, signal.SIG_DFL); resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))",
    "locked memory": "resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0)); resource.setrlimit(resource.RLIMIT_CORE, (0, 0))",
}
LEFT = {"few descriptors": [1, 2, 3, 4], "memory": [1, 2, 24], "data": [2]}


@pytest.mark.parametrize("options", [[], COLD], ids=["hot", "asked"])
@pytest.mark.parametrize("limit, left", [(limit, left) for limit in LIMITS for left in LEFT.get(limit, [0])])
def test_limits(limit, left, options):
    source = f"""
        def statm(n):
            return int(open("/proc/self/statm").read().split()[n]) * 4096

        functions = [make(n) for n in range(8)]
        {LIMITS[limit].format(left=left)}
        print(heat_all(functions))
        if swallow:
            swallow.compile(make(100))
        print(heat_all(functions))
        """
    same(source, *options, lines=2)


def test_no_child_that_the_program_can_see():
    source = """
        handled = []
        signal.signal(signal.SIGCHLD, lambda *_: handled.append(1))
        print(heat(compiled(1)))
        try:
            os.wait()
        except ChildProcessError:
            print("no children")
        if swallow:
            pid = helper()
            assert os.getsid(pid) == os.getpgid(pid) == pid != os.getsid(0)
            assert sorted(os.listdir(f"/proc/{pid}/fd")) == list("012345") and os.readlink(f"/proc/{pid}/cwd") == "/"
            os.kill(pid, signal.SIGKILL)
            until(lambda: gone(pid))
        compiled(2)
        print(handled, flush=True)
        # Nor does a child of the program get our descriptors.
        subprocess.run(["/bin/ls", "/proc/self/fd"], close_fds=False)
        """
    same(source, *STAYS)


def test_interrupts_of_the_process_group():
    source = """
        os.setpgrp()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        compiled(0)
        started, caught, n = helper(), 0, 0
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
        compiled(n + 1)
        assert helper() == started and (not swallow or swallow.stats()["helper_deaths"] == 0)
        """
    same(source, *STAYS)


ENDS = {
    "of the program": "pass",
    "exit": "sys.exit(3)",
    "at once": "os._exit(3)",
    "exception": "raise ValueError(3)",
    "signal": "os.kill(os.getpid(), signal.SIGTERM)",
    "killed": "threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGKILL)).start()\nwhile True: heat(make(n)); n += 1",
    "another program": "os.execv('/bin/echo', ['echo', 'another'])",
    "with a daemon thread": "threading.Thread(target=lambda: heat_all(map(make, range(100, 9999))), daemon=True).start()",
}


@pytest.mark.parametrize("mode", ["whenhot", "always"])
@pytest.mark.parametrize("end", ENDS)
def test_end_while_units_compile(end, mode):
    start = time.monotonic()
    same("for n in range(15):\n    print(heat(make(n)), flush=True)\n" + ENDS[end], *SLOWLY, *STAYS, f"-Xjit={mode}")
    # The helper holds no pipe of the program open, and the program doesn't wait for its units.
    assert time.monotonic() - start < TIMEOUT / 2


def test_idle():
    source = """
        old = compiled(0)
        for n in range(1, 4):
            before = helper()
            until(lambda: gone(before))
            compiled(n)
            if swallow:
                stats = swallow.stats()
                assert (stats["helper_starts"], stats["helper_idle"], stats["helper_deaths"]) == (n + 1, n, 0), stats
                assert helper() != before
        print(native(old))
        """
    same(source, *COLD, "-X", "jit-idle=50")


def test_processors():
    """The code generator works beside the program: on its other processors, and on the only one, too."""
    source = """
        mine = os.sched_getaffinity(0)
        compiled(0)
        os.sched_setaffinity(0, {min(mine)})
        compiled(1)
        if swallow:
            theirs = os.sched_getaffinity(helper())
            assert theirs == {min(mine)}, theirs
        os.sched_setaffinity(0, mine)
        print(native(compiled(2)))
        if swallow:
            theirs = os.sched_getaffinity(helper())
            assert theirs < mine or theirs == mine and len(mine) == 1, theirs
        """
    same(source, *COLD, *STAYS)


@pytest.mark.parametrize("place", ["helper", "inprocess"])
def test_memory_maps(place):
    source = f"""
        def look():
            for pid in ("self", helper() or "self"):
                lines = open(f"/proc/{{pid}}/maps").read().splitlines()
                both = [line for line in lines if "w" in line.split()[1] and "x" in line.split()[1]]
                assert lines and not both, both

        functions = [make(n) for n in range(15)]
        for function in functions:
            print(heat(function))
            look()
        compiled(100)
        look()
        if swallow:
            stats, maps = swallow.stats(), open("/proc/self/maps").read()
            if "{place}" == "helper":
                assert stats["helper_starts"] == 1 and "libLLVM" not in maps and "swallow_codegen" not in maps, maps
            else:
                assert stats["helper_starts"] == 0 and all(map(swallow.is_compiled, functions)) and "swallow_codegen" in maps, stats
        print(heat_all(functions))
        """
    same(source, *STAYS, "-X", f"jit-codegen={place}")


@pytest.mark.parametrize("place", ["helper", "inprocess"])
def test_signal_during_compilation(place):
    source = """
        import _thread, operator
        from functools import partial

        def f(n):
            text, big, x = "a", 10**30, 0.25
            for i in range(n):
                if big > 123456789012345678901234567890 + i:
                    x, text = x * 0.5 + 3, "b"
            return text, big, x

        compiles = partial(swallow._native().compile, f) if swallow else partial(f, 1)
        try:
            done = list(map(operator.methodcaller("__call__"), [partial(_thread.interrupt_main), compiles]))
        except KeyboardInterrupt:
            done = "interrupted"
        print(done, f(10), not swallow or swallow.compile(f), f(10))
        """
    same(source, "-X", f"jit-codegen={place}")


@pytest.mark.parametrize("options", [[], WAIT], ids=["beside", "wait"])
def test_threads(options):
    source = """
        def work(n):
            functions = [make(100 * n + m) for m in range(8)]
            heat_all(functions)
            results[n] = native(compiled(1000 + n)), heat_all(functions)

        results = {}
        threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        print(sorted(results.items()))
        """
    same(source, *options)
