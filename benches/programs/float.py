"""Points in space as instances of a class with slots: created, normalised, compared.

Attribute loads and stores of floats, method calls, `math` functions, and many short-lived instances.
"""

from math import cos, sin, sqrt

DEFAULT = 400
BENCH = 25

POINTS = 20_000


class Point:
    """A point with three float coordinates."""

    __slots__ = ("x", "y", "z")

    def __init__(self, i):
        angle = 0.5 * i
        height = sin(angle)
        self.x = height
        self.y = 3.0 * cos(angle)
        self.z = height * height / 2.0

    def normalise(self):
        """Scale to length 1."""
        x = self.x
        y = self.y
        z = self.z
        length = sqrt(x * x + y * y + z * z)
        self.x = x / length
        self.y = y / length
        self.z = z / length

    def raise_to(self, other):
        """Make each coordinate at least that of `other`."""
        self.x = self.x if self.x > other.x else other.x
        self.y = self.y if self.y > other.y else other.y
        self.z = self.z if self.z > other.z else other.z
        return self


def make(count):
    """`count` fresh points."""
    points = []
    for i in range(count):
        points.append(Point(i))
    return points


def normalise_all(points):
    """Normalise every point."""
    for point in points:
        point.normalise()


def highest(points):
    """The corner of the box around the points with the highest coordinates."""
    corner = points[0]
    for i in range(1, len(points)):
        corner = corner.raise_to(points[i])
    return corner


def run(n):
    """n rounds over 20,000 points."""
    corner = None
    for _ in range(n):
        points = make(POINTS)
        normalise_all(points)
        corner = highest(points)
    return f"{corner.x!r} {corner.y!r} {corner.z!r}"


if __name__ == "__main__":
    from support import main

    main("float", run, DEFAULT, BENCH)
