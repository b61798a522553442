"""html5lib parses a large page that is full of mistakes, into two kinds of trees, and writes it out again."""

import html5lib
from html5lib.filters import alphabeticalattributes, inject_meta_charset, optionaltags, sanitizer, whitespace
from html5lib.serializer import HTMLSerializer
from html5lib.treewalkers import getTreeWalker

GOOD = """\
<section id=s{n} class='a b'><h2>Section {n} &amp; more</h2>
<p>Text of <em>section {n}</em>, with <a href="/{n}?a=1&amp;b=2" title="to &quot;{n}&quot;">a link</a> &copy; &#x263A; &#{code};</p>
<table><caption>Table</caption><tr><td>{n}<td colspan=2>wide<tr><th>head<td>x</table>
<ul><li>one<li>two<ul><li>in it</ul><li>three</ul>
<select name=x><option value=1>one<option selected>two</select>
<pre>
 kept   as it is {n}
</pre><svg viewbox="0 0 1 1"><title>in svg</title><path d="M0 0"/></svg>
<math><mi>x</mi><mo>&lt;</mo><mn>{n}</mn></math><!-- comment {n} --></section>
"""
BAD = [
    "<p><b><i>crossed {n}</b> over</i> and <a href=x>a<a href=y>b</a>",
    "<table><p>before {n}</p><td>cell<div>in</table></div> after",
    "<div {n}=a a=1 a=2 \"b\"=3 c=`d`><span/>text</br></p></em>",
    "&notanentity{n}; &amp &ampx &#0; &#x110000; &#128; &lt",
    "<script>if (a < {n}) document.write('<p>' + \"</scr\" + 'ipt>');</script>",
    "<!-- a -- b --!> <!doctype late> <?php echo {n} ?> </{n}>",
    "<textarea>\n<b>no tag</textarea><title>late <i></title>",
    "<form><form><input type=hidden value={n}></form><button><button>",
    "<ruby>a<rt>b<rp>c</ruby><dl><dt>t<dd>d<dt>u</dl><frameset><frame>",
    "nul \x00 and \x0c, {n} <style>p > b {{ }}</style><noscript><p></noscript>",
]


def page(sections):
    parts = ["<!DOCTYPE html PUBLIC '-//W3C//DTD HTML 4.01//EN'><title>Page</title><meta charset=utf-8>"]
    for n in range(sections):
        parts.append(GOOD.format(n=n, code=200 + n))
        parts.append(BAD[n % len(BAD)].format(n=n))
    return "\n".join(parts)


def serialise(tree, kind, **options):
    """The tree as text, by way of a walker and filters."""
    stream = alphabeticalattributes.Filter(getTreeWalker(kind)(tree))
    if options.pop("clean", False):
        stream = sanitizer.Filter(stream)
    if options.pop("short", False):
        stream = optionaltags.Filter(whitespace.Filter(inject_meta_charset.Filter(stream, "utf-8")))
    return HTMLSerializer(omit_optional_tags=False, **options).render(stream)


def main():
    source = page(200)
    for kind in ("etree", "dom"):
        parser = html5lib.HTMLParser(html5lib.getTreeBuilder(kind))
        tree = parser.parse(source)
        print(kind, len(parser.errors), "mistakes")
        for (line, column), name, details in parser.errors[:: 1 if kind == "etree" else 10]:
            print(line, column, name, sorted(details.items()))
        print(serialise(tree, kind))
        print(serialise(tree, kind, short=True, quote_attr_values="legacy"))
    fragment = html5lib.HTMLParser().parseFragment("<td onclick=evil()>x<script>1</script><a href='javascript:1' title=t>", container="tr")
    print(serialise(fragment, "etree", clean=True))


main()
