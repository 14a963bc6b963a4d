"""Reading a protocol from a file: .txt, .md, .html or .docx. Whatever the kind, it becomes HTML, and that becomes sections.

Nothing is stored here. A file that cannot be read raises Unreadable with one sentence; what was left out or guessed is
said in the notes.
"""

from __future__ import annotations

import re
import stat
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape, unescape
from itertools import accumulate
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import unquote

from lxml import html as markup

from intranet.core import richtext
from intranet.core.patient_words import PHONE
from intranet.core.wording import counted
from protocols.drafting import MOST_SECTIONS, SECTION_LENGTH, SectionText
from protocols.models import SectionKind
from protocols.section_kinds import SHAPES, is_drawn, kind_named, shaped
from protocols.text_import import html_from_markdown, html_from_text
from protocols.unreadable import Unreadable
from protocols.word_import import Inlaid, html_from_word

MEGABYTE = 1024 * 1024
LARGEST = 5 * MEGABYTE
LARGEST_WORD = 15 * MEGABYTE  # with its pictures
LARGEST_TEXT = MEGABYTE  # some 180,000 words
TEXT_KINDS = {".txt", ".md"}
KINDS = ".txt, .md, .html and .docx"
BEFORE_THE_FIRST_HEADING = "Introduction"

BLOCKS = {"p", "ul", "ol", "blockquote", "table", "hr", "h3", "h4"}
MARK = "\ue000"  # a letter of the private use area, followed by the level of a heading
HREF = re.compile(r'\bhref="([^"]*)"', re.IGNORECASE)
SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
XML_DECLARATION = re.compile(r"^\s*<\?xml\b[^>]*\?>")
MOST_TAGS = 50_000
# Parts of a web page that are not its text. What runs comes first, so that it is counted wherever it is.
RUNNING = ("script", "iframe", "frame", "object", "embed", "applet")
FURNITURE = ("nav", "header", "footer", "aside", "form", "button")
UNSEEN = ("style", "template", "noscript", "head", "svg")


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file holds: a title, sections, and what the reader should know about the reading."""

    title: str
    sections: list[SectionText]
    notes: list[str]
    pictures: list[Inlaid] = field(default_factory=list)


def read(path: Path, *, title: str = "") -> Imported:
    """Read a file into a title and sections. Raises Unreadable; stores nothing."""
    return read_content(_content(path), path.name, title=title)


def read_content(content: bytes, file_name: str, *, title: str = "") -> Imported:
    """As `read`, for what somebody handed in."""
    name = PurePath(file_name.replace("\\", "/"))
    convert = _converters().get(name.suffix.lower())
    if convert is None:
        raise Unreadable(f"{name.name} is not a kind of file that can be read: use {KINDS}.")
    most = largest(name.suffix)
    if len(content) > most:
        raise Unreadable(
            f"{name.name} is too large: {len(content) / MEGABYTE:.1f} MB, and {most // MEGABYTE} MB is the most."
        )
    if not content.strip():
        raise Unreadable(f"{name.name} is empty.")
    source, notes, *pictures = convert(content, name.name)
    return _sectioned(source, notes, title, name, pictures[0] if pictures else [])


def largest(ending: str) -> int:
    """How many bytes a file of this kind may have."""
    if ending.lower() in TEXT_KINDS:
        return LARGEST_TEXT
    return LARGEST_WORD if ending.lower() == ".docx" else LARGEST


def _content(path: Path) -> bytes:
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise Unreadable(f"{path.name} is a folder, not a file.")
        if not stat.S_ISREG(found.st_mode):
            raise Unreadable(f"{path.name} is a pipe or a device, not a file.")
        most = largest(path.suffix)
        if found.st_size > most:
            raise Unreadable(
                f"{path.name} is too large: {found.st_size / MEGABYTE:.1f} MB, and {most // MEGABYTE} MB is the most."
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise Unreadable(f"There is no file {path.name} at that place.") from None
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be opened: {error.strerror}.") from None


def _converters() -> dict[str, Callable[[bytes, str], tuple[Any, ...]]]:
    """By ending: what gives HTML, notes, and for some kinds the pictures."""
    return {
        ".txt": lambda content, name: html_from_text(_decoded(content, name)),
        ".md": lambda content, name: html_from_markdown(_decoded(content, name)),
        ".html": lambda content, name: html_from_page(_decoded(content, name)),
        ".htm": lambda content, name: html_from_page(_decoded(content, name)),
        ".docx": html_from_word,
    }


def _decoded(content: bytes, name: str) -> str:
    """UTF-8 text. Anything else is refused: guessing would put wrong letters into a clinical text."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable(f"{name} is in UTF-16: save it as UTF-8 and try again.")
    if b"\x00" in content or content.startswith((b"%PDF", b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise Unreadable(f"{name} is a binary file, not text.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(
            f"{name} is not in UTF-8 (line {line} is where it breaks): save it as UTF-8 and try again."
        ) from None
    if sum(ord(letter) < 32 and letter not in "\t\n\r\f" for letter in text) > len(text) // 100:
        raise Unreadable(f"{name} is a binary file, not text.")
    return text


def html_from_page(source: str) -> tuple[str, list[str]]:
    """The text of a web page: without scripts, menus, forms and pictures."""
    if source.count("<") > MOST_TAGS:
        raise Unreadable(f"The page has more than {MOST_TAGS:,} tags: copy out the text that matters.")
    try:
        page = markup.document_fromstring(XML_DECLARATION.sub("", source, count=1))
    except (ValueError, markup.etree.ParserError):
        raise Unreadable("The page holds no text.") from None
    if _depth(page) > richtext.DEEPEST:
        raise Unreadable(
            f"The page has more than {richtext.DEEPEST} boxes within one another: copy out the text that matters."
        )
    name = (page.findtext(".//title") or "").strip()
    _keep_the_title(page)
    notes, lost = [], _acts_and_looks(page)
    for tags, one, many in (
        (RUNNING, "script or embedded part", "scripts or embedded parts"),
        (UNSEEN, "", ""),
        (FURNITURE, "menu, form, header or footer", "menus, forms, headers or footers"),
        (("img", "picture"), "picture", "pictures"),
    ):
        found = [element for tag in tags for element in page.iter(tag) if isinstance(element, markup.HtmlElement)]
        for element in found:
            if element.getparent() is not None:
                element.drop_tree()
        if found and one:
            notes.append(f"Left out: {counted(len(found), one, many)}.")
    body = next((place for tag in ("main", "article", "body") for place in page.iter(tag)), page)
    titled = name and next(body.iter("h1"), None) is None
    title = f"<h1>{escape(' '.join(name.split()), quote=False)}</h1>" if titled else ""
    return title + markup.tostring(body, encoding="unicode"), [*notes, *lost]


def _depth(page: markup.HtmlElement) -> int:
    """How many elements are within one another. The parser drops what is some 250 deep, without a word."""
    steps = (1 if event == "start" else -1 for event, _ in markup.etree.iterwalk(page, events=("start", "end")))
    return max(accumulate(steps))


def _acts_and_looks(page: markup.HtmlElement) -> list[str]:
    """What no protocol takes over from a page, in sentences."""
    notes = []
    for tags, one, many in (
        (("svg", "canvas"), "drawing", "drawings"),
        (("video", "audio"), "recording", "recordings"),
    ):
        if found := sum(1 for _ in page.iter(*tags)):
            notes.append(f"Left out: {counted(found, one, many)}.")
    names = Counter(name.lower() for element in page.iter(markup.etree.Element) for name in element.attrib)
    if handlers := sum(number for name, number in names.items() if name.startswith("on")):
        notes.append(
            f"Left out: {counted(handlers, 'instruction')} to the browser. Nothing in a protocol acts by itself."
        )
    if names["style"] or next(page.iter("style"), None) is not None:
        notes.append("Left out: colors, sizes and positions. Say in words what they meant.")
    return notes


def _keep_the_title(page: markup.HtmlElement) -> None:
    """Many pages have their title in a header beside the menu: it takes the header's place."""
    for header in list(page.iter("header")):
        title = next(header.iter("h1"), None)
        if title is not None and header.getparent() is not None:
            title.drop_tree()
            title.tail = header.tail
            header.getparent().replace(header, title)


def _sectioned(source: str, notes: list[str], title: str, path: PurePath, pictures: list[Inlaid]) -> Imported:
    if max(map(len, source.split("<"))) > SECTION_LENGTH:
        raise Unreadable(f"{path.name} has a paragraph of more than {SECTION_LENGTH:,} characters: break it up.")
    if dead := _dead_links(source):
        notes = [*notes, f"Left out: {counted(dead, 'link')} that would start something. The words stay."]
    blocks = _blocks(source)
    found_title, blocks = _title_of(blocks)
    sections, more = _sections(blocks)
    notes = [*notes, *more]
    if not any(richtext.plain(part.body) for part in sections):
        raise Unreadable(f"{path.name} holds no text that can be read.")
    if len(sections) > MOST_SECTIONS:
        raise Unreadable(
            f"{path.name} has {len(sections)} headings, and a protocol has at most {MOST_SECTIONS} sections."
        )
    if any(len(part.body) > SECTION_LENGTH for part in sections):
        raise Unreadable(f"{path.name} has a section of more than {SECTION_LENGTH:,} characters: give it headings.")
    if not (title or found_title):
        notes.append("No heading was found for the title: the name of the file was taken.")
    notes += _doubts(sections)
    chosen = title or found_title or path.stem.replace("-", " ").replace("_", " ").capitalize()
    shown = {picture.digest for part in sections for picture in richtext.pictures_in(part.body)}
    kept = [picture for picture in pictures if picture.digest in shown]
    return Imported(_shortened(chosen, 160), sections, notes, kept)


def _dead_links(source: str) -> int:
    """How many links lead where no text may lead, such as to a script. White space in an address is as if it were not."""
    schemes = (SCHEME.match("".join(unquote(unescape(address)).split())) for address in HREF.findall(source))
    return sum(scheme[1].lower() not in richtext.LINKED for scheme in schemes if scheme)


def _blocks(source: str) -> list[markup.HtmlElement]:
    """The headings and blocks of a text in their order, whatever boxes a page put around them; loose words in paragraphs."""
    cleaned = richtext.clean(_marked_headings(source), pictures=True)
    tree = markup.fragment_fromstring(cleaned, create_parent="div")
    for link in [link for link in tree.iter("a") if not link.get("href")]:
        link.drop_tag()
    blocks: list[markup.HtmlElement] = []
    loose = markup.Element("p")
    loose.text = tree.text
    for child in list(tree):
        tail, child.tail = child.tail, None
        if child.tag in BLOCKS:
            blocks += [loose] if _says_something(loose) else []
            loose = markup.Element("p")
            blocks += [child, *_out_of_heading(child)]
            loose.text = tail
        else:
            child.tail = tail
            loose.append(child)
    return blocks + ([loose] if _says_something(loose) else [])


def _says_something(block: markup.HtmlElement) -> bool:
    return bool(_words(block)) or next(block.iter("img"), None) is not None


def _out_of_heading(block: markup.HtmlElement) -> list[markup.HtmlElement]:
    """The pictures of a heading, in a paragraph after it: a heading has words alone."""
    if not _level(block) or not (pictures := list(block.iter("img"))):
        return []
    below = markup.Element("p")
    for picture in pictures:
        picture.drop_tree()
        picture.tail = None
        below.append(picture)
    return [below]


def _marked_headings(source: str) -> str:
    """Headings as marked paragraphs: so their level survives the cleaning, which knows two levels only."""
    source = source.replace(MARK, "")
    return re.sub(r"<(/?)h([1-6])\b[^>]*>", lambda tag: "</p>" if tag[1] else f"<p>{MARK}{tag[2]}", source)


def _level(block: markup.HtmlElement) -> int:
    """The level of a heading, 0 for anything else."""
    text = block.text or ""
    return int(text[1]) if block.tag == "p" and text.startswith(MARK) else 0


def _unmarked(text: str) -> str:
    return re.sub(f"{MARK}[1-6]", "", text)


def _words(block: markup.HtmlElement) -> str:
    return _unmarked(" ".join(block.text_content().split()))


def _title_of(blocks: list[markup.HtmlElement]) -> tuple[str, list[markup.HtmlElement]]:
    """The first heading is the title when no other heading stands above or beside it, or when it has no text of its own."""
    levels = [level for block in blocks if (level := _level(block))]
    first = next((block for block in blocks if _level(block)), None)
    if first is None or _level(first) > min(levels):
        return "", blocks
    if levels.count(levels[0]) > 1 and not (first is blocks[0] and len(blocks) > 1 and _level(blocks[1]) == levels[0]):
        return "", blocks
    return _words(first), [block for block in blocks if block is not first]


def _sections(blocks: list[markup.HtmlElement]) -> tuple[list[SectionText], list[str]]:
    """Sections by the highest heading there is; deeper headings stay in the text."""
    top = min((level for block in blocks if (level := _level(block))), default=0)
    gathered: list[tuple[str, list[str]]] = [(BEFORE_THE_FIRST_HEADING, [])]
    for block in blocks:
        level = _level(block)
        if level and level == top:
            gathered.append((_words(block), []))
        elif level:
            tag = "h3" if level == top + 1 else "h4"
            gathered[-1][1].append(f"<{tag}>{escape(_words(block), quote=False)}</{tag}>")
        else:
            gathered[-1][1].append(_unmarked(markup.tostring(block, encoding="unicode")))
    if not gathered[0][1]:
        gathered.pop(0)
        return [_section(heading, parts) for heading, parts in gathered], []
    note = f"The text before the first heading became the section “{BEFORE_THE_FIRST_HEADING}”." if top else ""
    return [_section(heading, parts) for heading, parts in gathered], [note] if note else []


def _section(heading: str, parts: list[str]) -> SectionText:
    body = richtext.clean("".join(parts), pictures=True)
    kind = kind_named(heading)
    body = shaped(kind, body)
    if not is_drawn(kind, body):
        kind = SectionKind.TEXT
    return SectionText(kind, _shortened(heading or "Untitled", 120), body)


def _doubts(sections: list[SectionText]) -> list[str]:
    named = [(part, kind_named(part.heading)) for part in sections]
    notes = [
        f"“{part.heading}” was read as {kind.label.lower()}."
        if part.kind == kind
        else f"“{part.heading}” stays text: {kind.label.lower()} are {SHAPES[kind]}."
        for part, kind in named
        if kind != SectionKind.TEXT
    ]
    numbers = ((part.heading, PHONE.search(richtext.plain(part.body))) for part in sections)
    return notes + [
        f"“{heading}” contains what looks like a telephone number ({found.group()}): check that nothing "
        "about a patient is in the text."
        for heading, found in numbers
        if found
    ]


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rsplit(" ", 1)[0] + "…"
