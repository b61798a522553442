"""The spectral norm of an infinite matrix, cut to 130 by 130 (the size that pyperformance takes), by power iteration, n times.

A small function called in the inner loop, integer arithmetic that ends in a float division, and list subscripts.
"""

DEFAULT = 55
BENCH = 3

SIZE = 130


def element(i, j):
    """The matrix A, computed rather than stored."""
    return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1)


def times(vector, result):
    """result = A * vector."""
    size = len(vector)
    for i in range(size):
        total = 0.0
        for j in range(size):
            total += element(i, j) * vector[j]
        result[i] = total


def times_transposed(vector, result):
    """result = transposed A * vector."""
    size = len(vector)
    for i in range(size):
        total = 0.0
        for j in range(size):
            total += element(j, i) * vector[j]
        result[i] = total


def dot(a, b):
    """The inner product."""
    total = 0.0
    for i in range(len(a)):
        total += a[i] * b[i]
    return total


def norm(size):
    """Ten rounds of power iteration."""
    u = [1.0] * size
    v = [0.0] * size
    middle = [0.0] * size
    for _ in range(10):
        times(u, middle)
        times_transposed(middle, v)
        times(v, middle)
        times_transposed(middle, u)
    return (dot(u, v) / dot(v, v)) ** 0.5


def run(n):
    """The norm, n times over; to the last bit."""
    for _ in range(n):
        result = norm(SIZE)
    return repr(result)


if __name__ == "__main__":
    from support import main

    main("spectral_norm", run, DEFAULT, BENCH)
