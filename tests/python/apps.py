"""Real programs under plain CPython and under the JIT: what differs, how long it took, and what the JIT refused.

    python tests/python/apps.py [--mode always|whenhot …] [-X OPTION …] [--timeout S] [names …]

The programs are those of `apps/`, on packages of PyPI whose versions `apps/requirements.txt` pins. Each runs in a process of its own, once without the
JIT and once in each mode, with the same interpreter and in the same directory; exit status, stdout and stderr must be the same to the byte. They are
kept in target/apps as NAME.MODE.out and NAME.MODE.err, with what the JIT tells of itself at exit in NAME.MODE.json.
"""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from itertools import zip_longest

from running import HERE, TARGET, environment, run_alone
from running import PYTHON as TESTED

PROGRAMS = HERE / "apps"
RUNNER = HERE / "apps_run.py"
# Programs run elsewhere.
RESULTS = (TARGET / "apps").resolve()
PYTHON = os.path.abspath(TESTED)
MODES = ["always", "whenhot"]
WIDTH = 160
# What must be there, by the names that are imported.
PACKAGES = ["swallow", "black", "django", "docutils", "genshi", "html5lib", "jinja2", "mako", "pip", "pytest", "sympy"]


@dataclass(frozen=True)
class Run:
    """What one process did. A status of None means that it was killed."""

    status: int | None
    stdout: bytes
    stderr: bytes
    seconds: float

    @property
    def ending(self):
        if self.status is None:
            return f"no end after {self.seconds:.0f} s"
        return f"exit status {self.status}" if self.status >= 0 else f"crash ({signal.Signals(-self.status).name})"


