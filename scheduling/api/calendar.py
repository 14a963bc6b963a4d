"""The private address of one's own calendar, over the API. No token reaches it."""

from __future__ import annotations

from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.step_up import confirm_first
from intranet.core.access import Forbidden, require
from scheduling import calendar_addresses
from scheduling.models import CalendarFeed
from scheduling.my_schedule import may_have_schedule

REFUSALS = {403: OpenApiResponse(description="You have no schedule, or have not confirmed that it is you")}


class CalendarAddressSerializer(serializers.ModelSerializer[CalendarFeed]):
    class Meta:
        model = CalendarFeed
        fields = ("made_at", "last_used_at")


class MadeAddressSerializer(CalendarAddressSerializer):
    address = serializers.CharField(help_text="The address itself, in this answer and never again")

    class Meta(CalendarAddressSerializer.Meta):
        fields = (*CalendarAddressSerializer.Meta.fields, "address")


class CalendarAddressViewSet(viewsets.GenericViewSet[CalendarFeed]):
    """The address under which calendar programs read your published shifts."""

    serializer_class = CalendarAddressSerializer
    queryset = CalendarFeed.objects.none()
    pagination_class = None

    @extend_schema(responses={200: CalendarAddressSerializer, 404: OpenApiResponse(description="There is none")})
    def list(self, request: Request) -> Response:
        """Since when there is one, and when it was last used."""
        require(may_have_schedule(request.user), Forbidden)
        feed = calendar_addresses.address_of(request.user)
        if feed is None:
            raise Http404
        return Response(self.get_serializer(feed).data)

    @extend_schema(request=None, responses={201: MadeAddressSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Make one for yourself; one that there was stops working. Confirm first."""
        confirm_first(request)
        feed, key = calendar_addresses.new_address(request.user, at=timezone.now())
        feed.address = request.build_absolute_uri(reverse("scheduling:calendar", args=[key]))  # type: ignore[attr-defined]
        return Response(MadeAddressSerializer(feed).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses={204: None, **REFUSALS})
    @action(detail=False, methods=["post"])
    def revoke(self, request: Request) -> Response:
        """Make it stop working."""
        require(may_have_schedule(request.user), Forbidden)
        calendar_addresses.revoke(request.user, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
