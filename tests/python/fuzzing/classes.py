"""A family of classes with the same attributes and methods, each made in another way; and what may change in them later."""

from .expressions import CONSTANTS, Scope
from .statements import Statements

OPERATORS = [
    ("__add__(self, other)", ["self.p + 1", "1.5", "NotImplemented", "other", "self"]),
    ("__radd__(self, other)", ["other + 1", "self.q", "NotImplemented"]),
    ("__lt__(self, other)", ["self.p < 3", "other == 2", "[]", "NotImplemented"]),
    ("__eq__(self, other)", ["self is other", "True", "(self.p, 1) == (other, 1)", "NotImplemented"]),
    ("__getitem__(self, at)", ["(self.p, self.q, 3)[at]", "[4, self.p][at] + at", "'abcd'[at]"]),
    ("__len__(self)", ["2", "0", "int(self.p)", "'bad'"]),
    ("__bool__(self)", ["True", "False", "self.p == 1", "1"]),
    ("__iter__(self)", ["iter((self.p, self.q))", "counting(3)", "self.walk()"]),
    ("__contains__(self, what)", ["what == self.p", "[what]", "what in (1, 2)"]),
    ("__neg__(self)", ["-self.p", "7", "self"]),
    ("__call__(self, k=1, *rest)", ["k", "self.q", "(k, 2)[0]"]),
    ("__iadd__(self, other)", ["self", "other"]),
    ("__hash__(self)", ["5"]),
]
STEPS = [
    ["self.p = x", "return x + 1"],
    ["self.p, self.q = self.q, x", "return self.p"],
    ["self.count = getattr(self, 'count', 0) + 1", "return self.count"],
    ["if x > 50:", "    raise Problem(x)", "return x * 2"],
    ["self.q = self.q + 1 if self.q < 100 else 0", "return self.q"],
    ["return self.peek() + x"],
    ["self.rate += 1", "return self.rate % 7"],
    ["type(self).kind += 1", "return type(self).kind & 3"],
    ["self.rate = x", "return self.rate"],
    ["total = 0", "for one in (self.p, x, 3):", "    total = total + one", "return total"],
]


