"""Expressions over locals of many types."""

from dataclasses import dataclass, field

from .writer import Writer

CONSTANTS = ["0", "1", "2", "3", "-1", "7", "10", "255", "2**31", "2**62", "2**63 - 1", "-(2**63)", "0.5", "1.0", "-0.0", "0.1", "2.5", "True", "False"]
FACTORS = ["2", "3", "-1", "0.5", "1.5", "10"]
WORDS = ["''", "'a'", "'bc'", "'déf'", "'p q'", "'\\u4e2d'"]
OTHERS = ["None", "1.5", "2**70", "'word'", "[1, 2]", "(3,)", "True", "7", "-0.0", "1j", "{}"]
ERRORS = ["ValueError", "TypeError", "KeyError", "IndexError", "Problem", "ZeroDivisionError", "StopIteration", "AttributeError"]


@dataclass
class Scope:
    """What may be used at the place that is written."""

    # Locals that are numbers as a rule, loop variables of any type, loop variables that are surely ints.
    numbers: list = field(default_factory=lambda: ["x", "y"])
    loops: list = field(default_factory=list)
    indices: list = field(default_factory=list)
    # The callable locals.
    lambdas: list = field(default_factory=list)
    # The other locals (s, v, u, items, d, o, log, n) are there; an assignment expression may stand here; the function may have cells.
    full: bool = True
    walrus: bool = True
    cells: bool = False
    # Only the commonest instructions: a loop with one that the compiler does not know is not compiled at all.
    plain: bool = False
    # How many iterations the loop around may have, how many loops are around, how many calls may still be written.
    long: int = 0
    loop: int = 0
    calls: int = 2
    yields: bool = False
    returns: bool = True


