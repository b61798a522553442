"""When objects die: every __del__ prints, so the order of releases is the output. Locals live until their frame ends; temporaries do not."""

from support import HOT

quiet = True


class Loud:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        if not quiet:
            print("  bye", self.name)

    def __add__(self, other):
        return Loud(f"({self.name}+{other.name})")

    def method(self):
        return self.name

    def __call__(self, other):
        return other

    def __getitem__(self, i):
        return Loud(f"{self.name}[{i}]")

    def __lt__(self, other):
        return True


def say(text):
    if not quiet:
        print(" ", text)


def locals_in_order():
    a = Loud("a")
    b = Loud("b")
    c = Loud("c")
    say("end of function")
    return b.name + c.name + a.name


def unused_local():
    a = Loud("unused")
    say("still there")
    n = 0
    for i in range(3):
        n += i
    say("loop over")
    return n


def rebound():
    a = Loud("first")
    a = Loud("second")
    say("rebound")
    a = None
    say("none")


def temporaries():
    x = (Loud("t1") + Loud("t2")).name
    say(x)
    y = Loud("t3").method()
    say(y)
    Loud("t4")
    say("after expression")
    return Loud("t5")[1].name


def arguments(a, b):
    say("in callee")
    a = None
    say("argument dropped")
    return b


def call_arguments():
    arguments(Loud("arg a"), Loud("arg b"))
    say("after call")
    kept = arguments(Loud("arg c"), Loud("arg d"))
    say("kept")
    return kept.name


def in_loop(n):
    for i in range(n):
        x = Loud(f"loop {i}")
        y = x
        say(f"body {i}")
    say("after loop")
    return y.name


def loop_over_temporaries():
    for x in [Loud("e0"), Loud("e1"), Loud("e2")]:
        say(x.name)
    say("list is gone")


def list_items():
    items = [Loud("i0"), Loud("i1"), Loud("i2")]
    items[0] = Loud("new i0")
    say("stored")
    items[1] = None
    del items[2]
    say("deleted")
    first = items[0]
    items.clear()
    say("cleared")
    return first.name


def attribute():
    holder = Loud("holder")
    holder.part = Loud("part")
    holder.part = Loud("part 2")
    say("replaced")
    part = holder.part
    holder = None
    say("holder gone")
    return part.name


def unpacking():
    a, b = Loud("u0"), Loud("u1")
    a, b = b, a
    say("swapped")
    (a, c), b = (Loud("u2"), Loud("u3")), None
    say("unpacked")
    return a.name + c.name


def early_return(flag):
    a = Loud("early a")
    if flag:
        b = Loud("early b")
        return a.name
    c = Loud("late c")
    return c.name


def raising():
    a = Loud("raising a")
    b = [Loud("in list")]
    raise ValueError(a.name + b[0].name)


def caught():
    try:
        raising()
    except ValueError:
        say("handler")
    say("after handler")


def failing_expression():
    return [Loud("f1"), Loud("f2") + Loud("f3"), Loud("f4").missing]


def failing_caught():
    try:
        failing_expression()
    except AttributeError:
        say("attribute error")
    say("done")


def deleted():
    a = Loud("deleted")
    del a
    say("after del")


def conditional(flag):
    x = Loud("yes") if flag else Loud("no")
    say("chosen")
    return (x and Loud("and")).name


def comparison():
    if Loud("left") < Loud("right"):
        say("compared")
    return (Loud("l") < Loud("m") < Loud("n")) is True


def returned():
    a = Loud("returned")
    b = Loud("other")
    return a


def use_returned():
    returned()
    say("dropped the result")
    x = returned()
    say(x.name)


def called():
    return Loud("callable")(Loud("given")).name


def in_float_loop():
    a = Loud("beside floats")
    x = 0.0
    for i in range(5):
        x = x * 0.5 + i
    say("floats done")
    return x


def recursive(n):
    here = Loud(f"level {n}")
    if n == 0:
        return 0
    result = recursive(n - 1) + 1
    say(f"back at {n}")
    return result


CALLS = [
    (locals_in_order, ()), (unused_local, ()), (rebound, ()), (temporaries, ()), (call_arguments, ()), (in_loop, (3,)), (loop_over_temporaries, ()), (list_items, ()),
    (attribute, ()), (unpacking, ()), (early_return, (True,)), (early_return, (False,)), (caught, ()), (failing_caught, ()), (deleted, ()), (conditional, (True,)),
    (conditional, (False,)), (comparison, ()), (use_returned, ()), (called, ()), (in_float_loop, ()), (recursive, (3,)),
]
for function, args in CALLS:
    quiet = True
    for _ in range(HOT):
        function(*args)
    quiet = False
    for number in range(2):
        print(function.__name__, args, number)
        result = function(*args)
        print("  returned", result)
quiet = True
