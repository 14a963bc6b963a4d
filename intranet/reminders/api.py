"""The inbox over the API: the same rows and the same rule as the page."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter

from intranet.reminders import upcoming_api
from intranet.reminders.models import Reminder, ReminderQuerySet
from intranet.reminders.reading import mark_read


class ReminderSerializer(serializers.ModelSerializer[Reminder]):
    kind_label = serializers.CharField(source="label", read_only=True, help_text="The kind in words.")
    paragraphs = serializers.ListField(child=serializers.CharField(), read_only=True)
    unread = serializers.BooleanField(read_only=True, help_text="Not read, and not settled either.")

    class Meta:
        model = Reminder
        fields = [
            *("id", "kind", "kind_label", "title", "paragraphs", "path", "action", "why"),
            *("unread", "released_at", "read_at", "settled_at"),
        ]
        read_only_fields = fields


class NumberReadSerializer(serializers.Serializer[dict[str, int]]):
    read = serializers.IntegerField(read_only=True, help_text="How many were not read before.")


class InboxFilter(filters.FilterSet):
    unread = filters.BooleanFilter(method="only_unread", label="Only what is unread.")

    class Meta:
        model = Reminder
        fields: list[str] = []

    def only_unread(self, queryset: ReminderQuerySet, name: str, value: bool) -> ReminderQuerySet:
        return queryset.unread() if value else queryset


@extend_schema_view(
    list=extend_schema(summary="My inbox, newest first"),
    retrieve=extend_schema(summary="One reminder of my inbox"),
)
class InboxViewSet(viewsets.ReadOnlyModelViewSet[Reminder]):
    program_area = "inbox"
    serializer_class = ReminderSerializer
    filterset_class = InboxFilter
    queryset = Reminder.objects.none()  # names the model for the OpenAPI document

    def get_queryset(self) -> ReminderQuerySet:
        return Reminder.objects.visible_to(self.request.user)

    @extend_schema(summary="Mark one as read", request=None, responses=ReminderSerializer)
    @action(detail=True, methods=["post"])
    def read(self, request: Request, **lookup: Any) -> Response:
        reminder = self.get_object()
        mark_read(Reminder.objects.filter(pk=reminder.pk), by=request.user, at=timezone.now())
        reminder.refresh_from_db()
        return Response(self.get_serializer(reminder).data)

    @extend_schema(
        operation_id="inbox_read_all",
        summary="Mark everything as read",
        request=None,
        responses=NumberReadSerializer,
        filters=False,
    )
    @action(detail=False, methods=["post"], url_path="read", url_name="read-all")
    def read_all(self, request: Request) -> Response:
        number = mark_read(Reminder.objects.all(), by=request.user, at=timezone.now())
        return Response({"read": number})


def register(router: DefaultRouter) -> None:
    router.register("inbox", InboxViewSet, basename="inbox")
    router.register("coming-up", upcoming_api.ComingUpViewSet, basename="coming-up")
