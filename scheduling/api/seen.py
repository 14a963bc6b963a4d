"""The publications that told somebody of own shifts, and that they were seen."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from intranet.core.access import Forbidden, require
from scheduling.models import PublicationRecipient
from scheduling.my_schedule import may_have_schedule
from scheduling.seen import note_seen, told


class NoticeSerializer(serializers.ModelSerializer[PublicationRecipient]):
    clinic = serializers.CharField(source="publication.week.clinic.slug")
    monday = serializers.DateField(source="publication.week.monday")
    published_by = serializers.CharField(source="publication.by.name")
    published_at = serializers.DateTimeField(source="publication.at")
    changed = serializers.IntegerField(help_text="How many of your shifts it changed")
    seen_at = serializers.DateTimeField(source="receipt.at", default=None, allow_null=True)

    class Meta:
        model = PublicationRecipient
        fields = ("id", "clinic", "monday", "published_by", "published_at", "changed", "seen_at")


class SeenUpToSerializer(serializers.Serializer[Any]):
    up_to = serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, help_text="The id of the newest of those that you looked at"
    )


class MyPublicationViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[PublicationRecipient]):
    """The publications that changed your shifts, the newest first."""

    program_area = "schedule"
    serializer_class = NoticeSerializer
    queryset = PublicationRecipient.objects.none()

    def get_queryset(self) -> QuerySet[PublicationRecipient]:
        require(may_have_schedule(self.request.user), Forbidden)
        return told(self.request.user)

    @extend_schema(
        request=SeenUpToSerializer, responses={204: None, 403: OpenApiResponse(description="You have no schedule")}
    )
    @action(detail=False, methods=["post"], program_area=None)
    def seen(self, request: Request) -> Response:
        """Say that you have seen them. No token does that for you."""
        require(may_have_schedule(request.user), Forbidden)
        asked = SeenUpToSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        note_seen(request.user, up_to=asked.validated_data["up_to"], at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
