"""How shifts look over the API. Times come with the offset of the clinic's clocks, and are taken only with an offset."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Clinic, Skill, User
from intranet.core.access import Reason
from intranet.core.rest import MomentField
from scheduling.models import (
    AcceptedWarning,
    ChangeKind,
    PublicationChange,
    PublishedShift,
    RosterWeek,
    Shift,
    ShiftDetails,
)
from scheduling.pending import Change
from scheduling.plans import Plan
from scheduling.positions import Position
from scheduling.publishing import Preview


class HolderSerializer(serializers.ModelSerializer[User]):
    """Who has a shift."""

    class Meta:
        model = User
        fields = ("id", "name")


class ShiftSerializer(serializers.ModelSerializer[Any]):
    """What every copy of a shift says."""

    clinic = serializers.SlugRelatedField[Clinic](slug_field="slug", read_only=True)
    day = serializers.DateField(read_only=True, help_text="The clinic's day on which the shift starts.")
    start = serializers.SerializerMethodField()
    end = serializers.SerializerMethodField()
    minutes = serializers.IntegerField(read_only=True, help_text="Paid minutes, without the unpaid break.")
    person = HolderSerializer(source="staff", read_only=True, allow_null=True)
    skill = serializers.SlugRelatedField[Skill](slug_field="code", read_only=True, allow_null=True)

    @extend_schema_field(OpenApiTypes.DATETIME)
    def get_start(self, shift: ShiftDetails) -> str:
        return shift.start.astimezone(shift.clinic.zone).isoformat()

    @extend_schema_field(OpenApiTypes.DATETIME)
    def get_end(self, shift: ShiftDetails) -> str:
        return shift.end.astimezone(shift.clinic.zone).isoformat()


FIELDS = ("id", "clinic", "day", "start", "end", "minutes", "break_minutes", "position", "person", "skill", "note")


class PublishedShiftSerializer(ShiftSerializer):
    """A shift as staff see it. `sequence` rises with each publication that changed it."""

    id = serializers.UUIDField(source="shift_id", read_only=True)

    class Meta:
        model = PublishedShift
        fields = (*FIELDS, "sequence", "published_at")


class RosterShiftSerializer(ShiftSerializer):
    """The managers' working copy. `version` is what a change has to hand back."""

    class Meta:
        model = Shift
        fields = (*FIELDS, "version", "changed_at")


class KnownSlugField(serializers.SlugRelatedField[Any]):
    """A row by its slug. What no column could hold is refused before the database is asked."""

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(serializers.CharField().run_validation(data))


class VisiblePersonField(serializers.PrimaryKeyRelatedField[User]):
    def __init__(self, **options: Any) -> None:
        super().__init__(pk_field=serializers.IntegerField(), **options)

    def get_queryset(self) -> Any:
        return User.objects.visible_to(self.context["request"].user)


class VisibleClinicField(KnownSlugField):
    def get_queryset(self) -> Any:
        return Clinic.objects.visible_to(self.context["request"].user)


class ReasonField(serializers.CharField):
    """Why it is done although something speaks against it; without it, a concern is a refusal that names it."""

    def __init__(self, **options: Any) -> None:
        usual: dict[str, Any] = {"max_length": 200, "allow_blank": True, "default": ""}
        super().__init__(**(usual | options))


class PlanSerializer(serializers.Serializer[Plan]):
    """A shift as somebody wants it."""

    clinic = VisibleClinicField(slug_field="slug", queryset=Clinic.objects.none())
    position = serializers.ChoiceField(choices=Position.choices)
    start = MomentField()
    end = MomentField()
    person = VisiblePersonField(queryset=User.objects.none(), allow_null=True, default=None)
    skill = KnownSlugField(slug_field="code", queryset=Skill.objects.all(), allow_null=True, default=None)
    break_minutes = serializers.IntegerField(min_value=0, max_value=480, default=0)
    note = serializers.CharField(max_length=200, allow_blank=True, default="")
    reason = ReasonField()

    def changes(self) -> dict[str, Any]:
        """What was sent, by the names of a plan."""
        values: dict[str, Any] = {name: value for name, value in self.validated_data.items() if name != "reason"}
        if "person" in values:
            values["staff"] = values.pop("person")
        if "position" in values:
            values["position"] = Position(values["position"])
        return values


