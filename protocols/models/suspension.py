from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import Q

from accounts.models import Clinic, User
from intranet.core.access import AccessQuerySet, AnyUser
from protocols.models import frozen
from protocols.models.protocol import ProtocolVersion


class SuspensionQuerySet(AccessQuerySet["Suspension"]):
    def visible_to(self, user: AnyUser) -> Self:
        """Those of versions that the person may read."""
        return self.filter(version__in=ProtocolVersion.objects.visible_to(user).values("pk"))

    def open(self) -> Self:
        return self.filter(lifted_at__isnull=True)

    def during(self, start: datetime, end: datetime) -> Self:
        """Those that held at any moment from `start` to before `end`."""
        return self.filter(at__lt=end).filter(Q(lifted_at__isnull=True) | Q(lifted_at__gt=start))


class Suspension(models.Model):
    """An emergency brake: nobody works by a version at a clinic until the clinical lead has decided."""

    version = models.ForeignKey(ProtocolVersion, models.PROTECT, related_name="suspensions")
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=400)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    lifted_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_because = models.CharField(max_length=400, blank=True)

    objects: ClassVar[SuspensionQuerySet] = SuspensionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "clinic"],
                condition=Q(lifted_at__isnull=True),
                name="a_version_is_suspended_once_at_a_clinic",
                violation_error_message="This version is suspended there already.",
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="suspension_has_a_reason",
                violation_error_message="Say why it is suspended.",
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True, lifted_because="")
                | (Q(lifted_at__isnull=False, lifted_by__isnull=False) & ~Q(lifted_because="")),
                name="suspension_is_lifted_with_a_reason",
                violation_error_message="Say why it may be used again.",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="a_suspension_is_only_lifted",
                operation=pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func=frozen.SUSPENSION,
            ),
            frozen.no_truncate("Suspensions are evidence; they are never deleted."),
        ]

    def __str__(self) -> str:
        return f"{self.version} suspended at {self.clinic}"
