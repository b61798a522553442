"""docutils makes HTML of a large document in reStructuredText, one that has mistakes, too."""

import io

from docutils.core import publish_string

CHAPTER = """\
Chapter {n}: *{word}*
=====================

.. _chapter-{n}:

Of {word} and ``code {n}``, **strong** |sub|; see `Chapter {m}: {other}`_, chapter-{m}_, [#note{n}]_ and [CIT{n}]_.
An `anonymous one`__, a URL https://example.org/{n}?a=b&c=d, H\\ :sub:`2`\\ O, :math:`x^{n} + \\frac{{1}}{{y}}`, :title:`{word}`.

__ https://example.org/anonymous/{n}

.. |sub| replace:: replaced

.. [#note{n}] A note on {word}.
.. [CIT{n}] A citation.

- one

  - one and a *half*
  - {n}. the end

- two

1. first
#. second

   a) under it
   b) and next

term : {word}
    Its definition, of two

    paragraphs.

:field: value {n}
:other field: - a list
              - in it

-a, --all=FILE  An option of {word}.
/V              Another.

.. code:: python

    def f_{n}(x):
        return "{word}" * x  # what it does

.. note:: To be noted in {n}.

   .. figure:: picture-{n}.png
      :alt: {word}
      :width: {n}0px

      Its caption.

.. table:: Numbers of {word}

   +-------+-----------+--------+
   | A     | B         | C      |
   +=======+===========+========+
   | {n:5} | wide cell          |
   +-------+-----------+--------+
   | tall  | * in      | {word:6} |
   |       | * cells   |        |
   +-------+-----------+--------+

=====  =====
x      y
=====  =====
{n:<5}  \\
2      {n}
=====  =====

.. csv-table::
   :header: a, b

   "{n}, and", {word}

| lines
|   of verse
| {word}

  "A quotation."

  -- {word}

>>> print({n})
{n}

Mistakes of {n}
---------------

A `broken reference, missing-{n}_ and *emphasis without end.

.. unknown:: {word}

.. image::
   :width: much
"""

WORDS = ["amber", "birch", "cedar", "dune", "ember", "fjord"]
HEAD = """\
========
Document
========

:Author: Nobody
:Version: 1

.. contents:: Table of contents
   :depth: 2
.. sectnum::
.. role:: title(emphasis)

"""


def document(chapters):
    parts = [HEAD]
    for n in range(1, chapters + 1):
        m = n % chapters + 1
        parts.append(CHAPTER.format(n=n, m=m, word=WORDS[n % len(WORDS)], other=WORDS[m % len(WORDS)]))
    return "\n".join(parts)


def main():
    complaints = io.StringIO()
    settings = {
        "_disable_config": True,
        "datestamp": None,
        "embed_stylesheet": False,
        "stylesheet_path": "",
        "math_output": "MathML",
        "halt_level": 5,
        "warning_stream": complaints,
    }
    html = publish_string(document(45), source_path="document.rst", writer="html5", settings_overrides=settings)
    print(html.decode())
    print(complaints.getvalue())


main()
