"""Writing, reviewing and publishing over the API. A person does it, never a program: every step is a signature."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Clinic
from accounts.roles import Role
from accounts.step_up import confirm_first
from intranet.core.access import Forbidden, require
from intranet.core.forms import in_this_century
from intranet.core.rest import Unfiltered
from protocols import commenting, discarding, drafting, impact, outlines, publishing, questioning
from protocols.api.files import AttachmentSerializer
from protocols.drafting import MOST_SECTIONS, SECTION_LENGTH, DraftText, SectionText
from protocols.models import (
    Attachment,
    Category,
    Comment,
    Protocol,
    ProtocolVersion,
    Question,
    Section,
    SectionKind,
)
from protocols.publishing import Readers
from protocols.questioning import QuestionText

MOST_READERS = 200  # lines: more than all roles at dozens of clinics
CONFLICT = OpenApiResponse(description="Somebody else was faster: read it again")
REFUSED = OpenApiResponse(description="Refused, with the reasons")


class DraftSectionSerializer(serializers.ModelSerializer[Section]):
    """A section. Its `key` stays the same from version to version; a new section may leave it out."""

    key = serializers.UUIDField(required=False)
    kind = serializers.ChoiceField(choices=SectionKind.choices)
    body = serializers.CharField(allow_blank=True, max_length=SECTION_LENGTH, help_text="HTML; cleaned when saved.")

    class Meta:
        model = Section
        fields = ["key", "kind", "heading", "body"]


class DraftQuestionSerializer(serializers.ModelSerializer[Question]):
    """A question with its right answer, for those who have a say in it. A new one may leave out its `key`."""

    key = serializers.UUIDField(required=False)
    section = serializers.UUIDField(help_text="The key of the section in which the answer stands.")
    right = serializers.IntegerField(min_value=0, help_text="The place of the right option, from 0.")

    class Meta:
        model = Question
        fields = ["key", "section", "text", "options", "right"]


class DraftSerializer(serializers.ModelSerializer[ProtocolVersion]):
    """An open version. Saving takes its `token` back, so that nobody overwrites words that they have not seen."""

    slug = serializers.SlugField(source="protocol.slug", read_only=True)
    version = serializers.IntegerField(source="number", read_only=True)
    edited_by = serializers.CharField(source="edited_by.name", read_only=True)
    authors = serializers.SerializerMethodField()
    sections = DraftSectionSerializer(many=True, read_only=True)
    questions = DraftQuestionSerializer(many=True, read_only=True)
    attachments = AttachmentSerializer(many=True, read_only=True)

    class Meta:
        model = ProtocolVersion
        fields = [
            *("slug", "version", "state", "title", "change_summary", "material", "token", "content_hash"),
            *("edited_by", "edited_at", "authors", "sections", "questions", "attachments"),
        ]

    def get_authors(self, version: ProtocolVersion) -> list[str]:
        return [one.user.name for one in version.contributors.all()]


class NewProtocolSerializer(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=160)
    category = serializers.ChoiceField(choices=Category.choices)
    outline = serializers.ChoiceField(
        choices=[(one.code, one.name) for one in outlines.OUTLINES], default=outlines.TREATMENT.code
    )
    same_title = serializers.BooleanField(default=False, help_text="Although there is a protocol with this title.")


class NamedSerializer(serializers.Serializer[Any]):
    """Whoever acts on a draft names it: once it is published, its address leads to the next one."""

    version = serializers.IntegerField(min_value=1, help_text="The number of the version that was read.")


class SaveSerializer(NamedSerializer):
    """The whole text of the draft, as it shall be."""

    token = serializers.IntegerField(min_value=0)
    title = serializers.CharField(max_length=160)
    change_summary = serializers.CharField(max_length=400, allow_blank=True, default="")
    material = serializers.BooleanField(default=True)
    sections = DraftSectionSerializer(many=True)

    def validate_sections(self, sections: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len(sections) > MOST_SECTIONS:
            raise serializers.ValidationError(f"A version has at most {MOST_SECTIONS} sections.")
        return sections

    def text(self) -> DraftText:
        said = self.validated_data
        sections = [SectionText(**part) for part in said["sections"]]
        return DraftText(said["title"], sections, said["change_summary"], said["material"])


class AskSerializer(NamedSerializer):
    """All questions of the draft, as they shall be."""

    token = serializers.IntegerField(min_value=0, help_text="Of the draft that was read.")
    questions = DraftQuestionSerializer(many=True)

    def texts(self) -> list[QuestionText]:
        return [QuestionText(**one) for one in self.validated_data["questions"]]


class TokenSerializer(NamedSerializer):
    token = serializers.IntegerField(min_value=0, help_text="Of the draft that was read.")


class ApproveSerializer(TokenSerializer):
    despite_comments = serializers.BooleanField(default=False, help_text="Approve it although comments are open.")


class RemarkSerializer(NamedSerializer):
    remark = serializers.CharField(max_length=2000)


class ReadersSerializer(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=Role.choices)
    clinic = serializers.SlugRelatedField(
        slug_field="slug", queryset=Clinic.objects.all(), allow_null=True, default=None, help_text="None: every clinic."
    )
    must_acknowledge = serializers.BooleanField(default=False)


class TermsSerializer(serializers.Serializer[Any]):
    """When it comes into force, for whom, and whether it asks again."""

    effective = serializers.DateField(
        allow_null=True, default=None, validators=[in_this_century], help_text="None: at once."
    )
    due_days = serializers.IntegerField(min_value=1, max_value=90, allow_null=True, default=None)
    material = serializers.BooleanField(allow_null=True, default=None)
    readers = ReadersSerializer(many=True, allow_empty=False)

    def validate_readers(self, readers: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len(readers) > MOST_READERS:
            raise serializers.ValidationError(f"Name at most {MOST_READERS} lines of readers.")
        return readers

    def terms(self) -> dict[str, Any]:
        said = dict(self.validated_data)
        said["readers"] = [
            Readers(Role(one["role"]), one["clinic"], one["must_acknowledge"]) for one in said["readers"]
        ]
        return said


class PublishSerializer(NamedSerializer, TermsSerializer):
    seen = serializers.CharField(max_length=64, help_text="The fingerprint of the preview that was looked at.")

    def terms(self) -> dict[str, Any]:
        terms = super().terms()
        del terms["seen"], terms["version"]
        return terms


class LossSerializer(serializers.Serializer[Any]):
    """A published shift whose holder would not be cleared any more."""

    person = serializers.CharField(source="person.name")
    skill = serializers.CharField()
    clinic = serializers.CharField(source="clinic.slug")
    day = serializers.DateField()
    hours = serializers.CharField()


class SignerOfDraftSerializer(serializers.Serializer[Any]):
    person = serializers.CharField(source="person.name")
    due_on = serializers.DateField()
    signed = serializers.BooleanField(help_text="An earlier acknowledgement counts.")


class ImpactSerializer(serializers.Serializer[Any]):
    """What publishing would do. Nothing has been published."""

    start = serializers.DateField()
    signers = SignerOfDraftSerializer(many=True)
    losses = LossSerializer(many=True)
    safe_from = serializers.DateField(allow_null=True, help_text="The first day on which nothing would be uncovered.")
    fingerprint = serializers.CharField()


class CommentSerializer(serializers.ModelSerializer[Comment]):
    by = serializers.CharField(source="by.name", read_only=True)
    section = serializers.UUIDField(allow_null=True, default=None, help_text="The key of the section.")

    class Meta:
        model = Comment
        fields = ["id", "section", "text", "by", "at", "resolved_at"]
        read_only_fields = ["at", "resolved_at"]


class NewCommentSerializer(NamedSerializer):
    section = serializers.UUIDField(allow_null=True, default=None, help_text="The key of the section.")
    text = serializers.CharField(max_length=1000)


class DraftViewSet(Unfiltered, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ProtocolVersion]):
    """Open versions that you may read: drafts, those in review, and approved ones that are not published."""

    serializer_class = DraftSerializer
    lookup_field = "protocol__slug"
    lookup_url_kwarg = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]+"

    def get_queryset(self) -> QuerySet[ProtocolVersion]:
        if getattr(self, "swagger_fake_view", False):
            return ProtocolVersion.objects.none()
        versions = ProtocolVersion.objects.visible_to(self.request.user).open()
        attached = Prefetch("attachments", Attachment.objects.defer("words"))
        parts = ("sections", "questions", attached, "contributors__user")
        return versions.select_related("protocol", "edited_by").prefetch_related(*parts).order_by("title", "pk")

    @extend_schema(request=NewProtocolSerializer, responses={201: DraftSerializer, 422: REFUSED})
    def create(self, request: Request) -> Response:
        """Start a protocol with the empty sections of its kind."""
        require(drafting.may_write(request.user), Forbidden)
        said = self._said(NewProtocolSerializer)
        version = drafting.new_protocol(
            title=said["title"],
            category=said["category"],
            same_title=said["same_title"],
            sections=outlines.outline(said["outline"]).texts(),
            by=request.user,
            at=timezone.now(),
        )
        return Response(DraftSerializer(version).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=SaveSerializer, responses={200: DraftSerializer, 409: CONFLICT, 422: REFUSED})
    def update(self, request: Request, slug: str) -> Response:
        """Save the draft. What is in review or approved becomes a draft again; saving the same again changes nothing."""
        version = self._named()
        asked = SaveSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        token = asked.validated_data["token"]
        drafting.edit_draft(version, asked.text(), by=request.user, at=timezone.now(), token=token)
        return self._now()

    @extend_schema(request=AskSerializer, responses={200: DraftSerializer, 403: REFUSED, 409: CONFLICT, 422: REFUSED})
    @action(detail=True, methods=["put"])
    def questions(self, request: Request, slug: str) -> Response:
        """Say what is asked before it is acknowledged. What is in review or approved becomes a draft again."""
        asked = AskSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        version = self._named()
        require(drafting.may_edit(version, by=request.user), Forbidden)
        token = asked.validated_data["token"]
        questioning.ask(version, asked.texts(), by=request.user, at=timezone.now(), token=token)
        return self._now()

    @extend_schema(request=None, responses={201: DraftSerializer, 403: REFUSED})
    @action(detail=True, methods=["post"])
    def start(self, request: Request, slug: str) -> Response:
        """Open the next version of a published protocol, as a copy of the one in force."""
        protocol = get_object_or_404(Protocol.objects.visible_to(request.user), slug=slug)
        version = drafting.start_draft(protocol, by=request.user, at=timezone.now())
        return Response(DraftSerializer(version).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=NamedSerializer, responses={200: DraftSerializer, 409: CONFLICT, 422: REFUSED})
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, slug: str) -> Response:
        """Hand it to review."""
        publishing.submit(self._named(), by=request.user, at=timezone.now())
        return self._now()

    @extend_schema(request=RemarkSerializer, responses={200: DraftSerializer, 403: REFUSED, 409: CONFLICT})
    @action(detail=True, methods=["post"], url_path="send-back")
    def send_back(self, request: Request, slug: str) -> Response:
        """Return it to its authors, saying what has to change."""
        version, said = self._to_review(), self._said(RemarkSerializer)
        sent = publishing.send_back(version, by=request.user, at=timezone.now(), remark=said["remark"])
        return Response(DraftSerializer(sent).data)  # whoever only reviews it does not read it any more

    @extend_schema(
        request=ApproveSerializer, responses={200: DraftSerializer, 403: REFUSED, 409: CONFLICT, 422: REFUSED}
    )
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, slug: str) -> Response:
        """Approve exactly the text that was read. Confirm first that it is you."""
        version, said = self._to_review(), self._said(ApproveSerializer)
        confirm_first(request)
        despite = said["despite_comments"]
        publishing.approve(version, by=request.user, at=timezone.now(), token=said["token"], despite_comments=despite)
        return self._now()

    @extend_schema(request=TokenSerializer, responses={204: None, 403: REFUSED, 409: CONFLICT})
    @action(detail=True, methods=["post"])
    def discard(self, request: Request, slug: str) -> Response:
        """Give it up. Its text, pictures, attachments and comments are deleted; the audit log says who wrote on it."""
        version, said = self._named(), self._said(TokenSerializer)
        discarding.discard(version, by=request.user, token=said["token"])
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=TermsSerializer, responses={200: ImpactSerializer, 403: REFUSED, 422: REFUSED})
    @action(detail=True, methods=["post"])
    def impact(self, request: Request, slug: str) -> Response:
        """What publishing it would do: who must sign, which published shifts would lose somebody, from when none would."""
        version = self.get_object()
        require(publishing.may_publish(request.user), Forbidden)
        asked = TermsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        found = impact.preview(version, by=request.user, at=timezone.now(), **asked.terms())
        return Response(ImpactSerializer(found).data)

    @extend_schema(
        request=PublishSerializer, responses={200: DraftSerializer, 403: REFUSED, 409: CONFLICT, 422: REFUSED}
    )
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, slug: str) -> Response:
        """Put an approved version in force, when it does what the preview said that was looked at."""
        version = self._named()
        require(publishing.may_publish(request.user), Forbidden)
        drafting.require_open(version)
        asked = PublishSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        seen = asked.validated_data["seen"]
        published = impact.publish_as_seen(version, seen=seen, by=request.user, at=timezone.now(), **asked.terms())
        return Response(DraftSerializer(published).data)

    @extend_schema(responses=CommentSerializer(many=True), filters=False)
    @action(detail=True, pagination_class=None, filter_backends=[])
    def comments(self, request: Request, slug: str) -> Response:
        """What is said about it and not dealt with yet."""
        found = self.get_object().comments.open().select_related("by")
        return Response(CommentSerializer(found, many=True).data)

    @extend_schema(request=NewCommentSerializer, responses={201: CommentSerializer, 409: CONFLICT, 422: REFUSED})
    @comments.mapping.post
    def comment(self, request: Request, slug: str) -> Response:
        """Say something about it, or about one of its sections."""
        version, said = self._named(), self._said(NewCommentSerializer)
        text, section = said["text"], said["section"]
        made = commenting.comment(version, text=text, section=section, by=request.user, at=timezone.now())
        return Response(CommentSerializer(made).data, status=status.HTTP_201_CREATED)

    def _named(self) -> ProtocolVersion:
        """The version that the request is about. It may be published by now; the action says so."""
        number = self._said(NamedSerializer)["version"]
        return get_object_or_404(drafting.named(self.kwargs["slug"], number, by=self.request.user))

    def _to_review(self) -> ProtocolVersion:
        number = self._said(NamedSerializer)["version"]
        return get_object_or_404(publishing.named_for_review(self.kwargs["slug"], number, by=self.request.user))

    def _said(self, serializer: type[Any]) -> dict[str, Any]:
        asked = serializer(data=self.request.data)
        asked.is_valid(raise_exception=True)
        said: dict[str, Any] = asked.validated_data
        return said

    def _now(self) -> Response:
        return Response(DraftSerializer(self.get_object()).data)


class CommentViewSet(viewsets.GenericViewSet[Comment]):
    """Comments on drafts that you may read."""

    serializer_class = CommentSerializer

    def get_queryset(self) -> QuerySet[Comment]:
        if getattr(self, "swagger_fake_view", False):
            return Comment.objects.none()
        return Comment.objects.visible_to(self.request.user).select_related("by", "version")

    @extend_schema(request=None, responses={200: CommentSerializer, 403: REFUSED})
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: str) -> Response:
        """Say that it is dealt with."""
        commenting.resolve(self.get_object(), by=request.user, at=timezone.now())
        return Response(CommentSerializer(self.get_object()).data)
