"""Django's template engine: a table of numbers and words as a page of HTML.

Nodes that render themselves, variables looked up in a stack of contexts, filters, escaping, and a list of strings joined at the end.
`run(n)` renders the page n times, each with another table, and returns the size of all and a checksum.
"""

import zlib

from support import require

require("django")

from django.conf import settings  # noqa: E402 - asked for first
from django.template import Context, Engine  # noqa: E402

DEFAULT = 70
BENCH = 3

ROWS = COLUMNS = 120

PAGE = """\
<!doctype html>
<title>{{ title|title }}</title>
<table class="{{ css|default:'plain' }}">
{% for row in table %}<tr class="{% cycle 'odd' 'even' %}"><th>{{ forloop.counter }}</th>
{% for column in row.cells %}<td>{{ column }}</td>
{% endfor %}{% if row.note %}<td>{{ row.note|upper|truncatechars:14 }}</td>{% else %}<td>-</td>{% endif %}</tr>
{% endfor %}</table>
{% with size=table|length %}<p>{{ size }} row{{ size|pluralize }}{% endwith %}
"""
NOTES = ("", "a < b", "Smith & Sons, brewers", "", 'it\'s "quoted"', "nothing of note")


class Row:
    """A line of the table; templates get at its parts by name."""

    def __init__(self, cells, note):
        self.cells = cells
        self.note = note


def make_table(number):
    """Rows of whole numbers, every seventh a word that has to be escaped."""
    table = []
    for row in range(ROWS):
        cells = [f"<{column}>" if (row + column) % 7 == 0 else row * column + number for column in range(COLUMNS)]
        table.append(Row(cells, NOTES[(row + number) % len(NOTES)]))
    return table


def run(n):
    """Render the page n times."""
    if not settings.configured:
        # Numbers are written as the settings tell.
        settings.configure(USE_I18N=False, USE_TZ=False)
    page = Engine().from_string(PAGE)
    checksum = size = 0
    for number in range(n):
        context = Context({"title": f"table number {number}", "table": make_table(number), "css": "wide" if number & 1 else ""})
        text = page.render(context)
        size += len(text)
        checksum = zlib.crc32(text.encode(), checksum)
    return f"{size} characters, {checksum:08x}"


if __name__ == "__main__":
    from support import main

    main("seed_django", run, DEFAULT, BENCH)
