"""Garbage collection started inside hot functions: cycles die, survivors stay, finalisers run code that changes what the loop sees."""

import gc
import weakref

from support import HOT

factor = 1


class Node:
    def __init__(self, n):
        self.n = n
        self.me = self


class Changer:
    def __init__(self):
        self.me = self

    def __del__(self):
        global factor
        factor += 1


def cycles(n):
    refs = []
    for i in range(n):
        node = Node(i)
        refs.append(weakref.ref(node))
    gc.collect()
    return [ref() is None for ref in refs]


def survivors(n):
    nodes = []
    for i in range(n):
        nodes.append(Node(i))
        if i == n // 2:
            gc.collect(0)
    total = 0
    for node in nodes:
        total += node.me.n
    return total


def finaliser(n):
    total = 0
    for i in range(n):
        if i == 2:
            Changer()
        if i == 4:
            gc.collect()
        total += factor
    return total


def collect_often(n):
    x = 0.5
    items = [1, 2, 3]
    for i in range(n):
        gc.collect(0)
        x = x * 1.5 + items[i % 3]
    return x


def big_list(n):
    # Allocation itself starts collections.
    items = []
    for i in range(n):
        items.append([i, (i,)])
    total = 0
    for item in items:
        total += item[0] + item[1][0]
    return total


gc.disable()
for _ in range(20):
    result = cycles(3)
print(result)
gc.enable()
gc.set_threshold(50)
for _ in range(HOT):
    result = survivors(4), big_list(10)
print(result, big_list(3000))
for _ in range(30):
    factor = 1
    result = finaliser(8)
print(result)
print({collect_often(10) for _ in range(HOT)})
gc.set_threshold(1)


def hot_with_gc(n):
    out = []
    for i in range(n):
        pair = (i, [i])
        out.append(pair)
    return sum([a + b[0] for a, b in out])


print({hot_with_gc(10) for _ in range(HOT)})
gc.set_threshold(700)
calls = []
gc.callbacks.append(lambda phase, info: calls.append(phase))
survivors(3)
gc.collect()
print(calls[-2:])
gc.callbacks.clear()
print(gc.get_referents((1, "a")), gc.is_tracked([]), gc.is_tracked(1.5))
