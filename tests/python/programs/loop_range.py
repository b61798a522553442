"""for over range: steps of both signs, empty ones, bounds beyond 64 bits, wrong arguments, the loop variable afterwards."""

from support import report


def one(stop):
    out = []
    for i in range(stop):
        out.append(i)
    return out


def two(start, stop):
    total = 0
    last = None
    for i in range(start, stop):
        total += i
        last = i
    return total, last


def three(start, stop, step):
    out = []
    for i in range(start, stop, step):
        out.append(i)
        if len(out) > 6:
            break
    return out


def down_by_one(n):
    out = []
    for i in range(n, -1, -1):
        out.append(i)
    return out


def down_by_three(n):
    out = []
    for i in range(n - 1, 0, -3):
        out.append(i)
    return out


def variable_after(n):
    i = "before"
    for i in range(n):
        pass
    return i


def unbound_after(n):
    for i in range(n):
        pass
    return i


def variable_changed(n):
    seen = []
    for i in range(n):
        seen.append(i)
        i = i * 10
        seen.append(i)
    return seen, i


def stop_changed(n):
    count = 0
    for i in range(n):
        n = n + 5
        count += 1
    return count, n


def product_index(n):
    total = 0
    for i in range(n):
        for j in range(i):
            for k in range(j, i):
                total += i * j - k
    return total


class Index:
    def __init__(self, value):
        self.value = value

    def __index__(self):
        return self.value

    def __repr__(self):
        return f"Index({self.value})"


report("one", one, [(5,), (0,), (-3,), (1,), (True,), (2.0,), ("3",), (None,), (Index(3),), (Index("x"),)])
report("two", two, [(2, 6), (6, 2), (-3, 3), (2**63 - 2, 2**63 + 2), (2**64, 2**64 + 3), (-(2**63) - 2, -(2**63) + 1), (0, 1.5), (False, True), (Index(1), Index(4))])
report(
    "three",
    three,
    [(0, 10, 2), (0, 10, 3), (10, 0, -3), (10, 0, 3), (0, 10, -1), (0, 5, 0), (0, 2**100, 2**98), (2**63, 2**65, 2**63), (5, -(2**70), -(2**69)),
     (-(2**63), 2**63 - 1, 2**62), (2**63 - 1, -(2**63), -(2**62)), (0, 2**63 - 1, 2**63 - 2), (0, 3, 1.0), (0, 3, Index(2)), (0, 3, None)],
)
report("down by one", down_by_one, [(5,), (0,), (-1,), (-5,)])
report("down by three", down_by_three, [(10,), (1,), (0,), (5,)])
report("variable after", variable_after, [(5,), (0,), (1,)])
report("unbound after", unbound_after, [(5,), (0,), (1,)])
report("variable changed", variable_changed, [(3,), (1,)])
report("stop changed", stop_changed, [(4,), (0,)])
report("product index", product_index, [(6,), (0,), (15,)])
