"""Word files as HTML. A .docx is an archive of XML written by anybody, so it is looked through before it is read."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from io import BytesIO

import mammoth

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
RELATION = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>", re.IGNORECASE)
EXTERNAL = re.compile(rb"TargetMode\s*=\s*[\"']External", re.IGNORECASE)
HYPERLINK = re.compile(rb"Type\s*=\s*[\"'][^\"']*/hyperlink[\"']", re.IGNORECASE)
DECLARED = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
TEXT = re.compile(rb"<w:t[ >]")


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
    if pictures:
        notes.append(f"Left out: {pictures} {'picture' if pictures == 1 else 'pictures'}.")
    return result.value, notes + _unknown(result.messages)


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
    parts = {entry.filename: _part(archive, entry, name) for entry in entries if _is_xml(entry.filename)}
    for part in parts.values():
        if DECLARED.search(part):
            raise Unreadable(f"{name} declares XML entities, which no Word file needs: it was not opened.")
        if _deepest(part) > DEEPEST:
            raise Unreadable(f"{name} is nested too deep to be a document: it was not opened.")
    if any(_fetches(part) for filename, part in parts.items() if filename.endswith(".rels")):
        raise Unreadable(f"{name} refers to files outside of it: remove linked pictures and templates and try again.")
    return list(_not_imported(parts))


def _part(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> bytes:
    """The bytes of an entry, never more than it may have, whatever its header claims."""
    with archive.open(entry) as file:
        part = file.read(MOST_XML + 1)
    if len(part) > MOST_XML:
        raise Unreadable(f"{name} unpacks to far more than a document: it was not opened.")
    return part


def _is_xml(filename: str) -> bool:
    return filename.endswith((".xml", ".rels"))


def _fetches(relations: bytes) -> bool:
    """Whether reading the document would reach for something else. Links that people click are fine."""
    return any(EXTERNAL.search(tag) and not HYPERLINK.search(tag) for tag in RELATION.findall(relations))


def _deepest(part: bytes) -> int:
    """How deep elements are nested: a reader that recurses must not be led to its limit."""
    depth = deepest = 0
    for tag in re.finditer(rb"<(/?)[A-Za-z][^>]*?(/?)>", part):
        depth += -1 if tag.group(1) else 0 if tag.group(2) else 1
        deepest = max(deepest, depth)
    return deepest


def _not_imported(parts: dict[str, bytes]) -> Iterator[str]:
    document = parts[DOCUMENT]
    if any(TEXT.search(part) for name, part in parts.items() if re.search(r"word/(header|footer)\d*\.xml$", name)):
        yield "Left out: headers and footers."
    if TEXT.search(parts.get("word/comments.xml", b"")):
        yield "Left out: comments."
    if b"<w:del " in document:
        yield "Tracked changes were read as accepted."
    if b"<w:txbxContent" in document:
        yield "There are text boxes: check that their text came along in the right place."


def _unknown(messages: list[mammoth.results.Message]) -> list[str]:
    """Styles that mean nothing to us, each named once."""
    named = [re.search(r"Style ID: (\S+?)\)", message.message) for message in messages]
    styles = sorted({style.group(1) for style in named if style})
    if not styles:
        return []
    return [f"Read as plain paragraphs, because their style is not known: {', '.join(styles)}."]
