"""New starters over the API: one's own checklist, and the progress of those for whom one answers."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter

from accounts.models import User
from accounts.roles import Capability
from intranet.home import starting
from intranet.home.forms import StartersFilter
from intranet.home.starting import Checklist, Item


class StarterSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ("id", "name")


class ItemSerializer(serializers.Serializer[Item]):
    """One thing to do; `done` follows from the facts and is nothing that anybody sets."""

    group = serializers.ChoiceField(choices=[(group.value, group.label) for group in starting.Group])
    title = serializers.CharField()
    done = serializers.BooleanField()
    note = serializers.CharField()
    due_on = serializers.DateField(allow_null=True)


class ChecklistSerializer(serializers.Serializer[Checklist]):
    """What role and clinic ask of a person, and how far they have come."""

    person = StarterSerializer()
    started = serializers.DateField(help_text="The first day of their first role.")
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    items = ItemSerializer(many=True)


class OwnChecklistViewSet(viewsets.ViewSet):
    """Your own checklist."""

    serializer_class = ChecklistSerializer

    @extend_schema(responses=forced_singular_serializer(ChecklistSerializer), operation_id="starting_retrieve")
    def list(self, request: Request) -> Response:
        """What your role and clinic ask for, and what of it is done."""
        return Response(ChecklistSerializer(starting.checklist_of(request.user, timezone.now())).data)


class StarterViewSet(viewsets.GenericViewSet[User]):
    """New people with something left to do, of the clinics for which you answer."""

    serializer_class = ChecklistSerializer
    queryset = User.objects.none()
    filter_backends: list[Any] = []

    def get_queryset(self) -> QuerySet[User]:
        if not self.request.user.standing.scope(Capability.SEE_CREDENTIALS):
            raise PermissionDenied("New starters are for those who answer for a clinic.")
        wanted = StartersFilter(self.request.query_params, viewer=self.request.user).strictly()
        return starting.starters(self.request.user, timezone.now(), within=wanted.within, clinic=wanted.place)

    @extend_schema(
        parameters=[
            OpenApiParameter("days", int, enum=[30, 90, 180, 365], description="How long ago they may have started."),
            OpenApiParameter("clinic", str, description="The slug of one of your clinics."),
        ],
        responses=ChecklistSerializer(many=True),
    )
    def list(self, request: Request) -> Response:
        """Their checklists, who started first comes first. Acknowledgements only where you may see them."""
        people = self.paginate_queryset(self.get_queryset()) or []
        scope = starting.protocols_seen_by(request.user)
        found = starting.checklists(people, timezone.now(), protocols=scope)
        return self.get_paginated_response(ChecklistSerializer(found, many=True).data)


def register(router: BaseRouter) -> None:
    router.register("starting", OwnChecklistViewSet, basename="own-checklist")
    router.register("starters", StarterViewSet, basename="starter")
