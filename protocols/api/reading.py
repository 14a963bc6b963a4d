"""Protocols over the API: what is in force, acknowledging it, and what waits. The same rules as the pages."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.step_up import confirm_first
from intranet.core.files import served
from intranet.core.forms import whole_number
from intranet.core.rest import Unfiltered
from protocols import (
    acknowledging,
    certificates,
    comparing,
    opening,
    publishing,
    questioning,
    receipts,
    reporting,
    suspending,
)
from protocols.api.reporting import DemandSerializer
from protocols.certificates import Certificate
from protocols.models import Acknowledgement, ProtocolVersion, Question, Section


class SectionSerializer(serializers.ModelSerializer):
    class Meta:
        model = Section
        fields = ["key", "kind", "heading", "body"]


class ProtocolSerializer(serializers.ModelSerializer):
    """A protocol as its version in force."""

    slug = serializers.SlugField(source="protocol.slug", read_only=True)
    category = serializers.CharField(source="protocol.category", read_only=True)
    version = serializers.IntegerField(source="number", read_only=True)
    in_force_since = serializers.SerializerMethodField()
    approved_by = serializers.CharField(source="approved_by.name", read_only=True)
    review_on = serializers.DateField(read_only=True)

    class Meta:
        model = ProtocolVersion
        fields = [
            "slug",
            "title",
            "category",
            "version",
            "change_summary",
            "in_force_since",
            "approved_by",
            "review_on",
        ]

    @extend_schema_field(OpenApiTypes.DATETIME)
    def get_in_force_since(self, version: ProtocolVersion) -> str | None:
        return version.in_force.lower.isoformat() if version.in_force.lower else None


class QuestionSerializer(serializers.ModelSerializer[Question]):
    """Asked before the version is acknowledged; an answer is the place of an option, from 0."""

    class Meta:
        model = Question
        fields = ["key", "section", "text", "options"]


class ProtocolDetailSerializer(ProtocolSerializer):
    """With the whole text, which `content_hash` names. Acknowledging it takes `opened` back."""

    sections = SectionSerializer(many=True, read_only=True)
    questions = QuestionSerializer(many=True, read_only=True)
    suspended_at = serializers.SerializerMethodField(
        help_text="Slugs of the clinics at which nobody may work by it now."
    )

    opened = serializers.SerializerMethodField(
        help_text="The proof that you had this text before you. It counts for you alone, for twelve hours."
    )

    def get_opened(self, version: ProtocolVersion) -> str:
        return opening.proof(version, reader=self.context["request"].user, at=timezone.now())

    @extend_schema_field(serializers.ListField(child=serializers.SlugField()))
    def get_suspended_at(self, version: ProtocolVersion) -> list[str]:
        return [one.clinic.slug for one in suspending.open_on(version)]

    class Meta(ProtocolSerializer.Meta):
        fields = [*ProtocolSerializer.Meta.fields, "suspended_at", "content_hash", "opened", "sections", "questions"]


class DueSerializer(serializers.ModelSerializer):
    slug = serializers.SlugField(source="protocol.slug", read_only=True)
    version = serializers.IntegerField(source="number", read_only=True)
    due_on = serializers.DateField(read_only=True)

    class Meta:
        model = ProtocolVersion
        fields = ["slug", "title", "version", "change_summary", "due_on"]


class SectionChangeSerializer(serializers.Serializer):
    """What became of one section. `merged` is HTML with the removed words in `<del>` and the added ones in `<ins>`."""

    key = serializers.UUIDField(allow_null=True, help_text="Nothing for title, attachments and questions.")
    kind = serializers.CharField()
    heading = serializers.CharField()
    change = serializers.ChoiceField(choices=[change.value for change in comparing.Change])
    summary = serializers.CharField(allow_blank=True)
    merged = serializers.CharField(allow_blank=True)


class ComparisonSerializer(serializers.Serializer):
    older = serializers.IntegerField(source="older.number")
    newer = serializers.IntegerField(source="newer.number")
    sections = SectionChangeSerializer(many=True)


class OpenedSerializer(serializers.Serializer):
    version = serializers.IntegerField(min_value=1)
    opened = serializers.CharField(max_length=opening.LONGEST, help_text="As retrieving the version gave it.")
    answers = serializers.DictField(
        child=serializers.IntegerField(min_value=0),
        required=False,
        help_text="{key of a question: place of the option}",
    )

    def validate_answers(self, answers: dict[str, int]) -> dict[UUID, int]:
        try:
            return {UUID(key): chosen for key, chosen in answers.items()}
        except ValueError:
            raise serializers.ValidationError("Name the questions by their keys.") from None


class WithdrawSerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField(min_value=1)
    reason = serializers.CharField(max_length=400, help_text="Shown to every reader. No patient names or details.")


class WithdrawnSerializer(serializers.ModelSerializer[ProtocolVersion]):
    slug = serializers.SlugField(source="protocol.slug", read_only=True)
    version = serializers.IntegerField(source="number", read_only=True)

    class Meta:
        model = ProtocolVersion
        fields = ["slug", "version", "withdrawn_at", "withdrawal_reason"]


class AcknowledgementSerializer(serializers.ModelSerializer):
    slug = serializers.SlugField(source="version.protocol.slug", read_only=True)
    version = serializers.IntegerField(source="version.number", read_only=True)

    class Meta:
        model = Acknowledgement
        fields = ["id", "slug", "version", "at", "text_hash"]


class CertificateSerializer(serializers.Serializer[Certificate]):
    """That somebody acknowledged a version, and with which text."""

    id = serializers.IntegerField(source="acknowledgement.pk")
    person = serializers.CharField(source="person.name")
    slug = serializers.SlugField(source="version.protocol.slug")
    title = serializers.CharField(source="version.title")
    version = serializers.IntegerField(source="version.number")
    at = serializers.DateTimeField()
    text_hash = serializers.CharField(source="acknowledgement.text_hash")
    is_intact = serializers.BooleanField(help_text="Whether the text kept today still has that hash.")
    ends_at = serializers.DateTimeField(
        source="ends", allow_null=True, help_text="When it is to be given again; nothing: it counts for this version."
    )
    approved_by = serializers.CharField(source="version.approved_by.name")
    approved_at = serializers.DateTimeField(source="version.approved_at")
    in_force_from = serializers.DateTimeField(source="version.in_force.lower", allow_null=True)
    in_force_until = serializers.DateTimeField(source="version.in_force.upper", allow_null=True)


class ProtocolViewSet(Unfiltered, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """The protocols in force that the person may read, each as its version in force."""

    program_area = "protocols"
    serializer_class = ProtocolSerializer
    lookup_field = "protocol__slug"
    lookup_url_kwarg = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]+"

    def get_queryset(self) -> QuerySet[ProtocolVersion]:
        if getattr(self, "swagger_fake_view", False):
            return ProtocolVersion.objects.none()
        versions = ProtocolVersion.objects.visible_to(self.request.user).in_force(timezone.now())
        return versions.select_related("protocol", "approved_by").order_by("title", "pk")

    @extend_schema(
        responses=ProtocolDetailSerializer,
        parameters=[
            OpenApiParameter("slug", str, "path"),
            OpenApiParameter("version", int, description="Another version than the one in force, if you may read it."),
        ],
    )
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = "version" in request.query_params
        version = self._released(kwargs["slug"], "version") if asked else self.get_object()
        return Response(ProtocolDetailSerializer(version, context=self.get_serializer_context()).data)

    @extend_schema(
        responses=ComparisonSerializer,
        parameters=[
            OpenApiParameter("slug", str, "path"),
            OpenApiParameter("from", int, required=True, description="The number of the earlier version."),
            OpenApiParameter("to", int, required=True, description="The number of the later version."),
        ],
    )
    @action(detail=True)
    def compare(self, request: Request, slug: str) -> Response:
        """What changed between two published versions that you may read, section by section."""
        older, newer = self._released(slug, "from"), self._released(slug, "to")
        answers = questioning.may_see_answers([older, newer], by=request.user)
        return Response(ComparisonSerializer(comparing.compare(older, newer, answers=answers)).data)

    @extend_schema(
        responses=DemandSerializer(many=True),
        filters=False,
        parameters=[
            OpenApiParameter("slug", str, "path"),
            OpenApiParameter("version", int, required=True, description="The number of a published version."),
        ],
    )
    @action(detail=True, pagination_class=None, filter_backends=[])
    def receipts(self, request: Request, slug: str) -> Response:
        """What became of every demand to acknowledge the version, at the clinics for which you answer."""
        version, clinics = self._released(slug, "version"), reporting.reach(request.user)
        found = receipts.receipts(version, timezone.now(), clinics=clinics)
        return Response(DemandSerializer(found, many=True).data)

    def _released(self, slug: str, name: str) -> ProtocolVersion:
        """The published version whose number the parameter gives."""
        number = whole_number(self.request.query_params.get(name, ""))
        if number is None:
            raise serializers.ValidationError({name: "Give the number of a version."})
        versions = ProtocolVersion.objects.visible_to(self.request.user).released()
        return get_object_or_404(versions.select_related("protocol", "approved_by"), protocol__slug=slug, number=number)

    @extend_schema(
        request=OpenedSerializer,
        responses={200: AcknowledgementSerializer, 422: OpenApiResponse(description="Refused, with the reasons")},
        parameters=[OpenApiParameter("slug", str, "path")],
    )
    @action(detail=True, methods=["post"], program_area=None)  # a signature is a person's, never a program's
    def acknowledge(self, request: Request, slug: str) -> Response:
        """Declare to have read a version and to follow it. A second time changes nothing."""
        opened = OpenedSerializer(data=request.data)
        opened.is_valid(raise_exception=True)
        versions = ProtocolVersion.objects.visible_to(request.user).select_related("protocol")
        version = get_object_or_404(versions, protocol__slug=slug, number=opened.validated_data["version"])
        acknowledgement = acknowledging.acknowledge(
            version,
            by=request.user,
            at=timezone.now(),
            opened=opened.validated_data["opened"],
            answers=opened.validated_data.get("answers"),
        )
        return Response(AcknowledgementSerializer(acknowledgement).data, status=status.HTTP_200_OK)

    @extend_schema(
        request=WithdrawSerializer,
        responses={200: WithdrawnSerializer, 422: OpenApiResponse(description="Refused, with the reasons")},
        parameters=[OpenApiParameter("slug", str, "path")],
    )
    @action(detail=True, methods=["post"], program_area=None)  # as publishing, never by a program
    def withdraw(self, request: Request, slug: str) -> Response:
        """Take a version out of force at once, or see to it that it never comes into force."""
        asked = WithdrawSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        versions = ProtocolVersion.objects.visible_to(request.user).select_related("protocol")
        version = get_object_or_404(versions, protocol__slug=slug, number=said["version"])
        withdrawn = publishing.withdraw(version, by=request.user, at=timezone.now(), reason=said["reason"])
        return Response(WithdrawnSerializer(withdrawn).data)

    @extend_schema(responses=DueSerializer(many=True), filters=False)
    @action(detail=False, pagination_class=None, filter_backends=[])
    def due(self, request: Request) -> Response:
        """What waits for the person's acknowledgement, the first due first."""
        waiting = acknowledging.must_acknowledge(request.user, at=timezone.now())
        return Response(DueSerializer(waiting, many=True).data)


class AcknowledgementViewSet(Unfiltered, viewsets.GenericViewSet):
    """The person's own acknowledgements, the latest first."""

    program_area = "protocols"
    serializer_class = AcknowledgementSerializer

    def get_queryset(self) -> QuerySet[Acknowledgement]:
        if getattr(self, "swagger_fake_view", False):
            return Acknowledgement.objects.none()
        seen = certificates.certified(self.request.user)
        return seen.filter(user=self.request.user.pk) if self.action == "list" else seen

    @extend_schema(responses=CertificateSerializer)
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The certificate of an acknowledgement: one's own, or one that one reports on."""
        return Response(CertificateSerializer(Certificate(self.get_object(), timezone.now())).data)

    @extend_schema(responses={(200, "application/pdf"): OpenApiResponse(OpenApiTypes.BINARY)})
    @action(detail=True)
    def pdf(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        """The certificate as a document. It leaves a trace; confirm first that it is you when it is about others."""
        found = Certificate(self.get_object(), timezone.now())
        if found.person != request.user:
            confirm_first(request)
        content = certificates.export(found, by=request.user, at=timezone.now())
        return served(content, "application/pdf", found.file_name, keep=True)
