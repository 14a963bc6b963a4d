from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.constraints import Deferrable

from accounts.models import User
from accounts.roles import Capability
from intranet.core.access import AccessQuerySet, AnyUser
from intranet.core.frozen import written_once
from scheduling.models.shifts import DETAILS, RosterWeek, Shift, ShiftDetails, ShiftState


class PublishedShiftQuerySet(AccessQuerySet["PublishedShift"]):
    def visible_to(self, user: AnyUser) -> Self:
        """Staff see the published roster of every clinic."""
        sees_roster = isinstance(user, User) and user.standing.holds(Capability.SEE_ROSTER)
        return self if sees_roster else self.none()

    def standing(self) -> Self:
        """Without those that were withdrawn."""
        return self.filter(withdrawn_at__isnull=True)

    def as_planned(self) -> Self:
        """Those that the managers are not changing: the plan says of them what staff see."""
        fields = [name.removesuffix("_id") for name in DETAILS]
        same = [
            Q(**{name: F(f"shift__{name}")}) | Q(**{f"{name}__isnull": True, f"shift__{name}__isnull": True})
            for name in fields
        ]
        return self.filter(*same, shift__state=ShiftState.PLANNED, week=F("shift__week"))

    def of(self, person: User) -> Self:
        return self.filter(staff=person)

    def within(self, start: datetime, end: datetime) -> Self:
        """Those that touch the half-open span."""
        return self.filter(period__overlap=(start, end))


class PublishedShift(ShiftDetails):
    """What staff see of a shift: a copy as of its last publication. Pages, feeds and reminders of staff read only this."""

    shift = models.OneToOneField(Shift, models.PROTECT, related_name="published")
    sequence = models.PositiveIntegerField(default=0)
    published_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[PublishedShiftQuerySet] = PublishedShiftQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["period", "pk"]
        indexes = [models.Index(fields=["week"], name="published_shift_week")]
        constraints = [
            ExclusionConstraint(
                name="no_published_double_booking",
                expressions=[("staff", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
                condition=Q(staff__isnull=False, withdrawn_at__isnull=True),
                deferrable=Deferrable.IMMEDIATE,
                violation_error_message="This person already works at that time.",
            ),
        ]

    def __str__(self) -> str:
        return f"Published {self.get_position_display().lower()} shift at {self.clinic} on {self.day}"

    @property
    def planned_id(self) -> UUID:
        return self.shift_id


class Occasion(models.TextChoices):
    """How it came to a publication."""

    WEEK = "week", "The week was published"
    SHIFT = "shift", "One shift was saved and told"
    CLAIM = "claim", "Somebody took an open shift"
    OFFER = "offer", "A shift was given, swapped or handed back"
    TIME_OFF = "time_off", "Time off was granted"


class Publication(models.Model):
    """Somebody published a week of a clinic, or some shifts of it. Its changes say what staff saw differently then.

    `reason` is why it was published although something was to be looked at.
    """

    week = models.ForeignKey(RosterWeek, models.PROTECT, related_name="publications")
    number = models.PositiveIntegerField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    occasion = models.CharField(max_length=8, choices=Occasion, default=Occasion.WEEK)
    reason = models.CharField(max_length=200, blank=True)

    objects: ClassVar[models.Manager[Publication]] = models.Manager()

    class Meta:
        ordering = ["week", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["week", "number"],
                name="publications_of_a_week_are_numbered",
                violation_error_message="Somebody published this week just now.",
            )
        ]
        triggers = written_once("What was published is evidence; it is never changed or deleted.")

    def __str__(self) -> str:
        return f"Publication {self.number} of {self.week}"


class ChangeKind(models.TextChoices):
    ADD = "add", "Added"
    REMOVE = "remove", "Removed"
    REASSIGN = "reassign", "Given to somebody else"
    RETIME = "retime", "Time changed"
    ALTER = "alter", "Details changed"


class PublicationChange(models.Model):
    """One shift as staff saw it before and after a publication."""

    publication = models.ForeignKey(Publication, models.PROTECT, related_name="changes")
    shift = models.ForeignKey(Shift, models.PROTECT, related_name="publication_changes")
    kind = models.CharField(max_length=10, choices=ChangeKind)
    staff_before = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    staff_after = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        ordering = ["publication", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["publication", "shift"],
                name="one_change_per_shift_and_publication",
                violation_error_message="This shift is in the publication already.",
            )
        ]
        triggers = written_once("What was published is evidence; it is never changed or deleted.")

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.shift}"


class PublicationRecipient(models.Model):
    """A person whose shifts a publication changed, and who is told about it, once."""

    publication = models.ForeignKey(Publication, models.PROTECT, related_name="recipients")
    person = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["publication", "person"],
                name="each_person_is_told_once_per_publication",
                violation_error_message="This person is told already.",
            )
        ]
        triggers = written_once("What was published is evidence; it is never changed or deleted.")

    def __str__(self) -> str:
        return f"{self.person}: {self.publication}"


class PublicationReceipt(models.Model):
    """That somebody who was told of a publication has seen the own schedule since."""

    recipient = models.OneToOneField(PublicationRecipient, models.PROTECT, related_name="receipt")
    at = models.DateTimeField()

    class Meta:
        ordering = ["at"]
        triggers = written_once("What somebody has seen is evidence; it is never changed or deleted.")

    def __str__(self) -> str:
        return f"Seen: {self.recipient}"
