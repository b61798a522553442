"""Products of square matrices held as lists of rows.

Two levels of list subscripts in three nested loops, on floats. `run(n)` multiplies n times and returns the corner elements and the
trace, to the last bit.
"""

DEFAULT = 180
BENCH = 20

SIZE = 80


def make(size, seed):
    """A matrix with elements between 0 and 1."""
    rows = []
    for i in range(size):
        line = []
        for j in range(size):
            seed = (seed * 1103515245 + 12345) % 2147483648
            line.append(seed / 2147483648.0)
        rows.append(line)
    return rows


def multiply(a, b, size):
    """The product a * b."""
    product = []
    for i in range(size):
        line = a[i]
        out = [0.0] * size
        for j in range(size):
            total = 0.0
            for k in range(size):
                total += line[k] * b[k][j]
            out[j] = total
        product.append(out)
    return product


def scale(matrix, factor, size):
    """Multiply every element in place."""
    for i in range(size):
        line = matrix[i]
        for j in range(size):
            line[j] *= factor


def run(n):
    """n products, scaled so that the elements stay finite."""
    a = make(SIZE, 1)
    b = make(SIZE, 2)
    for _ in range(n):
        a = multiply(a, b, SIZE)
        scale(a, 2.0 / SIZE, SIZE)
    trace = 0.0
    for i in range(SIZE):
        trace += a[i][i]
    return f"{a[0][0]!r} {a[-1][-1]!r} {trace!r}"


if __name__ == "__main__":
    from support import main

    main("matmul", run, DEFAULT, BENCH)
