"""Usual shifts and week templates over the API, and filling a week. The same actions as the pages."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Clinic, Skill, User
from intranet.core.forms import in_this_century
from intranet.core.time import monday_of
from scheduling.api.acting import Acting
from scheduling.api.roster import REFUSALS, visible_clinics
from scheduling.making_templates import (
    MOST_OF_A_LINE,
    Cycle,
    Line,
    add_week_template,
    change_week_template,
    retire_week_template,
)
from scheduling.models import MOST_WEEKS, ShiftTemplate, TemplateLine, Weekday, WeekTemplate
from scheduling.positions import Position
from scheduling.serializers import (
    HolderSerializer,
    KnownSlugField,
    ReasonField,
    ReasonSerializer,
    VisibleClinicField,
    VisiblePersonField,
)
from scheduling.template_forms import MOST_LINES
from scheduling.usual_shifts import UsualShift, add_usual_shift, change_usual_shift, retire_usual_shift
from scheduling.week_templates import Filled, Foreseen, Outcome, Place, apply_template, copy_week, foresee


class UsualShiftSerializer(serializers.ModelSerializer[ShiftTemplate]):
    clinic = serializers.SlugRelatedField[Clinic](slug_field="slug", read_only=True)
    skill = serializers.SlugRelatedField[Skill](slug_field="code", read_only=True, allow_null=True)
    seen = serializers.SerializerMethodField(help_text="What a change has to hand back.")

    class Meta:
        model = ShiftTemplate
        fields = ("id", "clinic", "name", "position", "starts", "ends", "break_minutes", "skill", "seen")

    def get_seen(self, row: ShiftTemplate) -> str:
        return UsualShift.of(row).fingerprint


class UsualShiftWishSerializer(serializers.Serializer[UsualShift]):
    """A usual shift as somebody wants it, in wall-clock times."""

    name = serializers.CharField(max_length=60)
    position = serializers.ChoiceField(choices=Position.choices)
    starts = serializers.TimeField()
    ends = serializers.TimeField(help_text="Not after the start: on the next day.")
    break_minutes = serializers.IntegerField(min_value=0, max_value=480, default=0)
    skill = KnownSlugField(slug_field="code", queryset=Skill.objects.all(), allow_null=True, default=None)

    @property
    def wanted(self) -> UsualShift:
        said = {name: value for name, value in self.validated_data.items() if name not in ("clinic", "seen")}
        return UsualShift(**{**said, "position": Position(said["position"])})


class NewUsualShiftSerializer(UsualShiftWishSerializer):
    clinic = VisibleClinicField(slug_field="slug", queryset=Clinic.objects.none())


class ChangedUsualShiftSerializer(UsualShiftWishSerializer):
    seen = serializers.CharField(max_length=64, help_text="That of the shift that you looked at.")


class OfClinic(django_filters.FilterSet):
    clinic = django_filters.ModelChoiceFilter(queryset=visible_clinics, to_field_name="slug")


class Kept(mixins.ListModelMixin, mixins.RetrieveModelMixin, Acting):
    """What the managers of a clinic keep; the others see none of it."""

    filterset_class: Any = OfClinic
    lookup_value_converter = "int"


class UsualShiftViewSet(Kept):
    """The usual shifts of your own clinics, of which week templates are made."""

    serializer_class = UsualShiftSerializer
    queryset = ShiftTemplate.objects.none()

    def get_queryset(self) -> QuerySet[ShiftTemplate]:
        own = ShiftTemplate.objects.visible_to(self.request.user).filter(retired=False)
        return own.select_related("clinic", "skill").order_by("clinic", "position", "starts", "pk")

    @extend_schema(request=NewUsualShiftSerializer, responses={201: UsualShiftSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Add a usual shift."""
        asked = self.checked(NewUsualShiftSerializer)
        row = add_usual_shift(asked.validated_data["clinic"], asked.wanted, by=self.person)
        return Response(self.get_serializer(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ChangedUsualShiftSerializer, responses={200: UsualShiftSerializer, **REFUSALS})
    def update(self, request: Request, pk: int) -> Response:
        """Change all of it. Shifts that were made of it stay."""
        asked = self.checked(ChangedUsualShiftSerializer)
        seen = asked.validated_data["seen"]
        row = change_usual_shift(self.get_object(), asked.wanted, seen=seen, by=self.person)
        return Response(self.get_serializer(row).data)

    @extend_schema(request=None, responses={204: None, **REFUSALS})
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, pk: int) -> Response:
        """Offer it no more. Refused while a week template is made of it."""
        retire_usual_shift(self.get_object(), by=self.person)
        return Response(status=status.HTTP_204_NO_CONTENT)


