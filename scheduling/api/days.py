"""Special days and days without time off over the API. Everybody reads them; the same actions as the page write them."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Clinic
from intranet.core.forms import in_this_century
from scheduling import special_days
from scheduling.api.roster import REFUSALS, visible_clinics
from scheduling.day_notes_form import LONGEST_NOTE
from scheduling.models import Blackout, DayNote, SpecialDay
from scheduling.serializers import VisibleClinicField


class SpecialDaySerializer(serializers.ModelSerializer[SpecialDay]):
    """A day on which the clinic is closed, or open at other times."""

    clinic = VisibleClinicField(slug_field="slug", queryset=Clinic.objects.none())
    day = serializers.DateField(validators=[in_this_century])
    opens = serializers.TimeField(allow_null=True, default=None, help_text="Empty, with closes, on a closed day.")
    closes = serializers.TimeField(allow_null=True, default=None)

    class Meta:
        model = SpecialDay
        fields = ("id", "clinic", "day", "name", "opens", "closes")
        validators: list[Any] = []


class AddedSpecialDaySerializer(SpecialDaySerializer):
    affected = serializers.ListField(
        child=serializers.UUIDField(), read_only=True, help_text="Planned shifts of yours that lie outside its hours."
    )

    class Meta(SpecialDaySerializer.Meta):
        fields = (*SpecialDaySerializer.Meta.fields, "affected")  # type: ignore[assignment]


class BlackoutSerializer(serializers.ModelSerializer[Blackout]):
    """Days on which the clinic grants no time off, the last one included."""

    clinic = VisibleClinicField(slug_field="slug", queryset=Clinic.objects.none())
    first = serializers.DateField(validators=[in_this_century])
    last = serializers.DateField(validators=[in_this_century])

    class Meta:
        model = Blackout
        fields = ("id", "clinic", "first", "last", "reason")


class SpecialDayFilter(django_filters.FilterSet):
    clinic = django_filters.ModelChoiceFilter(queryset=visible_clinics, to_field_name="slug")
    after = django_filters.DateFilter(field_name="day", lookup_expr="gte", label="From this day on")


class BlackoutFilter(django_filters.FilterSet):
    clinic = django_filters.ModelChoiceFilter(queryset=visible_clinics, to_field_name="slug")
    after = django_filters.DateFilter(field_name="days__endswith", lookup_expr="gt", label="Not over before this day")


class DaysViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Any]):
    program_area = "schedule"
    lookup_value_converter = "int"

    def checked(self) -> dict[str, Any]:
        checked = self.get_serializer(data=self.request.data)
        checked.is_valid(raise_exception=True)
        return dict(checked.validated_data)


class SpecialDayViewSet(DaysViewSet):
    """Holidays and short hours of the clinics."""

    serializer_class = SpecialDaySerializer
    filterset_class = SpecialDayFilter
    queryset = SpecialDay.objects.none()

    def get_queryset(self) -> QuerySet[SpecialDay]:
        seen = SpecialDay.objects.filter(clinic__in=Clinic.objects.visible_to(self.request.user))
        return seen.select_related("clinic").order_by("day", "clinic")

    @extend_schema(request=SpecialDaySerializer, responses={201: AddedSpecialDaySerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Close the clinic on a day, or open it at other times. Nothing is deleted; the answer names the shifts outside."""
        wanted = SpecialDay(**self.checked())
        special = special_days.add_special_day(wanted, by=request.user, at=timezone.now())  # type: ignore[arg-type]
        special.affected = [shift.pk for shift in special_days.affected([special], request.user)[special.pk]]  # type: ignore[arg-type, attr-defined]
        return Response(AddedSpecialDaySerializer(special).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None, **REFUSALS})
    def destroy(self, request: Request, pk: int) -> Response:
        """The day is like the others again."""
        special_days.remove_special_day(self.get_object(), by=request.user)  # type: ignore[arg-type]
        return Response(status=status.HTTP_204_NO_CONTENT)


class DayNoteSerializer(serializers.ModelSerializer[DayNote]):
    """What everybody should know about a day at a clinic. An empty text removes it."""

    clinic = VisibleClinicField(slug_field="slug", queryset=Clinic.objects.none())
    day = serializers.DateField(validators=[in_this_century])
    text = serializers.CharField(max_length=LONGEST_NOTE, allow_blank=True)
    seen = serializers.CharField(
        write_only=True, allow_blank=True, default="", help_text="What stood there when you looked."
    )

    class Meta:
        model = DayNote
        fields = ("clinic", "day", "text", "seen")
        validators: list[Any] = []


class DayNoteViewSet(DaysViewSet):
    """Notes on days, which stand above the roster and in the schedules of everybody at the clinic."""

    serializer_class = DayNoteSerializer
    filterset_class = SpecialDayFilter
    queryset = DayNote.objects.none()

    def get_queryset(self) -> QuerySet[DayNote]:
        seen = DayNote.objects.filter(clinic__in=Clinic.objects.visible_to(self.request.user))
        return seen.select_related("clinic").order_by("day", "clinic")

    @extend_schema(responses={200: DayNoteSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Write, change or remove the note of a day. Refused when somebody has changed it since."""
        said = self.checked()
        special_days.note_on_day(**said, by=request.user, at=timezone.now())  # type: ignore[arg-type]
        return Response(self.get_serializer(DayNote(**{name: said[name] for name in ("clinic", "day", "text")})).data)


class BlackoutViewSet(DaysViewSet):
    """Days on which the clinics grant no time off."""

    serializer_class = BlackoutSerializer
    filterset_class = BlackoutFilter
    queryset = Blackout.objects.none()

    def get_queryset(self) -> QuerySet[Blackout]:
        seen = Blackout.objects.filter(clinic__in=Clinic.objects.visible_to(self.request.user))
        return seen.select_related("clinic").order_by("days", "clinic")

    @extend_schema(request=BlackoutSerializer, responses={201: BlackoutSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Grant no time off on these days. Requests are still taken, with a warning."""
        blackout = special_days.add_blackout(**self.checked(), by=request.user, at=timezone.now())  # type: ignore[arg-type]
        return Response(self.get_serializer(blackout).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None, **REFUSALS})
    def destroy(self, request: Request, pk: int) -> Response:
        """Grant time off on these days as on others."""
        special_days.remove_blackout(self.get_object(), by=request.user)  # type: ignore[arg-type]
        return Response(status=status.HTTP_204_NO_CONTENT)
