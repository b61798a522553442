"""fork in and around hot functions: the child goes on in the middle of a hot loop, with its own results and exit status."""

import os
import sys


def work(n, x):
    total = x
    for i in range(n):
        total += i * x
    return total


def fork_in_loop(n, at):
    total = 0
    child = 0
    for i in range(n):
        if i == at:
            sys.stdout.flush()
            child = os.fork()
            if child == 0:
                total = total + 0.5
        total += i
    return child, total


def other(n):
    x = 1.0
    for i in range(n):
        x = x * 1.5 + i
        if x > 1000:
            x -= 1000
    return x


for _ in range(300):
    work(10, 2)
    fork_in_loop(10, -1)
for at in (0, 5, 9):
    child, total = fork_in_loop(10, at)
    if child == 0:
        for _ in range(300):
            other(10)
        print("child", at, total, work(10, 1.5), other(10))
        sys.stdout.flush()
        os._exit(at + 3)
    _, status = os.waitpid(child, 0)
    print("parent", at, total, os.waitstatus_to_exitcode(status), work(10, 1.5), flush=True)
for _ in range(300):
    other(10)
print(other(10))
