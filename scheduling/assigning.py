"""Making, changing and giving out shifts. Each action checks, locks, writes the whole shift at once, and is audited.

Locks are taken in one order everywhere: roster weeks by id, then people by id, then the shift. So no two managers
deadlock, whatever they do at the same moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from accounts.models import Clinic, User
from accounts.roles import Capability
from intranet.audit.recording import record
from intranet.core.access import YES, Conflict, Forbidden, Reason, Refused, Verdict, require
from intranet.core.wording import clock_time, full_day
from scheduling.eligibility import TRAVEL, Case, Evidence, gather, gather_each, meal_verdict
from scheduling.models import AcceptedWarning, PublishedShift, RosterWeek, Shift, ShiftState, TemplateLine
from scheduling.plans import Plan, may_be_planned
from scheduling.rules import concerns_in

NOTHING_CHANGED = "Nothing was changed."
CLASHES = {"no_double_booking", "no_impossible_travel", "no_shift_during_time_off"}


def may_edit(clinic: Clinic, by: User) -> Verdict:
    """Managers edit the rosters of their own clinics, and nobody else does."""
    if by.standing.may(Capability.EDIT_ROSTER, clinic):
        return YES
    return Verdict.no("not-your-clinic", f"The roster of {clinic} is made by the managers of {clinic}.")


class NeedsReason(Refused):
    """Nothing forbids it, but something speaks against it, and whoever plans it all the same has to say why."""

    def __init__(self, concerns: Sequence[Reason], asked: str = "Say why you plan it all the same.") -> None:
        super().__init__(Verdict.of([*concerns, Reason("needs-reason", asked, "reason")]))


@transaction.atomic
def create_shift(
    plan: Plan,
    *,
    by: User,
    at: datetime,
    reason: str = "",
    line: TemplateLine | None = None,
    place: int = 0,
    key: UUID | None = None,
    asks: bool = True,
) -> Shift:
    """Plan a new shift, open or for somebody. Staff see it once it is published.

    `reason` is why it is planned although something speaks against it; `line` and `place` say from where in a week
    template it comes; `key` is that of a deleted shift which comes back. Raises NeedsReason with every concern when
    there are some and no reason is given, unless it does not ask: then `undoing` compares the concerns itself.
    """
    require(may_edit(plan.clinic, by), Forbidden)
    week = lock_weeks(plan.clinic, [plan])[0]
    lock_people([plan.staff])
    shift = Shift(id=key or uuid4(), week=week, template_line=line, template_place=place)
    _write(shift, plan, by=by, at=at, locked=[week], reason=reason, asks=asks)
    record(by, "shift.created", shift, clinics=[plan.clinic.pk], **_summary(plan))
    return shift


@transaction.atomic
def change_shift(
    shift: Shift, plan: Plan, *, version: int, by: User, at: datetime, reason: str = "", asks: bool = True
) -> Shift:
    """Make the shift what the plan says, all of it or nothing. `version` is the one that the person saw.

    `reason` is why it becomes so although something speaks against it, and `asks` whether one is asked for; see
    `create_shift`.
    """
    require(may_edit(shift.clinic, by), Forbidden)
    if plan.clinic != shift.clinic:
        raise Refused.because("other-clinic", "A shift stays at its clinic. Delete it here and make a new one there.")
    old_week = shift.week
    weeks = lock_weeks(shift.clinic, [plan], also=[old_week.pk])
    shift = _locked(shift, version, people=[plan.staff], by=by)
    before = Plan.of(shift)
    if plan == before:
        return shift
    shift.week = next(week for week in weeks if week.monday == plan.monday)
    if shift.week != old_week:  # it fills no place of its template's week any more
        shift.template_line, shift.template_place = None, 0
    _write(shift, plan, by=by, at=at, locked=weeks, before=before, reason=reason, asks=asks)
    record(by, "shift.changed", shift, clinics=[shift.clinic_id], **before.differences(plan))
    return shift


def move_shift(
    shift: Shift, *, start: datetime, end: datetime, version: int, by: User, at: datetime, reason: str = ""
) -> Shift:
    """Put a shift at another time."""
    plan = replace(Plan.of(shift), start=start, end=end)
    return change_shift(shift, plan, version=version, by=by, at=at, reason=reason)


def assign(shift: Shift, person: User, *, version: int, by: User, at: datetime, reason: str = "") -> Shift:
    """Give a shift to somebody. Refused with all reasons when they may not work it."""
    plan = replace(Plan.of(shift), staff=person)
    return change_shift(shift, plan, version=version, by=by, at=at, reason=reason)


def make_open(shift: Shift, *, version: int, by: User, at: datetime) -> Shift:
    """Take a shift from whoever has it; nobody has it then."""
    return change_shift(shift, replace(Plan.of(shift), staff=None), version=version, by=by, at=at)


@transaction.atomic
def delete_shift(shift: Shift, *, version: int, by: User, at: datetime) -> None:
    """Remove a shift. One that staff have seen stays as cancelled until the next publication takes it from them."""
    require(may_edit(shift.clinic, by), Forbidden)
    weeks = lock_weeks(shift.clinic, [], also=[shift.week_id])
    shift = _locked(shift, version, people=[], by=by)
    require(weeks_are_open(weeks, at))
    record(by, "shift.deleted", shift, clinics=[shift.clinic_id], **_summary(Plan.of(shift)))
    _count_change(weeks)
    if not PublishedShift.objects.filter(shift=shift).exists():
        shift.delete()
        return
    shift.state, shift.version = ShiftState.CANCELLED, shift.version + 1
    shift.changed_by, shift.changed_at = by, at
    shift.save(update_fields=["state", "version", "changed_by", "changed_at"])


@transaction.atomic
def restore_shift(shift: Shift, *, version: int, by: User, at: datetime) -> Shift:
    """Plan a shift again that was deleted and that staff have seen; it stays the same one for them.

    Refused like a new one where something has come in its place. It asks for no reason: `undoing` compares the concerns.
    """
    require(may_edit(shift.clinic, by), Forbidden)
    weeks = lock_weeks(shift.clinic, [], also=[shift.week_id])
    lock_people([shift.staff])
    fresh = Shift.objects.select_for_update(of=("self",)).select_related("clinic", "week", "staff", "skill")
    shift = fresh.get(pk=shift.pk)
    if shift.state != ShiftState.CANCELLED or shift.version != version:
        words = f"Somebody has planned this shift again meanwhile. {NOTHING_CHANGED}"
        raise Conflict.because("changed-meanwhile", words)
    plan = Plan.of(shift)
    shift.state = ShiftState.PLANNED
    _write(shift, plan, by=by, at=at, locked=weeks, before=plan, asks=False)
    record(by, "shift.restored", shift, clinics=[shift.clinic_id], **_summary(plan))
    return shift


def lock_weeks(clinic: Clinic, plans: Iterable[Plan], *, also: Iterable[int] = ()) -> list[RosterWeek]:
    """Lock the weeks of the plans, made where they are missing, and those with the ids in `also`; in order of id."""
    ids = set(also)
    for monday in {plan.monday for plan in plans}:
        ids.add(RosterWeek.objects.get_or_create(clinic=clinic, monday=monday)[0].pk)
    return lock_weeks_by_id(ids)


def lock_weeks_by_id(ids: Iterable[int]) -> list[RosterWeek]:
    """Lock weeks of any clinics, in order of id, by whoever was found to have the right to each."""
    locked = RosterWeek.objects.select_for_update(of=("self",)).select_related("clinic")
    return list(locked.filter(pk__in=ids).order_by("pk"))


def lock_people(people: Iterable[User | None]) -> None:
    """Lock people in order of id, so that two actions on the same people wait for each other instead of deadlocking."""
    ids = {person.pk for person in people if person is not None}
    if ids:
        list(User.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))


def _locked(shift: Shift, version: int, *, people: Iterable[User | None], by: User) -> Shift:
    """The shift as it is now, locked. Conflict when it is not what the person saw."""
    current = Shift.objects.filter(pk=shift.pk).select_related("staff").first()
    lock_people([*people, current.staff if current else None])
    fresh = (
        Shift.objects.select_for_update(of=("self",))
        .select_related("clinic", "week__clinic", "staff", "skill", "changed_by")
        .filter(pk=shift.pk)
        .first()
    )
    require(_is_as_seen(fresh, version, by), Conflict)
    assert fresh is not None  # noqa: S101 - _is_as_seen has refused it otherwise
    return fresh


def _is_as_seen(shift: Shift | None, version: int, by: User) -> Verdict:
    if shift is None:
        return Verdict.no("deleted-meanwhile", f"Somebody deleted this shift meanwhile. {NOTHING_CHANGED}")
    yourself = shift.changed_by == by
    who, where = ("You", " in another window") if yourself else (shift.changed_by or "Somebody", "")
    if shift.state == ShiftState.CANCELLED:
        return Verdict.no("deleted-meanwhile", f"{who} deleted this shift{where or ' meanwhile'}. {NOTHING_CHANGED}")
    if shift.version != version:
        when = clock_time(shift.changed_at, shift.clinic.zone)
        return Verdict.no(
            "changed-meanwhile",
            f"{who} changed this shift{where} at {when}. Look at it as it is now, then decide again. {NOTHING_CHANGED}",
        )
    return YES


def _write(
    shift: Shift,
    plan: Plan,
    *,
    by: User,
    at: datetime,
    locked: list[RosterWeek],
    before: Plan | None = None,
    reason: str = "",
    asks: bool = True,
) -> None:
    """Save the shift as planned, or refuse. Everything is locked; whether it clashes is for the database to say."""
    runs = plan.start < plan.end  # of what ends before it begins there is nothing to say about people
    evidence = gather(plan, [plan.staff], shift_id=shift.pk) if plan.staff and runs else None
    verdict = may_be_planned(plan) + weeks_are_open(locked, at) + _fitness(evidence, plan, at)
    require(_said(verdict, plan, before), Conflict if _only_clashes(verdict) else Refused)
    concerns = concerns_in(verdict) if asks else []
    same = before is not None and before.staff == plan.staff  # what holds for one, holds for nobody else
    known = accepted(shift) if same else {}
    if not reason.strip() and any((one.code, one.message) not in known for one in concerns):
        require(_said(_clashes(evidence, plan, at), plan, before), Conflict)  # nobody explains what cannot be
        raise NeedsReason(concerns)
    plan.write_to(shift)
    shift.changed_by, shift.changed_at = by, at
    if before is not None:
        shift.version += 1
    try:
        with transaction.atomic():
            shift.save(force_insert=before is None)
    except IntegrityError as error:
        raise _refusal(error, shift, plan, before, at) from error
    _accept(shift, concerns, known, reason.strip(), by=by, at=at)
    _count_change(locked)


def _fitness(evidence: Evidence | None, plan: Plan, at: datetime) -> Verdict:
    """What speaks against whoever is to work the shift, and against its meals; nothing of an open one."""
    if plan.staff is None or evidence is None:
        return YES
    verdict = evidence.fitness(plan.staff, at)
    if not verdict or evidence.longest_way > TRAVEL:  # the database knows the shortest way only
        verdict += evidence.clash_verdict(plan.staff, at)
    return verdict + meal_verdict(plan, evidence.rules)


def standing_concerns(shifts: Sequence[Shift], at: datetime) -> dict[UUID, list[Reason]]:
    """{shift: what somebody would have to say why about, were it planned now as it is}; nothing of an open one.

    As many queries for many as for one.
    """
    held = [(shift, shift.staff) for shift in shifts if shift.staff is not None]
    gathered = gather_each([Case(Plan.of(shift), [person], {shift.pk}) for shift, person in held])
    found: dict[UUID, list[Reason]] = {shift.pk: [] for shift in shifts}
    for (shift, _), evidence in zip(held, gathered, strict=True):
        found[shift.pk] = concerns_in(_fitness(evidence, evidence.plan, at))
    return found


def _only_clashes(verdict: Verdict) -> bool:
    return {reason.code for reason in verdict.reasons} <= {"double-booking", "travel"}


def _clashes(evidence: Evidence | None, plan: Plan, at: datetime) -> Verdict:
    return evidence.clash_verdict(plan.staff, at) if evidence and plan.staff else YES


def accepted(shift: Shift) -> dict[tuple[str, str], AcceptedWarning]:
    """{(code, words): what was planned all the same} of the shift as it is. In other words it is another concern."""
    if shift._state.adding:
        return {}
    rows = AcceptedWarning.objects.filter(shift=shift, shift_version=shift.version)
    return {(row.code, row.message): row for row in rows}


def _accept(
    shift: Shift,
    concerns: Sequence[Reason],
    known: Mapping[tuple[str, str], AcceptedWarning],
    reason: str,
    *,
    by: User,
    at: datetime,
) -> None:
    """Write down why the shift is planned all the same. What was accepted before, in the same words, still is."""
    rows = []
    for one in concerns:
        row = AcceptedWarning(shift=shift, code=one.code, message=one.message, reason=reason, by=by, at=at)
        if (before := known.get((one.code, one.message))) and not reason:
            row.reason, row.by, row.at = before.reason, before.by, before.at
        row.shift_version = shift.version
        rows.append(row)
    AcceptedWarning.objects.bulk_create(rows)


def weeks_are_open(weeks: Iterable[RosterWeek], at: datetime) -> Verdict:
    """No for weeks that are over: what was worked is a record, not a plan."""
    return Verdict.of(
        Reason(
            "week-is-past",
            f"The week of {full_day(week.monday)} at {week.clinic} is over and locked.",
            "day",
        )
        for week in weeks
        if week.is_past(at)
    )


def _count_change(weeks: Iterable[RosterWeek]) -> None:
    for week in weeks:
        week.version += 1
        week.save(update_fields=["version"])


def _refusal(error: IntegrityError, shift: Shift, plan: Plan, before: Plan | None, at: datetime) -> Refused:
    """What the database refused, in words. A clash names the other shift. Anything unexpected is raised as it is."""
    name = error.__cause__.diag.constraint_name  # type: ignore[union-attr]  # psycopg's error is always the cause
    if plan.staff and name in CLASHES:
        evidence = gather(plan, [plan.staff], shift_id=shift.pk)
        return Conflict(_said(evidence.clash_verdict(plan.staff, at), plan, before))
    if plan.staff and name == "shift_holder_is_competent":
        words = f"{plan.staff.given_name} is not signed off for {plan.skill} for the whole shift."
        return Refused(_said(Verdict.no("competency-not-throughout", words), plan, before))
    for constraint in Shift._meta.constraints:
        if constraint.name == name:
            words = str(constraint.violation_error_message)
            return Refused(_said(Verdict.no(name.replace("_", "-"), words), plan, before))
    raise error


def _said(verdict: Verdict, plan: Plan, before: Plan | None) -> Verdict:
    """The verdict; a single reason becomes the whole sentence: what was not done, why, and that nothing changed."""
    if len(verdict.reasons) != 1:
        return verdict
    reason = verdict.reasons[0]
    return Verdict((replace(reason, message=f"{undone(plan, before)}. {reason.message} {NOTHING_CHANGED}"),))


def undone(plan: Plan, before: Plan | None) -> str:
    """What a refusal leaves undone: `Avery Testwell was not assigned`."""
    if plan.staff is None:
        return "The shift was not saved"
    if before is not None and before.staff == plan.staff:
        return f"The shift of {plan.staff} was not changed"
    return f"{plan.staff} was not assigned"


def _summary(plan: Plan) -> dict[str, object]:
    return {
        "start": plan.start,
        "end": plan.end,
        "staff": plan.staff,
        "position": plan.position.label,
        "skill": plan.skill,
    }
