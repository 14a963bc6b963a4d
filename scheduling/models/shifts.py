from __future__ import annotations

import uuid
from datetime import date, datetime, time, timedelta
from typing import ClassVar, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import ExpressionWrapper, F, Func, Q, Value
from django.db.models.constraints import Deferrable
from django.urls import reverse

from accounts.models import Clinic, Skill, User
from accounts.roles import Capability
from intranet.core.access import AccessQuerySet, AnyUser
from intranet.core.time import at_local, local_day, minutes_between
from scheduling.models.ledger import SHIFT_TAKES_TIME, keeps_ledger
from scheduling.positions import Position

# The way between two clinics. The generated column `busy` holds the same number, so changing it takes a migration.
TRAVEL_MINUTES = 45
LONGEST_SHIFT = timedelta(hours=16)
SHORTEST_SHIFT = timedelta(minutes=15)


class ManagersQuerySet(AccessQuerySet):
    """Rows of the plan: seen by those who may edit the roster of the row's clinic, and by nobody else."""

    def visible_to(self, user: AnyUser) -> Self:
        if not isinstance(user, User):
            return self.none()
        scope = user.standing.scope(Capability.EDIT_ROSTER)
        return self if scope.everywhere else self.filter(clinic__in=scope.clinic_ids)


class RosterWeek(models.Model):
    """The roster of one clinic for the week from a Monday. `version` counts every change to any of its shifts."""

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="roster_weeks")
    monday = models.DateField()
    version = models.PositiveIntegerField(default=0)
    published_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ManagersQuerySet] = ManagersQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["monday", "clinic"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "monday"],
                name="one_roster_week_per_clinic",
                violation_error_message="This week of the clinic exists already.",
            ),
            # Lets a shift reference its week together with the clinic (migration 0002).
            models.UniqueConstraint(fields=["id", "clinic"], name="roster_week_with_its_clinic"),
            models.CheckConstraint(
                condition=Q(monday__iso_week_day=1),
                name="roster_week_starts_on_a_monday",
                violation_error_message="A roster week starts on a Monday.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clinic}, week of {self.monday:%b} {self.monday.day}, {self.monday.year}"

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The half-open span from the Monday's midnight to the next one, as the clinic's clocks show it."""
        return week_span(self.monday, self.clinic)

    def is_past(self, at: datetime) -> bool:
        """A week that has ended is locked: what was worked is a record, not a plan."""
        return self.span[1] <= at


def week_span(monday: date, clinic: Clinic) -> tuple[datetime, datetime]:
    """The half-open span of a clinic's week: 167, 168 or 169 hours long."""
    return at_local(monday, time.min, clinic.zone), at_local(monday + timedelta(days=7), time.min, clinic.zone)


class ShiftDetails(models.Model):
    """What the working copy and the published copy of a shift both say."""

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="%(class)ss")
    week = models.ForeignKey(RosterWeek, models.PROTECT, related_name="%(class)ss")
    position = models.CharField(max_length=12, choices=Position)
    staff = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="%(class)ss")
    period = DateTimeRangeField()
    break_minutes = models.PositiveSmallIntegerField("unpaid break", default=0)
    skill = models.ForeignKey(Skill, models.PROTECT, null=True, blank=True, related_name="%(class)ss")
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        abstract = True

    @property
    def planned_id(self) -> uuid.UUID:
        """The id of the working copy, which both copies share."""
        raise NotImplementedError

    @property
    def start(self) -> datetime:
        return self.period.lower

    @property
    def end(self) -> datetime:
        return self.period.upper

    @property
    def day(self) -> date:
        """The clinic's day on which the shift starts; it belongs to that day and week, however late it ends."""
        return local_day(self.start, self.clinic.zone)

    @property
    def minutes(self) -> int:
        """True paid minutes: the elapsed time, clock changes included, less the unpaid break."""
        return minutes_between(self.start, self.end) - self.break_minutes


# The fields whose change staff have to hear about.
DETAILS = ("staff_id", "period", "position", "break_minutes", "skill_id", "note")


