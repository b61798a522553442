"""Variables that change type in the middle of hot loops and from call to call: int, float, str, list, None, bool, complex, instances."""

from support import heat, outcome, report


class Money:
    def __init__(self, cents):
        self.cents = cents

    def __add__(self, other):
        return Money(self.cents + (other.cents if isinstance(other, Money) else other))

    __radd__ = __add__

    def __mul__(self, other):
        return Money(self.cents * other)

    def __lt__(self, other):
        return self.cents < (other.cents if isinstance(other, Money) else other)

    def __repr__(self):
        return f"Money({self.cents!r})"


def double(x):
    return x + x


def scale(x, n):
    for _ in range(n):
        x = x * 2
    return x


def widen(n):
    x = 0
    kinds = []
    for i in range(n):
        if i == 3:
            x = x + 0.5
        elif i == 5:
            x = x + 1j
        elif i == 7:
            x = str(x)
        elif i == 9:
            x = [x]
        elif i < 8:
            x = x + 1
        kinds.append(type(x).__name__)
    return x, kinds


def alternate(n):
    total = 0
    for i in range(n):
        if i % 2:
            x = i
        else:
            x = i * 0.5
        total = total + x
    return total


def same_name(x):
    y = x + 1
    x = str(y)
    x = len(x)
    x = x / 2
    x = [x, y]
    x = x[0] if x else None
    return x, y


def sum_mixed(items):
    total = items[0]
    for i in range(1, len(items)):
        total = total + items[i]
    return total


def smallest(items):
    best = items[0]
    for item in items:
        if item < best:
            best = item
    return best


def state_machine(n):
    state = None
    trace = []
    for i in range(n):
        if state is None:
            state = 0
        elif state == 0:
            state = 1.5
        elif state == 1.5:
            state = "text"
        elif state == "text":
            state = (1, 2)
        else:
            state = None
        trace.append(state)
    return trace


def accumulate_bool(n):
    flag = False
    count = 0
    for i in range(n):
        flag = flag ^ (i % 3 == 0)
        count = count + flag
    return flag, count


values = [1, 1.5, "ab", [1], (1, 2), True, 2j, 2**62, 2**63 - 1, -(2**63), 10**30, None, {}, Money(5), b"x"]
for first in (3, 2.5, "s", 10**30):
    heat(double, first)
    report(f"double after {first!r} ", double, [(value,) for value in values], rounds=1)
report("scale", scale, [(value, 3) for value in values] + [(1, 70), (1.5, 70), (1, 0)])
report("widen", widen, [(3,), (4,), (6,), (8,), (10,), (0,)])
report("alternate", alternate, [(10,), (1,), (0,)])
report("same name", same_name, [(5,), (5.5,), (True,), (10**20,), ("x",)])
report("mixed", sum_mixed, [([1, 2],), ([1, 2.5],), ([1.5, 2],), (["a", "b"],), ([[1], [2]],), ([1, "a"],), ([Money(1), 2, Money(3)],), ([1, Money(2)],), ([2**62, 2**62, 1],), ([1, True, 0.5, 1j],)])
report("smallest", smallest, [([3, 1],), ([3, 1.5],), ([1.5, 1],), (["b", "a"],), ([3, "a"],), ([Money(3), Money(1)],), ([Money(3), 1],), ([True, False],), ([10**20, 5],)])
report("machine", state_machine, [(3,), (10,), (0,)])
report("bool", accumulate_bool, [(10,), (0,), (7,)])
print(outcome(double, Money(2**63)), outcome(scale, Money(0.5), 3))
