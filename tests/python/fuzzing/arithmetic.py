"""Programs of a few functions over ints, floats, lists, tuples, instances and globals.

Each is made hot with one set of arguments and then called with others, so that types change where the compiler did not expect it.
"""

from .writer import Writer

PRELUDE = """
import sys
import traceback


class Pair:
    def __init__(self, p, q):
        self.p = p
        self.q = q

    def mix(self, x):
        self.p = self.p - x
        return self.q + x

    def pick(self, flag):
        return self.p if flag else self.q

    def __repr__(self):
        return type(self).__name__


class Slotted:
    __slots__ = ("p", "q", "r")

    def __init__(self, p, q):
        self.p = p
        self.q = q

    def mix(self, x):
        return self.p * 2 - x

    def pick(self, flag):
        return self.q if flag else self.p

    def __repr__(self):
        return "Slotted"


class Odd(Pair):
    @property
    def q(self):
        return self.hidden

    @q.setter
    def q(self, value):
        self.hidden = value

    def __add__(self, other):
        return 1.5

    def __lt__(self, other):
        return []


def show(value, depth=0):
    if type(value) is float:
        return value.hex()
    if type(value) in (list, tuple) and depth < 3:
        return f"{type(value).__name__}({', '.join([show(item, depth + 1) for item in value])})"
    if isinstance(value, (Pair, Slotted)) and depth < 2:
        return f"{type(value).__name__}({show(value.p, depth + 1)}, {show(value.q, depth + 1)})"
    if isinstance(value, (Pair, Slotted)):
        return type(value).__name__
    # Not decimal: the digits of a huge int would be refused.
    text = f"{type(value).__name__} {value:#x}" if isinstance(value, int) else f"{type(value).__name__} {value!r}"
    return text if len(text) < 300 else f"{text[:100]}...{len(text)} {hash(text)}"


def outcome(function, make):
    global G, H
    G, H = 3, 0.5
    arguments = make()
    try:
        text = show(function(*arguments))
    except Exception as error:
        lines = [entry.lineno for entry in traceback.extract_tb(error.__traceback__)[1:]]
        text = f"{type(error).__name__}: {error} {lines}"
    return f"{text} | {' '.join([show(a) for a in arguments])} | {show(G)} {show(H)}"


def drive(function, makers, hot):
    for _ in range(hot):
        outcome(function, makers[0])
    for _ in range(2):
        for number, make in enumerate(makers):
            print(function.__name__, number, outcome(function, make))
    for number in range(len(makers) * 3):
        outcome(function, makers[number * 7 % len(makers)])
    print(function.__name__, "again", outcome(function, makers[0]))


"""

FACTORS = {"int": ["2", "3", "-1", "10"], "float": ["2", "0.5", "1.5", "-1.0"], "mixed": ["2", "3", "-1", "0.5", "1.5"]}
CONSTANTS = {
    "int": ["0", "1", "2", "3", "-1", "7", "10", "-5", "255", "2**31", "2**62", "2**63 - 1", "-(2**63)", "2**70", "True"],
    "float": ["0.5", "1.0", "-0.0", "0.1", "2.5", "1e308", "0.0", "1e-310", "1", "2", "-3"],
    "mixed": ["0", "1", "2", "3", "-1", "7", "2**31", "2**62", "2**63 - 1", "0.5", "1.0", "-0.0", "0.1", "2.5", "1e16", "True", "False"],
}
NUMBERS = ["a", "b", "x", "y", "z", "t"]
ARGUMENTS = {
    "int": ["1", "2", "5", "-3", "0", "100", "2**31 - 1", "2**62", "2**63 - 1", "-(2**63)", "2**65", "True"],
    "float": ["0.5", "2.0", "-1.5", "0.0", "-0.0", "1e16", "float('inf')", "float('nan')", "1e308", "3.75"],
    "odd": ["None", "1j", "Odd(1, 2)", "[1]", "(1, 2)", "Pair(1, 2)"],
}
ARGUMENTS["mixed"] = ARGUMENTS["int"] + ARGUMENTS["float"]
LISTS = {
    "int": ["[1, 2, 3]", "[5]", "[2**62, 2**62, -1]", "[3, 0, -2, 7]", "(1, 2, 3)", "range(1, 5)", "[True, 2]"],
    "float": ["[0.5, 1.5, 2.5]", "[1.0]", "[0.25, -3.0, 1e300, 2.0]", "(0.5, 1.5)"],
    "mixed": ["[1, 2.5, True]", "[0.5, 1]", "[3, 0, -2.0, 7]", "[2**63, 0.5]"],
    "odd": ["[]", "[None, 1]", "5", "{0: 1, 1: 2}"],
}
PAIRS = {
    "int": ["(1, 2)", "(2**63, -1)", "[4, 5]"],
    "float": ["(0.5, 3.5)", "[1.0, -2.0]"],
    "mixed": ["(0.5, 3)", "(1, 2.5)", "(True, 0.25)"],
    "odd": ["(1, 2, 3)", "(None, 1.5)", "(1,)", "None"],
}
OBJECTS = {
    "int": ["Pair(1, 2)", "Slotted(3, 4)", "Pair(2**62, -1)", "Slotted(5, 2**63)"],
    "float": ["Pair(0.5, 1.5)", "Slotted(1.5, 0.25)", "Pair(1e300, -0.0)"],
    "mixed": ["Pair(1, 1.5)", "Slotted(0.5, 2)", "Odd(1, 2)", "Odd(0.5, 1)"],
    "odd": ["Pair(None, 1)", "None", "Odd(None, 2)"],
}