class ShiftState(models.TextChoices):
    PLANNED = "planned", "Planned"
    CANCELLED = "cancelled", "Cancelled"


class ShiftQuerySet(ManagersQuerySet):
    def planned(self) -> Self:
        return self.filter(state=ShiftState.PLANNED)


class Shift(ShiftDetails):
    """The managers' working copy of a shift. Staff see the PublishedShift of the same id, once it is published.

    Only the actions of `assigning` write here; `version` rises with each of them and is what a form hands back.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=10, choices=ShiftState, default=ShiftState.PLANNED)
    version = models.PositiveIntegerField(default=1)
    changed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField()
    # From which line of a week template, and which of its places, so that applying it again makes nothing twice.
    template_line = models.ForeignKey(
        "scheduling.TemplateLine", models.SET_NULL, null=True, blank=True, related_name="shifts"
    )
    template_place = models.PositiveSmallIntegerField(default=0)
    # The shift and the way that may follow it; in minutes, so that the value is the same in every zone.
    busy = models.GeneratedField(
        expression=Func(F("period"), Value(TRAVEL_MINUTES), function="with_travel"),
        output_field=DateTimeRangeField(),
        db_persist=True,
    )

    objects: ClassVar[ShiftQuerySet] = ShiftQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["period", "pk"]
        indexes = [models.Index(fields=["week", "state"], name="shift_week_and_state")]
        constraints = [
            ExclusionConstraint(
                name="no_double_booking",
                expressions=[("staff", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
                condition=Q(staff__isnull=False) & ~Q(state=ShiftState.CANCELLED),
                deferrable=Deferrable.IMMEDIATE,
                violation_error_message="This person already works at that time.",
            ),
            ExclusionConstraint(
                name="no_impossible_travel",
                expressions=[
                    ("staff", RangeOperators.EQUAL),
                    ("clinic", RangeOperators.NOT_EQUAL),
                    ("busy", RangeOperators.OVERLAPS),
                ],
                condition=Q(staff__isnull=False) & ~Q(state=ShiftState.CANCELLED),
                deferrable=Deferrable.IMMEDIATE,
                violation_error_message="This person cannot be at both clinics in time.",
            ),
            models.CheckConstraint(
                condition=Q(period__isempty=False, period__lower_inc=True, period__upper_inc=False)
                & Q(period__lower_inf=False, period__upper_inf=False),
                name="shift_has_a_start_and_an_end",
                violation_error_message="Say when the shift starts and when it ends.",
            ),
            models.CheckConstraint(
                condition=Q(period__endswith__lte=F("period__startswith") + LONGEST_SHIFT),
                name="shift_lasts_at_most_16_hours",
                violation_error_message="A shift lasts at most 16 hours.",
            ),
            models.CheckConstraint(
                condition=Q(period__endswith__gte=F("period__startswith") + SHORTEST_SHIFT),
                name="shift_lasts_at_least_15_minutes",
                violation_error_message="A shift lasts at least 15 minutes.",
            ),
            models.CheckConstraint(
                condition=Q(
                    period__endswith__gt=F("period__startswith")
                    + ExpressionWrapper(
                        F("break_minutes") * Value(timedelta(minutes=1)), output_field=models.DurationField()
                    )
                ),
                name="shift_is_longer_than_its_break",
                violation_error_message="The break is longer than the shift.",
            ),
            models.UniqueConstraint(
                fields=["template_line", "week", "template_place"],
                condition=Q(state="planned"),
                name="template_fills_each_place_once",
                violation_error_message="This week holds the shift of the template already.",
            ),
        ]
        triggers = [keeps_ledger(SHIFT_TAKES_TIME)]

    def __str__(self) -> str:
        return (
            f"{Position(self.position).label} shift at {self.clinic} on {self.day:%b} {self.day.day}, {self.day.year}"
        )

    def get_absolute_url(self) -> str:
        return reverse("scheduling:shift", args=[self.pk])

    @property
    def planned_id(self) -> uuid.UUID:
        return self.pk
