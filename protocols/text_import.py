"""Plain text and Markdown as HTML: headings, paragraphs, lists and tables recognised by their looks."""

from __future__ import annotations

import re
from html import escape

LONGEST_HEADING = 90
# A line of a web page's navigation that was copied along, such as "» Blog".
CRUMB = re.compile(r"^\s*[»›«‹>|]+\s*\S.{0,60}$")
SPACES = re.compile(r"(?<=\S)[ \t\u00a0]{2,}(?=\S)")
BULLET = re.compile(r"^\s*([-*•–]|\d{1,3}[.)])\s+(.*)$")
HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
FENCE = re.compile(r"^\s*(```|~~~)")
IMAGE = re.compile(r"!\[([^\]]*)\]\([^)]*\)")
RULER = re.compile(r"^\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*$")


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
            parts.append(_list(block.splitlines()) or _paragraph(block))
    return "".join(parts), notes


def html_from_markdown(text: str) -> tuple[str, list[str]]:
    """Markdown: headings, paragraphs, lists, tables, emphasis and links. Pictures and raw HTML are left out."""
    text, notes = _tidied(text)
    if pictures := len(IMAGE.findall(text)):
        notes.append(f"Left out: {pictures} {'picture' if pictures == 1 else 'pictures'}.")
        text = IMAGE.sub(r"\1", text)
    parts: list[str] = []
    pending: list[str] = []
    fenced = False
    for line in [*text.splitlines(), ""]:
        if FENCE.match(line):
            fenced = not fenced
            line = ""
        heading = None if fenced else HEADING.match(line)
        if (heading or not line.strip()) and pending:
            parts.append(_markdown_block(pending))
            pending = []
        if heading:
            level = len(heading.group(1))
            parts.append(f"<h{level}>{_inline(heading.group(2))}</h{level}>")
        elif line.strip():
            pending.append(line)
    return "".join(parts), notes


def _tidied(text: str) -> tuple[str, list[str]]:
    """Even line ends and single spaces, with a note on how many were doubled."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n")
    doubled = [match for line in text.splitlines() for match in SPACES.findall(line)]
    notes = [f"Doubled spaces were made one in {len(doubled)} {'place' if len(doubled) == 1 else 'places'}."]
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


def _list(lines: list[str], inline: bool = False) -> str:
    """The lines as a list when each begins like a point or continues one; otherwise nothing."""
    if not BULLET.match(lines[0]):
        return ""
    items: list[str] = []
    for line in lines:
        if point := BULLET.match(line):
            items.append(point.group(2))
        else:
            items[-1] += f" {line.strip()}"
    tag = "ol" if lines[0].strip()[0].isdigit() else "ul"
    words = [_inline(item) if inline else escape(item.strip(), quote=False) for item in items]
    return f"<{tag}>{''.join(f'<li>{item}</li>' for item in words)}</{tag}>"


def _markdown_block(lines: list[str]) -> str:
    if len(lines) > 1 and "|" in lines[0] and RULER.match(lines[1]):
        return _table([lines[0], *lines[2:]])
    if lines[0].lstrip().startswith(">"):
        return f"<blockquote><p>{_inline(' '.join(line.strip().lstrip('> ') for line in lines))}</p></blockquote>"
    return _list(lines, inline=True) or f"<p>{_inline(' '.join(line.strip() for line in lines))}</p>"


def _table(lines: list[str]) -> str:
    rows = [[_inline(cell.strip()) for cell in line.strip().strip("|").split("|")] for line in lines]
    head = "".join(f"<th>{cell}</th>" for cell in rows[0])
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows[1:])
    return f"<table><tbody><tr>{head}</tr>{body}</tbody></table>"


def _inline(text: str) -> str:
    text = escape(text, quote=False)
    text = re.sub(r"\[([^\]]+)\]\((https?://[^)\s\"]+|/[^)\s\"]*)\)", r'<a href="\2">\1</a>', text)
    text = re.sub(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1", r"<strong>\2</strong>", text)
    text = re.sub(r"(?<![\w*])\*(?=\S)([^*]+?)(?<=\S)\*(?![\w*])", r"<em>\1</em>", text)
    return re.sub(r"`([^`]+)`", r"\1", text)
