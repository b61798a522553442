"""Hot functions while the interpreter ends: atexit, __del__ at module clean-up, objects in cycles."""

import atexit
import os


def work(n):
    total = 0
    for i in range(n):
        total += i * 2
    return total


class Late:
    def __init__(self, name):
        self.name = name

    def __del__(self, work=work, write=os.write):
        write(1, f"late {self.name} {work(10)}\n".encode())


class Cycle:
    def __init__(self):
        self.me = self
        self.late = Late("in cycle")


for _ in range(300):
    work(10)
atexit.register(lambda: print("at exit", work(5), flush=True))
keep = Late("global")
cycle = Cycle()
del cycle
print("end of the program", work(3), flush=True)
