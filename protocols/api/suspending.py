"""The emergency brake over the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Clinic
from protocols import suspending
from protocols.models import ProtocolVersion, Suspension


class SuspensionSerializer(serializers.ModelSerializer[Suspension]):
    slug = serializers.SlugField(source="version.protocol.slug", read_only=True)
    version = serializers.IntegerField(source="version.number", read_only=True)
    clinic = serializers.SlugField(source="clinic.slug", read_only=True)
    by = serializers.CharField(source="by.name", read_only=True)

    class Meta:
        model = Suspension
        fields = ["id", "slug", "version", "clinic", "reason", "by", "at", "lifted_at", "lifted_because"]


class SuspendSerializer(serializers.Serializer[Any]):
    slug = serializers.SlugField(help_text="Of the protocol.")
    version = serializers.IntegerField(min_value=1)
    clinics = serializers.SlugRelatedField(slug_field="slug", queryset=Clinic.objects.all(), many=True)
    reason = serializers.CharField(max_length=400, help_text="Shown to every reader. No patient names or details.")


class LiftSerializer(serializers.Serializer[Any]):
    because = serializers.CharField(max_length=400)


class SuspensionViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Suspension]):
    """Where versions are or were suspended in an emergency, of the versions that you may read; the latest first."""

    program_area = "protocols"
    serializer_class = SuspensionSerializer

    def get_queryset(self) -> QuerySet[Suspension]:
        if getattr(self, "swagger_fake_view", False):
            return Suspension.objects.none()
        seen = Suspension.objects.visible_to(self.request.user)
        return seen.select_related("version__protocol", "clinic", "by").order_by("-at", "-pk")

    @extend_schema(request=SuspendSerializer, responses={201: SuspensionSerializer(many=True)})
    def create(self, request: Request) -> Response:
        """Stop a version at clinics for which you answer, at once."""
        asked = SuspendSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        versions = ProtocolVersion.objects.visible_to(request.user).released()
        version = get_object_or_404(versions, protocol__slug=said["slug"], number=said["version"])
        made = suspending.suspend(
            version, clinics=said["clinics"], reason=said["reason"], by=request.user, at=timezone.now()
        )
        return Response(SuspensionSerializer(made, many=True).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=LiftSerializer, responses=SuspensionSerializer)
    @action(detail=True, methods=["post"])
    def lift(self, request: Request, pk: str) -> Response:
        """Let people work by it again. The clinical lead decides that."""
        suspension = self.get_object()
        asked = LiftSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        suspending.lift(suspension, because=asked.validated_data["because"], by=request.user, at=timezone.now())
        return Response(SuspensionSerializer(self.get_object()).data)
