"""Plain text and Markdown as HTML. In plain text, headings, lists and tables are recognised by their looks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from intranet.core.richtext import BULLET
from intranet.core.wording import counted

LONGEST_HEADING = 90
# A line of a web page's navigation that was copied along, such as "» Blog".
CRUMB = re.compile(r"^\s*[»›«‹>|]+\s*\S.{0,60}$")
SPACES = re.compile(r"(?<=\S)[ \u00a0]{2,}(?=\S)")


def html_from_text(text: str) -> tuple[str, list[str]]:
    """Plain text. A short line on its own that ends no sentence is a heading; the first one is the title."""
    text, notes = _tidied(text)
    blocks = [block.strip("\n") for block in re.split(r"\n\s*\n", text) if block.strip()]
    kept = []
    for block in blocks:
        if CRUMB.match(block) and "\n" not in block:
            notes.append(f"Left out: “{block.strip()}”, which looks like navigation of a web page.")
        else:
            kept.append(block)
    parts, titled = [], False
    for place, block in enumerate(kept):
        if _is_heading(block) and place + 1 < len(kept):
            level = 2 if titled else 1
            parts.append(f"<h{level}>{escape(block.strip(), quote=False)}</h{level}>")
            titled = True
        else:
            parts.append(_list(block.splitlines()) or _table(block.splitlines()) or _paragraph(block))
    return "".join(parts), notes


def html_from_markdown(text: str) -> tuple[str, list[str]]:
    """Markdown with tables. Pictures are left out, their words stay; raw HTML stays as the text that it is."""
    tokens = MARKDOWN.parse(text)
    pictures = sum(child.type == "image" for token in tokens for child in token.children or ())
    notes = [f"Left out: {counted(pictures, 'picture')}."] if pictures else []
    return MARKDOWN.renderer.render(tokens, MARKDOWN.options, {}).replace(">\n<", "><"), notes


def _only_words(self: RendererHTML, tokens: Sequence[Token], place: int, options: OptionsDict, env: EnvType) -> str:
    return escape(tokens[place].content, quote=False)


MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
MARKDOWN.add_render_rule("image", _only_words)


def _tidied(text: str) -> tuple[str, list[str]]:
    """Even line ends and single spaces, with a note on how many were doubled."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n")
    doubled = [match for line in text.splitlines() for match in SPACES.findall(line)]
    notes = [f"Doubled spaces were made one in {counted(len(doubled), 'place')}."]
    return SPACES.sub(" ", text), notes if doubled else []


def _is_heading(block: str) -> bool:
    line = block.strip()
    return (
        "\n" not in line
        and len(line) <= LONGEST_HEADING
        and not BULLET.match(line)
        and not line.endswith((".", ",", ";", ":", "!", "”", '"'))
        and any(letter.isalpha() for letter in line)
    )


def _paragraph(block: str) -> str:
    return f"<p>{escape(' '.join(block.split()), quote=False)}</p>"


def _list(lines: list[str]) -> str:
    """The lines as a list when each begins like a point or continues one; otherwise nothing."""
    if not BULLET.match(lines[0]):
        return ""
    items: list[str] = []
    for line in lines:
        if point := BULLET.match(line):
            items.append(line[point.end() :])
        else:
            items[-1] += f" {line.strip()}"
    tag = "ol" if lines[0].strip()[0].isdigit() else "ul"
    return f"<{tag}>{''.join(f'<li>{escape(item.strip(), quote=False)}</li>' for item in items)}</{tag}>"


def _table(lines: list[str]) -> str:
    """The lines as a table when tabs part each into the same number of cells, as copied from a spreadsheet."""
    rows = [re.split(r"\t+", line.strip("\t")) for line in lines]
    if len(rows) < 2 or len(rows[0]) < 2 or any(len(row) != len(rows[0]) for row in rows):
        return ""
    cells = ("".join(f"<td>{escape(cell.strip(), quote=False)}</td>" for cell in row) for row in rows)
    return f"<table><tbody>{''.join(f'<tr>{row}</tr>' for row in cells)}</tbody></table>"
