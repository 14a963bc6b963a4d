"""Which days of a week a clinic has not published: "off" and "not known yet" are different things to whoever reads it.

Everything here is derived from what staff may see - what is published, and when the clinic is open - never from drafts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Max

from accounts.models import Clinic
from intranet.core.time import local_day
from intranet.core.wording import name_list
from scheduling.coverage import Demand
from scheduling.models import PublishedShift, RosterWeek


@dataclass(frozen=True)
class NotPublished:
    """The days of one clinic's week of which staff cannot know anything yet."""

    clinic: Clinic
    days: tuple[date, ...]
    whole_week: bool = False

    def __str__(self) -> str:
        """`Mt. Prospect: Fri and Sat are not published yet`."""
        if self.whole_week:
            return f"{self.clinic}: not published yet"
        names = name_list([f"{day:%a}" for day in self.days])
        return f"{self.clinic}: {names} {'is' if len(self.days) == 1 else 'are'} not published yet"


def not_published(clinics: Sequence[Clinic], monday: date, today: date, demand: Demand) -> list[NotPublished]:
    """What the clinics have not published of the week: all of it, or the open days after the last published shift.

    A day without shifts between published ones is taken as meant. Two queries.
    """
    days = [day for day in (monday + timedelta(days=number) for number in range(7)) if day >= today]
    if not days:
        return []
    weeks = RosterWeek.objects.filter(clinic__in=clinics, monday=monday, published_at__isnull=False)
    published = set(weeks.values_list("clinic_id", flat=True))
    last = _last_days(clinics, monday)
    found = []
    for clinic in clinics:
        if clinic.pk not in published:
            found.append(NotPublished(clinic, tuple(days), whole_week=True))
        elif after := _open_days_after(last.get(clinic.pk), clinic, days, demand):
            found.append(NotPublished(clinic, after))
    return found


def published_up_to(clinics: Sequence[Clinic]) -> dict[Clinic, date]:
    """{clinic: the last day on which it shows staff a shift}, of those that show any. One query."""
    shown = PublishedShift.objects.standing().filter(clinic__in=clinics).order_by()
    starts = dict(shown.values("clinic").annotate(last=Max("period__startswith")).values_list("clinic", "last"))
    return {clinic: local_day(starts[clinic.pk], clinic.zone) for clinic in clinics if clinic.pk in starts}


def _open_days_after(last: date | None, clinic: Clinic, days: Sequence[date], demand: Demand) -> tuple[date, ...]:
    return tuple(day for day in days if (last is None or day > last) and demand.is_open(clinic, day))


def _last_days(clinics: Sequence[Clinic], monday: date) -> dict[int, date]:
    """{clinic: the last day of the week on which a published shift starts}. One query."""
    shown = PublishedShift.objects.standing().filter(clinic__in=clinics, week__monday=monday).order_by()
    starts = dict(shown.values("clinic").annotate(last=Max("period__startswith")).values_list("clinic", "last"))
    return {clinic.pk: local_day(starts[clinic.pk], clinic.zone) for clinic in clinics if clinic.pk in starts}
