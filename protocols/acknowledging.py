"""Who must acknowledge what and by when, and the acknowledgement itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, TypeAlias
from uuid import UUID

from django.db import transaction
from django.db.models import (
    Case,
    DateField,
    DateTimeField,
    ExpressionWrapper,
    F,
    Max,
    Min,
    OuterRef,
    QuerySet,
    Subquery,
    When,
)
from django.db.models.functions import Greatest, TruncDate
from django.db.models.lookups import IsNull

from accounts.models import User
from accounts.roles import Capability, Role
from accounts.standing import Standing
from intranet.audit.recording import record
from intranet.core.access import Conflict, Forbidden, Refused, Verdict, require
from intranet.core.moments import moment_of
from intranet.core.time import organisation_day, organisation_zone
from protocols import opening, questioning, suspending
from protocols.drafting import clinics_of, what_became
from protocols.models import (
    REASK_AHEAD,
    Acknowledgement,
    Audience,
    Protocol,
    ProtocolVersion,
    Readership,
    ReadershipQuerySet,
    SigningInterval,
    State,
    Status,
    Waiver,
    lapse,
)

# Rows with annotations that are grouped by the caller; their columns are said where they are made.
Rows: TypeAlias = QuerySet[Any, Any]


def duties(at: datetime) -> Rows:
    """One row per person and version that the person must acknowledge, done or not: `user_id`, `version_id`,
    `asked_at` (since when) and `due_on` (the last day).

    Time runs from the publication, from the moment at which somebody's role was added to its readers, from the day on
    which somebody's membership made the version theirs, or from the end of a waiver. An acknowledgement that ends is
    asked for 30 days ahead, and is due on the last day on which it holds.
    """
    return with_terms(duty_rows(at).values("user_id", "version_id"), at)


def duties_then(at: datetime) -> Rows:
    """The duties at a moment in the past, also of people who have left since.

    Nothing says when somebody was deactivated; whoever held a role that day is taken to have been at work.
    """
    return with_terms(duty_rows(at, past=True).values("user_id", "version_id"), at)


def duty_rows(at: datetime, *, past: bool = False) -> ReadershipQuerySet:
    """The memberships behind the duties, for those who group them in their own way. For `past` see `duties_then`."""
    day = organisation_day(at)
    rows = Readership.objects.held_on(day).stated(at) if past else Readership.objects.on(day)
    return rows.duties().filter(version__in=ProtocolVersion.objects.current(at)).order_by()


def outstanding(at: datetime) -> Rows:
    """The duties that no acknowledgement satisfies yet, or none much longer, and that are not waived."""
    return with_terms(outstanding_rows(at).values("user_id", "version_id"), at)


def outstanding_rows(at: datetime) -> ReadershipQuerySet:
    """The memberships behind the outstanding duties, for those who group them in their own way."""
    return duty_rows(at).outstanding(at)


def with_terms(rows: QuerySet[Any, Any], at: datetime) -> Rows:
    """Grouped rows with `asked_at` and `due_on`. The groups hold at most one person and one version."""
    zone = organisation_zone()
    lapsed = _lapsed(at)
    theirs = Min(Greatest(moment_of(F("period__startswith"), zone), "added_at"))  # what is null does not count
    begun = Greatest(theirs, Subquery(_excused(at), output_field=DateTimeField()))
    ahead = ExpressionWrapper(lapsed - REASK_AHEAD, output_field=DateTimeField())
    # Days of the clinic: what ends in the course of a day holds through the day before.
    last_held = ExpressionWrapper(TruncDate(lapsed, tzinfo=zone) - 1, output_field=DateField())
    due_on = Case(
        When(IsNull(lapsed, True), then=_in_time(Greatest("version__published_at", begun))),
        default=Greatest(last_held, _in_time(begun)),
    )
    return rows.annotate(asked_at=Greatest("version__published_at", begun, ahead), due_on=due_on)


def _in_time(asked_at: Any) -> ExpressionWrapper:
    day = TruncDate(asked_at, tzinfo=organisation_zone())
    return ExpressionWrapper(day + F("version__due_days"), output_field=DateField())


def _lapsed(at: datetime) -> Case:
    """When the last acknowledgement by then of the row's person ends or ended, when that is soon or over.

    Most protocols are signed once: what is signed again is looked up for those only that ever had an interval.
    """
    own = Acknowledgement.objects.counting_for("user", "version").filter(at__lte=at).order_by().values("user")
    last = own.annotate(last=Max(lapse(at))).filter(last__lte=at + REASK_AHEAD)
    again = SigningInterval.objects.filter(at__lte=at).values("protocol")
    when = When(version__protocol__in=again, then=Subquery(last.values("last")))
    return Case(when, output_field=DateTimeField())


def _excused(at: datetime) -> QuerySet[Any, Any]:
    """When the last waiver of the row's person for the version ended."""
    own: QuerySet[Any, Any] = Waiver.objects.ending()
    own = own.filter(user=OuterRef("user"), version=OuterRef("version"), over_at__lte=at)
    return own.order_by().values("user").annotate(last=Max("over_at")).values("last")


