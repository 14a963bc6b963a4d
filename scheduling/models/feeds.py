from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from accounts.models import User
from intranet.core.access import AccessQuerySet, AnyUser


class CalendarFeedQuerySet(AccessQuerySet["CalendarFeed"]):
    def visible_to(self, user: AnyUser) -> Self:
        return self.filter(person=user) if isinstance(user, User) else self.none()

    def working(self) -> Self:
        return self.filter(revoked_at=None)


class CalendarFeed(models.Model):
    """The address under which a calendar program reads somebody's published shifts. Only the digest of its key is kept."""

    person = models.ForeignKey(User, models.PROTECT, related_name="calendar_feeds")
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[CalendarFeedQuerySet] = CalendarFeedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-made_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(revoked_at=None),
                name="one_calendar_address_for_a_person",
                violation_error_message="You have a calendar address already.",
            ),
        ]

    def __str__(self) -> str:
        return f"Calendar of {self.person}"
