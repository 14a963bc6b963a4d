"""What programs do on the board: place and copy a shift, change several at once, take it back, ask where it fits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from intranet.core.access import Forbidden, require
from intranet.core.forms import in_this_century
from intranet.core.time import monday_of
from scheduling import moving, undoing
from scheduling.api.acting import Acting
from scheduling.assigning import may_edit
from scheduling.checking import Check, check_shift
from scheduling.eligibility import Candidate, candidates
from scheduling.fitting import fits
from scheduling.models import Shift
from scheduling.moving import Done
from scheduling.placing_forms import ASSIGN, DELETE, OPEN, SHIFT_DAYS, staff_of
from scheduling.plans import Plan
from scheduling.serializers import (
    CheckedPlanSerializer,
    HolderSerializer,
    ReasonField,
    ReasonSerializer,
    RosterShiftSerializer,
    VersionSerializer,
    VisiblePersonField,
)

REFUSALS = {
    403: OpenApiResponse(description="Not at your clinic"),
    409: OpenApiResponse(description="Somebody was quicker, or the person works elsewhere at that time"),
    422: OpenApiResponse(description="Refused, with every reason"),
}


class CopySerializer(serializers.Serializer[Any]):
    """A day and somebody, or nobody."""

    day = serializers.DateField(validators=[in_this_century], help_text="The clinic's day; the wall-clock times stay.")
    person = VisiblePersonField(queryset=User.objects.none(), allow_null=True)
    reason = ReasonField()

    def chosen(self) -> dict[str, Any]:
        """What was sent, by the names of the actions."""
        values: dict[str, Any] = {**self.validated_data, "at": timezone.now(), "by": self.context["request"].user}
        values["staff"] = values.pop("person")
        return values


class PlaceSerializer(CopySerializer, VersionSerializer):
    """Where a shift should go."""


class SeenShiftSerializer(VersionSerializer):
    id = serializers.UUIDField()


class SeveralSerializer(serializers.Serializer[Any]):
    """What should become of some shifts: all of them or none."""

    shifts = SeenShiftSerializer(many=True, allow_empty=False)
    do = serializers.ChoiceField(choices=[ASSIGN, OPEN, DELETE, SHIFT_DAYS])
    person = VisiblePersonField(queryset=User.objects.none(), required=False, help_text="Whom to assign.")
    days = serializers.IntegerField(min_value=-28, max_value=28, required=False, help_text="By how many days to move.")
    reason = ReasonField()

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        needed = {ASSIGN: "person", SHIFT_DAYS: "days"}.get(values["do"])
        if needed and needed not in values:
            raise serializers.ValidationError({needed: "Give this as well."})
        return values

    def aim(self) -> moving.Aim:
        values = self.validated_data
        if values["do"] == ASSIGN:
            return moving.for_person(values["person"])
        if values["do"] == SHIFT_DAYS:
            return moving.by_days(values["days"])
        return moving.opened if values["do"] == OPEN else moving.deleted


class TicketSerializer(serializers.Serializer[Any]):
    ticket = serializers.CharField(max_length=100_000, help_text="The `undo` of an answer, within an hour.")


class DoneSerializer(serializers.Serializer[Any]):
    """What came of it, and the ticket that takes it back."""

    shifts = RosterShiftSerializer(many=True)
    undo = serializers.CharField()


class FitSerializer(serializers.Serializer[Any]):
    """What saving the shift there would say: `reasons` against, and `warnings`, some of which need a reason."""

    person = serializers.IntegerField(allow_null=True, help_text="The id of a person; null for an open shift.")
    day = serializers.DateField()
    reasons = ReasonSerializer(many=True)
    warnings = ReasonSerializer(many=True)


class CandidateSerializer(serializers.Serializer[Candidate]):
    """Somebody of the right profession for the shift; minutes are those of the week, without and with it."""

    person = HolderSerializer()
    minutes_before = serializers.IntegerField()
    minutes_after = serializers.IntegerField()
    over_target = serializers.IntegerField(help_text="Minutes beyond what the person is meant to work in a week.")
    reasons = ReasonSerializer(source="verdict.reasons", many=True)
    concerns = ReasonSerializer(many=True, help_text="Those of the warnings that need a reason.")
    warnings = ReasonSerializer(source="verdict.warnings", many=True)


class CheckSerializer(serializers.Serializer[Check]):
    """What stands against the shift whoever works it, what to look at twice in its times, and who could work it."""

    reasons = ReasonSerializer(source="verdict.reasons", many=True)
    concerns = ReasonSerializer(many=True, help_text="What needs a reason.")
    unusual = ReasonSerializer(many=True, help_text="Nothing stands against these.")
    candidates = CandidateSerializer(many=True, help_text="Best fit first; none while the times make no sense.")


class MovingActions(Acting):
    """The actions of the board, for the working copy's view set."""

    @extend_schema(request=PlaceSerializer, responses={200: DoneSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def place(self, request: Request, pk: str) -> Response:
        """Put the shift on a day, for somebody or open."""
        shift, wanted = self.get_object(), self.checked(PlaceSerializer)
        return self._done([moving.place_shift(shift, **wanted.chosen())])

    @extend_schema(request=CopySerializer, responses={201: DoneSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def copy(self, request: Request, pk: str) -> Response:
        """Make a shift like this one on a day, for somebody or open."""
        shift, wanted = self.get_object(), self.checked(CopySerializer)
        return self._done([moving.copy_shift(shift, **wanted.chosen())], status.HTTP_201_CREATED)

    @extend_schema(request=SeveralSerializer, responses={200: DoneSerializer, **REFUSALS}, filters=False)
    @action(detail=False, methods=["post"], pagination_class=None)
    def several(self, request: Request) -> Response:
        """Assign, make open, move by days or delete several shifts. Every refusal of every shift is said at once."""
        wanted = self.checked(SeveralSerializer)
        values = wanted.validated_data
        seen = {one["id"]: one["version"] for one in values["shifts"]}
        changed = moving.change_several(
            seen,
            wanted.aim(),
            by=self.person,
            at=timezone.now(),
            reason=values["reason"],
        )
        return self._done(changed)

    @extend_schema(
        request=TicketSerializer, responses={200: RosterShiftSerializer(many=True), **REFUSALS}, filters=False
    )
    @action(detail=False, methods=["post"], pagination_class=None)
    def undo(self, request: Request) -> Response:
        """Take back what an answer reported. The answer is the shifts as they are again."""
        ticket = self.checked(TicketSerializer).validated_data["ticket"]
        by = self.person
        undone = undoing.undo(undoing.from_ticket(ticket, by=by), by=by, at=timezone.now())
        again = [shift for _, shift in undone if shift is not None]
        return Response(RosterShiftSerializer(again, many=True).data)

    @extend_schema(
        parameters=[OpenApiParameter("around", str, description="Any day of the week to look at; its own without it.")],
        responses=FitSerializer(many=True),
        filters=False,
    )
    @action(detail=True, methods=["get"], pagination_class=None)
    def fits(self, request: Request, pk: str) -> Response:
        """Where in a week the shift may go, for everybody who has shifts anywhere, and what stands against the rest."""
        shift: Shift = self.get_object()
        around = request.query_params.get("around") or str(shift.day)
        day = serializers.DateField(validators=[in_this_century]).run_validation(around)
        days = [monday_of(day) + timedelta(days=number) for number in range(7)]
        staff = list(staff_of(self.person))
        found = fits(Plan.of(shift), staff, days, timezone.now(), shift_id=shift.pk)
        places = [
            {"person": person, "day": day, "reasons": verdict.reasons, "warnings": verdict.warnings}
            for (person, day), verdict in found.items()
        ]
        return Response(FitSerializer(places, many=True).data)

    @extend_schema(responses=CandidateSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def candidates(self, request: Request, pk: str) -> Response:
        """Who could work the shift, best fit first, and every reason against the others."""
        shift: Shift = self.get_object()
        found = candidates(Plan.of(shift), timezone.now(), shift_id=shift.pk)
        return Response(CandidateSerializer(found, many=True).data)

    @extend_schema(request=CheckedPlanSerializer, responses={200: CheckSerializer, **REFUSALS}, filters=False)
    @action(detail=False, methods=["post"], pagination_class=None)
    def check(self, request: Request) -> Response:
        """What saving a shift would say and who could work it, before you plan it. Saves nothing."""
        plan = Plan(**self.checked(CheckedPlanSerializer).changes())
        require(may_edit(plan.clinic, self.person), Forbidden)
        return Response(CheckSerializer(check_shift(plan, timezone.now())).data)

    def _done(self, changed: Sequence[tuple[Shift, Done]], code: int = status.HTTP_200_OK) -> Response:
        """The shifts that are there now; of what was deleted only the ticket is left."""
        kept = [shift for shift, done in changed if not done.gone]
        ticket = undoing.ticket([done for _, done in changed], by=self.person)
        return Response(DoneSerializer({"shifts": kept, "undo": ticket}).data, status=code)
