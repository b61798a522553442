"""Output from hot functions: print with its options, replaced sys.stdout, writes to stderr, order of the two streams' own lines, help strings."""

import contextlib
import io
import sys

from support import HOT


def say(x, n):
    for i in range(n):
        print(x, i, sep="-", end=";")
    print()


def captured(n):
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream):
        for i in range(n):
            print(i, i * 0.5)
    return stream.getvalue()


def complain(n):
    for i in range(n):
        if i % 100 == 0:
            print("complaint", i, file=sys.stderr)
    return n


class Odd:
    def __str__(self):
        return "odd str"

    def __repr__(self):
        return "odd repr"


class Failing:
    def __str__(self):
        raise ValueError("no text")


def show_all(items):
    out = []
    for item in items:
        try:
            out.append(str(item) + repr(item)[:8])
        except ValueError as error:
            out.append(str(error))
    return out


saved = sys.stdout
sys.stdout = io.StringIO()
for _ in range(HOT):
    say("warm", 3)
text = sys.stdout.getvalue()
sys.stdout = saved
print(len(text), text.count("warm"))
say("hot", 4)
say(1.5, 2)
say(Odd(), 2)
for _ in range(HOT):
    result = captured(3)
print(repr(result), complain(300))
for _ in range(HOT):
    result = show_all([Odd(), 1, 2.5, "s", Failing(), None])
print(result)
try:
    say(Failing(), 2)
except ValueError as error:
    print(error)
