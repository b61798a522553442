"""Loops of a module and of class bodies: names that change their type, that are deleted or shadowed, in namespaces of every kind."""

total = 0
for i in range(3000):
    total += i * 2 % 7
print(total, i)

x = 1
n = 0
while n < 2000:
    if n == 1500:
        x = 0.5
    elif n == 1800:
        x = "s"
    x = x + x if n % 400 == 399 else x
    n += 1
print(str(x)[:20], n)

for k in range(1500):
    if k == 700:
        len = lambda value: 42
    if k == 900:
        del len
    size = len("abc")
    if k in (10, 699, 700, 800, 899, 900, 1400):
        print("len", k, size)

found = []
for k in range(1200):
    try:
        found.append(missing)
    except NameError as error:
        if k % 400 == 0:
            print(error)
    if k == 1000:
        missing = k
print(found[:3], sum(found))


class Body:
    acc = []
    count = 0
    for k in range(1200):
        acc.append(k)
        count += k
        if k == 600:
            total = "own"
    inside = total, [total for _ in range(1)][0] == total


print(Body.count, Body.k, Body.inside, Body.acc[-1], total)


class Namespace(dict):
    def __init__(self):
        super().__init__()
        self.log = {}

    def __getitem__(self, name):
        self.log[name] = self.log.get(name, 0) + 1
        return super().__getitem__(name)

    def __setitem__(self, name, value):
        self.log[name] = self.log.get(name, 0) + 1
        super().__setitem__(name, value)


class Meta(type):
    @classmethod
    def __prepare__(meta, name, bases):
        return Namespace()

    def __new__(meta, name, bases, namespace):
        made = super().__new__(meta, name, bases, dict(namespace))
        made.log = namespace.log
        return made


class Logged(metaclass=Meta):
    value = 0
    for k in range(900):
        value += k


print(Logged.log["value"], Logged.log["k"], Logged.value)
code = compile("t = start\nfor i in range(800):\n    t += i\n    if i == 500: s = t\nresult = t, s", "<code>", "exec")
for start in (0, 0.5, 1 << 70):
    space = {"start": start}
    exec(code, space)
    print(space["result"])
    names = {}
    exec(code, {"start": start}, names)
    print(names["result"], sorted(names))
    custom = Namespace()
    exec(code, {"start": start}, custom)
    print(custom["result"], custom.log["t"])

# One dict for globals and names, of a subclass that sees every store.
both = Namespace()
both["start"] = 1
exec(code, both)
print(both["result"], both.log["t"], both.log["i"], both.log["s"])
stores = compile("for i in range(3000):\n    j = i", "<stores>", "exec")
both = Namespace()
exec(stores, both)
print(both.log["i"], both.log["j"])
space = {"start": 0, "__builtins__": {"range": lambda n: [1, 2, 3]}}
exec(compile("t = start\nfor i in range(800):\n    t += i", "<other>", "exec"), space)
print(space["t"])
