"""The shifts to come of somebody who left: they become open once a manager has looked at them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from accounts.leaving import LeftToDo
from accounts.models import User
from intranet.core.access import Conflict
from intranet.core.wording import counted
from scheduling.assigning import NOTHING_CHANGED, lock_weeks, make_open
from scheduling.models import Shift


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


@transaction.atomic
def open_shifts(person: User, versions: Mapping[UUID, int], *, by: User, at: datetime) -> int:
    """Make the shifts of the list open, each in the version that the manager saw. All of them, or none.

    Raises Conflict when one is no longer the leaver's, or was changed meanwhile.
    """
    found = {shift.pk: shift for shift in shifts_left(person, by, at).filter(pk__in=versions)}
    if found.keys() != versions.keys():
        raise Conflict.because("list-changed", f"The list has changed meanwhile. Look at it again. {NOTHING_CHANGED}")
    if found:  # every week at once, in the order in which all actions lock them
        lock_weeks(next(iter(found.values())).clinic, [], also={shift.week_id for shift in found.values()})
    for pk in sorted(versions):
        make_open(found[pk], version=versions[pk], by=by, at=at)
    return len(found)