class LineSerializer(serializers.ModelSerializer[TemplateLine]):
    person = HolderSerializer(allow_null=True)
    shift = serializers.PrimaryKeyRelatedField[ShiftTemplate](read_only=True, help_text="The id of a usual shift.")

    class Meta:
        model = TemplateLine
        fields = ("week", "weekday", "shift", "quantity", "person")


class WeekTemplateSerializer(serializers.ModelSerializer[WeekTemplate]):
    """A cycle of weeks. `version` is what a change has to hand back."""

    clinic = serializers.SlugRelatedField[Clinic](slug_field="slug", read_only=True)
    lines = LineSerializer(many=True, read_only=True)

    class Meta:
        model = WeekTemplate
        fields = ("id", "clinic", "name", "weeks", "anchor", "version", "lines")


class OwnUsualShiftField(serializers.PrimaryKeyRelatedField[ShiftTemplate]):
    def __init__(self, **options: Any) -> None:
        super().__init__(pk_field=serializers.IntegerField(), **options)

    def get_queryset(self) -> Any:
        return ShiftTemplate.objects.visible_to(self.context["request"].user).filter(retired=False)


class WantedLineSerializer(serializers.Serializer[Line]):
    week = serializers.IntegerField(min_value=1, max_value=MOST_WEEKS, default=1)
    weekday = serializers.ChoiceField(choices=Weekday.choices, help_text="From Monday, 0, to Sunday, 6.")
    shift = OwnUsualShiftField(queryset=ShiftTemplate.objects.none(), help_text="The id of a usual shift.")
    quantity = serializers.IntegerField(min_value=1, max_value=MOST_OF_A_LINE, default=1)
    person = VisiblePersonField(queryset=User.objects.none(), allow_null=True, default=None)


class CycleSerializer(serializers.Serializer[Cycle]):
    """A week template as somebody wants it, lines and all."""

    name = serializers.CharField(max_length=60)
    weeks = serializers.IntegerField(min_value=1, max_value=MOST_WEEKS, default=1)
    anchor = serializers.DateField(validators=[in_this_century], help_text="The Monday of its first week.")
    lines: serializers.ListSerializer[Line] = serializers.ListSerializer(
        child=WantedLineSerializer(), max_length=MOST_LINES
    )

    @property
    def wanted(self) -> Cycle:
        said = self.validated_data
        return Cycle(said["name"], said["weeks"], said["anchor"], [Line(**line) for line in said["lines"]])


class NewWeekTemplateSerializer(CycleSerializer):
    clinic = VisibleClinicField(slug_field="slug", queryset=Clinic.objects.none())


class ChangedWeekTemplateSerializer(CycleSerializer):
    version = serializers.IntegerField(min_value=0, max_value=2**31 - 1, help_text="The version that you looked at.")


class ApplySerializer(serializers.Serializer[Any]):
    monday = serializers.DateField(validators=[in_this_century], help_text="The Monday of the week to fill.")
    reason = ReasonField()


class OutcomeSerializer(serializers.Serializer[Outcome]):
    """What became of one place; without a shift, it was left out."""

    shift = serializers.UUIDField(source="shift.pk", default=None, allow_null=True)
    day = serializers.DateField(source="plan.day")
    position = serializers.CharField(source="plan.position")
    wanted = HolderSerializer(allow_null=True, help_text="Who should have it.")
    reasons = ReasonSerializer(many=True)


class FilledSerializer(serializers.Serializer[Filled]):
    """What became of the places of the week."""

    created = OutcomeSerializer(many=True)
    opened = OutcomeSerializer(many=True, help_text="Left open, because of what the reasons say.")
    skipped = OutcomeSerializer(many=True)
    there_already = serializers.IntegerField()


class PlaceOfWeekSerializer(serializers.Serializer[Place]):
    """A shift that would be made."""

    start = serializers.DateTimeField(source="plan.start")
    end = serializers.DateTimeField(source="plan.end")
    position = serializers.CharField(source="plan.position")
    wanted = HolderSerializer(source="plan.staff", allow_null=True, help_text="Who should have it.")


