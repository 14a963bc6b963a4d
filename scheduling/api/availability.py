"""Availability over the API: one's own to write, that of the own people for managers to read."""

from __future__ import annotations

from datetime import date
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from intranet.core.forms import in_this_century
from scheduling.api.acting import Acting
from scheduling.availability import Line, add_availability, change_availability, remove_availability
from scheduling.models import Availability, Weekday, Wish
from scheduling.serializers import HolderSerializer

REFUSALS = {
    403: OpenApiResponse(description="Not about yourself"),
    422: OpenApiResponse(description="Refused, with every reason"),
}


class AvailabilitySerializer(serializers.ModelSerializer[Availability]):
    """A line. Without a weekday each of the days is meant, without times the whole day, without a last day no end."""

    person = HolderSerializer(read_only=True)
    first_day = serializers.DateField(source="days.lower", read_only=True)
    last_day = serializers.SerializerMethodField()

    class Meta:
        model = Availability
        fields = ("id", "person", "wish", "weekday", "first_day", "last_day", "starts", "ends", "note")

    def get_last_day(self, row: Availability) -> date | None:
        return Line.of(row).last_day


class AvailabilityLineSerializer(serializers.Serializer[Line]):
    """What to say. Weekdays count from Monday, which is 0."""

    wish = serializers.ChoiceField(choices=Wish.choices)
    weekday = serializers.ChoiceField(choices=Weekday.choices, allow_null=True, default=None)
    first_day = serializers.DateField(validators=[in_this_century])
    last_day = serializers.DateField(validators=[in_this_century], allow_null=True, default=None)
    starts = serializers.TimeField(allow_null=True, default=None)
    ends = serializers.TimeField(allow_null=True, default=None)
    note = serializers.CharField(
        max_length=120, allow_blank=True, default="", help_text="No diagnoses, no names of patients."
    )

    def line(self) -> Line:
        return Line(**self.validated_data | {"wish": Wish(self.validated_data["wish"])})


class AvailabilityFilter(django_filters.FilterSet):
    person = django_filters.NumberFilter(field_name="person_id", label="The id of a person")
    on = django_filters.DateFilter(method="says_on", label="What is said of a day")

    def says_on(self, rows: Any, name: str, day: date) -> Any:
        return rows.on(day)


class AvailabilityViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Acting):
    """Your own availability; for managers that of their people, to read."""

    serializer_class = AvailabilitySerializer
    filterset_class = AvailabilityFilter
    lookup_value_converter = "int"
    queryset = Availability.objects.none()

    def get_queryset(self) -> QuerySet[Availability]:
        seen = Availability.objects.visible_to(self.request.user).select_related("person")
        return seen.order_by("person", "days", "weekday", "starts", "pk")

    @extend_schema(request=AvailabilityLineSerializer, responses={201: AvailabilitySerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Say when you cannot, would like to, or would rather not work."""
        row = add_availability(self._line(), by=self.person, at=timezone.now())
        return Response(self.get_serializer(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=AvailabilityLineSerializer, responses={200: AvailabilitySerializer, **REFUSALS})
    def update(self, request: Request, pk: int) -> Response:
        """Say something else instead."""
        row = change_availability(self.get_object(), self._line(), by=self.person, at=timezone.now())
        return Response(self.get_serializer(row).data)

    @extend_schema(responses={204: None, **REFUSALS})
    def destroy(self, request: Request, pk: int) -> Response:
        """Remove a line."""
        remove_availability(self.get_object(), by=self.person)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _line(self) -> Line:
        line: Line = self.checked(AvailabilityLineSerializer).line()
        return line
