"""Credentials in the API: filing, checking and their documents, by the rules of the pages."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import mixins, parsers, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import filing
from accounts.credentials import State, state_on
from accounts.documents import MOST_BYTES, Paper, bytes_of, download_name, read_paper
from accounts.models import Credential, CredentialType, User
from intranet.core.access import Forbidden, require
from intranet.core.files import served
from intranet.core.forms import in_this_century, whole_number
from intranet.core.time import organisation_day


class CredentialSerializer(serializers.ModelSerializer[Credential]):
    type = serializers.SlugRelatedField[CredentialType](slug_field="code", read_only=True)
    first_day = serializers.DateField(source="valid.lower", read_only=True)
    last_day = serializers.DateField(read_only=True, allow_null=True)
    state = serializers.SerializerMethodField(help_text="On the organisation's day")
    reference = serializers.SerializerMethodField(help_text="Only for the person and for those who check")
    remark = serializers.SerializerMethodField(help_text="Why it was sent back or withdrawn; as `reference`")
    has_document = serializers.SerializerMethodField()
    seen = serializers.SerializerMethodField(help_text="Names what is on file now; verifying gives it back")

    class Meta:
        model = Credential
        fields = (
            *("id", "user", "type", "issued_on", "first_day", "last_day", "state", "reference", "has_document"),
            *("filed_by", "filed_at", "verified_by", "verified_at", "sent_back_by", "sent_back_at"),
            *("withdrawn_by", "withdrawn_at", "remark", "seen"),
        )

    def get_state(self, credential: Credential) -> State:
        return state_on(credential, organisation_day(timezone.now()))

    def get_reference(self, credential: Credential) -> str | None:
        return credential.reference if credential.opens else None

    def get_remark(self, credential: Credential) -> str | None:
        return credential.remark if credential.opens else None

    def get_has_document(self, credential: Credential) -> bool:
        return filing.document_of(credential) is not None

    def get_seen(self, credential: Credential) -> str | None:
        return filing.fingerprint(credential) if credential.opens else None


class PaperField(serializers.FileField):
    """A document that was looked at; what is none is refused with the words of the pages."""

    def to_internal_value(self, data: Any) -> Paper:
        file = super().to_internal_value(data)
        return read_paper(file.read(MOST_BYTES + 1), file.name or "")


class FactsSerializer(serializers.Serializer[Any]):
    issued_on = serializers.DateField(validators=[in_this_century])
    last_day = serializers.DateField(
        required=False,
        allow_null=True,
        validators=[in_this_century],
        help_text="Only for types whose end no rule tells",
    )
    reference = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    document = PaperField(required=False, help_text="PDF, PNG or JPEG, at most 10 MB")

    @property
    def facts(self) -> filing.Facts:
        values = self.validated_data
        return filing.Facts(values["issued_on"], values.get("last_day"), values["reference"])


class FilingSerializer(FactsSerializer):
    user = serializers.PrimaryKeyRelatedField[User](queryset=User.objects.none())
    type = serializers.SlugRelatedField[CredentialType](slug_field="code", queryset=CredentialType.objects.in_use())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "request" in self.context:
            self.fields["user"].queryset = User.objects.with_file_visible_to(self.context["request"].user)


class SeenSerializer(serializers.Serializer[Any]):
    seen = serializers.CharField(max_length=16, help_text="Of the credential that was looked at")


class WithdrawalSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300)


class SendBackSerializer(SeenSerializer, WithdrawalSerializer):
    pass


class CredentialViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Credential]):
    """Credentials as far as the person sees the files; an administrator without numbers, reasons and documents."""

    serializer_class = CredentialSerializer
    queryset = Credential.objects.none()
    parser_classes = (parsers.JSONParser, parsers.MultiPartParser)

    def get_queryset(self) -> QuerySet[Credential]:
        if getattr(self, "swagger_fake_view", False):
            return Credential.objects.none()
        rows = Credential.objects.visible_to(self.request.user).select_related("type", "document")
        opens = Exists(filing.open_files(self.request.user).filter(pk=OuterRef("user")))
        rows = rows.annotate(opens=opens).order_by("user", "type__name", "-valid", "pk")
        asked = self.request.query_params
        if self.action == "list" and "user" in asked:
            rows = rows.filter(user=whole_number(asked["user"]) or 0)
        if self.action == "list" and "type" in asked:
            rows = rows.filter(type__code=asked["type"].replace("\x00", ""))
        return rows

    @extend_schema(
        parameters=[
            OpenApiParameter("user", int, description="Of one person"),
            OpenApiParameter("type", str, description="Of one type, by its code"),
        ]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(request=FilingSerializer, responses={201: CredentialSerializer})
    def create(self, request: Request) -> Response:
        """File a credential, to be checked by another person."""
        asked = FilingSerializer(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        require(filing.may_file(values["user"], by=request.user), Forbidden)
        filed = filing.hand_in(
            values["user"],
            values["type"],
            asked.facts,
            paper=values.get("document"),
            by=request.user,
            at=timezone.now(),
        )
        return self._answer(filed, status.HTTP_201_CREATED)

    @extend_schema(request=FactsSerializer, responses=CredentialSerializer)
    def update(self, request: Request, pk: str) -> Response:
        """Correct what nobody has verified yet, or what was sent back."""
        credential = self.get_object()
        require(filing.may_correct(credential, by=request.user), Forbidden)
        asked = FactsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        paper = asked.validated_data.get("document")
        return self._answer(
            filing.correct(credential, asked.facts, paper=paper, by=request.user, at=timezone.now()), status.HTTP_200_OK
        )

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take back what nobody has verified."""
        filing.take_back(self.get_object(), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=SeenSerializer, responses=CredentialSerializer)
    @action(detail=True, methods=["post"])
    def verify(self, request: Request, pk: str) -> Response:
        """It is right: what `seen` names, and nothing that has replaced it since."""
        credential = self.get_object()
        require(filing.may_verify(credential.user, by=request.user, type=credential.type), Forbidden)
        asked = SeenSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        seen = asked.validated_data["seen"]
        return self._answer(
            filing.verify_credential(credential, by=request.user, at=timezone.now(), seen=seen), status.HTTP_200_OK
        )

    @extend_schema(request=SendBackSerializer, responses=CredentialSerializer)
    @action(detail=True, methods=["post"], url_path="send-back")
    def send_back(self, request: Request, pk: str) -> Response:
        """Not right: the person reads why."""
        credential = self.get_object()
        require(filing.may_verify(credential.user, by=request.user, type=credential.type), Forbidden)
        asked = SendBackSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        credential = filing.send_back(credential, by=request.user, at=timezone.now(), **asked.validated_data)
        return self._answer(credential, status.HTTP_200_OK)

    @extend_schema(request=WithdrawalSerializer, responses=CredentialSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Withdraw a check that was a mistake."""
        credential = self.get_object()
        require(filing.may_verify(credential.user, by=request.user, type=credential.type), Forbidden)
        asked = WithdrawalSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        credential = filing.withdraw(credential, by=request.user, at=timezone.now(), **asked.validated_data)
        return self._answer(credential, status.HTTP_200_OK)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY)})
    @action(detail=True, methods=["get"])
    def document(self, request: Request, pk: str) -> HttpResponse:
        """The document as it is kept."""
        credential = self.get_object()
        require(filing.may_see_document(credential.user, by=request.user), Forbidden)
        document = filing.document_of(credential)
        if document is None:
            raise Http404
        return served(bytes_of(document), document.kind, download_name(document), keep=True)

    def _answer(self, credential: Credential, code: int) -> Response:
        row = get_object_or_404(self.get_queryset(), pk=credential.pk)
        return Response(CredentialSerializer(row).data, status=code)
