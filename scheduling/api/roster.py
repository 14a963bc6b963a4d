"""Shifts over the API: my own, the published roster, and for managers the working copy. The same actions as the pages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Clinic
from intranet.core.access import Forbidden, require
from scheduling import assigning, pending, publishing
from scheduling.api.moving import REFUSALS, MovingActions
from scheduling.models import PublishedShift, RosterWeek, Shift
from scheduling.my_schedule import may_have_schedule
from scheduling.plans import Plan
from scheduling.serializers import (
    AssignmentSerializer,
    ChangeSerializer,
    PlanChangeSerializer,
    PlanSerializer,
    PublishedShiftSerializer,
    PublishWeekSerializer,
    RosterShiftSerializer,
    RosterWeekSerializer,
    TellSerializer,
    VersionSerializer,
    WeekPreviewSerializer,
)

PEOPLE = ("clinic", "staff", "skill")


def visible_clinics(request: Request | None) -> QuerySet[Clinic]:
    return Clinic.objects.visible_to(request.user) if request else Clinic.objects.none()


class ShiftFilter(django_filters.FilterSet):
    """For the roster as planned and as published, whose fields have the same names."""

    after = django_filters.IsoDateTimeFilter(field_name="period__endswith", lookup_expr="gt", label="Ending after")
    before = django_filters.IsoDateTimeFilter(
        field_name="period__startswith", lookup_expr="lt", label="Starting before"
    )
    clinic = django_filters.ModelChoiceFilter(queryset=visible_clinics, to_field_name="slug")
    week = django_filters.DateFilter(field_name="week__monday", label="The Monday of the week")
    person = django_filters.NumberFilter(field_name="staff_id", label="The id of a person")
    open = django_filters.BooleanFilter(field_name="staff", lookup_expr="isnull", label="Only those nobody has")


class MyShiftViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[PublishedShift]):
    """Your own published shifts."""

    program_area = "schedule"
    serializer_class = PublishedShiftSerializer
    filterset_class = ShiftFilter
    queryset = PublishedShift.objects.none()

    def get_queryset(self) -> QuerySet[PublishedShift]:
        require(may_have_schedule(self.request.user), Forbidden)  # type: ignore[arg-type]
        own = PublishedShift.objects.visible_to(self.request.user).standing().filter(staff=self.request.user.pk)
        return own.select_related(*PEOPLE).order_by("period", "pk")


class PublishedShiftViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[PublishedShift]):
    """The published roster of every clinic."""

    program_area = "schedule"
    serializer_class = PublishedShiftSerializer
    filterset_class = ShiftFilter
    lookup_field = "shift"
    lookup_url_kwarg = "id"
    lookup_value_converter = "uuid"
    queryset = PublishedShift.objects.none()

    def get_queryset(self) -> QuerySet[PublishedShift]:
        seen = PublishedShift.objects.visible_to(self.request.user).standing()
        return seen.select_related(*PEOPLE).order_by("period", "pk")


class RosterShiftViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, MovingActions):
    """The working copy, for the managers of the clinic: staff see none of it before it is published."""

    serializer_class = RosterShiftSerializer
    filterset_class = ShiftFilter
    lookup_value_converter = "uuid"
    queryset = Shift.objects.none()

    def get_queryset(self) -> QuerySet[Shift]:
        own = Shift.objects.visible_to(self.request.user).planned()
        return own.select_related(*PEOPLE, "week__clinic").order_by("period", "pk")

    @extend_schema(request=PlanSerializer, responses={201: RosterShiftSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Plan a shift, open or for somebody."""
        wanted = self.checked(PlanSerializer)
        shift = assigning.create_shift(
            Plan(**wanted.changes()), by=self.person, at=timezone.now(), reason=wanted.validated_data["reason"]
        )
        return Response(self.get_serializer(shift).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=PlanChangeSerializer, responses={200: RosterShiftSerializer, **REFUSALS})
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change any part of a shift, all of it at once."""
        shift = self.get_object()
        wanted = self.checked(PlanChangeSerializer, partial=True)
        changes, reason = wanted.changes(), wanted.validated_data.get("reason", "")
        if "version" not in changes:
            raise serializers.ValidationError({"version": "Give the version that you looked at."})
        version = changes.pop("version")
        plan = replace(Plan.of(shift), **changes)
        return self._answer(
            assigning.change_shift(shift, plan, version=version, by=self.person, at=timezone.now(), reason=reason)
        )

    @extend_schema(
        parameters=[OpenApiParameter("version", int, required=True, description="The version that you looked at.")],
        responses={204: None, **REFUSALS},
    )
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a shift. What staff see of it goes with the next publication."""
        shift = self.get_object()
        query = VersionSerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        version = query.validated_data["version"]
        assigning.delete_shift(shift, version=version, by=self.person, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=AssignmentSerializer, responses={200: RosterShiftSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def assign(self, request: Request, pk: str) -> Response:
        """Give the shift to somebody who may work it."""
        shift, wanted = self.get_object(), self.checked(AssignmentSerializer).validated_data
        return self._answer(
            assigning.assign(
                shift,
                wanted["person"],
                version=wanted["version"],
                by=self.person,
                at=timezone.now(),
                reason=wanted["reason"],
            )
        )

    @extend_schema(request=VersionSerializer, responses={200: RosterShiftSerializer, **REFUSALS})
    @action(detail=True, methods=["post"], url_path="make-open")
    def make_open(self, request: Request, pk: str) -> Response:
        """Take the shift from whoever has it."""
        shift, version = self.get_object(), self.checked(VersionSerializer).validated_data["version"]
        return self._answer(assigning.make_open(shift, version=version, by=self.person, at=timezone.now()))

    @extend_schema(request=TellSerializer, responses={200: ChangeSerializer(many=True), **REFUSALS}, filters=False)
    @action(detail=True, methods=["post"], pagination_class=None)
    def tell(self, request: Request, pk: str) -> Response:
        """Show staff this one shift now, without the rest of its week. The answer is what changed for them."""
        shift, wanted = self.get_object(), self.checked(TellSerializer).validated_data
        told = publishing.tell_now(shift, **wanted, by=self.person, at=timezone.now())
        changes = [change for publication in told for change in publication.changes.all()]  # type: ignore[attr-defined]
        return Response(ChangeSerializer(changes, many=True).data)

    def _answer(self, shift: Shift) -> Response:
        return Response(self.get_serializer(shift).data)


class WeekFilter(django_filters.FilterSet):
    clinic = django_filters.ModelChoiceFilter(queryset=visible_clinics, to_field_name="slug")
    monday = django_filters.DateFilter()

    class Meta:
        model = RosterWeek
        fields: list[str] = []


class RosterWeekViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[RosterWeek]):
    """The weeks of your own clinics, and publishing them."""

    program_area = "schedule"
    serializer_class = RosterWeekSerializer
    filterset_class = WeekFilter
    lookup_value_converter = "int"
    queryset = RosterWeek.objects.none()

    def get_queryset(self) -> QuerySet[RosterWeek]:
        return RosterWeek.objects.visible_to(self.request.user).select_related("clinic").order_by("-monday", "clinic")

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        weeks = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        changes = pending.pending_by_week(weeks)
        for week in weeks:
            week.unpublished_changes = len(changes.get(week.pk, []))  # type: ignore[attr-defined]
        return self.get_paginated_response(self.get_serializer(weeks, many=True).data)

    @extend_schema(responses=WeekPreviewSerializer, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def preview(self, request: Request, pk: int) -> Response:
        """What publishing the week would change for whom, what stands against it, and what needs a reason."""
        return Response(WeekPreviewSerializer(publishing.preview(self.get_object(), timezone.now())).data)

    @extend_schema(
        request=PublishWeekSerializer, responses={200: ChangeSerializer(many=True), **REFUSALS}, filters=False
    )
    @action(detail=True, methods=["post"], pagination_class=None)
    def publish(self, request: Request, pk: int) -> Response:
        """Show staff the week as it is planned. The answer is what changed for them."""
        week = self.get_object()
        checked = PublishWeekSerializer(data=request.data)
        checked.is_valid(raise_exception=True)
        publication = publishing.publish(week, **checked.validated_data, by=request.user, at=timezone.now())  # type: ignore[arg-type]
        return Response(ChangeSerializer(publication.changes.all(), many=True).data)  # type: ignore[attr-defined]
