from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import ClassVar, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models.people import Profession, User
from intranet.core.access import AccessQuerySet, AnyUser


class ValidityRule(models.TextChoices):
    """How the last day of a credential follows from its first."""

    EVEN_YEARS = "even_years", "A fixed date in even years"
    ODD_YEARS = "odd_years", "A fixed date in odd years"
    MONTHS = "months", "Months from issue"
    MONTHS_END = "months_end", "Months from issue, to the end of the month"
    CALENDAR_YEAR = "calendar_year", "Calendar year"
    ENTERED = "entered", "The date on the document"
    NONE = "none", "No expiry"


class Gate(models.TextChoices):
    BLOCKS = "blocks", "Blocks assignment"
    WARNS = "warns", "Warns"


class CredentialType(models.Model):
    """A kind of credential and its rule. Rules of law are data here, with their source, never constants in code."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    rule = models.CharField(max_length=16, choices=ValidityRule)
    months = models.PositiveSmallIntegerField(null=True, blank=True)
    month = models.PositiveSmallIntegerField(null=True, blank=True)
    day = models.PositiveSmallIntegerField(null=True, blank=True)
    lead_days = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    professions = ArrayField(
        models.CharField(max_length=8, choices=Profession),
        default=list,
        blank=True,
        help_text="Who must have it. Empty: everybody.",
    )
    required = models.BooleanField(default=True, help_text="Off: only those who do the procedure need it.")
    gate = models.CharField(max_length=8, choices=Gate, default=Gate.WARNS)
    regions = ArrayField(
        models.CharField(max_length=60),
        default=list,
        blank=True,
        help_text="The regions that its trainings may name. A procedure of a region then needs one that names it.",
    )
    source = models.CharField(max_length=200)
    checked_on = models.DateField("source last checked on")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(rule__in=["months", "months_end"]) | Q(months__gt=0),
                name="credential_type_states_its_months",
                violation_error_message="Say how many months the credential lasts.",
            ),
            models.CheckConstraint(
                condition=~Q(rule__in=["even_years", "odd_years"]) | (Q(month__range=(1, 12)) & Q(day__range=(1, 31))),
                name="credential_type_states_its_date",
                violation_error_message="Say on which month and day the credential ends.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def is_for(self, person: User) -> bool:
        """Whether people of this profession have it at all."""
        return not self.professions or person.profession in self.professions

    def bars(self, person: User) -> bool:
        """Whether the person may not be rostered at all without it."""
        return self.required and self.gate == Gate.BLOCKS and self.is_for(person)


class PersonalRecordQuerySet(AccessQuerySet):
    """Rows of a person's file: seen by whoever sees the file."""

    def visible_to(self, user: AnyUser) -> Self:
        return self.filter(user__in=User.objects.with_file_visible_to(user))


class CredentialQuerySet(PersonalRecordQuerySet):
    def verified(self) -> Self:
        return self.filter(verified_at__isnull=False)

    def in_force(self, on: date) -> Self:
        """Verified by somebody else and valid on the day."""
        return self.verified().filter(valid__contains=on)


class Credential(models.Model):
    """A licence, card or training of one person for one period. It counts once another person has verified it."""

    user = models.ForeignKey(User, models.PROTECT, related_name="credentials")
    type = models.ForeignKey(CredentialType, models.PROTECT, related_name="credentials")
    valid = DateRangeField(help_text="First day to the day after the last.")
    reference = models.CharField("number on the document", max_length=60, blank=True)
    verified_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    verified_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[CredentialQuerySet] = CredentialQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["type__name", "-valid"]
        constraints = [
            ExclusionConstraint(
                name="credential_periods_do_not_overlap",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("type", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
                violation_error_message="There is already one of these for that period. Renew from the day it ends.",
            ),
            models.CheckConstraint(
                condition=Q(verified_by__isnull=True, verified_at__isnull=True)
                | (Q(verified_by__isnull=False, verified_at__isnull=False) & ~Q(verified_by=F("user"))),
                name="credential_is_verified_by_another_person",
                violation_error_message="Somebody else has to verify a credential.",
            ),
            models.CheckConstraint(
                condition=Q(valid__isempty=False) & Q(valid__startswith__isnull=False),
                name="credential_has_a_first_day",
                violation_error_message="Say from which day the credential is valid.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} of {self.user}"


class Skill(models.Model):
    """Something that only cleared people may be rostered for: a procedure, with its region where training names one."""

    code = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=80)
    short_name = models.CharField(max_length=24)
    region = models.CharField(max_length=60, blank=True)
    professions = ArrayField(
        models.CharField(max_length=8, choices=Profession), help_text="Who may do it at all, once cleared."
    )
    required_types = models.ManyToManyField(CredentialType, blank=True, related_name="skills")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class CompetencyQuerySet(PersonalRecordQuerySet):
    def in_force(self, at: datetime) -> Self:
        return self.filter(valid__contains=at).filter(Q(ended_at__isnull=True) | Q(ended_at__gt=at))


class Competency(models.Model):
    """The clinical lead signed a person off for a skill, for a period.

    `valid` is what was granted and never changes, so that shifts may reference it by period; a grant that is taken
    back keeps its row and gets `ended_at`.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="competencies")
    skill = models.ForeignKey(Skill, models.PROTECT, related_name="competencies")
    valid = DateTimeRangeField()
    granted_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=200, blank=True)

    objects: ClassVar[CompetencyQuerySet] = CompetencyQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["skill__name", "-valid"]
        verbose_name_plural = "competencies"
        constraints = [
            models.CheckConstraint(
                condition=~Q(granted_by=F("user")),
                name="competency_is_granted_by_another_person",
                violation_error_message="Nobody signs off their own competency.",
            ),
            models.CheckConstraint(
                condition=Q(valid__isempty=False)
                & Q(valid__startswith__isnull=False)
                & Q(valid__endswith__isnull=False),
                name="competency_has_a_first_and_last_day",
                violation_error_message="Say from when to when the competency is granted.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.skill} of {self.user}"

    def in_force_at(self, at: datetime) -> bool:
        return at in self.valid and (self.ended_at is None or at < self.ended_at)

    @property
    def last_day(self) -> date:
        """The last local day on which the grant counts, if it is not taken back before."""
        return timezone.localdate(self.valid.upper - timedelta(microseconds=1))
