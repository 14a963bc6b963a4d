from __future__ import annotations

from typing import ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import F, Q

from accounts.models import User
from accounts.roles import Capability
from intranet.core.access import AccessQuerySet, AnyUser
from protocols.models import frozen
from protocols.models.protocol import ProtocolVersion


class ReviewQuerySet(AccessQuerySet["Review"]):
    def visible_to(self, user: AnyUser) -> Self:
        """Those of versions that the person reads, for whoever reviews protocols or agrees to it."""
        if not isinstance(user, User) or not user.standing.holds(Capability.APPROVE_PROTOCOL):
            return self.none()
        return self.filter(version__in=ProtocolVersion.objects.visible_to(user).values("pk"))


class Review(models.Model):
    """Somebody looked through a version in force and found nothing to change; it counts once another person agrees."""

    version = models.ForeignKey(ProtocolVersion, models.PROTECT, related_name="reviews")
    note = models.CharField(max_length=400, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ReviewQuerySet] = ReviewQuerySet.as_manager()  # type: ignore[assignment]

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


class CommentQuerySet(AccessQuerySet["Comment"]):
    def visible_to(self, user: AnyUser) -> Self:
        """Those on drafts that the person may read; once a version is published, its drafting is over."""
        return self.filter(version__in=ProtocolVersion.objects.visible_to(user).open().values("pk"))

    def open(self) -> Self:
        return self.filter(resolved_at__isnull=True)


class Comment(models.Model):
    """What somebody asks or suggests about a draft, or one section of it, until somebody has dealt with it."""

    version = models.ForeignKey(ProtocolVersion, models.PROTECT, related_name="comments")
    section = models.UUIDField(null=True, blank=True, help_text="The key of the section; none: about the whole draft.")
    text = models.TextField(max_length=1000)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    resolved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    resolved_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[CommentQuerySet] = CommentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(text=""), name="comment_says_something", violation_error_message="Write something."
            ),
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=True, resolved_by__isnull=True)
                | Q(resolved_at__isnull=False, resolved_by__isnull=False),
                name="comment_is_resolved_by_somebody",
                violation_error_message="Say who resolved it.",
            ),
        ]

    def __str__(self) -> str:
        return self.text[:80]
