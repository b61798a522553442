"""lib2to3 translates a program of Python 2 and files of its own, with every fixer it has; the diffs."""

import difflib
import warnings
from pathlib import Path

warnings.filterwarnings("ignore", category=DeprecationWarning)

import lib2to3  # noqa: E402 - it warns when it is imported
from lib2to3.refactor import RefactoringTool, get_fixers_from_package  # noqa: E402

PARTS = ["*.py", "pgen2/*.py"]

OLD = '''\
import urllib, cPickle
from itertools import imap, izip

class Shape:
    __metaclass__ = type

    def __nonzero__(self):
        return self.sides <> 0L

    def next(self):
        raise StopIteration, "no more"

def area(shapes, (width, height), **options):
    print >>options["log"], "area of", `shapes`,
    print "of %d" % len(shapes)
    if options.has_key("unit") and type(width) == type(height):
        exec "x = 1" in {}
    try:
        total = reduce(lambda a, b: a + b, map(None, shapes))
    except (ValueError, TypeError), error:
        raise RuntimeError, error, options["traceback"]
    for i in xrange(len(shapes)):
        total += apply(shapes[i], (i,)) * 0777
    name = unicode(raw_input("name? "))
    while 1:
        keys = options.keys(); keys.sort()
        return filter(lambda key: key in name, keys), set([1, 2, 3]), total
'''


def diff(tool, source, name):
    """What the tool changes in a source, as a diff."""
    new = str(tool.refactor_string(source, name))
    return list(difflib.unified_diff(source.splitlines(), new.splitlines(), name, name, lineterm=""))


def main():
    fixers = get_fixers_from_package("lib2to3.fixes")
    tool = RefactoringTool(fixers, explicit=fixers)
    sources = {"old.py": OLD}
    home = Path(lib2to3.__file__).parent
    for path in sorted(path for part in PARTS for path in home.glob(part)):
        sources[path.relative_to(home).as_posix()] = path.read_text()
    print(len(fixers), "fixers")
    for name, source in sources.items():
        lines = diff(tool, source, name)
        print(f"{name}: {len(lines)} lines of differences")
        print("\n".join(lines))


main()