def must_acknowledge(user: User, *, at: datetime) -> list[Any]:
    """Versions that wait for the person's acknowledgement, the first due first, each with `due_on`. Two queries."""
    if not user.is_active:
        return []
    due = dict(outstanding(at).filter(user_id=user.pk).values_list("version_id", "due_on"))
    waiting: list[Any] = list(ProtocolVersion.objects.filter(pk__in=due).select_related("protocol"))
    for version in waiting:
        version.due_on = due[version.pk]
    return sorted(waiting, key=lambda version: (version.due_on, version.title))


def due_on(version: ProtocolVersion, user: User, at: datetime) -> date | None:
    """The last day for the person to acknowledge the version; None when it does not wait for them."""
    if not user.is_active:
        return None
    own = outstanding(at).filter(user_id=user.pk, version_id=version.pk)
    return next(iter(own.values_list("due_on", flat=True)), None)


def may_acknowledge(version: ProtocolVersion, *, by: User, at: datetime) -> Verdict:
    """Whoever works with the version, at a clinic where it is not suspended. An administrator only when the audience
    names one."""
    if version.status(at) not in (Status.IN_FORCE, Status.COMING):
        return Verdict.no("not-current", f"Version {version.number} is not in force. Read the version that is.")
    addressed = Audience.objects.of(by.standing.grants).filter(version=version)
    if not (by.standing.holds(Capability.ACKNOWLEDGE) and (addressed.exists() or _reads_anyway(version, by))):
        return Verdict.no("not-a-reader", "This version does not ask for your acknowledgement.")
    return suspending.may_sign(version, by=by)


def acknowledge(
    version: ProtocolVersion, *, by: User, at: datetime, opened: str, answers: Mapping[UUID, int] | None = None
) -> Acknowledgement:
    """Record that the person has read the version and will follow it. A second time changes nothing, until it is time to
    acknowledge it again.

    `opened` is the proof that the person had the whole text before them; see `opening`. `answers` are the options chosen
    for the version's questions, by key; they are counted, also when they are wrong.
    """
    require(may_acknowledge(version, by=by, at=at), Forbidden)
    if not opening.has_opened(version, opened, reader=by, at=at):
        raise Refused.because("not-opened", "Open the protocol once more, then acknowledge it.")
    if (last := _last_round(version, by)) and _holds(last, at):
        return last
    require(questioning.check(version, answers or {}, at=at))
    return _sign(version, by=by, at=at, round=last.round + 1 if last else 1)


@transaction.atomic
def _sign(version: ProtocolVersion, *, by: User, at: datetime, round: int) -> Acknowledgement:
    """Raises Conflict when somebody has withdrawn the version since it was read."""
    version = ProtocolVersion.objects.select_for_update(of=("self",), no_key=True).get(pk=version.pk)
    if version.state == State.WITHDRAWN:
        raise Conflict.because("withdrawn", f"{what_became(version)} What you read does not count any more.")
    acknowledgement, created = Acknowledgement.objects.get_or_create(
        user=by, version=version, round=round, defaults={"at": at, "text_hash": version.content_hash}
    )
    if created:
        record(by, "protocol.acknowledged", version, clinics=clinics_of(version), content=version.content_hash)
    return acknowledgement


def _last_round(version: ProtocolVersion, by: User) -> Acknowledgement | None:
    return Acknowledgement.objects.filter(user=by, version=version).order_by("-round").first()


def _holds(given: Acknowledgement, at: datetime) -> bool:
    return Acknowledgement.objects.filter(pk=given.pk).fresh(at + REASK_AHEAD).exists()


def counting(version: ProtocolVersion, user: User, at: datetime) -> Acknowledgement | None:
    """The acknowledgement with which the person satisfies the version at the moment, the latest first."""
    own = Acknowledgement.objects.satisfying(version).filter(user=user).fresh(at)
    return own.select_related("version").order_by("-version__number", "-round").first()


def months_between(protocol: Protocol, at: datetime) -> int | None:
    """After how many months everybody acknowledges the protocol again; None: once per version."""
    held = protocol.signing_intervals.filter(at__lte=at).first()
    return held.months if held else None


def last_signed(version: ProtocolVersion, user: User) -> Acknowledgement | None:
    """What the person acknowledged before this version, for "you acknowledged version 3"."""
    own = Acknowledgement.objects.filter(user=user, version__protocol=version.protocol_id)
    earlier = own.filter(version__number__lt=version.number)
    return earlier.select_related("version").order_by("-version__number", "-round").first()


def _reads_anyway(version: ProtocolVersion, by: User) -> bool:
    """Managers at their clinics and the lead read whatever the audience; what an administrator sees does not count."""
    clinical = Standing((grant for grant in by.standing.grants if grant.role != Role.ADMINISTRATOR), by.standing.at)
    scope = clinical.scope(Capability.READ_ANY_PROTOCOL)
    return scope.everywhere or version.audiences.at(scope.clinic_ids).exists()
