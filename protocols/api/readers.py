"""What readers do besides reading, over the API: bookmarks, and problems that they report."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from intranet.core.access import Forbidden, require
from protocols import readers
from protocols.models import Bookmark, Problem, Protocol, ProtocolVersion


class BookmarkSerializer(serializers.ModelSerializer[Bookmark]):
    slug = serializers.SlugField(source="protocol.slug", read_only=True)

    class Meta:
        model = Bookmark
        fields = ("slug", "at")
        read_only_fields = ("at",)


class BookmarkViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Bookmark]):
    """The protocols that you keep at hand, the latest first."""

    program_area = "protocols"
    serializer_class = BookmarkSerializer
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]+"

    def get_queryset(self) -> QuerySet[Bookmark]:
        if getattr(self, "swagger_fake_view", False):
            return Bookmark.objects.none()
        readable = Protocol.objects.visible_to(self.request.user).values("pk")
        own = Bookmark.objects.filter(user=self.request.user.pk, protocol__in=readable)
        return own.select_related("protocol").order_by("-at", "-pk")

    @extend_schema(request=None, responses=BookmarkSerializer, parameters=[OpenApiParameter("slug", str, "path")])
    def update(self, request: Request, slug: str) -> Response:
        """Keep a protocol at hand. A second time changes nothing."""
        protocol = self._protocol(slug)
        readers.bookmark(protocol, by=request.user, at=timezone.now())
        return Response(BookmarkSerializer(self.get_queryset().get(protocol=protocol)).data)

    @extend_schema(responses={204: None}, parameters=[OpenApiParameter("slug", str, "path")])
    def destroy(self, request: Request, slug: str) -> Response:
        """Keep it at hand no longer."""
        readers.remove_bookmark(self._protocol(slug), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _protocol(self, slug: str) -> Protocol:
        return get_object_or_404(Protocol.objects.visible_to(self.request.user), slug=slug)


class ProblemSerializer(serializers.ModelSerializer[Problem]):
    slug = serializers.SlugField(source="version.protocol.slug", read_only=True)
    version = serializers.IntegerField(source="version.number", read_only=True)
    by = serializers.CharField(source="by.name", read_only=True)
    closed_by = serializers.CharField(source="closed_by.name", default=None, read_only=True)

    class Meta:
        model = Problem
        fields = ("id", "slug", "version", "section", "text", "by", "at", "answer", "closed_by", "closed_at")


class NewProblemSerializer(serializers.Serializer[Any]):
    slug = serializers.SlugField(help_text="Of the protocol.")
    version = serializers.IntegerField(min_value=1)
    section = serializers.CharField(
        max_length=120, allow_blank=True, default="", help_text="The heading of the section; none: the whole protocol."
    )
    text = serializers.CharField(max_length=1000, help_text="What is wrong. No patient names or details.")


class AnswerSerializer(serializers.Serializer[Any]):
    answer = serializers.CharField(max_length=1000, help_text="What came of it. Whoever reported it reads this.")


class ProblemViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Problem]):
    """What you have reported, and what was reported on protocols for which you answer; the latest first."""

    program_area = "protocols"
    serializer_class = ProblemSerializer

    def get_queryset(self) -> QuerySet[Problem]:
        if getattr(self, "swagger_fake_view", False):
            return Problem.objects.none()
        seen = Problem.objects.visible_to(self.request.user)
        return seen.select_related("version__protocol", "by", "closed_by").order_by("-at", "-pk")

    @extend_schema(request=NewProblemSerializer, responses={201: ProblemSerializer})
    def create(self, request: Request) -> Response:
        """Tell the owner what is wrong on a version. The same words twice in a day are one report."""
        asked = NewProblemSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        versions = ProtocolVersion.objects.visible_to(request.user).select_related("protocol")
        version = get_object_or_404(versions, protocol__slug=said["slug"], number=said["version"])
        words = {"text": said["text"], "section": said["section"]}
        made = readers.report_problem(version, **words, by=request.user, at=timezone.now())
        return Response(ProblemSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        request=AnswerSerializer,
        responses={200: ProblemSerializer, 409: OpenApiResponse(description="Somebody has answered meanwhile")},
    )
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: str) -> Response:
        """Say what came of it. The owner of the protocol or the clinical lead does."""
        problem = self.get_object()
        require(readers.may_close(problem, by=request.user), Forbidden)
        asked = AnswerSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data["answer"]
        return Response(
            ProblemSerializer(readers.close_problem(problem, answer=said, by=request.user, at=timezone.now())).data
        )
