"""One run of a program under a pipeline: its result compared with plain CPython's, its figures taken.

There are three kinds of runs. In an *inspection* passes are measured, and the code is digested: two pipelines whose code is the same need
no clock. For that all processes get the same addresses, as far as the system lets them. In a *timing* nothing is. In a run for *memory* the processes are looked at every few milliseconds.
"""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field

from swallow.perf import process


class WrongResult(Exception):
    """A program did not do under a pipeline what it does under plain CPython."""


class NoGood(Exception):
    """A pipeline under which the code generator fails."""


@dataclass
class Inspection:
    """What compiling a program takes, and what comes of it."""

    # Seconds of processor time in passes on LLVM's IR.
    passes: float
    # Seconds that the code generator took in all.
    generator: float
    code_bytes: int
    # A digest.
    code: str
    # As in swallow.stats()["passes"].
    rows: list = field(default_factory=list)


def same_addresses():
    """What to put in front of a command so that the system lays its processes out the same way each time; nothing if it can't."""
    setarch = shutil.which("setarch")
    if setarch is None:
        return ()
    command = (setarch, "--addr-no-randomize")
    done = subprocess.run([*command, "true"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return command if done.returncode == 0 else ()


class Runner:
    """Runs programs under pipelines."""

    def __init__(self, baseline, python, timeout):
        self.baseline = baseline
        self.python = python
        self.timeout = timeout
        self.env = process.environment()
        self.front = same_addresses()
        self.expected = {}
        # The pipeline of the last run.
        self.text = None
        # Nothing is kept back that closing would have to write.
        self.file = tempfile.NamedTemporaryFile("wb", buffering=0, prefix="swallow-tune-", suffix=".txt")

    def close(self):
        self.file.close()

    def plain(self, program):
        """Runs the program under plain CPython, where that has not been done; its seconds."""
        self.text = None
        try:
            run = process.run([self.baseline, *program.words], self.env, self.timeout, any_status=True)
        except process.RunFailed as error:
            raise process.RunFailed(f"{program.label}: {error}") from None
        known = self.expected.setdefault(program, (run.output, run.status))
        if known != (run.output, run.status):
            raise WrongResult(f"{program.label}: not even {self.baseline} does the same every time")
        return run.seconds

    def _run(self, program, text, options, sampler=None, front=()):
        self.text = text
        try:
            self.file.seek(0)
            self.file.truncate()
            self.file.write(text.encode())
        except OSError as error:
            raise OSError(error.errno, error.strerror, self.file.name) from None
        command = [*front, self.python, "-Xjit=whenhot", "-Xjit-backend=llvm", f"-Xjit-passes=@{self.file.name}", *options, *program.words]
        try:
            run = process.run(command, self.env, self.timeout, sampler, any_status=True)
        except process.RunFailed as error:
            raise WrongResult(f"{program.label}: {error}") from None
        complaints = process.complaints(run.messages)
        if complaints and run.status == 2 and not run.output:
            raise NoGood(complaints[0])
        self._check(program, run)
        if complaints:
            raise NoGood(complaints[0])
        return run

    def _check(self, program, run):
        output, status = self.expected[program]
        if run.status != status:
            reason = run.messages.strip().splitlines()[-1:] or [""]
            raise WrongResult(f"{program.label}: exit status {run.status}, not {status}: {reason[0]}")
        if run.output != output:
            pairs = zip(run.output.splitlines(), output.splitlines())
            number = next((at for at, (found, wanted) in enumerate(pairs, 1) if found != wanted), None)
            where = "its length" if number is None else f"line {number}"
            raise WrongResult(f"{program.label}: prints something else than {self.baseline}: {where} differs")

    def inspect(self, program, text):
        """An inspection."""
        run = self._run(program, text, ["-Xjit-wait", "-Xjit-stats", "-Xjit-time-passes"], front=self.front)
        found = process.jit_statistics(run.messages)
        if found is None:
            raise NoGood("there are no statistics: is swallow installed for this interpreter?")
        seconds = sum(row["seconds"] for row in found["passes"] if row["stage"] == "llvm")
        return Inspection(seconds, found["codegen_ns"] / 1e9, found["code_bytes"], found["code_digest"], found["passes"])

    def time(self, program, text, waits):
        """A timing: seconds. If the program waits for code these are processor time of its own; else from start to end, by the clock."""
        run = self._run(program, text, ["-Xjit-wait"] if waits else [])
        return run.user + run.system if waits else run.seconds

    def memory(self, program, text):
        """The most private memory that the program's process and the code generator had, in kB."""
        # It needs psutil, and that may be missing when options are read.
        from swallow.perf import memory

        sampler = memory.Sampler()
        self._run(program, text, [], sampler)
        return max(sampler.usage.with_helper(), default=0)

