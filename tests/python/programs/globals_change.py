"""Module globals that change while functions using them are hot: value, type, from inside, from outside, through globals() and __dict__."""

import sys

from support import HOT, heat

counter = 0
factor = 2
step = 1
mode = "a"


def scale(x):
    return x * factor


def count():
    global counter
    counter += step
    return counter


def count_many(n):
    global counter
    for _ in range(n):
        counter = counter + step
    return counter


def choose(x):
    if mode == "a":
        return x + 1
    return x - 1


def changed_in_loop(n):
    global factor
    total = 0
    for i in range(n):
        if i == n - 3:
            factor = factor + 1
        total += scale(i) + factor
    return total


def set_factor(value):
    global factor
    factor = value


def changed_by_callee(n):
    total = 0
    for i in range(n):
        if i == n // 2:
            set_factor(7.5)
        total += factor
    return total


def define_new():
    return undefined_yet


def constant_like():
    return LIMIT - 1


heat(scale, 10)
print(scale(10))
for factor in (3, 2.5, "ab", [1], 2**70, None, True):
    try:
        print(scale(3))
    except TypeError as error:
        print(error)
factor = 2
heat(scale, 10)
globals()["factor"] = 11
print(scale(3))
sys.modules[__name__].factor = 13
print(scale(3))
vars(sys.modules[__name__]).update(factor=17)
print(scale(3))
exec("factor = 19")
print(scale(3))

for _ in range(HOT):
    count()
print(counter)
step = 0.5
print(count(), count())
step = "x"
try:
    count()
except TypeError as error:
    print(error, counter)
step = 1
counter = 2**63 - 3
print(count_many(2), count_many(1), count_many(5))
counter = 0
heat(count_many, 10)
print(counter)

heat(choose, 5)
mode = "b"
print(choose(5))
mode = None
print(choose(5))

factor = 2
print([changed_in_loop(10) for _ in range(HOT)][-1])
factor = 2
print({changed_by_callee(10) for _ in range(3)})
factor = 2
print([changed_by_callee(11) for _ in range(HOT)][0])

for _ in range(HOT):
    try:
        define_new()
    except NameError as error:
        message = str(error)
print(message)
undefined_yet = 5
print(define_new())
LIMIT = 100
heat(constant_like)
print(constant_like())
LIMIT = 2**63
print(constant_like())
# Many new globals make the dict grow.
for i in range(500):
    globals()[f"name_{i}"] = i
LIMIT = 7
print(constant_like(), scale(2), choose(1))
