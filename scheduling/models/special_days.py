"""Days of a clinic that are not like the others: closed or with other hours, without time off, with a note."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import ClassVar

from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import F, Q

from accounts.models import Clinic, User


class SpecialDay(models.Model):
    """A day on which a clinic is closed (no times) or open at other times than on its weekday."""

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="special_days")
    day = models.DateField()
    name = models.CharField(max_length=60)
    opens = models.TimeField(null=True, blank=True)
    closes = models.TimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[SpecialDay]] = models.Manager()

    class Meta:
        ordering = ["day", "clinic"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "day"],
                name="special_day_is_one_for_a_clinic",
                violation_error_message="The clinic has something special on that day already.",
            ),
            models.CheckConstraint(
                condition=Q(opens__isnull=True, closes__isnull=True) | Q(closes__gt=F("opens")),
                name="special_hours_end_after_they_begin",
                violation_error_message="Say from when until when, or leave both empty for a closed day.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.clinic}"

    @property
    def times(self) -> tuple[time, time] | None:
        """From and until when the clinic is open; None when it is closed."""
        return (self.opens, self.closes) if self.opens and self.closes else None


class Blackout(models.Model):
    """Days on which a clinic grants no time off, and why. A manager can still decide otherwise, with a reason."""

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="blackouts")
    days = DateRangeField()
    reason = models.CharField(max_length=120)

    objects: ClassVar[models.Manager[Blackout]] = models.Manager()

    class Meta:
        ordering = ["days", "clinic"]
        constraints = [
            models.CheckConstraint(
                condition=Q(days__isempty=False, days__lower_inf=False, days__upper_inf=False),
                name="blackout_has_a_first_and_a_last_day",
                violation_error_message="Say from which day until which.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clinic}: {self.reason}"

    @property
    def first(self) -> date:
        return self.days.lower  # type: ignore[no-any-return]

    @property
    def last(self) -> date:
        return self.days.upper - timedelta(days=1)  # type: ignore[no-any-return]


class DayNote(models.Model):
    """What the managers of a clinic want everybody to know about a day, on the board and in schedules."""

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="day_notes")
    day = models.DateField()
    text = models.CharField(max_length=160)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects: ClassVar[models.Manager[DayNote]] = models.Manager()

    class Meta:
        ordering = ["day", "clinic"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "day"],
                name="one_note_for_a_clinic_and_day",
                violation_error_message="There is a note on that day already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clinic}: {self.text}"
