"""Names of class bodies and modules whose globals are a subclass of dict with a lookup of its own."""

import builtins


class Asked(dict):
    def __getitem__(self, key):
        if key == "magic":
            return 7
        return dict.__getitem__(self, key)


BODY = """
class C:
    total = 0
    for turn in range(300):
        total += magic
"""

LOOP = """
total = 0
for turn in range(300):
    total += magic
"""

FUNCTION = """
def f(n):
    total = 0
    for turn in range(n):
        total += magic
    return total
result = [f(300) for _ in range(10)]
"""

for source in (BODY, LOOP, FUNCTION):
    for given in ({}, {"magic": 3}):
        names = Asked(__builtins__=builtins.__dict__, **given)
        try:
            exec(compile(source, "<names>", "exec"), names)
        except NameError as error:
            print(error)
        else:
            print(names["C"].total if "C" in names else names.get("result", names.get("total")))
