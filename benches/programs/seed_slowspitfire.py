"""A template engine in small, and a big table: templates become Python source, which writes into a list of strings.

Nested loops over ranges and lists, names looked up in a chain of dicts, a filter on every value, `str`, `replace` and a big join. `run(n)`
renders n tables of a thousand rows and columns, and returns the size of all and a checksum.
"""

import re
import zlib

DEFAULT = 24
BENCH = 1

ROWS = COLUMNS = 1000

PAGE = """\
<table summary="$title">
#for row in table
<tr class="${row.css}" id="${row.number|hexadecimal}">
#for column in row.columns
<td>$column</td>
#end
#if row.note
<td colspan="2">${row.note|shout}</td>
#end
</tr>
#end
</table>
$footer
"""

PLACEHOLDER = re.compile(r"\$(\w+)|\$\{([\w.]+)(?:\|(\w+))?\}")


class TemplateError(Exception):
    """A template that can't be understood."""


class Raw(str):
    """Text that is HTML already."""

    __slots__ = ()


class Compiler:
    """Makes the source of a function from the text of a template."""

    def __init__(self):
        self.lines = ["def render(self, names):", "    buffer = []", "    write = buffer.append"]
        self.depth = 1
        # Names that are variables of the function: those of the loops that are open.
        self.local = []
        self.blocks = []

    def emit(self, line):
        """Add a line of source."""
        self.lines.append("    " * self.depth + line)

    def expression(self, path):
        """The source of a name, or of a name and attributes."""
        name, *attributes = path.split(".")
        source = name if name in self.local else f"self.look_up(names, {name!r})"
        for attribute in attributes:
            source = f"self.get(({source}), {attribute!r})"
        return source

    def text(self, line):
        """A line that is text, with placeholders."""
        end = 0
        for match in PLACEHOLDER.finditer(line):
            if match.start() > end:
                self.emit(f"write({line[end : match.start()]!r})")
            end = match.end()
            source = self.expression(match[1] or match[2])
            if match[3]:
                source = f"self.filters[{match[3]!r}]({source})"
            self.emit(f"write(self.finish({source}))")
        if end < len(line):
            self.emit(f"write({line[end:]!r})")

    def directive(self, words):
        """A line that begins with #."""
        match words:
            case ["for", name, "in", path]:
                self.emit(f"for {name} in {self.expression(path)}:")
                self.open("for", name)
            case ["if", path]:
                self.emit(f"if {self.expression(path)}:")
                self.open("if", None)
            case ["end"] if self.blocks:
                _, name = self.blocks.pop()
                if name is not None:
                    self.local.remove(name)
                self.depth -= 1
            case _:
                raise TemplateError(f"can't understand #{' '.join(words)}")

    def open(self, kind, name):
        """Begin a block."""
        self.blocks.append((kind, name))
        if name is not None:
            self.local.append(name)
        self.depth += 1

    def compile(self, text):
        """The function for the whole template."""
        for line in text.splitlines(keepends=True):
            if line.startswith("#"):
                self.directive(line[1:].split())
            else:
                self.text(line)
        if self.blocks:
            raise TemplateError(f"#{self.blocks[-1][0]} without #end")
        self.emit('return "".join(buffer)')
        space = {}
        exec(compile("\n".join(self.lines), "<template>", "exec"), space)
        return space["render"]


class Template:
    """A compiled template with its filters and what it knows of itself."""

    def __init__(self, text, filters, globals):
        self.function = Compiler().compile(text)
        self.filters = filters
        self.globals = globals

    def render(self, **names):
        """The template's text with these names."""
        return self.function(self, names)

    def look_up(self, names, name):
        """A name: of the call, or else one of the template's own."""
        if name in names:
            return names[name]
        try:
            return self.globals[name]
        except KeyError:
            raise TemplateError(f"no {name!r}") from None

    def get(self, thing, name):
        """A part of a thing: a key of a dict, or an attribute."""
        if isinstance(thing, dict):
            return thing[name]
        return getattr(thing, name)

    def finish(self, value):
        """The text for a value: what isn't HTML already is escaped."""
        if isinstance(value, Raw):
            return value
        if isinstance(value, int):
            # No number has anything to be escaped.
            return str(value)
        if value is None:
            return ""
        return escape(str(value))


def escape(text):
    """Text for HTML."""
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text or ">" in text:
        text = text.replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;")


def shout(value):
    """A filter: emphasis."""
    return Raw(f"<em>{escape(str(value)).upper()}</em>")


def hexadecimal(value):
    """A filter: numbers in base 16."""
    return f"{value:04x}"


class Row:
    """A row of the table."""

    def __init__(self, number):
        self.number = number
        self.css = "even" if number % 2 == 0 else "odd"
        # Most rows have numbers, every fourth has words among them.
        self.columns = range(number, number + COLUMNS)
        if number % 4 == 3:
            self.columns = [f"<{column}>" if column % 5 == 0 else column for column in self.columns]
        self.note = f'every ninth & "noted": {number}' if number % 9 == 0 else None


def run(n):
    """Render n tables."""
    template = Template(PAGE, {"shout": shout, "hexadecimal": hexadecimal}, {"footer": Raw("<hr>"), "title": "?"})
    checksum = size = 0
    for number in range(n):
        table = [Row(row) for row in range(number, number + ROWS)]
        text = template.render(title=f"{number} < {n}", table=table)
        size += len(text)
        checksum = zlib.crc32(text.encode(), checksum)
    return f"{size} characters, {checksum:08x}"


if __name__ == "__main__":
    from support import main

    main("seed_slowspitfire", run, DEFAULT, BENCH)
