"""When reminders come, in the API: administrators read and set it, by the rules of the page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.reminder_times import change_times, kept_kind, kept_kinds
from accounts.settings_pages import may_change_settings
from intranet.core.access import Forbidden, Refused, require
from intranet.core.forms import FilterForm
from intranet.core.time import organisation_day, organisation_zone
from intranet.reminders import lead_times, registry
from intranet.reminders.lead_times import Set
from intranet.reminders.registry import DAY, Kind
from intranet.reminders.upcoming import all_coming, by_day

UNITS = ["hours", "days"]


class ReminderStepSerializer(serializers.Serializer[Set]):
    code = serializers.CharField(source="step.code")
    group = serializers.CharField(source="step.group", help_text="Which of several ladders it belongs to.")
    words = serializers.CharField(help_text="When it comes now.")
    default_words = serializers.CharField(help_text="When it comes unless somebody changes it.")
    amount = serializers.IntegerField(source="number", allow_null=True, help_text="In its unit. Null: it is not sent.")
    unit = serializers.SerializerMethodField()
    least = serializers.SerializerMethodField()
    most = serializers.SerializerMethodField()
    needed = serializers.BooleanField(source="step.needed", help_text="It cannot be left out.")
    escalation = serializers.BooleanField(source="step.escalation", help_text="Goes to whoever answers for others.")
    changed = serializers.BooleanField()

    @extend_schema_field(serializers.ChoiceField(choices=UNITS))
    def get_unit(self, one: Set) -> str:
        return "days" if one.step.unit == DAY else "hours"

    def get_least(self, one: Set) -> int:
        return one.step.least // one.step.unit

    def get_most(self, one: Set) -> int:
        return one.step.most // one.step.unit


class ReminderTimesSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(source="kind.code")
    label = serializers.CharField(source="kind.label")
    cause = serializers.CharField(source="kind.cause")
    who = serializers.CharField(source="kind.who", help_text="Who gets it.")
    any_hour = serializers.BooleanField(help_text="Its mail does not wait for the morning.")
    any_hour_when = serializers.CharField(
        source="kind.any_hour_when", help_text="The case in which it does not wait either; empty: none."
    )
    worth_waking = serializers.BooleanField(
        source="kind.worth_waking",
        help_text="Where the morning is too late it comes at night; if not, in the inbox alone.",
    )
    mail_optional = serializers.BooleanField(source="kind.optional", help_text="People may switch its mail off.")
    steps = ReminderStepSerializer(many=True, help_text="None: it comes at once.")
    seen = serializers.SerializerMethodField(help_text="Send it back with a change: nobody overwrites another's.")

    def get_seen(self, kept: Any) -> str:
        return lead_times.fingerprint(kept.kind)


class ReminderStepTimeSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    amount = serializers.IntegerField(min_value=0, max_value=10_000, allow_null=True, help_text="Null: not sent.")


class NewReminderTimesSerializer(serializers.Serializer[Any]):
    steps = ReminderStepTimeSerializer(
        many=True, help_text="A step that is not named comes as it does without a change."
    )
    seen = serializers.CharField(required=False, default="", allow_blank=True)


class ReminderComingSerializer(serializers.Serializer[Any]):
    day = serializers.DateField()
    kind = serializers.CharField()
    label = serializers.CharField()
    person = serializers.IntegerField()
    name = serializers.CharField()
    due_at = serializers.DateTimeField()


class ReminderTimesViewSet(viewsets.ViewSet):
    """The kinds of reminders with their times. For administrators."""

    lookup_field = "code"
    lookup_value_regex = "[-a-z0-9]+"

    @extend_schema(summary="Every kind of reminder with its times", responses=ReminderTimesSerializer(many=True))
    def list(self, request: Request) -> Response:
        require(may_change_settings(request.user), Forbidden)
        FilterForm(request.query_params).strictly()
        with lead_times.read_once():
            return Response(ReminderTimesSerializer(kept_kinds(), many=True).data)

    @extend_schema(summary="The times of one kind", responses=ReminderTimesSerializer)
    def retrieve(self, request: Request, code: str) -> Response:
        require(may_change_settings(request.user), Forbidden)
        return Response(_shown(_kind_or_404(code)))

    @extend_schema(
        summary="Set the times of one kind", request=NewReminderTimesSerializer, responses=ReminderTimesSerializer
    )
    def update(self, request: Request, code: str) -> Response:
        require(may_change_settings(request.user), Forbidden)
        kind = _kind_or_404(code)
        asked = NewReminderTimesSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        amounts = {one["code"]: _amount(kind, one) for one in asked.validated_data["steps"]}
        change_times(kind, amounts, by=request.user, at=timezone.now(), seen=asked.validated_data["seen"])
        return Response(_shown(kind))


class RemindersComingViewSet(viewsets.ViewSet):
    """What would be sent in the next seven days: to whom and when, never the words. For administrators."""

    @extend_schema(summary="What would be sent in the next 7 days", responses=ReminderComingSerializer(many=True))
    def list(self, request: Request) -> Response:
        require(may_change_settings(request.user), Forbidden)
        FilterForm(request.query_params).strictly()
        at = timezone.now()
        rows = all_coming(at)
        people = User.objects.in_bulk({row.recipient_id for row in rows})
        found = [
            {
                "day": day,
                "kind": of_kind.kind.code,
                "label": of_kind.kind.label,
                "person": person_id,
                "name": people[person_id].name,
                "due_at": moment,
            }
            for day, kinds in by_day(rows, organisation_zone(), organisation_day(at))
            for of_kind in kinds
            for person_id, moments in of_kind.people.items()
            for moment in moments
        ]
        return Response(ReminderComingSerializer(found, many=True).data)


def _amount(kind: Kind, asked: dict[str, Any]) -> timedelta | None:
    step = next((step for step in kind.steps if step.code == asked["code"]), None)
    if step is None:
        raise Refused.because("unknown-step", f"There is no step called “{asked['code']}”.", "steps")
    return None if asked["amount"] is None else asked["amount"] * step.unit


def _shown(kind: Kind) -> Any:
    with lead_times.read_once():
        return ReminderTimesSerializer(kept_kind(kind)).data


def _kind_or_404(code: str) -> Kind:
    kind = registry.find(code)
    if kind is None:
        raise Http404
    return kind
