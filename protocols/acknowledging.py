"""Who must acknowledge what and by when, and the acknowledgement itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeAlias

from django.db import transaction
from django.db.models import DateField, ExpressionWrapper, F, Min, OuterRef, QuerySet, Subquery
from django.db.models.functions import Greatest, TruncDate

from accounts.models import User
from accounts.roles import Capability, Role
from accounts.standing import Standing
from intranet.audit.recording import record
from intranet.core.access import YES, Forbidden, Refused, Verdict, require
from intranet.core.moments import moment_of
from intranet.core.time import organisation_day, organisation_zone
from protocols.drafting import clinics_of
from protocols.models import Acknowledgement, Audience, ProtocolVersion, Readership, ReadershipQuerySet, Status

# Rows with annotations that are grouped by the caller; their columns are said where they are made.
Rows: TypeAlias = QuerySet[Any, Any]


def duties(at: datetime) -> Rows:
    """One row per person and version that the person must acknowledge, done or not: `user_id`, `version_id`,
    `asked_at` (since when) and `due_on` (the last day).

    Time runs from the publication, or from the day on which somebody's membership made the version theirs.
    """
    return with_terms(_asked(at).values("user_id", "version_id"))


def duties_then(at: datetime) -> Rows:
    """The duties at a moment in the past, also of people who have left since.

    Nothing says when somebody was deactivated; whoever held a role that day is taken to have been at work.
    """
    return with_terms(_duty_rows(Readership.objects.held_on(organisation_day(at)), at).values("user_id", "version_id"))


def outstanding(at: datetime) -> Rows:
    """The duties that no acknowledgement satisfies yet."""
    return with_terms(outstanding_rows(at).values("user_id", "version_id"))


def outstanding_rows(at: datetime) -> ReadershipQuerySet:
    """The memberships behind the outstanding duties, for those who group them in their own way."""
    return _asked(at).outstanding()


def with_terms(rows: QuerySet[Any, Any]) -> Rows:
    """Grouped rows with `asked_at` and `due_on`. The groups hold at most one person and one version."""
    asked_at = Greatest("version__published_at", moment_of(Min("period__startswith"), organisation_zone()))
    asked_on = TruncDate(asked_at, tzinfo=organisation_zone())
    due_on = ExpressionWrapper(asked_on + F("version__due_days"), output_field=DateField())
    return rows.annotate(asked_at=asked_at, due_on=due_on)


def must_acknowledge(user: User, *, at: datetime) -> QuerySet[Any]:
    """Versions that wait for the person's acknowledgement, the first due first, each with `due_on`."""
    if not user.is_active:
        return ProtocolVersion.objects.none()
    due_on = outstanding(at).filter(user_id=user.pk, version_id=OuterRef("pk")).values("due_on")
    waiting = ProtocolVersion.objects.annotate(due_on=Subquery(due_on)).filter(due_on__isnull=False)
    return waiting.select_related("protocol").order_by("due_on", "title")


def may_acknowledge(version: ProtocolVersion, *, by: User, at: datetime) -> Verdict:
    """Whoever works with the version. An administrator only when the audience names one."""
    if version.status(at) not in (Status.IN_FORCE, Status.COMING):
        return Verdict.no("not-current", f"Version {version.number} is not in force. Read the version that is.")
    addressed = Audience.objects.of(by.standing.grants).filter(version=version)
    if by.standing.holds(Capability.ACKNOWLEDGE) and (addressed.exists() or _reads_anyway(version, by)):
        return YES
    return Verdict.no("not-a-reader", "This version does not ask for your acknowledgement.")


@transaction.atomic
def acknowledge(version: ProtocolVersion, *, by: User, at: datetime, opened: str) -> Acknowledgement:
    """Record that the person has read the version and will follow it. A second time changes nothing.

    `opened` is the hash of the text that the person had before them: only a whole document carries it.
    """
    require(may_acknowledge(version, by=by, at=at), Forbidden)
    if opened != version.content_hash:
        raise Refused.because("not-opened", "Open the whole version and read it before you acknowledge it.")
    acknowledgement, created = Acknowledgement.objects.get_or_create(
        user=by, version=version, defaults={"at": at, "text_hash": version.content_hash}
    )
    if created:
        record(by, "protocol.acknowledged", version, clinics=clinics_of(version), content=version.content_hash)
    return acknowledgement


def counting(version: ProtocolVersion, user: User) -> Acknowledgement | None:
    """The acknowledgement with which the person has satisfied the version, the latest first."""
    own = Acknowledgement.objects.satisfying(version).filter(user=user)
    return own.select_related("version").order_by("-version__number").first()


def last_signed(version: ProtocolVersion, user: User) -> Acknowledgement | None:
    """What the person acknowledged before this version, for "you acknowledged version 3"."""
    own = Acknowledgement.objects.filter(user=user, version__protocol=version.protocol_id)
    earlier = own.filter(version__number__lt=version.number)
    return earlier.select_related("version").order_by("-version__number").first()


def _asked(at: datetime) -> ReadershipQuerySet:
    return _duty_rows(Readership.objects.on(organisation_day(at)), at)


def _duty_rows(rows: ReadershipQuerySet, at: datetime) -> ReadershipQuerySet:
    return rows.duties().filter(version__in=ProtocolVersion.objects.current(at)).order_by()


def _reads_anyway(version: ProtocolVersion, by: User) -> bool:
    """Managers at their clinics and the lead read whatever the audience; what an administrator sees does not count."""
    clinical = Standing((grant for grant in by.standing.grants if grant.role != Role.ADMINISTRATOR), by.standing.at)
    scope = clinical.scope(Capability.READ_ANY_PROTOCOL)
    return scope.everywhere or version.audiences.at(scope.clinic_ids).exists()