class ClosedPlaceSerializer(PlaceOfWeekSerializer):
    """One that would be left out, and why."""

    reason = ReasonSerializer()


class ForeseenSerializer(serializers.Serializer[Foreseen]):
    """What filling a week would make of it as it is. Whether people may work it shows when it is done."""

    week = serializers.IntegerField(help_text="Which week of the template's cycle it is.")
    missing = PlaceOfWeekSerializer(many=True)
    closed = serializers.SerializerMethodField()
    there_already = serializers.IntegerField()

    @extend_schema_field(ClosedPlaceSerializer(many=True))
    def get_closed(self, foreseen: Foreseen) -> list[dict[str, Any]]:
        rows = [{"plan": place.plan, "reason": reason} for place, reason in foreseen.closed]
        return list(ClosedPlaceSerializer(rows, many=True).data)


class CopyWeekSerializer(serializers.Serializer[Any]):
    clinic = VisibleClinicField(slug_field="slug", queryset=Clinic.objects.none())
    source = serializers.DateField(validators=[in_this_century], help_text="Any day of the week to copy.")
    target = serializers.DateField(validators=[in_this_century], help_text="Any day of the week to fill.")
    reason = ReasonField()


class WeekTemplateViewSet(Kept):
    """The week templates of your own clinics."""

    serializer_class = WeekTemplateSerializer
    queryset = WeekTemplate.objects.none()

    def get_queryset(self) -> QuerySet[WeekTemplate]:
        own = WeekTemplate.objects.visible_to(self.request.user).filter(retired=False).select_related("clinic")
        lines = TemplateLine.objects.select_related("person").order_by("week", "weekday", "pk")
        return own.prefetch_related(Prefetch("lines", lines)).order_by("clinic", "name")

    @extend_schema(request=NewWeekTemplateSerializer, responses={201: WeekTemplateSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Add a week template. It fills no week by itself."""
        asked = self.checked(NewWeekTemplateSerializer)
        template = add_week_template(asked.validated_data["clinic"], asked.wanted, by=self.person)
        return Response(self.get_serializer(template).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ChangedWeekTemplateSerializer, responses={200: WeekTemplateSerializer, **REFUSALS})
    def update(self, request: Request, pk: int) -> Response:
        """Change all of it, lines and all. Weeks that are filled stay."""
        asked = self.checked(ChangedWeekTemplateSerializer)
        version = asked.validated_data["version"]
        template = change_week_template(self.get_object(), asked.wanted, version=version, by=self.person)
        return Response(self.get_serializer(template).data)

    @extend_schema(request=None, responses={204: None, **REFUSALS})
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, pk: int) -> Response:
        """Fill no more weeks with it."""
        retire_week_template(self.get_object(), by=self.person)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        parameters=[OpenApiParameter("monday", str, required=True, description="Any day of the week to fill.")],
        responses={200: ForeseenSerializer, **REFUSALS},
        filters=False,
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def foresee(self, request: Request, pk: int) -> Response:
        """What applying it would make of a week. Nothing is made."""
        template = self.get_object()
        day = serializers.DateField(validators=[in_this_century]).run_validation(request.query_params.get("monday"))
        return Response(ForeseenSerializer(foresee(template, monday_of(day))).data)

    @extend_schema(request=ApplySerializer, responses={200: FilledSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def apply(self, request: Request, pk: int) -> Response:
        """Make what is missing in a week, as drafts. Doing it again makes nothing."""
        asked = self.checked(ApplySerializer).validated_data
        template = self.get_object()
        filled = apply_template(template, asked["monday"], by=self.person, at=timezone.now(), reason=asked["reason"])
        return Response(FilledSerializer(filled).data)


class WeekCopyViewSet(Acting):
    """Copying one week of a clinic of yours to another."""

    serializer_class = CopyWeekSerializer
    queryset = WeekTemplate.objects.none()

    @extend_schema(responses={200: FilledSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Make the shifts of a week again, as drafts, at the same wall-clock times. Doing it again makes nothing twice."""
        said = self.checked(CopyWeekSerializer).validated_data
        source, target = monday_of(said["source"]), monday_of(said["target"])
        filled = copy_week(said["clinic"], source, target, by=self.person, at=timezone.now(), reason=said["reason"])
        return Response(FilledSerializer(filled).data)
