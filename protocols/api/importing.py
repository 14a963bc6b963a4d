"""Starting a protocol from a file over the API: it is read and looked at first, and nothing is created before that."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import mixins, parsers, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from intranet.core.access import Forbidden, Refused, require
from intranet.core.richtext import LONGEST_DESCRIPTION
from protocols import drafting, importing, previewing
from protocols.api.authoring import DraftSerializer
from protocols.models import Category, Preview, SectionKind
from protocols.previewing import Taken
from protocols.unreadable import Unreadable

REFUSED = OpenApiResponse(description="Refused, with the reasons")


class PreviewSectionSerializer(serializers.Serializer[Any]):
    """A section as it was read, and its place in the file, from 0."""

    place = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=SectionKind.choices)
    heading = serializers.CharField()
    body = serializers.CharField()


class PreviewPictureSerializer(serializers.Serializer[Any]):
    """A picture that stands in the sections, by its hash. Each that is taken over needs a description."""

    sha256 = serializers.CharField()
    description = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()


class PreviewSerializer(serializers.ModelSerializer[Preview]):
    """What a file would become. It waits for a day."""

    sections = serializers.SerializerMethodField()
    pictures = PreviewPictureSerializer(many=True)
    notes = serializers.ListField(child=serializers.CharField(), help_text="What was left out or guessed.")

    class Meta:
        model = Preview
        fields = ("id", "file_name", "at", "title", "sections", "pictures", "notes")

    @extend_schema_field(PreviewSectionSerializer(many=True))
    def get_sections(self, preview: Preview) -> list[dict[str, Any]]:
        return [
            {"place": place, "kind": kind, "heading": heading, "body": body}
            for place, (kind, heading, body) in enumerate(preview.sections)
        ]


class NewPreviewSerializer(serializers.Serializer[Any]):
    file = serializers.FileField(help_text=f"{importing.KINDS}; Word at most 15 MB. No patient names or details.")


class TakenSerializer(serializers.Serializer[Any]):
    place = serializers.IntegerField(min_value=0)
    kind = serializers.ChoiceField(choices=SectionKind.choices)
    heading = serializers.CharField(max_length=120)


class TakeOverSerializer(serializers.Serializer[Any]):
    """What of it becomes the draft: these sections, in this order."""

    title = serializers.CharField(max_length=160)
    category = serializers.ChoiceField(choices=Category.choices)
    sections = TakenSerializer(many=True)
    descriptions = serializers.DictField(
        child=serializers.CharField(max_length=LONGEST_DESCRIPTION),
        default=dict,
        help_text="{hash of a picture: what it shows}",
    )

    def wishes(self) -> dict[str, Any]:
        said = dict(self.validated_data)
        return said | {"sections": [Taken(**one) for one in said["sections"]]}


class ImportViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Preview]):
    """Your own files that were read within a day and are no drafts yet. A person does it, never a program."""

    serializer_class = PreviewSerializer
    parser_classes = (parsers.JSONParser, parsers.MultiPartParser)

    def get_queryset(self) -> QuerySet[Preview]:
        if getattr(self, "swagger_fake_view", False):
            return Preview.objects.none()
        require(drafting.may_write(self.request.user), Forbidden)
        return Preview.objects.visible_to(self.request.user).fresh(timezone.now())

    @extend_schema(request=NewPreviewSerializer, responses={201: PreviewSerializer, 422: REFUSED})
    def create(self, request: Request) -> Response:
        """Read a file. Nothing is created yet."""
        require(drafting.may_write(request.user), Forbidden)
        asked = NewPreviewSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        file = asked.validated_data["file"]
        try:
            imported = importing.read_content(file.read(importing.LARGEST_WORD + 1), file.name or "")
        except Unreadable as error:
            raise Refused.because("unreadable", str(error), "file") from None
        made = previewing.prepare(imported, file_name=file.name or "", by=request.user, at=timezone.now())
        return Response(PreviewSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=TakeOverSerializer, responses={201: DraftSerializer, 409: REFUSED, 422: REFUSED})
    @action(detail=True, methods=["post"], url_path="take-over")
    def take_over(self, request: Request, pk: str) -> Response:
        """Make it a draft, with what you have looked at."""
        preview = self.get_object()
        asked = TakeOverSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        version = previewing.take_over(preview, **asked.wishes(), by=request.user, at=timezone.now())
        return Response(DraftSerializer(version).data, status=status.HTTP_201_CREATED)
