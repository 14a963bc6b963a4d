"""The machinery over the API: the figures, and the mails that did not go. By hand only; no token reaches any of it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter

from intranet.core.access import Forbidden, require
from intranet.reminders import dead_letters
from intranet.reminders.dead_letters import LONGEST_REASON, MOST, Outcome
from intranet.reminders.models import Attempt, Delivery, Run
from intranet.reminders.operating import may_operate
from intranet.reminders.operations.figures import Figures, Queues, Worker, figures
from intranet.reminders.operations.forms import SHOWN, MailFilter
from intranet.reminders.operations.mail_lists import kinds_of, with_history


class QueuesSerializer(serializers.Serializer[Queues]):
    next_hour = serializers.IntegerField()
    to_compose = serializers.IntegerField()
    to_morning = serializers.IntegerField()
    for_an_address = serializers.IntegerField()
    to_send = serializers.IntegerField()


class TickingSerializer(serializers.Serializer[Worker]):
    origin = serializers.ChoiceField(choices=Run.Origin.choices)
    host = serializers.CharField()
    pid = serializers.IntegerField()
    version = serializers.CharField()
    ticks = serializers.IntegerField(help_text="In the last hour.")
    failed = serializers.IntegerField()
    last = serializers.DateTimeField()
    alive = serializers.BooleanField()


class FiguresSerializer(serializers.Serializer[Figures]):
    """How the reminders are doing at this moment."""

    at = serializers.DateTimeField()
    last_tick_at = serializers.DateTimeField(source="tick", allow_null=True)
    oldest_due_at = serializers.DateTimeField(source="due", allow_null=True)
    mails_today = serializers.DictField(source="today", child=serializers.IntegerField())
    mails_of_seven_days = serializers.DictField(source="week", child=serializers.IntegerField())
    dead_letters_waiting = serializers.IntegerField(source="dead")
    doubts_waiting = serializers.IntegerField(source="doubts")
    addresses_flagged = serializers.IntegerField(source="flagged")
    queues = QueuesSerializer()
    workers = TickingSerializer(many=True)
    migrated = serializers.BooleanField()
    version = serializers.CharField()


class AttemptSerializer(serializers.ModelSerializer[Attempt]):
    class Meta:
        model = Attempt
        fields = ("claimed_at", "dot_at", "ended_at", "outcome", "code")


class MailSerializer(serializers.ModelSerializer[Delivery]):
    """A mail without its words."""

    name = serializers.CharField(source="recipient.name")
    kinds = serializers.SerializerMethodField()
    attempts = AttemptSerializer(many=True)

    class Meta:
        model = Delivery
        fields = (
            *(
                "id",
                "recipient",
                "name",
                "address",
                "kinds",
                "message_id",
                "state",
                "reason",
                "last_code",
                "last_reply",
            ),
            *("created_at", "not_before", "not_after", "sent_at", "bounced_at", "bounce", "tries", "doubts"),
            *("written_off_at", "written_off_by", "written_off_why", "attempts"),
        )

    def get_kinds(self, mail: Delivery) -> list[str]:
        return kinds_of(mail)


class MailsSerializer(serializers.Serializer[Any]):
    mails = serializers.ListField(child=serializers.IntegerField(min_value=1), min_length=1, max_length=MOST)


class RetrySerializer(MailsSerializer):
    twice = serializers.BooleanField(default=False, help_text="Also what may arrive a second time.")


class WriteOffSerializer(MailsSerializer):
    why = serializers.CharField(max_length=LONGEST_REASON)


class NotDoneSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    reasons = serializers.ListField(child=serializers.CharField())


class SettledSerializer(serializers.Serializer[Any]):
    done = serializers.IntegerField()
    refused = NotDoneSerializer(many=True)


class OperationsViewSet(viewsets.ViewSet):
    """How the reminders are doing. For administrators."""

    serializer_class = FiguresSerializer

    @extend_schema(
        operation_id="operations_retrieve",
        summary="The figures of this moment",
        responses=FiguresSerializer(many=False),
    )
    def list(self, request: Request) -> Response:
        require(may_operate(request.user), Forbidden)
        return Response(FiguresSerializer(figures(timezone.now())).data)


class MailViewSet(viewsets.GenericViewSet[Delivery]):
    """Mails that did not go. For administrators."""

    serializer_class = MailSerializer
    queryset = Delivery.objects.none()
    lookup_value_converter = "int"

    def get_queryset(self) -> QuerySet[Delivery]:
        require(may_operate(self.request.user), Forbidden)
        return with_history(Delivery.objects.all())

    @extend_schema(
        summary="Mails that wait for a decision, or that fit the filters",
        parameters=[
            OpenApiParameter("state", str, enum=[name for name in SHOWN if name]),
            OpenApiParameter("kind", str),
            OpenApiParameter("person", str, description="A part of the name or address."),
            OpenApiParameter("since", str, description="A day, such as 2026-12-04."),
        ],
    )
    def list(self, request: Request) -> Response:
        require(may_operate(request.user), Forbidden)
        page = self.paginate_queryset(with_history(MailFilter(request.query_params).strictly().narrow()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(summary="One mail, whatever its state")
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        summary="Send some once more", request=RetrySerializer, responses=SettledSerializer(many=False), filters=False
    )
    @action(detail=False, methods=["post"])
    def retry(self, request: Request) -> Response:
        require(may_operate(request.user), Forbidden)
        asked = _checked(RetrySerializer(data=request.data))
        outcome = dead_letters.retry(asked["mails"], by=request.user, at=timezone.now(), twice=asked["twice"])
        return _told(outcome)

    @extend_schema(
        summary="Write some off", request=WriteOffSerializer, responses=SettledSerializer(many=False), filters=False
    )
    @action(detail=False, methods=["post"], url_path="write-off", url_name="write-off")
    def write_off(self, request: Request) -> Response:
        require(may_operate(request.user), Forbidden)
        asked = _checked(WriteOffSerializer(data=request.data))
        return _told(dead_letters.write_off(asked["mails"], why=asked["why"], by=request.user, at=timezone.now()))


def _checked(serializer: serializers.Serializer[Any]) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data  # type: ignore[no-any-return]


def _told(outcome: Outcome) -> Response:
    refused = [
        {"id": pk, "reasons": [str(reason) for reason in verdict.reasons]} for pk, verdict in outcome.refused.items()
    ]
    return Response({"done": outcome.done, "refused": refused})


def register(router: DefaultRouter) -> None:
    router.register("operations", OperationsViewSet, basename="operations")
    router.register("mails", MailViewSet, basename="mail")
