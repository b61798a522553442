"""Imports in hot functions: import, from-import, star at module level, relative errors, a module that changes sys.modules, circular names."""

import sys
import types

from support import report

made = types.ModuleType("made_up")
exec("value = 1\ndef double(x):\n    return x * 2\n_private = 3\n__all__ = ['value', 'double']\n", made.__dict__)
sys.modules["made_up"] = made


def import_plain(x):
    import math

    return math.floor(x)


def import_from(x):
    from math import ceil
    from math import sqrt as root

    return ceil(root(x))


def import_made(x):
    import made_up

    return made_up.double(made_up.value) + x


def import_from_made(x):
    from made_up import double, value

    return double(value) + x


def import_missing(x):
    from made_up import absent

    return absent + x


def import_dotted(x):
    import os.path

    return os.path.join("a", x)


def import_in_loop(n):
    total = 0
    for i in range(n):
        from made_up import value

        total += value
        made.value = i
    made.value = 1
    return total


report("plain", import_plain, [(1.5,), (3,), ("x",)])
report("from", import_from, [(10,), (2.0,), (-1,)])
report("made", import_made, [(1,), (0.5,)])
report("from made", import_from_made, [(1,), (0.5,), ("x",)])
report("missing", import_missing, [(1,)])
report("dotted", import_dotted, [("b",), ("/c",), (5,)])
report("loop", import_in_loop, [(5,), (0,), (1,)])
made.value = 2.5
report("made again", import_made, [(1,), (0.5,)])
report("from made again", import_from_made, [(1,), (0.5,)])
del sys.modules["made_up"]
report("gone", import_made, [(1,)])
space = {}
sys.modules["made_up"] = made
exec("from made_up import *", space)
print(sorted(name for name in space if not name.startswith("__")), space["double"](4))
