"""Word and Excel files as archives of XML written by anybody: looked through before anything reads them or keeps them."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from xml.parsers import expat

MOST_ENTRIES = 2_000
MOST_UNPACKED = 60 * 1024 * 1024
MOST_XML = 20 * 1024 * 1024
MOST_RATIO = 200
DEEPEST = 200
MOST_TAGS = 600_000
OLD = b"\xd0\xcf\x11\xe0"
MACROS = re.compile(r"vbaProject|vbaData|macrosheets/|activeX/", re.IGNORECASE)
EMBEDDED = re.compile(r"(^|/)embeddings/")


class Unfit(Exception):
    """Not a file that is opened; the words end a sentence that begins with the name of the file."""


@dataclass(slots=True)
class Seen:
    """What stands in a part of the archive; next to nothing for a part that is no XML."""

    declares: bool = False
    deepest: int = 0
    many: int = 0
    tags: Counter[str] = field(default_factory=Counter)
    # What the part names outside of the file, by the last word of the kind of relationship; links are not among it.
    fetches: Counter[str] = field(default_factory=Counter)
    words: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Package:
    """A file that was looked through: its parts by their paths."""

    parts: dict[str, Seen]

    @property
    def has_macros(self) -> bool:
        return any(MACROS.search(name) for name in self.parts)

    @property
    def embedded(self) -> list[str]:
        """The other files within it."""
        return [name for name in self.parts if EMBEDDED.search(name)]

    @property
    def fetches(self) -> Counter[str]:
        return sum((part.fetches for part in self.parts.values()), Counter())

    def words(self, pattern: str, most: int) -> str:
        """The text of the parts whose paths match, cut where it is long enough to search in."""
        found = "".join(word for name, part in self.parts.items() if re.match(pattern, name) for word in part.words)
        return " ".join(found.split())[:most]


def looked_through(content: bytes, document: str, program: str, *, words: bool = False) -> Package:
    """The parts of a Word or Excel file, when it is one and nothing in it is but for harm. Raises Unfit.

    `document` is the path of its main part. Nothing outside of the file is asked for.
    """
    if content.startswith(OLD):
        ending = document.split("/")[0].replace("word", "docx").replace("xl", "xlsx")
        raise Unfit(f"is an old or a protected {program} file: save it as .{ending} without a password and try again.")
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return _package(archive, document, program, words)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, OSError, ValueError):
        raise Unfit(f"is not {_a(program)} file, or it is damaged.") from None


def _package(archive: zipfile.ZipFile, document: str, program: str, words: bool) -> Package:
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        raise Unfit("unpacks to far more than a document: it was not opened.")
    for entry in entries:
        if entry.file_size > 1024 * 1024 and entry.file_size > MOST_RATIO * max(entry.compress_size, 1):
            raise Unfit("unpacks to far more than a document: it was not opened.")
        if entry.flag_bits & 0x1:
            raise Unfit("is protected by a password: save it without one and try again.")
        if entry.filename.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", entry.filename):
            raise Unfit("holds paths that lead out of it: it was not opened.")
    if document not in archive.namelist():
        raise Unfit(f"is not {_a(program)} file, or it is damaged.")
    seen = {entry.filename: _seen(_part(archive, entry), words) for entry in entries}
    if any(part.declares for part in seen.values()):
        raise Unfit(f"declares XML entities, which no {program} file needs: it was not opened.")
    if any(part.deepest > DEEPEST for part in seen.values()):
        raise Unfit("is nested too deep to be a document: it was not opened.")
    if any(part.many > MOST_TAGS for part in seen.values()):
        raise Unfit("holds far more than a document, perhaps a huge table: it was not opened.")
    return Package(seen)


def _a(program: str) -> str:
    return f"{'an' if program[0] in 'AEIOU' else 'a'} {program}"


def _part(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The bytes of an entry, never more than it may have, whatever its header claims."""
    with archive.open(entry) as file:
        part = file.read(MOST_XML + 1)
    if len(part) > MOST_XML:
        raise Unfit("unpacks to far more than a document: it was not opened.")
    return part


def _seen(part: bytes, words: bool) -> Seen:
    """Look through one part with the parser that will read it, whatever its name, encoding or prefixes.

    A broken part is looked through to where it breaks; further the reader will not come either.
    """
    seen, depth, inside = Seen(), 0, False
    parser = expat.ParserCreate(namespace_separator=" ")

    def declared(*declaration: object) -> None:
        seen.declares = True
        raise expat.ExpatError

    def opened(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, inside
        depth += 1
        seen.deepest = max(seen.deepest, depth)
        name = tag.rpartition(" ")[2]
        seen.tags[name] += 1
        seen.many += 1
        if seen.many > MOST_TAGS:
            raise expat.ExpatError
        inside = name == "t"
        if words and name in {"p", "si", "tc"}:
            seen.words.append(" ")
        if name == "Relationship" and attributes.get("TargetMode", "").lower() == "external":
            kind = attributes.get("Type", "").rpartition("/")[2]
            if kind != "hyperlink":  # links that people click are fine; anything else would be fetched by a program
                seen.fetches[kind] += 1

    def closed(tag: str) -> None:
        nonlocal depth, inside
        depth -= 1
        inside = False

    def said(text: str) -> None:
        if inside:
            seen.words.append(text)

    parser.StartDoctypeDeclHandler = declared
    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    if words:
        parser.CharacterDataHandler = said
    with suppress(expat.ExpatError):
        parser.Parse(part, True)
    return seen
