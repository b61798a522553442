"""Globals deleted and made again while hot; a builtin behind a deleted global; module dicts that shrink and grow."""

from support import heat, outcome

value = 1


def read():
    return value


def read_twice(n):
    total = 0
    for i in range(n):
        total += value
        if i == n - 2:
            remove()
    return total


def remove():
    global value
    del value


def delete_in_function():
    global value
    del value
    return value


def shadowed():
    return len([1, 2])


def delete_missing():
    global never_there
    del never_there


heat(read)
print(outcome(read))
del value
print(outcome(read))
value = "back"
print(outcome(read))
heat(read)
globals().pop("value")
print(outcome(read))
value = 2.5
print(outcome(read))
for n in (3, 4, 5):
    value = 1
    heat(read_twice, n)
    value = 1
    print(outcome(read_twice, n))
value = 3
print(outcome(delete_in_function))
for _ in range(300):
    value = 3
    outcome(delete_in_function)
print(outcome(read))
heat(shadowed)
print(outcome(shadowed))
len = lambda x: "mine"  # noqa: E731, A001
print(outcome(shadowed))
heat(shadowed)
del len
print(outcome(shadowed))
heat(delete_missing)
print(outcome(delete_missing))
never_there = 1
print(outcome(delete_missing), "never_there" in globals())
