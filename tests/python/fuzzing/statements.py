"""Statements over locals of many types: loops, exceptions, matches, closures."""

from .expressions import ERRORS, FACTORS, WORDS, Expressions

PLAIN = [
    (8, "assign"), (6, "augment"), (2, "swap"), (3, "attribute"), (2, "item"), (2, "text"), (2, "value"), (1, "slice"), (1, "global"), (0.4, "delete"),
    (1, "change"), (0.5, "object"), (1, "append"), (1, "mapping"),
]  # fmt: skip
RICH = [(1, "mapping"), (1, "set"), (1, "text"), (0.5, "slice"), (1, "star"), (0.3, "delete"), (1, "lambda"), (0.7, "comprehension")]


class Statements(Expressions):
    """Writes statements and the bodies of functions."""

    def statement(self, budget):
        scope = self.scope
        nested = budget > 1 and self.depth < 9
        loops = nested and scope.loop < 2
        rich = nested and not scope.plain
        kind = self.choose(
            *PLAIN, *([] if scope.plain else RICH), (5 if nested else 0, "if"), (4 if nested else 0, "try"), (1.5 if rich else 0, "with"), (2 if rich else 0, "match"),
            (5 if loops else 0, "for"), (2 if loops else 0, "while"), (2 if scope.loop else 0, "jump"), (1 if scope.returns else 0, "return"),
            (0.8, "raise"), (0.2 if rich else 0, "group"), (0.3, "assert"), (4 if scope.yields else 0, "yield"), (1.5 if scope.cells and nested else 0, "closure"),
        )  # fmt: skip
        getattr(self, f"statement_{kind}")(budget)

    def statements(self, budget):
        for _ in range(max(1, budget)):
            self.statement(budget)

    # -- simple statements

    def target(self):
        return self.pick(self.scope.numbers)

    def statement_assign(self, budget):
        self.emit(f"{self.target()} = {self.choose('', '', '', 'w = ')}{self.number()}")

    def statement_augment(self, budget):
        target = self.choose((6, self.target()), (2, f"o.{self.choose('p', 'q', 'rate')}"), (1, f"items[{self.index()} % len(items)]"), (1, "v"), (0.7, f"d[{self.key()}]"))
        if target == "v":
            self.emit(f"v += {self.choose('1', '0.5', self.pick(WORDS), '[1]', self.index())}")
            return
        self.emit(f"{target} {self.choose('+=', '-=')} {self.number(1)}" if len(target) > 1 or self.chance(0.7) else f"{target} *= {self.pick(FACTORS)}")

    def statement_swap(self, budget):
        self.emit(self.choose("x, y = y, x", f"x, y = y, x {self.choose('+', '-')} 1", f"x, w, y = {self.number(1)}, y, x", f"w = x = {self.number(1)}"))

    def statement_attribute(self, budget):
        name = self.choose((5, "p"), (5, "q"), (1, "rate"), (1, "extra"), (1, "hidden"))
        self.emit(self.choose((10, f"o.{name} = {self.number(1)}"), (1, f"o.{name} = {self.other()}"), (0.5, f"del o.{name}"), (2, f"o.step({self.number(1)})")))

    def statement_item(self, budget):
        self.emit(f"items[{self.index()} % len(items)] = {self.value()}")

    def statement_mapping(self, budget):
        key = self.key()
        rich = 0 if self.scope.plain else 1
        self.emit(
            self.choose(
                (4, f"d[{key}] = {self.number(1)}"), (1, f"del d[{key}]"), (rich, f"d |= {{{key}: 1}}"), (1, f"d.update(k={self.number(2)})"), (rich / 2, f"x = len({{**d, {key}: 3}})"),
            )  # fmt: skip
        )

    def statement_set(self, budget):
        parts = [f"{{{self.index()} % 4, 1}}", "{x % 3, 'a'}", "set(range(3))", "{*s}"]
        self.emit(f"u = {self.pick(parts)} {self.choose('|', '&', '-', '^')} {self.pick(parts)}")

    def statement_text(self, budget):
        self.emit(f"s {self.choose('+', '')}= {self.text()}", "s = s[-9:]") if self.chance(0.4) else self.emit(f"s = {self.text()}")

    def statement_value(self, budget):
        self.emit(self.choose((3, f"v = {self.number(1)}"), (2, f"v = {self.foreign()}"), (1, f"v = {self.text()}"), (1, f"u = {self.foreign()}"), (0.6, f"u = {self.listed()}")))

    def statement_slice(self, budget):
        self.emit(self.choose((2, f"items = {self.listed()}"), f"u = items[{self.slice()}]", f"items[1:2] = [{self.number(2)}]", "items[:] = items[::-1]", "del items[9:]"))

    def statement_star(self, budget):
        self.emit(self.choose("u, *v = items", "*u, w = x, y, 1", "(u, w), *v = (s[:2] or 'ab'), 1, x", "u, v = items", "u, w = x, 2", f"u, v = {self.text()}, s"))

    def statement_global(self, budget):
        self.emit(f"{self.choose('R0', 'R1')} = tame({self.number(1)})")

    def statement_delete(self, budget):
        name = self.choose("w", "x", "v")
        with self.under("try:"):
            self.emit(f"del {name}")
            self.statement(0)
            self.emit(f"x = {name} - 1")
        with self.under("except NameError as error:"):
            self.emit("note(log, error)")
        self.emit(f"x = v = w = {self.atom().replace('x', '1')}")

    def statement_lambda(self, budget):
        if self.depth > 3 or len(self.scope.lambdas) > 2:
            self.statement_assign(budget)
            return
        name = self.fresh("l")
        default = self.number(2)
        body = self.inner("k", lambda: self.number(1))
        self.emit(f"{name} = lambda k, m={default}: {body.replace('R0', 'm')}")
        if not self.scope.loop:
            self.scope.lambdas.append(name)
        self.emit(f"y = {name}({self.number(2)})")

    def statement_comprehension(self, budget):
        self.emit(f"u = {self.comprehension()}")

    def statement_change(self, budget):
        """One iteration in which a type changes; outside of a long loop, another type."""
        value = self.other()
        if not self.scope.long:
            self.emit(f"v = {value}")
            return
        with self.under(f"if n == {self.between(10, self.scope.long)}:"):
            self.emit(
                self.choose(
                    (4, f"v = {value}"), (1, f"x = float({self.target()})"), (1, "x = 2**64"), (1, f"y = {self.choose('0.5', '3', 'True', '2**65', 'None')}"), (1, f"o.p = {value}"),
                    (1, f"items[0] = {value}"), (1, f"R0 = {self.choose('7', '2.5', '2**66')}"),
                )  # fmt: skip
            )

    def statement_object(self, budget):
        self.emit(self.choose((3, "o = objects[int(x) % len(objects)]"), (2, f"o = {self.instance() if self.classes else 'Problem(1)'}"), (0.2, "o = None")))

    def statement_append(self, budget):
        with self.under(f"if len(items) < {self.between(3, 9)}:"):
            self.emit(f"items.append({self.value()})")

    # -- branches

    def nested(self, budget):
        self.depth += 1
        self.statements(budget)
        self.depth -= 1

    def statement_if(self, budget):
        self.emit(f"if {self.condition()}:")
        self.nested(budget - 1)
        if self.chance(0.3):
            self.emit(f"elif {self.condition()}:")
            self.nested(budget - 2)
        if self.chance(0.4):
            self.emit("else:")
            self.nested(budget - 2)

    def statement_match(self, budget):
        subject = self.choose("v", "u", "o", "s", "items[:3]", "(x, v)", f"{self.index()} % 5", f"[s, {self.index()} % 3]", "d")
        name = self.pick(self.classes or ["Thing"])
        patterns = [
            "0 | 1", "2", "'a' | ''", "[u, 1]", "[u, *v]", "(1, u)", "{'k': u}", "{1: u, **v}", f"{name}(p=u)", f"{name}()", "str() as u", "int() | float()", "None",
            "[]", "[int() as w, _]", "float(u)", "bool()", "-1 | 0.5", "[[u], *_]",
        ]  # fmt: skip
        with self.under(f"match {subject}:"):
            for pattern in self.random.sample(patterns, self.between(2, 4)):
                self.emit(f"case {pattern}{f' if {self.condition(2)}' if self.chance(0.25) else ''}:")
                self.nested(budget - 2)
            if self.chance(0.6):
                self.emit("case _:")
                self.nested(budget - 2)

    # -- exceptions

    def statement_try(self, budget):
        self.emit("try:")
        self.nested(budget - 1)
        caught = self.chance(0.9)
        if caught:
            for _ in range(self.between(1, 2)):
                self.handler(budget)
            if self.chance(0.3):
                self.emit("else:")
                self.nested(budget - 2)
        if not caught or self.chance(0.3):
            self.last_words(budget)

    def handler(self, budget):
        kinds = self.choose("Exception", "Exception", self.pick(ERRORS), f"({self.pick(ERRORS)}, {self.pick(ERRORS)})", "LookupError", "ArithmeticError")
        with self.under(f"except {kinds} as error:"):
            self.emit("note(log, error)")
            if self.chance(0.4):
                self.statements(budget - 2)
            if self.chance(0.12):
                self.emit(self.choose("raise", f"raise Problem(x) from {self.choose('error', 'None')}", "raise KeyError(s)"))

    def last_words(self, budget):
        yields, self.scope.yields = self.scope.yields, False
        self.emit("finally:")
        self.nested(budget - 2)
        self.scope.yields = yields
        # A generator that goes on after GeneratorExit would be reported with its address.
        if self.chance(0.25) and self.scope.loop and not yields:
            with self.under(f"    if {self.condition(1)}:"):
                self.emit(self.choose((4, "    continue"), (1, "    break")))

    def statement_with(self, budget):
        manager = f"Context(log, {self.choose('True', 'False', f'{self.index()} % 2', self.condition(2))})"
        self.emit(f"with {manager}{self.choose('', '', ' as u', ', Context(log, x)')}:")
        self.nested(budget - 1)

    def statement_raise(self, budget):
        when = f"{self.index()} % {self.between(3, 60)} == 2" if self.scope.indices else self.condition(1)
        self.emit(f"if {when}:")
        error = self.choose(f"{self.pick(ERRORS)}({self.atom()})", f"Problem({self.text()}, {self.index()})", "ValueError")
        self.emit(f"    raise {error}{self.choose('', '', '', ' from None')}")

    def statement_assert(self, budget):
        self.emit(f"assert {self.condition(1)}, {self.text()}")

    def statement_group(self, budget):
        with self.under("try:"):
            self.emit(f"raise ExceptionGroup('group', [{self.pick(ERRORS)}({self.atom()}), {self.pick(ERRORS)}(1)])")
        with self.under(f"except* {self.pick(ERRORS)} as error:"):
            self.emit("note(log, error.exceptions[0])")
        with self.under("except* Exception as error:"):
            self.emit("note(log, error.exceptions[0])")

    # -- loops

    def late(self):
        """A condition that a long loop meets only towards its end."""
        scope = self.scope
        return f"n > {self.between(scope.long * 3 // 4, scope.long)} and ({self.condition(1)})" if scope.long else self.condition(1)

    def statement_jump(self, budget):
        if self.scope.long and self.scope.loop == 1 and self.chance(0.4):
            self.emit(f"if {self.late()}:", "    break")
            return
        self.emit(f"if {self.condition(1)}:")
        self.emit("    continue" if self.scope.loop == 1 and self.scope.long else f"    {self.choose('break', 'continue')}")

    def statement_return(self, budget):
        self.emit(f"if {self.late()}:")
        self.emit(f"    return {self.choose('x', 's', 'v', '(x, y)', 'None')}")

    def statement_for(self, budget):
        """A short loop."""
        name, other = self.fresh("i"), self.fresh("j")
        integer = True
        stop = self.between(0, 6)
        head = self.choose(
            (6, f"{name} in range({stop})"), (1, f"{name} in range({self.between(3, 8)}, {stop}, -{self.between(1, 2)})"), (1, f"{name} in range({self.index()} % 5)"),
            (2, f"{name}, {other} in enumerate({self.choose('items', 's', '(x, y, v)')})"), (2, f"{name}, {other} in zip(range({stop}), items)"),
            (1, f"{name}, ({other}, w) in enumerate(zip(s, items))"), (1, f"{name} in counting({stop})"), (0.5, f"{name} in [1, 2, 5]"), (0.5, f"{name} in {{1, 2, 3}}"),
        )  # fmt: skip
        if self.chance(0.35):
            integer = False
            generators = [f"{generator}({self.number(2)}, {stop})" for generator in self.generators]
            source = self.choose("items", "(x, s, y)", "s", "d", "list(d.items())", "o", "reversed(items)", *generators)
            if not self.scope.plain and self.chance(0.15):
                source = f"({self.generator_expression()})"
            head = f"{name} in {source}"
        self.emit(f"for {head}:")
        self.loop_body(budget - 1, name, integer)

    def statement_while(self, budget):
        name = self.fresh("k")
        self.emit(f"{name} = 0")
        with self.under(f"while {name} < {self.between(1, 6)}{f' and ({self.condition(1)})' if self.chance(0.4) else ''}:"):
            self.emit(f"{name} += 1")
        self.loop_body(budget - 1, name, True)

    def loop_body(self, budget, name, integer):
        scope = self.scope
        names = scope.indices if integer else scope.loops
        calls, scope.calls = scope.calls, min(scope.calls, 1)
        names.append(name)
        scope.loop += 1
        self.nested(budget)
        scope.loop -= 1
        names.pop()
        scope.calls = calls
        if self.chance(0.15):
            self.emit("else:")
            self.nested(1)

    def long_loop(self, count, budget):
        """A loop that is entered once and runs long, or one in another. It counts its iterations in n."""
        self.emit("n = i = j = 0")
        rounds = self.choose((4, 1), (1, 7), (1, 60))
        if rounds == 1:
            self.one_long_loop(count, count, budget)
        else:
            with self.under(f"for t in range({rounds}):"):
                if self.chance(0.4):
                    self.statement(1)
                self.one_long_loop(count // rounds, count, budget)
                if self.chance(0.4):
                    self.statement(1)
        if self.chance(0.3):
            self.emit("else:")
            self.nested(1)

    def one_long_loop(self, count, total, budget):
        name, other = "i", "j"
        rich = 0 if self.scope.plain else 1
        source = self.choose(
            (5, f"{name} in range({count})"), (1, f"{name} in range({count}, 0, -1)"), (1, f"{name} in range(3, {count * 3}, 3)"), (1, f"{name} in list(range({count}))"),
            (2, f"{name}, {other} in enumerate((1, 2.5, 'a', None) * {count // 4})"), (2, f"{name}, {other} in zip(range({count}), objects * {count})"),
            (rich, f"{name}, {other} in {{k: k * 0.5 for k in range({count})}}.items()"), (2, f"{name} in counting({count})"), (rich, f"{name} in (k * 3 for k in range({count}))"),
            (1, f"{name} in tuple(range({count}))"), (1, f"{name}, {other} in dict.fromkeys(range({count}), 0.5).items()"), (1, f"{name} in map(int, (True, 2, 3.5) * {count // 3})"), (1, f"{name} in list((2**40, 5, -7)) * {count // 3}"), (2, "while"),
        )  # fmt: skip
        self.emit(*["j = 0", f"while n < {total} and j < {count}:"] if source == "while" else [f"for {source}:"])
        self.depth += 1
        self.emit(*["j += 1", "n += 1"] if source == "while" else ["n += 1"])
        with self.under("if n % 32 == 0:"):
            self.emit("x, y, s, v, u = tame(x), tame(y), tame(s), tame(v), tame(u)", "items[:] = tame_all(items)")
        if self.chance(0.7):
            self.emit(self.choose((3, "o = objects[n % len(objects)]"), (1, f"o = objects[n // {self.between(20, 400)} % len(objects)]")))
        self.depth -= 1
        scope = self.scope
        scope.long, scope.loop = total, 1
        scope.indices += ["n", "i"]
        scope.loops.append("j" if other in source else "v")
        self.guarded(budget)
        scope.long = scope.loop = 0
        scope.indices.clear()
        scope.loops.clear()

    def guarded(self, budget):
        """The body of a long loop, as a rule in a try, so that it goes on."""
        self.depth += 1
        parts = [(True, budget - 1), (self.chance(0.5), 2)] if self.chance(0.85) else [(False, budget)]
        for guarded, size in parts:
            if not guarded:
                self.statements(size)
                continue
            self.emit("try:")
            self.nested(size)
            with self.under("except Exception as error:"):
                self.emit("note(log, error)")
                if self.chance(0.3):
                    self.emit(self.choose("continue", "x = 1", "v = None", "items = [1, 2]", f"o = {self.instance() if self.classes else 'v'}"))
        self.depth -= 1

    # -- generators and closures

    def statement_yield(self, budget):
        self.emit(self.choose((3, f"yield {self.number(1)}"), (1, "u = yield x"), (1, "yield s, y"), (0.5, f"yield from ({self.generator_expression()})"), (0.5, "v = yield from counting(2)")))

    def statement_closure(self, budget):
        """A function in the function, and calls of it."""
        name, cell = self.fresh("c"), self.pick(["x", "y", "v"])
        with self.under(f"def {name}(k, m={self.number(2)}, *rest, {self.choose('', 'step=2, ')}**more):"):
            if self.chance(0.5):
                self.emit(f"nonlocal {cell}", f"{cell} = {self.choose(f'{cell} + 1', 'k', '(k, m)[0]', '0.5')}")
            self.emit(f"return {self.inner('k', lambda: self.number(1))} {self.choose('+ len(rest)', '- m', '+ len(more)')}")
        self.emit(f"y = {name}({self.choose(self.number(2), f'{self.atom()}, 1, 2, z=3', '*[1, 2, 3]', '**dict(k=1, m=2)')})")
        if not self.scope.loop and self.depth < 3:
            self.scope.lambdas.append(name)
