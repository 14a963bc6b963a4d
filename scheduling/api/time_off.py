"""Time off over the API: asked for and withdrawn by oneself, decided by the managers. The same actions as the pages."""

from __future__ import annotations

from datetime import date
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from intranet.core.access import Forbidden, require
from intranet.core.forms import in_this_century
from scheduling.api.acting import Acting
from scheduling.asking_off import Known, Wanted, ask_for_time_off, blackouts_in, known_about, withdraw_time_off
from scheduling.coverage import Gap
from scheduling.deciding_off import (
    Hit,
    alone_without,
    approve_time_off,
    decline_time_off,
    gaps_without,
    hits,
    may_decide,
    others_away,
)
from scheduling.models import TimeOff, TimeOffState
from scheduling.my_schedule import may_have_schedule
from scheduling.serializers import (
    ABOUT_ASSISTANTS,
    HolderSerializer,
    PublishedShiftSerializer,
    ReasonSerializer,
    RosterShiftSerializer,
    VersionSerializer,
)
from scheduling.times import days_touched

REFUSALS = {
    403: OpenApiResponse(description="Not yours to do"),
    409: OpenApiResponse(description="Somebody was quicker, or a shift in these days is not decided about"),
    422: OpenApiResponse(description="Refused, with every reason"),
}


class AwaySerializer(serializers.ModelSerializer[TimeOff]):
    """Who is away when, or has asked to be, and never why. `first_day` and `last_day` are days of the person's clinic."""

    person = HolderSerializer(read_only=True)
    first_day = serializers.SerializerMethodField()
    last_day = serializers.SerializerMethodField()

    class Meta:
        model = TimeOff
        fields: tuple[str, ...] = ("person", "first_day", "last_day", "state")

    def get_first_day(self, time_off: TimeOff) -> date:
        return self._days(time_off)[0]

    def get_last_day(self, time_off: TimeOff) -> date:
        return self._days(time_off)[-1]

    def _days(self, time_off: TimeOff) -> list[date]:
        return days_touched((time_off.start, time_off.end), time_off.zone)


class TimeOffSerializer(AwaySerializer):
    """A request and its answer. `first_day` and `last_day` are days of the person's clinic."""

    start = serializers.SerializerMethodField()
    end = serializers.SerializerMethodField()
    decided_by = HolderSerializer(read_only=True, allow_null=True)

    class Meta(AwaySerializer.Meta):
        fields = (
            *("id", "person", "state", "version", "first_day", "last_day", "start", "end", "whole_days"),
            *("reason", "requested_at", "decided_by", "decided_at", "answer"),
        )

    @extend_schema_field(OpenApiTypes.DATETIME)
    def get_start(self, time_off: TimeOff) -> str:
        return time_off.start.astimezone(time_off.zone).isoformat()

    @extend_schema_field(OpenApiTypes.DATETIME)
    def get_end(self, time_off: TimeOff) -> str:
        return time_off.end.astimezone(time_off.zone).isoformat()


class WantedDaysSerializer(serializers.Serializer[Wanted]):
    """Whole days, or with both times a part of one day. Nobody has to say why."""

    first_day = serializers.DateField(validators=[in_this_century])
    last_day = serializers.DateField(validators=[in_this_century], allow_null=True, default=None)
    starts = serializers.TimeField(allow_null=True, default=None)
    ends = serializers.TimeField(allow_null=True, default=None)
    reason = serializers.CharField(
        max_length=200, allow_blank=True, default="", help_text="No diagnoses, no names of patients."
    )

    def wanted(self) -> Wanted:
        values = self.validated_data
        return Wanted(**values | {"last_day": values["last_day"] or values["first_day"]})


class KnownDaysSerializer(serializers.Serializer[Known]):
    """What stands in the days before they are asked for."""

    blackouts = ReasonSerializer(many=True)
    shifts = PublishedShiftSerializer(many=True)


class ShiftHitSerializer(serializers.Serializer[Hit]):
    """A planned shift in the days. With an `obstacle` it cannot be made open by this decision."""

    shift = RosterShiftSerializer()
    seen_as_planned = serializers.BooleanField(help_text="Staff see at once when it becomes open.")
    obstacle = ReasonSerializer(allow_null=True)


class NewGapSerializer(serializers.Serializer[Gap]):
    """Where people would be missing, or more of them."""

    clinic = serializers.CharField(source="clinic.slug")
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    missing = serializers.CharField(source="__str__")


