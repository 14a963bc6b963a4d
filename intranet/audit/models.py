from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models


class Entry(models.Model):
    """One thing that somebody did, or tried to do. Entries are written once; triggers refuse every change (0002)."""

    at = models.DateTimeField(db_index=True)
    # DO_NOTHING: people are deactivated, never deleted; the foreign key itself refuses the attempt.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, null=True, blank=True, related_name="audit_entries"
    )
    actor_name = models.CharField(max_length=200, blank=True)
    verb = models.CharField(max_length=80)
    target_type = models.CharField(max_length=80, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    target_name = models.CharField(max_length=300, blank=True)
    # Clinics that the entry concerns; empty means the whole organisation. Ids only: this app knows no clinic model.
    clinic_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    changes = models.JSONField(default=dict, blank=True)
    address = models.GenericIPAddressField("from", null=True, blank=True)  # none for what the system does by itself

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "entries"
        indexes = [
            models.Index(fields=["target_type", "target_id"], name="audit_entry_target"),
            models.Index(fields=["actor", "-id"], name="audit_entry_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name or 'The system'} {self.verb} {self.target_name}"


class Seal(models.Model):
    """One link of the chain that `sealing` makes. Written once, like the entries."""

    position = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(Entry, models.DO_NOTHING, related_name="seal")
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return f"Seal {self.position}"
