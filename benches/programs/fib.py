"""The Fibonacci numbers by double recursion: nothing but calls, comparisons and small additions."""

DEFAULT = 37
BENCH = 32


def fib(n):
    """The n-th Fibonacci number."""
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


def run(n):
    """fib(n)."""
    return fib(n)


if __name__ == "__main__":
    from support import main

    main("fib", run, DEFAULT, BENCH)
