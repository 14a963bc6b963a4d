"""When a clinic is open and how many people it needs, over the API: read and set as a whole, as on the pages."""

from __future__ import annotations

from datetime import time
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Clinic
from scheduling.api.roster import REFUSALS
from scheduling.coverage import Cover
from scheduling.models import Weekday
from scheduling.need_forms import MOST_NEEDS, possible_covers
from scheduling.needs import MOST_PEOPLE, WeeklyNeed, fingerprint_of, needs_of, set_coverage_needs
from scheduling.opening import Hours, hours_of, set_opening_hours, spoken


class OpenDaySerializer(serializers.Serializer[Any]):
    weekday = serializers.ChoiceField(choices=Weekday.choices, help_text="From Monday, 0, to Sunday, 6.")
    opens = serializers.TimeField()
    closes = serializers.TimeField()


class HoursSerializer(serializers.Serializer[Any]):
    """The usual week; a weekday that is not named is closed. `seen` is the week in words, which a change hands back."""

    days = serializers.ListField(child=OpenDaySerializer(), max_length=7)
    seen = serializers.CharField(max_length=400)

    def validate_days(self, days: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len({one["weekday"] for one in days}) < len(days):
            raise serializers.ValidationError("Name each weekday once.")
        return days

    @property
    def hours(self) -> Hours:
        return {one["weekday"]: (one["opens"], one["closes"]) for one in self.validated_data["days"]}


class NeedSerializer(serializers.Serializer[Any]):
    cover = serializers.CharField(max_length=60, help_text="A position, or the code of a procedure.")
    count = serializers.IntegerField(min_value=1, max_value=MOST_PEOPLE)
    starts = serializers.TimeField()
    ends = serializers.TimeField()
    weekdays = serializers.ListField(child=serializers.IntegerField(min_value=0, max_value=6), max_length=7)

    def to_representation(self, need: WeeklyNeed) -> dict[str, Any]:
        return {
            "cover": need.cover.key,
            "count": need.count,
            "starts": need.starts.isoformat(),
            "ends": need.ends.isoformat(),
            "weekdays": list(need.weekdays),
        }


class NeedsSerializer(serializers.Serializer[Any]):
    """Everything that the clinic needs. `seen` is what a change has to hand back."""

    needs = serializers.ListField(child=NeedSerializer(), max_length=MOST_NEEDS)
    seen = serializers.CharField(max_length=64)

    def validate_needs(self, needs: list[dict[str, Any]]) -> list[WeeklyNeed]:
        covers = possible_covers()
        return [WeeklyNeed(**(need | {"cover": self._cover(need["cover"], covers)})) for need in needs]

    @staticmethod
    def _cover(key: str, covers: dict[str, Cover]) -> Cover:
        if key not in covers:
            raise serializers.ValidationError(f"There is no position or procedure “{key}”.")
        return covers[key]


class OfOneClinic(viewsets.GenericViewSet[Clinic]):
    """Something that every clinic has one of. Everybody reads it; who may set it, the action says."""

    program_area = "schedule"
    lookup_url_kwarg = "clinic"
    lookup_value_converter = "slug"
    queryset = Clinic.objects.none()
    filterset_class = None

    @property
    def clinic(self) -> Clinic:
        return get_object_or_404(Clinic.objects.visible_to(self.request.user), slug=self.kwargs["clinic"])

    def checked(self) -> Any:
        checked = self.get_serializer(data=self.request.data)
        checked.is_valid(raise_exception=True)
        return checked


class OpeningHoursViewSet(OfOneClinic):
    """When a clinic is open."""

    serializer_class = HoursSerializer

    def retrieve(self, request: Request, clinic: str) -> Response:
        """The usual week of a clinic."""
        return self._answer(self.clinic)

    @extend_schema(responses={200: HoursSerializer, **REFUSALS})
    def update(self, request: Request, clinic: str) -> Response:
        """Set the whole week."""
        asked, place = self.checked(), self.clinic
        set_opening_hours(place, asked.hours, by=request.user, seen=asked.validated_data["seen"])  # type: ignore[arg-type]
        return self._answer(place)

    def _answer(self, clinic: Clinic) -> Response:
        hours = hours_of(clinic)
        days = [_open_day(day, *times) for day, times in sorted(hours.items())]
        return Response({"days": days, "seen": spoken(hours)})


class CoverageNeedsViewSet(OfOneClinic):
    """How many people a clinic needs."""

    serializer_class = NeedsSerializer

    def retrieve(self, request: Request, clinic: str) -> Response:
        """The needs of a clinic, for its whole week."""
        return self._answer(self.clinic)

    @extend_schema(responses={200: NeedsSerializer, **REFUSALS})
    def update(self, request: Request, clinic: str) -> Response:
        """Set all of them. Needs that overlap add up."""
        asked, place = self.checked().validated_data, self.clinic
        set_coverage_needs(place, asked["needs"], by=request.user, seen=asked["seen"])  # type: ignore[arg-type]
        return self._answer(place)

    def _answer(self, clinic: Clinic) -> Response:
        needs = needs_of(clinic)
        return Response({"needs": NeedSerializer(needs, many=True).data, "seen": fingerprint_of(needs)})


def _open_day(weekday: int, opens: time, closes: time) -> dict[str, Any]:
    return {"weekday": weekday, "opens": opens.isoformat(), "closes": closes.isoformat()}
