"""The spectral norm of an infinite matrix, cut to n by n, by power iteration.

A small function called in the inner loop, integer arithmetic that ends in a float division, and list subscripts.
"""

DEFAULT = 1000
BENCH = 220


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


def run(n):
    """Ten rounds of power iteration; the norm, to the last bit."""
    u = [1.0] * n
    v = [0.0] * n
    middle = [0.0] * n
    for _ in range(10):
        times(u, middle)
        times_transposed(middle, v)
        times(v, middle)
        times_transposed(middle, u)
    return repr((dot(u, v) / dot(v, v)) ** 0.5)


if __name__ == "__main__":
    from support import main

    main("spectral_norm", run, DEFAULT, BENCH)
