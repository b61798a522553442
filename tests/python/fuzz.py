"""Random programs, run in every mode and compared with plain CPython.

    python tests/python/fuzz.py [--seed 0] [--count 100] [--mode always …] [--jobs N] [--keep DIR] [--small] [--opt 0] [--reduce] [--show]

A program either computes with numbers (`fuzzing/arithmetic.py`), or mixes classes, exceptions, closures, generators and long loops
(`fuzzing/mixed.py`). Functions are made hot with one set of arguments and then called with others, and types change in the midst of loops, so
that they change where the compiler did not expect it. Every result, exception and line number is printed. A seed always gives the same
program. A program whose output differs is kept in --keep (default: the current directory); --reduce makes it small first.
"""

import argparse
import os
import random
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from fuzzing.arithmetic import Arithmetic
from fuzzing.mixed import Mixed
from running import MODES, PYTHON, REFERENCE, TIMEOUT, run

# How a line begins that goes on with the statement before.
CLAUSES = ("else:", "elif ", "except", "finally:")


def generate(seed, small=False):
    """The program of that seed and size."""
    kind = Arithmetic if random.Random(seed).random() < 0.25 else Mixed
    return kind(seed, small).program()


class Comparison:
    """Runs programs from one file, under plain CPython and in modes."""

    def __init__(self, path, timeout, more=()):
        self.path = path
        self.timeout = timeout
        self.more = more

    def expected(self, program):
        """What plain CPython does; None if it does not end."""
        self.path.write_text(program)
        result = run([REFERENCE, self.path], self.timeout)
        return None if result.status is None else result

    def differs(self, expected, mode):
        """What the mode does with the program in the file, if that is not the expected; else None."""
        got = run([PYTHON, *MODES[mode], *self.more, self.path], self.timeout)
        return None if got == expected else got

    def still(self, lines, mode):
        """Whether these lines are a program that ends well and still differs."""
        text = "\n".join(lines) + "\n"
        try:
            compile(text, "<reduced>", "exec")
        except (SyntaxError, ValueError):
            return False
        expected = self.expected(text)
        return expected is not None and expected.status == 0 and self.differs(expected, mode) is not None


def end_of_block(lines, at):
    """The line after the block that a line opens."""
    indent = len(lines[at]) - len(lines[at].lstrip())
    end = at + 1
    while end < len(lines) and (not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > indent):
        end += 1
    return end


def end_of_clauses(lines, at):
    """The line after the statement that a line opens: after its `else`, `except` and `finally`, too."""
    indent = len(lines[at]) - len(lines[at].lstrip())
    end = end_of_block(lines, at)
    while end < len(lines) and len(lines[end]) - len(lines[end].lstrip()) == indent and lines[end].lstrip().startswith(CLAUSES):
        end = end_of_block(lines, end)
    return end


def shorter(lines, at):
    """The program without a line's whole statement, without its block, and with only its block, moved out."""
    end, last = end_of_block(lines, at), end_of_clauses(lines, at)
    inside = [line[4:] for line in lines[at + 1 : end]]
    yield lines[:at] + lines[last:]
    if last > end:
        yield lines[:at] + lines[end:]
    if inside:
        yield lines[:at] + inside + lines[last:]
        yield lines[:at] + inside + lines[end:]


def without_pieces(lines, still):
    """Takes out runs of whole statements of the outermost level, long runs first."""
    size = 16
    while size:
        starts = [at for at in range(len(lines)) if lines[at].strip() and not lines[at].startswith((" ", *CLAUSES))] + [len(lines)]
        for number in range(len(starts) - 1 - size, -1, -1):
            candidate = lines[: starts[number]] + lines[starts[number + size] :]
            if len(candidate) < len(lines) and still(candidate):
                return without_pieces(candidate, still)
        size //= 2
    return lines


