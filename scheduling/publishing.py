"""Publishing the week of one clinic: what staff see changes here and nowhere else, and only as a whole."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from accounts.models import User
from intranet.core.access import YES, Conflict, Forbidden, Reason, Refused, Verdict, require
from intranet.core.time import local_day
from intranet.core.wording import day_label, duration, full_day, short_range
from scheduling.assigning import (
    NOTHING_CHANGED,
    NeedsReason,
    lock_people,
    lock_weeks,
    lock_weeks_by_id,
    may_edit,
)
from scheduling.coverage import Demand, by_day
from scheduling.eligibility import TRAVEL, attention, too_close
from scheduling.models import (
    AcceptedWarning,
    ChangeKind,
    Occasion,
    Publication,
    PublishedShift,
    RosterWeek,
    RuleCode,
    Shift,
    ShiftState,
)
from scheduling.pending import Change, pending_by_week, pending_changes
from scheduling.plans import Plan
from scheduling.rules import Concern, Rules, concerns_in, rules_of
from scheduling.showing import show
from scheduling.supervising import alone_once_seen, is_late
from scheduling.times import hours_and_day, spoken


@dataclass(frozen=True)
class ShiftReason(Reason):
    """A reason with the shift to look at, so that a page can lead there."""

    shift: Shift | None = None


@dataclass(frozen=True)
class Preview:
    """What publishing a week would do, what stands against it, and what to look at first."""

    week: RosterWeek
    changes: list[Change] = field(default_factory=list)
    verdict: Verdict = YES

    @property
    def added(self) -> list[Change]:
        return [one for one in self.changes if one.kind == ChangeKind.ADD and one.shift.staff_id]

    @property
    def opened(self) -> list[Change]:
        return [one for one in self.changes if one.after and one.after.staff_id is None]

    @property
    def changed(self) -> list[Change]:
        return [one for one in self.changes if one.before and one.after and one.after.staff_id]

    @property
    def removed(self) -> list[Change]:
        return [one for one in self.changes if one.after is None]

    @property
    def seen_before(self) -> list[Change]:
        return [one for one in self.changes if one.before]

    @property
    def people(self) -> set[int]:
        return set().union(*(change.people for change in self.changes))

    @property
    def concerns(self) -> list[Reason]:
        """The warnings for which a reason has to be given."""
        return concerns_in(self.verdict)

    @property
    def accepted(self) -> list[AcceptedWarning]:
        """What was planned all the same in this week, with the reasons that were given. One query."""
        planned = AcceptedWarning.objects.filter(shift__week=self.week, shift__state=ShiftState.PLANNED)
        held = planned.filter(shift_version=F("shift__version"), shift__staff__isnull=False)
        return list(held.select_related("by", "shift__staff", "shift__clinic").order_by("shift__period", "pk"))

    @property
    def by_person(self) -> list[tuple[User, list[Change]]]:
        """What each person would be told, by name."""
        told: dict[User, list[Change]] = defaultdict(list)
        for change in self.changes:
            for person in {one.staff for one in (change.before, change.after) if one is not None and one.staff}:
                told[person].append(change)
        return sorted(told.items(), key=lambda pair: (pair[0].name.lower(), pair[0].pk))

    @property
    def fingerprint(self) -> str:
        """Names what was looked at: every change as it would be made, and everything said about it."""
        seen = [
            (str(one.shift.pk), one.kind.value, one.shift.version, one.before.sequence if one.before else None)
            for one in self.changes
        ]
        said = [(one.code, one.message) for one in (*self.verdict.reasons, *self.verdict.warnings)]
        text = json.dumps([self.week.pk, sorted(seen, key=str), sorted(said)])
        return hashlib.sha256(text.encode()).hexdigest()


def preview(week: RosterWeek, at: datetime) -> Preview:
    """What would be published now."""
    changes = pending_changes(week)
    return Preview(week, changes, may_publish(week, changes, at))


def may_publish(week: RosterWeek, changes: Sequence[Change], at: datetime) -> Verdict:
    """No for a past week, for nothing to publish, and for every new or changed shift whose holder may not work it.

    A shift that staff see already and whose holder has lost clearance since is a warning: hiding the rest of the week
    would not make it better. Concerns are what whoever publishes all the same has to say why about.
    """
    if week.is_past(at):
        return Verdict.no("week-is-past", f"The week of {full_day(week.monday)} is over and locked.")
    if not changes:
        return Verdict.no("nothing-to-publish", "Staff see everything already: there is nothing to publish.")
    shifts = list(week.shifts.planned().select_related("clinic", "staff", "skill"))  # type: ignore[attr-defined]
    unfit = attention(shifts, at)
    new = {change.shift.pk for change in changes}
    against = [_in_full(shift, unfit[shift.pk], at) for shift in shifts if shift.pk in unfit and shift.pk in new]
    beside = [_in_full(shift, unfit[shift.pk], at) for shift in shifts if shift.pk in unfit and shift.pk not in new]
    plain = Verdict.of([*against, *double_publications(changes, at)], beside)
    return plain + concerns_about(week, changes, at)


def concerns_about(week: RosterWeek, changes: Sequence[Change], at: datetime) -> Verdict:
    """What the clinic's rules and needs say about the week as it would be seen."""
    rules = rules_of(week.clinic)
    gaps = Verdict.of((), _gaps(week, at))
    return sum((_late(changes, rules, at), _left_alone(changes, at), gaps), YES)


