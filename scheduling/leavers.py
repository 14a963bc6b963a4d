"""The shifts to come of somebody who left: they become open once a manager has looked at them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from accounts.leaving import Ahead, LeftToDo
from accounts.models import Clinic, User
from accounts.roles import Capability
from intranet.core.access import Conflict, Forbidden, require
from intranet.core.time import local_day, organisation_day
from intranet.core.wording import clock_range, counted, day_label
from scheduling.assigning import NOTHING_CHANGED, lock_weeks_by_id, make_open, may_edit
from scheduling.models import PublishedShift, Shift

SHOWN = 12


def shifts_left(person: User, viewer: User, at: datetime) -> QuerySet[Shift]:
    """Shifts of the person that start later, at the clinics whose roster the viewer makes; the earliest first."""
    own = Shift.objects.visible_to(viewer).planned().filter(staff=person, period__startswith__gt=at)
    return own.select_related("clinic", "week", "skill").order_by("period", "pk")


def shifts_to_open(person: User, viewer: User, at: datetime) -> LeftToDo | None:
    """What `accounts.leaving` asks of this app about everybody who left."""
    if not (number := shifts_left(person, viewer, at).count()):
        return None
    verb = "is" if number == 1 else "are"
    words = f"{counted(number, 'shift')} to come {verb} still planned for {person.name}"
    return LeftToDo(words, reverse("scheduling:leaver", args=[person.pk]))


def shifts_ahead(person: User, clinic: Clinic | None, viewer: User, at: datetime) -> Ahead | None:
    """What `accounts.leaving` tells before a role or an access is ended, from now on; at one clinic or at all.

    Of the clinics whose roster the viewer makes as it is planned, of the others as staff see it.
    """
    planned = shifts_left(person, viewer, at)
    published = PublishedShift.objects.visible_to(viewer).standing().of(person).filter(period__startswith__gt=at)
    published = published.exclude(clinic__in=Clinic.objects.where(viewer, Capability.EDIT_ROSTER))
    if clinic:
        planned, published = planned.filter(clinic=clinic), published.filter(clinic=clinic)
    if not (total := planned.count() + published.count()):
        return None
    found = [*planned[:SHOWN], *published.select_related("clinic").order_by("period", "pk")[:SHOWN]]
    first = sorted(found, key=lambda shift: (shift.start, shift.pk))[:SHOWN]
    return Ahead(
        total,
        [_line(shift, at) for shift in first],
        f"They keep the name of {person.given_name} until a manager opens them.",
    )


def _line(shift: Shift | PublishedShift, at: datetime) -> str:
    day = day_label(local_day(shift.start, shift.clinic.zone), organisation_day(at))
    return f"{day}, {clock_range(shift.start, shift.end, shift.clinic.zone)}, {shift.clinic}"


@transaction.atomic
def open_shifts(person: User, versions: Mapping[UUID, int], *, by: User, at: datetime) -> int:
    """Make the shifts of the list open, each in the version that the manager saw. All of them, or none.

    Raises Forbidden before anything is locked when the roster of one is made by others, Conflict when one is no
    longer the leaver's, or was changed meanwhile.
    """
    found = {shift.pk: shift for shift in shifts_left(person, by, at).filter(pk__in=versions)}
    if found.keys() != versions.keys():
        raise Conflict.because("list-changed", f"The list has changed meanwhile. Look at it again. {NOTHING_CHANGED}")
    for clinic in {shift.clinic for shift in found.values()}:
        require(may_edit(clinic, by), Forbidden)
    lock_weeks_by_id({shift.week_id for shift in found.values()})  # at once, in the order in which all actions do
    for pk in sorted(versions):
        make_open(found[pk], version=versions[pk], by=by, at=at)
    return len(found)
