"""The inbox and how one hears of reminders over the API: the same rows and the same rules as the page."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter

from intranet.core.rest import MomentField
from intranet.reminders import upcoming_api
from intranet.reminders.forms import TABS, InboxFilter
from intranet.reminders.models import Reminder, ReminderQuerySet, Rhythm
from intranet.reminders.preferring import (
    choose_hours,
    choose_rhythms,
    habits_of,
    hours_of,
    kinds_for,
    open_to,
)
from intranet.reminders.quiet_hours import Hours
from intranet.reminders.reading import endings, mark_read, mark_unread
from intranet.reminders.snoozing import bring_back, snooze, snooze_several


class ReminderSerializer(serializers.ModelSerializer[Reminder]):
    kind_label = serializers.CharField(source="label", read_only=True, help_text="The kind in words.")
    paragraphs = serializers.ListField(child=serializers.CharField(), read_only=True)
    unread = serializers.BooleanField(read_only=True, help_text="Not read, and not settled either.")
    ended = serializers.SerializerMethodField(
        help_text="How it ended when it is settled otherwise than by being done: Withdrawn, Corrected. Otherwise empty."
    )

    def get_ended(self, reminder: Reminder) -> str:
        return self._endings.get(reminder.pk, "")

    @cached_property
    def _endings(self) -> dict[int, str]:
        """Of all that are shown together."""
        if self.parent:
            return endings(self.parent.instance)
        return endings([self.instance] if self.instance else [])

    class Meta:
        model = Reminder
        fields = [
            *("id", "kind", "kind_label", "title", "paragraphs", "path", "action", "why"),
            *("unread", "released_at", "read_at", "settled_at", "ended", "snoozed_until"),
        ]
        read_only_fields = fields


class ReadSerializer(serializers.Serializer[dict[str, Any]]):
    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=2**63 - 1),
        required=False,
        max_length=200,
        help_text="Only these; without it everything that is not put off.",
    )


class ChosenSerializer(serializers.Serializer[dict[str, Any]]):
    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=2**63 - 1),
        min_length=1,
        max_length=200,
        help_text="What is not yours, or not in your inbox, is passed over.",
    )

    @property
    def chosen(self) -> ReminderQuerySet:
        self.is_valid(raise_exception=True)
        return Reminder.objects.filter(pk__in=self.validated_data["ids"])


class NumberReadSerializer(serializers.Serializer[dict[str, int]]):
    read = serializers.IntegerField(read_only=True, help_text="How many were not read before.")


class SnoozeSerializer(serializers.Serializer[dict[str, Any]]):
    until = MomentField(help_text="When it comes back; before it is of no more use.")


class SnoozeChosenSerializer(ChosenSerializer):
    until = MomentField(help_text="When they come back. What is of no more use by then stays where it is.")


class NumberUnreadSerializer(serializers.Serializer[dict[str, int]]):
    unread = serializers.IntegerField(read_only=True, help_text="How many had been read.")


class NumberSnoozedSerializer(serializers.Serializer[dict[str, int]]):
    snoozed = serializers.IntegerField(read_only=True, help_text="How many are put off now.")


class NumberBackSerializer(serializers.Serializer[dict[str, int]]):
    back = serializers.IntegerField(read_only=True, help_text="How many had been put off.")


class PreferenceSerializer(serializers.Serializer[dict[str, Any]]):
    kind = serializers.CharField(read_only=True)
    kind_label = serializers.CharField(read_only=True, help_text="The kind in words.")
    group = serializers.CharField(read_only=True, help_text="What the kind is about; empty when it stands for itself.")
    rhythm = serializers.ChoiceField(choices=Rhythm.choices, read_only=True)
    open_to = serializers.ListField(
        child=serializers.ChoiceField(choices=Rhythm.choices), read_only=True, help_text="What can be chosen."
    )


class RhythmsSerializer(serializers.Serializer[dict[str, Any]]):
    rhythms = serializers.DictField(
        child=serializers.ChoiceField(choices=Rhythm.choices), help_text="By the kind's code; others stay as they are."
    )


class QuietHoursSerializer(serializers.Serializer[Hours]):
    starts = serializers.TimeField(format="%H:%M", allow_null=True, help_text="By the clock of your clinic.")
    ends = serializers.TimeField(format="%H:%M", allow_null=True, help_text="Both empty: there are none.")

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        if (values["starts"] is None) != (values["ends"] is None):
            raise serializers.ValidationError("Give both times, or neither.")
        return values


FILTERS = [
    OpenApiParameter(
        "show", str, enum=[name for name, _ in TABS], description="What is put off stands in `snoozed` alone."
    ),
    OpenApiParameter("about", str, description="The code of a kind, or a group of kinds in small letters with dashes."),
    OpenApiParameter("q", str, description="Words of the title or the text."),
]
REFUSED = {422: OpenApiResponse(description="Refused, with the reasons")}


@extend_schema_view(
    list=extend_schema(summary="My inbox, newest first", parameters=FILTERS),
    retrieve=extend_schema(summary="One reminder of my inbox"),
)
class InboxViewSet(viewsets.ReadOnlyModelViewSet[Reminder]):
    program_area = "inbox"
    serializer_class = ReminderSerializer
    filter_backends = ()  # the form of the page narrows it, and refuses what it does not know
    queryset = Reminder.objects.none()  # names the model for the OpenAPI document

    def get_queryset(self) -> ReminderQuerySet:
        mine = Reminder.objects.visible_to(self.request.user)
        if self.action != "list":
            return mine
        return InboxFilter(self.request.query_params, person=self.request.user).strictly().narrow(mine, timezone.now())

    @extend_schema(summary="Mark one as read", request=None, responses=ReminderSerializer)
    @action(detail=True, methods=["post"])
    def read(self, request: Request, **lookup: Any) -> Response:
        reminder = self.get_object()
        mark_read(Reminder.objects.filter(pk=reminder.pk), by=request.user, at=timezone.now())
        return self._afresh(reminder)

    @extend_schema(summary="Mark one as unread again", request=None, responses=ReminderSerializer)
    @action(detail=True, methods=["post"])
    def unread(self, request: Request, **lookup: Any) -> Response:
        reminder = self.get_object()
        mark_unread(Reminder.objects.filter(pk=reminder.pk), by=request.user)
        return self._afresh(reminder)

    @extend_schema(summary="Put one off", request=SnoozeSerializer, responses={200: ReminderSerializer, **REFUSED})
    @action(detail=True, methods=["post"])
    def snooze(self, request: Request, **lookup: Any) -> Response:
        reminder, asked = self.get_object(), SnoozeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        until, zone = asked.validated_data["until"], request.user.zone
        snooze(reminder, until=until, by=request.user, at=timezone.now(), zone=zone)
        return self._afresh(reminder)

    @extend_schema(summary="Have one back that was put off", request=None, responses=ReminderSerializer)
    @action(detail=True, methods=["post"])
    def wake(self, request: Request, **lookup: Any) -> Response:
        reminder = self.get_object()
        bring_back(Reminder.objects.filter(pk=reminder.pk), by=request.user, at=timezone.now())
        return self._afresh(reminder)

    @extend_schema(
        operation_id="inbox_read_all",
        summary="Mark everything, or several, as read",
        request=ReadSerializer,
        responses=NumberReadSerializer,
        filters=False,
    )
    @action(detail=False, methods=["post"], url_path="read", url_name="read-all")
    def read_all(self, request: Request) -> Response:
        asked = ReadSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        ids = asked.validated_data.get("ids")
        chosen = Reminder.objects.all() if ids is None else Reminder.objects.filter(pk__in=ids)
        return Response({"read": mark_read(chosen, by=request.user, at=timezone.now())})

    @extend_schema(
        operation_id="inbox_unread_several",
        summary="Mark several as unread again",
        request=ChosenSerializer,
        responses=NumberUnreadSerializer,
        filters=False,
    )
    @action(detail=False, methods=["post"], url_path="unread", url_name="unread-several")
    def unread_several(self, request: Request) -> Response:
        chosen = ChosenSerializer(data=request.data).chosen
        return Response({"unread": mark_unread(chosen, by=request.user)})

    @extend_schema(
        operation_id="inbox_snooze_several",
        summary="Put several off, each as far as alone",
        request=SnoozeChosenSerializer,
        responses={200: NumberSnoozedSerializer, **REFUSED},
        filters=False,
    )
    @action(detail=False, methods=["post"], url_path="snooze", url_name="snooze-several")
    def snooze_several(self, request: Request) -> Response:
        asked = SnoozeChosenSerializer(data=request.data)
        chosen, at = asked.chosen, timezone.now()
        return Response(
            {"snoozed": snooze_several(chosen, until=asked.validated_data["until"], by=request.user, at=at)}
        )

    @extend_schema(
        operation_id="inbox_wake_several",
        summary="Have several back that were put off",
        request=ChosenSerializer,
        responses=NumberBackSerializer,
        filters=False,
    )
    @action(detail=False, methods=["post"], url_path="wake", url_name="wake-several")
    def wake_several(self, request: Request) -> Response:
        chosen = ChosenSerializer(data=request.data).chosen
        return Response({"back": bring_back(chosen, by=request.user, at=timezone.now())})

    @extend_schema(
        operation_id="inbox_preferences",
        summary="In which rhythm mail comes, kind by kind",
        responses=PreferenceSerializer(many=True),
        filters=False,
    )
    @action(detail=False, methods=["get"], pagination_class=None)
    def preferences(self, request: Request) -> Response:
        return Response(self._preferences())

    @extend_schema(
        operation_id="inbox_preferences_change",
        summary="Choose the rhythm of some kinds",
        request=RhythmsSerializer,
        responses={200: PreferenceSerializer(many=True), **REFUSED},
        filters=False,
    )
    @preferences.mapping.put
    def change_preferences(self, request: Request) -> Response:
        asked = RhythmsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        choose_rhythms(request.user, asked.validated_data["rhythms"], by=request.user, at=timezone.now())
        return Response(self._preferences())

    @extend_schema(
        operation_id="inbox_quiet_hours", summary="My quiet hours", responses=QuietHoursSerializer, filters=False
    )
    @action(detail=False, methods=["get"], url_path="quiet-hours", url_name="quiet-hours")
    def quiet_hours(self, request: Request) -> Response:
        return Response(self._quiet_hours())

    @extend_schema(
        operation_id="inbox_quiet_hours_change",
        summary="Choose my quiet hours",
        request=QuietHoursSerializer,
        responses={200: QuietHoursSerializer, **REFUSED},
        filters=False,
    )
    @quiet_hours.mapping.put
    def change_quiet_hours(self, request: Request) -> Response:
        asked = QuietHoursSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        hours = Hours(given["starts"], given["ends"]) if given["starts"] is not None else None
        choose_hours(request.user, hours, by=request.user, at=timezone.now())
        return Response(self._quiet_hours())

    def _preferences(self) -> Any:
        habits = habits_of([self.request.user])[self.request.user.pk]
        rows = [
            {
                "kind": kind.code,
                "kind_label": kind.label,
                "group": kind.group or "",
                "rhythm": habits.rhythm(kind),
                "open_to": open_to(kind),
            }
            for kind in kinds_for(self.request.user)
        ]
        return PreferenceSerializer(rows, many=True).data

    def _quiet_hours(self) -> Any:
        return QuietHoursSerializer(hours_of(self.request.user) or {"starts": None, "ends": None}).data

    def _afresh(self, reminder: Reminder) -> Response:
        reminder.refresh_from_db()
        return Response(self.get_serializer(reminder).data)


def register(router: DefaultRouter) -> None:
    router.register("inbox", InboxViewSet, basename="inbox")
    router.register("coming-up", upcoming_api.ComingUpViewSet, basename="coming-up")
