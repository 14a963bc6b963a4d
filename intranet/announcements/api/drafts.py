"""Drafts of announcements in the API: the person's own, kept, sent and discarded. The pages' actions."""

from __future__ import annotations

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, parsers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from intranet.announcements import attaching, drafting, publishing
from intranet.announcements.api.shapes import (
    KEY,
    AnnouncementDraftSerializer,
    AnnouncementSerializer,
    AnnouncementTokenSerializer,
    ChangedDraftSerializer,
    FileSerializer,
    NewDraftSerializer,
    as_key,
    understood,
)
from intranet.announcements.models import Announcement
from intranet.announcements.reading import with_parts
from intranet.announcements.writing import Draft, as_kept, may_post
from intranet.core.access import Forbidden, require


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
        draft = Draft(**understood(NewDraftSerializer, request))
        return self._answer(drafting.save(draft, by=request.user, at=timezone.now()), status.HTTP_201_CREATED)

    @extend_schema(request=ChangedDraftSerializer, responses=AnnouncementDraftSerializer)
    def update(self, request: Request, pk: str) -> Response:
        """Put something else in its place. Its files stay."""
        stored, said = self.get_object(), understood(ChangedDraftSerializer, request)
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
        draft = as_kept(stored, added=[attaching.looked_at(file)])
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
        found = get_object_or_404(stored.attachments.there(), key=as_key(key))
        draft = as_kept(stored, removed=[found.key])
        token = asked.validated_data["token"]
        drafting.save(draft, onto=stored, token=token, by=request.user, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _answer(self, draft: Announcement, code: int = status.HTTP_200_OK) -> Response:
        return Response(self.get_serializer(self.get_queryset().get(pk=draft.pk)).data, status=code)
