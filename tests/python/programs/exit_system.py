"""SystemExit raised deep in hot functions, with atexit functions and finally blocks on the way."""

import atexit
import sys


def leave(n, status):
    if n == 0:
        if status is not None:
            sys.exit(status)
        return 0
    try:
        return leave(n - 1, status) + 1
    finally:
        if status is not None and n == 5:
            print("finally", n)


def total(n):
    result = 0
    for i in range(n):
        result += i
    return result


atexit.register(lambda: print("at exit", total(10), leave(5, None)))
for _ in range(300):
    leave(5, None)
    total(10)
try:
    leave(5, "text")
except SystemExit as error:
    print("caught", error.code)
leave(10, 3)
