"""What compiling costs against the size of a function, in time and memory, for seven shapes of functions from 10 to 20,000 bytecode instructions.

    python benches/growth.py --python VENV/bin/python [--shapes straight,calls …] [--sizes 10,100 …] [--runs 3] [--json FILE] [--plot FILE]

Each function (growth_shapes.py) runs in a process of its own, is recorded, compiled with `swallow.compile`, and run again; its results must be
those from before. Measured are

  held      ms on the processor that the program's thread was held up: copying, building HIR, serialising, sending, installing; refusals included
  build     ms by the clock of that for the HIR
  passes    ms in the code generator's process for decoding and the passes on HIR
  llvm      ms there for the LLVM IR, its passes and the machine code
  codegen   ms of both
  program   kB by which the peak of the program's memory (VmHWM) was above what it had before
  helper    kB of the code generator's peak, above what it has for a function of a few instructions
  hot       ms on the processor of the longest hold where the same function gets hot by itself (-X jit-threshold=1000)

Times are the least of the runs, memory is the median. A cost that a function of n instructions has may grow like n log n: for each the exponent of
cost / log n is fitted over its largest sizes, apart for what LLVM optimises and for what it does not (units of more than 1,200 HIR
instructions). Costs that stay small everywhere are not looked at, `passes` and `llvm` are judged together, `build` as a part of `held`. What grows faster than that must be cut: then larger
functions of the shape are refused for what it is that grows (HIR instructions or frame states), and not only for their length. The exit status is 1 if an exponent
is above 1.2 without that, a result is wrong, or a function is refused without a reason.
"""

import argparse
import json
import math
import statistics
import sys

import growth_shapes
import measuring
from measuring import HERE, Failed

SIZES = (10, 30, 100, 200, 400, 800, 1200, 1600, 2800, 5000, 10_000, 20_000)

# An exponent of cost / log n beyond this is no measuring error.
BAR = 1.2

# HIR instructions beyond which LLVM does not optimise (codegen/prepare.rs).
LARGE_HIR = 1200

# A cost whose largest value is below this, in its unit, is not fitted: it is noise and pages.
SMALL = {"held": 2.0, "build": 2.0, "passes": 4.0, "llvm": 20.0, "codegen": 20.0, "program": 2048, "helper": 8192, "hot": 2.0}

COSTS = tuple(SMALL)
JUDGED = [cost for cost in COSTS if cost not in ("build", "passes", "llvm")]

# Reasons of refusals that bound what grows, unlike a mere number of bytecode instructions.
CUT = ("HIR instructions", "frame states")
PASSES = ("decode", "optimise")
HELD = ("copy", "build", "judge", "serialise", "send")

# One measurement; runs under the JIT.
CHILD = """
import json, os, sys, time
sys.path.insert(0, sys.argv[1])
import growth_shapes
import swallow
shape, size, way = sys.argv[2], int(sys.argv[3]), sys.argv[4]

def status(pid, name):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name + ":"))

def forget_peak(pid):
    with open(f"/proc/{pid}/clear_refs", "w") as file:
        file.write("5")

def least(x):
    return x

f = growth_shapes.make(shape, size)
expected = [f(a) for a in range(4)]
found = {"instructions": growth_shapes.instructions(f)}
if way == "asked":
    for a in range(30):
        f(a)
    # A code generator that is there already: its start is measured elsewhere.
    for a in range(30):
        least(a)
    assert swallow.compile(least)
    helper = swallow.stats()["helper_pid"]
    forget_peak("self")
    resident = status("self", "VmRSS")
    compiled = swallow.compile(f)
    found["program"] = max(0, status("self", "VmHWM") - resident)
    found["helper_peak"] = status(helper, "VmHWM")
    info = swallow.info(f)
    found |= {"compiled": compiled, "reason": info["reason"], "hir": info["hir_insts"], "code": info["code_bytes"], "phases": info["phase_times"]}
else:
    # The function alone is to be hot, as a whole or at its loops.
    end = time.monotonic() + 3
    while time.monotonic() < end and swallow.info(f)["state"] not in ("compiled", "refused") and swallow.info(f)["hotness"] < 3_000_000:
        for a in range(20):
            f(a)
    info = swallow.info(f)
    found |= {"state": info["state"], "reason": info["reason"]}
found["right"] = [f(a) for a in range(4)] == expected
print(json.dumps(found))
"""

