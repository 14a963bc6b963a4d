from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from accounts.models import Clinic, Skill
from scheduling.positions import Position


class Weekday(models.IntegerChoices):
    """As `date.weekday()` counts."""

    MONDAY = 0, "Monday"
    TUESDAY = 1, "Tuesday"
    WEDNESDAY = 2, "Wednesday"
    THURSDAY = 3, "Thursday"
    FRIDAY = 4, "Friday"
    SATURDAY = 5, "Saturday"
    SUNDAY = 6, "Sunday"


class OpeningHours(models.Model):
    """A clinic is open on a weekday between two wall-clock times. A weekday without a row is closed."""

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="opening_hours")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        ordering = ["clinic", "weekday"]
        verbose_name_plural = "opening hours"
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "weekday"],
                name="opening_hours_once_per_weekday",
                violation_error_message="This clinic already has opening hours on that weekday.",
            ),
            models.CheckConstraint(
                condition=Q(closes__gt=F("opens")),
                name="opening_hours_end_after_they_begin",
                violation_error_message="A clinic closes later than it opens.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clinic}, {self.get_weekday_display()}"


class CoverageNeed(models.Model):
    """How many people of a position, or cleared for a skill, a clinic needs on a weekday between two wall-clock times."""

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="coverage_needs")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    starts = models.TimeField()
    ends = models.TimeField()
    position = models.CharField(max_length=12, choices=Position, blank=True)
    skill = models.ForeignKey(Skill, models.PROTECT, null=True, blank=True, related_name="coverage_needs")
    count = models.PositiveSmallIntegerField()

    objects: ClassVar[models.Manager[CoverageNeed]] = models.Manager()

    class Meta:
        ordering = ["clinic", "weekday", "starts"]
        constraints = [
            models.CheckConstraint(
                condition=(~Q(position="") & Q(skill__isnull=True)) | (Q(position="") & Q(skill__isnull=False)),
                name="coverage_need_is_of_a_position_or_a_skill",
                violation_error_message="Say either which position or which skill is needed.",
            ),
            models.CheckConstraint(
                condition=Q(ends__gt=F("starts")),
                name="coverage_need_ends_after_it_begins",
                violation_error_message="A need ends later than it begins.",
            ),
            models.CheckConstraint(
                condition=Q(count__gt=0),
                name="coverage_need_is_of_somebody",
                violation_error_message="A need is of at least one person.",
            ),
        ]

    def __str__(self) -> str:
        what = self.skill or Position(self.position).label
        return f"{self.count} x {what}, {self.clinic}, {self.get_weekday_display()}"
