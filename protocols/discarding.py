"""Giving a draft up: nothing of it stays but its entries in the audit log, and its number is free for the next one."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection, transaction
from django.db.models import ProtectedError

from accounts.models import User
from intranet.audit.recording import record
from intranet.core import files
from intranet.core.access import Conflict, Forbidden, Verdict, require
from protocols.drafting import clinics_of, is_as_seen, lock, may_edit, reopen
from protocols.models import Attachment, Contributor, Picture, Preview, Protocol, ProtocolVersion, State
from protocols.models.files import FOLDER


def may_discard(version: ProtocolVersion, *, by: User) -> Verdict:
    """Whoever may edit it, as long as it is not approved: what somebody signed is first sent back, with a reason."""
    verdict = may_edit(version, by=by)
    if version.state == State.APPROVED:
        verdict += Verdict.no(
            "approved", f"Version {version.number} is approved. It has to be sent back before it is discarded."
        )
    return verdict


@transaction.atomic
def discard(version: ProtocolVersion, *, by: User, token: int) -> None:
    """Delete a draft with all that belongs to it, and its protocol when that has no other version.

    `token` is that of the version when the person was asked. Raises Conflict when somebody saved since: nobody throws
    away words that they have not seen.
    """
    version = lock(version)
    require(may_discard(version, by=by), Forbidden)
    require(is_as_seen(version, token), Conflict)
    authors = [str(one.user) for one in version.contributors.select_related("user")]
    record(by, "protocol.discarded", version, clinics=clinics_of(version), authors=authors)
    digests = {row.sha256 for rows in (version.pictures, version.attachments) for row in rows.all()}
    _delete(version)
    _delete_without_versions(version.protocol)
    transaction.on_commit(lambda: _forget(digests))


def _delete(version: ProtocolVersion) -> None:
    """The parts go while the version is a draft; who wrote on it, when it is gone: the database refuses it before."""
    reopen(version)
    for parts in (
        *(version.sections, version.pictures, version.attachments, version.questions),
        *(version.audiences, version.comments, version.remarks),
    ):
        parts.all().delete()
    key = version.pk
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")  # also when something before it had them checked at once
    version.delete()
    Contributor.objects.filter(version=key).delete()


def _delete_without_versions(protocol: Protocol) -> None:
    """Nobody can see a protocol without a version. One about whose settings something is on record stays all the same."""
    if protocol.versions.exists():
        return
    protocol.bookmarks.all().delete()
    try:
        protocol.delete()
    except ProtectedError:
        return


def _forget(digests: Iterable[str]) -> None:
    """Remove the bytes that no other version and no preview shows. Whoever hands them in again keeps them anew."""
    for digest in digests:
        named = Picture.objects.filter(sha256=digest).exists() or Attachment.objects.filter(sha256=digest).exists()
        if not named and not Preview.objects.filter(pictures__contains=[{"sha256": digest}]).exists():
            files.remove([files.name_of(FOLDER, digest)])
