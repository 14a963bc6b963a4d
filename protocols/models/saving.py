from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models

from accounts.models import User
from protocols.models.protocol import ProtocolVersion

STILL_THERE = timedelta(seconds=90)  # an open editor says so every 30 seconds


class DraftSave(models.Model):
    """What a draft said after a save, by its token: what two people's changes are merged against. Gone at publication."""

    version = models.ForeignKey(ProtocolVersion, models.CASCADE, related_name="saves")
    token = models.PositiveIntegerField()
    content = models.JSONField()

    objects: ClassVar[models.Manager[DraftSave]] = models.Manager()

    class Meta:
        ordering = ["version", "-token"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "token"],
                name="a_save_is_kept_once",
                violation_error_message="This save is kept already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.version}, save {self.token}"


class EditingQuerySet(models.QuerySet["Editing"]):
    def now(self, at: datetime) -> Self:
        """Of people whose editor is open."""
        return self.filter(seen_at__gt=at - STILL_THERE)


class Editing(models.Model):
    """Somebody has a draft open in the editor. Only a notice: nobody is kept from writing."""

    version = models.ForeignKey(ProtocolVersion, models.CASCADE, related_name="editing")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()

    objects: ClassVar[EditingQuerySet] = EditingQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["version", "user"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "user"],
                name="somebody_edits_a_draft_once",
                violation_error_message="This person is named already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} edits {self.version}"
