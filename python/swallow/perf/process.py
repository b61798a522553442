"""One run: a fresh process from its start to its end."""

import json
import os
import select
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass

# Seconds between two looks at a process's memory.
INTERVAL = 0.01

# The longest that `poll` can be told to wait, in seconds.
LONGEST = 1_000_000


class RunFailed(Exception):
    """The process could not be started, ended badly, or did not end."""


@dataclass
class Run:
    """What a process took and said.

    The processor times are its own and those of the children that it waited for: the code generator is none.
    """

    seconds: float
    user: float
    system: float
    output: bytes
    messages: str
    # Negative: minus the number of the signal that killed it.
    status: int = 0
    # When it began, on the clock of time.perf_counter(), which is that of time.monotonic() here and the same in all processes.
    start: float = 0.0


def environment(inherited=()):
    """The environment of the runs: ours, without settings that would change a Python, but for those that are asked for."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON") or name in inherited}
    env.setdefault("PYTHONHASHSEED", "0")
    return env


def run(command, env, timeout, sampler=None, any_status=False, directory=None):
    """Run a process to its end. A sampler's `start(pid)` is called when it runs, and `sample(seconds)` every `INTERVAL`.

    With `any_status` a process that ends badly is no failure. It is started in `directory`, or where this one is.

    The process is waited for without looking again and again, so the end is seen at once, and nothing disturbs it. Its output goes to
    files, so nobody has to read it meanwhile.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as messages:
        start = time.perf_counter()
        try:
            # A session of its own: it can be ended with all that it has started, and Ctrl-C is for us alone.
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=messages, env=env, cwd=directory, start_new_session=True
            )
        except OSError as error:
            raise RunFailed(f"{command[0]}: {error.strerror}") from None
        try:
            end = _wait(process.pid, start, timeout, sampler)
        finally:
            # What it has left behind, too.
            _kill(process.pid)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        messages.seek(0)
        text = messages.read().decode("utf-8", "backslashreplace")
        if end is None:
            raise RunFailed(f"no end after {timeout:g} s")
        if process.returncode != 0 and not any_status:
            raise RunFailed(_reason(process.returncode, text))
        return Run(end - start, usage.ru_utime, usage.ru_stime, output.read(), text, process.returncode, start)


def _wait(pid, start, timeout, sampler):
    """Waits for the end of a process: the time of that, or None if it doesn't come."""
    descriptor = os.pidfd_open(pid)
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        if sampler is None:
            return time.perf_counter() if poll.poll(min(timeout, LONGEST) * 1000) else None
        sampler.start(pid)
        due = time.perf_counter()
        while due < start + timeout:
            before = time.perf_counter()
            sampler.sample(before - start)
            now = time.perf_counter()
            # With much memory a sample takes long: the process is to have as long for itself.
            due = max(due + INTERVAL, now + (now - before))
            if poll.poll(max(0.0, due - time.perf_counter()) * 1000):
                return time.perf_counter()
        return None
    finally:
        os.close(descriptor)


def _kill(pid):
    """Ends a process that is not waited for yet, and its children."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def _reason(status, messages):
    """Why a process failed, in one line."""
    if status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = f"signal {-status}"
        return f"killed by {name}"
    last = messages.strip().splitlines()[-1:]
    return ": ".join([f"exit status {status}", *last])


def jit_statistics(messages):
    """What `-X jit-stats` has printed: the last line that is such an object, or None."""
    for line in reversed(messages.splitlines()):
        if line.startswith("{") and '"compile_ns"' in line:
            try:
                return json.loads(line)
            except ValueError:
                pass
    return None


def complaints(messages):
    """What the JIT itself had to say."""
    return [line for line in messages.splitlines() if line.startswith("swallow: ")]


def difference(found, expected):
    """The first line that two outputs differ in."""
    lines = [text.decode("utf-8", "backslashreplace").splitlines() for text in (found, expected)]
    for number in range(max(map(len, lines))):
        one, other = (repr(text[number][:60]) if number < len(text) else "nothing" for text in lines)
        if one != other:
            return f"line {number + 1} is {one}, not {other}"
    return "its lines' ends differ, or long lines"
