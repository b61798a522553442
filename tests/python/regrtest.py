"""CPython's own test suite with and without the JIT: the tests whose verdict differs.

    python tests/python/regrtest.py [--mode always|whenhot] [-X OPTION …] [--jobs N] [--timeout S] [--fresh] [tests …]

Every test file runs in a process of its own, once with the JIT off (the interpreter of the same environment, without an option) and once in the mode. A verdict is the ending (success, failure, skipped,
environment changed, crash, no end) and the names of the cases that failed. Results are kept in a journal, so that a run that was stopped goes on where
it was; results of another build of the JIT don't count. Differences that are expected stand in `regrtest_expected.toml`, with a reason.
"""

import argparse
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import tomllib
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

from running import HERE, PYTHON, REFERENCE, TARGET, alone, environment, kill, run_alone

EXPECTED = HERE / "regrtest_expected.toml"
# What is run for leaks, if nothing is named: the language rather than the library.
LEAK_TESTS = [
    f"test_{name}"
    for name in (
        "asyncgen augassign baseexception bool class compare complex contextlib coroutines dict dictcomps enumerate"
        " except_star exception_hierarchy exceptions extcall float format fstring functools generators genexps grammar iter"
        " keywordonlyarg list listcomps named_expressions opcodes patma pow raise range richcmp scope set"
        " setcomps slice string super tuple unary unpack unpack_ex weakref with yield_from"
    ).split()
]
ENDINGS = {0: "success", 2: "failure", 3: "environment changed", 4: "skipped", 5: "failure"}


@dataclass(frozen=True)
class Verdict:
    """What became of one test file."""

    ending: str
    failed: tuple[str, ...]
    seconds: float

    def same(self, other):
        return (self.ending, self.failed) == (other.ending, other.failed)

    def __str__(self):
        cases = f": {', '.join(self.failed[:6])}{' …' if len(self.failed) > 6 else ''}" if self.failed else ""
        return f"{self.ending}{cases}"


def failed_cases(path):
    """The names of the cases that failed, out of what the test runner wrote."""
    try:
        cases = ET.parse(path).getroot().iter("testcase")
    except (OSError, ET.ParseError):
        return ()
    # Addresses differ between two runs of one interpreter.
    return tuple(sorted(re.sub(r"0x[0-9a-f]+", "0x", case.get("name", "?")) for case in cases if case.find("error") is not None or case.find("failure") is not None))


def leaks(output):
    """What the test runner says of a test that has been run again and again."""
    return tuple(sorted({f"leaked {kind}" for kind in re.findall(r"leaked \[.*\] (references|file descriptors), sum", output)}))


def run(command, name, timeout, more=()):
    """The verdict on one test file, and what it printed."""
    with tempfile.TemporaryDirectory(prefix="regrtest-") as directory:
        report = Path(directory) / "report.xml"
        command = [*command, "-m", "test", *more, "--junit-xml", str(report), "--tempdir", directory, name]
        status, output, _, seconds = run_alone(command, timeout, cwd=directory, env=environment(), stderr=subprocess.STDOUT)
        if status is None:
            ending = "no end"
        elif status < 0:
            ending = f"crash ({signal.Signals(-status).name})"
        else:
            ending = ENDINGS.get(status, f"exit status {status}")
        output = output.decode(errors="replace")
        return Verdict(ending, failed_cases(report) + leaks(output), round(seconds, 2)), output


class Journal:
    """Verdicts by key, a line each, kept as they come."""

    def __init__(self, path, fresh):
        self.path = path
        self.verdicts = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        if fresh:
            path.unlink(missing_ok=True)
        if path.exists():
            for line in path.read_text().splitlines():
                try:
                    entry = json.loads(line)
                    self.verdicts[tuple(entry.pop("key"))] = Verdict(entry["ending"], tuple(entry["failed"]), entry["seconds"])
                except (ValueError, KeyError, TypeError):
                    continue  # The line that a kill cut off.

    def add(self, key, verdict):
        self.verdicts[key] = verdict
        with self.path.open("a") as file:
            file.write(json.dumps({"key": key, **asdict(verdict)}) + "\n")


def build_of(python):
    """What tells one build of the extension from another."""
    program = "import importlib.util, sys; spec = importlib.util.find_spec('_swallow') or importlib.util.find_spec('swallow._swallow'); print(spec.origin)"
    done = subprocess.run([python, "-c", program], capture_output=True, text=True, env=environment())
    if done.returncode != 0:
        sys.exit(f"{python} does not have the package installed")
    return hashlib.sha256(Path(done.stdout.strip()).read_bytes()).hexdigest()[:16]


def listed():
    """The names of all test files, as the suite itself lists them; none without a suite."""
    done = subprocess.run([REFERENCE, "-m", "test", "--list-tests"], capture_output=True, text=True, env=environment())
    names = done.stdout.split()
    return names if done.returncode == 0 and len(names) >= 100 else []


