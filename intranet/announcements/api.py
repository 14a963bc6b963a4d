"""Announcements in the API: read, acknowledge, publish. The same actions as the pages."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter

from intranet.announcements import acknowledging, publishing
from intranet.announcements.audience import Cell, cells_for
from intranet.announcements.models import Announcement, Audience, Receipt
from intranet.announcements.reading import with_parts
from intranet.core import richtext
from intranet.core.access import Forbidden, require
from intranet.core.forms import in_this_century
from intranet.core.rest import MomentField
from intranet.core.time import organisation_day


class AudienceSerializer(serializers.ModelSerializer[Audience]):
    clinic = serializers.CharField(source="clinic.slug", read_only=True)

    class Meta:
        model = Audience
        fields = ("role", "clinic")


class AnnouncementSerializer(serializers.ModelSerializer[Announcement]):
    author = serializers.CharField(source="author.name", read_only=True)
    body = serializers.SerializerMethodField(help_text="HTML, cleaned")
    audience = AudienceSerializer(many=True, read_only=True)
    acknowledged_at = serializers.DateTimeField(read_only=True, allow_null=True, help_text="By the person who asks")

    class Meta:
        model = Announcement
        fields = (
            *("id", "title", "body", "author", "published_at", "last_day", "audience"),
            *("pinned", "urgent", "must_acknowledge", "due_on", "acknowledged_at"),
        )

    def get_body(self, announcement: Announcement) -> str:
        return richtext.clean(announcement.body)


class NewAnnouncementSerializer(serializers.Serializer[Any]):
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

    def validate_audience(self, keys: list[str]) -> list[Cell]:
        cells = {cell.key: cell for cell in self.context["cells"]}
        if unknown := [key for key in keys if key not in cells]:
            raise serializers.ValidationError(f"You may not post to {', '.join(unknown)}.")
        return [cells[key] for key in dict.fromkeys(keys)]


class ReceiptSerializer(serializers.ModelSerializer[Receipt]):
    class Meta:
        model = Receipt
        fields = ("announcement", "kind", "at")


class AnnouncementViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Announcement]):
    """Announcements that the person may read, pinned and newest first."""

    program_area = "announcements"
    serializer_class = AnnouncementSerializer
    queryset = Announcement.objects.none()

    def get_queryset(self) -> QuerySet[Announcement]:
        own = Receipt.objects.acknowledged().filter(announcement=OuterRef("pk"), user=self.request.user.pk)
        found = with_parts(Announcement.objects.visible_to(self.request.user).filter(withdrawn_at__isnull=True))
        return found.annotate(acknowledged_at=Subquery(own.values("at")))

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One announcement. Reading it leaves a receipt, as on its page."""
        announcement = self.get_object()
        acknowledging.note_opened([announcement], by=request.user, at=timezone.now())
        return Response(self.get_serializer(announcement).data)

    @extend_schema(request=NewAnnouncementSerializer, responses={201: AnnouncementSerializer})
    def create(self, request: Request) -> Response:
        """Publish one, now or later."""
        now = timezone.now()
        require(publishing.may_post(request.user), Forbidden)
        cells = cells_for(request.user, organisation_day(now))
        asked = NewAnnouncementSerializer(data=request.data, context={"cells": cells})
        asked.is_valid(raise_exception=True)
        announcement = publishing.publish(publishing.Draft(**asked.validated_data), by=request.user, at=now)
        created = self.get_queryset().get(pk=announcement.pk)
        return Response(self.get_serializer(created).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses={200: ReceiptSerializer})
    @action(detail=True, methods=["post"], program_area=None)  # a signature is a person's, never a program's
    def acknowledge(self, request: Request, pk: str) -> Response:
        """Say that one has read it. A second time changes nothing."""
        receipt = acknowledging.acknowledge(self.get_object(), by=request.user, at=timezone.now())
        return Response(ReceiptSerializer(receipt).data)


def register(router: DefaultRouter) -> None:
    router.register("announcements", AnnouncementViewSet, basename="announcement")
