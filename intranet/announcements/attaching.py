"""Files that belong to an announcement: how many, how large, under which names; coming, going and being read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from accounts.models import User
from intranet.announcements.models import Announcement, Attachment
from intranet.core import files, papers
from intranet.core.access import Conflict

FOLDER = "announcements"
MOST_ATTACHMENTS = 10
QUOTA = 40 * papers.MEGABYTE  # of one announcement


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that was looked at, and what its owner called it."""

    name: str
    paper: papers.Paper


def looked_at(file: UploadedFile) -> NewFile:
    """A file as it came in, taken for what its content is. Raises Refused for what is not taken."""
    paper = papers.read_paper(file.read(papers.MOST_BYTES + 1), file.name or "")
    return NewFile(papers.name_from(file.name or ""), paper)


def change(
    announcement: Announcement, *, added: Sequence[NewFile], removed: Collection[UUID], by: User, at: datetime
) -> None:
    """Take files away and bring new ones, in the edition that the announcement has now.

    What an earlier edition had stays on record. Raises Refused for too many or too much, Conflict for a file that is
    gone already.
    """
    for row in _rows(announcement, removed):
        if row.added_in < announcement.edition:
            row.removed_in = announcement.edition
            row.save(update_fields=["removed_in"])
        else:
            row.delete()
            forget_later({row.sha256})
    if not added:
        return
    _require_room(announcement, added)
    taken = set(announcement.attachments.there().values_list("name", flat=True))
    for file in added:
        name = _free_name(file.name, taken)
        taken.add(name)
        Attachment.objects.create(
            announcement=announcement,
            name=name,
            sha256=files.keep(FOLDER, file.paper.content),
            kind=file.paper.kind,
            size=len(file.paper.content),
            pages=file.paper.pages,
            words=file.paper.words,
            added_by=by,
            added_at=at,
            added_in=announcement.edition,
        )


def content_of(attachment: Attachment) -> bytes:
    """Raises Conflict when somebody has changed it in the store."""
    return files.read(files.name_of(FOLDER, attachment.sha256), attachment.sha256)


def forget_later(digests: Collection[str]) -> None:
    """Once this is done, remove the bytes that no attachment names any more."""
    transaction.on_commit(lambda: _forget(digests))


def _rows(announcement: Announcement, keys: Collection[UUID]) -> list[Attachment]:
    rows = list(announcement.attachments.there().filter(key__in=keys))
    if len(rows) < len(set(keys)):
        raise Conflict.because("removed", "Somebody has removed this attachment meanwhile.")
    return rows


def _free_name(wanted: str, taken: Collection[str]) -> str:
    """The name of the file, with a number when there is one of that name already."""
    name = papers.tidy_name(wanted) or "Attachment"
    if name not in taken:
        return name
    short = name[: papers.LONGEST_NAME - 4]
    return next(tried for number in count(2) if (tried := f"{short} {number}") not in taken)


def _require_room(announcement: Announcement, added: Sequence[NewFile]) -> None:
    sizes = [*announcement.attachments.there().values_list("size", flat=True)]
    sizes += [len(file.paper.content) for file in added]
    if len(sizes) > MOST_ATTACHMENTS:
        raise papers.unfit(f"An announcement has at most {MOST_ATTACHMENTS} attachments.")
    if sum(sizes) > QUOTA:
        raise papers.unfit(f"The attachments of an announcement take up to {QUOTA // papers.MEGABYTE} MB.")


def _forget(digests: Iterable[str]) -> None:
    """Whoever hands them in again keeps them anew."""
    for digest in digests:
        if not Attachment.objects.filter(sha256=digest).exists():
            files.remove([files.name_of(FOLDER, digest)])