def _late(changes: Sequence[Change], rules: Rules, at: datetime) -> Verdict:
    """Changes of what staff see, and new shifts, shortly before they start."""
    limit = rules[RuleCode.LATE_CHANGE].amount
    verdict = YES
    for change in changes:
        if change.people and is_late(change.shown, at, limit):
            who = change.shown.staff or "An open shift"
            words = f"{who}, {hours_and_day(change.shown, at)}: less than {duration(limit)} before the start."
            verdict += rules.says(RuleCode.LATE_CHANGE, words)
    return verdict


def _left_alone(changes: Sequence[Change], at: datetime) -> Verdict:
    """Assistants, at every clinic, who would be without a therapist once staff see the changes."""
    return sum((one.verdict for one in alone_once_seen([(one.before, one.after) for one in changes], at)), YES)


def _gaps(week: RosterWeek, at: datetime) -> list[Reason]:
    """Half hours of the days to come for which people are missing; a night from the Sunday before counts."""
    demand, today = Demand.of([week.clinic]), local_day(at, week.clinic.zone)
    days = [day for day in (week.monday + timedelta(days=number) for number in range(7)) if day >= today]
    planned = Shift.objects.planned().filter(clinic=week.clinic, staff__isnull=False, period__overlap=week.span)
    staffed = by_day(planned.select_related("clinic", "skill"))
    gaps = [
        gap
        for day in days
        for cover in demand.covers([week.clinic])
        for gap in demand.coverage(week.clinic, day, cover, staffed[week.clinic_id, day]).gaps
    ]
    return [
        Concern(
            "below-coverage",
            f"{day_label(gap.day, today)}: {gap} short {short_range(gap.start, gap.end, week.clinic.zone)}.",
        )
        for gap in gaps
    ]


def _in_full(shift: Shift, against: Verdict, at: datetime) -> Reason:
    reasons = " ".join(str(reason) for reason in against.reasons)
    return ShiftReason("holder-may-not-work", f"{shift.staff}, {hours_and_day(shift, at)}: {reasons}", shift=shift)


def double_publications(changes: Sequence[Change], at: datetime) -> list[Reason]:
    """Clinics and weeks are published one by one: what staff still see of a person must go before this can come."""
    coming = [change.after for change in changes if change.after is not None and change.after.staff_id]
    if not coming:
        return []
    start, end = min(one.start for one in coming) - TRAVEL, max(one.end for one in coming) + TRAVEL
    others = PublishedShift.objects.standing().filter(staff__in={one.staff_id for one in coming}).within(start, end)
    others = others.exclude(shift__in=[change.shift for change in changes]).select_related("clinic")
    return [
        ShiftReason(
            "still-published-elsewhere",
            f"{shift.staff} is still published for {spoken(other, at)}. Publish that change at {other.clinic} first.",
            shift=shift,
        )
        for other in others
        for shift in coming
        if other.staff_id == shift.staff_id and too_close(Plan.of(shift), other)
    ]


