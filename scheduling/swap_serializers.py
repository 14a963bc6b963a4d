"""How open shifts, offers and requests look over the API. Shifts are shown as they are published."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from intranet.core.rest import MomentField
from scheduling.claiming import OpenShift
from scheduling.decisions import OfferToDecide, OpenToDecide
from scheduling.handovers import Gain
from scheduling.hands import Moment
from scheduling.models import Claim, Offer, OfferKind, OpenShifts, Permission, PublishedShift
from scheduling.my_swaps import Choice
from scheduling.offers import OfferedShift, Wanted
from scheduling.policies import MOST_HOURS, Policy
from scheduling.serializers import (
    ABOUT_ASSISTANTS,
    HolderSerializer,
    PublishedShiftSerializer,
    ReasonField,
    ReasonSerializer,
    VersionSerializer,
    VisiblePersonField,
)


class SequenceField(serializers.IntegerField):
    """As of which publication a shift was looked at."""

    def __init__(self, **options: Any) -> None:
        words = "The sequence of the published shift that you looked at."
        super().__init__(min_value=0, max_value=2**31 - 1, help_text=words, **options)


class PublishedShiftField(serializers.SlugRelatedField[PublishedShift]):
    """A published shift by its id."""

    def __init__(self, **options: Any) -> None:
        super().__init__(slug_field="shift", queryset=PublishedShift.objects.none(), **options)

    def get_queryset(self) -> Any:
        seen = PublishedShift.objects.visible_to(self.context["request"].user).standing()
        return seen.select_related("clinic", "skill", "staff", "shift__week")

    def to_internal_value(self, data: Any) -> PublishedShift:
        return super().to_internal_value(serializers.UUIDField().run_validation(data))


class GainSerializer(serializers.Serializer[Gain]):
    """What a shift would mean for somebody who gets it."""

    person = HolderSerializer()
    minutes_before = serializers.IntegerField(help_text="Paid minutes of that week without the shift.")
    minutes_after = serializers.IntegerField(help_text="Paid minutes of that week with it.")
    reasons = ReasonSerializer(source="verdict.reasons", many=True, help_text="What bars it.")
    concerns = ReasonSerializer(many=True, help_text="What a manager has to give a reason for.")


class OpenShiftSerializer(serializers.Serializer[OpenShift]):
    """An open shift that you may take; with `waits`, you ask for it and a manager decides."""

    shift = PublishedShiftSerializer()
    minutes_before = serializers.IntegerField(source="gain.minutes_before")
    minutes_after = serializers.IntegerField(
        source="gain.minutes_after", help_text="Your paid minutes of that week with it."
    )
    concerns = ReasonSerializer(source="gain.concerns", many=True)
    waits = serializers.BooleanField(source="has_to_wait")
    claim = serializers.IntegerField(
        source="claim.pk", default=None, allow_null=True, help_text="Your own request for it."
    )


class SequenceSerializer(serializers.Serializer[Any]):
    sequence = SequenceField()


class ClaimSerializer(serializers.ModelSerializer[Claim]):
    """Somebody's request for an open shift, or that they took it at once."""

    shift = PublishedShiftSerializer(source="shift.published")
    person = HolderSerializer()
    ended_by = HolderSerializer(allow_null=True)

    class Meta:
        model = Claim
        fields = ("id", "shift", "person", "state", "made_at", "ended_at", "ended_by", "answer")


class OfferSerializer(serializers.ModelSerializer[Offer]):
    """What somebody wants to do with a shift of theirs. It stays with them until `state` is `done`."""

    shift = PublishedShiftSerializer(source="shift.published")
    in_return = PublishedShiftSerializer(source="in_return.published", default=None, allow_null=True)
    by = HolderSerializer()
    to = HolderSerializer(allow_null=True)
    taken_by = HolderSerializer(allow_null=True)
    ended_by = HolderSerializer(allow_null=True)
    agreed = serializers.SerializerMethodField(help_text="Clinics whose managers have agreed.")

    class Meta:
        model = Offer
        fields = (
            "id",
            "kind",
            "state",
            "shift",
            "in_return",
            "by",
            "to",
            "taken_by",
            "note",
            "made_at",
            "expires_at",
            "agreed",
            "ended_at",
            "ended_by",
            "answer",
            "version",
        )

    def get_agreed(self, made: Offer) -> list[str]:
        return [consent.clinic.slug for consent in made.consents.all()]  # type: ignore[attr-defined]


