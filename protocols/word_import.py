"""Word files as HTML. A .docx is an archive of XML written by anybody, so it is looked through before it is read."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from xml.parsers import expat

import mammoth
from mammoth.results import Message

from intranet.core.wording import counted
from protocols.unreadable import Unreadable

MOST_ENTRIES = 2_000
MOST_UNPACKED = 60 * 1024 * 1024
MOST_XML = 20 * 1024 * 1024
MOST_RATIO = 200
DEEPEST = 200
# The title stands above the headings; so the headings go one level down.
STYLES = "p[style-name='Title'] => h1:fresh\np[style-name='Subtitle'] => p:fresh\n" + "".join(
    f"p[style-name='{word} {level}'] => h{min(level + 1, 6)}:fresh\n"
    for level in range(1, 7)
    for word in ("heading", "Heading")
)
DOCUMENT = "word/document.xml"
MARGIN = re.compile(r"word/(header|footer)\d*\.xml$")
COMMENTS = "word/comments.xml"
LONGEST_HEADING = 90
BOLD_LINE = re.compile(r"<p>((?:<a id=\"[^\"]*\"></a>)*)<strong>((?:(?!</?(?:p|strong)>).)*)</strong></p>")


def html_from_word(content: bytes, name: str) -> tuple[str, list[str]]:
    """The text of a .docx with its headings, lists and tables, and what was left out. Raises Unreadable."""
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable(
            f"{name} is an old or a protected Word file: save it as .docx without a password and try again."
        )
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            notes = _looked_through(archive, name)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, OSError, ValueError):
        raise Unreadable(f"{name} is not a Word file, or it is damaged.") from None
    text, messages, pictures = _converted(content, name)
    if pictures:
        notes.append(f"Left out: {counted(pictures, 'picture')}.")
    text, more = _bold_headings(text)
    return text, notes + more + _unknown(messages)


def _converted(content: bytes, name: str) -> tuple[str, list[Message], int]:
    """HTML, what mammoth says about it, and how many pictures there were."""
    pictures = 0

    def left_out(image: object) -> dict[str, str]:
        nonlocal pictures
        pictures += 1
        return {"src": ""}

    try:
        result = mammoth.convert_to_html(
            BytesIO(content),
            style_map=STYLES,
            include_embedded_style_map=False,
            convert_image=mammoth.images.img_element(left_out),
            external_file_access=False,
        )
    except Exception:  # mammoth promises no kind of error for a broken file; whatever it was, nothing was read
        raise Unreadable(f"{name} is damaged: Word may be able to repair it.") from None
    return result.value, result.messages, pictures


def _bold_headings(text: str) -> tuple[str, list[str]]:
    """Where no heading has a heading's style, short lines in bold are what the author meant by one."""
    if re.search(r"<h[2-6]\b", text):
        return text, []
    found = 0

    def heading(line: re.Match[str]) -> str:
        nonlocal found
        if len(line[2]) > LONGEST_HEADING or line[2].rstrip().endswith((".", ",", ";", "!")):
            return line[0]
        found += 1
        return f"<h2>{line[2].rstrip(': ')}</h2>"

    text = BOLD_LINE.sub(heading, text)
    return text, [f"Read as {counted(found, 'heading')}, because of the bold type: check them."] if found else []


def _looked_through(archive: zipfile.ZipFile, name: str) -> list[str]:
    """Refuse what no honest Word file has; note what will be left out."""
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        raise Unreadable(f"{name} unpacks to far more than a document: it was not opened.")
    for entry in entries:
        if entry.file_size > 1024 * 1024 and entry.file_size > MOST_RATIO * max(entry.compress_size, 1):
            raise Unreadable(f"{name} unpacks to far more than a document: it was not opened.")
        if entry.flag_bits & 0x1:
            raise Unreadable(f"{name} is protected by a password: save it without one and try again.")
        if entry.filename.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", entry.filename):
            raise Unreadable(f"{name} holds paths that lead out of it: it was not opened.")
    if DOCUMENT not in archive.namelist():
        raise Unreadable(f"{name} is not a Word file, or it is damaged.")
    seen = {entry.filename: _seen(_part(archive, entry, name)) for entry in entries}
    if any(part.declares for part in seen.values()):
        raise Unreadable(f"{name} declares XML entities, which no Word file needs: it was not opened.")
    if any(part.deepest > DEEPEST for part in seen.values()):
        raise Unreadable(f"{name} is nested too deep to be a document: it was not opened.")
    if any(part.fetches for part in seen.values()):
        raise Unreadable(f"{name} refers to files outside of it: remove linked pictures and templates and try again.")
    return list(_not_imported(seen))


def _part(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> bytes:
    """The bytes of an entry, never more than it may have, whatever its header claims."""
    with archive.open(entry) as file:
        part = file.read(MOST_XML + 1)
    if len(part) > MOST_XML:
        raise Unreadable(f"{name} unpacks to far more than a document: it was not opened.")
    return part


@dataclass(slots=True)
class Seen:
    """What stands in a part of the archive; next to nothing for a part that is no XML."""

    declares: bool = False
    fetches: bool = False
    deepest: int = 0
    tags: set[str] = field(default_factory=set)


def _seen(part: bytes) -> Seen:
    """Look through one part with the parser that will read it, whatever its name, encoding or prefixes.

    A broken part is looked through to where it breaks; further the reader will not come either.
    """
    seen, depth = Seen(), 0
    parser = expat.ParserCreate(namespace_separator=" ")

    def declared(*declaration: object) -> None:
        seen.declares = True
        raise expat.ExpatError

    def opened(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        seen.deepest = max(seen.deepest, depth)
        name = tag.rpartition(" ")[2]
        seen.tags.add(name)
        if name == "Relationship" and attributes.get("TargetMode", "").lower() == "external":
            # Links that people click are fine; anything else would be fetched by the reading.
            seen.fetches |= not attributes.get("Type", "").endswith("/hyperlink")

    def closed(tag: str) -> None:
        nonlocal depth
        depth -= 1

    parser.StartDoctypeDeclHandler = declared
    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    with suppress(expat.ExpatError):
        parser.Parse(part, True)
    return seen


def _not_imported(seen: dict[str, Seen]) -> Iterator[str]:
    document = seen[DOCUMENT].tags
    if any("t" in part.tags for name, part in seen.items() if MARGIN.search(name)):
        yield "Left out: headers and footers."
    if COMMENTS in seen and "t" in seen[COMMENTS].tags:
        yield "Left out: comments."
    if "del" in document:
        yield "Tracked changes were read as accepted."
    if "txbxContent" in document:
        yield "There are text boxes: check that their text came along in the right place."


def _unknown(messages: list[Message]) -> list[str]:
    """Styles that mean nothing to us, each named once."""
    named = [re.search(r"Style ID: (\S+?)\)", message.message) for message in messages]
    styles = sorted({style.group(1) for style in named if style})
    if not styles:
        return []
    return [f"Read as plain paragraphs, because their style is not known: {', '.join(styles)}."]
