"""What announcements look like in the API, and what it understands about them."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request

from intranet.announcements import attaching, receipts
from intranet.announcements.attaching import NewFile
from intranet.announcements.audience import Cell, cells_for
from intranet.announcements.correcting import LONGEST_NOTE
from intranet.announcements.models import Announcement, Attachment, Audience, Correction, Receipt, day_that_ends
from intranet.core import papers, richtext
from intranet.core.forms import in_this_century
from intranet.core.rest import MomentField
from intranet.core.time import organisation_day

KEY = "(?P<key>[^/.]+)"
FILES = f"{papers.KINDS}, at most {papers.MOST_BYTES // papers.MEGABYTE} MB"


class AudienceSerializer(serializers.ModelSerializer[Audience]):
    clinic = serializers.CharField(source="clinic.slug", read_only=True)

    class Meta:
        model = Audience
        fields = ("role", "clinic")


class AnnouncementFileSerializer(serializers.ModelSerializer[Attachment]):
    class Meta:
        model = Attachment
        fields = ("key", "name", "kind", "size", "pages", "sha256")


class EditionSerializer(serializers.Serializer[Correction]):
    """What it said until a correction, for those who see who has read it."""

    edition = serializers.SerializerMethodField(help_text="The one that said this")
    title = serializers.CharField()
    body = serializers.SerializerMethodField(help_text="HTML, cleaned")
    last_day = serializers.SerializerMethodField()
    due_on = serializers.SerializerMethodField()
    attachments = AnnouncementFileSerializer(many=True, read_only=True)
    corrected_at = serializers.DateTimeField(source="at")
    corrected_by = serializers.CharField(source="by.name")
    note = serializers.CharField(help_text="What the correction changed, for readers")
    resets_receipts = serializers.BooleanField()

    def get_edition(self, correction: Correction) -> int:
        return correction.edition - 1

    def get_body(self, correction: Correction) -> str:
        return richtext.clean(correction.body)

    def get_last_day(self, correction: Correction) -> date | None:
        return day_that_ends(correction.expires_at)

    def get_due_on(self, correction: Correction) -> date | None:
        return day_that_ends(correction.due_at)


class CorrectionSerializer(serializers.ModelSerializer[Correction]):
    """That it was corrected, and what readers are told about it."""

    class Meta:
        model = Correction
        fields = ("edition", "at", "note", "resets_receipts")


class AnnouncementSerializer(serializers.ModelSerializer[Announcement]):
    author = serializers.CharField(source="author.name", read_only=True)
    body = serializers.SerializerMethodField(help_text="HTML, cleaned")
    audience = AudienceSerializer(many=True, read_only=True)
    attachments = AnnouncementFileSerializer(many=True, read_only=True)
    corrections = CorrectionSerializer(many=True, read_only=True)
    acknowledged_at = serializers.DateTimeField(read_only=True, allow_null=True, help_text="By the person who asks")
    held = serializers.SerializerMethodField(help_text="It does not appear: its author may not post it then")
    withdrawn_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="Of one's own alone: what others withdrew answers 410"
    )
    token = serializers.IntegerField(read_only=True, help_text="To be named by whoever changes or corrects it")

    class Meta:
        model = Announcement
        fields = (
            *("id", "title", "body", "author", "published_at", "last_day", "audience", "attachments"),
            *("pinned", "urgent", "must_acknowledge", "due_on", "acknowledged_at", "edition", "corrections", "held"),
            *("withdrawn_at", "token"),
        )

    def get_held(self, announcement: Announcement) -> bool:
        return not announcement.vouched  # type: ignore[attr-defined]  # an annotation

    def get_body(self, announcement: Announcement) -> str:
        return richtext.clean(announcement.body)


class AnnouncementDraftSerializer(serializers.ModelSerializer[Announcement]):
    """An own draft, which nobody else sees."""

    body = serializers.SerializerMethodField(help_text="HTML, cleaned")
    audience = AudienceSerializer(many=True, read_only=True)
    attachments = AnnouncementFileSerializer(many=True, read_only=True)
    appears = serializers.DateTimeField(source="planned_for", read_only=True, allow_null=True)
    token = serializers.IntegerField(read_only=True, help_text="To be named by whoever saves or sends it")

    class Meta:
        model = Announcement
        fields = (
            *("id", "title", "body", "audience", "attachments", "appears", "last_day"),
            *("pinned", "urgent", "must_acknowledge", "due_on", "saved_at", "token"),
        )

    def get_body(self, announcement: Announcement) -> str:
        return richtext.clean(announcement.body)


class WithAudience(serializers.Serializer[Any]):
    """`audience` names roles at clinics, such as "therapist@mt-prospect"."""

    def validate_audience(self, keys: list[str]) -> list[Cell]:
        cells = {cell.key: cell for cell in self.context["cells"]}
        if unknown := [key for key in keys if key not in cells]:
            raise serializers.ValidationError(f"You may not post to {', '.join(unknown)}.")
        return [cells[key] for key in dict.fromkeys(keys)]


class WithFiles(serializers.Serializer[Any]):
    """Files that come along, where it is sent as a form of several parts."""

    added = serializers.ListField(
        child=serializers.FileField(), required=False, max_length=attaching.MOST_ATTACHMENTS, help_text=FILES
    )

    def validate_added(self, files: list[UploadedFile]) -> list[NewFile]:
        return [attaching.looked_at(file) for file in files]


class WithOtherFiles(WithFiles):
    """Files that come, and those that go, by their keys."""

    removed = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=attaching.MOST_ATTACHMENTS, help_text="Keys of files"
    )


class SaidSerializer(WithAudience):
    """What one writes. `audience` names roles at clinics, such as "therapist@mt-prospect"."""

    title = serializers.CharField(max_length=160)
    body = serializers.CharField(max_length=20_000, help_text="HTML; what the pages cannot show is dropped")
    audience = serializers.ListField(child=serializers.CharField(max_length=80), allow_empty=False, max_length=50)
    appears = MomentField(required=False, allow_null=True, help_text="Empty: at once")
    last_day = serializers.DateField(required=False, allow_null=True, validators=[in_this_century])
    due_on = serializers.DateField(
        required=False, allow_null=True, validators=[in_this_century], help_text="People must acknowledge it by then"
    )
    pinned = serializers.BooleanField(default=False)
    urgent = serializers.BooleanField(default=False)


class NewAnnouncementSerializer(WithFiles, SaidSerializer):
    """What one sends, with its files."""


class ChangedAnnouncementSerializer(WithOtherFiles, SaidSerializer):
    """What takes the place of something scheduled. What is left out is taken away; files that are not removed stay."""

    token = serializers.IntegerField(min_value=1, help_text="That of the announcement as it was seen")


class NewDraftSerializer(SaidSerializer):
    """What one keeps. It need not be complete; what is left out is empty."""

    title = serializers.CharField(max_length=160, allow_blank=True, default="")
    body = serializers.CharField(max_length=20_000, allow_blank=True, default="", help_text="HTML")
    audience = serializers.ListField(child=serializers.CharField(max_length=80), max_length=50, default=list)


class AnnouncementTokenSerializer(serializers.Serializer[Any]):
    token = serializers.IntegerField(min_value=1, help_text="That of what was seen")


class ChangedDraftSerializer(NewDraftSerializer):
    token = serializers.IntegerField(min_value=1, help_text="That of the draft as it was seen")


class FileSerializer(AnnouncementTokenSerializer):
    file = serializers.FileField(help_text=FILES)


class WordingSerializer(WithOtherFiles):
    """What it says from now on. Days that are left out are taken away; files that are not removed stay."""

    title = serializers.CharField(max_length=160)
    body = serializers.CharField(max_length=20_000, help_text="HTML")
    note = serializers.CharField(max_length=LONGEST_NOTE, help_text="What has changed, for readers")
    last_day = serializers.DateField(required=False, allow_null=True, validators=[in_this_century])
    due_on = serializers.DateField(required=False, allow_null=True, validators=[in_this_century])
    resets_receipts = serializers.BooleanField(
        required=False,
        allow_null=True,
        default=None,
        help_text="To be decided where there are receipts or it asks for some",
    )
    token = serializers.IntegerField(min_value=1, help_text="That of the announcement as it was seen")


class ReceiptSerializer(serializers.ModelSerializer[Receipt]):
    class Meta:
        model = Receipt
        fields = ("announcement", "kind", "edition", "at")


class ReachSerializer(serializers.Serializer[Any]):
    people = serializers.IntegerField(help_text="Everybody counts once")


class CellSerializer(serializers.Serializer[Any]):
    """A role at a clinic to which the person may post."""

    key = serializers.CharField(help_text='As `audience` names it: "therapist@mt-prospect"')
    role = serializers.CharField()
    clinic = serializers.CharField(source="clinic.slug")
    people = serializers.IntegerField(help_text="How many hold it there today")


class LineSerializer(serializers.Serializer[receipts.ReceiptLine]):
    person = serializers.CharField(source="person.name")
    clinics = serializers.SerializerMethodField()
    read_at = serializers.DateTimeField(source="opened_at", allow_null=True)
    acknowledged_at = serializers.DateTimeField(allow_null=True)

    def get_clinics(self, line: receipts.ReceiptLine) -> list[str]:
        return [clinic.slug for clinic in line.clinics]


class ReportSerializer(serializers.Serializer[Any]):
    """How far it has come, of the people whom one sees; `lines` are those that the filters leave."""

    people = serializers.IntegerField()
    read = serializers.IntegerField()
    acknowledged = serializers.IntegerField()
    lines = LineSerializer(many=True)


def as_key(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def understood(serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """What was sent, understood; raises a ValidationError."""
    context = {"cells": cells_for(request.user, organisation_day(timezone.now()))}
    asked = serializer(data=request.data, context=context)
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)
