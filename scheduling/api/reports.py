"""Reports for those who plan, over the API: hours and overtime, coverage gaps ahead, what publications changed."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from intranet.core.access import Forbidden, require
from intranet.core.time import organisation_day
from scheduling.coverage import Gap
from scheduling.history import Changed, Told, history_of
from scheduling.hours import HoursReport, PersonHours, WeekHours, may_report, reported_clinics
from scheduling.models import RosterWeek
from scheduling.report_forms import AheadForm, PeriodForm, WeekForm
from scheduling.roster import coverage_gaps
from scheduling.serializers import HolderSerializer

CLINIC = OpenApiParameter("clinic", str, description="One of your clinics; without it, all of them")
REFUSALS = {
    400: OpenApiResponse(description="A filter makes no sense"),
    403: OpenApiResponse(description="You plan the roster of no clinic"),
}


def _day(name: str, words: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.DATE, description=words)


class WeekHoursSerializer(serializers.Serializer[WeekHours]):
    monday = serializers.DateField()
    minutes = serializers.IntegerField(help_text="At all clinics")
    overtime_from = serializers.IntegerField(
        source="limit", allow_null=True, help_text="Minutes from which they are overtime, if any"
    )
    overtime = serializers.IntegerField()


class PersonHoursSerializer(serializers.Serializer[PersonHours]):
    person = HolderSerializer()
    minutes = serializers.IntegerField()
    overtime = serializers.IntegerField()
    weeks = WeekHoursSerializer(many=True)


class ClinicMinutesSerializer(serializers.Serializer[Any]):
    clinic = serializers.CharField()
    minutes = serializers.IntegerField()


class HoursReportSerializer(serializers.Serializer[HoursReport]):
    """Paid minutes as published; overtime counts those at all clinics together."""

    first_day = serializers.DateField(source="first")
    last_day = serializers.DateField()
    minutes = serializers.IntegerField()
    overtime = serializers.IntegerField()
    clinics = serializers.SerializerMethodField()
    people = PersonHoursSerializer(many=True)

    @extend_schema_field(ClinicMinutesSerializer(many=True))
    def get_clinics(self, report: HoursReport) -> list[dict[str, Any]]:
        return [{"clinic": clinic.slug, "minutes": minutes} for clinic, minutes in report.by_clinic]


class GapSerializer(serializers.Serializer[Gap]):
    clinic = serializers.CharField(source="clinic.slug")
    day = serializers.DateField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    missing = serializers.CharField(source="*", help_text="In words")
    short = serializers.IntegerField(help_text="How many people at worst")
    minutes = serializers.IntegerField(help_text="Person-minutes")


class ChangedSerializer(serializers.Serializer[Changed]):
    shift = serializers.UUIDField(source="change.shift_id")
    kind = serializers.CharField(source="change.kind")
    before = serializers.CharField(help_text="In words; empty where there was none")
    after = serializers.CharField()


class ToldSerializer(serializers.Serializer[Told]):
    clinic = serializers.CharField(source="publication.week.clinic.slug")
    monday = serializers.DateField(source="publication.week.monday")
    number = serializers.IntegerField(source="publication.number")
    at = serializers.DateTimeField(source="publication.at")
    by = HolderSerializer(source="publication.by")
    occasion = serializers.CharField(source="publication.occasion")
    reason = serializers.CharField(source="publication.reason")
    told = serializers.IntegerField(source="asked", help_text="How many people it told")
    seen = serializers.IntegerField(help_text="How many of them have seen it")
    changes = ChangedSerializer(many=True)


class ReportViewSet(viewsets.GenericViewSet[Any]):
    """What the reports have in common: who may, and strict filters."""

    program_area = "schedule"
    pagination_class = None
    queryset = RosterWeek.objects.none()

    def form(self, form: type[Any]) -> Any:
        require(may_report(self.request.user), Forbidden)
        return form(self.request.query_params, clinics=reported_clinics(self.request.user)).strictly()


class HoursViewSet(ReportViewSet):
    serializer_class = HoursReportSerializer

    @extend_schema(
        parameters=[CLINIC, _day("first", "A day of the first week"), _day("last", "A day of the last week")],
        responses={200: HoursReportSerializer, **REFUSALS},
    )
    def list(self, request: Request) -> Response:
        """Hours and overtime by person and clinic."""
        report = self.form(PeriodForm).report(organisation_day(timezone.now()))
        return Response(HoursReportSerializer(report).data)


class GapViewSet(ReportViewSet):
    serializer_class = GapSerializer

    @extend_schema(
        parameters=[CLINIC, OpenApiParameter("days", int, enum=[14, 28, 56])],
        responses={200: GapSerializer(many=True), **REFUSALS},
    )
    def list(self, request: Request) -> Response:
        """Where people are missing in the days ahead, as planned."""
        form = self.form(AheadForm)
        found = coverage_gaps(form.clinics, organisation_day(timezone.now()), form.number)
        return Response(GapSerializer(found, many=True).data)


class HistoryViewSet(ReportViewSet):
    serializer_class = ToldSerializer

    @extend_schema(
        parameters=[CLINIC, _day("week", "A day of the week")],
        responses={200: ToldSerializer(many=True), **REFUSALS},
    )
    def list(self, request: Request) -> Response:
        """The publications of a week with what they changed, the newest first."""
        form = self.form(WeekForm)
        monday = form.monday(organisation_day(timezone.now()))
        weeks = RosterWeek.objects.visible_to(request.user).filter(monday=monday, clinic__in=form.clinics)
        return Response(ToldSerializer(history_of(list(weeks)), many=True).data)
