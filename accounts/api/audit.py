"""The audit log in the API."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import audit_log
from accounts.forms.audit import AuditFilter
from intranet.audit.models import Entry
from intranet.audit.vocabulary import action_of


class EntrySerializer(serializers.ModelSerializer[Entry]):
    action = serializers.SerializerMethodField(help_text="In words")

    class Meta:
        model = Entry
        fields = (
            *("id", "at", "actor", "actor_name", "verb", "action", "target_type", "target_id", "target_name"),
            *("changes", "address"),
        )

    def get_action(self, entry: Entry) -> str:
        return action_of(entry.verb).words


class EntryViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Entry]):
    """The audit log, the newest entries first, as far as the person may see it."""

    serializer_class = EntrySerializer
    queryset = Entry.objects.none()

    def get_queryset(self) -> QuerySet[Entry]:
        return AuditFilter(self.request.query_params).strictly().narrow(audit_log.entries_visible_to(self.request.user))

    @extend_schema(
        parameters=[
            OpenApiParameter("q", str, description="Words in the person, the object or the address"),
            OpenApiParameter("action", str, description="A verb such as protocol.published"),
            OpenApiParameter("first", date, description="The first day"),
            OpenApiParameter("last", date, description="The last day"),
        ]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)
