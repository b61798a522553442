"""Runs one program of `apps/`; at its end writes what the JIT refused to a file.

    python -P tests/python/apps_run.py NAME [REPORT]

`apps.py` starts both sides with this; without REPORT the program runs alone. Nothing is imported before the program that it would not find imported
anyhow, and the JIT's package not before the end.
"""

import atexit
import sys


def code_objects():
    """All code objects that something can still call."""
    import gc
    import types

    # The collector does not know code objects, but all that has one.
    holders = ("__code__", "gi_code", "cr_code", "ag_code", "f_code")
    kinds = (types.FunctionType, types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType, types.FrameType)
    todo = [getattr(thing, name) for thing in gc.get_objects() if isinstance(thing, kinds) for name in holders if hasattr(thing, name)]
    # By identity: code objects of equal content are equal.
    seen = {}
    while todo:
        code = todo.pop()
        if id(code) not in seen:
            seen[id(code)] = code
            todo.extend(constant for constant in code.co_consts if isinstance(constant, types.CodeType))
    return seen.values()


def write_report(path):
    """What became of the code objects, as JSON: counters, reasons of refusals, and of places that stay interpreted."""
    import json
    from collections import Counter

    import swallow

    # The rest is not the program's.
    swallow.set_control("never")
    stats = swallow.stats()
    refused, stays, examples = Counter(), Counter(), {}
    for code in code_objects():
        info = swallow.info(code)
        reasons = [(refused, info["reason"])] if info["reason"] else []
        reasons += [(stays, line.split(": ", 1)[1]) for line in info["history"] if " stays interpreted: " in line]
        for table, reason in reasons:
            table[reason] += 1
            examples.setdefault(reason, f"{code.co_qualname} ({code.co_filename}:{code.co_firstlineno})")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"stats": stats, "refused": refused, "stays": stays, "examples": examples}, file, indent=1)


def main(name, *report):
    # As if the program had been started itself.
    program = f"{__file__.rpartition('/')[0]}/apps/{name}.py"
    sys.argv = [program]
    if report:
        # What the program registers runs before it.
        atexit.register(write_report, *report)
    with open(program, "rb") as file:
        code = compile(file.read(), program, "exec")
    module = type(sys)("__main__")
    module.__file__ = program
    sys.modules["__main__"] = module
    exec(code, vars(module))


main(*sys.argv[1:])
