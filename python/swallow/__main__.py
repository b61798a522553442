"""`python -m swallow [-X option]… prog.py [args]`, and the command `swallow`: run a program with the JIT. `swallow perf` measures,
`swallow compare` compares the code generators, `swallow tune` searches for a pass pipeline.

The program is run by a fresh interpreter in place of this one (exec), with the options of this one and `-X jit=whenhot` unless a mode was
given. So it is in every respect the main program: its tracebacks, `sys.argv`, `sys.path` and exit status are those of `python prog.py`.
"""

import os
import sys

USAGE = """\
usage: swallow [-X option]... prog.py [args]
       swallow [-X option]... -m module [args]
       swallow [-X option]... -c code [args]
       swallow perf [option]...               (compares interpreters; see swallow perf --help)
       swallow compare prog.py|names...       (compares the code generators; see swallow compare --help)
       swallow tune [option]... prog.py...    (searches for a pass pipeline; see swallow tune --help)
(python -m swallow is the same.) Runs a program with the JIT. Options:
"""


def _refuse(text):
    """One line and exit status 2."""
    sys.stderr.write(f"swallow: {text}\n")
    sys.exit(2)


def split(arguments):
    """The arguments in front of the program as -X options, and the rest."""
    options = []
    rest = list(arguments)
    while rest and rest[0].startswith("-"):
        argument = rest[0]
        if argument in ("-h", "--help"):
            from swallow import _options

            print(USAGE + _options.help_text())
            sys.exit(0)
        elif argument == "-X":
            if len(rest) < 2:
                _refuse("-X: expected an option; see --help")
            options += rest[:2]
            del rest[:2]
        elif argument.startswith("-X"):
            options.append(rest.pop(0))
        elif argument in ("-m", "-c", "-"):
            break
        else:
            _refuse(f"{argument}: unknown option; see --help")
    return options, rest


def interpreter_arguments(original, own):
    """This interpreter's command line up to what made it run this module: its options.

    `original` is `sys.orig_argv`, `own` how many arguments came after the module or script.
    """
    arguments = original[1 : len(original) - own]
    if not arguments:
        return []
    last = arguments.pop()
    if last == "swallow" and arguments:
        flags = arguments.pop()
    else:
        flags = last.removesuffix("swallow") if last.startswith("-") else ""
    # The module came as `-m swallow`, `-mswallow`, or behind other flags: `-Im swallow`, `-Imswallow`.
    if flags.startswith("-") and flags.endswith("m") and not flags.startswith(("--", "-X", "-W")):
        if flags != "-m":
            arguments.append(flags[:-1])
    elif last == "swallow" and flags:
        # No module, but a script of that name behind an option.
        arguments.append(flags)
    return arguments


def installed():
    """Whether the line that starts the JIT is where `site` finds it."""
    return any(os.path.isfile(os.path.join(directory, "swallow.pth")) for directory in sys.path if directory)


def main():
    """Run the program; returns only if that fails."""
    if sys.argv[1:2] == ["perf"]:
        from swallow import perf

        sys.exit(perf.command(sys.argv[2:]))
    if sys.argv[1:2] == ["compare"]:
        from swallow import compare

        sys.exit(compare.main(sys.argv[2:]))
    if sys.argv[1:2] == ["tune"]:
        from swallow import tune

        sys.exit(tune.main(sys.argv[2:]))
    options, program = split(sys.argv[1:])
    if not program:
        _refuse("expected a program; see --help")
    if sys.flags.no_site or not installed():
        _refuse("swallow.pth is not in a site directory; install the package with pip")
    names = [option.removeprefix("-X").strip() for option in options]
    chosen = any(name == "jit" or name.startswith("jit=") for name in names) or "jit" in sys._xoptions
    if not chosen and (sys.flags.ignore_environment or not os.environ.get("PYTHONJIT")):
        options.append("-Xjit=whenhot")
    before = interpreter_arguments(sys.orig_argv, len(sys.argv) - 1)
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execv(sys.executable, [sys.executable, *before, *options, *program])
    except OSError as error:
        _refuse(f"{sys.executable or 'the interpreter'}: {error.strerror}")


if __name__ == "__main__":
    main()
