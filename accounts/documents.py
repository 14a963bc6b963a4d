"""Documents behind credentials: looked at in a process of their own, and kept privately under names that say nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import PurePath
from typing import Any

from django.db import transaction
from django.db.models import Sum

from accounts.models import Credential, CredentialDocument
from intranet.core import confined, file_reader, files
from intranet.core.access import Refused

MEGABYTE = 1024 * 1024
MOST_BYTES = 10 * MEGABYTE
# A career of licences, cards and certificates, several times over.
QUOTA = 100 * MEGABYTE
ENDINGS = {".pdf", ".png", ".jpg", ".jpeg"}
FOLDER = "credentials"
KIND = CredentialDocument.Kind


@dataclass(frozen=True, slots=True)
class Paper:
    """A document that was looked at and may be kept. `picture` shows the first pages of a PDF; an image needs none."""

    kind: str
    content: bytes
    picture: bytes
    pages: int

    @property
    def size(self) -> int:
        return len(self.content) + len(self.picture)


def read_paper(content: bytes, name: str) -> Paper:
    """Find out what a file is by its content, and draw its pictures anew. Raises Refused with words for `document`."""
    if PurePath(name.replace("\\", "/")).suffix.lower() not in ENDINGS:
        raise _unfit("Choose a PDF, PNG or JPEG file.")
    if not content:
        raise _unfit("This file is empty.")
    if len(content) > MOST_BYTES:
        raise _unfit(f"This file is larger than {MOST_BYTES // MEGABYTE} MB: scan it with less detail.")
    facts, picture = _looked_at(content)
    if facts["kind"] == KIND.PDF:
        return Paper(KIND.PDF, content, picture, facts["pages"])
    return Paper(facts["kind"], picture, b"", 1)


def _looked_at(content: bytes) -> tuple[dict[str, Any], bytes]:
    try:
        return confined.run(file_reader.__file__, content, "document")
    except confined.Unfit as unfit:
        raise _unfit(str(unfit)) from None


def _unfit(words: str) -> Refused:
    return Refused.because("document", words, "document")


def keep(credential: Credential, paper: Paper, *, at: datetime) -> CredentialDocument:
    """Put the document behind a credential, in place of the one that was there.

    Inside of a transaction, with the person locked. Should that fail in the end, bytes without a row stay behind in the
    store: nobody can ask for them.
    """
    used = CredentialDocument.objects.filter(credential__user=credential.user_id).exclude(credential=credential)
    if (used.aggregate(sum=Sum("size"))["sum"] or 0) + paper.size > QUOTA:
        raise _unfit(f"There is no room left: the documents of one person take up to {QUOTA // MEGABYTE} MB.")
    discard(credential)
    document = CredentialDocument(
        credential=credential,
        kind=paper.kind,
        file=files.new_name(FOLDER),
        picture=files.new_name(FOLDER) if paper.picture else "",
        size=paper.size,
        pages=paper.pages,
        sha256=sha256(paper.content).hexdigest(),
        stored_at=at,
    )
    document.save()
    files.write(document.file, paper.content)
    if paper.picture:
        files.write(document.picture, paper.picture)
    return document


def discard(credential: Credential) -> None:
    """Take the document away from a credential that nobody has verified; its bytes go when the transaction is through."""
    for document in CredentialDocument.objects.filter(credential=credential):
        names = [name for name in (document.file, document.picture) if name]
        document.delete()
        transaction.on_commit(lambda names=names: files.remove(names))  # type: ignore[misc]


def bytes_of(document: CredentialDocument) -> bytes:
    """The document as it came in. Raises Conflict when somebody has changed it in the store, or it is gone."""
    return files.read(document.file, document.sha256)


def picture_of(document: CredentialDocument) -> tuple[bytes, str]:
    """A picture to show of it, and of which kind: the image itself, or the first pages of a PDF."""
    if not document.picture:
        return bytes_of(document), document.kind
    return files.path_of(document.picture).read_bytes(), KIND.JPEG


def download_name(document: CredentialDocument) -> str:
    """What the file is called on the disk of whoever downloads it: the names that people gave are not kept."""
    credential = document.credential
    ending = {KIND.PDF: "pdf", KIND.PNG: "png", KIND.JPEG: "jpg"}[KIND(document.kind)]
    return f"{credential.type.code}-{credential.user_id}-{credential.valid.lower:%Y-%m-%d}.{ending}"
