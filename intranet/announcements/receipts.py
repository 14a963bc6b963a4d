"""The report on who has read an announcement: people, narrowed by clinic and by what they have not done yet, as a file too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models

from accounts.models import Clinic, User
from intranet.announcements.acknowledging import Answer, answers_for, names_scope
from intranet.announcements.models import Announcement
from intranet.core.time import organisation_day

CSV_HEADER = ("Person", "Clinics", "Edition", "Read", "Acknowledged")


class Missing(models.TextChoices):
    """Whom the report shows."""

    NOTHING = "all", "Everybody"
    READ = "unread", "Not read"
    ACKNOWLEDGED = "unacknowledged", "Not acknowledged"


@dataclass(frozen=True)
class ReceiptLine:
    """One recipient, with the clinics through which the announcement reaches them."""

    person: User
    clinics: list[Clinic]
    opened_at: datetime | None
    acknowledged_at: datetime | None

    def lacks(self, missing: str) -> bool:
        """Whether somebody who looks for this finds the person."""
        if missing == Missing.READ:
            return self.opened_at is None
        return self.acknowledged_at is None if missing == Missing.ACKNOWLEDGED else True


def receipt_lines(
    announcement: Announcement,
    reader: User,
    at: datetime,
    *,
    clinic: Clinic | None = None,
    missing: str = Missing.NOTHING,
) -> list[ReceiptLine]:
    """Those whose names the reader may see: who has not answered first, each group by name. Three queries."""
    scope = names_scope(announcement, by=reader)
    found = answers_for([announcement], reader, organisation_day(at)).get(announcement.pk, [])
    by_person: dict[int, list[Answer]] = {}
    for answer in sorted(found, key=lambda answer: answer.clinic_id):
        if answer.clinic_id not in scope:
            continue
        by_person.setdefault(answer.user_id, []).append(answer)
    clinics = {row.clinic_id: row.clinic for row in announcement.audience.all()}
    lines = [
        ReceiptLine(
            person,
            [clinics[answer.clinic_id] for answer in by_person[person.pk]],
            by_person[person.pk][0].opened_at,
            by_person[person.pk][0].acknowledged_at,
        )
        for person in User.objects.filter(pk__in=by_person).by_name()
    ]
    wanted = [line for line in lines if line.lacks(missing) and (clinic is None or clinic in line.clinics)]
    return sorted(wanted, key=lambda line: (line.acknowledged_at is not None, line.opened_at is not None))


def csv_lines(announcement: Announcement, found: Iterable[ReceiptLine]) -> Iterator[list[Any]]:
    """A line per person, in the columns of CSV_HEADER."""
    for line in found:
        moments = (line.opened_at, line.acknowledged_at)
        yield [
            *(line.person.name, ", ".join(clinic.name for clinic in line.clinics), announcement.edition),
            *(moment.isoformat(timespec="seconds") if moment else "" for moment in moments),
        ]
