"""What is known of locals: that parameters are bound, what a slot holds, that two names are one object, and that a returned local is given away.

Every guard that this leaves out is needed again in some call: types change under one of the names, names are unbound in one branch, destructors look at
what the frame has just returned.
"""

import sys
import weakref


def renamed(a, flip):
    """Two names of one object: its class is looked at once."""
    b = a
    total = b + 1
    if flip:
        b = str(a)
        total = b + "!"
    total2 = a + a
    return total, total2, b


for n in range(300):
    renamed(n, False)
print(renamed(7, False), renamed(7, True), renamed(2.5, False), renamed(2.5, True), renamed(True, False))
print(renamed(1 << 70, False), renamed(-(1 << 29), False), renamed(-(1 << 31), True))


class Number(int):
    """A class of its own: not the one that was seen."""

    def __add__(self, other):
        return f"added {int(other)}"


print(renamed(Number(4), False), renamed(Number(4), True))


def one_digit(values):
    """Unboxing: of no digit, of one, of more, with either sign."""
    total = 0
    for value in values:
        total = total * 3 + (value ^ 5)
        total &= 0xFFFFFFFF
    return total


DIGIT = 1 << 30
NUMBERS = [0, 1, -1, 5, -5, DIGIT - 1, 1 - DIGIT, DIGIT, -DIGIT, DIGIT + 1, (1 << 62), -(1 << 62), (1 << 63) - 1, -(1 << 63)]
NUMBERS += [(1 << 70) - (1 << 70), (DIGIT << 40) - (DIGIT << 40) + 3, int("0" * 50), -int("17" * 4)]
for _ in range(100):
    got = one_digit(NUMBERS)
print(got, one_digit([*NUMBERS, 1 << 63]), one_digit([*NUMBERS, -(1 << 90)]))


def unbound(n, drop):
    """A slot that is empty in one branch, and is stored to behind it."""
    x = n
    if drop == 1:
        del x
    elif drop == 2:
        x = [n]
    try:
        y = x
    except UnboundLocalError as error:
        x = str(error)
        y = None
    x = (x, y)
    del y
    if drop == 3:
        y = 1
    try:
        return x, y
    except UnboundLocalError as error:
        return x, error.args[0][:30]


for n in range(300):
    unbound(n, n % 4)
for drop in range(4):
    print(unbound(11, drop))


def parameter_gone(a, b=2, *rest, key=None, **more):
    """Parameters are bound at first, not for ever."""
    if a == 3:
        del b
    if a == 4:
        del rest, more
    try:
        return a, b, rest, key, more
    except UnboundLocalError as error:
        return error.args[0]


for n in range(300):
    parameter_gone(n % 6, key=n)
for n in range(6):
    print(parameter_gone(n), parameter_gone(n, 1, 2, x=3))


class Watched:
    """Tells when it dies, and what is returned meanwhile."""

    def __init__(self, name, log):
        self.name = name
        self.log = log

    def __del__(self):
        self.log.append(self.name)
        caller = sys._getframe(1)
        self.log.append((caller.f_code.co_name, sorted(name for name in caller.f_locals if name in ("first", "second", "third"))))


def given_away(log, which):
    """The returned local does not die with the frame; the others do, in the order of their slots."""
    first = Watched(f"first{which}", log)
    second = Watched(f"second{which}", log)
    third = Watched(f"third{which}", log)
    if which == 0:
        return first
    if which == 1:
        second = third
        return second
    third = None
    return third


for n in range(120):
    log = []
    kept = given_away(log, n % 3)
    log.append("returned")
    del kept
    if n > 116:
        print(log)


def counted(item):
    """As many references as plain CPython has, once it has returned."""
    held = item
    copy = held
    return copy


class Counting:
    """Counts the references to another object when it dies."""

    def __init__(self, item, log):
        self.item = weakref.ref(item)
        self.log = log

    def __del__(self):
        self.log.append(sys.getrefcount(self.item()))


def counted_meanwhile(log):
    """A destructor of another local counts the references to what is being returned."""
    other = None
    kept = Watched("kept", [])
    other = Counting(kept, log)
    return kept


def returned_alone(log):
    """The same, where the other local is a number by then."""
    other = None
    kept = Watched("kept", [])
    other = Counting(kept, log)
    other = 5
    return kept


log = []
for n in range(100):
    counted_meanwhile(log)
    returned_alone(log)
print(len(log), set(log))

items = [object() for _ in range(5)]
for n in range(500):
    counted(items[n % 5])
print([sys.getrefcount(item) for item in items], sys.getrefcount(counted(items[0])))


def swapped(n):
    """Slots that are full of floats, then of something else."""
    a = b = None
    out = []
    for i in range(n):
        a, b = (i * 0.5, a) if i % 7 else ("s", b)
        if i % 5 == 0:
            b = [i]
        if i % 11 == 10:
            del a
            a = b
        out.append(b)
    return a, b, out[-3:]


for n in range(0, 200, 9):
    got = swapped(n)
print(got, swapped(36), swapped(11), swapped(0))


def seen_at_the_end(n):
    """Somebody has the frame, which goes on to hold what was returned."""
    x = [n]
    frame = sys._getframe() if n % 3 == 0 else None
    y = x
    if frame is not None:
        FRAMES.append(frame)
    del frame
    return y


FRAMES = []
for n in range(90):
    got = seen_at_the_end(n)
print(len(FRAMES), FRAMES[-1].f_locals, FRAMES[-1].f_locals["x"] is FRAMES[-1].f_locals["y"], got)


def last_of_many(n):
    """A loop that is entered while it runs: nothing is known of its slots."""
    for i in range(n):
        if i > n - 3:
            late = i
        if i == n - 1:
            try:
                return late, missing
            except UnboundLocalError as error:
                x = late
                return x, error.args[0][:28]
        if i < 0:
            missing = i
    return None


print(last_of_many(20000), last_of_many(3), last_of_many(0))