class CheckedPlanSerializer(PlanSerializer):
    """A shift that nobody has saved: all that decides who could work it."""

    person = None  # type: ignore[assignment]  # everybody is looked at
    note = None  # type: ignore[assignment]
    reason = None  # type: ignore[assignment]


class VersionSerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField(min_value=0, max_value=2**31 - 1, help_text="The version that you looked at.")


class PlanChangeSerializer(PlanSerializer):
    """Any part of a plan, except the clinic, with the version that it is based on."""

    clinic = None  # type: ignore[assignment]  # a shift stays at its clinic
    version = serializers.IntegerField(min_value=0, max_value=2**31 - 1, help_text="The version that you looked at.")


class AssignmentSerializer(VersionSerializer):
    person = VisiblePersonField(queryset=User.objects.none())
    reason = ReasonField()


class TellSerializer(VersionSerializer):
    """One shift that staff shall see as it is planned, at once."""

    reason = ReasonField()


class PublishWeekSerializer(VersionSerializer):
    fingerprint = serializers.CharField(max_length=64, help_text="That of the preview that you looked at.")
    reason = ReasonField()


class RosterWeekSerializer(serializers.ModelSerializer[RosterWeek]):
    """A week of an own clinic, with the number of changes that staff do not see yet."""

    clinic = serializers.SlugRelatedField[Clinic](slug_field="slug", read_only=True)
    unpublished_changes = serializers.IntegerField(read_only=True)

    class Meta:
        model = RosterWeek
        fields = ("id", "clinic", "monday", "version", "published_at", "unpublished_changes")


class ChangeSerializer(serializers.ModelSerializer[PublicationChange]):
    shift = serializers.UUIDField(source="shift_id", read_only=True)

    class Meta:
        model = PublicationChange
        fields = ("shift", "kind", "before", "after")


ABOUT_ASSISTANTS = "Assistants who would have no therapist to reach then: it takes a reason, or cannot be."


class ReasonSerializer(serializers.Serializer[Reason]):
    code = serializers.CharField()
    message = serializers.CharField()


class PreviewChangeSerializer(serializers.Serializer[Change]):
    """What would become of one shift."""

    shift = serializers.UUIDField(source="shift.pk")
    kind = serializers.ChoiceField(choices=ChangeKind.choices)
    person_before = HolderSerializer(source="before.staff", default=None, allow_null=True)
    person_after = HolderSerializer(source="after.staff", default=None, allow_null=True)


class AcceptedSerializer(serializers.ModelSerializer[AcceptedWarning]):
    """What was planned all the same, and the reason that was given."""

    person = HolderSerializer(source="shift.staff")
    shift = serializers.UUIDField(source="shift_id")
    by = HolderSerializer()

    class Meta:
        model = AcceptedWarning
        fields = ("person", "shift", "message", "reason", "by", "at")


class WeekPreviewSerializer(serializers.Serializer[Preview]):
    """What publishing would do now. Hand `version` and `fingerprint` back to publish just that."""

    version = serializers.IntegerField(source="week.version")
    fingerprint = serializers.CharField()
    changes = PreviewChangeSerializer(many=True)
    reasons = ReasonSerializer(source="verdict.reasons", many=True, help_text="What has to be put right first.")
    concerns = ReasonSerializer(many=True, help_text="What needs a reason.")
    warnings = ReasonSerializer(source="verdict.warnings", many=True)
    accepted = AcceptedSerializer(many=True, help_text="What is planned all the same, with the reasons.")
