"""What a test says is owed, in a table that every process sees. The harness makes and fills it (`tests/faults/arena.py`)."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Owed(models.Model):
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.DO_NOTHING, related_name="+")
    sort = models.TextField()
    occasion = models.TextField()
    due_at = models.DateTimeField()
    not_after = models.DateTimeField()
    unwritable = models.BooleanField(default=False)

    class Meta:
        managed = False
        db_table = "planted_owed"

    def __str__(self) -> str:
        return f"[owed-{self.pk}]"
