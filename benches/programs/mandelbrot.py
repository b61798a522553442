"""Escape times of the Mandelbrot set on an n by n grid, with floats in local variables.

Pure float arithmetic in the inner loop; nothing in it needs an object. `run(n)` returns the sum of the escape times and a
checksum that depends on the place of each.
"""

DEFAULT = 1000
BENCH = 210

LIMIT = 300


def escape_time(cr, ci, limit):
    """How many steps z = z * z + c stays within the circle of radius 2."""
    zr = 0.0
    zi = 0.0
    count = 0
    while count < limit:
        rr = zr * zr
        ii = zi * zi
        if rr + ii > 4.0:
            break
        zi = 2.0 * zr * zi + ci
        zr = rr - ii + cr
        count += 1
    return count


def row(y, size, limit):
    """The sum and the checksum of one row."""
    ci = 2.4 * y / size - 1.2
    total = 0
    check = y
    for x in range(size):
        cr = 3.0 * x / size - 2.2
        count = escape_time(cr, ci, limit)
        total += count
        check = (check * 31 + count) & 0xFFFFFF
    return total, check


def run(n):
    """All the rows of an n by n picture."""
    total = 0
    check = 0
    for y in range(n):
        part, mark = row(y, n, LIMIT)
        total += part
        check ^= mark + y
    return f"{total} {check}"


if __name__ == "__main__":
    from support import main

    main("mandelbrot", run, DEFAULT, BENCH)
