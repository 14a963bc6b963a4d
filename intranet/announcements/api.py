"""Announcements in the API: read, acknowledge, write, correct, withdraw, and who has read them. The pages' actions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, parsers, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter

from intranet.announcements import acknowledging, attaching, correcting, drafting, publishing, receipts
from intranet.announcements.attaching import NewFile
from intranet.announcements.audience import Cell, cells_for, reached
from intranet.announcements.correcting import LONGEST_NOTE, Wording
from intranet.announcements.forms import ReceiptsFilter
from intranet.announcements.models import Announcement, Attachment, Audience, Correction, Receipt
from intranet.announcements.reading import with_parts
from intranet.announcements.writing import Draft, as_kept, may_post
from intranet.core import papers, richtext
from intranet.core.access import Forbidden, require
from intranet.core.files import served
from intranet.core.forms import in_this_century, whole_number
from intranet.core.rest import MomentField
from intranet.core.time import organisation_day

KEY = "(?P<key>[^/.]+)"


class AudienceSerializer(serializers.ModelSerializer[Audience]):
    clinic = serializers.CharField(source="clinic.slug", read_only=True)

    class Meta:
        model = Audience
        fields = ("role", "clinic")


class AnnouncementFileSerializer(serializers.ModelSerializer[Attachment]):
    class Meta:
        model = Attachment
        fields = ("key", "name", "kind", "size", "pages", "sha256")


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
    token = serializers.IntegerField(read_only=True, help_text="To be named by whoever changes or corrects it")

    class Meta:
        model = Announcement
        fields = (
            *("id", "title", "body", "author", "published_at", "last_day", "audience", "attachments"),
            *("pinned", "urgent", "must_acknowledge", "due_on", "acknowledged_at", "edition", "corrections", "token"),
        )

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


class NewAnnouncementSerializer(WithAudience):
    """What one sends. `audience` names roles at clinics, such as "therapist@mt-prospect"."""

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


class NewDraftSerializer(NewAnnouncementSerializer):
    """What one keeps. It need not be complete; what is left out is empty."""

    title = serializers.CharField(max_length=160, allow_blank=True, default="")
    body = serializers.CharField(max_length=20_000, allow_blank=True, default="", help_text="HTML")
    audience = serializers.ListField(child=serializers.CharField(max_length=80), max_length=50, default=list)


class AnnouncementTokenSerializer(serializers.Serializer[Any]):
    token = serializers.IntegerField(min_value=1, help_text="That of the draft as it was seen")


class ChangedDraftSerializer(NewDraftSerializer):
    token = serializers.IntegerField(min_value=1, help_text="That of the draft as it was seen")


class FileSerializer(AnnouncementTokenSerializer):
    file = serializers.FileField(help_text=f"{papers.KINDS}, at most 20 MB")


class WordingSerializer(serializers.Serializer[Any]):
    """What it says from now on. Days that are left out are taken away; attachments stay as they are."""

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


class AnnouncementViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Announcement]):
    """Announcements that the person may read, pinned and newest first."""

    program_area = "announcements"
    serializer_class = AnnouncementSerializer
    queryset = Announcement.objects.none()

    def get_queryset(self) -> QuerySet[Announcement]:
        own = Receipt.objects.acknowledged().counting().filter(announcement=OuterRef("pk"), user=self.request.user.pk)
        found = with_parts(Announcement.objects.visible_to(self.request.user).filter(withdrawn_at__isnull=True))
        return found.annotate(acknowledged_at=Subquery(own.order_by("-edition").values("at")[:1]))

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One announcement. A person who reads it leaves a receipt, as on its page; a program reads for nobody."""
        announcement = self.get_object()
        if request.auth is None:
            acknowledging.note_opened([announcement], by=request.user, at=timezone.now())
        return Response(self.get_serializer(announcement).data)

    @extend_schema(request=NewAnnouncementSerializer, responses={201: AnnouncementSerializer})
    def create(self, request: Request) -> Response:
        """Publish one, now or later."""
        require(may_post(request.user), Forbidden)
        said = _read(NewAnnouncementSerializer, request)
        announcement = publishing.publish(Draft(**said), by=request.user, at=timezone.now())
        return self._answer(announcement, status.HTTP_201_CREATED)

    @extend_schema(
        request=None,
        parameters=[OpenApiParameter("edition", int, description="The one that was read; without it, the newest.")],
        responses={200: ReceiptSerializer},
    )
    @action(detail=True, methods=["post"], program_area=None)  # a signature is a person's, never a program's
    def acknowledge(self, request: Request, pk: str) -> Response:
        """Say that one has read it. A second time changes nothing."""
        seen = whole_number(request.query_params.get("edition", ""))
        receipt = acknowledging.acknowledge(self.get_object(), edition=seen, by=request.user, at=timezone.now())
        return Response(ReceiptSerializer(receipt).data)

    @extend_schema(request=WordingSerializer, responses=AnnouncementSerializer)
    @action(detail=True, methods=["post"])
    def correct(self, request: Request, pk: str) -> Response:
        """Say it better; readers see what has changed. With `resets_receipts` everybody is asked again."""
        announcement, now = self.get_object(), timezone.now()
        require(correcting.may_correct(announcement, by=request.user, at=now), Forbidden)
        said = _read(WordingSerializer, request)
        token = said.pop("token")
        return self._answer(
            correcting.correct(announcement, Wording(**said), token=token, by=request.user, at=now), status.HTTP_200_OK
        )

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take it back: it leaves every list, and no more reminders are sent."""
        publishing.withdraw(self.get_object(), by=request.user, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        parameters=[
            OpenApiParameter("clinic", str, description="Only people whom it reaches there, by the slug"),
            OpenApiParameter("answer", str, enum=list(receipts.Missing.values), description="Who has not done what"),
        ],
        responses=ReportSerializer,
    )
    @action(detail=True, pagination_class=None)
    def receipts(self, request: Request, pk: str) -> Response:
        """Who has read it and who has not, as far as the person may see."""
        announcement, now = self.get_object(), timezone.now()
        require(acknowledging.may_see_names(announcement, by=request.user), Forbidden)
        asked = ReceiptsFilter(request.query_params, announcement=announcement, viewer=request.user).strictly()
        found = acknowledging.answers_for([announcement], request.user, organisation_day(now))[announcement.pk]
        progress = acknowledging.Progress.of(found)
        report = {
            "people": progress.people,
            "read": progress.opened,
            "acknowledged": progress.acknowledged,
            "lines": receipts.receipt_lines(announcement, request.user, now, **asked.wanted),
        }
        return Response(ReportSerializer(report).data)

    @extend_schema(responses=CellSerializer(many=True))
    @action(detail=False, pagination_class=None)
    def audiences(self, request: Request) -> Response:
        """The roles at clinics to which the person may post, with their numbers."""
        require(may_post(request.user), Forbidden)
        cells = cells_for(request.user, organisation_day(timezone.now()))
        return Response(CellSerializer(cells, many=True).data)

    @extend_schema(
        parameters=[OpenApiParameter("audience", str, many=True, required=True, description="therapist@mt-prospect")],
        responses=ReachSerializer,
    )
    @action(detail=False, pagination_class=None)
    def reach(self, request: Request) -> Response:
        """How many people an audience has."""
        require(may_post(request.user), Forbidden)
        today = organisation_day(timezone.now())
        context = {"cells": cells_for(request.user, today)}
        chosen = WithAudience(context=context).validate_audience(request.query_params.getlist("audience"))
        return Response(ReachSerializer({"people": reached(chosen, today).count()}).data)

    @extend_schema(
        parameters=[OpenApiParameter("key", OpenApiTypes.UUID, OpenApiParameter.PATH)],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    @action(detail=True, url_path=f"files/{KEY}", pagination_class=None)
    def file(self, request: Request, pk: str, key: str) -> HttpResponse:
        """A file of an announcement that the person may read."""
        found = get_object_or_404(Attachment.objects.there(), announcement=self.get_object(), key=_uuid(key))
        return served(attaching.content_of(found), found.kind, found.file_name, keep=True)

    def _answer(self, announcement: Announcement, code: int) -> Response:
        return Response(self.get_serializer(self.get_queryset().get(pk=announcement.pk)).data, status=code)


class DraftViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Announcement]):
    """The person's own drafts, the latest saved first."""

    program_area = "announcements"
    serializer_class = AnnouncementDraftSerializer
    queryset = Announcement.objects.none()

    def get_queryset(self) -> QuerySet[Announcement]:
        require(may_post(self.request.user), Forbidden)
        return with_parts(Announcement.objects.drafts_of(self.request.user))

    @extend_schema(request=NewDraftSerializer, responses={201: AnnouncementDraftSerializer})
    def create(self, request: Request) -> Response:
        """Keep a draft."""
        require(may_post(request.user), Forbidden)
        draft = Draft(**_read(NewDraftSerializer, request))
        return self._answer(drafting.save(draft, by=request.user, at=timezone.now()), status.HTTP_201_CREATED)

    @extend_schema(request=ChangedDraftSerializer, responses=AnnouncementDraftSerializer)
    def update(self, request: Request, pk: str) -> Response:
        """Put something else in its place. Its files stay."""
        stored, said = self.get_object(), _read(ChangedDraftSerializer, request)
        token = said.pop("token")
        draft = Draft(**said)
        return self._answer(drafting.save(draft, onto=stored, token=token, by=request.user, at=timezone.now()))

    @extend_schema(parameters=[OpenApiParameter("token", int, required=True)], responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Throw it away, with its files."""
        stored, asked = self.get_object(), AnnouncementTokenSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        drafting.discard(stored, token=asked.validated_data["token"], by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=AnnouncementTokenSerializer, responses={200: AnnouncementSerializer})
    @action(detail=True, methods=["post"])
    def send(self, request: Request, pk: str) -> Response:
        """Send it as it is, now or when it is to appear."""
        stored, asked = self.get_object(), AnnouncementTokenSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        draft = as_kept(stored)
        token = asked.validated_data["token"]
        sent = publishing.publish(draft, onto=stored, token=token, by=request.user, at=timezone.now())
        shown = with_parts(Announcement.objects.visible_to(request.user)).get(pk=sent.pk)
        return Response(AnnouncementSerializer(shown).data)

    @extend_schema(request=FileSerializer, responses={201: AnnouncementDraftSerializer})
    @action(detail=True, methods=["post"], parser_classes=(parsers.MultiPartParser,))
    def files(self, request: Request, pk: str) -> Response:
        """Attach a file."""
        stored, asked = self.get_object(), FileSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        file, token = asked.validated_data["file"], asked.validated_data["token"]
        paper = papers.read_paper(file.read(papers.MOST_BYTES + 1), file.name or "")
        draft = as_kept(stored, added=[NewFile(papers.name_from(file.name or ""), paper)])
        saved = drafting.save(draft, onto=stored, token=token, by=request.user, at=timezone.now())
        return self._answer(saved, status.HTTP_201_CREATED)

    @extend_schema(
        parameters=[
            OpenApiParameter("key", OpenApiTypes.UUID, OpenApiParameter.PATH),
            OpenApiParameter("token", int, required=True),
        ],
        responses={204: None},
    )
    @action(detail=True, methods=["delete"], url_path=f"files/{KEY}")
    def file(self, request: Request, pk: str, key: str) -> Response:
        """Take a file out."""
        stored, asked = self.get_object(), AnnouncementTokenSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found = get_object_or_404(stored.attachments.there(), key=_uuid(key))
        draft = as_kept(stored, removed=[found.key])
        token = asked.validated_data["token"]
        drafting.save(draft, onto=stored, token=token, by=request.user, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _answer(self, draft: Announcement, code: int = status.HTTP_200_OK) -> Response:
        return Response(self.get_serializer(self.get_queryset().get(pk=draft.pk)).data, status=code)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def _read(serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """What was sent, understood; raises a ValidationError."""
    context = {"cells": cells_for(request.user, organisation_day(timezone.now()))}
    asked = serializer(data=request.data, context=context)
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


def register(router: DefaultRouter) -> None:
    router.register("announcements", AnnouncementViewSet, basename="announcement")
    router.register("announcement-drafts", DraftViewSet, basename="announcement-draft")
