"""Files that belong to a version: what they are, adding them to a draft, renaming and removing them there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

from django.db import transaction
from django.db.models import Sum

from accounts.models import User
from intranet.audit.recording import record
from intranet.core import confined, file_reader, files, office_reader
from intranet.core.access import Conflict, Forbidden, Refused, require
from protocols.drafting import begin_change, clinics_of, end_change, lock_draft, may_edit
from protocols.models import Attachment, Kind, ProtocolVersion
from protocols.models.files import FOLDER

MEGABYTE = 1024 * 1024
MOST_BYTES = 20 * MEGABYTE
MOST_ATTACHMENTS = 20
QUOTA = 60 * MEGABYTE  # of one version
LONGEST_NAME = 120
KINDS = "PDF, Word (.docx), Excel (.xlsx), PNG or JPEG"
_FORBIDDEN_IN_NAMES = re.compile(r'[\\/:*?"<>|]+')


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
        raise _unfit(f"Choose a file that is a {KINDS}.")
    if not content:
        raise _unfit("This file is empty.")
    if len(content) > MOST_BYTES:
        raise _unfit(f"This file is larger than {MOST_BYTES // MEGABYTE} MB.")
    try:
        return read(content)
    except confined.Unfit as unfit:
        raise _unfit(str(unfit)) from None


def _unfit(words: str) -> Refused:
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


@transaction.atomic
def add(version: ProtocolVersion, paper: Paper, *, name: str, by: User, at: datetime) -> Attachment:
    """Attach a file to a draft; a version in review or approved becomes one again."""
    version = lock_draft(version)
    require(may_edit(version, by=by), Forbidden)
    name = _free_name(version, name)
    _require_room(version, len(paper.content))
    begin_change(version, by=by, at=at)
    attachment = Attachment.objects.create(
        version=version,
        name=name,
        sha256=files.keep(FOLDER, paper.content),
        kind=paper.kind,
        size=len(paper.content),
        pages=paper.pages,
        words=paper.words,
        added_by=by,
        added_at=at,
    )
    end_change(version, by=by, at=at)
    record(by, "protocol.attached", version, clinics=clinics_of(version), file=name, content=attachment.sha256)
    return attachment


@transaction.atomic
def rename(attachment: Attachment, *, name: str, by: User, at: datetime) -> Attachment:
    """Call an attachment of a draft something else. The same name again changes nothing."""
    version, attachment = _locked(attachment, by)
    if tidy_name(name) == attachment.name:
        return attachment
    before, name = attachment.name, _free_name(version, name)
    begin_change(version, by=by, at=at)
    attachment.name = name
    attachment.save(update_fields=["name"])
    end_change(version, by=by, at=at)
    record(by, "protocol.attachment-renamed", version, clinics=clinics_of(version), before=before, after=name)
    return attachment


@transaction.atomic
def remove(attachment: Attachment, *, by: User, at: datetime) -> None:
    """Take an attachment out of a draft. Its bytes stay: the version before may carry it."""
    version, attachment = _locked(attachment, by)
    begin_change(version, by=by, at=at)
    attachment.delete()
    end_change(version, by=by, at=at)
    record(by, "protocol.attachment-removed", version, clinics=clinics_of(version), file=attachment.name)


def content_of(attachment: Attachment) -> bytes:
    """Raises Conflict when somebody has changed it in the store."""
    return files.read(files.name_of(FOLDER, attachment.sha256), attachment.sha256)


def _locked(attachment: Attachment, by: User) -> tuple[ProtocolVersion, Attachment]:
    version = lock_draft(attachment.version)
    require(may_edit(version, by=by), Forbidden)
    now = version.attachments.filter(pk=attachment.pk).first()
    if now is None:
        raise Conflict.because("removed", "Somebody has removed this attachment meanwhile.")
    return version, now


def _free_name(version: ProtocolVersion, name: str) -> str:
    name = tidy_name(name)
    if not name:
        raise Refused.because("no-name", "Give the attachment a name.", "name")
    if version.attachments.filter(name=name).exists():
        raise Refused.because("name-taken", f"There is an attachment “{name}” already.", "name")
    return name


def _require_room(version: ProtocolVersion, size: int) -> None:
    if version.attachments.count() >= MOST_ATTACHMENTS:
        raise _unfit(f"A version has at most {MOST_ATTACHMENTS} attachments.")
    if (version.attachments.aggregate(sum=Sum("size"))["sum"] or 0) + size > QUOTA:
        raise _unfit(f"There is no room left: the attachments of a version take up to {QUOTA // MEGABYTE} MB.")
