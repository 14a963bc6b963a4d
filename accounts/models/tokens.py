from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from accounts.models.people import User
from accounts.roles import Capability
from intranet.core.access import AccessQuerySet, AnyUser


class TokenScope(models.TextChoices):
    """What a token is for: reading or writing one area, within the rights of its owner."""

    PEOPLE_READ = "people:read", "Read the directory and the clinics"
    PROTOCOLS_READ = "protocols:read", "Read protocols and acknowledgements"
    SCHEDULE_READ = "schedule:read", "Read shifts and rosters"
    SCHEDULE_WRITE = "schedule:write", "Plan and publish the roster"
    ANNOUNCEMENTS_READ = "announcements:read", "Read announcements"
    ANNOUNCEMENTS_WRITE = "announcements:write", "Post announcements"
    INBOX_READ = "inbox:read", "Read your inbox"
    INBOX_WRITE = "inbox:write", "Mark reminders as read"


class ApiTokenQuerySet(AccessQuerySet["ApiToken"]):
    def visible_to(self, user: AnyUser) -> Self:
        """One's own; an administrator sees those of everybody."""
        if not isinstance(user, User):
            return self.none()
        return self if user.standing.may(Capability.SETTINGS) else self.filter(user=user)

    def working(self, at: datetime) -> Self:
        """Neither revoked nor over."""
        return self.filter(revoked_at=None, expires_at__gt=at)


class ApiToken(models.Model):
    """A key for a program that acts for one person. Only its digest is kept; its rights are the person's, narrowed."""

    user = models.ForeignKey(User, models.PROTECT, related_name="api_tokens")
    name = models.CharField(max_length=60)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=30, choices=TokenScope))
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects: ClassVar[ApiTokenQuerySet] = ApiTokenQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = "API token"
        constraints = [
            models.UniqueConstraint(
                "user",
                Lower("name"),
                condition=Q(revoked_at=None),
                name="api_token_name_is_used_once",
                violation_error_message="You have a token of this name already. Choose another name, or revoke that one.",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")) & Q(expires_at__lte=F("created_at") + timedelta(days=366)),
                name="api_token_lasts_a_year_at_most",
                violation_error_message="A token lasts a year at most.",
            ),
            models.CheckConstraint(
                condition=Q(scopes__len__gt=0),
                name="api_token_is_for_something",
                violation_error_message="Choose what the token is for.",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_by=None) | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="api_token_says_who_revoked_it",
            ),
        ]

    def __str__(self) -> str:
        return f"API token “{self.name}”"

    @property
    def scope_labels(self) -> list[str]:
        return [TokenScope(scope).label for scope in self.scopes]
