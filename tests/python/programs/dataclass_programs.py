"""Dataclasses, named tuples, enums and typing constructs used in hot functions."""

from collections import namedtuple
from dataclasses import dataclass, field, replace
from enum import Enum, IntEnum, IntFlag

from support import HOT, report


@dataclass
class Point:
    x: float
    y: float = 0.0

    def length2(self):
        return self.x * self.x + self.y * self.y


@dataclass(frozen=True, order=True)
class Version:
    major: int
    minor: int = 0
    tags: tuple = field(default=(), compare=False)


@dataclass(slots=True)
class Slotted:
    a: int
    b: list = field(default_factory=list)

    def __post_init__(self):
        self.b.append(self.a)


Pair = namedtuple("Pair", "left right", defaults=[None])


class Colour(Enum):
    RED = 1
    GREEN = 2

    def next(self):
        return Colour(self.value % 2 + 1)


class Level(IntEnum):
    LOW = 1
    HIGH = 10


class Flag(IntFlag):
    A = 1
    B = 2


def points(n):
    total = 0.0
    for i in range(n):
        p = Point(i, i * 0.5)
        p.x += 1
        total += p.length2()
    return total, Point(n)


def versions(a, b):
    v, w = Version(*a), Version(*b)
    return v == w, v < w, v >= w, hash(v) == hash(Version(*a)), max(v, w)


def frozen(n):
    v = Version(n)
    v.major = 2
    return v


def slotted(n):
    s = Slotted(n)
    s.a = n * 2
    s.b.append("x")
    return s, replace(s, a=0).b is s.b


def slotted_wrong(n):
    s = Slotted(n)
    s.c = 1
    return s


def pairs(n):
    out = []
    for i in range(n):
        p = Pair(i, i * 2)
        left, right = p
        out.append(p.left + right + p[0])
    return out, Pair(n), Pair(n)._replace(right=1), p._asdict()


def colours(n):
    c = Colour.RED
    seen = []
    for _ in range(n):
        c = c.next()
        seen.append(c.name)
    return seen, c is Colour.RED, Colour["GREEN"].value, [x.value for x in Colour]


def levels(n):
    total = 0
    for _ in range(n):
        total += Level.HIGH
    return total, Level.LOW < n < Level.HIGH, Level.LOW + 0.5, Flag.A | Flag.B, n & Flag.B, Flag(3) == 3


def bad_enum(n):
    return Colour(n)


report("points", points, [(5,), (0,), (100,)])
report("versions", versions, [((1, 2), (1, 3)), ((1,), (1, 0)), ((2, "x"), (2, 1)), ((1.5,), (1,))])
report("frozen", frozen, [(1,)])
report("slotted", slotted, [(1,), (1.5,), ("s",)])
report("slotted wrong", slotted_wrong, [(1,)])
report("pairs", pairs, [(3,), (1,), (0,)])
report("colours", colours, [(3,), (0,), (2,)])
report("levels", levels, [(3,), (0,), (20,)])
report("bad enum", bad_enum, [(1,), (3,), ("RED",)])
print({repr(points(3)) for _ in range(HOT)})
