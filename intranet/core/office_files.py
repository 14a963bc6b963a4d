"""Word and Excel files as archives of XML written by anybody: looked through before anything reads them or keeps them."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from io import BytesIO
from xml.parsers import expat

MOST_ENTRIES = 2_000
MOST_UNPACKED = 60 * 1024 * 1024
MOST_XML = 20 * 1024 * 1024
MOST_RATIO = 200
DEEPEST = 200
MOST_TAGS = 600_000  # of the whole file
OLD = b"\xd0\xcf\x11\xe0"
MACROS = re.compile(r"vbaProject|vbaData|macrosheets/|activeX/", re.IGNORECASE)
EMBEDDED = re.compile(r"(^|/)embeddings/")
XML = re.compile(r"\.(xml|rels)$", re.IGNORECASE)
# Kinds of relationships that bring a program, another file, or data from elsewhere, whatever the path says.
PROGRAMS = {"vbaProject", "wordVbaData", "xlMacrosheet", "xlIntlMacrosheet", "attachedToolbars"}
OBJECTS = {"oleObject", "aFChunk", "subDocument", "control", "activeXControlBinary", "frame"}
SOURCES = {"connections", "externalLink", "queryTable"}
# Fields and formulas that fetch something or start a program when the file is opened.
FIELD = re.compile(r"\s*(DDE|DDEAUTO|INCLUDEPICTURE|INCLUDETEXT|IMPORT|LINK)\b", re.IGNORECASE)
FORMULAS = {"f", "definedName", "formula1", "formula2"}
FORMULA = re.compile(r"\b(WEBSERVICE|RTD|IMAGE|CALL|REGISTER)\s*\(|\|\s*'", re.IGNORECASE)


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
    # What it brings along, by the last word of the kind of relationship, inside or outside.
    brings: set[str] = field(default_factory=set)
    acts: bool = False
    broken: bool = False
    words: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Package:
    """A file that was looked through: its parts by their paths."""

    parts: dict[str, Seen]

    @property
    def has_macros(self) -> bool:
        return any(MACROS.search(name) for name in self.parts) or bool(self.brings & PROGRAMS)

    @property
    def brings(self) -> set[str]:
        return set().union(*(part.brings for part in self.parts.values()))

    @property
    def reaches_out(self) -> bool:
        """Whether a program that opens it would fetch something from elsewhere, or start something there."""
        return bool(self.fetches or self.brings & SOURCES) or any(part.acts for part in self.parts.values())

    @property
    def holds_objects(self) -> bool:
        """Whether other files stand in it that a click would open. A chart may bring its numbers along."""
        return bool(self.brings & OBJECTS) or any(not name.endswith(".xlsx") for name in self.embedded)

    @property
    def is_broken(self) -> bool:
        """Whether a part that should be XML is none: programs guess then, each in its own way."""
        return any(part.broken for name, part in self.parts.items() if XML.search(name))

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
    names = Counter(entry.filename.casefold() for entry in entries)
    if names and max(names.values()) > 1:
        raise Unfit("holds two parts of the same name: it was not opened.")
    if document not in archive.namelist():
        raise Unfit(f"is not {_a(program)} file, or it is damaged.")
    seen, left = {}, MOST_TAGS
    for entry in entries:
        seen[entry.filename] = part = _seen(_part(archive, entry), words, left)
        left -= part.many
        if left < 0:
            raise Unfit("holds far more than a document, perhaps a huge table: it was not opened.")
    if any(part.declares for part in seen.values()):
        raise Unfit(f"declares XML entities, which no {program} file needs: it was not opened.")
    if any(part.deepest > DEEPEST for part in seen.values()):
        raise Unfit("is nested too deep to be a document: it was not opened.")
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


def _seen(part: bytes, words: bool, most: int) -> Seen:
    """Look through one part with the parser that will read it, whatever its name, encoding or prefixes.

    A broken part is looked through to where it breaks; further the reader will not come either. At most `most` tags.
    """
    seen, depth, inside, said_in = Seen(), 0, False, ""
    fields = [""]  # the instructions of the fields that are open, the innermost last; they come in any number of pieces
    formula = ""
    parser = expat.ParserCreate(namespace_separator=" ")

    def declared(*declaration: object) -> None:
        seen.declares = True
        raise expat.ExpatError

    def opened(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, inside, said_in, formula
        depth += 1
        seen.deepest = max(seen.deepest, depth)
        name = tag.rpartition(" ")[2]
        seen.tags[name] += 1
        seen.many += 1
        if seen.many > most:
            raise expat.ExpatError
        inside, said_in = name == "t", name
        own = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        if name == "fldSimple":
            seen.acts |= bool(FIELD.match(own.get("instr", "")))
        elif name == "fldChar" and own.get("fldCharType") == "begin":
            fields.append("")
        elif name == "fldChar" and own.get("fldCharType") == "end" and len(fields) > 1:
            fields.pop()
        elif name in FORMULAS:
            formula = ""
        if words and name in {"p", "si", "tc"}:
            seen.words.append(" ")
        if name == "Relationship":
            kind = attributes.get("Type", "").rpartition("/")[2]
            inlaid = kind == "package" and not attributes.get("Target", "").lower().endswith(".xlsx")
            seen.brings.add("oleObject" if inlaid else kind)
            # Links that people click are fine; anything else would be fetched by a program.
            if attributes.get("TargetMode", "").lower() == "external" and kind != "hyperlink":
                seen.fetches[kind] += 1

    def closed(tag: str) -> None:
        nonlocal depth, inside, said_in
        depth -= 1
        inside, said_in = False, ""

    def said(text: str) -> None:
        nonlocal formula
        if inside and words:
            seen.words.append(text)
        elif said_in == "instrText":
            fields[-1] += text
            seen.acts |= bool(FIELD.match(fields[-1]))
        elif said_in in FORMULAS:
            formula += text
            seen.acts |= bool(FORMULA.search(formula))

    parser.StartDoctypeDeclHandler = declared
    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    parser.CharacterDataHandler = said
    try:
        parser.Parse(part, True)
    except expat.ExpatError:
        seen.broken = True
    return seen
