"""Readers that were added to published versions, over the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Clinic
from accounts.roles import Role
from protocols import addressing
from protocols.models import Audience, ProtocolVersion
from protocols.publishing import Readers


class AddedReadersSerializer(serializers.ModelSerializer[Audience]):
    slug = serializers.SlugField(source="version.protocol.slug", read_only=True)
    version = serializers.IntegerField(source="version.number", read_only=True)
    clinic = serializers.SlugField(source="clinic.slug", read_only=True)
    added_by = serializers.CharField(source="added_by.name", read_only=True)

    class Meta:
        model = Audience
        fields = ["id", "slug", "version", "role", "clinic", "must_acknowledge", "added_by", "added_at"]


class AddReadersSerializer(serializers.Serializer[Any]):
    slug = serializers.SlugField(help_text="Of the protocol.")
    version = serializers.IntegerField(min_value=1)
    role = serializers.ChoiceField(choices=Role.choices, help_text="One that is held at a clinic.")
    clinics = serializers.SlugRelatedField(
        slug_field="slug", queryset=Clinic.objects.all(), many=True, allow_empty=False
    )
    must_acknowledge = serializers.BooleanField(
        default=False, help_text="They then have as many days as others had, from now on."
    )


class AddedReadersViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Audience]):
    """Readers that were added to published versions that you may read; the latest first. Nobody is taken away."""

    program_area = "protocols"
    serializer_class = AddedReadersSerializer

    def get_queryset(self) -> QuerySet[Audience]:
        if getattr(self, "swagger_fake_view", False):
            return Audience.objects.none()
        readable = ProtocolVersion.objects.visible_to(self.request.user)
        added = Audience.objects.filter(version__in=readable, added_at__isnull=False)
        return added.select_related("version__protocol", "clinic", "added_by").order_by("-added_at", "-pk")

    @extend_schema(request=AddReadersSerializer, responses={201: AddedReadersSerializer(many=True)})
    def create(self, request: Request) -> Response:
        """Have people with a role at your clinics read the version as well, and perhaps acknowledge it."""
        asked = AddReadersSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        versions = ProtocolVersion.objects.visible_to(request.user).released().select_related("protocol")
        version = get_object_or_404(versions, protocol__slug=said["slug"], number=said["version"])
        lines = [Readers(Role(said["role"]), clinic, said["must_acknowledge"]) for clinic in said["clinics"]]
        made = addressing.add_readers(version, readers=lines, by=request.user, at=timezone.now())
        return Response(AddedReadersSerializer(made, many=True).data, status=status.HTTP_201_CREATED)
