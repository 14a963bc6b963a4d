"""What will remind me in the next seven days, in the API."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from intranet.core.forms import FilterForm
from intranet.reminders.upcoming import Line, lines, own_coming


class ComingUpSerializer(serializers.Serializer[Line]):
    kind = serializers.CharField(source="reminder.kind")
    kind_label = serializers.CharField(source="reminder.label", help_text="The kind in words.")
    about = serializers.CharField(help_text="What it is about. May be empty.")
    due_at = serializers.DateTimeField()


class ComingUpViewSet(viewsets.ViewSet):
    program_area = "inbox"

    @extend_schema(
        summary="What will remind me in the next 7 days, as things are", responses=ComingUpSerializer(many=True)
    )
    def list(self, request: Request) -> Response:
        FilterForm(request.query_params).strictly()
        rows: Any = lines(own_coming(request.user, timezone.now()))
        return Response(ComingUpSerializer(rows, many=True).data)
