"""How much of what a process gains by the JIT the ledger tells: private memory at the end of programs, with it and without.

    python benches/ledger.py --python VENV/bin/python [--runs 5] [--pythonpath DIR] [--json FILE] [PROGRAM=SIZE …]

Two empty virtual environments are made as for memory_never.py, one with the package. Every program runs in the one, and in the other under
`-X jit=whenhot -X jit-stats=1`, in turns, as `__main__` of a process that then reads its own /proc/self/smaps; with the JIT the
ledger (`swallow.memory()`) is asked right behind, since answering takes memory, too.

`gain` is the difference of the medians of what a process has of its own: what it has written, the extension module's private pages, the code arena. `scatter` is
how far plain runs lie apart, `told` the ledger's total in relation to the gain. Exit status 1 if that is not within 5 % of 1 for all. `private` is the
difference in `Private_*`: there are the pages of CPython's and the system's files, too, as long as no other process has them; how many are mapped depends on
where the linker has put the files, which differs by 100 kB from run to run.
"""

import argparse
import ast
import json
import statistics
import tempfile

import measuring
from environments import WITH, WITHOUT, alike
from measuring import HERE, Failed

BAR = 0.05

PROGRAMS = HERE / "programs"

# Runs a program; then has what the system says of its memory copied to a file, and prints the ledger, in a function that is called but once: what is recorded
# or compiled would have more of the module mapped meanwhile.
CHILD = """
import os, sys

def finish(copy, mark):
    pid = os.posix_spawnp("cp", ["cp", f"/proc/{os.getpid()}/smaps", copy], os.environ)
    failed = os.waitpid(pid, 0)[1]
    native = sys.modules.get("swallow._swallow")
    ledger = native and native.memory()
    if ledger:
        del ledger["functions"]
    print(mark, repr(ledger), file=sys.stderr)
    sys.exit(failed)

path, size, *ending = sys.argv[1:]
sys.path[0] = path.rpartition("/")[0]
sys.argv = [path] + [size] * bool(size)
try:
    exec(compile(open(path).read(), path, "exec"))
except SystemExit:
    pass
finish(*ending)
"""

MARK = "the ledger at the end:"


def pages(smaps):
    """Private bytes of a process, and those of its own, from the text of its smaps."""
    private = own = 0
    counted = ()
    for line in smaps.splitlines():
        name, number, *_ = line.split()
        if not name.endswith(":"):
            counted = ("Private_Clean:", "Private_Dirty:") if "/_swallow." in line else ("Rss:",) if "/memfd:" in line else ("Anonymous:",)
            continue
        if name.startswith("Private_"):
            private += int(number) << 10
        if name in counted:
            own += int(number) << 10
    return private, own


def ending(command, program, size, env):
    """At the program's end: the process's private bytes, those of its own, and its ledger."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8", errors="surrogateescape") as copy:
        command = [*command, "-c", CHILD, str(PROGRAMS / f"{program}.py"), size, copy.name, MARK]
        done = measuring.run(command, f"{program} under {command[0]}", env, text=True)
        smaps = copy.read()
    lines = [line for line in done.stderr.splitlines() if line.startswith(MARK)]
    if len(lines) != 1:
        raise Failed(f"{program}: it did not come to its end")
    return *pages(smaps), ast.literal_eval(lines[0].removeprefix(MARK).strip())


def measured(options, pythons, program, size):
    """The row of a program."""
    env = measuring.environment(**({"PYTHONPATH": options.pythonpath} if options.pythonpath else {}))
    runs = {WITHOUT: [], WITH: []}
    for _ in range(options.runs):
        runs[WITHOUT].append(ending([pythons[WITHOUT]], program, size, env))
        runs[WITH].append(ending([pythons[WITH], "-Xjit=whenhot", "-Xjit-stats=1"], program, size, env))
    medians = {side: [statistics.median(values) for values in list(zip(*of))[:2]] for side, of in runs.items()}
    private, gain = (ours - plain for ours, plain in zip(medians[WITH], medians[WITHOUT]))
    ledgers = [ledger for _, _, ledger in runs[WITH]]
    rows = {name: statistics.median(ledger[name] or 0 for ledger in ledgers) for name in ledgers[0]}
    plain = [own for _, own, _ in runs[WITHOUT]]
    told = rows["total"] / gain if gain > 0 else float("nan")
    return {"program": program, "private": private, "gain": gain, "scatter": max(plain) - min(plain), "told": told, "ledger": rows, "runs": runs}


def program(text):
    """A program of benches/programs and its size."""
    name, _, size = text.partition("=")
    if not (PROGRAMS / f"{name}.py").is_file():
        raise argparse.ArgumentTypeError(f"{name}: there is no such program in {PROGRAMS}")
    return name, size


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--python", required=True, type=measuring.interpreter_with_jit, help="the interpreter that has the JIT installed")
    parser.add_argument("--runs", type=measuring.count, default=5, help="processes of each side (default: %(default)s)")
    parser.add_argument("--pythonpath", metavar="DIR", help="where the programs find what they need")
    parser.add_argument("--json", type=measuring.output, metavar="FILE", help="write all the values there")
    parser.add_argument("programs", type=program, nargs="*", metavar="PROGRAM=SIZE", help="of benches/programs (default: group seed)")
    options = parser.parse_args()
    chosen = options.programs or [program(name) for name in json.loads((PROGRAMS / "groups.json").read_text())["seed"]]
    found = []
    print(f"{'kB, medians':<20}{'private':>8}{'gain':>8}{'scatter':>9}{'ledger':>8}{'told':>7}   heap, code, module, loading")
    with alike(options.python) as pythons:
        for name, size in chosen:
            row = measured(options, pythons, name, size)
            found.append(row)
            ledger = row["ledger"]
            code = ledger["code"] + ledger["retired_code"] + ledger["arena_slack"]
            heap = ledger["total"] - code - ledger["module"] - ledger["loading"]
            parts = ", ".join(f"{bytes / 1024:.0f}" for bytes in (heap, code, ledger["module"], ledger["loading"]))
            numbers = [f"{number / 1024:.0f}" for number in (row["private"], row["gain"], row["scatter"], ledger["total"])]
            print(f"{name:<20}{numbers[0]:>8}{numbers[1]:>8}{numbers[2]:>9}{numbers[3]:>8}{row['told']:>7.2f}   {parts}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")
    return 0 if all(abs(row["told"] - 1) <= BAR for row in found) else 1


if __name__ == "__main__":
    measuring.end("ledger.py", main)
