from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import Q

from accounts.models import Clinic, User
from accounts.roles import Role
from accounts.standing import Grant
from intranet.core import richtext
from protocols.models import frozen

VERSION = "protocols.ProtocolVersion"


class SectionKind(models.TextChoices):
    """What a section is for, and so how it is drawn."""

    KEY_FACTS = "key_facts", "Key facts"
    TEXT = "text", "Text"
    CONTRAINDICATIONS = "contraindications", "Contraindications"
    PRECAUTIONS = "precautions", "Precautions"
    STEPS = "steps", "Steps"
    IF_WRONG = "if_wrong", "If something goes wrong"
    EVIDENCE = "evidence", "Evidence"
    REFERENCES = "references", "References"


class Section(models.Model):
    """A part of one version. Its `key` stays the same from version to version, so that versions compare by section."""

    version = models.ForeignKey(VERSION, models.PROTECT, related_name="sections")
    key = models.UUIDField(default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20, choices=SectionKind)
    heading = models.CharField(max_length=120)
    body = models.TextField(blank=True)
    words = models.TextField(blank=True, editable=False, help_text="The body without markup, for searching.")
    order = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "key"],
                name="section_key_is_used_once_in_a_version",
                violation_error_message="This section is already in the version.",
            ),
            models.CheckConstraint(
                condition=~Q(heading=""),
                name="section_has_a_heading",
                violation_error_message="Give the section a heading.",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="only_drafts_are_edited",
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func=frozen.ONLY_IN_DRAFTS,
            ),
            frozen.no_truncate("Sections of published versions are never deleted."),
        ]

    def __str__(self) -> str:
        return self.heading

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.body = richtext.clean(self.body, pictures=True)
        self.words = self._said()
        super().save(*args, **kwargs)

    def _said(self) -> str:
        """Key facts without a value are not shown to readers, so that their labels alone say nothing."""
        facts = richtext.pairs(self.body) if self.kind == SectionKind.KEY_FACTS else []
        if facts and not any(richtext.plain(fact) for _, fact in facts):
            return ""
        return richtext.plain(self.body)

    @property
    def anchor(self) -> str:
        """Where a link to the section leads, in every version."""
        return f"section-{self.key}"


class AudienceQuerySet(models.QuerySet["Audience"]):
    def of(self, grants: Iterable[Grant]) -> Self:
        """Rows that address somebody with one of these roles at these places."""
        addressed = Q(pk__in=[])
        for grant in grants:
            place = Q() if grant.clinic_id is None else Q(clinic__isnull=True) | Q(clinic=grant.clinic_id)
            addressed |= Q(role=grant.role) & place
        return self.filter(addressed)

    def at(self, clinic_ids: Iterable[int]) -> Self:
        """Rows that concern one of the clinics."""
        return self.filter(Q(clinic__isnull=True) | Q(clinic__in=clinic_ids))

    def stated(self, at: datetime) -> Self:
        """Without those that were added later."""
        return self.filter(Q(added_at__isnull=True) | Q(added_at__lte=at))


class Audience(models.Model):
    """A version is for people with this role, at this clinic or (no clinic) at all; perhaps they must acknowledge it.

    Stated at the publication, or added to a published version (`added_by`, `added_at`), also so that whoever reads it
    must acknowledge it from then on. Nothing is taken away.
    """

    version = models.ForeignKey(VERSION, models.PROTECT, related_name="audiences")
    clinic = models.ForeignKey(Clinic, models.PROTECT, null=True, blank=True, related_name="+")
    role = models.CharField(max_length=20, choices=Role)
    must_acknowledge = models.BooleanField(default=False)
    added_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    added_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[AudienceQuerySet] = AudienceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["version", "clinic", "role"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "clinic", "role"],
                nulls_distinct=False,
                condition=Q(added_at__isnull=True),
                name="audience_is_stated_once",
                violation_error_message="This clinic and role are already readers.",
            ),
            models.UniqueConstraint(
                fields=["version", "clinic", "role", "must_acknowledge"],
                nulls_distinct=False,
                name="audience_is_added_once",
                violation_error_message="This clinic and role are already readers.",
            ),
            models.CheckConstraint(
                condition=Q(added_by__isnull=True, added_at__isnull=True)
                | Q(added_by__isnull=False, added_at__isnull=False, clinic__isnull=False),
                name="readers_are_added_by_somebody_at_a_clinic",
                violation_error_message="Say who adds them, and at which clinic.",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="readers_of_published_versions_stay",
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func=frozen.READERS,
            ),
            frozen.no_truncate("The readers of published versions stay as they are."),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} at {self.clinic or 'every clinic'}"


class Contributor(models.Model):
    """Somebody who wrote on a version, and therefore never approves it."""

    # Deleted after a draft that is discarded, never before; see the trigger.
    version = models.ForeignKey(VERSION, models.DO_NOTHING, related_name="contributors")
    user = models.ForeignKey(User, models.PROTECT, related_name="contributions")
    since = models.DateTimeField()

    class Meta:
        ordering = ["since", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "user"],
                name="contributor_is_named_once",
                violation_error_message="This person is already named.",
            )
        ]
        triggers = [
            pgtrigger.Trigger(
                name="refuse_update_and_delete",
                operation=pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func=frozen.gone_with_version("Whoever wrote on a version stays its contributor."),
            ),
            frozen.no_truncate("Whoever wrote on a version stays its contributor."),
            pgtrigger.Trigger(
                name="only_drafts_gain_contributors",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func=frozen.ONLY_IN_DRAFTS,
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)


class RemarkQuerySet(models.QuerySet["Remark"]):
    def unanswered(self) -> Self:
        """Those after which the version was not submitted again yet."""
        return self.filter(answered_at__isnull=True)


class Remark(models.Model):
    """What a reviewer wrote when sending a version back. It is answered by submitting the version again."""

    version = models.ForeignKey(VERSION, models.PROTECT, related_name="remarks")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = models.TextField(max_length=2000)
    answered_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[RemarkQuerySet] = RemarkQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(text=""),
                name="remark_says_something",
                violation_error_message="Say what has to change.",
            )
        ]

    def __str__(self) -> str:
        return self.text[:80]
