"""for over a list that changes while it is walked."""

from support import HOT, report


def growing(items, limit):
    for item in items:
        if len(items) < limit:
            items.append(item + 1)
    return items


def shrinking(items):
    seen = []
    for item in items:
        seen.append(item)
        items.pop()
    return seen, items


def removing_first(items):
    seen = []
    for item in items:
        seen.append(item)
        del items[0]
    return seen, items


def replacing(items):
    seen = []
    for item in items:
        seen.append(item)
        for i in range(len(items)):
            items[i] = items[i] * 2
    return seen


def clearing(items, at):
    seen = []
    for item in items:
        seen.append(item)
        if item == at:
            items.clear()
    return seen, items


def rebinding(items):
    seen = []
    for item in items:
        seen.append(item)
        items = [100, 200]
    return seen, items


def slicing(items):
    seen = []
    for item in items:
        seen.append(item)
        items[:] = items[1:]
    return seen, items


def changing_type(items):
    total = 0
    for item in items:
        total += item
        items[-1] = 0.5
    return total


def iterator_after_end(items):
    it = iter(items)
    for _ in it:
        pass
    items.append(7)
    rest = []
    for item in it:
        rest.append(item)
    return rest, next(it, "end")


def resumed(items):
    it = iter(items)
    first = []
    for item in it:
        first.append(item)
        if len(first) == 2:
            break
    items.insert(0, "new")
    rest = []
    for item in it:
        rest.append(item)
    return first, rest


class Stack(list):
    def __iter__(self):
        return reversed(self)


class Plain(list):
    pass


def walk(items):
    out = []
    for item in items:
        out.append(item)
    return out


for function, arguments in (
    (growing, (5,)), (growing, (0,)), (shrinking, ()), (removing_first, ()), (replacing, ()), (clearing, (2,)), (clearing, (9,)),
    (rebinding, ()), (slicing, ()), (changing_type, ()), (iterator_after_end, ()), (resumed, ()),
):
    for make in (lambda: [1, 2, 3, 4], lambda: [], lambda: [1.5, 2, True, 3]):
        results = set()
        for _ in range(HOT):
            results.add(repr(function(make(), *arguments)))
        print(function.__name__, arguments, sorted(results))
report("walk", walk, [([1, 2, 3],), (Stack([1, 2, 3]),), (Plain([1, 2, 3]),), ((1, 2, 3),), ([],), (Stack(),)])