class Arithmetic(Writer):
    """Writes one program.

    A function has a profile (int, float or mixed), which its constants, operators and first arguments follow, so that most calls get
    far; the other arguments break it. Values stay of bounded size: multiplication and shifts only by small factors, loops of few
    iterations, few calls.
    """

    def __init__(self, seed, small=False):
        super().__init__(seed, small)
        self.profile = "int"
        # The loops around the place that is written: the loop variables, and those of them that are surely ints.
        self.loops = []
        self.indices = []
        # Name and profile of the functions so far, and how many calls this one may still have.
        self.functions = []
        self.calls = 0
        self.counters = 0

    # -- expressions

    def number(self):
        """Something that is a number as a rule."""
        return self.random.choice(NUMBERS + self.loops * 2)

    def factor(self):
        return self.random.choice(FACTORS[self.profile] + self.indices)

    def constant(self):
        return self.random.choice(CONSTANTS[self.profile])

    def index(self, sequence):
        """A subscript that is in range, as a rule."""
        if self.profile == "int" and self.chance(0.4):
            return f"{self.number()} % len({sequence})"
        if self.indices and self.chance(0.7):
            return self.choose((5, f"{self.random.choice(self.indices)} % len({sequence})"), (1, self.random.choice(self.indices)))
        return self.choose((5, "0"), (4, "-1"), (3, "1" if sequence == "pair" else "len(items) // 2"), (0.3, "2"), (0.1, self.number()))

    def divisor(self, level):
        one = self.expression(level)
        return one if self.chance(0.1) else f"({one} or {self.choose('1', '3', '2')})"

    def expression(self, level=0):
        if level > 2 or self.chance(0.25):
            return self.atom()
        bits = {"int": 3, "float": 0.03, "mixed": 0.15}[self.profile]
        kind = self.choose(
            (10, "sum"), (4, "product"), (3, "divide"), (bits, "bits"), (bits, "shift"), (2, "unary"), (2, "compare"), (3, "conditional"), (1.5, "logic"),
            (5, "item"), (4, "attribute"), (3, "call"), (3, "builtin"), (1, "container"),
        )  # fmt: skip
        one = self.expression(level + 1)
        if kind == "sum":
            return f"({one} {self.choose('+', '-')} {self.expression(level + 1)})"
        if kind == "product":
            return f"({one} * {self.factor()})"
        if kind == "divide":
            return f"({one} {self.choose('//', '%', '/') if self.profile != 'int' else self.choose('//', '%')} {self.divisor(level + 1)})"
        if kind == "bits":
            return f"({one} {self.choose('&', '|', '^')} {self.expression(level + 1)})"
        if kind == "shift":
            return f"({one} {self.choose('<<', '>>')} ({self.number()} & 7))"
        if kind == "unary":
            return f"({self.choose((4, '-'), (bits, '~'), (1, 'not '), (1, '+'))}{one})"
        if kind == "compare":
            return f"({self.condition()})"
        if kind == "conditional":
            return f"({one} if {self.condition()} else {self.expression(level + 1)})"
        if kind == "logic":
            return f"({one} {self.choose('and', 'or')} {self.expression(level + 1)})"
        if kind == "item":
            sequence = self.choose((3, "items"), (1, "pair"))
            return f"{sequence}[{self.index(sequence)}]"
        if kind == "attribute":
            return self.choose((3, "o.p"), (3, "o.q"), (1, f"o.mix({one})"), (1, f"o.pick({self.condition()})"))
        if kind == "call":
            callees = [name for name, profile in self.functions if profile == self.profile or self.chance(0.2)]
            if not callees or self.calls == 0 or len(self.loops) > 1:
                return one
            self.calls -= 1
            return f"{self.random.choice(callees)}({one}, {self.expression(level + 1)}, items, pair, o)"
        if kind == "builtin":
            return self.choose(
                (2, f"abs({one})"), (2, f"min({one}, {self.number()})"), (2, f"max({self.number()}, {one})"), (2, "len(items)"),
                (0.3, f"int({one})"), (0.3 if self.profile == "int" else 2, f"float({one})"), (1, f"isinstance({one}, int)"),
            )  # fmt: skip
        return self.choose(f"[{one}, {self.number()}][{self.choose('0', '1', '-1')}]", f"({one}, {self.number()})[{self.choose('0', '1')}]")

    def atom(self):
        own = {"int": "G", "float": "H", "mixed": self.choose("G", "H")}[self.profile]
        return self.choose((6, self.number()), (4, self.constant()), (1.5, own), (1, "o.p"), (1, "o.q"))

    def condition(self):
        operator = self.choose((3, "<"), (2, "<="), (3, ">"), (2, ">="), (2, "=="), (2, "!="), (0.5, "is"), (0.5, "is not"))
        if "is" in operator:
            # Identity of numbers is CPython's own business; that of None is not.
            return f"{self.number()} {operator} None"
        text = f"{self.expression(2)} {operator} {self.expression(2)}"
        if self.chance(0.1):
            text = f"{self.number()} < {text}"
        if self.chance(0.15):
            text = f"{text} {self.choose('and', 'or')} {self.number()}"
        return text

    # -- statements

    def block(self, budget):
        self.depth += 1
        for _ in range(max(1, budget)):
            self.statement(budget)
        self.depth -= 1

    def statement(self, budget):
        nested = len(self.loops) < 2 and self.depth < 6 and budget > 1
        kind = self.choose(
            (10, "assign"), (6, "augment"), (2, "unpack"), (4, "attribute"), (4, "item"), (1.5, "global"), (1, "append"), (0.1, "delete"), (0.3, "change"),
            (5 if budget > 1 else 0, "if"), (1 if budget > 1 else 0, "try"), (2 if self.loops else 0, "jump"), (1, "return"),
            (5 if nested else 0, "range"), (3 if nested else 0, "list"), (3 if nested else 0, "while"),
        )  # fmt: skip
        getattr(self, f"statement_{kind}")(budget)

    def statement_assign(self, budget):
        target = self.random.choice(NUMBERS)
        self.emit(
            f"{target} = {self.expression()}" if self.chance(0.9) else f"{target} = {self.random.choice(NUMBERS)} = {self.expression()}"
        )

    def statement_augment(self, budget):
        target = self.choose((6, self.random.choice(NUMBERS)), (2, self.choose("o.p", "o.q")), (2, f"items[{self.index('items')}]"))
        bits = 1 if self.profile == "int" else 0.05
        operator, value = self.choose(
            (5, ("+=", self.expression(1))), (4, ("-=", self.expression(1))), (2, ("*=", self.factor())),
            (1, ("//=", self.divisor(2))), (1, ("%=", self.divisor(2))),
            (0.1 if self.profile == "int" else 1, ("/=", self.divisor(2))), (bits, ("&=", self.expression(2))), (bits, (">>=", "1")),
        )  # fmt: skip
        self.emit(f"{target} {operator} {value}")

    def statement_unpack(self, budget):
        a, b = self.random.sample(NUMBERS, 2)
        self.emit(
            self.choose(
                f"{a}, {b} = {b}, {a}",
                f"{a}, {b} = pair",
                f"{a}, {b} = {self.expression(1)}, {self.expression(1)}",
                f"{a}, *rest = items" if self.chance(0.2) else f"{a}, {b} = {b}, {a} + 1",
            )
        )

    def statement_attribute(self, budget):
        self.emit(f"o.{self.choose((4, 'p'), (4, 'q'), (1, 'r'))} = {self.expression(1)}")

    def statement_item(self, budget):
        self.emit(f"items[{self.index('items')}] = {self.expression(1)}")

    def statement_if(self, budget):
        self.emit(f"if {self.condition()}:")
        self.block(budget - 1)
        if self.chance(0.3):
            self.emit(f"elif {self.condition()}:")
            self.block(budget - 2)
        if self.chance(0.5):
            self.emit("else:")
            self.block(budget - 2)

    def loop(self, head, variable, budget, integer):
        self.emit(head)
        self.loops.append(variable)
        if integer:
            self.indices.append(variable)
        self.block(budget - 1)
        self.loops.pop()
        if integer:
            self.indices.pop()
        if self.chance(0.1):
            self.emit("else:")
            self.block(1)

    def statement_range(self, budget):
        variable = "j" if "i" in self.loops else "i"
        random = self.random.randint
        bounds = self.choose(
            (6, str(random(0, 8))), (2, "len(items)"), (2, f"{random(-3, 3)}, {random(0, 9)}"), (2, f"{random(3, 9)}, {random(-3, 2)}, -{random(1, 3)}"),
            (1, f"0, {random(5, 15)}, {random(1, 4)}"), (1 if self.profile == "int" else 0.1, f"{self.number()} % 7"), (0.2, "2**63 - 2, 2**63 + 1"),
        )  # fmt: skip
        self.loop(f"for {variable} in range({bounds}):", variable, budget, True)

    def statement_list(self, budget):
        variable = "j" if "i" in self.loops else "i"
        self.loop(f"for {variable} in {self.choose((4, 'items'), (1, 'pair'), (1, '[a, b, 1]'))}:", variable, budget, False)

    def statement_while(self, budget):
        counter = f"k{self.counters}"
        self.counters += 1
        self.emit(f"{counter} = 0")
        self.emit(f"while {counter} < {self.random.randint(1, 8)}" + (f" and ({self.condition()}):" if self.chance(0.5) else ":"))
        self.depth += 1
        self.emit(f"{counter} += 1")
        self.depth -= 1
        self.loops.append(counter)
        self.indices.append(counter)
        self.block(budget - 1)
        self.loops.pop()
        self.indices.pop()

    def statement_jump(self, budget):
        self.emit(f"if {self.condition()}:")
        self.emit(f"    {self.choose('break', 'continue')}")

    def statement_return(self, budget):
        self.emit(f"if {self.condition()}:")
        self.emit(f"    return {self.expression(1)}")

    def statement_global(self, budget):
        own = {"int": "G", "float": "H", "mixed": self.choose("G", "H")}[self.profile]
        self.emit(f"{own} = {self.expression(1)}")

    def statement_try(self, budget):
        self.emit("try:")
        self.block(budget - 1)
        self.emit(
            f"except {self.choose('ZeroDivisionError', 'TypeError', '(TypeError, ValueError, OverflowError)', 'ArithmeticError', 'Exception')} as error:"
        )
        self.emit(f"    {self.random.choice(NUMBERS)} = error.__traceback__.tb_lineno")
        if self.chance(0.3):
            self.emit("finally:")
            self.block(1)

    def statement_append(self, budget):
        self.emit("if len(items) < 9:")
        self.emit(f"    items.append({self.expression(1)})")

    def statement_delete(self, budget):
        self.emit(f"del {self.random.choice(NUMBERS[2:])}")

    def statement_change(self, budget):
        self.emit(
            f"{self.random.choice(NUMBERS)} = "
            + self.choose((4, f"float({self.number()})"), (2, f"int({self.number()})"), (2, f"bool({self.number()})"), (1, "None"))
        )

    # -- the program

    def function(self, name):
        self.profile = self.choose((4, "int"), (4, "float"), (3, "mixed"))
        self.calls = 2
        self.emit(f"def {name}(a, b, items, pair, o):")
        self.depth += 1
        self.emit("global G, H")
        self.emit(f"x, y, z, t = {', '.join(self.choose((3, self.constant()), (1, 'a'), (1, 'b')) for _ in range(4))}")
        self.depth -= 1
        self.block(self.amount(2, 3) if self.small else self.between(4, 6))
        self.emit(f"    return {self.choose((3, 'x, y, z, t'), (2, self.expression()), (1, 'a, b, t'))}")
        self.emit("")
        self.emit("")
        self.functions.append((name, self.profile))

    def arguments(self, *profiles):
        """Arguments of one call, each of one of the profiles."""
        tables = (ARGUMENTS, ARGUMENTS, LISTS, PAIRS, OBJECTS)
        return f"lambda: ({', '.join(self.random.choice(table[self.random.choice(profiles)]) for table in tables)})"

    def program(self):
        for number in range(self.amount(2, 3)):
            self.function(f"f{number}")
        for name, profile in self.functions:
            self.emit(f"drive({name}, [")
            for number in range(10):
                profiles = [
                    (profile,),
                    (profile,),
                    (profile, profile, "mixed"),
                    ("int", "float", "mixed"),
                    (profile, profile, profile, profile, "odd"),
                ][number % 5]
                self.emit(f"    {self.arguments(*profiles)},")
            self.emit(f"], {self.random.choice([30, 60, 100])})")
        return PRELUDE.lstrip() + "\n".join(self.lines) + "\n"
