"""When somebody cannot or would rather not work, as they say themselves."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Self

from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from accounts.models import Membership, User
from accounts.roles import Capability
from intranet.core.access import AccessQuerySet, AnyUser
from intranet.core.time import organisation_day
from scheduling.models.needs import Weekday


class Wish(models.TextChoices):
    UNAVAILABLE = "unavailable", "Not available"
    PREFERRED = "preferred", "Prefers to work"
    PREFERRED_OFF = "preferred_off", "Prefers to be off"


class AvailabilityQuerySet(AccessQuerySet["Availability"]):
    def visible_to(self, user: AnyUser) -> Self:
        """One's own, and that of people who belong to a clinic whose roster one makes."""
        if not isinstance(user, User) or not user.standing.grants:
            return self.none()
        own_clinics = user.standing.scope(Capability.EDIT_ROSTER).clinic_ids
        belongs = Membership.objects.belonging(organisation_day(user.standing.at))
        here = belongs.filter(user=OuterRef("person"), clinic__in=own_clinics)
        return self.filter(Q(person=user) | Exists(here))

    def not_over(self, day: date) -> Self:
        """Those that still say something on the day or after it."""
        return self.filter(Q(days__upper_inf=True) | Q(days__endswith__gt=day))

    def on(self, day: date) -> Self:
        """Those that say something about the day."""
        return self.filter(days__contains=day).filter(Q(weekday=None) | Q(weekday=day.weekday()))


class Availability(models.Model):
    """What somebody says about when they can work: on every such weekday of some days, or on each of these days.

    Times are wall-clock times of wherever the shift is; without them the whole day is meant. Managers see it, and a
    shift against it warns.
    """

    person = models.ForeignKey(User, models.PROTECT, related_name="availability")
    wish = models.CharField(max_length=14, choices=Wish)
    days = DateRangeField()
    weekday = models.PositiveSmallIntegerField(choices=Weekday, null=True, blank=True)
    starts = models.TimeField(null=True, blank=True)
    ends = models.TimeField(null=True, blank=True)
    note = models.CharField(max_length=120, blank=True)
    added_at = models.DateTimeField()

    objects: ClassVar[AvailabilityQuerySet] = AvailabilityQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["person", "days", "weekday", "starts"]
        verbose_name_plural = "availability"
        constraints = [
            models.CheckConstraint(
                condition=Q(days__isempty=False, days__lower_inf=False),
                name="availability_has_a_first_day",
                violation_error_message="Say from which day on.",
            ),
            models.CheckConstraint(
                condition=Q(weekday__isnull=False) | Q(days__upper_inf=False),
                name="availability_of_days_has_a_last_one",
                violation_error_message="Say until which day.",
            ),
            models.CheckConstraint(
                condition=Q(starts__isnull=True, ends__isnull=True) | Q(ends__gt=F("starts")),
                name="availability_ends_after_it_begins",
                violation_error_message="Say from when until when, or leave both empty for the whole day.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_wish_display().lower()}"
