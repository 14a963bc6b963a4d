from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import ClassVar, Self

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
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


class Checker(models.TextChoices):
    """Whose check counts: what is clinical is checked by the clinical lead alone."""

    LEAD = "lead", "The clinical lead"
    MANAGER = "manager", "The clinical lead or a manager of the person’s clinic"


MONTHS_RULES = [ValidityRule.MONTHS, ValidityRule.MONTHS_END]
FIXED_DATE_RULES = [ValidityRule.EVEN_YEARS, ValidityRule.ODD_YEARS]


class CredentialTypeQuerySet(models.QuerySet["CredentialType"]):
    def in_use(self) -> Self:
        """Those that are still asked for and filed."""
        return self.filter(retired_at=None)


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
    needs_document = models.BooleanField(default=False, help_text="On: not verified without a document.")
    checker = models.CharField(max_length=8, choices=Checker, default=Checker.LEAD)
    source = models.CharField(max_length=200)
    checked_on = models.DateField("source last checked on")
    retired_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[CredentialTypeQuerySet] = CredentialTypeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(rule__in=["months", "months_end"]) | Q(months__isnull=False, months__gt=0),
                name="credential_type_states_its_months",
                violation_error_message="Say how many months the credential lasts.",
            ),
            models.CheckConstraint(
                condition=~Q(rule__in=["even_years", "odd_years"])
                | Q(month__isnull=False, month__range=(1, 12), day__isnull=False, day__range=(1, 31)),
                name="credential_type_states_its_date",
                violation_error_message="Say on which month and day the credential ends.",
            ),
            models.CheckConstraint(
                condition=Q(month=None)
                | Q(month__in=[1, 3, 5, 7, 8, 10, 12], day__lte=31)
                | Q(month__in=[4, 6, 9, 11], day__lte=30)
                | Q(month=2, day__lte=28),
                name="credential_type_date_is_in_every_year",
                violation_error_message="This day is not in every year.",
            ),
            models.CheckConstraint(
                condition=(Q(rule__in=["months", "months_end"]) | Q(months=None))
                & (Q(rule__in=["even_years", "odd_years"]) | Q(month=None, day=None)),
                name="credential_type_has_only_what_its_rule_needs",
                violation_error_message="Months belong to a rule in months, month and day to one with a fixed date.",
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
    def counting(self) -> Self:
        """Neither sent back nor withdrawn: those that take up their period."""
        return self.filter(sent_back_at=None, withdrawn_at=None)

    def verified(self) -> Self:
        return self.filter(verified_at__isnull=False, withdrawn_at=None)

    def waiting(self) -> Self:
        """Filed, and nobody has said yet whether it is right."""
        return self.filter(verified_at=None, sent_back_at=None)

    def in_force(self, on: date) -> Self:
        """Verified by somebody else and valid on the day."""
        return self.verified().filter(valid__contains=on)


class Credential(models.Model):
    """A licence, card or training of one person for one period. It counts once another person has verified it.

    One that is sent back waits for a correction; one that was verified by mistake is withdrawn. Both keep their row, with
    the reason, and neither takes up its period any more.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="credentials")
    type = models.ForeignKey(CredentialType, models.PROTECT, related_name="credentials")
    issued_on = models.DateField("first day on the document", null=True, blank=True)
    valid = DateRangeField(help_text="First day to the day after the last. A renewal begins when the one before ends.")
    reference = models.CharField("number on the document", max_length=60, blank=True)
    filed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    filed_at = models.DateTimeField(null=True, blank=True)
    verified_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    verified_at = models.DateTimeField(null=True, blank=True)
    sent_back_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    sent_back_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    remark = models.CharField("why it was sent back or withdrawn", max_length=300, blank=True)

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
                # A reason to stay with an exclusion: keys WITHOUT OVERLAPS know no condition.
                condition=Q(sent_back_at=None, withdrawn_at=None),
                violation_error_message="There is already one of these for that period. Renew from the day it ends.",
            ),
            models.CheckConstraint(
                condition=Q(verified_by__isnull=True, verified_at__isnull=True)
                | (Q(verified_by__isnull=False, verified_at__isnull=False) & ~Q(verified_by=F("user"))),
                name="credential_is_verified_by_another_person",
                violation_error_message="Somebody else has to verify a credential.",
            ),
            models.CheckConstraint(
                condition=Q(sent_back_by=None, sent_back_at=None)
                | (Q(sent_back_by__isnull=False, sent_back_at__isnull=False, verified_at=None) & ~Q(remark="")),
                name="credential_is_sent_back_unverified_with_a_reason",
                violation_error_message="What is sent back was not verified, and says why.",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_by=None, withdrawn_at=None)
                | (
                    Q(withdrawn_by__isnull=False, withdrawn_at__isnull=False, verified_at__isnull=False)
                    & ~Q(remark="")
                    & ~Q(withdrawn_by=F("user"))
                ),
                name="credential_is_withdrawn_by_another_with_a_reason",
                violation_error_message="What is withdrawn was verified; somebody else withdraws it, and says why.",
            ),
            models.CheckConstraint(
                condition=Q(valid__isempty=False) & Q(valid__startswith__isnull=False),
                name="credential_has_a_first_day",
                violation_error_message="Say from which day the credential is valid.",
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Trigger(
                name="refuse_delete_once_verified",
                operation=pgtrigger.Delete,
                when=pgtrigger.Before,
                condition=pgtrigger.Q(old__verified_at__isnull=False),
                func="RAISE EXCEPTION 'A credential that was verified is evidence.' USING ERRCODE = 'restrict_violation';",
            )
        ]

    def __str__(self) -> str:
        return f"{self.type} of {self.user}"

    def get_absolute_url(self) -> str:
        return reverse("accounts:credential", args=[self.pk])

    @property
    def waits(self) -> bool:
        return self.verified_at is None and self.sent_back_at is None

    @property
    def last_day(self) -> date | None:
        """The last day on which it counts; None for one that does not end."""
        upper: date | None = self.valid.upper
        return upper and upper - timedelta(days=1)


class CredentialDocument(models.Model):
    """The document behind a credential: where its bytes are, and what they were when they came in."""

    class Kind(models.TextChoices):
        PDF = "application/pdf", "PDF"
        PNG = "image/png", "PNG"
        JPEG = "image/jpeg", "JPEG"

    credential = models.OneToOneField(Credential, models.PROTECT, related_name="document")
    kind = models.CharField(max_length=20, choices=Kind)
    file = models.CharField("name in the store", max_length=80, unique=True)
    picture = models.CharField("name of the picture of its pages", max_length=80, blank=True)
    size = models.PositiveIntegerField("bytes in the store")
    pages = models.PositiveSmallIntegerField(default=1)
    sha256 = models.CharField(max_length=64)
    stored_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.credential}"


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
        """Granted by then, for that moment, and not taken back by then."""
        granted = self.filter(valid__contains=at, granted_at__lte=at)
        return granted.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=at))


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
        """As `CompetencyQuerySet.in_force`, for one that is loaded."""
        return at in self.valid and self.granted_at <= at and (self.ended_at is None or at < self.ended_at)

    @property
    def last_day(self) -> date:
        """The last local day on which the grant counts, if it is not taken back before."""
        return timezone.localdate(self.valid.upper - timedelta(microseconds=1))