LLVM = ["-X", "jit-backend=llvm"]
OPTIONS = {
    "asked": ["-X", "jit-threshold=4000000000", "-X", "jit-warm=0", *LLVM, *measuring.LOG],
    "hot": ["-X", "jit-threshold=1000", "-X", "jit-wait=1", *LLVM, *measuring.LOG],
}


def measure(python, shape, size, way):
    """One process."""
    command = [python, "-Xjit=whenhot", *OPTIONS[way], "-c", CHILD, str(HERE), shape, str(size), way]
    done = measuring.run(command, f"{shape} {size}", measuring.environment(), text=True)
    found = json.loads(done.stdout)
    # The clock would also count what other programs do meanwhile.
    held = [processor for _, processor in measuring.holds(done.stderr)]
    if not held:
        raise Failed(f"{shape} {size}: it did not get hot: {found.get('state')}")
    if way == "hot":
        found["hot"] = max(held)
    else:
        # Behind those of the unit that starts the code generator.
        found["held"] = sum(held[2:])
    return found


def point(python, shape, size, runs):
    """All that is measured of one function."""
    asked = [measure(python, shape, size, "asked") for _ in range(runs)]
    hot = [measure(python, shape, size, "hot") for _ in range(runs)]
    first = asked[0]
    found = {name: first[name] for name in ("instructions", "compiled", "reason", "hir", "code")}
    found |= {"size": size, "hot_reason": hot[0]["reason"], "right": all(run["right"] for run in asked + hot)}
    found["held"] = min(run["held"] for run in asked)
    found["hot"] = min(run["hot"] for run in hot)
    found["program"] = statistics.median(run["program"] for run in asked)
    found["helper_peak"] = statistics.median(run["helper_peak"] for run in asked)
    if first["compiled"]:
        found["build"] = 1e3 * min(run["phases"]["build"] for run in asked)
        found["passes"] = 1e3 * min(sum(run["phases"][name] for name in PASSES) for run in asked)
        rest = [[seconds for name, seconds in run["phases"].items() if name not in (*PASSES, *HELD)] for run in asked]
        found["llvm"] = 1e3 * min(map(sum, rest))
        found["codegen"] = found["passes"] + found["llvm"]
    return found


def exponent(pairs):
    """The slope of log(cost / log n) over log n, by least squares."""
    points = [(math.log(n), math.log(cost / math.log(n))) for n, cost in pairs if cost > 0]
    return statistics.linear_regression(*zip(*points)).slope if len(points) >= 3 else None


def exponents(points):
    """By cost: the exponents over the sizes that count, or none where the cost is small."""
    result = {}
    for cost in COSTS:
        known = [each for each in points if each.get(cost) is not None]
        # What is refused costs nothing in the helper, and less here: such sizes have a line of their own.
        done, refused = [each for each in known if each["compiled"]], [each for each in known if not each["compiled"]]
        groups = [[each for each in done if each["hir"] <= LARGE_HIR], [each for each in done if each["hir"] > LARGE_HIR], refused]
        if cost in ("held", "build", "program", "hot"):
            groups = [done, refused]
        result[cost] = []
        for group in groups:
            # The largest ones: with small ones, it is what every compilation costs that is seen.
            pairs = [(each["instructions"], each[cost]) for each in group][-4:]
            if pairs and max(value for _, value in pairs) >= SMALL[cost]:
                slope = exponent(pairs)
                if slope is not None:
                    result[cost].append(slope)
    return result


