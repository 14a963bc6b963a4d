"""Pictures and attachments over the API. The same rules as the pages."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import mixins, parsers, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from intranet.core import papers
from intranet.core.access import Forbidden, require
from intranet.core.files import served
from intranet.core.forms import whole_number
from intranet.core.richtext import LONGEST_DESCRIPTION
from protocols import attachments, drafting, pictures
from protocols.models import Attachment, Picture, ProtocolVersion

PROTOCOL = OpenApiParameter("protocol", str, description="Of one protocol, by its slug")
VERSION = OpenApiParameter("version", int, description="Of one version, by its number")


class PictureSerializer(serializers.ModelSerializer[Picture]):
    address = serializers.CharField(read_only=True, help_text="What a section names in `src`")

    class Meta:
        model = Picture
        fields = ("id", "address", "description", "kind", "size", "width", "height")


class NewPictureSerializer(serializers.Serializer[Any]):
    protocol = serializers.SlugField(help_text="Whose draft gets it")
    version = serializers.IntegerField(min_value=1, help_text="The number of that draft")
    picture = serializers.FileField(help_text="PNG or JPEG, at most 10 MB")
    description = serializers.CharField(max_length=LONGEST_DESCRIPTION, help_text="What it shows")


class AttachmentSerializer(serializers.ModelSerializer[Attachment]):
    protocol = serializers.SlugField(source="version.protocol.slug", read_only=True)
    version = serializers.IntegerField(source="version.number", read_only=True)

    class Meta:
        model = Attachment
        fields = ("id", "key", "protocol", "version", "name", "kind", "size", "pages", "sha256")


class AttachmentNameSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=papers.LONGEST_NAME)


class NewAttachmentSerializer(serializers.Serializer[Any]):
    protocol = serializers.SlugField(help_text="Whose draft gets it")
    version = serializers.IntegerField(min_value=1, help_text="The number of that draft")
    file = serializers.FileField(help_text=f"{papers.KINDS}, at most 20 MB")
    name = serializers.CharField(
        max_length=papers.LONGEST_NAME, required=False, allow_blank=True, help_text="Without one, that of the file"
    )


def draft_of(person: User, slug: str, number: int) -> ProtocolVersion:
    """The draft that is named, for somebody who may write on it. Asked before anything is read from a file."""
    version = get_object_or_404(drafting.named(slug, number, by=person))
    drafting.require_open(version)
    require(drafting.may_edit(version, by=person), Forbidden)
    return version


@extend_schema_view(list=extend_schema(parameters=[PROTOCOL, VERSION]))
class PictureViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Picture]):
    """The pictures of versions that the person may read, and those that wait in a draft."""

    program_area = "protocols"
    serializer_class = PictureSerializer
    queryset = Picture.objects.none()
    parser_classes = (parsers.MultiPartParser,)

    def get_queryset(self) -> QuerySet[Picture]:
        if getattr(self, "swagger_fake_view", False):
            return Picture.objects.none()
        readable = Picture.objects.visible_to(self.request.user)
        return of_version(readable, self.request).order_by("version", "added_at", "pk")

    @extend_schema(request=NewPictureSerializer, responses={201: PictureSerializer})
    def create(self, request: Request) -> Response:
        """Add a picture to a draft. It is drawn anew; a section shows it by its address."""
        asked = NewPictureSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        version = draft_of(request.user, said["protocol"], said["version"])
        drawn = pictures.read_picture(said["picture"].read(pictures.MOST_BYTES + 1), said["picture"].name or "")
        added = pictures.add(version, drawn, description=said["description"], by=request.user, at=timezone.now())
        return Response(PictureSerializer(added).data, status=status.HTTP_201_CREATED)


@extend_schema_view(list=extend_schema(parameters=[PROTOCOL, VERSION]))
class AttachmentViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Attachment]):
    """The attachments of the versions that the person may read. They change in drafts alone."""

    program_area = "protocols"
    serializer_class = AttachmentSerializer
    queryset = Attachment.objects.none()
    parser_classes = (parsers.JSONParser, parsers.MultiPartParser)

    def get_queryset(self) -> QuerySet[Attachment]:
        if getattr(self, "swagger_fake_view", False):
            return Attachment.objects.none()
        readable = Attachment.objects.visible_to(self.request.user).select_related("version__protocol").defer("words")
        found = of_version(readable, self.request) if self.action == "list" else readable
        return found.order_by("version", "name", "pk")

    @extend_schema(request=NewAttachmentSerializer, responses={201: AttachmentSerializer})
    def create(self, request: Request) -> Response:
        """Attach a file to a draft; a version in review or approved becomes one again."""
        asked = NewAttachmentSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        version, file = draft_of(request.user, said["protocol"], said["version"]), said["file"]
        paper = papers.read_paper(file.read(papers.MOST_BYTES + 1), file.name or "")
        name = said.get("name") or papers.name_from(file.name or "")
        added = attachments.add(version, paper, name=name, by=request.user, at=timezone.now())
        return Response(AttachmentSerializer(added).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=AttachmentNameSerializer, responses=AttachmentSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Call an attachment of a draft something else."""
        attachment = self._of_draft()
        asked = AttachmentNameSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        renamed = attachments.rename(attachment, name=asked.validated_data["name"], by=request.user, at=timezone.now())
        return Response(AttachmentSerializer(renamed).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take an attachment out of a draft."""
        attachments.remove(self._of_draft(), by=request.user, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY)})
    @action(detail=True)
    def content(self, request: Request, pk: str) -> HttpResponse:
        """The file itself."""
        found = self.get_object()
        return served(attachments.content_of(found), found.kind, found.file_name, keep=True)

    def _of_draft(self) -> Attachment:
        attachment = self.get_object()
        require(drafting.may_edit(attachment.version, by=self.request.user), Forbidden)
        return attachment


def of_version(rows: QuerySet[Any], request: Request) -> QuerySet[Any]:
    """The rows narrowed by the parameters of the address."""
    asked = request.query_params
    if "protocol" in asked:
        rows = rows.filter(version__protocol__slug=asked["protocol"].replace("\x00", ""))
    if "version" in asked:
        rows = rows.filter(version__number=whole_number(asked["version"]) or 0)
    return rows
