"""Functions, code and modules deleted or replaced while they run: the running frame goes on as it is."""

import gc
import sys
import types
import weakref

from support import HOT, outcome


def deletes_itself(n):
    global deletes_itself
    total = 0
    for i in range(n):
        total += i
        if i == 5:
            del deletes_itself
            gc.collect()
    return total


saved = deletes_itself
for _ in range(HOT):
    deletes_itself = saved
    result = deletes_itself(10)
deletes_itself = saved
del saved
result = deletes_itself(10)
gc.collect()
print(result, "deletes_itself" in globals())

SOURCE = """
def body(n, drop):
    total = 0
    for i in range(n):
        total += helper(i)
        if i == n - 3 and drop:
            drop()
        total += i * 0.5
    return total, str(total)

def helper(i):
    return i * 2

def recursive(n, drop):
    if n == 0:
        drop()
        return 0
    return recursive(n - 1, drop) + n
"""


def run(name, how):
    space = {}
    exec(compile(SOURCE, "<made>", "exec"), space)
    gone = weakref.ref(space[name])
    helper = space["helper"]

    def forget():
        if how == "delete":
            space.pop(name)
        elif how == "clear":
            space.clear()
            space["str"] = lambda x: "cleared"
            space["helper"] = helper
        elif how == "code":
            space[name].__code__ = (lambda n, drop: "other code").__code__
        gc.collect(0)

    function = space[name]
    for _ in range(60):
        function(10, lambda: None)
    # The call below must hold the only reference but the dictionary's.
    del function
    text = outcome(call_from, space, name, forget)
    return text, gone() is None or how == "code"


def call_from(space, name, forget):
    return space[name](10, forget)


for name in ("body", "recursive"):
    for how in ("nothing", "delete", "clear", "code"):
        print(name, how, run(name, how)[0])
for _ in range(20):
    gc.collect(0)
    result = run("body", "delete")
print(result)


def temporary_functions(n):
    total = 0
    for i in range(n):
        total += (lambda x, i=i: x + i)(1)
        total += types.FunctionType(helper_code, {"k": i})(2)
    return total


helper_code = compile("lambda x: x * k", "<k>", "eval").co_consts[0]
for _ in range(50):
    result = temporary_functions(20)
print(result)


class Thing:
    def method(self, n):
        total = 0
        for i in range(n):
            total += i
            if i == 3:
                forget_method()
        return total, hasattr(self, "method")


def forget_method():
    if hasattr(Thing, "method"):
        del Thing.method


kept = Thing.method
for _ in range(HOT):
    Thing.method = kept
    result = Thing().method(6)
print(result)
Thing.method = kept
del kept
print(Thing().method(6), hasattr(Thing, "method"))

module = types.ModuleType("short_lived")
sys.modules["short_lived"] = module
exec("value = 1\ndef use(n, drop):\n    for i in range(n):\n        if i == 3:\n            drop()\n        last = value\n    return last\n", module.__dict__)


def drop_module():
    global module
    sys.modules.pop("short_lived", None)
    module = None
    gc.collect(0)


use = module.use
for _ in range(HOT):
    use(6, lambda: None)
print(use(6, drop_module))
