"""Recursion: single, double, mutual, through methods, with changing types and with exceptions on the way back."""

from support import heat, outcome, report


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def factorial(n):
    if n <= 1:
        return 1
    return n * factorial(n - 1)


def ackermann(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


def is_even(n):
    return True if n == 0 else is_odd(n - 1)


def is_odd(n):
    return False if n == 0 else is_even(n - 1)


def hanoi(n, a, b, c, moves):
    if n:
        hanoi(n - 1, a, c, b, moves)
        moves.append((a, c))
        hanoi(n - 1, b, a, c, moves)
    return len(moves)


def flatten(items):
    out = []
    for item in items:
        if isinstance(item, list):
            out += flatten(item)
        else:
            out.append(item)
    return out


def depth_type(n, x):
    if n == 0:
        return x
    return depth_type(n - 1, x + n if n != 3 else x + 0.5)


def raise_at(n):
    if n == 0:
        raise ValueError("bottom")
    return raise_at(n - 1) + 1


def caught_at(n, at):
    if n == 0:
        return 1 // 0
    if n == at:
        try:
            return caught_at(n - 1, at)
        except ZeroDivisionError:
            return "caught"
    return caught_at(n - 1, at)


def permutations(items):
    if len(items) <= 1:
        return [items]
    out = []
    for i in range(len(items)):
        rest = items[:i] + items[i + 1 :]
        for tail in permutations(rest):
            out.append([items[i]] + tail)
    return out


class Tree:
    def __init__(self, key):
        self.key = key
        self.left = None
        self.right = None

    def insert(self, key):
        if key < self.key:
            if self.left is None:
                self.left = Tree(key)
            else:
                self.left.insert(key)
        elif self.right is None:
            self.right = Tree(key)
        else:
            self.right.insert(key)

    def walk(self, out):
        if self.left is not None:
            self.left.walk(out)
        out.append(self.key)
        if self.right is not None:
            self.right.walk(out)
        return out

    def height(self):
        left = self.left.height() if self.left else 0
        right = self.right.height() if self.right else 0
        return 1 + (left if left > right else right)


def tree_sort(*keys):
    tree = Tree(keys[0])
    for key in keys[1:]:
        tree.insert(key)
    return tree.walk([]), tree.height()


report("fib", fib, [(7,), (0,), (-1,), (12,), (5.5,), (True,), ("x",)])
report("factorial", factorial, [(5,), (0,), (20,), (21,), (50,), (5.0,), (170.0,)])
report("ackermann", ackermann, [(1, 2), (2, 3), (0, 0)])
report("even", is_even, [(10,), (7,), (0,), (50,), (4.0,)])
report("hanoi", lambda n: hanoi(n, "a", "b", "c", []), [(3,), (0,), (6,)])
report("flatten", flatten, [([1, [2, [3]]],), ([],), ([[[[]]]],), (["ab", [b"c"]],), (5,)])
report("depth type", depth_type, [(5, 1), (5, 1.5), (2, 1), (5, "s"), (5, 2**63 - 3), (0, None)])
report("raise", raise_at, [(5,), (0,)])
report("caught", caught_at, [(5, 3), (5, 5), (5, 9), (0, 0)])
report("permutations", permutations, [([1, 2, 3],), ([],), ("ab",), ([1, 2, 3, 4],)])
report("tree", tree_sort, [(3, 1, 2), (1,), (1, 2, 3, 4), (2.5, 1, 3), ("b", "a"), (1, "a"), (5, 5, 5), (2**70, 1)])
heat(fib, 8)
saved = fib
fib = lambda n: 100  # noqa: E731
print(saved(5), outcome(saved, 1))
fib = saved
print(fib(15))
