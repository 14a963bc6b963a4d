from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from accounts.models.credentials import CredentialType, PersonalRecordQuerySet
from accounts.models.people import User

REGION_LENGTH = 60


class Unit(models.TextChoices):
    """What a part of a qualification is counted in."""

    HOURS = "hours", "Hours"
    SESSIONS = "sessions", "Sessions"
    PASSED = "passed", "Passed once"
    MONTHS = "months", "Months since a day"


class QualificationPart(models.Model):
    """One of the things that make up a qualification: so many hours, sessions, an exam. Law as data, with its source."""

    type = models.ForeignKey(CredentialType, models.PROTECT, related_name="parts")
    name = models.CharField(max_length=120)
    unit = models.CharField(max_length=8, choices=Unit)
    least = models.PositiveSmallIntegerField("at least", default=1)
    within_months = models.PositiveSmallIntegerField(
        "within months", null=True, blank=True, help_text="Everything that counts lies within so many months."
    )
    order = models.PositiveSmallIntegerField(default=1)
    source = models.CharField(max_length=200)

    class Meta:
        ordering = ["type", "order", "pk"]
        constraints = [
            models.UniqueConstraint(
                "type",
                Lower("name"),
                name="qualification_part_is_named_once",
                violation_error_message="This qualification has a part of that name already.",
            ),
            models.CheckConstraint(
                condition=Q(least__gt=0),
                name="qualification_part_asks_for_something",
                violation_error_message="Say how much is needed.",
            ),
            models.CheckConstraint(
                condition=~Q(unit="passed") | Q(least=1),
                name="qualification_exam_is_passed_once",
                violation_error_message="An exam is passed once.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TrainingQuerySet(PersonalRecordQuerySet):
    def counting(self, at: datetime) -> Self:
        """Verified by then, and not struck out by then."""
        return self.filter(verified_at__lte=at).filter(Q(struck_at__isnull=True) | Q(struck_at__gt=at))


class Training(models.Model):
    """A course, a number of supervised sessions, an exam: what a person has done towards a part of a qualification.

    Only totals and who attests them, never a session of its own: a log of sessions would speak of patients. It counts
    once another person has verified it. From then on it is never changed; one that was wrong is struck out.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="trainings")
    part = models.ForeignKey(QualificationPart, models.PROTECT, related_name="trainings")
    amount = models.PositiveSmallIntegerField(null=True, blank=True)
    first_day = models.DateField(null=True, blank=True)
    last_day = models.DateField()
    attested_by = models.CharField("given or attested by", max_length=120)
    regions = ArrayField(models.CharField(max_length=REGION_LENGTH), default=list, blank=True)
    exempt = models.BooleanField(default=False)
    entered_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()
    verified_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    verified_at = models.DateTimeField(null=True, blank=True)
    struck_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    struck_at = models.DateTimeField(null=True, blank=True)
    struck_reason = models.CharField(max_length=200, blank=True)

    objects: ClassVar[TrainingQuerySet] = TrainingQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["part__order", "last_day", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(verified_by__isnull=True, verified_at__isnull=True)
                | (Q(verified_by__isnull=False, verified_at__isnull=False) & ~Q(verified_by=F("user"))),
                name="training_is_verified_by_another_person",
                violation_error_message="Somebody else has to check a training.",
            ),
            models.CheckConstraint(
                condition=Q(struck_at__isnull=True, struck_by__isnull=True)
                | (Q(struck_at__isnull=False, struck_by__isnull=False) & ~Q(struck_reason="")),
                name="training_is_struck_out_with_a_reason",
                violation_error_message="Say why it does not count.",
            ),
            models.CheckConstraint(
                condition=Q(exempt=True, amount__isnull=True) | Q(exempt=False, amount__gt=0),
                name="training_has_an_amount_or_is_an_exemption",
                violation_error_message="Say how much it was.",
            ),
            models.CheckConstraint(
                condition=Q(first_day__isnull=True) | Q(first_day__lte=F("last_day")),
                name="training_ends_after_it_begins",
                violation_error_message="The last day is before the first.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.part} of {self.user}"