def has_suite():
    """Whether the interpreter has the suite."""
    return bool(listed())


def all_tests():
    """All test files; ends the process if there are none."""
    names = listed()
    if not names:
        sys.exit(f"{REFERENCE} has no test suite: install Debian's package libpython3.11-testsuite")
    return names


def expected_differences():
    """Reasons by test file: for any difference there, or by case."""
    return tomllib.loads(EXPECTED.read_text())


def reason_for(name, plain, jit, expected):
    """Why this difference is expected, or None."""
    entry = expected.get(name)
    if entry is None or not {plain.ending, jit.ending} <= {"success", "failure"}:
        return None
    cases = set(plain.failed) ^ set(jit.failed)
    # A case is named with its class and file behind it.
    known = {case: why for case, why in entry.items() if any(case in other for other in cases)}
    return "; ".join(sorted(set(known.values()))) if cases and all(any(case in other for case in known) for other in cases) else None


def compare(names, options):
    """Runs what the journal does not have; the names of tests that differ without a reason."""
    what = f"{options.mode}-leaks" if options.leaks else options.mode
    more = ["-R", "3:3"] if options.leaks else []
    journal = Journal(TARGET / "regrtest" / f"{what}.jsonl", options.fresh)
    logs = TARGET / "regrtest" / what
    logs.mkdir(parents=True, exist_ok=True)
    flags = [f"-Xjit={options.mode}", *(part for option in options.x for part in ("-X", option))]
    sides = {"plain": ([PYTHON], "plain"), "jit": ([PYTHON, *flags], f"{build_of(PYTHON)} {' '.join(flags)}")}
    expected = expected_differences()
    todo = [(name, side) for name in names for side in sides if (name, sides[side][1]) not in journal.verdicts]
    done = 2 * len(names) - len(todo)
    if done:
        print(f"{done} of {2 * len(names)} runs are in {journal.path} already", flush=True)
    differ, explained, shown = [], [], set()

    def look_at(name):
        pair = [journal.verdicts.get((name, key)) for _, key in sides.values()]
        if None in pair or name in shown:
            return
        shown.add(name)
        plain, jit = pair
        if plain.same(jit):
            return
        reason = reason_for(name, plain, jit, expected)
        (explained if reason else differ).append(name)
        print(f"{name}: plain {plain}\n{' ' * len(name)}    jit {jit}" + (f"\n{' ' * len(name)}    expected: {reason}" if reason else f"\n{' ' * len(name)}    see {logs / name}.log"), flush=True)

    with ThreadPoolExecutor(options.jobs) as pool:
        futures = {}
        for name, side in todo:
            # A JIT that compiles everything takes its time.
            timeout = options.timeout if side == "plain" else 4 * options.timeout
            futures[pool.submit(run, sides[side][0], name, timeout, more)] = name, side
        try:
            for future in as_completed(futures):
                name, side = futures[future]
                verdict, output = future.result()
                if side == "jit":
                    (logs / f"{name}.log").write_text(output)
                journal.add((name, sides[side][1]), verdict)
                done += 1
                look_at(name)
                if done % 10 == 0:
                    print(f"{done} of {2 * len(names)} runs", file=sys.stderr, flush=True)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(alone):
                kill(process)
            raise
    for name in names:
        look_at(name)
    seconds = {side: sum(journal.verdicts[name, key].seconds for name in names) for side, (_, key) in sides.items()}
    print(
        f"{len(names)} test files under {' '.join(flags)}: {len(names) - len(differ) - len(explained)} verdicts as under plain CPython, "
        f"{len(explained)} different for a known reason, {len(differ)} different"
        f"\n{seconds['plain']:.0f} s plain, {seconds['jit']:.0f} s with the JIT: {seconds['jit'] / max(seconds['plain'], 1e-9):.2f} times"
    )
    return differ


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--mode", choices=["always", "whenhot"], default="always", help="mode of the JIT (default: %(default)s)")
    parser.add_argument("-X", dest="x", action="append", default=[], metavar="OPTION", help="a further -X option for the JIT's side")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2, help="how many at once (default: as many as processors)")
    parser.add_argument("--timeout", type=float, default=300.0, help="seconds after which plain CPython's run is given up; four times that with the JIT (default: %(default)s)")
    parser.add_argument("--leaks", action="store_true", help="run each test six times and count references; needs a debug interpreter (default tests: a list)")
    parser.add_argument("--fresh", action="store_true", help="forget the results of earlier runs")
    parser.add_argument("tests", nargs="*", help="test files, such as test_generators; all of them if none is named")
    options = parser.parse_args()
    names = all_tests()
    unknown = [name for name in options.tests if name not in names]
    if unknown:
        parser.error(f"no such test: {', '.join(unknown)}")
    return 1 if compare(options.tests or (LEAK_TESTS if options.leaks else names), options) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        sys.exit(130)
