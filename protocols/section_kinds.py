"""What a heading says about its section, and the shape that a section of a kind needs to be drawn as one."""

from __future__ import annotations

import re
from html import escape

from lxml import html as markup

from intranet.core import richtext
from protocols.models import SectionKind

# By how a heading reads; the first that fits.
NAMES = (
    (r"contra-?indicat|^do not\b", SectionKind.CONTRAINDICATIONS),
    (r"precaution|^take care\b", SectionKind.PRECAUTIONS),
    (r"^key facts?$", SectionKind.KEY_FACTS),
    (r"^(steps?|techniques?|procedures?)$", SectionKind.STEPS),
    (r"^if something goes wrong|adverse event|emergenc", SectionKind.IF_WRONG),
    (r"^evidence\b", SectionKind.EVIDENCE),
    (r"^(references?|sources?|bibliography|literature)\b", SectionKind.REFERENCES),
)
LISTS = {
    SectionKind.CONTRAINDICATIONS: "ul",
    SectionKind.PRECAUTIONS: "ul",
    SectionKind.STEPS: "ol",
    SectionKind.REFERENCES: "ol",
}
# What a page draws from points and rows: without them it would not stand out, or not be there at all.
SHAPES = {
    SectionKind.CONTRAINDICATIONS: "a list",
    SectionKind.PRECAUTIONS: "a list",
    SectionKind.KEY_FACTS: "a table of two columns",
}
FACT = re.compile(r"([^:]{1,60}):\s+(\S.*)")


def kind_named(heading: str) -> SectionKind:
    """The kind after which a section is named; text when its name says nothing."""
    words = " ".join(heading.split()).rstrip(" :.")
    return next((kind for name, kind in NAMES if re.search(name, words, re.IGNORECASE)), SectionKind.TEXT)


def shaped(kind: str, body: str) -> str:
    """A cleaned body as its kind is written: plain paragraphs as points, or as facts. Anything else stays as it is."""
    if kind == SectionKind.KEY_FACTS:
        return _facts(body)
    tag = LISTS.get(SectionKind(kind))
    return _listed(body, tag) if tag else body


def is_drawn(kind: str, body: str) -> bool:
    """Whether a page that draws the body as this kind shows all of it."""
    if kind == SectionKind.KEY_FACTS:
        return _is_table_of_facts(body)
    return kind not in SHAPES or "<ul>" in body or "<ol>" in body


def _listed(body: str, tag: str) -> str:
    """Paragraphs as the points of a list; one that ends with a colon leads to the points and stays before them."""
    blocks = list(_tree(body))
    if not blocks or any(block.tag != "p" or next(block.iter("img"), None) is not None for block in blocks):
        return body
    points = [block for block in blocks if not block.text_content().rstrip().endswith(":")]
    if not points:
        return body
    first = blocks.index(points[0])
    lead = "".join(markup.tostring(block, encoding="unicode") for block in blocks[:first])
    inner = "".join(f"<li>{_without_its_mark(block)}</li>" for block in blocks[first:])
    return richtext.clean(f"{lead}<{tag}>{inner}</{tag}>", pictures=True)


def _without_its_mark(paragraph: markup.HtmlElement) -> str:
    """What is in a paragraph, without the dash or the number of a list that somebody typed by hand."""
    paragraph.text = richtext.BULLET.sub("", paragraph.text or "")
    inner = "".join(markup.tostring(child, encoding="unicode") for child in paragraph)
    return escape(paragraph.text, quote=False) + inner


def _facts(body: str) -> str:
    """Lines of the form “Who: licensed therapists” as a table of facts."""
    if {element.tag for element in _tree(body).iterdescendants()} - {"p", "ul", "ol", "li", "strong", "em", "br"}:
        return body
    facts = [FACT.fullmatch(line) for line in richtext.plain(body).splitlines()]
    rows = [(fact[1], fact[2]) for fact in facts if fact]
    return richtext.clean(richtext.table_of(rows)) if rows and len(rows) == len(facts) else body


def _is_table_of_facts(body: str) -> bool:
    tree = _tree(body)
    rows = list(tree.iter("tr"))
    return bool(rows) and all(block.tag == "table" for block in tree) and all(len(row) == 2 for row in rows)


def _tree(body: str) -> markup.HtmlElement:
    return markup.fragment_fromstring(body, create_parent="div")
