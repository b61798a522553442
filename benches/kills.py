"""Kill the code generator again and again while real programs run: they must print what they print under plain CPython, and leave nothing behind.

    python benches/kills.py --python VENV/bin/python [--baseline /usr/bin/python3.11] [--kills 500] [--seed 1] [--pythonpath DIR] [name=n …]

The programs are those of the group `seed` (benches/programs/groups.json), in sizes that take less than a second. Each runs under -Xjit=whenhot. As soon as
there is a process of the code generator, a moment within the next --window milliseconds is drawn, and SIGKILL sent then; so up to --per-run times a
run, since a JIT whose code generators all die gives up after a while. What is drawn depends on --seed and the number of the run only. Each run is a line: its number,
the program, the delays in ms of the kills that hit, and what became of it.

Compared are stdout and exit status with those of plain CPython. When a run has ended no process that it has started may be alive ten seconds
later, and its working and temporary directories must be empty. The exit status is 1 if a run was wrong. Django's programs need the packages of
benches/programs/requirements.txt, in both interpreters or in --pythonpath.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import tempfile
import time
import uuid
from collections import Counter
from pathlib import Path

import measuring

PROGRAMS = measuring.HERE / "programs"
HELPER = "swallow-codegen"
SIZES = {
    "nbody": 20_000,
    "seed_2to3": 2,
    "seed_django": 2,
    "seed_rietveld": 2,
    "seed_slowpickle": 2,
    "seed_slowspitfire": 1,
    "seed_slowunpickle": 2,
    "seed_spambayes": 2,
}

# Seconds between two looks for a code generator, and until all that was started must be gone.
LOOK = 0.001
SOON = 10.0
TIMEOUT = 120.0


def environment(directory, mark, pythonpath):
    """The environment of a run; whatever it starts has the mark, too."""
    env = measuring.environment(PYTHONDONTWRITEBYTECODE="1", TMPDIR=directory, SWALLOW_KILLS_MARK=mark)
    return env | ({"PYTHONPATH": pythonpath} if pythonpath else {})


def marked(mark, name=None):
    """Living processes that have inherited the mark, perhaps only those of that name."""
    found = []
    for directory in os.scandir("/proc"):
        if not directory.name.isdigit():
            continue
        try:
            path = Path(directory.path)
            if name is not None and (path / "comm").read_text().strip() != name:
                continue
            if mark.encode() in (path / "environ").read_bytes():
                found.append(int(directory.name))
        except OSError:
            pass
    return found


class Run:
    """A program under attack."""

    def __init__(self, number, options):
        self.random = random.Random(f"{options.seed}/{number}")
        self.name, self.size = self.random.choice(options.chosen)
        self.number, self.options = number, options
        self.kills = []
        self.problems = []

    def attack(self, process, mark, wanted):
        """Kills code generators until there have been enough, or the program ends."""
        seen = set()
        end = time.monotonic() + TIMEOUT
        while process.poll() is None and time.monotonic() < end:
            helpers = [pid for pid in marked(mark, HELPER) if pid not in seen] if len(self.kills) < wanted else []
            for pid in helpers:
                delay = self.random.uniform(0, self.options.window)
                time.sleep(delay / 1e3)
                seen.add(pid)
                # It may have ended meanwhile, and its number be another's.
                if pid in marked(mark, HELPER):
                    try:
                        os.kill(pid, signal.SIGKILL)
                        self.kills.append(delay)
                    except ProcessLookupError:
                        pass
            time.sleep(LOOK if len(self.kills) < wanted else 0.01)
        if process.poll() is None:
            self.problems.append(f"no end after {TIMEOUT:g} s")
            os.killpg(process.pid, signal.SIGKILL)

    def go(self, expected, left):
        """Runs the program, with at most so many kills."""
        mark = f"kills-{uuid.uuid4()}"
        wanted = min(left, self.random.randint(1, self.options.per_run))
        with tempfile.TemporaryDirectory() as directory, tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
            command = [self.options.python, "-Xjit=whenhot", str(PROGRAMS / f"{self.name}.py"), str(self.size)]
            process = subprocess.Popen(
                command,
                env=environment(directory, mark, self.options.pythonpath),
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
            try:
                self.attack(process, mark, wanted)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                status = process.wait()
            stdout.seek(0)
            stderr.seek(0)
            output, messages = stdout.read(), stderr.read().decode("utf-8", "backslashreplace")
            if (status, output) != expected:
                self.problems.append(f"exit status {status}, stdout {output[-200:]!r}, expected {expected}; stderr {messages[-2000:]}")
            end = time.monotonic() + SOON
            while (alive := marked(mark)) and time.monotonic() < end:
                time.sleep(0.01)
            if alive:
                self.problems.append(f"processes left behind: {alive}")
            if files := os.listdir(directory):
                self.problems.append(f"files left behind: {files}")
        self.said = [line for line in messages.splitlines() if line.strip()]

    def __str__(self):
        delays = " ".join(f"{delay:.1f}" for delay in self.kills)
        said = f"; said: {self.said[-1]}" if self.said else ""
        return f"{self.number:>5}  {self.name + '=' + str(self.size):<24}{delays:<30}{'; '.join(self.problems) or 'right'}{said}"


def reference(baseline, name, size, pythonpath):
    """Exit status and stdout of plain CPython."""
    with tempfile.TemporaryDirectory() as directory:
        command = [baseline, str(PROGRAMS / f"{name}.py"), str(size)]
        done = measuring.run(command, f"{name} under {baseline}", environment(directory, "none", pythonpath), TIMEOUT, cwd=directory)
    return done.returncode, done.stdout


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="name[=n]", help="programs (default: the group seed)")
    parser.add_argument("--python", required=True, type=measuring.interpreter_with_jit, help="the interpreter that has the JIT installed")
    parser.add_argument("--baseline", type=measuring.interpreter, default="/usr/bin/python3.11", help="plain CPython (default: %(default)s)")
    parser.add_argument("--kills", type=measuring.count, default=500, help="kills that must hit (default: %(default)s)")
    parser.add_argument("--per-run", type=measuring.count, default=6, help="kills in one run at most (default: %(default)s)")
    parser.add_argument("--window", type=float, default=60.0, help="ms within which a code generator is killed (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="what is drawn (default: %(default)s)")
    parser.add_argument("--pythonpath", help="where Django is, if it is not installed")
    parser.add_argument("--json", type=measuring.output, metavar="FILE", help="write the figures there")
    options = parser.parse_args()
    group = json.loads((PROGRAMS / "groups.json").read_text())["seed"]
    options.chosen = []
    for text in options.names or group:
        name, _, size = text.partition("=")
        if not (PROGRAMS / f"{name}.py").exists() or not (size.isdigit() if size else name in SIZES):
            parser.error(f"{text}: no such program, or no size is known for it")
        options.chosen.append((name, int(size or SIZES[name])))
    return options


def main():
    options = parse_arguments()
    expected = {pair: reference(options.baseline, *pair, options.pythonpath) for pair in options.chosen}
    hits, wrong, number, kills = 0, 0, 0, Counter()
    start = time.monotonic()
    # A run without a kill is one, too, but there must be an end.
    while hits < options.kills and number < 20 + 3 * options.kills:
        number += 1
        run = Run(number, options)
        run.go(expected[run.name, run.size], options.kills - hits)
        hits += len(run.kills)
        kills[run.name] += len(run.kills)
        wrong += bool(run.problems)
        print(run, flush=True)
    found = {
        "runs": number,
        "kills": hits,
        "wrong": wrong,
        "seconds": time.monotonic() - start,
        "by_program": dict(kills),
        "seed": options.seed,
    }
    print(f"{number} runs, {hits} kills that hit, {number - wrong} runs right, {wrong} wrong, in {found['seconds']:.0f} s")
    print("kills by program: " + ", ".join(f"{name} {count}" for name, count in sorted(kills.items())))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")
    return 1 if wrong or hits < options.kills else 0


if __name__ == "__main__":
    measuring.end("kills.py", main)
