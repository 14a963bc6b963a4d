"""What the publication of a protocol asks of the roster: published shifts for which somebody has to be cleared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from accounts.models import Skill
from intranet.core.wording import short_range
from protocols.impact import Work
from scheduling.models import PublishedShift


class PublishedWork:
    """Answers `protocols.impact.Roster` from the published shifts. One query."""

    def work(self, skills: Iterable[Skill], *, since: datetime) -> Sequence[Work]:
        shifts = PublishedShift.objects.standing().filter(skill__in=skills, period__startswith__gte=since)
        held = shifts.exclude(staff=None).select_related("clinic", "skill", "staff", "shift")
        return [_work(shift) for shift in held.order_by("period", "staff__name")]


def _work(published: PublishedShift) -> Work:
    if published.staff is None or published.skill is None:
        raise ValueError("A published shift without a person or a skill.")
    hours = short_range(published.start, published.end, published.clinic.zone)
    path = published.shift.get_absolute_url()
    key = str(published.shift_id)
    return Work(key, published.staff, published.skill, published.clinic, published.day, hours, path)
