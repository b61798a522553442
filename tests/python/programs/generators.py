"""Generators beside hot functions: values, send, throw, close, yield from, early ends, recursion, exceptions through them."""

from support import HOT, outcome, report


def squares(n):
    for i in range(n):
        yield i * i


def fibonacci():
    a, b = 0, 1
    while True:
        yield a
        a, b = b, a + b


def averager():
    total = 0
    count = 0
    average = None
    while True:
        value = yield average
        if value is None:
            return total
        total += value
        count += 1
        average = total / count


def tree(n):
    if n > 0:
        yield from tree(n - 1)
        yield n
        yield from tree(n - 1)


def guarded(log):
    try:
        yield 1
        yield 2
    except ValueError as error:
        log.append(f"caught {error}")
        yield 3
    finally:
        log.append("closed")


def total(n):
    result = 0
    for x in squares(n):
        result += x
    return result


def first_above(limit):
    for x in fibonacci():
        if x > limit:
            return x


def sends(values):
    generator = averager()
    next(generator)
    out = []
    for value in values:
        out.append(generator.send(value))
    try:
        generator.send(None)
    except StopIteration as stop:
        return out, stop.value


def throws(error):
    log = []
    generator = guarded(log)
    out = [next(generator)]
    try:
        out.append(generator.throw(error))
    except Exception as caught:
        out.append(type(caught).__name__)
    generator.close()
    return out, log


def delegated():
    result = yield from averager()
    yield ("result", result)


def use_delegated():
    generator = delegated()
    next(generator)
    return generator.send(1), generator.send(2.5), generator.send(None)


def pipeline(n):
    numbers = (i for i in range(n))
    odd = (i for i in numbers if i % 2)
    halves = (i / 2 for i in odd)
    result = 0
    for x in halves:
        result += x
    return result


def many(n):
    return sum(tree(n)), list(tree(3)), max(squares(n)), any(x > 5 for x in squares(n)), dict(zip("ab", squares(2)))


def raising(n):
    for x in squares(n):
        if x == 4:
            raise KeyError(x)
    return "end"


def half_used():
    log = []
    generator = guarded(log)
    next(generator)
    del generator
    return log


def in_generator(n):
    yield total(n)
    yield [total(i) for i in range(n)]


report("total", total, [(5,), (0,), (10,), (2.5,)])
report("first above", first_above, [(10,), (100.5,), (2**64,), (-1,)])
report("sends", sends, [([1, 2, 3],), ([0.5],), ([],), (["x"],)])
report("throws", throws, [(ValueError("v"),), (KeyError("k"),), (TypeError("t"),)])
report("delegated", use_delegated, [()])
report("pipeline", pipeline, [(10,), (0,), (7,)])
report("many", many, [(4,), (3,)])
report("raising", raising, [(5,), (2,)])
report("half", half_used, [()])
for _ in range(HOT):
    result = list(in_generator(3))
print(result)
print(outcome(lambda: next(iter(()))), outcome(lambda: squares(1).send(5)))


def stop_inside():
    yield 1
    raise StopIteration("not allowed")


print(outcome(list, stop_inside()))
