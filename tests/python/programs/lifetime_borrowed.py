"""Objects that compiled code only borrows, and that die, or change what was read, under it."""

import gc


# The iterator's list is of a subclass: leaving the loop must not ask it for another iterator.
class Asked(list):
    asked = 0

    def __iter__(self):
        Asked.asked += 1
        return super().__iter__()


class Fickle(list):
    pass


def total(values, last=None):
    result = 0
    for value in values:
        result += value
        if value == last:
            Fickle.__iter__ = lambda self: iter((1, 2, 3))
    return result


def list_subclasses():
    print(total(Asked([*range(30000), 0.5, *range(2000)])), Asked.asked)
    for _ in range(4):
        if "__iter__" in Fickle.__dict__:
            del Fickle.__iter__
        print(total(Fickle([*range(3000), 0.5, *range(100)]), 2990))
    print(total(list.__iter__(Asked([*range(3000), 0.25, 2**70]))))


# A method dies between its lookup and its call.
class Holder:
    pass


def install():
    names = {}
    exec("def method(self, x):\n    return x + 1", names)
    Holder.method = names["method"]


def remove(i, at):
    if i == at:
        del Holder.method
        gc.collect()
    return i & 7


def call_methods(holder, count, at):
    result = 0
    for i in range(count):
        result = (result * 3 + i % 7 + (i ^ result) % 5) % 1000003
        result += holder.method(remove(i, at)) + i % 3
        result = (result * 5 + i // 3 - (result & 15)) % 1000003
        if i == at:
            return result
    return result


def methods():
    install()
    holder = Holder()
    for _ in range(3):
        print(call_methods(holder, 20000, -1))
    print(call_methods(holder, 20001, 20000))
    try:
        call_methods(holder, 3, -1)
    except AttributeError as error:
        print(error)


# A function without effects dies, and its constants with it, while what it has returned is in use.
def make(number):
    names = {}
    exec(f'def callee():\n    return ("tuple-{number}", 12345.678, 10**30)', names)
    return names["callee"]


callee = None
KEPT = []


def work(dies):
    global callee
    if dies:
        callee = None
        gc.collect()
        KEPT.extend([(f"other-{j}", float(j), 10**30 + j) for j in range(50)])
    return 1


def call_short_lived(dies):
    return [callee(), work(dies)]


def constants():
    global callee
    for number in range(3):
        callee = make(number)
        for _ in range(2000):
            result = call_short_lived(False)
        print(result)
        del result
        print(call_short_lived(True))


# What a destructor changes is read again behind it.
class Emptying:
    made = 0

    def __init__(self, values, last):
        self.values, self.last = values, last

    def __del__(self):
        global word
        Emptying.made += 1
        if self.last:
            word = "new"
            self.values.clear()


word = "old"


def read_twice(values, count):
    result = 0
    for i in range(count):
        result = (result * 3 + i % 7 + (i ^ result) % 5) % 1000003
        result = (result * 5 + i // 3 - (result & 15)) % 1000003
        lengths = (Emptying(values, i == count - 1) is len(values)), len(values)
    return result, lengths


def read_global_twice(values, count):
    result = 0
    for i in range(count):
        result += i * 3 % 7 + i // 2
        result ^= i & 5
        words = (Emptying(values, i == count - 1) is word), word
    return result, words


def destructors():
    global word
    for _ in range(3):
        print(read_twice([1, 2, 3], 9000))
        word = "old"
        print(read_global_twice([1, 2, 3], 9000))
        word = "old"
    print(Emptying.made)


list_subclasses()
methods()
constants()
destructors()
