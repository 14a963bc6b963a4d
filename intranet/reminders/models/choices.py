"""How people want to hear: the rhythm of each kind of mail, and their quiet hours."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import DurationField, ExpressionWrapper, F, Q
from django.db.models.lookups import LessThanOrEqual

from intranet.reminders import registry

# Across midnight it is below nothing: 20:00 to 07:00 is minus 13 hours.
_LENGTH = ExpressionWrapper(F("ends") - F("starts"), output_field=DurationField())


class Rhythm(models.TextChoices):
    """When the mail of a kind comes. The inbox has every reminder at once in any case."""

    AT_ONCE = "at-once", "At once"
    DAILY = "daily", "Daily digest"
    WEEKLY = "weekly", "Weekly digest"
    IN_APP = "in-app", "In the app only"


class MailChoice(models.Model):
    """A person wants the mail of a kind in another rhythm than at once, which needs no row.

    What a kind leaves to choose is `preferring.open_to`; a row that it does not leave counts for nothing.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="mail_choices")
    kind = models.CharField(max_length=40)
    rhythm = models.CharField(max_length=7, choices=[choice for choice in Rhythm.choices if choice[0] != "at-once"])

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind"],
                name="mail_has_one_rhythm",
                violation_error_message="This mail has a rhythm already.",
            ),
            models.CheckConstraint(
                condition=Q(rhythm__in=["daily", "weekly", "in-app"]),
                name="mail_rhythm_is_known",
                violation_error_message="Choose a rhythm; at once is what comes without a choice.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {registry.label_of(self.kind)}, {self.get_rhythm_display()}"


class QuietHours(models.Model):
    """A person's own quiet hours, by the clock of their clinic; without a row they are the usual ones. Empty: none."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="quiet_hours")
    starts = models.TimeField(null=True, blank=True)
    ends = models.TimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "quiet hours"
        constraints = [
            models.CheckConstraint(
                condition=Q(starts=None, ends=None)
                | Q(starts__isnull=False, ends__isnull=False)
                & (
                    Q(ends__gt=F("starts")) & Q(LessThanOrEqual(_LENGTH, timedelta(hours=14)))
                    | Q(ends__lt=F("starts")) & Q(LessThanOrEqual(_LENGTH, timedelta(hours=-10)))
                ),
                name="quiet_hours_are_none_or_at_most_fourteen",
                violation_error_message="Quiet hours have a start and an end and last 14 hours at most.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.starts:%H:%M} to {self.ends:%H:%M}" if self.starts else f"{self.person}: none"
