"""Locals that grow by `+`: strings in place, and everything else that `+=` may be; who else sees the old value, when it dies, errors in between."""

import sys
import time

from support import outcome

died = []


class Sum:
    def __init__(self, name):
        self.name = name

    def __add__(self, other):
        if other is None:
            raise ValueError("none")
        return Sum(f"{self.name}+{other.name if isinstance(other, Sum) else other}")

    def __iadd__(self, other):
        if other == "same":
            return self
        return Sum(f"{self.name}.{other.name if isinstance(other, Sum) else other}")

    def __del__(self):
        died.append(str(self.name)[-6:])


def grow(start, parts):
    text = start
    for part in parts:
        text += part
    return text


def grow_plain(start, parts):
    text = start
    for part in parts:
        text = text + part
    return text


def seen_elsewhere(parts):
    text = ""
    kept = []
    last = text
    for part in parts:
        kept.append(text)
        last = text
        text += part
        assert last == kept[-1]
    return text, kept, last


def doubles(n):
    text = "ab"
    for _ in range(n):
        text += text
    return text


def in_closure(parts):
    text = ""

    def add(part):
        nonlocal text
        text += part

    for part in parts:
        add(part)
    return text


def deaths(n):
    value = Sum("s")
    for i in range(n):
        value += Sum(i)
    value = value + Sum("t")
    return value.name[-8:]


def references(parts):
    text = "".join(["a", "b"])
    counts = set()
    for part in parts:
        text += part
        counts.add(sys.getrefcount(text))
    return counts


def undone(parts):
    text = "start"
    for part in parts:
        try:
            text += part
        except TypeError as error:
            text += f"<{error}>"[:9]
    return text


def quick(n):
    text = ""
    for i in range(n):
        text += "x" if i % 3 else "yz"
    return len(text)


CASES = [
    ("", ["a", "b", "é", "\U0001f600"] * 30),
    ("start", ["x"] * 100),
    ("", [""] * 50),
    (0, [1, 2, 3] * 30),
    (0.5, [1, 2.5] * 30),
    ([], [[1], [2, 3]] * 20),
    ((), [(1,), (2,)] * 20),
    (b"", [b"x", b"yz"] * 20),
    ("", ["a", 5, "b"]),
    ("", ["a"] * 40 + [None]),
    (1, ["a"]),
    ("a", [["b"]]),
    (bytearray(b"q"), [b"x"] * 10),
    (1 << 62, [1 << 62] * 3),
]
for _ in range(60):
    grow("", ["a", "b"])
    grow_plain("", ["a", "b"])
for case in CASES:
    print("grow", outcome(grow, *case)[:120])
    print("plain", outcome(grow_plain, *case)[:120])
shared = []
print("list", grow(shared, [[1]] * 3), shared)
for _ in range(40):
    result = seen_elsewhere(["a", "b", "c"])
print("seen", result)
print("doubles", [len(doubles(n)) for n in list(range(12)) * 10][-3:], doubles(3))
print("closure", [in_closure(["a", "b"] * n) for n in range(30)][-1])
for n in (1, 2, 30):
    print("deaths", outcome(deaths, n), died[-5:], len(died))
    died.clear()
value = Sum("v")
print("same", grow(value, ["same"] * 50) is value)
print("references", [references(["x", "y"] * 20) for _ in range(20)][-1])
print("undone", [undone(["x", 1, "y", None]) for _ in range(40)][-1])
for _ in range(20):
    quick(100)
begin = time.perf_counter()
count = quick(300_000)
# A copy for each would move 50 gigabytes.
print("quick", count, time.perf_counter() - begin < 5)
