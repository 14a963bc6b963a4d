"""What combines apps, over the API: new starters with their checklists, and the evidence of a day."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter

from accounts.models import Clinic, User
from accounts.roles import Capability
from accounts.step_up import confirm_first
from intranet.audit.recording import record
from intranet.core.files import served
from intranet.home import starting
from intranet.home.evidence import Change, Evidence, Signer, Stop, Worker
from intranet.home.evidence_paper import evidence_pdf
from intranet.home.forms import EvidenceForm, StartersFilter
from intranet.home.starting import Checklist, Item
from protocols.models import Protocol, ProtocolVersion


class StarterSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ("id", "name")


class ItemSerializer(serializers.Serializer[Item]):
    """One thing to do; `done` follows from the facts and is nothing that anybody sets."""

    group = serializers.ChoiceField(choices=[(group.value, group.label) for group in starting.Group])
    title = serializers.CharField()
    done = serializers.BooleanField()
    note = serializers.CharField()
    due_on = serializers.DateField(allow_null=True)


class ChecklistSerializer(serializers.Serializer[Checklist]):
    """What role and clinic ask of a person, and how far they have come."""

    person = StarterSerializer()
    started = serializers.DateField(help_text="The first day of their first role.")
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    items = ItemSerializer(many=True)


class OwnChecklistViewSet(viewsets.ViewSet):
    """Your own checklist."""

    serializer_class = ChecklistSerializer

    @extend_schema(responses=forced_singular_serializer(ChecklistSerializer), operation_id="starting_retrieve")
    def list(self, request: Request) -> Response:
        """What your role and clinic ask for, and what of it is done."""
        return Response(ChecklistSerializer(starting.checklist_of(request.user, timezone.now())).data)


class StarterViewSet(viewsets.GenericViewSet[User]):
    """New people with something left to do, of the clinics for which you answer."""

    serializer_class = ChecklistSerializer
    queryset = User.objects.none()
    filter_backends: list[Any] = []

    def get_queryset(self) -> QuerySet[User]:
        if not self.request.user.standing.scope(Capability.SEE_CREDENTIALS):
            raise PermissionDenied("New starters are for those who answer for a clinic.")
        wanted = StartersFilter(self.request.query_params, viewer=self.request.user).strictly()
        return starting.starters(self.request.user, timezone.now(), within=wanted.within, clinic=wanted.place)

    @extend_schema(
        parameters=[
            OpenApiParameter("days", int, enum=[30, 90, 180, 365], description="How long ago they may have started."),
            OpenApiParameter("clinic", str, description="The slug of one of your clinics."),
        ],
        responses=ChecklistSerializer(many=True),
    )
    def list(self, request: Request) -> Response:
        """Their checklists, who started first comes first. Acknowledgements only where you may see them."""
        people = self.paginate_queryset(self.get_queryset()) or []
        scope = starting.protocols_seen_by(request.user)
        found = starting.checklists(people, timezone.now(), protocols=scope)
        return self.get_paginated_response(ChecklistSerializer(found, many=True).data)


class InForceSerializer(serializers.Serializer[ProtocolVersion]):
    version = serializers.IntegerField(source="number")
    title = serializers.CharField()
    content_hash = serializers.CharField()
    since = serializers.DateTimeField(source="in_force.lower")
    until = serializers.DateTimeField(source="in_force.upper", allow_null=True)


class SignerSerializer(serializers.Serializer[Signer]):
    """Somebody who had to sign, and the acknowledgement that counted by then."""

    person = serializers.CharField(source="person.name")
    due_on = serializers.DateField(allow_null=True)
    state = serializers.CharField(source="words")
    version = serializers.IntegerField(source="signature.given.version.number", default=None)
    signed_at = serializers.DateTimeField(source="signature.given.at", default=None)
    ends_at = serializers.DateTimeField(
        source="signature.ends", default=None, help_text="When the signature ends, where the protocol is signed again."
    )
    text_hash = serializers.CharField(source="signature.given.text_hash", default="")
    waived_because = serializers.CharField(source="waiver.reason", default="")


class InCourseSerializer(serializers.Serializer[Change]):
    version = serializers.IntegerField(source="version.number")
    at = serializers.DateTimeField(source="version.in_force.lower")
    signed = serializers.BooleanField(help_text="Whether the holder of the shift had signed it by then.")


class WorkerSerializer(serializers.Serializer[Worker]):
    """A shift of the day, as it had been published by then, and what held when it began."""

    person = serializers.CharField(source="shift.person.name")
    start = serializers.DateTimeField(source="shift.start")
    end = serializers.DateTimeField(source="shift.end")
    skill = serializers.CharField(source="shift.skill")
    version = serializers.IntegerField(source="version.number", default=None, help_text="In force when it began.")
    governed = serializers.BooleanField()
    state = serializers.CharField(source="words")
    signed_at = serializers.DateTimeField(source="signature.given.at", default=None)
    changes = InCourseSerializer(many=True, help_text="Versions that came into force while it lasted.")


class StopSerializer(serializers.Serializer[Stop]):
    version = serializers.IntegerField(source="row.version.number")
    by = serializers.CharField(source="row.by.name")
    at = serializers.DateTimeField(source="row.at")
    reason = serializers.CharField(source="row.reason")
    lifted_at = serializers.DateTimeField(allow_null=True)


class EvidenceSerializer(serializers.Serializer[Evidence]):
    clinic = serializers.CharField(source="clinic.slug")
    on = serializers.DateField()
    is_over = serializers.BooleanField()
    in_force = InForceSerializer(source="versions", many=True)
    suspensions = StopSerializer(many=True)
    signers = SignerSerializer(many=True)
    on_shift = WorkerSerializer(source="workers", many=True)
    fingerprint = serializers.CharField()


QUESTION = [
    OpenApiParameter("clinic", str, description="The slug of one of your clinics; the first one without it."),
    OpenApiParameter("on", date, description="The day; today without it."),
]


class EvidenceViewSet(viewsets.GenericViewSet[Protocol]):
    """What was in force at a clinic on a day, who had signed it, and who was on shift."""

    queryset = Protocol.objects.none()
    serializer_class = EvidenceSerializer
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]+"

    @extend_schema(parameters=QUESTION)
    def retrieve(self, request: Request, slug: str) -> Response:
        """The answer for one protocol. Reading it leaves a trace, as the file does."""
        return Response(EvidenceSerializer(self._answer(slug)).data)

    @extend_schema(parameters=QUESTION, responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    @action(detail=True)
    def pdf(self, request: Request, slug: str) -> HttpResponse:
        """The same as a document on Letter pages. Confirm first that it is you."""
        confirm_first(request)
        found = self._answer(slug)
        content = evidence_pdf(found, title=found.protocol.title, by=request.user, at=timezone.now())
        return served(content, "application/pdf", f"evidence-{slug}-{found.on.isoformat()}.pdf", keep=True)

    def _answer(self, slug: str) -> Evidence:
        """What the address asks for. Whoever gets it leaves a trace."""
        now, person = timezone.now(), self.request.user
        protocol = get_object_or_404(Protocol.objects.visible_to(person).titled(now), slug=slug)
        clinics = Clinic.objects.where(person, Capability.REPORT_ACKNOWLEDGEMENTS)
        if not clinics:
            raise PermissionDenied("Clinic managers and the clinical lead see who has signed what.")
        form = EvidenceForm(self.request.query_params, clinics=clinics, at=now).strictly()
        found = Evidence(protocol, form.place, form.day, now)
        terms = {"clinics": [found.clinic.pk], "day": found.on, "fingerprint": found.fingerprint}
        record(person, "evidence.exported", protocol, **terms)
        return found


def register(router: BaseRouter) -> None:
    router.register("evidence", EvidenceViewSet, basename="evidence")
    router.register("starting", OwnChecklistViewSet, basename="own-checklist")
    router.register("starters", StarterViewSet, basename="starter")
