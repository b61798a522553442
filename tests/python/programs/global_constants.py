"""Global numbers: constants, counters, and constants that change once the code that uses them is hot."""

import threading

from support import HOT, show

SCALE = 3
LIMIT = 1.5
FLAG = True
MASK = 0xFFFFFFFFFFFF
HUGE = 10**30
COUNT = 0


def say(label, *values):
    print(label, *map(show, values))


def scaled(n):
    total = 0
    for i in range(n):
        total += i * SCALE
    return total


def limited(n):
    total = 0.0
    for i in range(n):
        if FLAG:
            total += LIMIT
        else:
            total -= LIMIT
    return total


def masked(n):
    total = 1
    for i in range(n):
        total = (total * 5 + i) & MASK
    return total


def huge(n):
    return HUGE + n


def tick(n):
    global COUNT
    for _ in range(n):
        COUNT += 1
    return COUNT


def peek(n):
    total = 0
    for _ in range(n):
        total += COUNT
    return total


def changes_inside(n):
    global SCALE
    total = 0
    for i in range(n):
        total += SCALE
        if i == n // 2:
            SCALE = "text" if n % 2 else SCALE + 1
    return total


A = B = C = D = E = F = G = 1


def many(n):
    global A, B, C, D, E, F, G
    for i in range(n):
        A += 1
        B += A
        C ^= B
        D -= i
        E = E * 3 % 1000
        F = (F + E) & 0xFFFF
        G += F
    return A, B, C, D, E, F, G


def attempt(function, *args):
    try:
        return function(*args)
    except TypeError as error:
        return f"TypeError: {error}"


for _ in range(HOT):
    scaled(20), limited(20), masked(20), huge(1), tick(5), peek(5)
say("hot", scaled(20), limited(20), masked(20), huge(1), COUNT, peek(3))

# Other values of the same class, other classes, another object of the same value.
for SCALE in (4, 4.5, True, 2**70, "x", None, 3):
    say("scale", SCALE, attempt(scaled, 5))
for LIMIT, FLAG in ((2.5, True), (2, False), (2.5, 0), (-0.0, []), (float("nan"), True), ("y", 1)):
    say("limit", LIMIT, FLAG, attempt(limited, 3))
for MASK in (0xFF, -1, 2**64 - 1, True, 1.0):
    say("mask", MASK, attempt(masked, 50))
for HUGE in (10**30 + 1, 7, 7.5):
    say("huge", huge(1))

SCALE = 3
for n in (10, 11, 10, 12):
    say("inside", n, attempt(changes_inside, n), SCALE)
    SCALE = 3
for _ in range(HOT):
    attempt(changes_inside, 4)
    SCALE = 3
say("inside", attempt(changes_inside, 9), SCALE)

for _ in range(2 * HOT):
    many(3)
say("many", many(4))

# The name goes away and comes back.
SCALE = 3
say("deleted", scaled(4))
del SCALE
try:
    scaled(4)
except NameError as error:
    say("deleted", str(error))
SCALE = 5
say("back", scaled(4))

# Another thread changes it in mid-loop; the loop ends only when it sees that.
STOP = 0


def wait():
    rounds = 0
    while STOP == 0:
        rounds += 1
    return STOP


def stop():
    global STOP
    STOP = 1


for _ in range(3):
    STOP = 0
    timer = threading.Timer(0.05, stop)
    timer.start()
    say("stopped", wait())
    timer.join()
