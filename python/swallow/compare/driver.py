"""Runs a program again and again in one process, and writes down when each iteration began and ended.

    python driver.py REPORT SPEC

It runs under plain CPython, too, which has no `swallow`: it imports nothing but what an interpreter has loaded anyway, and `json`, when all is
done. SPEC is a Python literal, as `programs.Job.spec` makes it, with the number of iterations: at least `least`, and more until `seconds` have
passed and the JIT is done compiling, or four times as many, but not more than `most`. Standard output is a regular file; its size behind each
iteration says what that has printed. With `native` it is noted behind each iteration, too, how long the native code of each unit has run so far
(it takes -X jit-profile).
"""

import os
import sys
import time

# Iterations behind the last code that make a steady state.
BEHIND = 3


def _load(spec):
    """What an iteration is: a function, after the file has been loaded if it is one of its own."""
    file = spec["file"]
    with open(file, "rb") as stream:
        code = compile(stream.read(), file, "exec", dont_inherit=True)
    name = "__main__" if spec["function"] is None else os.path.splitext(os.path.basename(file))[0]
    module = type(sys)(name)
    module.__file__ = file
    sys.modules[name] = module
    if spec["function"] is None:
        return lambda: exec(code, vars(module))
    exec(code, vars(module))
    function = getattr(module, spec["function"])
    size = spec["size"]
    if size is None:
        return function
    if not isinstance(size, int):
        size = next(getattr(module, name) for name in size if hasattr(module, name))
    return lambda: print(function(size))


def _status(error):
    """The exit status that a program asks for; text goes to stderr, as it does at a program's end."""
    if error.code is None or isinstance(error.code, int):
        return error.code or 0
    sys.stderr.write(f"{error.code}\n")
    return 1


def _is_settled(starts):
    """Whether some iterations have begun since the last code came, and none is being made. Only asked at the end: it takes a moment."""
    native = sys.modules.get("swallow._swallow")
    if native is None:
        return True
    found = native.stats()
    last = max((unit["installed"] for unit in found["units"]), default=0.0)
    return not found.get("jobs") and (last == 0.0 or len(starts) >= BEHIND and starts[-BEHIND] >= last)


def _noting(report):
    """What notes how much time each unit has taken so far: without a loop in Python, which would be compiled as well."""
    from _operator import itemgetter

    stats = sys.modules["swallow._swallow"].stats
    spent, note = itemgetter("native"), report["native"].append
    return lambda: note(list(map(spent, stats()["units"])))


def _iterate(step, spec, report):
    """Carries the iterations out."""
    clock = time.monotonic
    starts, ends, sizes, statuses = report["starts"], report["ends"], report["sizes"], report["statuses"]
    least, most = spec["least"], spec["most"]
    begin = clock()
    until, latest = begin + spec["seconds"], begin + 4 * spec["seconds"]
    note = _noting(report) if spec["native"] else None
    while len(ends) < most and (len(ends) < least or clock() < until or (clock() < latest and not _is_settled(starts))):
        status = 0
        starts.append(clock())
        try:
            step()
        except SystemExit as error:
            status = _status(error)
        sys.stdout.flush()
        ends.append(clock())
        sizes.append(os.fstat(1).st_size)
        statuses.append(status)
        if note is not None:
            note()


def _of_the_jit(report, own):
    """Adds what the JIT has to say, if it is there."""
    native = sys.modules.get("swallow._swallow")
    if native is None:
        return
    found = native.stats()
    units = found.pop("units")
    report["units"] = [unit for unit in units if unit["file"] != own]
    for number, known in enumerate(report["native"] or ()):
        report["native"][number] = [(spent["seconds"], spent["entries"]) for unit, spent in zip(units, known) if unit["file"] != own]
    report["counters"] = {name: value for name, value in found.items() if isinstance(value, int)}


def main():
    """Runs, and reports."""
    own, target, text = sys.argv
    # A literal: no module is needed to read it.
    spec = eval(text, {"__builtins__": {}})
    sys.argv[:] = [spec["file"], *spec["arguments"]]
    sys.path[0] = os.path.dirname(os.path.abspath(spec["file"]))
    report = {"starts": [], "ends": [], "sizes": [], "statuses": [], "units": None, "counters": None}
    report["native"] = [] if spec["native"] else None
    step = _load(spec)
    sys.stdout.flush()
    report["loaded"] = os.fstat(1).st_size
    _iterate(step, spec, report)
    _of_the_jit(report, own)
    import json

    with open(target, "w", encoding="utf-8") as file:
        json.dump(report, file)


if __name__ == "__main__":
    main()
