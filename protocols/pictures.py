"""Pictures of a draft: looked at and drawn anew in a process of their own, and kept under their own hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from intranet.audit.recording import record
from intranet.core import confined, file_reader, files
from intranet.core.access import Forbidden, Refused, Verdict, require
from intranet.core.richtext import LONGEST_DESCRIPTION
from protocols import placing
from protocols.drafting import begin_change, clinics_of, lock_draft, may_edit
from protocols.models import Picture, Preview, ProtocolVersion
from protocols.models.files import FOLDER

MEGABYTE = 1024 * 1024
MOST_BYTES = 10 * MEGABYTE
MOST_PICTURES = 60
ENDINGS = {".png", ".jpg", ".jpeg"}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture that was drawn anew and may be kept."""

    kind: str
    content: bytes
    width: int
    height: int


def read_picture(content: bytes, name: str) -> Drawn:
    """Find out what a file is by its content, and draw it anew. Raises Refused with words for `picture`."""
    if PurePath(name.replace("\\", "/")).suffix.lower() not in ENDINGS:
        raise _unfit("Choose a PNG or JPEG file.")
    if not content:
        raise _unfit("This file is empty.")
    if len(content) > MOST_BYTES:
        raise _unfit(f"This file is larger than {MOST_BYTES // MEGABYTE} MB: make the picture smaller.")
    try:
        facts, drawn = confined.run(file_reader.__file__, content, "picture")
    except confined.Unfit as unfit:
        raise _unfit(str(unfit)) from None
    return Drawn(facts["kind"], drawn, facts["width"], facts["height"])


def _unfit(words: str) -> Refused:
    return Refused.because("picture", words, "picture")


@transaction.atomic
def add(version: ProtocolVersion, drawn: Drawn, *, description: str, by: User, at: datetime) -> Picture:
    """Put a picture on the shelf of a draft, from where it goes into the text. The same picture twice is one."""
    version = lock_draft(version)
    require(may_edit(version, by=by), Forbidden)
    description = _said(description)
    digest = files.keep(FOLDER, drawn.content)
    if (there := version.pictures.filter(sha256=digest).first()) is not None:
        return there
    if version.pictures.count() >= MOST_PICTURES:
        raise _unfit(f"A version has at most {MOST_PICTURES} pictures: remove one that you do not need.")
    begin_change(version, by=by, at=at)
    picture = Picture.objects.create(
        version=version,
        sha256=digest,
        kind=drawn.kind,
        size=len(drawn.content),
        width=drawn.width,
        height=drawn.height,
        description=description,
        added_by=by,
        added_at=at,
    )
    record(by, "protocol.picture-added", version, clinics=clinics_of(version), picture=description, content=digest)
    return picture


def _said(description: str) -> str:
    """What a picture shows, for whoever cannot see it."""
    description = " ".join(description.split())
    if not description:
        raise Refused.because("no-description", "Say what the picture shows.", "description")
    if len(description) > LONGEST_DESCRIPTION:
        raise Refused.because("long-description", f"Say it in at most {LONGEST_DESCRIPTION} characters.", "description")
    return description


def may_remove(picture: Picture, *, used: set[str]) -> Verdict:
    if picture.sha256 in used:
        return Verdict.no("in-text", "This picture stands in the text: take it out there first.")
    return Verdict()


@transaction.atomic
def remove(picture: Picture, *, by: User, at: datetime) -> None:
    """Take a picture that stands nowhere off the shelf of a draft. Its bytes stay: other versions may show it."""
    version = lock_draft(picture.version)
    require(may_edit(version, by=by), Forbidden)
    require(may_remove(picture, used=placing.used_in(version)))
    if Picture.objects.filter(pk=picture.pk).exists():
        begin_change(version, by=by, at=at)
        Picture.objects.filter(pk=picture.pk).delete()
        record(by, "protocol.picture-removed", version, clinics=clinics_of(version), picture=picture.description)


def shown_to(user: User, digest: str, at: datetime) -> tuple[bytes, str] | None:
    """The bytes and the kind of a picture, when it stands in anything that the person may read."""
    picture = Picture.objects.visible_to(user).filter(sha256=digest).first()
    if picture is not None:
        return content_of(digest), picture.kind
    previews = Preview.objects.visible_to(user).fresh(at).filter(Q(pictures__contains=[{"sha256": digest}]))
    for preview in previews:
        kind = next(one["kind"] for one in preview.pictures if one["sha256"] == digest)
        return content_of(digest), kind
    return None


def content_of(digest: str) -> bytes:
    """Raises Conflict when somebody has changed it in the store."""
    return files.read(files.name_of(FOLDER, digest), digest)
