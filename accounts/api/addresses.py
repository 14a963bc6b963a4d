"""Addresses to which mail does not arrive, in the API."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.addresses import troubles_visible_to, works_again
from accounts.api.invitations import REFUSALS
from intranet.core.rest import Unfiltered
from intranet.reminders.models import AddressTrouble


class AddressTroubleSerializer(serializers.ModelSerializer[AddressTrouble]):
    name = serializers.CharField(source="person.name", read_only=True)

    class Meta:
        model = AddressTrouble
        fields = (
            "id",
            "person",
            "name",
            "address",
            "since",
            "source",
            "code",
            "reply",
            "cleared_at",
            "cleared_by",
            "why",
        )
        read_only_fields = fields


@extend_schema_view(list=extend_schema(summary="Addresses to which mail does not arrive, the newest first"))
class AddressTroubleViewSet(Unfiltered, mixins.ListModelMixin, viewsets.GenericViewSet[AddressTrouble]):
    """Your own, those of your staff, or all."""

    serializer_class = AddressTroubleSerializer
    queryset = AddressTrouble.objects.none()
    lookup_value_converter = "int"

    def get_queryset(self) -> QuerySet[AddressTrouble]:
        return troubles_visible_to(self.request.user, timezone.now()).open().select_related("person")

    @extend_schema(
        summary="Say that it works again", request=None, responses={200: AddressTroubleSerializer, **REFUSALS}
    )
    @action(detail=True, methods=["post"])
    def works(self, request: Request, pk: str) -> Response:
        """What waited for the person leaves as one mail."""
        trouble = self.get_object()
        works_again(trouble, by=request.user, at=timezone.now())
        trouble.refresh_from_db()
        return Response(self.get_serializer(trouble).data)
