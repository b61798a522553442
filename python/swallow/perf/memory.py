"""The memory of a process, sampled while it runs.

The measure is perf.py's: the sum of all `Private_*` lines of /proc/PID/smaps, in kB: what would be given back if the process ended. Beside
it PSS, which counts its part of the shared pages, too. Pages of files are private as long as nobody else has mapped them: it is best if no
other program runs on the same Python, or has a code generator, meanwhile. (The sampling process runs on a copy: `aside`.)

The code generator is a process of its own and no child of the program: it is told by the memory file for code, which both have mapped.
"""

import re
from dataclasses import dataclass, field

import psutil

HELPER = "swallow-codegen"
ARENA = b"/memfd:swallow-code"

_FIELD = re.compile(rb"^(Private_\w+|Pss): +(\d+) kB$", re.MULTILINE)

# How often a process is asked for its name before that is taken for its last: between fork and exec it has its parent's.
LOOKS = 20


def parse(smaps):
    """Private memory and PSS in kB that smaps, or smaps_rollup, tells."""
    private = pss = 0
    for name, number in _FIELD.findall(smaps):
        if name == b"Pss":
            pss += int(number)
        else:
            private += int(number)
    return private, pss


def _read(pid, name):
    """A file of /proc; empty if the process has gone."""
    try:
        # All at once: the kernel makes the text when it is read.
        with open(f"/proc/{pid}/{name}", "rb", buffering=0) as file:
            return file.readall()
    except OSError:
        return b""


def usage(pid):
    """Private memory and PSS of a process in kB; None if it has gone.

    The kernel sums smaps up itself in smaps_rollup, which takes a fraction of the time. The sums of `Private_*` are the same.
    """
    text = _read(pid, "smaps_rollup") or _read(pid, "smaps")
    return parse(text) if text else None


def arenas(maps):
    """Device and inode of each memory file for code that /proc/PID/maps tells of."""
    found = set()
    for line in maps.splitlines():
        if ARENA in line:
            _, _, _, device, inode, *_ = line.split()
            found.add((device, inode))
    return found


class Helpers:
    """The code generator's processes that work for one process. Only processes count that are younger than this object."""

    def __init__(self):
        self.pid = None
        self.found = set()
        self.strangers = set(psutil.pids())
        self.looks = {}
        self.arenas = set()

    def look(self):
        """Looks for new ones."""
        there = set(psutil.pids())
        # Numbers are used again.
        self.strangers &= there
        self.found &= there
        for pid in there - self.strangers - self.found - {self.pid}:
            try:
                name = psutil.Process(pid).name()
            except psutil.Error:
                continue
            if name == HELPER and self._is_ours(pid):
                self.found.add(pid)
                continue
            self.looks[pid] = self.looks.get(pid, 0) + 1
            if self.looks[pid] >= LOOKS and name != HELPER:
                self.strangers.add(pid)
                del self.looks[pid]
        return self.found

    def _is_ours(self, helper):
        """Whether a code generator and the process share a memory file."""
        theirs = arenas(_read(helper, "maps"))
        if theirs and not theirs & self.arenas:
            # The process makes it when it first compiles.
            self.arenas |= arenas(_read(self.pid, "maps"))
        return bool(theirs & self.arenas)


@dataclass
class Usage:
    """Usage over time: seconds since the start, and in kB private memory and PSS of the process and of its code generator."""

    seconds: list = field(default_factory=list)
    private: list = field(default_factory=list)
    pss: list = field(default_factory=list)
    helper_private: list = field(default_factory=list)
    helper_pss: list = field(default_factory=list)
    # Of the whole run.
    length: float = 0.0

    def with_helper(self):
        """Private memory of both."""
        return [own + helper for own, helper in zip(self.private, self.helper_private)]

    def pss_with_helper(self):
        """PSS of both."""
        return [own + helper for own, helper in zip(self.pss, self.helper_pss)]

    def steady(self, values):
        """The mean over the second half of the run; each sample stands for the time up to the next."""
        middle = self.length / 2
        ends = [*self.seconds[1:], self.length]
        total = weight = 0.0
        for start, end, value in zip(self.seconds, ends, values):
            share = max(0.0, end - max(start, middle))
            total += share * value
            weight += share
        return total / weight if weight else float(values[-1])


class Sampler:
    """Writes down the memory of one process, for `process.run`."""

    def __init__(self):
        self.usage = Usage()
        self.pid = None
        self.helpers = Helpers()

    def start(self, pid):
        """The process runs."""
        self.pid = self.helpers.pid = pid

    def sample(self, seconds):
        """One look at it."""
        own = usage(self.pid)
        # A process that has ended, but not been waited for, has no memory.
        if own is None:
            return
        helpers = [found for pid in self.helpers.look() if (found := usage(pid))]
        self.usage.seconds.append(seconds)
        self.usage.private.append(own[0])
        self.usage.pss.append(own[1])
        self.usage.helper_private.append(sum(private for private, _ in helpers))
        self.usage.helper_pss.append(sum(pss for _, pss in helpers))
