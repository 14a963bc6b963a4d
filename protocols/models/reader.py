from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q

from accounts.models import User
from accounts.roles import Capability
from intranet.core.access import AccessQuerySet, AnyUser
from protocols.models.protocol import Protocol, ProtocolVersion


class Bookmark(models.Model):
    """A protocol that a person keeps at hand."""

    protocol = models.ForeignKey(Protocol, models.PROTECT, related_name="bookmarks")
    user = models.ForeignKey(User, models.PROTECT, related_name="bookmarks")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "protocol"],
                name="bookmark_is_set_once",
                violation_error_message="You have bookmarked it already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.protocol}"


class ProblemQuerySet(AccessQuerySet["Problem"]):
    def visible_to(self, user: AnyUser) -> Self:
        """One's own, those of protocols of which one is owner or deputy, and for whoever publishes protocols all."""
        if not isinstance(user, User):
            return self.none()
        if user.standing.may(Capability.PUBLISH_PROTOCOL):
            return self
        answers = Q(version__protocol__owner=user) | Q(version__protocol__deputy=user)
        return self.filter(Q(by=user) | answers)

    def open(self) -> Self:
        return self.filter(closed_at__isnull=True)

    def with_answerer(self) -> Any:
        """Each with `answerer_id`, whom its report is for; null: the clinical lead. See `Protocol.answerer`."""
        active = (
            models.When(**{f"version__protocol__{who}__is_active": True}, then=models.F(f"version__protocol__{who}"))
            for who in ("owner", "deputy")
        )
        return self.annotate(answerer_id=models.Case(*active, output_field=models.BigIntegerField()))


class Problem(models.Model):
    """Something that a reader found wrong on a version, until its owner or the lead has answered."""

    version = models.ForeignKey(ProtocolVersion, models.PROTECT, related_name="problems")
    section = models.CharField(max_length=120, blank=True, help_text="The heading of the section, as it was.")
    text = models.TextField(max_length=1000)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    answer = models.TextField(max_length=1000, blank=True)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ProblemQuerySet] = ProblemQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(text=""), name="problem_says_something", violation_error_message="Say what is wrong."
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True, answer="")
                | (Q(closed_at__isnull=False, closed_by__isnull=False) & ~Q(answer="")),
                name="problem_is_closed_with_an_answer",
                violation_error_message="Say what came of it.",
            ),
        ]

    def __str__(self) -> str:
        return f"Problem on {self.version}"
