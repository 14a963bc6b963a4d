"""Announcements in the API: read, acknowledge, write, correct, withdraw, and who has read them. The pages' actions."""

from __future__ import annotations

from django.db.models import OuterRef, Subquery
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, parsers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from intranet.announcements import acknowledging, attaching, correcting, publishing, receipts
from intranet.announcements.api.shapes import (
    KEY,
    AnnouncementSerializer,
    AnnouncementTokenSerializer,
    CellSerializer,
    ChangedAnnouncementSerializer,
    EditionSerializer,
    NewAnnouncementSerializer,
    ReachSerializer,
    ReceiptSerializer,
    ReportSerializer,
    WithAudience,
    WordingSerializer,
    as_key,
    understood,
)
from intranet.announcements.audience import cells_for, reached
from intranet.announcements.correcting import Wording
from intranet.announcements.forms import ReceiptsFilter
from intranet.announcements.models import Announcement, AnnouncementQuerySet, Receipt
from intranet.announcements.reading import with_parts, withdrawal
from intranet.announcements.writing import Draft, may_post
from intranet.core.access import Forbidden, Gone, require
from intranet.core.files import served
from intranet.core.forms import whole_number
from intranet.core.time import organisation_day


class AnnouncementViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Announcement]):
    """Announcements that the person may read, pinned and newest first."""

    program_area = "announcements"
    serializer_class = AnnouncementSerializer
    queryset = Announcement.objects.none()
    parser_classes = (parsers.JSONParser, parsers.MultiPartParser)

    def get_queryset(self) -> AnnouncementQuerySet:
        return self._readable().filter(withdrawn_at__isnull=True)

    def _readable(self) -> AnnouncementQuerySet:
        """What the person may read; of own ones also what is withdrawn."""
        own = Receipt.objects.acknowledged().counting().filter(announcement=OuterRef("pk"), user=self.request.user.pk)
        found = with_parts(Announcement.objects.visible_to(self.request.user))
        return found.annotate(acknowledged_at=Subquery(own.order_by("-edition").values("at")[:1]))

    @extend_schema(responses={200: AnnouncementSerializer, 410: OpenApiTypes.OBJECT})
    def retrieve(self, request: Request, pk: str) -> Response:
        """One announcement. A person who reads it leaves a receipt, as on its page; a program reads for nobody.

        What was withdrawn answers 410 to those for whom it was; its author still reads it.
        """
        number = whole_number(pk) or 0
        announcement = self._readable().filter(pk=number).first()
        if announcement is None:
            withdrawn = Announcement.objects.withdrawn_from(request.user).select_related("withdrawn_by")
            gone = get_object_or_404(withdrawn, pk=number)
            raise Gone.because("withdrawn", withdrawal(gone))
        if request.auth is None:
            acknowledging.note_opened([announcement], by=request.user, at=timezone.now())
        return Response(self.get_serializer(announcement).data)

    @extend_schema(request=NewAnnouncementSerializer, responses={201: AnnouncementSerializer})
    def create(self, request: Request) -> Response:
        """Publish one, now or later."""
        require(may_post(request.user), Forbidden)
        said = understood(NewAnnouncementSerializer, request)
        announcement = publishing.publish(Draft(**said), by=request.user, at=timezone.now())
        return self._answer(announcement, status.HTTP_201_CREATED)

    @extend_schema(request=ChangedAnnouncementSerializer, responses=AnnouncementSerializer)
    def update(self, request: Request, pk: str) -> Response:
        """Put something else in the place of what has not appeared yet. Whoever does is its author from then on."""
        announcement, now = self.get_object(), timezone.now()
        require(publishing.may_change(announcement, by=request.user, at=now), Forbidden)
        said = understood(ChangedAnnouncementSerializer, request)
        token = said.pop("token")
        return self._answer(publishing.change(announcement, Draft(**said), token=token, by=request.user, at=now))

    @extend_schema(request=AnnouncementTokenSerializer, responses=AnnouncementSerializer)
    @action(detail=True, methods=["post"], url_path="take-over")
    def take_over(self, request: Request, pk: str) -> Response:
        """Publish as one's own what is held because its author may no longer post it."""
        announcement, now = self.get_object(), timezone.now()
        require(publishing.may_take_over(announcement, by=request.user, at=now), Forbidden)
        token = understood(AnnouncementTokenSerializer, request)["token"]
        return self._answer(publishing.take_over(announcement, token=token, by=request.user, at=now))

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
        said = understood(WordingSerializer, request)
        token = said.pop("token")
        return self._answer(correcting.correct(announcement, Wording(**said), token=token, by=request.user, at=now))

    @extend_schema(responses=EditionSerializer(many=True))
    @action(detail=True, pagination_class=None)
    def editions(self, request: Request, pk: str) -> Response:
        """What it said before each correction, the latest first."""
        announcement = self.get_object()
        require(acknowledging.may_see_names(announcement, by=request.user), Forbidden)
        return Response(EditionSerializer(correcting.earlier_wordings(announcement), many=True).data)

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
        """Who has read it and who has not, as far as the person may see. Before it appears there is nothing to see."""
        now = timezone.now()
        announcement = get_object_or_404(self._readable().ever_appeared(now), pk=whole_number(pk) or 0)
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
        """A file of an announcement that the person may read; of an earlier wording, for those who see these."""
        readable = correcting.attachments_for(self.get_object(), by=request.user)
        found = get_object_or_404(readable, key=as_key(key))
        return served(attaching.content_of(found), found.kind, found.file_name, keep=True)

    def _answer(self, announcement: Announcement, code: int = status.HTTP_200_OK) -> Response:
        return Response(self.get_serializer(self.get_queryset().get(pk=announcement.pk)).data, status=code)
