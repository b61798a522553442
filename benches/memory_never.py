"""What the installed package costs a program that does not use it: private memory and start-up time under -Xjit=never.

    python benches/memory_never.py --python VENV/bin/python [--runs 200] [--memory-runs 25] [--programs] [--instructions] [--pythonpath DIR] [--json FILE]

Two empty virtual environments are made from the interpreter that VENV is based on; into one of them go VENV's installed package and its .pth line,
nothing else. `python -Xjit=never -c pass` there against `python -c pass` in the other, in turns. Private memory is the sum of Private_* in
/proc/self/smaps. The medians and their ratios are printed; the exit status is 1 if a ratio is above 1.01.

With --instructions also the instructions that a start takes, counted by valgrind: times of the same start lie up to 10 % apart, counts a tenth of a per cent.

With --programs also the eight programs of group `seed`, at the smallest size: importing what they need, and hardly more. Django is taken from --pythonpath.
"""

import argparse
import json
import os
import re
import statistics
import time
from pathlib import Path

import measuring
from environments import WITH, WITHOUT, alike
from measuring import Failed

BAR = 1.01

PROGRAMS = Path(__file__).parent / "programs"

MEMORY = """
total = 0
with open("/proc/self/smaps") as smaps:
    for line in smaps:
        if line.startswith("Private_"):
            total += int(line.split()[1])
print(total)
"""

def start_up(command, env=None):
    """Seconds of one process, from start to end; and the processor time that it used. What it prints is thrown away."""
    silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    start = time.perf_counter()
    pid = os.posix_spawn(command[0], command, env or measuring.environment(), file_actions=silent)
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - start
    if status != 0:
        raise Failed(f"{' '.join(command)}: exit status {os.waitstatus_to_exitcode(status)}")
    return seconds, usage.ru_utime + usage.ru_stime


def memory(command):
    """Kilobytes of private memory of one process."""
    return int(measuring.run([*command, "-c", MEMORY], " ".join(command), measuring.environment(), text=True).stdout)


def in_turns(runs, commands, measure):
    """Measure every command that often, the order turned round each time."""
    values = {name: [] for name in commands}
    for number in range(runs):
        names = list(commands) if number % 2 == 0 else list(reversed(commands))
        for name in names:
            values[name].append(measure(commands[name]))
    return values


def instructions(command, env):
    """Millions of instructions of one process."""
    done = measuring.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command], " ".join(command), env, text=True)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if not found:
        raise Failed("valgrind does not tell how many instructions it has counted")
    return int(found[1]) / 1e6


def counted(name, sides, env):
    """The row of instructions."""
    return {f"{name}, 10^6 instructions": {side: [instructions(command, env)] for side, command in sides.items()}}


def starts_of_programs(options, commands):
    """The rows of the programs of group `seed`: their runs at the smallest size."""
    env = measuring.environment(**({"PYTHONPATH": options.pythonpath} if options.pythonpath else {}))
    rows = {}
    for program in json.loads((PROGRAMS / "groups.json").read_text())["seed"]:
        sides = {name: [*command, str(PROGRAMS / f"{program}.py"), "1"] for name, command in commands.items()}
        for command in sides.values():
            start_up(command, env)
        starts = in_turns(options.program_runs, sides, lambda command: start_up(command, env))
        rows[f"{program}, ms"] = {name: [seconds * 1000 for seconds, _ in values] for name, values in starts.items()}
        if options.instructions:
            rows |= counted(program, sides, env)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--python", required=True, type=measuring.interpreter_with_jit, help="an interpreter with the package installed")
    parser.add_argument("--runs", type=measuring.count, default=200, help="starts of each side (default: %(default)s)")
    parser.add_argument("--memory-runs", type=measuring.count, default=25, help="memory measurements of each side (default: %(default)s)")
    parser.add_argument("--programs", action="store_true", help="measure the start of the eight programs, too")
    parser.add_argument("--program-runs", type=measuring.count, default=25, help="starts of each of them on each side (default: %(default)s)")
    parser.add_argument("--instructions", action="store_true", help="count the instructions of each start, too, with valgrind")
    parser.add_argument("--pythonpath", metavar="DIR", help="where the programs find what they need")
    parser.add_argument("--json", type=measuring.output, metavar="FILE", help="write all the values there")
    options = parser.parse_args()
    if options.instructions:
        measuring.need_valgrind()
    with alike(options.python) as pythons:
        commands = {WITHOUT: [pythons[WITHOUT]], WITH: [pythons[WITH], "-Xjit=never"]}
        kilobytes = in_turns(options.memory_runs, commands, memory)
        sides = {name: [*command, "-c", "pass"] for name, command in commands.items()}
        starts = in_turns(options.runs, sides, start_up)
        more = counted("start-up", sides, measuring.environment()) if options.instructions else {}
        programs = starts_of_programs(options, commands) if options.programs else {}
    rows = {
        "private memory, kB": kilobytes,
        "start-up, ms": {name: [seconds * 1000 for seconds, _ in values] for name, values in starts.items()},
        "start-up, processor ms": {name: [used * 1000 for _, used in values] for name, values in starts.items()},
        **more,
        **programs,
    }
    print(f"{'median':<40}{'without':>12}{'-Xjit=never':>14}{'ratio':>9}   bar {BAR}")
    missed = 0
    for title, values in rows.items():
        without, ours = (statistics.median(values[name]) for name in (WITHOUT, WITH))
        ratio = ours / without
        # The processor time has the kernel's coarse grain and is shown for comparison only.
        judged = "processor" not in title
        missed += judged and ratio > BAR
        print(f"{title:<40}{without:>12.2f}{ours:>14.2f}{ratio:>9.4f}{'   above the bar' if judged and ratio > BAR else ''}")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")
    return 1 if missed else 0


if __name__ == "__main__":
    measuring.end("memory_never.py", main)