class Classes(Statements):
    """Writes classes and the functions that change them."""

    def family(self):
        """Two to six classes."""
        with self.under("class Base(Thing):"):
            self.emit("kind = 1", "rate = 2", "")
            self.initialiser(False)
            self.method("step(self, x)", *self.pick(STEPS))
            self.method("peek(self)", "return self.p")
            self.method("twice(self, x)", "return self.step(x) + self.step(x)")
            self.method("walk(self)", "for one in (self.p, self.q, 1):", "    yield one")
            self.method("make(cls, x)", "return cls(x, 2)", above="@classmethod")
            self.method("total(self)", "return self.p + self.q", above="@property")
        self.lines.pop()
        self.gap()
        for _ in range(self.amount(1, 5)):
            self.derived()

    def method(self, head, *lines, above=None):
        if above:
            self.emit(above)
        with self.under(f"def {head}:"):
            self.emit(*lines)
        self.emit("")

    def derived(self):
        name = self.fresh("K")
        base = self.choose((3, "Base"), *self.classes)
        with self.under(f"class {name}({base}):"):
            slots = self.chance(0.2)
            self.emit(self.choose("__slots__ = ()", "__slots__ = ('z',)") if slots else f"kind = {self.pick(CONSTANTS)}", "")
            if self.chance(0.6):
                self.initialiser(True)
            if self.chance(0.6):
                self.stepper()
            if self.chance(0.3):
                self.method("peek(self)", f"return {self.expression_of('self.p', 'self.q')}")
            if self.chance(0.3):
                self.covered()
            for head, results in self.random.sample(OPERATORS, self.amount(0, 4)):
                self.method(head, f"return {self.pick(results)}")
            if self.chance(0.2):
                self.method("__getattr__(self, name)", "if name == 'extra':", f"    return {self.pick(CONSTANTS)}", "raise AttributeError(name)")
            if self.chance(0.15):
                self.method("make(x, y=3)", f"return {name}(y, x)", above="@staticmethod")
            if self.chance(0.2):
                self.emit(f"rate = {self.pick(CONSTANTS)}", "")
        self.lines.pop()
        self.gap()
        self.classes.append(name)

    def initialiser(self, derived):
        orders = [["self.p = p", "self.q = q"], ["self.q = q", "self.p = p"], ["self.z = 0", "self.p = p", "self.q = q"], ["self.q = p", "self.p = q", "self.r = (p, q)"]]
        lines = self.pick(orders)
        if derived and self.chance(0.5):
            lines = [self.choose("super().__init__(q, p)", "super().__init__(p, q=q)", "Base.__init__(self, p, q)"), *self.choose([], ["self.p = q"], ["self.extra = p"])]
        self.method("__init__(self, p, q)", *lines)

    def stepper(self):
        lines = self.choose((4, self.pick(STEPS)), (2, ["return super().step(x) + 1"]), (2, [f"return {self.expression_of('self.p', 'x', 'self.q')}"]))
        self.method(f"step(self, x{self.choose('', ', y=1', ', *rest')})", *lines)

    def covered(self):
        """A property where others have a plain attribute."""
        name = self.choose("p", "q", "rate")
        self.method(f"{name}(self)", f"return self.__dict__.get('hidden', {self.pick(CONSTANTS)})", above="@property")
        if self.chance(0.8):
            self.method(f"{name}(self, value)", self.choose("self.hidden = value", "self.__dict__['hidden'] = value"), above=f"@{name}.setter")

    def expression_of(self, *names):
        """An expression over those."""
        scope = self.scope
        self.scope = Scope(numbers=list(names), full=False, walrus=False, calls=0)
        text = self.number(1)
        self.scope = scope
        return text

    # -- changes

    def change(self):
        """A function that changes classes, functions or globals; its name."""
        name = self.fresh("change")
        with self.under(f"def {name}(o, log):"):
            self.emit("global R0, R1")
            for _ in range(self.between(1, 2)):
                self.emit("try:")
                self.emit(*[f"    {line}" for line in self.alteration()])
                self.emit("except Exception as error:", "    note(log, error)")
        self.gap()
        return name

    def alteration(self):
        name, other = self.pick(self.classes), self.pick(self.classes)
        # Only an earlier function takes the place of another: nothing then calls itself without end.
        at = self.random.randrange(len(self.functions))
        function, another = self.functions[at][0], self.functions[self.between(0, at)][0]
        constant = self.pick(CONSTANTS)
        return self.choose(
            (2, [f"{name}.step = lambda self, x: {self.expression_of('self.p', 'x')}"]), (1, [f"{name}.step = Base.step"]), (1, [f"del {name}.step"]),
            (1, [f"{name}.peek = lambda self: {constant}"]), (2, [f"{name}.rate = {constant}"]), (1, ["Base.rate = 'rate'"]), (2, [f"o.__class__ = {other}"]),
            (1, [f"{name}.p = property(lambda self: {constant})"]), (1, [f"{name}.q = {constant}", "del o.q"]), (1, [f"{name}.__add__ = lambda self, other: {constant}"]),
            (1, [f"{name}.__getitem__ = lambda self, at: (3, at)[at]"]), (1, [f"{name}.__bool__ = lambda self: False"]), (1, [f"o.step = lambda x: {constant}"]),
            (1, [f"{name}.__len__ = lambda self: 3"]), (1, ["Base.extra = 9", "del o.extra"]), (1, [f"{name}.__getattr__ = lambda self, name: len(name)"]),
            (2, [f"globals()['{function}'] = {another}"]), (2, [f"{function}.__code__ = {another}.__code__"]), (2, [f"{function}.__defaults__ = ({constant}, 2)"]),
            (1, [f"{function}.__kwdefaults__ = {{'c': 4}}"]), (1, [f"globals()['{function}'] = lambda *args, **more: {constant}"]), (2, [f"R0 = {constant}"]), (1, ["R1 = 'r'"]),
            (1, ["del globals()['R1']"]), (1, ["globals()['len'] = lambda what: 9"]), (1, ["globals()['abs'] = lambda x: x"]), (1, ["globals().pop('abs', None)", "globals().pop('len', None)"]),
            (1, ["o.__dict__.clear()"]), (1, ["o.__dict__ = {'q': 1, 'p': 2}"]), (1, ["for number in range(40):", "    setattr(o, f'name{number}', number)"]),
        )  # fmt: skip
