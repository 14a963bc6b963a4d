"""What the clinical lead keeps up over the API: the settings of protocols, and the review cycle. By hand, as on the pages."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Skill, User
from accounts.step_up import confirm_first
from intranet.core.access import Forbidden, require
from protocols import publishing, reviewing
from protocols.acknowledging import months_between
from protocols.models import FEWEST_MONTHS, MOST_MONTHS, Protocol, ProtocolVersion, Review

CONFLICT = OpenApiResponse(description="Somebody else was faster")
REFUSED = OpenApiResponse(description="Refused, with the reasons")


class OwnerField(serializers.PrimaryKeyRelatedField[User]):
    """Somebody who may answer for the protocol, by id."""

    def get_queryset(self) -> QuerySet[User]:
        protocol = self.parent.instance
        return publishing.possible_owners(getattr(protocol, f"{self.field_name}_id", None))


class ProtocolSettingsSerializer(serializers.ModelSerializer[Protocol]):
    """Where a protocol belongs, who answers for it, and what it governs: all of it, as it shall be."""

    owner = OwnerField(queryset=User.objects.none())
    deputy = OwnerField(queryset=User.objects.none(), allow_null=True, help_text="Is reminded of reviews as well.")
    skills = serializers.SlugRelatedField[Skill](
        slug_field="code",
        queryset=Skill.objects.all(),
        many=True,
        help_text="What nobody may do without having acknowledged it.",
    )
    reattest_months = serializers.IntegerField(
        min_value=FEWEST_MONTHS,
        max_value=MOST_MONTHS,
        allow_null=True,
        help_text="Months after which everybody acknowledges it again; none: once per version.",
    )

    class Meta:
        model = Protocol
        fields = ("slug", "category", "owner", "deputy", "high_risk", "skills", "review_months", "reattest_months")
        read_only_fields = ("slug",)
        extra_kwargs: ClassVar[dict[str, Any]] = {name: {"required": True} for name in ("high_risk", "review_months")}


@extend_schema(parameters=[OpenApiParameter("slug", str, "path")])
class ProtocolSettingsViewSet(viewsets.GenericViewSet[Protocol]):
    """The settings of protocols that you may read, for those who publish them."""

    serializer_class = ProtocolSettingsSerializer
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]+"

    def get_queryset(self) -> QuerySet[Protocol]:
        return Protocol.objects.visible_to(self.request.user)

    def retrieve(self, request: Request, slug: str) -> Response:
        """The settings as they are."""
        return Response(ProtocolSettingsSerializer(self._settings()).data)

    @extend_schema(responses={200: ProtocolSettingsSerializer, 403: REFUSED})
    def update(self, request: Request, slug: str) -> Response:
        """Change them."""
        protocol, at = self._settings(), timezone.now()
        asked = ProtocolSettingsSerializer(protocol, data=request.data)
        asked.is_valid(raise_exception=True)
        publishing.change_settings(protocol, by=request.user, at=at, **asked.validated_data)
        return Response(ProtocolSettingsSerializer(self._settings()).data)

    def _settings(self) -> Protocol:
        """The protocol with its interval."""
        protocol = self.get_object()
        require(publishing.may_publish(self.request.user), Forbidden)
        protocol.reattest_months = months_between(protocol, timezone.now())
        return protocol


class ReviewSerializer(serializers.ModelSerializer[Review]):
    slug = serializers.SlugField(source="version.protocol.slug", read_only=True)
    version = serializers.IntegerField(source="version.number", read_only=True)
    by = serializers.CharField(source="by.name", read_only=True)
    confirmed_by = serializers.CharField(source="confirmed_by.name", default=None, read_only=True)

    class Meta:
        model = Review
        fields = ("id", "slug", "version", "note", "by", "at", "confirmed_by", "confirmed_at")


class NewReviewSerializer(serializers.Serializer[Any]):
    slug = serializers.SlugField(help_text="Of the protocol.")
    version = serializers.IntegerField(min_value=1)
    note = serializers.CharField(max_length=400, allow_blank=True, default="", help_text="What you looked at.")


class ReviewViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Review]):
    """“Reviewed, no change”, for those who say so or agree, of the versions that you may read; the latest first."""

    serializer_class = ReviewSerializer

    def get_queryset(self) -> QuerySet[Review]:
        if getattr(self, "swagger_fake_view", False):
            return Review.objects.none()
        seen = Review.objects.visible_to(self.request.user)
        return seen.select_related("version__protocol", "by", "confirmed_by").order_by("-at", "-pk")

    @extend_schema(request=NewReviewSerializer, responses={201: ReviewSerializer, 409: CONFLICT, 422: REFUSED})
    def create(self, request: Request) -> Response:
        """Say that nothing has to change. It counts once a second person agrees."""
        asked = NewReviewSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        versions = ProtocolVersion.objects.visible_to(request.user).select_related("protocol")
        version = get_object_or_404(versions, protocol__slug=said["slug"], number=said["version"])
        made = reviewing.review(version, note=said["note"], by=request.user, at=timezone.now())
        return Response(ReviewSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses={200: ReviewSerializer, 403: REFUSED, 409: CONFLICT, 422: REFUSED})
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: str) -> Response:
        """Agree with the one who reviewed it. Confirm first that it is you."""
        found = self.get_object()
        confirm_first(request)
        return Response(ReviewSerializer(reviewing.confirm(found, by=request.user, at=timezone.now())).data)