def surroundings(directory):
    """An environment that is the same on every machine: programs read much of theirs."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(directory),
        "TMPDIR": str(directory),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",
    }


def run(name, mode, flags, timeout):
    """One run of a program; its outputs are kept."""
    # Always the same path, empty: a length shows in wrapped lines.
    directory = RESULTS / "work"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    report = RESULTS / f"{name}.{mode}.json"
    report.unlink(missing_ok=True)
    command = [PYTHON, "-P", *flags, RUNNER, name, *([report] if flags else [])]
    done = Run(*run_alone(command, timeout, cwd=directory, env=surroundings(directory), stderr=subprocess.PIPE))
    (RESULTS / f"{name}.{mode}.out").write_bytes(done.stdout)
    (RESULTS / f"{name}.{mode}.err").write_bytes(done.stderr)
    shutil.rmtree(directory, ignore_errors=True)
    return done


def shown(line):
    """A line as it is printed here."""
    if line is None:
        return "(nothing)"
    text = repr(line.decode("utf-8", "backslashreplace"))
    return text if len(text) <= WIDTH else f"{text[:WIDTH]} …"


def last_line(text):
    """The last line of a stream, or None."""
    return (text.splitlines() or [None])[-1]


def differences(plain, jit):
    """What differs, a line or three each: the ending, and the first line of each stream."""
    if plain.status != jit.status:
        yield f"plain: {plain.ending}\njit:   {jit.ending}"
    for stream in ("stdout", "stderr"):
        pairs = zip_longest(getattr(plain, stream).splitlines(True), getattr(jit, stream).splitlines(True))
        for number, (one, other) in enumerate(pairs, 1):
            if one != other:
                yield f"{stream}, line {number}\nplain: {shown(one)}\njit:   {shown(other)}"
                break


def indented(text):
    return "\n".join(f"    {line}" for line in text.splitlines())


def say(text):
    print(text, flush=True)


class Refusals:
    """What the JIT refused in a mode, over all programs."""

    def __init__(self):
        self.refused, self.stays, self.examples = Counter(), Counter(), {}
        self.compiled = self.gone = 0

    def add(self, report):
        stats = report["stats"]
        for kind in ("refused", "stays"):
            for reason, count in report[kind].items():
                getattr(self, kind)[without_sizes(reason)] += count
        for reason, example in report["examples"].items():
            self.examples.setdefault(without_sizes(reason), example)
        self.compiled += stats["units_compiled"]
        # Those of modules and of functions that were thrown away can't be asked any more.
        self.gone += max(0, stats["units_refused"] + stats["units_given_up"] - sum(report["refused"].values()))

    def table(self):
        rows = [(count, reason, self.examples[reason]) for reason, count in self.refused.most_common()]
        if self.gone:
            rows.append((self.gone, "not known: gone before the program ended", ""))
        yield f"{sum(count for count, *_ in rows)} code objects refused; units compiled: {self.compiled}"
        yield from rendered(rows)
        if self.stays:
            yield f"{self.stays.total()} places in compiled code stay interpreted"
            yield from rendered([(count, reason, self.examples[reason]) for reason, count in self.stays.most_common()])


def without_sizes(reason):
    """A reason without the numbers that are other ones in each code object."""
    return re.sub(r"\d{2,}", "…", reason)


def rendered(rows):
    width = max((len(reason) for _, reason, _ in rows), default=0)
    for count, reason, example in rows:
        yield f"{count:7}  {reason:{width}}  {example and 'such as ' + example}".rstrip()


def read_report(name, mode):
    """What the JIT told at exit, or None if the process did not come to that."""
    try:
        return json.loads((RESULTS / f"{name}.{mode}.json").read_text())
    except (OSError, ValueError):
        return None


class Comparison:
    """Runs programs on both sides and prints what comes of it."""

    def __init__(self, options):
        self.options = options
        self.modes = list(dict.fromkeys(options.mode or MODES))
        self.seconds = Counter()
        self.refusals = {mode: Refusals() for mode in self.modes}
        self.wrong = []
        self.width = 0

    def flags(self, mode):
        return [f"-Xjit={mode}", *(part for option in self.options.x for part in ("-X", option))]

    def program(self, name):
        """Compares one program in all modes."""
        plain = run(name, "plain", [], self.options.timeout)
        self.line(name, "plain", plain, "" if plain.status == 0 else f"FAILS: {plain.ending}")
        if plain.status != 0:
            self.wrong.append(f"{name} (plain)")
            say(indented(f"stderr ends with {shown(last_line(plain.stderr))}"))
            say(indented(f"see {RESULTS / name}.plain.err; the environment must have what {PROGRAMS / 'requirements.txt'} lists"))
            return
        for mode in self.modes:
            self.mode(name, mode, plain)

    def mode(self, name, mode, plain):
        jit = run(name, mode, self.flags(mode), self.options.timeout)
        found = list(differences(plain, jit))
        self.line(name, mode, jit, f"{jit.seconds / plain.seconds:7.2f} times as long  {'DIFFERS' if found else 'the same'}")
        if jit.status is not None:
            self.seconds["plain", mode] += plain.seconds
            self.seconds["jit", mode] += jit.seconds
        report = read_report(name, mode)
        if report:
            self.refusals[mode].add(report)
        else:
            say(indented(f"no report of what was refused: {jit.ending}"))
        if found:
            self.wrong.append(f"{name} ({mode})")
            again = run(name, "again", [], self.options.timeout)
            if list(differences(plain, again)):
                found.append("plain CPython itself does not print the same twice")
            say("\n".join(indented(text) for text in found))
            say(indented(f"outputs: {RESULTS / name}.plain.out and .err, {RESULTS / name}.{mode}.out and .err"))
            say(indented(f"command: PYTHONHASHSEED=0 {PYTHON} -P {' '.join(self.flags(mode))} {RUNNER} {name}"))

    def line(self, name, mode, done, text):
        say(f"{name:{self.width}}  {mode:7}  {done.seconds:8.2f} s  {text}".rstrip())

    def all(self, names):
        self.width = max(map(len, names))
        for name in names:
            self.program(name)
        for mode in self.modes:
            plain, jit = self.seconds["plain", mode], self.seconds["jit", mode]
            say(f"\n{' '.join(self.flags(mode))}: {plain:.1f} s plain, {jit:.1f} s with the JIT: {jit / max(plain, 1e-9):.2f} times")
            say("\n".join(self.refusals[mode].table()))
        say(f"\n{len(names)} programs: " + (f"these differ: {', '.join(self.wrong)}" if self.wrong else "all as under plain CPython"))
        return self.wrong


def check_packages():
    """Says what is missing before the first run does, less plainly."""
    program = f"from importlib.util import find_spec; print(*(name for name in {PACKAGES} if not find_spec(name)))"
    try:
        missing = subprocess.run([PYTHON, "-c", program], stdout=subprocess.PIPE, text=True, env=environment()).stdout.split()
    except OSError as error:
        sys.exit(f"{PYTHON}: {error.strerror}; `cargo xtask apps` makes an environment for the programs")
    if missing:
        sys.exit(f"{PYTHON} does not have {', '.join(missing)}; `cargo xtask apps` makes an environment that has")


def main():
    known = sorted(path.stem for path in PROGRAMS.glob("*.py"))
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--mode", choices=MODES, action="append", help="mode of the JIT; may be given twice (default: both)")
    parser.add_argument("-X", dest="x", action="append", default=[], metavar="OPTION", help="a further -X option for the JIT's side")
    parser.add_argument("--timeout", type=float, default=900.0, help="seconds after which a run is given up (default: %(default)s)")
    parser.add_argument("names", nargs="*", help=f"programs; all of them if none is named: {', '.join(known)}")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in known]
    if unknown:
        parser.error(f"no such program: {', '.join(unknown)}; there are {', '.join(known)}")
    check_packages()
    return 1 if Comparison(options).all(options.names or known) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