def draw(results, path):
    """A picture for each cost, with a line for each shape, as PNG or SVG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, all_axes = pyplot.subplots(2, 5, figsize=(16, 8), layout="constrained")
    for axes, cost in zip(all_axes.flat, COSTS):
        for shape, points in results.items():
            known = [each for each in points if each.get(cost)]
            axes.plot([each["instructions"] for each in known], [each[cost] for each in known], marker=".", label=shape)
        axes.set(
            xscale="log", yscale="log", title=f"{cost}, {'kB' if cost in ('program', 'helper') else 'ms'}", xlabel="bytecode instructions"
        )
    for axes in all_axes.flat[len(COSTS) :]:
        axes.axis("off")
    all_axes.flat[0].legend(frameon=False)
    figure.savefig(path, dpi=120)


def show(shape, points, slopes):
    """The table of a shape."""
    print(f"\n{shape}: {growth_shapes.SHAPES[shape].__doc__}")
    print(f"{'bytecodes':>9}{'HIR':>7}" + "".join(f"{cost:>10}" for cost in COSTS) + "   outcome")
    for each in points:
        cells = "".join(f"{each[cost]:>10.2f}" if each.get(cost) is not None else f"{'–':>10}" for cost in COSTS)
        outcome = f"{each['code']} bytes" if each["compiled"] else each["reason"]
        print(f"{each['instructions']:>9}{each['hir'] or '–':>7}{cells}   {outcome}{'' if each['right'] else '   WRONG RESULT'}")
    fitted = "".join(f"{'/'.join(f'{slope:.2f}' for slope in slopes[cost]) or 'small':>10}" for cost in COSTS)
    print(f"{'exponent':>16}{fitted}", flush=True)


def sizes(text):
    return [measuring.count(part) for part in text.split(",")]


def shapes(text):
    for shape in text.split(","):
        if shape not in growth_shapes.SHAPES:
            raise argparse.ArgumentTypeError(f"no shape {shape!r}; there are {', '.join(growth_shapes.SHAPES)}")
    return text.split(",")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--python", required=True, type=measuring.interpreter_with_jit, help="the interpreter that has the JIT installed")
    parser.add_argument("--shapes", type=shapes, default=",".join(growth_shapes.SHAPES), help="of %(default)s")
    parser.add_argument("--sizes", type=sizes, default=list(SIZES), help="bytecode instructions, roughly")
    parser.add_argument("--runs", type=measuring.count, default=3, help="processes for each function and way (default: %(default)s)")
    parser.add_argument("--json", type=measuring.output, metavar="FILE", help="write all the points there")
    parser.add_argument("--plot", type=measuring.picture, metavar="FILE", help="draw them, as PNG or SVG")
    options = parser.parse_args()
    failures = []
    results, fits = {}, {}
    for shape in options.shapes:
        points = []
        for size in options.sizes:
            try:
                points.append(point(options.python, shape, size, options.runs))
            except Failed as error:
                failures.append(str(error))
        if not points:
            continue
        least = min(each["helper_peak"] for each in points)
        for each in points:
            each["helper"] = each["helper_peak"] - least if each["compiled"] else None
            if not each["right"]:
                failures.append(f"{shape} {each['instructions']}: a wrong result")
            if not each["compiled"] and not each["reason"]:
                failures.append(f"{shape} {each['instructions']}: refused without a reason")
        results[shape], fits[shape] = points, exponents(points)
        show(shape, points, fits[shape])
        is_cut = any(reason in (each["reason"] or "") for each in points for reason in CUT)
        steep = [(cost, slope) for cost in JUDGED for slope in fits[shape][cost] if slope > BAR]
        for cost, slope in steep:
            line = f"{shape}: {cost} grows like n log n to the power of {slope:.2f}"
            if is_cut:
                print(f"{line}, and is cut")
            else:
                failures.append(line)
    held = sorted(each["hot"] for points in results.values() for each in points)
    if held:
        print(
            f"\nlongest hold of a function that got hot: {held[-1]:.2f} ms; {sum(value > 2 for value in held)} of {len(held)} functions above 2 ms"
        )
    for failure in failures:
        print(f"growth.py: {failure}", file=sys.stderr)
    if options.json:
        options.json.write_text(json.dumps({"points": results, "exponents": fits, "failures": failures}, indent=2) + "\n")
    if options.plot:
        draw(results, options.plot)
    return 1 if failures else 0


if __name__ == "__main__":
    measuring.end("growth.py", main)