def reduced(program, still):
    """A smaller program that still differs: statements are taken out, as long as plain CPython still runs the rest."""
    lines = without_pieces([line for line in program.split("\n") if line.strip()], still)
    changed = True
    while changed:
        changed = False
        at = len(lines) - 1
        while at >= 0:
            for candidate in shorter(lines, at):
                if still(candidate):
                    lines = candidate
                    changed = True
                    break
            at = min(at, len(lines)) - 1
    return "\n".join(lines) + "\n"


def difference(expected, got):
    """The first lines that differ, from a little before the place where they do."""
    for wanted, line in zip(expected.stdout.splitlines(), got.stdout.splitlines()):
        if wanted != line:
            start = max(0, len(os.path.commonprefix([wanted, line])) - 100)
            return f"  expected {wanted[start : start + 300]}\n  got      {line[start : start + 300]}"
    ending = "no end" if got.status is None else f"exit status {got.status}"
    return f"  expected exit status {expected.status}, got {ending} {got.stderr[-300:]}"


def examine(seed, modes, options, directory):
    """Runs one seed's program. A report for each mode that differs, or None if plain CPython does not end."""
    program = generate(seed, options.small)
    more = [] if options.opt is None else ["-X", f"jit-opt={options.opt}"]
    comparison = Comparison(Path(directory) / f"program_{seed}.py", options.timeout, more)
    expected = comparison.expected(program)
    if expected is None:
        return None
    reports = []
    for mode in modes:
        got = comparison.differs(expected, mode)
        if got is None:
            continue
        options.keep.mkdir(parents=True, exist_ok=True)
        path = options.keep / f"fuzz_{seed}_{mode}.py"
        path.write_text(program)
        reports.append(f"{difference(expected, got)}\nseed {seed}, {mode}: differs, see {path}")
        if options.reduce:
            path.write_text(reduced(program, lambda lines, mode=mode: comparison.still(lines, mode)))
            comparison.path.write_text(program)
    comparison.path.unlink()
    return reports


def compare(modes, options):
    """Runs the programs of all seeds, and says what differs; how many reports there were."""
    done = failures = skipped = 0
    seeds = range(options.seed, options.seed + options.count)
    with tempfile.TemporaryDirectory() as directory, ThreadPoolExecutor(options.jobs) as pool:
        try:
            for future in as_completed([pool.submit(examine, seed, modes, options, directory) for seed in seeds]):
                reports = future.result()
                done += 1
                skipped += reports is None
                failures += len(reports or ())
                for report in reports or ():
                    print(report, flush=True)
                if done % 10 == 0:
                    print(f"{done} of {options.count} programs, {failures} differences", file=sys.stderr, flush=True)
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise
    note = f" ({skipped} did not end under plain CPython)" if skipped else ""
    print(f"{done} programs{note} in {len(modes)} modes: {failures} differences")
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seed", type=int, default=0, help="the first seed (default: %(default)s)")
    parser.add_argument("--count", type=int, default=100, help="how many seeds (default: %(default)s)")
    parser.add_argument("--mode", action="append", choices=list(MODES), help="modes to compare; all but never if none is given")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2, help="how many programs at once (default: as many as processors)")
    parser.add_argument("--timeout", type=float, default=TIMEOUT, help="seconds until a run is given up (default: %(default)s)")
    parser.add_argument("--keep", type=Path, default=Path("."), help="where programs that differ go (default: here)")
    parser.add_argument("--reduce", action="store_true", help="make a program that differs small")
    parser.add_argument("--small", action="store_true", help="small programs: a seed gives another program then")
    parser.add_argument("--opt", type=int, choices=range(4), help="jit-opt in all modes (most of the time goes to the code generator)")
    parser.add_argument("--show", action="store_true", help="only print the programs")
    options = parser.parse_args()
    if options.show:
        for seed in range(options.seed, options.seed + options.count):
            print(generate(seed, options.small))
        return 0
    return 1 if compare(options.mode or [mode for mode in MODES if mode != "never"], options) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
