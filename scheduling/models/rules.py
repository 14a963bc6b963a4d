"""What a clinic has decided about its rosters: the rules with their source, and what staff may do with their shifts."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q

from accounts.models import Clinic, User
from accounts.roles import Capability
from intranet.core.access import AccessQuerySet, AnyUser
from scheduling.models.publications import PublishedShift
from scheduling.models.shifts import Shift, ShiftState


class RuleCode(models.TextChoices):
    """What is counted; `scheduling.rules` says how, in which unit, and what is usual."""

    REST = "rest", "Rest between two days"
    WEEK = "week", "Hours in a week"
    MOST = "most", "Most hours in a week"
    DAYS = "days", "Days in a row"
    MEAL = "meal", "Meal"
    SECOND_MEAL = "second-meal", "Second meal"
    TRAVEL = "travel", "Way between the clinics"
    SUPERVISION = "supervision", "Assistant with a therapist"
    LATE_CHANGE = "late-change", "Late change"


class RuleLevel(models.TextChoices):
    OFF = "off", "Not looked at"
    WARNS = "warns", "Warns, needs a reason"
    REFUSES = "refuses", "Refuses"


class RosterRule(models.Model):
    """One rule of one clinic, where it differs from the usual one or was looked at by its managers.

    `amount` is in the unit of the rule, minutes or days; `threshold`, where the rule has one, is the length of shift in
    minutes from which it counts. Rules of law are reminders with a source, not legal advice.
    """

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="roster_rules")
    code = models.CharField(max_length=12, choices=RuleCode)
    level = models.CharField(max_length=8, choices=RuleLevel)
    amount = models.PositiveIntegerField()
    threshold = models.PositiveIntegerField(null=True, blank=True)
    source = models.CharField(max_length=200)
    checked_on = models.DateField()

    objects: ClassVar[models.Manager[RosterRule]] = models.Manager()

    class Meta:
        ordering = ["clinic", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "code"],
                name="each_rule_once_for_a_clinic",
                violation_error_message="The clinic has this rule already.",
            ),
            models.CheckConstraint(
                condition=~Q(source=""), name="rule_has_a_source", violation_error_message="Say where it comes from."
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_code_display()}, {self.clinic}"


class OpenShifts(models.TextChoices):
    FIRST_COME = "first_come", "Whoever comes first has it"
    PICKED = "picked", "People ask for it, a manager picks"


class Permission(models.TextChoices):
    """Whether staff may do something with their published shifts by themselves."""

    OFF = "off", "Not at this clinic"
    DECIDED = "decided", "A manager decides"
    FREE = "free", "At once"


class ShiftPolicy(models.Model):
    """What staff of a clinic may do with published shifts. `hours_before`: until so many hours before the start."""

    clinic = models.OneToOneField(Clinic, models.PROTECT, related_name="shift_policy")
    open_shifts = models.CharField(max_length=10, choices=OpenShifts, default=OpenShifts.FIRST_COME)
    give = models.CharField(max_length=8, choices=Permission, default=Permission.DECIDED)
    swap = models.CharField(max_length=8, choices=Permission, default=Permission.DECIDED)
    drop = models.CharField(max_length=8, choices=Permission, default=Permission.DECIDED)
    hours_before = models.PositiveSmallIntegerField(default=12)

    objects: ClassVar[models.Manager[ShiftPolicy]] = models.Manager()

    class Meta:
        verbose_name_plural = "shift policies"
        constraints = [
            models.CheckConstraint(
                condition=Q(hours_before__lte=168),
                name="shift_policy_is_within_a_week",
                violation_error_message="Choose at most 168 hours.",
            ),
        ]

    def __str__(self) -> str:
        return f"Shifts at {self.clinic}"


class AcceptedWarning(models.Model):
    """Somebody planned a shift although something spoke against it, and said why. It holds for that version of the shift."""

    shift = models.ForeignKey(Shift, models.CASCADE, related_name="accepted_warnings")
    shift_version = models.PositiveIntegerField()
    code = models.CharField(max_length=40)
    message = models.CharField(max_length=400)
    reason = models.CharField(max_length=200)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects: ClassVar[models.Manager[AcceptedWarning]] = models.Manager()

    class Meta:
        ordering = ["shift", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason=""), name="accepted_warning_has_a_reason", violation_error_message="Say why."
            ),
        ]

    def __str__(self) -> str:
        return self.message


class LostClearanceQuerySet(AccessQuerySet["LostClearance"]):
    def visible_to(self, user: AnyUser) -> Self:
        """Managers see those of their clinics' shifts, drafts as well; others their own, of shifts that they see as they
        are planned: the reasons follow from the plan."""
        if not isinstance(user, User):
            return self.none()
        scope = user.standing.scope(Capability.EDIT_ROSTER)
        if scope.everywhere:
            return self
        seen = PublishedShift.objects.standing().as_planned().of(user)
        return self.filter(Q(person=user, shift__published__in=seen) | Q(shift__clinic__in=scope.clinic_ids))

    def open(self) -> Self:
        return self.filter(over_at=None)

    def standing(self, at: datetime) -> Self:
        """Those that are not over, of planned shifts to come that the person still holds."""
        held = self.open().filter(shift__staff=F("person"), shift__state=ShiftState.PLANNED)
        return held.filter(shift__period__startswith__gt=at)


class LostClearance(models.Model):
    """What the hourly sweep found: whoever holds a shift may not work it any more. Over once that is no longer so.

    `reasons` is a list of {"code", "message"}. When something else comes to stand against it, that is another row;
    when less does, they are updated.
    """

    shift = models.ForeignKey(Shift, models.CASCADE, related_name="lost_clearances")
    person = models.ForeignKey(User, models.PROTECT, related_name="+")
    reasons = models.JSONField()
    found_at = models.DateTimeField()
    over_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[LostClearanceQuerySet] = LostClearanceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-found_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["shift", "person"],
                condition=Q(over_at=None),
                name="lost_clearance_is_found_once",
                violation_error_message="This is known already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} may not work {self.shift}"

    @property
    def words(self) -> list[str]:
        return [reason["message"] for reason in self.reasons]

    @property
    def codes(self) -> set[str]:
        return {reason["code"] for reason in self.reasons}


class ClearanceSweep(models.Model):
    """When the shifts ahead of a clinic were looked through last on one of its days, and how many were found on it. Written
    together with what was found."""

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="+")
    on = models.DateField()
    at = models.DateTimeField()
    found = models.PositiveIntegerField(default=0)

    objects: ClassVar[models.Manager[ClearanceSweep]] = models.Manager()

    class Meta:
        ordering = ["-on", "clinic"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "on"],
                name="shifts_are_looked_through_once_a_day",
                violation_error_message="The shifts of this day were looked through already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clinic}, {self.on}"
