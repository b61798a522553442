"""`is` and id() on computed ints and floats: small ints are one object, and a value stays the object that it is."""

from support import HOT, define


def same_small(a, b):
    x = a + b
    y = a + b
    return x is y


def same_name(a, b):
    x = a * b
    y = x
    return x is y, id(x) == id(y)


def through_list(a, b):
    x = a * b
    items = [x, x]
    items.append(x)
    return items[0] is x, items[1] is items[2], items.index(x), items.count(x)


def through_call(a, b):
    x = a * b
    return keep(x) is x


def keep(x):
    return x


def through_attribute(holder, a, b):
    x = a * b
    holder.x = x
    y = holder.x
    return y is x, holder.x is holder.x


def loop_identity(n):
    previous = None
    same = 0
    for i in range(n):
        value = i
        if previous is value:
            same += 1
        previous = value
        if previous is not value:
            same += 1000
    return same


def small_border(n):
    found = []
    for i in range(-8, n):
        if (i + 1) - 1 is i:
            found.append(i)
    return found[0], found[-1], len(found)


class Holder:
    pass


holder = Holder()
for a, b in ((3, 4), (100, 100), (200, 200), (2000, 3000), (2**40, 2**40), (1.5, 2.0), (10, -1)):
    for function in (same_small, same_name, through_list, through_call):
        fresh = define("def f(function, a, b):\n    return function(a, b)\n")
        results = {fresh(function, a, b) for _ in range(HOT)}
        print(function.__name__, a, b, sorted(results))
    print("attribute", sorted({through_attribute(holder, a, b) for _ in range(HOT)}))
print(sorted({loop_identity(20) for _ in range(HOT)}))
print(sorted({small_border(300) for _ in range(30)}))
