"""Ticks, as they run."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models import Q


class Run(models.Model):
    """One tick of one process. It lives for as long as its session holds the advisory lock of its id."""

    class Origin(models.TextChoices):
        BEAT = "beat", "Beat"
        WATCHDOG = "watchdog", "Watchdog"
        MANUAL = "manual", "By hand"

    origin = models.CharField(max_length=8, choices=Origin)
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    version = models.CharField(max_length=60, blank=True, help_text="Of the product, as the process had it.")

    class Meta:
        indexes = [
            models.Index(fields=["-started_at"], name="run_newest"),
            models.Index(fields=["id"], condition=Q(ended_at__isnull=True), name="run_not_ended"),
        ]

    def __str__(self) -> str:
        return f"Run {self.pk} by {self.get_origin_display()}"

    @property
    def duration(self) -> timedelta | None:
        """How long it took; None while it goes on."""
        return self.ended_at - self.started_at if self.ended_at else None