class Expressions(Writer):
    """Writes expressions. Values stay of bounded size: nothing but numbers is added to itself or multiplied."""

    def __init__(self, seed, small=False):
        super().__init__(seed, small)
        self.scope = Scope()
        self.classes = []
        # Name and writer of the arguments of each function so far, and the names of the generators.
        self.functions = []
        self.generators = []

    def constant(self):
        return self.pick(CONSTANTS)

    def other(self):
        """A value of a type that is not expected."""
        return self.instance() if self.classes and self.chance(0.3) else self.pick(OTHERS[:-1] if self.scope.plain else OTHERS)

    def instance(self):
        return f"{self.pick(self.classes)}({self.constant()}, {self.constant()})"

    def index(self):
        return self.pick(self.scope.indices or ["1"])

    def element(self):
        """An item of the list, of any type."""
        return self.choose((5, f"items[{self.index()} % len(items)]"), (2, "items[0]"), (2, "items[-1]"), (0.3, "items[3]"))

    def foreign(self, level=2):
        """Something that is often no number."""
        if not self.scope.full:
            return self.number(level)
        number = self.number(level + 1)
        return self.choose(
            (4, self.element()), (2, "v"), (1, "u"), (5, f"o.{self.attribute()}"), (4, f"o.step({number})"), (2, "o.peek()"), (1, "o[0]"), (1, f"o[{number}]"),
            (1, "len(o)"), (1, f"(o + {number})"), (0.5, f"({number} + o)"), (0.3, "(-o)"), (0.4, f"o({number})"), (1, self.pick(self.scope.loops or ["v"])),
            (0.5, f"{self.pick(self.classes or ['o'])}.rate"), (0.5, f"getattr(o, 'extra', {number})"), (0.4, "type(o).make(1).p"), (0.3, "o.twice(2)"),
        )  # fmt: skip

    def attribute(self):
        return self.choose((5, "p"), (5, "q"), (2, "rate"), (1, "total"), (0.3, "extra"))

    def atom(self):
        scope = self.scope
        return self.choose(
            (6, self.pick(scope.numbers)), (4, self.constant()), (1, self.choose("R0", "R1")), (3 if scope.indices else 0, self.index()),
            (1 if scope.full else 0, "len(items)"), (1 if scope.full else 0, "len(s)"),
        )  # fmt: skip

    def number(self, level=0):
        """Something that is a number as a rule."""
        if level > 2 or self.chance(0.3):
            return self.atom()
        full = 1 if self.scope.full else 0
        rich = 0 if self.scope.plain else 1
        kind = self.choose(
            (8, "sum"), (3, "product"), (3, "divide"), (2, "bits"), (2, "conditional"), (1 if self.scope.walrus else 0, "walrus"), (5 * full, "foreign"),
            (2 * full, "mapping"), (3, "call"), (2, "builtin"), (1.5 * full * rich, "comprehended"), (1, "condition"), (0.7 * rich, "applied"),
        )  # fmt: skip
        return getattr(self, f"number_{kind}")(level + 1)

    def number_sum(self, level):
        return f"({self.number(level)} {self.choose('+', '-')} {self.number(level)})"

    def number_product(self, level):
        return f"({self.number(level)} * {self.pick(FACTORS)})"

    def number_divide(self, level):
        divisor = self.number(level)
        return f"({self.number(level)} {self.choose('//', '%', '/')} {divisor if self.chance(0.15) else f'({divisor} or 3)'})"

    def number_bits(self, level):
        one = self.index() if self.chance(0.8) else self.number(level)
        return self.choose(f"({one} & {self.choose('3', '255')})", f"({one} ^ {self.index()})", f"({one} << 2)", f"({one} >> 1)", f"(~{one} | 1)")

    def number_conditional(self, level):
        return f"({self.number(level)} if {self.condition(level)} else {self.number(level)})"

    def number_walrus(self, level):
        return f"({self.choose('w', *self.scope.numbers)} := {self.number(level)})"

    def number_foreign(self, level):
        return f"({self.foreign(level)} {self.choose('+', '-')} {self.number(level)})" if self.chance(0.7) else f"(-{self.foreign(level)})"

    def number_mapping(self, level):
        key = self.key()
        return self.choose((3, f"d.get({key}, {self.number(level)})"), (1, f"d[{key}]"), (1, f"d.setdefault({key}, {self.atom()})"), (1, f"d.pop({key}, 1)"))

    def number_call(self, level):
        """A call of a function of the program, its result taken into account as a number."""
        if not self.functions or self.scope.calls == 0:
            return self.atom()
        self.scope.calls -= 1
        name, arguments = self.pick(self.functions)
        given = arguments(level + 1)
        return f"({name}({self.atom() if self.scope.plain and '*' in given else given}) + {self.atom()})"

    def number_builtin(self, level):
        one, two = self.number(level), self.atom()
        return self.choose(
            f"abs({one})", f"min({one}, {two})", f"max({two}, {one})", f"int({one})", f"float({one})", f"isinstance({one}, int)", f"divmod({one}, 7)[1]",
            f"round({one})", f"bool({one})", f"({one}, {two})[{self.choose('0', '1', '-1', 'True')}]",
        )  # fmt: skip

    def number_comprehended(self, level):
        return self.choose((2, f"len({self.comprehension()})"), (1, f"sum({self.generator_expression()})"), (1, f"max(({self.generator_expression()}), default=0)"))

    def number_condition(self, level):
        return f"({self.condition(level)})"

    def number_applied(self, level):
        """A call of a lambda."""
        if self.scope.lambdas:
            return f"{self.pick(self.scope.lambdas)}({self.number(level)})"
        default = self.number(level)
        return f"(lambda k, m={default}: k - m)({self.number(level)})" if self.scope.walrus else default

    # -- comprehensions: a scope of their own, in which a local of the function would become a cell

    def inner(self, name, write):
        """What `write` writes inside a comprehension over that variable."""
        scope = self.scope
        numbers = [name, *scope.numbers] if scope.cells else [name]
        self.scope = Scope(numbers=numbers, full=scope.cells, walrus=False, cells=scope.cells, calls=min(scope.calls, 1))
        text = write()
        self.scope = scope
        return text

    def source(self):
        """A short iterable of numbers."""
        return self.choose((3, f"range({self.between(0, 5)})"), (1, "range(len(s))"), (2, "(x, y, 1)"), (1, "d.values()"), (1, f"range({self.index()} % 4)"), (0.5, "items"))

    def clauses(self):
        name = self.fresh("e")
        text = f"for {name} in {self.source()}"
        if self.chance(0.4):
            text += f" if {self.inner(name, lambda: self.condition(2))}"
        if self.chance(0.2):
            text += f" for f{name} in range(2)"
        return name, text

    def generator_expression(self):
        name, clauses = self.clauses()
        return f"{self.inner(name, lambda: self.number(1))} {clauses}" if self.chance(0.5) else f"({name} {clauses})"

    def comprehension(self):
        name, clauses = self.clauses()
        value = self.inner(name, lambda: self.number(1))
        return self.choose((3, f"[{value} {clauses}]"), (1, f"{{{name}: {value} {clauses}}}"), (1, f"{{{name} {clauses}}}"), (0.6, f"[[{value}, {name}] {clauses}]"))

    # -- other types

    def key(self):
        return self.choose((4, f"{self.index()} % 5"), (2, "'k'"), (1, "s[:1]"), (1, "(1, 2)"), (0.5, self.constant()), (0.1, "items"))

    def text(self):
        number, word = self.pick(self.scope.numbers), self.pick(WORDS)
        rich = 0 if self.scope.plain else 1
        return self.choose(
            (3, word), (3, "s"), (6 * rich, self.formatted()), (1, f"str({number})[-5:]"), (2, f"s[{self.slice()}]"), (1, "s.upper()"), (1, f"s.replace('a', {word})"),
            (rich, "'-'.join([str(e) for e in items])[:12]"), (1 - rich, "'-'.join(map(str, items))[:12]"), (3, f"(s + {word})[-9:]"), (1, f"'%s/%r' % ({number}, s[:3])"), (1, f"'{{}}:{{:>4}}'.format({number}, s[:2])"),
            (1, f"('' if s else {word})"),
        )  # fmt: skip

    def formatted(self):
        number = self.pick(self.scope.numbers + self.scope.indices)
        one = self.choose(
            f"{{{number}}}", f"{{{number}:>6}}", f"{{{number}:.2f}}", f"{{{self.index()}:#x}}", "{s:^5}", "{s!r}", "{v}", "{o!r:>4}", "{items}", f"{{{number}!s}}",
            f"{{s:>{{{self.index()} % 5}}}}", "{o.p}",
        )  # fmt: skip
        return f'f"{one}{self.choose("", "-", "{s[:2]}", "{len(d)}")}"[:12]'

    def slice(self):
        index = f"{self.index()} % 4"
        return self.choose("1:", ":2", "::-1", "1:3", "-2:", f"{index}:", f":{index}", "::2", f"{index}:{index}", "5:1:-1")

    def listed(self):
        """A short list."""
        number = self.number(2)
        return self.choose(
            (2, f"[{number}, {self.number(2)}]"), (2, f"items[{self.slice()}] or [1]"), (0 if self.scope.plain else 1, f"[*items[:3], {number}]"), (1, f"[{number}] * 3"), (1, "list(range(4))"),
            (1, f"[{self.text()}, {number}, {self.other()}]"), (1, "items[:4] + [s, y]"), (1, "list(reversed(items))"),
        )  # fmt: skip

    def value(self):
        return self.choose((6, self.number(1)), (1, self.text()), (1, self.other()))

    def condition(self, level=0):
        scope = self.scope
        number = self.atom() if level > 2 else self.number(level + 1)
        text = f"{number} {self.choose('<', '<=', '>', '>=', '==', '!=')} {self.atom()}"
        if scope.full and self.chance(0.5):
            text = self.special_condition(number)
        if self.chance(0.1):
            text = f"{self.atom()} {self.choose('<', '>=', '!=')} {number} {self.choose('<', '<=')} {self.atom()}"
        if self.chance(0.1):
            text = f"not {text}"
        return f"{text} {self.choose('and', 'or')} {self.atom()}" if self.chance(0.12) else text

    def special_condition(self, number):
        index, name = self.index(), self.pick(self.classes or ["Thing"])
        return self.choose(
            f"{number} {self.choose('in', 'not in')} items", f"{self.key()} {self.choose('in', 'not in')} d", f"{self.pick(WORDS)} in s", f"s == {self.pick(WORDS)}",
            f"v is {self.choose('', 'not ')}None", "u is v", "s < 'b'", f"isinstance(v, {self.choose('str', 'int', '(float, list)', name)})", f"isinstance(o, {name})",
            "items", "o", "s", f"o < {number}", f"o == {self.choose('v', 'u', 'o', number)}", f"hasattr(o, {self.choose('p', 'extra', 'q')!r})", f"{index} % 3 == 1",
            f"{index} % {self.between(2, 9)} == 0", f"type(o) is {name}", f"{number} in o", "s > 'a'" if self.scope.plain else "{1, 2} <= {*range(3)}", f"{index} in (1, 2, 5)",
        )  # fmt: skip
