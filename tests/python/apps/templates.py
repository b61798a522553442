"""Jinja2, Mako and Genshi each render a table, and a page that inherits from another."""

import jinja2
from genshi.template import MarkupTemplate, TemplateLoader
from mako.exceptions import text_error_template
from mako.lookup import TemplateLookup

ROWS = [{"id": number, "name": f"<row {number} & co>", "cells": [number * factor % 97 for factor in range(1, 9)]} for number in range(600)]

JINJA = {
    "base.html": """\
<title>{% block title %}Base{% endblock %}</title>
{% macro cell(value, kind="td") -%}<{{ kind }}>{{ value }}</{{ kind }}>{%- endmacro %}
{% block body %}{% endblock %}
{% include "foot.html" ignore missing %}
""",
    "foot.html": "<p>{{ rows|map(attribute='id')|sum }} in {{ rows|length }} rows</p>",
    "page.html": """\
{% extends "base.html" %}{% from "base.html" import cell with context %}
{% block title %}{{ super() }} of {{ rows|length }}{% endblock %}
{% block body %}{% set ns = namespace(total=0) %}<table>
{% for row in rows if row.id is not divisibleby 5 %}<tr class="{{ loop.cycle('odd', 'even') }}">{{ cell(row.name, "th") }}
{%- for value in row.cells|sort(reverse=true) %}{{ cell("%02d"|format(value)) }}{% set ns.total = ns.total + value %}{% endfor %}</tr>
{% else %}nothing{% endfor %}</table>{{ ns.total }} {{ rows|batch(7)|list|length }} {{ rows[3].name|upper|truncate(8, true) }}
{% filter indent(2) %}{{ rows|groupby("id")|first|first }}
{{ rows[0:3]|tojson }}{% endfilter %}{% endblock %}
""",
    "broken.html": "{% for row in rows %}{{ row.nothing.at.all }}{% endfor %}",
}

MAKO = {
    "base.html": """\
<title><%block name="title">Base</%block></title>
${self.body()}
<p>${sum(row["id"] for row in rows)} in ${len(rows)} rows</p>
""",
    "page.html": """\
<%inherit file="base.html"/>
<%block name="title">${parent.title()} of ${len(rows)}</%block>
<%! from functools import partial
def wide(text):
    return " ".join(text)
%>
<%def name="cell(value, kind='td')"><${kind}>${value | h}</${kind}></%def>
<%def name="boxed()">[${caller.head()}: ${caller.body()}]</%def>
<table>
% for row in rows:
<% if row["id"] % 5 == 0: continue %>
<tr class="${loop.cycle('odd', 'even')}">${cell(row["name"], "th")}\\
% for value in sorted(row["cells"], reverse=True):
${cell("%02d" % value)}\\
% endfor
</tr>
% endfor
</table>
<%self:boxed><%def name="head()">head of ${len(rows)}</%def>body</%self:boxed>
${rows[3]["name"] | n,wide,h} ## a comment
""",
    "broken.html": "% for row in rows:\n${row['nothing']}\n% endfor\n",
}

GENSHI = {
    "base.html": """\
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:py="http://genshi.edgewall.org/" py:strip="">
<py:match path="head"><head><title>Base of ${len(rows)}</title>${select('*|text()')}</head></py:match>
<py:def function="cell(value, kind='td')"><td py:if="kind == 'td'">$value</td><th py:if="kind != 'td'">$value</th></py:def>
</html>
""",
    "page.html": """\
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:py="http://genshi.edgewall.org/" xmlns:xi="http://www.w3.org/2001/XInclude">
<xi:include href="base.html"/>
<head><meta name="a" content="${rows[1]['id']}"/></head>
<body><table py:with="total = sum(row['id'] for row in rows)">
<tr py:for="i, row in enumerate(rows)" py:if="row['id'] % 5" class="${i % 2 and 'odd' or 'even'}">${cell(row['name'], 'th')}
<py:for each="value in sorted(row['cells'], reverse=True)">${cell('%02d' % value)}</py:for></tr>
<tr><td py:choose="len(rows)"><b py:when="1">one</b><i py:otherwise="">$total</i></td></tr>
</table></body></html>
""",
    "broken.html": '<p xmlns:py="http://genshi.edgewall.org/"><b py:for="row in rows">${row.nothing.more}</b></p>',
}


def jinja_pages():
    environment = jinja2.Environment(loader=jinja2.DictLoader(JINJA), autoescape=True, trim_blocks=True)
    yield environment.get_template("page.html").render(rows=ROWS)
    yield environment.from_string("{% if rows is mapping %}a{% else %}{{ rows|first|default('none') }}{% endif %}").render(rows=[])
    try:
        environment.get_template("broken.html").render(rows=ROWS)
    except jinja2.UndefinedError as error:
        yield f"{type(error).__name__}: {error}"
    try:
        environment.from_string("{% for %}")
    except jinja2.TemplateSyntaxError as error:
        yield f"{type(error).__name__}: {error}"


def mako_pages():
    lookup = TemplateLookup()
    for name, text in MAKO.items():
        lookup.put_string(name, text)
    yield lookup.get_template("page.html").render(rows=ROWS)
    try:
        lookup.get_template("broken.html").render(rows=ROWS)
    except KeyError as error:
        yield f"{type(error).__name__}: {error}"
        # It turns the lines of the traceback into those of the template.
        yield "\n".join(line for line in text_error_template().render().splitlines() if "broken" in line or "nothing" in line)


class Texts(TemplateLoader):
    """Templates out of a dict."""

    def load(self, filename, relative_to=None, cls=None, encoding=None):
        return MarkupTemplate(GENSHI[filename], filepath=filename, filename=filename, loader=self)


def genshi_pages():
    loader = Texts()
    page = loader.load("page.html")
    for method in ("xhtml", "html", "xml", "text"):
        yield page.generate(rows=ROWS).render(method)
    try:
        loader.load("broken.html").generate(rows=ROWS).render()
    except Exception as error:
        yield f"{type(error).__name__}: {error}"


for pages in (jinja_pages, mako_pages, genshi_pages):
    for page in pages():
        print(f"---- {pages.__name__}: {len(page)}")
        print(page)
