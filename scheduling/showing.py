"""The one place where what staff see is changed: published copies, and the lasting record of what changed for whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Max

from accounts.models import User
from intranet.audit.recording import record
from intranet.core.access import Conflict
from scheduling.assigning import CLASHES
from scheduling.models import (
    Occasion,
    Publication,
    PublicationChange,
    PublicationRecipient,
    PublishedShift,
    RosterWeek,
    Shift,
    ShiftDetails,
)
from scheduling.pending import Change


def show(
    week: RosterWeek,
    changes: Sequence[Change],
    *,
    by: User,
    at: datetime,
    occasion: Occasion = Occasion.WEEK,
    reason: str = "",
) -> Publication:
    """Make these changes what staff see, and write down for whom. The week and the people are locked, and it may be."""
    number = (week.publications.aggregate(last=Max("number"))["last"] or 0) + 1  # type: ignore[attr-defined]
    publication = Publication.objects.create(week=week, number=number, by=by, at=at, occasion=occasion, reason=reason)
    _show(changes, week, at)
    _write_down(publication, changes)
    record(
        by,
        "roster.published",
        week,
        clinics=[week.clinic_id],
        number=number,
        occasion=occasion.label,
        changes=_counts(changes),
    )
    return publication


def _show(changes: Sequence[Change], week: RosterWeek, at: datetime) -> None:
    """Withdraw first, then show the rest in one statement: the database checks for double bookings after each."""
    gone = [change.shift.pk for change in changes if change.after is None]
    shown = [change.shift for change in changes if change.after is not None]
    locked = PublishedShift.objects.select_for_update().filter(shift__in=[*gone, *(shift.pk for shift in shown)])
    sequences = dict(locked.order_by("pk").values_list("shift_id", "sequence"))
    PublishedShift.objects.filter(shift__in=gone, week=week).update(withdrawn_at=at, sequence=F("sequence") + 1)
    copies = [_copy(shift, sequences.get(shift.pk), at) for shift in shown]
    updated = [f.name for f in PublishedShift._meta.concrete_fields if f.name not in {"id", "shift"}]
    try:
        with transaction.atomic():
            PublishedShift.objects.bulk_create(
                copies, update_conflicts=True, unique_fields=["shift"], update_fields=updated
            )
    except IntegrityError as error:
        if error.__cause__.diag.constraint_name not in CLASHES | {"no_published_double_booking"}:  # type: ignore[union-attr]
            raise
        raise Conflict.because(
            "published-meanwhile",
            "The other clinic has just published shifts of the same people. Look at the week again. Nothing was sent.",
        ) from error


def _copy(shift: Shift, sequence: int | None, at: datetime) -> PublishedShift:
    shared = {f.attname: getattr(shift, f.attname) for f in ShiftDetails._meta.fields}
    return PublishedShift(shift=shift, sequence=0 if sequence is None else sequence + 1, published_at=at, **shared)


def _write_down(publication: Publication, changes: Sequence[Change]) -> None:
    PublicationChange.objects.bulk_create(
        PublicationChange(
            publication=publication,
            shift=change.shift,
            kind=change.kind,
            staff_before_id=change.before.staff_id if change.before else None,
            staff_after_id=change.after.staff_id if change.after else None,
            before=_snapshot(change.before),
            after=_snapshot(change.after),
        )
        for change in changes
    )
    told = sorted(set().union(*(change.people for change in changes)))
    PublicationRecipient.objects.bulk_create(
        PublicationRecipient(publication=publication, person_id=person_id) for person_id in told
    )


def _snapshot(shift: ShiftDetails | None) -> dict[str, Any] | None:
    """The shift as people read it, for the history: names, not ids, because they must stay readable for ever.

    A procedure may get another name: its code stays, and says which one it was.
    """
    if shift is None:
        return None
    return {
        "staff": str(shift.staff or ""),
        "start": shift.start.isoformat(),
        "end": shift.end.isoformat(),
        "position": shift.position,
        "skill": str(shift.skill or ""),
        "skill_code": shift.skill.code if shift.skill else "",
        "break_minutes": shift.break_minutes,
    }


def _counts(changes: Iterable[Change]) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for change in changes:
        counts[change.kind.value] += 1
    return dict(counts)