class TimeOffEffectSerializer(serializers.Serializer[dict[str, Any]]):
    """What approving would do."""

    shifts = ShiftHitSerializer(many=True)
    gaps = NewGapSerializer(many=True)
    blackouts = ReasonSerializer(many=True, help_text="With these, approving takes an answer.")
    about_assistants = ReasonSerializer(many=True, help_text=ABOUT_ASSISTANTS)
    others_away = AwaySerializer(many=True, help_text="Others in these days, as far as you decide about them.")


class ShiftVersionSerializer(VersionSerializer):
    shift = serializers.UUIDField()


class ApproveTimeOffSerializer(VersionSerializer):
    shifts = ShiftVersionSerializer(many=True, default=list, help_text="Those that become open, as you saw them.")
    answer = serializers.CharField(max_length=200, allow_blank=True, default="")


class DeclineTimeOffSerializer(VersionSerializer):
    answer = serializers.CharField(max_length=200, allow_blank=True, default="", help_text="Why.")


class TimeOffFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=TimeOffState.choices)
    person = django_filters.NumberFilter(field_name="person_id", label="The id of a person")
    after = django_filters.IsoDateTimeFilter(field_name="period__endswith", lookup_expr="gt", label="Ending after")
    before = django_filters.IsoDateTimeFilter(
        field_name="period__startswith", lookup_expr="lt", label="Starting before"
    )


class TimeOffViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Acting):
    """Your own time off, and that about which you decide. Nobody else sees any of it."""

    serializer_class = TimeOffSerializer
    filterset_class = TimeOffFilter
    lookup_value_converter = "int"
    queryset = TimeOff.objects.none()

    def get_queryset(self) -> QuerySet[TimeOff]:
        seen = TimeOff.objects.visible_to(self.request.user).with_zone()
        return seen.select_related("person", "decided_by").order_by("period", "pk")

    @extend_schema(request=WantedDaysSerializer, responses={201: TimeOffSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Ask for time off for yourself."""
        wanted = self.checked(WantedDaysSerializer).wanted()
        time_off = ask_for_time_off(wanted, by=self.person, at=timezone.now())
        return Response(self.get_serializer(time_off).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=WantedDaysSerializer, responses={200: KnownDaysSerializer, **REFUSALS}, filters=False)
    @action(detail=False, methods=["post"], pagination_class=None)
    def check(self, request: Request) -> Response:
        """What to know before you ask: days on which no time off is granted, and your published shifts. Asks nothing."""
        require(may_have_schedule(self.person), Forbidden)
        wanted = self.checked(WantedDaysSerializer).wanted()
        return Response(KnownDaysSerializer(known_about(wanted, self.person, timezone.now())).data)

    @extend_schema(request=VersionSerializer, responses={200: TimeOffSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: int) -> Response:
        """Take your request back, or give granted days back."""
        time_off, version = self.get_object(), self.checked(VersionSerializer).validated_data["version"]
        return self._answer(withdraw_time_off(time_off, version=version, by=self.person, at=timezone.now()))

    @extend_schema(responses=TimeOffEffectSerializer, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def effect(self, request: Request, pk: int) -> Response:
        """What approving would do, for whoever decides."""
        time_off, at = self.get_object(), timezone.now()
        require(may_decide(time_off, self.person), Forbidden)
        found = hits(time_off, by=self.person, at=at)
        alone = alone_without([hit.shift for hit in found], at)
        effect = {
            "shifts": found,
            "gaps": gaps_without([hit.shift for hit in found]),
            "about_assistants": [*alone.reasons, *alone.warnings],
            "blackouts": blackouts_in(time_off.person, time_off.period, at),
            "others_away": others_away(time_off, by=self.person),
        }
        return Response(TimeOffEffectSerializer(effect).data)

    @extend_schema(request=ApproveTimeOffSerializer, responses={200: TimeOffSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: int) -> Response:
        """Grant it. The shifts that you name become open; while one of these days is not named, nothing happens."""
        time_off, wanted = self.get_object(), self.checked(ApproveTimeOffSerializer).validated_data
        opened = {one["shift"]: one["version"] for one in wanted.pop("shifts")}
        return self._answer(approve_time_off(time_off, opened, **wanted, by=self.person, at=timezone.now()))

    @extend_schema(request=DeclineTimeOffSerializer, responses={200: TimeOffSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, pk: int) -> Response:
        """Say no, and why."""
        time_off, wanted = self.get_object(), self.checked(DeclineTimeOffSerializer).validated_data
        return self._answer(decline_time_off(time_off, **wanted, by=self.person, at=timezone.now()))

    def _answer(self, time_off: TimeOff) -> Response:
        return Response(self.get_serializer(time_off).data)
