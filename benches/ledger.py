"""How much of what a process gains by the JIT the ledger tells: private memory at the end of programs, with it and without.

    python benches/ledger.py --python VENV/bin/python [--runs 5] [--pythonpath DIR] [--json FILE] [PROGRAM=SIZE …]

Every program runs under plain CPython and under `-X jit=whenhot -X jit-stats=1`, in turns, as `__main__` of a process that then reads its own `Private_*` from
/proc/self/smaps_rollup; with the JIT the ledger (`swallow.memory()`) is asked right before. `gain` is the difference of the medians, `scatter` how far plain
runs lie apart, `told` the ledger's total in relation to the gain. Exit status 1 if that is not within 5 % of 1 for all.
"""

import argparse
import ast
import json
import statistics

import measuring
from measuring import HERE, Failed

BAR = 0.05

PROGRAMS = HERE / "programs"

# Runs a program and then prints its memory, and the ledger's.
CHILD = """
import sys
path, size, mark = sys.argv[1:4]
sys.path[0] = path.rpartition("/")[0]
sys.argv = [path] + [size] * bool(size)
code = compile(open(path).read(), path, "exec")
try:
    exec(code)
except SystemExit:
    pass
ledger = None
if "swallow._swallow" in sys.modules:
    import swallow
    ledger = swallow.memory()
    del ledger["functions"]
with open("/proc/self/smaps_rollup", "rb", buffering=0) as file:
    lines = file.read().splitlines()
private = sum(int(line.split()[1]) << 10 for line in lines if line.startswith(b"Private_"))
print(mark, repr((private, ledger)), file=sys.stderr)
"""

MARK = "memory at the end:"


def ending(command, program, size, env):
    """Private bytes of the process at the program's end, and its ledger."""
    command = [*command, "-c", CHILD, str(PROGRAMS / f"{program}.py"), size, MARK]
    done = measuring.run(command, f"{program} under {command[0]}", env, text=True)
    lines = [line for line in done.stderr.splitlines() if line.startswith(MARK)]
    if len(lines) != 1:
        raise Failed(f"{program}: it did not come to its end")
    return ast.literal_eval(lines[0].removeprefix(MARK).strip())


def measured(options, program, size):
    """The row of a program."""
    env = measuring.environment(**({"PYTHONPATH": options.pythonpath} if options.pythonpath else {}))
    plain, ours, ledgers = [], [], []
    for _ in range(options.runs):
        plain.append(ending([options.baseline], program, size, env)[0])
        private, ledger = ending([options.python, "-Xjit=whenhot", "-Xjit-stats=1"], program, size, env)
        ours.append(private)
        ledgers.append(ledger)
    gain = statistics.median(ours) - statistics.median(plain)
    rows = {name: statistics.median(ledger[name] or 0 for ledger in ledgers) for name in ledgers[0]}
    return {"program": program, "gain": gain, "scatter": max(plain) - min(plain), "plain": plain, "with_jit": ours, "ledger": rows}


def program(text):
    """A program of benches/programs and its size."""
    name, _, size = text.partition("=")
    if not (PROGRAMS / f"{name}.py").is_file():
        raise argparse.ArgumentTypeError(f"{name}: there is no such program in {PROGRAMS}")
    return name, size


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--python", required=True, type=measuring.interpreter_with_jit, help="the interpreter that has the JIT installed")
    parser.add_argument("--baseline", type=measuring.interpreter, default="/usr/bin/python3.11", help="plain CPython (default: %(default)s)")
    parser.add_argument("--runs", type=measuring.count, default=5, help="processes of each side (default: %(default)s)")
    parser.add_argument("--pythonpath", metavar="DIR", help="where the programs find what they need")
    parser.add_argument("--json", type=measuring.output, metavar="FILE", help="write all the values there")
    parser.add_argument("programs", type=program, nargs="*", metavar="PROGRAM=SIZE", help="of benches/programs (default: group seed)")
    options = parser.parse_args()
    chosen = options.programs or [program(name) for name in json.loads((PROGRAMS / "groups.json").read_text())["seed"]]
    found = []
    print(f"{'kB, medians':<20}{'gain':>8}{'scatter':>9}{'ledger':>8}{'told':>7}   heap, code, module, loading")
    for name, size in chosen:
        row = measured(options, name, size)
        found.append(row)
        ledger = row["ledger"]
        row["told"] = ledger["total"] / row["gain"] if row["gain"] > 0 else float("nan")
        code = ledger["code"] + ledger["retired_code"] + ledger["arena_slack"]
        heap = ledger["total"] - code - ledger["module"] - ledger["loading"]
        parts = ", ".join(f"{bytes / 1024:.0f}" for bytes in (heap, code, ledger["module"], ledger["loading"]))
        numbers = [row["gain"], row["scatter"], ledger["total"]]
        print(f"{name:<20}{numbers[0] / 1024:>8.0f}{numbers[1] / 1024:>9.0f}{numbers[2] / 1024:>8.0f}{row['told']:>7.2f}   {parts}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")
    return 0 if all(abs(row["told"] - 1) <= BAR for row in found) else 1


if __name__ == "__main__":
    measuring.end("ledger.py", main)
