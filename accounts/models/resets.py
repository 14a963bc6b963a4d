from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q

from accounts.models.people import User
from accounts.roles import Capability
from intranet.core.access import AccessQuerySet, AnyUser


class SecondStepResetQuerySet(AccessQuerySet["SecondStepReset"]):
    def visible_to(self, user: AnyUser) -> Self:
        """Administrators see all of them; nobody else any."""
        may = isinstance(user, User) and user.standing.may(Capability.RESET_SECOND_STEP)
        return self if may else self.none()

    def pending(self, at: datetime) -> Self:
        """Neither confirmed nor cancelled, and not too old."""
        return self.open().filter(expires_at__gt=at)

    def open(self) -> Self:
        return self.filter(confirmed_at=None, cancelled_at=None)


class SecondStepReset(models.Model):
    """Somebody lost every second step: one administrator starts the reset, another one confirms it.

    One made on the server, by the command of last resort, has neither: it is confirmed in the moment it is made.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="second_step_resets")
    reason = models.CharField(max_length=200)
    started_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    cancelled_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[SecondStepResetQuerySet] = SecondStepResetQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                "user",
                condition=Q(confirmed_at=None, cancelled_at=None),
                name="second_step_reset_waits_once_for_a_person",
                violation_error_message="A reset for this person waits already. Confirm it, or cancel it.",
            ),
            models.CheckConstraint(
                condition=Q(started_by=None) | ~Q(started_by=F("user")),
                name="second_step_reset_is_started_by_another",
                violation_error_message="Somebody else has to start the reset of your second step.",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | (~Q(confirmed_by=F("started_by")) & ~Q(confirmed_by=F("user"))),
                name="second_step_reset_is_confirmed_by_a_third",
                violation_error_message="A second administrator has to confirm it.",
            ),
            models.CheckConstraint(
                condition=Q(started_by=None, confirmed_by=None, confirmed_at__isnull=False)
                | Q(started_by__isnull=False, confirmed_by=None, confirmed_at=None)
                | Q(started_by__isnull=False, confirmed_by__isnull=False, confirmed_at__isnull=False),
                name="second_step_reset_says_who_confirmed_it",
            ),
            models.CheckConstraint(
                condition=Q(cancelled_by=None, cancelled_at=None)
                | Q(cancelled_by__isnull=False, cancelled_at__isnull=False, confirmed_at=None),
                name="second_step_reset_says_who_cancelled_it",
            ),
        ]

    def __str__(self) -> str:
        return f"Second-step reset of {self.user}"

    def is_pending(self, at: datetime) -> bool:
        return self.confirmed_at is None and self.cancelled_at is None and at < self.expires_at