class OfferedSerializer(serializers.Serializer[OfferedShift]):
    """What a colleague offers you, and what it would mean for you."""

    offer = OfferSerializer()
    reasons = ReasonSerializer(source="verdict.reasons", many=True, help_text="Why you cannot take it.")
    minutes_after = serializers.IntegerField(source="gain.minutes_after")


class WantedSerializer(serializers.Serializer[Wanted]):
    """Give (`to` a colleague, or to whoever takes it), swap (`in_return` for a shift of `to`), or drop: hand back."""

    kind = serializers.ChoiceField(choices=OfferKind.choices)
    shift = PublishedShiftField()
    sequence = SequenceField()
    to = VisiblePersonField(queryset=None, allow_null=True, default=None)
    in_return = PublishedShiftField(allow_null=True, default=None)
    return_sequence = SequenceField(allow_null=True, default=None)
    note = serializers.CharField(max_length=160, allow_blank=True, default="")

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        if values["in_return"] is not None and values["return_sequence"] is None:
            raise serializers.ValidationError({"return_sequence": "Give the sequence of the shift in return."})
        return values

    @property
    def wanted(self) -> Wanted:
        values = self.validated_data
        values["shift"].sequence = values["sequence"]
        if values["in_return"] is not None:
            values["in_return"].sequence = values["return_sequence"]
        return Wanted(OfferKind(values["kind"]), values["shift"], values["to"], values["in_return"], values["note"])


class ChoiceSerializer(serializers.Serializer[Choice]):
    """A colleague, or a shift of one, and why it cannot be."""

    person = HolderSerializer()
    shift = PublishedShiftSerializer(allow_null=True)
    reasons = ReasonSerializer(source="verdict.reasons", many=True)


class ReceiversQuery(serializers.Serializer[Any]):
    shift = PublishedShiftField(help_text="One of your own published shifts.")


class InReturnQuery(ReceiversQuery):
    person = VisiblePersonField(queryset=None, help_text="The colleague.")


class AgreementSerializer(VersionSerializer):
    reason = ReasonField()


class RefusalSerializer(VersionSerializer):
    answer = serializers.CharField(max_length=160, help_text="Why not. They read it.")


class GrantSerializer(serializers.Serializer[Any]):
    reason = ReasonField()


class ClaimAnswerSerializer(serializers.Serializer[Any]):
    answer = serializers.CharField(max_length=160, help_text="Why not. The person reads it.")


class OfferToDecideSerializer(serializers.Serializer[OfferToDecide]):
    """An offer that waits for you, with what it would mean for everybody who gets a shift."""

    offer = OfferSerializer()
    gains = GainSerializer(source="outcome.gains", many=True)
    about_assistants = ReasonSerializer(source="outcome.about_assistants", many=True, help_text=ABOUT_ASSISTANTS)


class AskedSerializer(serializers.Serializer[Any]):
    claim = serializers.IntegerField(source="claim.pk")
    asked_at = MomentField(source="claim.made_at")
    gain = GainSerializer()
    about_assistants = ReasonSerializer(source="outcome.about_assistants", many=True, help_text=ABOUT_ASSISTANTS)


class OpenToDecideSerializer(serializers.Serializer[OpenToDecide]):
    """An open shift and everybody who asked for it, those whom it suits best first."""

    shift = PublishedShiftSerializer(source="shift.published")
    asked = AskedSerializer(source="claims", many=True)


class MomentSerializer(serializers.Serializer[Moment]):
    """One thing that happened to a shift."""

    at = MomentField()
    title = serializers.CharField()
    words = serializers.CharField()


class PolicySerializer(serializers.Serializer[Any]):
    """What staff of a clinic may do with published shifts. Hand `fingerprint` back as `seen` to change it."""

    clinic = serializers.SlugField(source="clinic.slug", read_only=True)
    open_shifts = serializers.ChoiceField(choices=OpenShifts.choices)
    give = serializers.ChoiceField(choices=Permission.choices)
    swap = serializers.ChoiceField(choices=Permission.choices)
    drop = serializers.ChoiceField(choices=Permission.choices)
    hours_before = serializers.IntegerField(min_value=0, max_value=MOST_HOURS)
    fingerprint = serializers.CharField(read_only=True)
    seen = serializers.CharField(max_length=80, write_only=True, help_text="The fingerprint that you looked at.")

    @property
    def policy(self) -> Policy:
        return Policy.said(self.validated_data)
