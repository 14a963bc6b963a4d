"""Files that belong to a version: adding them to a draft, renaming and removing them there."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Sum

from accounts.models import User
from intranet.audit.recording import record
from intranet.core import files, papers
from intranet.core.access import Conflict, Forbidden, Refused, require
from protocols.drafting import begin_change, clinics_of, end_change, lock_draft, may_edit
from protocols.models import Attachment, ProtocolVersion
from protocols.models.files import FOLDER

MOST_ATTACHMENTS = 20
QUOTA = 60 * papers.MEGABYTE  # of one version


@transaction.atomic
def add(version: ProtocolVersion, paper: papers.Paper, *, name: str, by: User, at: datetime) -> Attachment:
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
    if papers.tidy_name(name) == attachment.name:
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
    name = papers.tidy_name(name)
    if not name:
        raise Refused.because("no-name", "Give the attachment a name.", "name")
    if version.attachments.filter(name=name).exists():
        raise Refused.because("name-taken", f"There is an attachment “{name}” already.", "name")
    return name


def _require_room(version: ProtocolVersion, size: int) -> None:
    if version.attachments.count() >= MOST_ATTACHMENTS:
        raise papers.unfit(f"A version has at most {MOST_ATTACHMENTS} attachments.")
    if (version.attachments.aggregate(sum=Sum("size"))["sum"] or 0) + size > QUOTA:
        raise papers.unfit(
            f"There is no room left: the attachments of a version take up to {QUOTA // papers.MEGABYTE} MB."
        )
