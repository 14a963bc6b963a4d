"""When kinds remind, as administrators have changed it."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q

from intranet.reminders import registry


class StepTime(models.Model):
    """What an administrator has changed: when a step of a kind comes, or that it does not. All others are as declared."""

    kind = models.CharField(max_length=40)
    step = models.CharField(max_length=40)
    amount = models.DurationField(null=True, blank=True)
    off = models.BooleanField(default=False)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "step"],
                name="step_has_one_time",
                violation_error_message="This step has a time already.",
            ),
            models.CheckConstraint(
                condition=Q(off=True, amount=None) | Q(off=False, amount__isnull=False, amount__gte=timedelta(0)),
                name="step_is_off_or_has_a_time",
                violation_error_message="A step is switched off, or it has a time that is not below nothing.",
            ),
        ]

    def __str__(self) -> str:
        return f"{registry.label_of(self.kind)}: {self.step}"
