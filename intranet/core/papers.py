"""Papers that people hand in beside a text: found out by their content, never by their name, and kept as they are or, if
they are images, drawn anew. Whose they are, and who may read them, is the business of the app that keeps them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath

from django.db import models

from intranet.core import confined, file_reader, office_reader
from intranet.core.access import Refused

MEGABYTE = 1024 * 1024
MOST_BYTES = 20 * MEGABYTE
LONGEST_NAME = 120
KINDS = "PDF, Word (.docx), Excel (.xlsx), PNG or JPEG"
ACCEPTED = ".pdf,.docx,.xlsx,.png,.jpg,.jpeg"
_FORBIDDEN_IN_NAMES = re.compile(r'[\\/:*?"<>|]+')


class Kind(models.TextChoices):
    """What a file is, by its content."""

    PDF = "application/pdf", "PDF"
    WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "Word"
    EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Excel"
    PNG = "image/png", "Picture"
    JPEG = "image/jpeg", "Photo"


ENDINGS = {Kind.PDF: "pdf", Kind.WORD: "docx", Kind.EXCEL: "xlsx", Kind.PNG: "png", Kind.JPEG: "jpg"}
IMAGES = frozenset({Kind.PNG, Kind.JPEG})  # nothing else opens within the browser


@dataclass(frozen=True, slots=True)
class Paper:
    """A file that was looked at and may be kept, with its words for searching."""

    kind: Kind
    content: bytes
    pages: int = 0
    words: str = ""


def read_paper(content: bytes, name: str) -> Paper:
    """Find out what a file is by its content. Raises Refused with words for `file`."""
    read = READERS.get(PurePath(name.replace("\\", "/")).suffix.lower())
    if read is None:
        raise unfit(f"Choose a file that is a {KINDS}.")
    if not content:
        raise unfit("This file is empty.")
    if len(content) > MOST_BYTES:
        raise unfit(f"This file is larger than {MOST_BYTES // MEGABYTE} MB.")
    try:
        return read(content)
    except confined.Unfit as error:
        raise unfit(str(error)) from None


def unfit(words: str) -> Refused:
    """Why a file may not be kept, at the field for it."""
    return Refused.because("file", words, "file")


def _page(content: bytes) -> Paper:
    """A PDF, which stays as it is, or an image, which is drawn anew."""
    if not content.startswith(tuple(file_reader.BEGINNINGS)):
        raise confined.Unfit(f"This is not a {KINDS} file, whatever its name says.")
    facts, found = confined.run(file_reader.__file__, content, "paper")
    if facts["kind"] == Kind.PDF:
        return Paper(Kind.PDF, content, facts["pages"], found.decode(errors="replace"))
    return Paper(Kind(facts["kind"]), found)


def _office(kind: Kind, document: str, program: str, text: str) -> Callable[[bytes], Paper]:
    def read(content: bytes) -> Paper:
        _, words = confined.run(office_reader.__file__, content, document, program, text)
        return Paper(kind, content, words=words.decode())

    return read


READERS: dict[str, Callable[[bytes], Paper]] = {
    **dict.fromkeys((".pdf", ".png", ".jpg", ".jpeg"), _page),
    ".docx": _office(Kind.WORD, "word/document.xml", "Word", r"word/(document|footnotes|endnotes)\.xml$"),
    ".xlsx": _office(Kind.EXCEL, "xl/workbook.xml", "Excel", r"xl/(sharedStrings|worksheets/[^/]+)\.xml$"),
}


def name_from(file_name: str) -> str:
    """A name to propose: that of the file without its ending."""
    return tidy_name(PurePath(file_name.replace("\\", "/")).stem.replace("_", " "))


def tidy_name(name: str) -> str:
    """A name for people and for the disks of whoever downloads it: no signs that steer, hide or lead elsewhere."""
    shown = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in name)
    return " ".join(_FORBIDDEN_IN_NAMES.sub(" ", shown).split()).strip(". ")[:LONGEST_NAME].rstrip()
