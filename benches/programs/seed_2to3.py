"""lib2to3, with every fixer there is, over modules of the standard library: a tool that runs for seconds, and does everything once.

A tokeniser in regular expressions, a table-driven parser, trees of small objects, and patterns matched against them. `run(n)` refactors
n files of the list, from its beginning again after the last, and returns a checksum of all that came out.
"""

import os
import warnings
import zlib

with warnings.catch_warnings():
    # It is deprecated, and says so.
    warnings.simplefilter("ignore", DeprecationWarning)
    from lib2to3 import refactor

# Written with print as a statement or without it: what parses in either dialect.
FILES = (
    "lib2to3/btm_matcher",
    "textwrap",
    "lib2to3/pgen2/tokenize",
    "shlex",
    "lib2to3/fixes/fix_dict",
    "csv",
    "lib2to3/pytree",
    "lib2to3/patcomp",
    "netrc",
    "lib2to3/pgen2/pgen",
    "cmd",
    "copy",
    "lib2to3/fixer_base",
    "sched",
    "lib2to3/main",
    "getopt",
    "difflib",
    "lib2to3/btm_utils",
    "heapq",
    "queue",
    "lib2to3/refactor",
    "glob",
    "pprint",
)

DEFAULT = 2 * len(FILES)
BENCH = 2


def library():
    """The directory of the standard library."""
    return os.path.dirname(os.__file__)


def read(directory, name):
    """The text of a module; the grammar wants a line's end at its end."""
    with open(os.path.join(directory, f"{name}.py"), encoding="utf-8") as file:
        return file.read() + "\n"


def changed(before, after):
    """How many lines of a text are others than before."""
    old = set(before.splitlines())
    return sum(line not in old for line in after.splitlines())


def run(n):
    """Refactor n files."""
    # True: those fixers too that have to be asked for.
    tool = refactor.RefactoringTool(refactor.get_fixers_from_package("lib2to3.fixes"), explicit=True)
    directory = library()
    checksum = lines = others = 0
    for number in range(n):
        name = FILES[number % len(FILES)]
        before = read(directory, name)
        after = str(tool.refactor_string(before, name))
        lines += before.count("\n")
        others += changed(before, after)
        checksum = zlib.crc32(after.encode(), checksum)
    return f"{lines} lines, {others} of them changed, {checksum:08x}"


if __name__ == "__main__":
    from support import main

    main("seed_2to3", run, DEFAULT, BENCH)
