"""__getattr__, __getattribute__, __setattr__, __delattr__: with effects, with errors, added while hot."""

from support import heat, outcome, report

log = []


class Fallback:
    present = 1

    def __init__(self):
        self.own = 2

    def __getattr__(self, name):
        log.append(name)
        if name == "angry":
            raise ValueError("angry")
        if name.startswith("_"):
            raise AttributeError(name)
        return f"fallback {name}"


class Intercept:
    def __init__(self):
        object.__setattr__(self, "own", 5)

    def __getattribute__(self, name):
        if name == "own":
            return object.__getattribute__(self, "own") + 1
        if name == "other":
            raise AttributeError("other is not here")
        return f"intercepted {name}"

    def __setattr__(self, name, value):
        object.__setattr__(self, "own", value * 2)

    def __delattr__(self, name):
        object.__setattr__(self, "own", f"deleted {name}")


class Both(Intercept):
    def __getattr__(self, name):
        return f"fallback after {name}"


class Plain:
    own = 1


OBJECTS = {"fallback": Fallback(), "intercept": Intercept(), "both": Both(), "plain": Plain()}


def own(which):
    return OBJECTS[which].own


def other(which):
    return OBJECTS[which].other


def angry(which):
    return OBJECTS[which].angry


def private(which):
    return OBJECTS[which]._private


def present(which):
    return OBJECTS[which].present


def call(which):
    return OBJECTS[which].compute(1)


def store(which, value):
    thing = OBJECTS[which]
    thing.own = value
    return thing.own


for function in (own, other, angry, private, present, call):
    report(function.__name__, function, [(which,) for which in OBJECTS])
report("store", store, [(which, value) for which in OBJECTS for value in (1, 2.5, "s")])
log.clear()
other("fallback")
present("fallback")
outcome(private, "fallback")
print(log)


class Later:
    def __init__(self):
        self.own = 1


thing = Later()


def read(t):
    return t.own


def read_missing(t):
    return t.missing


def write(t, v):
    t.own = v
    return t.__dict__["own"]


for function in (read, read_missing):
    heat(function, thing)
heat(write, thing, 1)
print(outcome(read, thing), outcome(read_missing, thing), outcome(write, thing, 2))
Later.__getattr__ = lambda self, name: f"late {name}"
print(outcome(read, thing), outcome(read_missing, thing), outcome(write, thing, 2))
Later.__setattr__ = lambda self, name, value: self.__dict__.__setitem__(name, f"late {value}")
print(outcome(read, thing), outcome(read_missing, thing), outcome(write, thing, 2))
Later.__getattribute__ = lambda self, name: object.__getattribute__(self, name) if name == "__dict__" else 1 / 0
print(outcome(read, thing), outcome(read_missing, thing), outcome(write, thing, 2))
del Later.__getattribute__, Later.__setattr__, Later.__getattr__
print(outcome(read, thing), outcome(read_missing, thing), outcome(write, thing, 2))
