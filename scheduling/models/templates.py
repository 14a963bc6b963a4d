"""What comes back every week: the usual shifts of a clinic, and the weeks that are made of them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import Clinic, Skill, User
from scheduling.models.needs import Weekday
from scheduling.models.shifts import ManagersQuerySet
from scheduling.positions import Position

MOST_WEEKS = 8  # of a cycle


class ShiftTemplate(models.Model):
    """A shift as a clinic usually has it, in wall-clock times. An end that is not after the start is on the next day."""

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="shift_templates")
    name = models.CharField(max_length=60)
    position = models.CharField(max_length=12, choices=Position)
    starts = models.TimeField()
    ends = models.TimeField()
    break_minutes = models.PositiveSmallIntegerField("unpaid break", default=0)
    skill = models.ForeignKey(Skill, models.PROTECT, null=True, blank=True, related_name="+")
    retired = models.BooleanField(default=False)

    objects: ClassVar[ManagersQuerySet] = ManagersQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["clinic", "position", "starts", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "name"],
                condition=Q(retired=False),
                name="shift_template_name_is_used_once",
                violation_error_message="The clinic has a usual shift of this name already.",
            ),
            models.CheckConstraint(
                condition=~Q(starts=models.F("ends")),
                name="usual_shift_ends_after_it_begins",
                violation_error_message="A shift ends after it starts.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class WeekTemplate(models.Model):
    """A cycle of weeks. Its first week is the one of `anchor`, a Monday, and again every `weeks` weeks.

    `version` rises with each change of the template or its lines.
    """

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="week_templates")
    name = models.CharField(max_length=60)
    weeks = models.PositiveSmallIntegerField(default=1)
    anchor = models.DateField()
    version = models.PositiveIntegerField(default=1)
    retired = models.BooleanField(default=False)

    objects: ClassVar[ManagersQuerySet] = ManagersQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["clinic", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "name"],
                condition=Q(retired=False),
                name="week_template_name_is_used_once",
                violation_error_message="The clinic has a week template of this name already.",
            ),
            models.CheckConstraint(
                condition=Q(weeks__range=(1, MOST_WEEKS)),
                name="week_template_has_1_to_8_weeks",
                violation_error_message=f"A cycle has 1 to {MOST_WEEKS} weeks.",
            ),
            models.CheckConstraint(
                condition=Q(anchor__iso_week_day=1),
                name="week_template_begins_on_a_monday",
                violation_error_message="A cycle begins on a Monday.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TemplateLine(models.Model):
    """So many of a usual shift on a weekday of one week of the cycle, for somebody or open."""

    template = models.ForeignKey(WeekTemplate, models.CASCADE, related_name="lines")
    week = models.PositiveSmallIntegerField(default=1, help_text="Which week of the cycle, from 1.")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    shift = models.ForeignKey(ShiftTemplate, models.PROTECT, related_name="lines")
    quantity = models.PositiveSmallIntegerField(default=1)
    person = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects: ClassVar[models.Manager[TemplateLine]] = models.Manager()

    class Meta:
        ordering = ["template", "week", "weekday", "shift", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(week__range=(1, MOST_WEEKS)),
                name="template_line_is_in_the_cycle",
                violation_error_message="Choose a week of the cycle.",
            ),
            models.CheckConstraint(
                condition=Q(quantity__range=(1, 20)),
                name="template_line_is_of_1_to_20_shifts",
                violation_error_message="Choose 1 to 20.",
            ),
            models.CheckConstraint(
                condition=Q(person__isnull=True) | Q(quantity=1),
                name="nobody_works_a_shift_twice",
                violation_error_message="Somebody works it once; take more lines for more people.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.shift}, {self.get_weekday_display()}"
