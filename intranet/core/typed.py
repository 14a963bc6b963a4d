"""Rich text for whoever writes it as plain text: how it stands in a text area without the editor, and how it is read back.

A text that plain paragraphs and lists can say is shown as such; any other one as HTML, a block a line. Either way, what
is not touched comes back as it was.
"""

from __future__ import annotations

import re
from copy import deepcopy
from html import escape, unescape
from itertools import groupby

from lxml import etree
from lxml import html as markup

from intranet.core import richtext

# What stands in the middle of words. Everything else at the top of a text is a block of its own.
_INLINE = {"a", "b", "br", "em", "i", "img", "s", "strong", "sub", "sup", "u"}
# A row of a table of two columns: "Consent | Written".
_ROW = re.compile(r"([^|\n]*[^|\s]) \|(?: ([^|\n]*))?")
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")


def shown(html: str) -> str:
    """A stored text, for somebody who types. Anything else, such as what was typed and refused, stays as it is."""
    if richtext.clean(html, pictures=True) != html:
        return html
    tree = markup.fragment_fromstring(html, create_parent="div")
    plain = "\n\n".join(_lines(block) for block in tree)
    if read(plain) == html:
        return plain
    blocks = [etree.tostring(block, encoding="unicode", method="html") for block in tree]
    return "\n".join(blocks) if "".join(blocks) == html else html


def read(text: str) -> str:
    """What somebody typed, as it is stored. In HTML, what stands outside of any block becomes paragraphs and lists."""
    text = text.replace("\r\n", "\n")
    if not richtext.looks_like_html(text):
        return richtext.clean("".join(map(_block, _BLANK_LINE.split(text.strip()))))
    tree = markup.fragment_fromstring(richtext.clean(text, pictures=True), create_parent="div")
    pieces = [(False, escape(tree.text or "", quote=False))]
    for element in tree:
        pieces.append(
            (element.tag not in _INLINE, etree.tostring(element, encoding="unicode", method="html", with_tail=False))
        )
        pieces.append((False, escape(element.tail or "", quote=False)))
    runs = groupby(pieces, key=lambda piece: piece[0])
    parts = (
        "".join(html for _, html in run) if block else _loose("".join(html for _, html in run)) for block, run in runs
    )
    return richtext.clean("".join(parts), pictures=True)


def _loose(run: str) -> str:
    """Words that stand between blocks: a blank line ends a paragraph, as in plain text."""
    return "".join(_paragraph(part.strip()) for part in _BLANK_LINE.split(run) if part.strip())


def _paragraph(part: str) -> str:
    if richtext.looks_like_html(part):
        return f"<p>{part.replace(chr(10), '<br>')}</p>"
    return _block(unescape(part))


def _block(part: str) -> str:
    rows = [_ROW.fullmatch(line.strip()) for line in part.splitlines()]
    if len(rows) > 1 and all(rows):
        return richtext.table_of((row[1], row[2] or "") for row in rows if row)
    return richtext.from_text(part)


def _lines(block: markup.HtmlElement) -> str:
    """A block as plain text. Whoever asks checks that nothing was lost."""
    block = deepcopy(block)
    if block.tag == "table":
        return "\n".join(" | ".join(cell.text_content() for cell in row).rstrip() for row in block.iter("tr"))
    if block.tag in {"ul", "ol"}:
        marks = (f"{number}. " if block.tag == "ol" else "- " for number in range(1, len(block) + 1))
        return "\n".join(mark + item.text_content() for mark, item in zip(marks, block, strict=True))
    for line in block.iter("br"):
        line.tail = "\n" + (line.tail or "")
    return str(block.text_content())
