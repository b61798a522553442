"""Programs over objects, exceptions, closures, generators and long loops."""

from .classes import Classes
from .expressions import Scope
from .prelude import PRELUDE

ARGUMENTS = ["1", "5", "-3", "0.5", "2**31 - 1", "2**63 - 1", "-(2**63)", "1e16", "True", "40", "7", "2**70", "-0.0"]
ODD = ["None", "'text'", "[1]", "1j", "Problem(3)"]
LISTS = ["[1, 2, 3]", "[5]", "[0.5, 1, 'a', None]", "[2**62, 0.5, True]", "['a', 'b', 'a']", "[(1, 2), [3]]", "[]", "list(range(6))"]


class Mixed(Classes):
    """Writes one program: classes, short functions that are made hot, and long loops that use both."""

    def locals(self):
        """The first lines of a body: every local that statements use."""
        self.emit(
            self.choose("s, u, w = '', None, 1", "s, u, w = 'ab', None, 0.5"),
            self.choose("v = 0", "v = 0.5", "v = None", "v = 'v'"),
            self.choose("d = dict()", "d = dict(k=0.5)", "d = dict.fromkeys(range(5), 1)"),
            "log = []",
        )

    def enter(self, **options):
        plain = self.chance(0.7)
        self.scope = Scope(cells=not plain and self.chance(0.5), plain=plain, **options)

    # -- short functions

    def short(self):
        """A function of a few statements; other functions may call it."""
        getattr(self, self.choose((4, "short_plain"), (2, "short_defaults"), (2, "short_star"), (2, "short_raising"), (2, "short_factory"), (1, "short_recursive")))()
        self.gap()

    def body(self, budget, names):
        """Statements over those parameters, and what they come to."""
        self.depth += 1
        self.emit("global R0, R1", f"x, y = {names[0]}, {names[-1]}", f"o = {self.instance()}", "items = list((1, 2.5, 3))", "objects = [o]")
        self.locals()
        self.enter(numbers=["x", "y", *names])
        self.statements(budget)
        self.emit(f"return {self.choose((6, 'x'), (3, self.number(1)), (1, 'u'), (1, 's'))}")
        self.depth -= 1

    def short_plain(self):
        name = self.fresh("h")
        self.emit(f"def {name}(a, b):")
        self.body(self.between(2, 3), ["a", "b"])
        self.functions.append((name, lambda level: f"{self.number(level)}, {self.choose((8, self.number(level)), (0.4, 's'), (0.4, 'b=2'))}"))

    def short_defaults(self):
        name = self.fresh("h")
        self.emit(f"def {name}(a, b={self.constant()}, *, c={self.constant()}):")
        self.body(2, ["a", "b", "c"])
        more = ["", f", {self.constant()}", ", c=2", ", b=x", ", 1, c=0.5", ", **{'c': 1}"]
        self.functions.append((name, lambda level: f"{self.number(level)}{self.pick(more)}"))

    def short_star(self):
        name = self.fresh("h")
        self.emit(f"def {name}(a, *args, {self.choose('', 'c=1, ')}**more):")
        self.depth += 1
        self.emit(self.choose("b = len(args) + len(more)", "b = sum(args)", "b = len(args) + more.get('k', 1)"))
        self.depth -= 1
        self.body(2, ["a", "b"])
        more = ["", ", 1", ", 1, 2.5", ", k=3", ", *[1, 2]", ", *(1,), k=2, z=1", ", **{'k': 0.5}"]
        self.functions.append((name, lambda level: f"{self.number(level)}{self.pick(more)}"))

    def short_raising(self):
        """Raises for some arguments; a caller has to catch it."""
        inner, name = self.fresh("h"), self.fresh("h")
        with self.under(f"def {inner}(a, b):"):
            self.emit(f"if a {self.choose('>', '<', '==')} {self.constant()}:", f"    raise {self.choose('ValueError(a)', 'Problem(a, b)', 'KeyError(b)', 'Problem')}", "return a")
        self.gap()
        with self.under(f"def {name}(a, b=1):"):
            with self.under("try:"):
                self.emit(f"return {inner}(a, b){self.choose('', ' + 1')}")
            with self.under(f"except {self.choose('ValueError', 'Problem', '(KeyError, Problem)')} as error:"):
                self.emit(self.choose("raise", "raise Problem(b) from error", "return b", "a = len(error.args)", "raise TypeError(a) from None"))
            if self.chance(0.5):
                with self.under("finally:"):
                    self.emit(self.choose("b = 3", "return 2.5", "b = a"))
            self.emit("return b")
        for callee in (inner, name):
            self.functions.append((callee, lambda level: f"{self.number(level)}, {self.number(level)}"))

    def short_factory(self):
        """Closures, made by a function: with a counter, or in a loop."""
        name = self.fresh("h")
        factory = f"make_{name}"
        with self.under(f"def {factory}(start):"):
            if self.chance(0.5):
                with self.under("def counted(k, step=1):"):
                    self.emit("nonlocal start", f"start = {self.choose('start + step', '(start + k) % 100', '-start', 'start + 0.5')}")
                    self.emit(f"return {self.expression_of('start', 'k', 'step')}")
                self.emit("return counted")
            else:
                self.emit(f"made = [lambda k, m=i: {self.expression_of('k', 'm', 'start')} for i in range(3)]", f"return made[{self.choose('0', '-1')}]")
        self.gap()
        self.emit(f"{name} = {factory}({self.constant()})")
        self.functions.append((name, lambda level: f"{self.number(level)}{self.choose('', '', ', 2')}"))

    def short_recursive(self):
        name = self.fresh("h")
        with self.under(f"def {name}(a, b=4):"):
            self.emit(f"if {self.choose('b <= 0', 'not b > 0', 'b < 1')}:", f"    return {self.choose('a', '1', '0.5', 'b')}")
            self.emit(f"return {self.expression_of('a', 'b')} + {name}({self.choose('a', 'a + 1', 'b')}, min(b, 9) - 1)")
        self.functions.append((name, lambda level: f"{self.number(level)}, {self.choose('3', 'n % 7' if 'n' in self.scope.indices else '5', '2.5')}"))

    # -- generators

    def generator(self):
        name = self.fresh("g")
        self.emit(f"def {name}(a, b):")
        self.depth += 1
        self.emit("global R0, R1", "x, y = a, b", f"o = {self.instance()}", "items = [1, 2, 'c']", "objects = [o]")
        self.locals()
        self.enter(numbers=["x", "y", "a"], yields=True)
        with self.under(f"for i in range({self.between(2, 7)}):"):
            self.scope.indices.append("i")
            self.scope.loop = 1
            self.emit(f"{self.choose('', 'u = ', 'v = ')}yield {self.number(1)}")
            self.statements(2)
        self.emit(f"return {self.choose('x', 'log')}")
        self.depth -= 1
        self.gap()
        self.generators.append(name)

    def talk(self, name):
        """Prints what one generator gives while it is sent, thrown and closed."""
        label = self.fresh("talk")
        with self.under(f"def {label}(a, b, log):"):
            self.emit("made = []", f"source = {name}(a, b)")
            with self.under("try:"):
                self.emit("made.append(next(source))")
                for _ in range(self.between(1, 4)):
                    made = self.choose(
                        (3, "next(source)"), (2, f"source.send({self.constant()})"), (1, f"source.throw({self.choose('ValueError(1)', 'Problem', 'KeyError(2)')})"), (0.5, "source.close()"),
                        (1, "[one for one in source]"), (1, "next(source, None)"),
                    )  # fmt: skip
                    self.emit(f"made.append({made})")
            with self.under("except (Exception, StopIteration) as error:"):
                self.emit("note(log, error)", "made.append(getattr(error, 'value', 'none'))")
            with self.under("finally:"):
                self.emit("source.close()")
            self.emit("return made")
        self.gap()
        return label

    # -- long loops

    def long(self, changes):
        """A function that loops long; the statements that call it."""
        name = self.fresh("m")
        self.emit(f"def {name}(x, y, items, objects):")
        self.depth += 1
        self.emit("global R0, R1", "o = objects[0]")
        self.locals()
        self.enter(calls=3)
        self.statements(self.between(0, 1))
        count = self.choose(1500, 4000, 12000)
        self.long_loop(count, 2 if self.small else self.between(3, 4))
        if changes and self.chance(0.7):
            self.changing(count, changes)
        self.emit("return x, y, s, v, u, w, n, items, d, o, log")
        self.depth -= 1
        self.gap()
        return [f"attempt('{name}', {name}, lambda: ({self.arguments()}))" for _ in range(self.between(1, 3))]

    def changing(self, count, changes):
        """A second, simple loop, in whose midst something is changed."""
        at = sorted(self.random.sample(range(5, count), 2))
        with self.under(f"for n in range({count}):"):
            self.emit("o = objects[n % len(objects)]")
            with self.under("try:"):
                for _ in range(self.between(1, 3)):
                    self.emit(self.choose(f"x = tame({self.foreign()})", f"v = {self.foreign()}", "y = o.step(n)", "o.p = o.q", f"w = {self.number_call(1)}", f"y = tame({self.number()})"))
            with self.under("except Exception as error:"):
                self.emit("note(log, error)")
            for number in at:
                self.emit(f"if n == {number}:", f"    {self.pick(changes)}(o, log)")

    def arguments(self):
        odd = ODD if self.chance(0.1) else ARGUMENTS
        objects = ", ".join(self.instance() for _ in range(self.between(1, 6)))
        return f"{self.pick(ARGUMENTS)}, {self.pick(odd)}, {self.pick(LISTS)}, [{objects}]"

    def top(self):
        """A long loop outside of any function."""
        with self.under("try:"):
            self.emit("x, y = 1, 2", "items = [1, 2.5]", "log = []", f"objects = [{self.instance()}, {self.instance()}]", "o = objects[0]")
            self.locals()
            self.scope = Scope(returns=False)
            self.long_loop(self.choose(300, 900), 3)
            self.emit("print('top', render([x, y, s, v, u, n, items, d, o, log, R0, R1]))")
        with self.under("except Exception as error:"):
            self.emit("print('top', render(error), lines_of(error))")
        self.emit("R0, R1 = 3, 0.5")

    # -- the program

    def program(self):
        self.family()
        for _ in range(self.amount(2, 4)):
            self.short()
        for _ in range(self.amount(0, 2)):
            self.generator()
        self.drive()
        changes = [self.change() for _ in range(self.amount(0, 2))]
        talks = [self.talk(self.pick(self.generators)) for _ in self.generators]
        calls = [call for _ in range(self.amount(1, 3)) for call in self.long(changes)]
        if self.chance(0.2 if self.small else 0.4):
            self.top()
        for name in talks:
            self.emit(f"for number in range({self.between(2, 5)}):", f"    attempt('{name}', {name}, lambda: (number, {self.constant()}, []))")
        for call in calls:
            self.emit(call)
            if changes and self.chance(0.3):
                self.emit(f"attempt('change', {self.pick(changes)}, lambda: ({self.instance()}, []))")
        if changes:
            self.emit(*calls)
            self.drive()
        return PRELUDE.lstrip() + "\n".join(self.lines) + "\n"

    def drive(self):
        """Makes the short functions hot with arguments of one kind, and calls them with others."""
        for name, _ in self.functions:
            makers = []
            for number in range(4):
                makers.append("lambda: (" + "".join([f"{self.pick(ARGUMENTS if number < 3 else ODD)}, " for _ in range(2 if number < 2 else self.choose(1, 2))]) + ")")
            self.emit(f"drive('{name}', {name}, [{', '.join(makers)}], {self.choose(60, 120, 250)})")
