from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q

from accounts.models import User
from protocols.models import frozen
from protocols.models.protocol import ProtocolVersion


class Review(models.Model):
    """Somebody looked through a version in force and found nothing to change; it counts once another person agrees."""

    version = models.ForeignKey(ProtocolVersion, models.PROTECT, related_name="reviews")
    note = models.CharField(max_length=400, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Review]] = models.Manager()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["version"],
                condition=Q(confirmed_at__isnull=True),
                name="one_review_waits_for_a_second_person",
                violation_error_message="A review of this version waits for a second person already.",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True, confirmed_by__isnull=True)
                | (Q(confirmed_at__isnull=False, confirmed_by__isnull=False) & ~Q(confirmed_by=F("by"))),
                name="review_is_by_two_people",
                violation_error_message="Somebody else has to agree.",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="a_review_is_only_confirmed",
                operation=pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func=frozen.REVIEW,
            ),
            frozen.no_truncate("Reviews are evidence; they are never deleted."),
        ]

    def __str__(self) -> str:
        return f"Review of {self.version}"
