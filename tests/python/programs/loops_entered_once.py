"""Long loops in functions called once and at module level: the JIT must come in while they run, and everything may change in the middle."""

from support import outcome, show

N = 20000


def run(function):
    print(f"{function.__name__}:", outcome(function, N))
    return function


@run
def counting(n):
    total = 0
    for i in range(n):
        total += i
    return total


@run
def counting_while(n):
    i = total = 0
    while i < n:
        total += i * 2
        i += 1
    return total, i


@run
def nested(n):
    count = 0
    for i in range(n // 50):
        for j in range(60):
            if j == 55:
                break
            if (i + j) % 3 == 0:
                continue
            count += i ^ j
        else:
            count += 10**9
        k = 0
        while k < 5:
            k += 1
        else:
            count += k
    return count


@run
def with_else(n):
    for i in range(n):
        if i == n:
            break
    else:
        i = "else"
    j = 0
    while j < n:
        j += 1
        if j == n - 1:
            break
    else:
        j = "else"
    return i, j


@run
def types_change(n):
    total = 0
    out = []
    for i in range(n):
        if i == n // 4:
            total = float(total)
        if i == n // 2:
            total = 2**70
        if i == n * 3 // 4:
            out.append(total)
            total = 1j
        total = total + i
    return out, total


@run
def types_of_items(n):
    total = 0
    for item in [1] * n + [0.5] * n + [True] * n + [2**65] * 10 + [0.25] * n:
        total += item
    return total


@run
def types_fail(n):
    total = 0
    for item in [1] * n + ["x"]:
        total += item
    return total


@run
def overflow(n):
    x = 1
    for i in range(n):
        x = x * 3 % (2**61 - 1) + (1 << (i % 70))
    return x


@run
def floats(n):
    x, y = 0.5, 0.25
    for _ in range(n):
        x, y = x * 3.7 * (1 - x), x - y / 2
    return x, y


@run
def exceptions(n):
    caught = []
    for i in range(n):
        try:
            caught.append(100 // (i % 1000))
        except ZeroDivisionError as error:
            caught.append(str(error))
    return len(caught), caught[0], caught[1000], caught[-1]


@run
def exception_ends(n):
    total = 0
    try:
        for i in range(n):
            total += i
            if i == n - 2:
                raise ValueError(total)
    except ValueError as error:
        return "caught", error.args, i
    finally:
        total = 0


@run
def exception_leaves(n):
    for i in range(n):
        [0] * 3 if i < n - 1 else [][i]


@run
def try_in_while(n):
    i = done = 0
    while True:
        try:
            i += 1
            if i % 5 == 0:
                continue
            if i % 7 == 0:
                raise KeyError(i)
            if i > n:
                break
        except KeyError:
            done += 1
        finally:
            done += 2
    return i, done


class Manager:
    entered = left = 0

    def __enter__(self):
        self.entered += 1
        return self.entered

    def __exit__(self, kind, value, traceback):
        self.left += 1
        return kind is ValueError


@run
def with_statements(n):
    manager = Manager()
    total = 0
    for i in range(n):
        with manager as number:
            total += number
            if i % 3 == 0:
                raise ValueError
            if i % 3 == 1:
                continue
            total += 1
    return total, manager.entered, manager.left


@run
def around_loop(n):
    manager = Manager()
    with manager as number, manager:
        for i in range(n):
            number += i
            if i == n - 1:
                raise ValueError
    return number, manager.left


@run
def closure_changes(n):
    x = 0
    step = 1

    def change():
        nonlocal step
        step = 0.5 if step == 1 else "x" if step == 0.5 else 1

    for i in range(n):
        if i == n // 2:
            change()
        x += step
    try:
        change()
        for _ in range(n):
            x += step
    except TypeError as error:
        change()
        for _ in range(n):
            x += step
        return x, str(error)


@run
def closure_counts(n):
    count = 0

    def add(k):
        nonlocal count
        count += k
        return count

    total = 0
    for i in range(n):
        total += add(i % 3) - count
        count += 1
    return total, count


@run
def closures_made(n):
    functions = []
    for i in range(n):
        functions.append(lambda k, i=i: (i, k, n))
    return functions[0](1), functions[-1](2), sum([function(0)[0] for function in functions])


@run
def list_grows(n):
    items = [1]
    for item in items:
        if len(items) < n:
            items.append(item + 1)
    return len(items), items[-1]


@run
def list_shrinks(n):
    items = list(range(n))
    seen = 0
    for item in items:
        seen += 1
        if item % 2:
            items.pop()
    return seen, len(items)


@run
def list_cleared(n):
    items = list(range(n))
    for item in items:
        if item == n // 2:
            items.clear()
    return item, items


@run
def list_items_change(n):
    items = [1] * n
    total = 0
    for i, item in enumerate(items):
        total += item
        if i + 1 < n:
            items[i + 1] = 0.5 if i > n // 2 else i % 3
    return total


@run
def dict_changes(n):
    table = {i: i for i in range(n)}
    total = 0
    for key in table:
        total += table[key]
        table[key] = 0.5
        if key == n - 10:
            table["new"] = 1
    return total


@run
def generator_in_loop(n):
    def numbers(k):
        for i in range(k):
            got = yield i
            if got:
                yield got

    total = 0
    for i in numbers(n):
        total += i
    made = numbers(n)
    for i in range(n // 2):
        total += next(made)
    return total, made.send(5), next(made)


def generating(n):
    total = 0
    for i in range(n):
        total += i
        if i % 500 == 0:
            sent = yield total
            if sent is not None:
                total = sent
    return total


generator = generating(N)
print([next(generator), generator.send(0.5), generator.send(2**70), next(generator)], list(generator))


@run
def comprehension(n):
    return sum([i * i for i in range(n) if i % 3]), len({i % 100 for i in range(n)}), sum(i / 2 for i in range(n)), len({i: str(i) for i in range(n)})


@run
def calls_change(n):
    def first(x):
        return x + 1

    def second(x):
        return x * 0.5

    function = first
    total = 0
    for i in range(n):
        if i == n // 3:
            function = second
        if i == n // 3 * 2:
            function = abs
        total += function(i)
    return total


@run
def objects_change(n):
    class A:
        x = 1

    class B:
        def __init__(self):
            self.x = 2.5

    item = A()
    total = 0
    for i in range(n):
        if i == n // 4:
            item = B()
        if i == n // 2:
            item.x = 3
        if i == n // 4 * 3:
            del item.x
        try:
            total += item.x
        except AttributeError:
            total += 100
            B.x = 7
    return total


@run
def strings(n):
    text = ""
    for i in range(n):
        text += chr(97 + i % 26)
        if i % 1000 == 999:
            text = text[-5:]
    words = {}
    for letter in text * n:
        words[letter] = words.get(letter, 0) + 1
    return text, sorted(words.items())


@run
def local_deleted(n):
    total = 0
    for i in range(n):
        value = i
        total += value
        del value
        if i == n - 1:
            total += value
    return total


@run
def many_loops(n):
    a = b = c = 0
    for i in range(n):
        a += i
    while b < n:
        b += 2
    for i in range(n, 0, -1):
        c -= i
        if c < -(10**6):
            c = 0.5
    for x, y in zip(range(n), range(n, 2 * n)):
        a += x * y
    for i, (x, y) in enumerate([(1, 2.5)] * n):
        b += i * y - x
    return a, b, c


@run
def matching(n):
    counts = [0, 0, 0, 0]
    for i in range(n):
        match (i % 4, "x" if i % 3 else 5):
            case 0, str():
                counts[0] += 1
            case k, int(v):
                counts[1] += k * v
            case 1 | 2, _:
                counts[2] += 1
            case _:
                counts[3] += 1
    return counts


@run
def locals_seen(n):
    total = 0
    seen = None
    for i in range(n):
        total += i
        if i == n // 2:
            seen = sorted(locals().items(), key=str)
    return seen, total


total = 0
for i in range(N):
    total += i
    if i == N // 2:
        total = float(total)
print("module for", show(total), i)
i = 0
while i < N:
    i += 1
    if i % 2:
        continue
    try:
        total -= 1 // (i % 1000)
    except ZeroDivisionError:
        total = 0
    if i == N - 100:
        del total
        break
else:
    print("never")
print("module while", i, "total" in globals())
names = []
for step in range(N):
    if step == N // 2:
        N = 10

        def late(x):
            return x * 2

    if step % 1000 == 0:
        names.append(outcome(lambda: late(step)))
print("module names", names, step)
squares = []
for a in range(60):
    for b in range(60):
        if b > a:
            break
        squares.append(a * b)
    else:
        squares.append("else")
print("module nested", len(squares), squares.count("else"), squares[-2:])


class Body:
    total = 0
    for i in range(12000):
        total += i
        if i == 8000:
            step = 0.5
        if i > 8000:
            total += step
    else:
        done = True


print("class body", show(Body.total), Body.i, Body.done)
exec("t = 0\nfor i in range(12000):\n    t += i\n    if i == 6000: t = 0.5\nprint('exec', t)\n")
space = {}
exec("t = 0\nwhile t < 12000:\n    t += 1\n    if t == 9000: k = t\n", {}, space)
print("exec locals", space)
print("eval", eval("sum([i * i for i in range(12000) if i % 2])"), eval("[x := y for y in range(12000)][-1]"), x)
try:
    for i in range(12000):
        if i == 11999:
            raise KeyError(i)
except KeyError as error:
    print("module exception", error, i)
for i in range(9500):
    last = 10 // (9499 - i) if i < 9499 else "end"
print(last)
for i in range(12000):
    total = [1, 2][i - 11998] if i >= 11998 else i
    if i == 11999:
        del i
        break
print("i" in globals(), total)
undone = [5] * 12000 + [None]
for item in undone:
    item + 1
