"""Documents behind credentials: looked at in a process of their own, and kept privately under names that say nothing."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path, PurePath
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.http import HttpResponse
from django.utils.http import content_disposition_header

from accounts import document_reader
from accounts.models import Credential, CredentialDocument
from intranet.core.access import Conflict, Refused

MEGABYTE = 1024 * 1024
MOST_BYTES = 10 * MEGABYTE
# A career of licences, cards and certificates, several times over.
QUOTA = 100 * MEGABYTE
ENDINGS = {".pdf", ".png", ".jpg", ".jpeg"}
PATIENCE = 30  # seconds, for a machine that has other things to do
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
    reader = [sys.executable, "-I", "-X", "utf8", document_reader.__file__]
    try:
        done = subprocess.run(reader, input=content, capture_output=True, timeout=PATIENCE, env={}, check=False)
    except subprocess.TimeoutExpired:
        raise _unfit("This file could not be opened in time: save it again, and try again.") from None
    if done.returncode != 0:
        raise _unfit("This file could not be opened: save it again, and try again.")
    line, _, picture = done.stdout.partition(b"\n")
    facts = json.loads(line)
    if "unfit" in facts:
        raise _unfit(facts["unfit"])
    return facts, picture


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
        file=_new_name(),
        picture=_new_name() if paper.picture else "",
        size=paper.size,
        pages=paper.pages,
        sha256=sha256(paper.content).hexdigest(),
        stored_at=at,
    )
    document.save()
    _write(document.file, paper.content)
    if paper.picture:
        _write(document.picture, paper.picture)
    return document


def discard(credential: Credential) -> None:
    """Take the document away from a credential that nobody has verified; its bytes go when the transaction is through."""
    for document in CredentialDocument.objects.filter(credential=credential):
        names = [name for name in (document.file, document.picture) if name]
        document.delete()
        transaction.on_commit(lambda names=names: _remove(names))  # type: ignore[misc]


def bytes_of(document: CredentialDocument) -> bytes:
    """The document as it came in. Raises Conflict when somebody has changed it in the store, or it is gone."""
    try:
        content = _path(document.file).read_bytes()
    except FileNotFoundError:
        content = b""
    if sha256(content).hexdigest() != document.sha256:
        raise Conflict.because(
            "document-changed", "The stored document is not the one that was filed. Tell the administrator."
        )
    return content


def picture_of(document: CredentialDocument) -> tuple[bytes, str]:
    """A picture to show of it, and of which kind: the image itself, or the first pages of a PDF."""
    if not document.picture:
        return bytes_of(document), document.kind
    return _path(document.picture).read_bytes(), KIND.JPEG


def download_name(document: CredentialDocument) -> str:
    """What the file is called on the disk of whoever downloads it: the names that people gave are not kept."""
    credential = document.credential
    ending = {KIND.PDF: "pdf", KIND.PNG: "png", KIND.JPEG: "jpg"}[KIND(document.kind)]
    return f"{credential.type.code}-{credential.user_id}-{credential.valid.lower:%Y-%m-%d}.{ending}"


def served(content: bytes, kind: str, name: str, *, keep: bool) -> HttpResponse:
    """Bytes of somebody's document, shut off from everything around them."""
    response = HttpResponse(content, content_type=str(kind))
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    if name:
        response["Content-Disposition"] = content_disposition_header(keep, name) or "attachment"
    return response


def _new_name() -> str:
    name = secrets.token_hex(20)
    return f"{FOLDER}/{name[:2]}/{name}"


def _path(name: str) -> Path:
    return Path(settings.MEDIA_ROOT) / name


def _write(name: str, content: bytes) -> None:
    """Written before the row is committed: a row without its document would be worse than a file without a row."""
    path = _path(name)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    with path.open("xb") as file:
        file.write(content)
    path.chmod(0o640)


def _remove(names: list[str]) -> None:
    for name in names:
        _path(name).unlink(missing_ok=True)