MEANWHILE = "Somebody changed this week meanwhile. Look at what would be published now. Nothing was sent."


@transaction.atomic
def publish(
    week: RosterWeek, *, version: int, by: User, at: datetime, fingerprint: str | None = None, reason: str = ""
) -> Publication:
    """Show staff the week as it is planned, and write down what changed for whom.

    `version` is the week's version that the person looked at, and `fingerprint` that of the preview, which also holds
    what was said about people and rules: Conflict when anything of it is different now. `reason` is why the week is
    published although there are concerns.
    """
    require(may_edit(week.clinic, by), Forbidden)
    week = lock_weeks(week.clinic, [], also=[week.pk])[0]
    if week.version != version:
        raise Conflict.because("changed-meanwhile", MEANWHILE)
    changes = pending_changes(week)
    lock_people([one.staff for change in changes for one in (change.before, change.after) if one is not None])
    now = Preview(week, changes, may_publish(week, changes, at))
    if fingerprint is not None and fingerprint != now.fingerprint:
        raise Conflict.because("changed-meanwhile", MEANWHILE)
    require(now.verdict)
    if now.concerns and not reason.strip():
        raise NeedsReason(now.concerns, "Say why you publish it all the same.")
    week.published_at = at
    week.save(update_fields=["published_at"])
    return show(week, changes, by=by, at=at, reason=reason.strip())


@transaction.atomic
def tell_now(shift: Shift, *, version: int, by: User, at: datetime, reason: str = "") -> list[Publication]:
    """Show staff this one shift as it is planned, without the rest of its week. Of a week that they have seen before.

    `version` is that of the shift which the person looked at; Conflict when somebody has changed it since. A shift that
    went to another week leaves the one and enters the other, which are two publications.
    """
    require(may_edit(shift.clinic, by), Forbidden)
    seen = PublishedShift.objects.standing().filter(shift=shift).first()
    weeks = lock_weeks_by_id({shift.week_id} | ({seen.week_id} if seen else set()))
    lock_people([one.staff for one in (shift, seen) if one is not None])
    if not Shift.objects.select_for_update().filter(pk=shift.pk, version=version).exists():
        raise Conflict.because("changed-meanwhile", f"Somebody changed this shift meanwhile. {NOTHING_CHANGED}")
    pending = pending_by_week(weeks)
    own = {week: [one for one in pending[week.pk] if one.shift.pk == shift.pk] for week in weeks}
    if not any(own.values()):
        raise Refused.because("nothing-to-publish", "Staff see this shift already as it is planned.")
    verdict = sum((_may_tell(week, changes, at) for week, changes in own.items()), YES)
    require(verdict)
    if verdict.warnings and not reason.strip():
        raise NeedsReason(verdict.warnings, "Say why staff see it all the same.")
    told = [(week, changes) for week, changes in own.items() if changes]
    told.sort(key=lambda one: one[1][0].after is not None)  # it leaves a week before it enters another
    return [show(week, found, by=by, at=at, occasion=Occasion.SHIFT, reason=reason.strip()) for week, found in told]


def _may_tell(week: RosterWeek, changes: Sequence[Change], at: datetime) -> Verdict:
    if week.is_past(at):
        return Verdict.no("week-is-past", f"The week of {full_day(week.monday)} is over and locked.")
    if changes and week.published_at is None:
        return Verdict.no("never-published", f"Staff have not seen {week} yet. Publish the week first.")
    planned, rules = [change.after for change in changes if change.after is not None], rules_of(week.clinic)
    unfit = attention(planned, at)
    against = [_in_full(shift, unfit[shift.pk], at) for shift in planned if shift.pk in unfit]
    plain = Verdict.of([*against, *double_publications(changes, at)])
    return plain + _late(changes, rules, at) + _left_alone(changes, at)
