"""Roles over time, leaving and coming back, in the API: the same rules as the pages. Every change asks who is there."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import hiring, leaving
from accounts.api.invitations import REFUSALS, OwnClinicField
from accounts.directory import staff
from accounts.hiring import Place
from accounts.models import Clinic, Membership, User
from accounts.roles import Role
from accounts.step_up import confirm_first
from intranet.core.forms import in_this_century, whole_number
from intranet.core.time import organisation_day


def _today() -> date:
    return organisation_day(timezone.now())


class MembershipSerializer(serializers.ModelSerializer[Membership]):
    person = serializers.PrimaryKeyRelatedField[User](source="user", read_only=True)
    clinic = serializers.SlugRelatedField[Clinic](slug_field="slug", read_only=True, allow_null=True)
    first = serializers.DateField(source="period.lower")
    last = serializers.DateField(source="last_day", allow_null=True)

    class Meta:
        model = Membership
        fields = ("id", "person", "role", "clinic", "first", "last")


class NewMembershipSerializer(serializers.Serializer[Any]):
    person = serializers.IntegerField()
    role = serializers.ChoiceField(choices=Role.choices)
    clinic = OwnClinicField(slug_field="slug", allow_null=True, default=None)
    first = serializers.DateField(validators=[in_this_century])
    last = serializers.DateField(validators=[in_this_century], allow_null=True, default=None)


class LastDaySerializer(serializers.Serializer[Any]):
    last = serializers.DateField(validators=[in_this_century])


class MembershipViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Membership]):
    """What people are, were and will be, the latest first, for those who give roles."""

    serializer_class = MembershipSerializer
    queryset = Membership.objects.none()
    lookup_value_converter = "int"

    def get_queryset(self) -> QuerySet[Membership]:
        people = managed(self.request)
        found = Membership.objects.filter(user__in=people).select_related("clinic").order_by("-period", "pk")
        if (person := self.request.query_params.get("person")) is not None:
            found = found.filter(user=whole_number(person) or 0)
        return found

    @extend_schema(parameters=[OpenApiParameter("person", int, description="The roles of one person")])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(request=NewMembershipSerializer, responses={201: MembershipSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Give a role, from a day on. Confirm first."""
        people = managed(request)
        asked = NewMembershipSerializer(data=request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        person = get_object_or_404(people, pk=values["person"])
        confirm_first(request)
        end = values["last"] and values["last"] + timedelta(days=1)
        place = Place(Role(values["role"]), values["clinic"])
        first, now = values["first"], timezone.now()
        given = hiring.give_role(person, place, start=first, end=end, by=request.user, at=now)
        return Response(self.get_serializer(given).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=LastDaySerializer, responses={204: None, **REFUSALS})
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """End a role with a day. Confirm first."""
        membership = self.get_object()
        asked = LastDaySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        confirm_first(request)
        end = asked.validated_data["last"] + timedelta(days=1)
        hiring.take_role(membership, end=end, by=request.user, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class AccessViewSet(viewsets.GenericViewSet[User]):
    """Leaving and coming back."""

    queryset = User.objects.none()
    serializer_class = serializers.Serializer
    lookup_value_converter = "int"

    def get_queryset(self) -> QuerySet[User]:
        return managed(self.request)

    @extend_schema(request=None, responses={204: None, **REFUSALS})
    @action(detail=True, methods=["post"])
    def leave(self, request: Request, pk: str) -> Response:
        """End somebody's access at once. Confirm first."""
        person = self.get_object()
        confirm_first(request)
        leaving.let_go(person, by=request.user, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses={204: None, **REFUSALS})
    @action(detail=True, methods=["post"], url_path="return", url_name="return")
    def come_back(self, request: Request, pk: str) -> Response:
        """Open an account again, without a role. Confirm first."""
        person = self.get_object()
        confirm_first(request)
        leaving.bring_back(person, by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


def managed(request: Request) -> QuerySet[User]:
    """The people whose roles are looked at here, by those who give roles."""
    if not hiring.roles_to_give(request.user):
        raise PermissionDenied("You may not give or take roles.")
    return staff(request.user, _today())
