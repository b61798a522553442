"""The options, for processes that don't load the native module: mode never, and where the module can't be loaded.

Otherwise the native module checks them, against its own table, of which OPTIONS is a copy; a test compares the two, and the messages.
Whether a pass pipeline or a log filter makes sense only the native module can say.
"""

# name, variable, default, values, documentation
OPTIONS = (
    (
        "jit",
        "PYTHONJIT",
        "whenhot",
        "never, whenhot or always",
        "what to compile: nothing, what gets hot, or every function that runs",
    ),
    (
        "jit-threshold",
        "PYTHONJITTHRESHOLD",
        "1000",
        "a whole number from 1 to 4294967295",
        "hotness from which on code is compiled: 10 a call, 1 a loop's back-edge",
    ),
    (
        "jit-warm",
        "PYTHONJITWARM",
        "100",
        "a whole number from 0 to 4294967295",
        "hotness from which on types, targets and branches are recorded; 0: from the first call",
    ),
    (
        "jit-opt",
        "PYTHONJITOPT",
        "",
        "0, 1, 2 or 3",
        "optimisation level: LLVM's pass pipeline and the effort of its code generation (if not given: 2, and 0 for large functions); Cranelift has 0 and more than that",
    ),
    (
        "jit-passes",
        "PYTHONJITPASSES",
        "",
        "jit, o0, o1, o2, o3, unladen-o2, @FILE or the text of an LLVM pass pipeline",
        "LLVM's pass pipeline, instead of the level's; jit if neither is given",
    ),
    (
        "jit-dump",
        "PYTHONJITDUMP",
        "",
        "a list of feedback, hir, llvm, clif and asm, joined by commas",
        "what to print on stderr of each compiled unit",
    ),
    (
        "jit-stats",
        "PYTHONJITSTATS",
        "0",
        "0 or 1",
        "print statistics as JSON on stderr at exit",
    ),
    (
        "jit-profile",
        "PYTHONJITPROFILE",
        "0",
        "0 or 1",
        "take the time that every function runs cold, warm and native; print a table on stderr at exit",
    ),
    (
        "jit-time-passes",
        "PYTHONJITTIMEPASSES",
        "0",
        "0 or 1",
        "measure every pass, on HIR and of LLVM; print a table on stderr at exit",
    ),
    (
        "jit-time-units",
        "PYTHONJITTIMEUNITS",
        "0",
        "0 or 1",
        'keep what each compilation took, time by phase and memory of the code generator\'s process, and with jit-profile the time that its code runs; swallow.stats()["units"] has it',
    ),
    (
        "jit-trace",
        "PYTHONJITTRACE",
        "",
        "the name of a file; %p in it is the process's number",
        "write what the JIT does when, in this process and in the code generator's, for Chrome's trace viewer or Perfetto",
    ),
    (
        "jit-keep-feedback",
        "PYTHONJITKEEPFEEDBACK",
        "0",
        "0 or 1",
        "keep feedback maps behind compilation, so that swallow.feedback() and hir() show what was used",
    ),
    (
        "jit-fail-guard",
        "PYTHONJITFAILGUARD",
        "0",
        "a whole number from 0 to 18446744073709551615",
        "for tests: make every N-th execution of a guard fail (0: none)",
    ),
    (
        "jit-seed",
        "PYTHONJITSEED",
        "",
        "a whole number from 0 to 18446744073709551615, or random",
        "for tests: which guards fail is drawn from this seed, one in jit-fail-guard; random: one is chosen and printed",
    ),
    (
        "jit-gc-exits",
        "PYTHONJITGCEXITS",
        "0",
        "a whole number from 0 to 18446744073709551615",
        "for tests: collect garbage at every N-th side exit (0: never)",
    ),
    (
        "jit-takeover",
        "PYTHONJITTAKEOVER",
        "0",
        "a whole number from 0 to 4294967295",
        "for tests: have no frame hook, but take the running loop over every so many microseconds (0: have one)",
    ),
    (
        "jit-log",
        "PYTHONJITLOG",
        "",
        "a filter such as debug or _swallow::control=trace",
        "log the JIT's phases on stderr",
    ),
    (
        "jit-backend",
        "PYTHONJITBACKEND",
        "tiered",
        "llvm, cranelift or tiered",
        "the code generator: llvm makes the faster code, cranelift makes it sooner; tiered: cranelift first, then llvm for what stays hot",
    ),
    (
        "jit-unit",
        "PYTHONJITUNIT",
        "function",
        "function",
        "what is compiled at once",
    ),
    (
        "jit-codegen",
        "PYTHONJITCODEGEN",
        "helper",
        "helper or inprocess",
        "where code generation runs: in a process of its own, beside the program, or in this one, while the program waits",
    ),
    (
        "jit-wait",
        "PYTHONJITWAIT",
        "0",
        "0 or 1",
        "have the program wait for code instead of going on without it: runs can be repeated exactly",
    ),
    (
        "jit-lull",
        "PYTHONJITLULL",
        "160",
        "a whole number from 0 to 4294967295",
        "milliseconds for which CPython is left alone at most, while the JIT costs more than it gains; 0: never",
    ),
    (
        "jit-idle",
        "PYTHONJITIDLE",
        "60",
        "a whole number from 1 to 4294967295",
        "milliseconds without work after which the process of the code generator ends; after a third of them (a twelfth behind a second tier), or a second, it gives back what memory it can",
    ),
    (
        "jit-patience",
        "PYTHONJITPATIENCE",
        "60",
        "a whole number from 1 to 4294967295",
        "seconds that the process of the code generator may take for one unit before it is ended",
    ),
)


