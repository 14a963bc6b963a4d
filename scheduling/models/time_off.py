"""Time off that a manager decides, and the ledger of occupied time, by which the database refuses a shift during it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self
from zoneinfo import ZoneInfo

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Case, Exists, F, Q, Subquery, Value, When
from django.db.models.constraints import Deferrable
from django.db.models.functions import Coalesce, Lower
from django.urls import reverse

from accounts.models import User
from accounts.roles import Capability
from intranet.core.access import AccessQuerySet, AnyUser
from intranet.core.time import organisation_day, organisation_zone
from scheduling.deciders import own_managers, workplaces
from scheduling.models.ledger import TIME_OFF_TAKES_TIME, keeps_ledger
from scheduling.models.shifts import Shift


class TimeOffState(models.TextChoices):
    REQUESTED = "requested", "Requested"
    APPROVED = "approved", "Approved"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"


def waits(at: datetime) -> Q:
    """Somebody has still to decide it: not when its days have passed undecided, or when the person has left."""
    return Q(state=TimeOffState.REQUESTED, period__endswith__gt=at, person__is_active=True)


class TimeOffQuerySet(AccessQuerySet["TimeOff"]):
    def visible_to(self, user: AnyUser) -> Self:
        """One's own, and those about which one decides: see `scheduling.deciders`. Nobody else reads why somebody is away."""
        if not isinstance(user, User) or not user.standing.grants:
            return self.none()
        own_clinics = user.standing.scope(Capability.EDIT_ROSTER).clinic_ids
        if not own_clinics:
            return self.filter(person=user)
        theirs = Exists(workplaces().filter(clinic__in=own_clinics))
        nobodys = Q(~Exists(own_managers(organisation_day(user.standing.at))), person__is_active=True)
        return self.filter(Q(person=user) | theirs | nobodys)

    def entrusted_to(self, user: User) -> Self:
        """Those about which the person decides; never the person's own."""
        return self.visible_to(user).exclude(person=user)

    def waiting(self, at: datetime) -> Self:
        return self.filter(waits(at))

    def waiting_first(self, at: datetime) -> Self:
        """Those that wait, the soonest first; then the others, the latest first."""
        soonest = Case(When(waits(at), then=Lower("period")))
        return self.order_by(soonest.asc(nulls_last=True), "-period", "pk")

    def with_zone(self) -> Self:
        """With the zone in which their days are counted, so that a list does not ask for each."""
        at_clinics = Subquery(workplaces().order_by("clinic").values("clinic__time_zone")[:1])
        return self.annotate(zone_name=Coalesce(at_clinics, Value(organisation_zone().key)))

    def requested(self) -> Self:
        return self.filter(state=TimeOffState.REQUESTED)

    def approved(self) -> Self:
        return self.filter(state=TimeOffState.APPROVED)

    def alive(self) -> Self:
        """Granted, or waiting for somebody to decide."""
        return self.filter(state__in=[TimeOffState.REQUESTED, TimeOffState.APPROVED])

    def within(self, start: datetime, end: datetime) -> Self:
        """Those that touch the half-open span."""
        return self.filter(period__overlap=(start, end))


class TimeOff(models.Model):
    """Somebody asks not to work in a period. Nobody has to say why. `version` rises with each change."""

    person = models.ForeignKey(User, models.PROTECT, related_name="time_off")
    period = DateTimeRangeField()
    whole_days = models.BooleanField(default=True)
    reason = models.CharField(max_length=200, blank=True, help_text="If you like. No diagnoses, no names of patients.")
    state = models.CharField(max_length=10, choices=TimeOffState, default=TimeOffState.REQUESTED)
    version = models.PositiveIntegerField(default=1)
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=200, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[TimeOffQuerySet] = TimeOffQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["period", "pk"]
        verbose_name_plural = "time off"
        indexes = [models.Index(fields=["person", "state"], name="time_off_of_a_person")]
        constraints = [
            ExclusionConstraint(
                name="time_off_is_asked_for_once",
                expressions=[("person", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
                condition=Q(state__in=["requested", "approved"]),
                violation_error_message="You have asked for some of these days already.",
            ),
            models.CheckConstraint(
                condition=Q(period__isempty=False, period__lower_inc=True, period__upper_inc=False)
                & Q(period__lower_inf=False, period__upper_inf=False),
                name="time_off_has_a_start_and_an_end",
                violation_error_message="Say from when until when.",
            ),
            models.CheckConstraint(
                condition=Q(state="requested", decided_by__isnull=True, decided_at__isnull=True)
                | Q(state__in=["approved", "declined"], decided_by__isnull=False, decided_at__isnull=False)
                | Q(state="withdrawn"),
                name="time_off_says_who_decided",
                violation_error_message="Say who decided.",
            ),
            models.CheckConstraint(
                condition=~Q(decided_by=F("person")),
                name="nobody_decides_own_time_off",
                violation_error_message="Somebody else decides about your time off.",
            ),
        ]
        triggers = [keeps_ledger(TIME_OFF_TAKES_TIME)]

    def __str__(self) -> str:
        return f"Time off of {self.person}"

    def get_absolute_url(self) -> str:
        """Where it is decided."""
        return reverse("scheduling:time-off-request", args=[self.pk])

    @property
    def start(self) -> datetime:
        return self.period.lower

    @property
    def end(self) -> datetime:
        return self.period.upper

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the person's clinic, in which the days are counted; asked for here unless `with_zone` has."""
        name = getattr(self, "zone_name", None)
        return ZoneInfo(name) if name else self.person.zone


class Source(models.IntegerChoices):
    """What takes somebody's time."""

    SHIFT = 1, "Shift"
    TIME_OFF = 2, "Time off"


class Occupancy(models.Model):
    """That a person's time is taken by a shift or by granted time off, so that the database refuses both at once.

    The triggers of both tables keep it; nothing else writes here. Two shifts, or two times off, are refused by their
    own tables.
    """

    person = models.ForeignKey(User, models.DO_NOTHING, related_name="+")
    period = DateTimeRangeField()
    source = models.PositiveSmallIntegerField(choices=Source)
    shift = models.OneToOneField(Shift, models.DO_NOTHING, null=True, related_name="+", db_constraint=False)
    time_off = models.OneToOneField(TimeOff, models.DO_NOTHING, null=True, related_name="+", db_constraint=False)

    objects: ClassVar[models.Manager[Occupancy]] = models.Manager()

    class Meta:
        ordering = ["person", "period"]
        verbose_name_plural = "occupancies"
        constraints = [
            ExclusionConstraint(
                name="no_shift_during_time_off",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                    ("source", RangeOperators.NOT_EQUAL),
                ],
                deferrable=Deferrable.IMMEDIATE,
                violation_error_message="This person has time off then.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_source_display()} of {self.person}"
