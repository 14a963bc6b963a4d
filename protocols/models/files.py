"""What a version carries besides its words: pictures in its sections, and attachments."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse

from accounts.models import User
from intranet.core.access import AccessQuerySet, AnyUser
from intranet.core.papers import ENDINGS, Kind
from intranet.core.richtext import LONGEST_DESCRIPTION, picture_address
from protocols.models import frozen
from protocols.models.content import VERSION, Section
from protocols.models.protocol import ProtocolVersion, State

FOLDER = "protocols"
OPEN = (State.DRAFT, State.IN_REVIEW, State.APPROVED)


class PictureQuerySet(AccessQuerySet["Picture"]):
    def visible_to(self, user: AnyUser) -> Self:
        """Pictures that stand in a version which the person may read, and all of those on the shelf of such a draft."""
        readable = ProtocolVersion.objects.visible_to(user).values("pk")
        shown = Section.objects.filter(version=OuterRef("version"), body__contains=OuterRef("sha256"))
        return self.filter(Q(version__state__in=OPEN) | Exists(shown), version__in=readable)


class Picture(models.Model):
    """A picture that may stand in the sections of a version. Sections name it by its hash, and so the text binds it."""

    version = models.ForeignKey(VERSION, models.PROTECT, related_name="pictures")
    sha256 = models.CharField(max_length=64)
    kind = models.CharField(max_length=80, choices=Kind)
    size = models.PositiveIntegerField("bytes")
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    description = models.CharField("what it shows", max_length=LONGEST_DESCRIPTION)
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    objects: ClassVar[PictureQuerySet] = PictureQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["added_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "sha256"],
                name="picture_is_once_in_a_version",
                violation_error_message="This picture is there already.",
            ),
            models.CheckConstraint(
                condition=~Q(description=""),
                name="picture_says_what_it_shows",
                violation_error_message="Say what the picture shows.",
            ),
        ]
        indexes = [models.Index(fields=["sha256"], name="pictures_by_content")]
        triggers = [
            pgtrigger.Trigger(
                name="only_drafts_change_pictures",
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func=frozen.ONLY_IN_DRAFTS,
            ),
            frozen.no_truncate("Pictures of published versions are never deleted."),
        ]

    def __str__(self) -> str:
        return self.description

    @property
    def address(self) -> str:
        return picture_address(self.sha256)

    @property
    def code(self) -> str:
        """What an author writes into a text where the picture shall stand."""
        return f"[picture {self.sha256[:8]}]"


class AttachmentQuerySet(AccessQuerySet["Attachment"]):
    def visible_to(self, user: AnyUser) -> Self:
        """Those of the versions that the person may read."""
        return self.filter(version__in=ProtocolVersion.objects.visible_to(user).values("pk"))


class Attachment(models.Model):
    """A file that belongs to a version. Its `key` stays from version to version, its `words` are for searching."""

    version = models.ForeignKey(VERSION, models.PROTECT, related_name="attachments")
    key = models.UUIDField(default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    kind = models.CharField(max_length=80, choices=Kind)
    size = models.PositiveIntegerField("bytes")
    pages = models.PositiveSmallIntegerField(default=0, help_text="Of a PDF.")
    words = models.TextField(blank=True, editable=False)
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    objects: ClassVar[AttachmentQuerySet] = AttachmentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["version", "name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "key"],
                name="attachment_is_once_in_a_version",
                violation_error_message="This attachment is there already.",
            ),
            models.UniqueConstraint(
                fields=["version", "name"],
                name="attachment_has_its_own_name",
                violation_error_message="Another attachment has this name.",
            ),
            models.CheckConstraint(
                condition=~Q(name=""),
                name="attachment_has_a_name",
                violation_error_message="Give the attachment a name.",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="only_drafts_change_attachments",
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func=frozen.ONLY_IN_DRAFTS,
            ),
            frozen.no_truncate("Attachments of published versions are never deleted."),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("protocols:attachment", args=[self.version.protocol.slug, self.version.number, self.key])

    @property
    def file_name(self) -> str:
        return f"{self.name}.{ENDINGS[Kind(self.kind)]}"


KEPT_FOR = timedelta(hours=24)


class PreviewQuerySet(AccessQuerySet["Preview"]):
    def visible_to(self, user: AnyUser) -> Self:
        """One's own."""
        return self.filter(by=user.pk)

    def fresh(self, at: datetime) -> Self:
        return self.filter(at__gt=at - KEPT_FOR)


class Preview(models.Model):
    """What a file would become as a protocol: read, and waiting a day for the word of whoever chose it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    file_name = models.CharField(max_length=120)
    title = models.CharField(max_length=160)
    sections = models.JSONField(help_text="A list of kind, heading and body.")
    pictures = models.JSONField(help_text="A list of what a Picture says, without its version.")
    notes = models.JSONField(help_text="Sentences about what was left out or guessed.")

    objects: ClassVar[PreviewQuerySet] = PreviewQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = [F("at").desc(), "pk"]

    def __str__(self) -> str:
        return self.file_name

    def get_absolute_url(self) -> str:
        return reverse("protocols:import-preview", args=[self.pk])