def _number(low, high):
    """A check for decimal digits and nothing else."""
    # int() refuses thousands of digits with an error of its own.
    return lambda text: text.isascii() and text.isdigit() and low <= int(text.lstrip("0")[:40] or "0") <= high


def _one_of(*words):
    """A check for one of some words."""
    return lambda text: text in words


_CHECKS = {
    "jit": _one_of("never", "whenhot", "always"),
    "jit-threshold": _number(1, 2**32 - 1),
    "jit-warm": _number(0, 2**32 - 1),
    "jit-opt": _number(0, 3),
    "jit-passes": lambda text: text.strip() != "",
    "jit-dump": lambda text: all(part in ("feedback", "hir", "llvm", "clif", "asm") for part in text.split(",")),
    "jit-stats": _one_of("0", "1"),
    "jit-profile": _one_of("0", "1"),
    "jit-time-passes": _one_of("0", "1"),
    "jit-time-units": _one_of("0", "1"),
    "jit-trace": lambda text: text != "",
    "jit-keep-feedback": _one_of("0", "1"),
    "jit-fail-guard": _number(0, 2**64 - 1),
    "jit-seed": lambda text: text == "random" or _number(0, 2**64 - 1)(text),
    "jit-gc-exits": _number(0, 2**64 - 1),
    "jit-takeover": _number(0, 2**32 - 1),
    "jit-log": lambda text: text != "",
    "jit-backend": _one_of("llvm", "cranelift", "tiered"),
    "jit-unit": _one_of("function"),
    "jit-codegen": _one_of("helper", "inprocess"),
    "jit-wait": _one_of("0", "1"),
    "jit-lull": _number(0, 2**32 - 1),
    "jit-idle": _number(1, 2**32 - 1),
    "jit-patience": _number(1, 2**32 - 1),
}

# What an option without a value means.
_IMPLIED = {
    "jit": "whenhot",
    "jit-stats": "1",
    "jit-profile": "1",
    "jit-time-passes": "1",
    "jit-time-units": "1",
    "jit-keep-feedback": "1",
    "jit-wait": "1",
}


def _distance(a, b):
    """Levenshtein's distance: insertions, deletions and replacements that turn a into b."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous = row
        row = [i]
        for j, y in enumerate(b, 1):
            row.append(min(row[j - 1] + 1, previous[j] + 1, previous[j - 1] + (x != y)))
    return row[-1]


def _hint(name):
    """What to say about an option that doesn't exist."""
    distance, nearest = min(((_distance(name, option[0]), option[0]) for option in OPTIONS), key=lambda pair: pair[0])
    if distance <= 3:
        return f"did you mean {nearest}?"
    return f"there are {', '.join(option[0] for option in OPTIONS)}"


def _unreadable(name, text):
    """Why the file that a value names can't be read; None if it can, or if it names none."""
    if name != "jit-passes" or not text.startswith("@"):
        return None
    try:
        with open(text[1:], encoding="utf-8") as file:
            file.read()
    except OSError as error:
        return error.strerror
    except ValueError:
        return "not text in UTF-8"
    return None


def mistake(xoptions, variables):
    """The first unknown option or bad value as one line, else that options exclude each other; None if there is none."""
    values = {name: takes for name, _, _, takes, _ in OPTIONS}
    given = {}
    for name, variable, _, takes, _ in OPTIONS:
        text = variables.get(variable)
        if text and not _CHECKS[name](text):
            return f"{variable}={text}: expected {takes}"
        if text and (why := _unreadable(name, text)):
            return f"{variable}={text}: {why}"
        if text:
            given[name] = text
    for name, value in xoptions.items():
        if name != "jit" and not name.startswith("jit-"):
            continue
        if name not in values:
            return f"-X {name}: unknown option; {_hint(name)}"
        text = _IMPLIED.get(name, "") if value is True else value
        if not _CHECKS[name](text):
            return f"-X {name}{'' if value is True else '='}{text}: expected {values[name]}"
        if why := _unreadable(name, text):
            return f"-X {name}={text}: {why}"
        given[name] = text
    if given.get("jit-backend") == "cranelift" and "jit-passes" in given:
        return "jit-passes: a pass pipeline is LLVM's, and jit-backend is cranelift"
    return None


def help_text():
    """All options as text for a terminal."""
    lines = []
    for name, variable, default, takes, doc in OPTIONS:
        lines.append(f"  -X {name}=…  or {variable}")
        lines.append(f"      {doc}" + (f" (default: {default})" if default else ""))
        lines.append(f"      takes {takes}")
    return "\n".join(lines)
