"""Credential types in the API: everybody reads them, administrators keep them, by the form of the page."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.credential_types import bring_back, retire
from accounts.forms.settings import MOST_REGIONS, CredentialTypeForm
from accounts.models import CredentialType, Profession, QualificationPart, Skill
from accounts.models.qualifications import REGION_LENGTH
from accounts.settings_pages import may_change_settings
from intranet.core.access import Forbidden, require
from intranet.core.time import organisation_day


class PartSerializer(serializers.ModelSerializer[QualificationPart]):
    class Meta:
        model = QualificationPart
        fields = ("id", "name", "unit", "least", "within_months", "source")


class CredentialTypeSerializer(serializers.ModelSerializer[CredentialType]):
    skills = serializers.SlugRelatedField[Skill](
        slug_field="code", queryset=Skill.objects.all(), many=True, required=False
    )
    professions = serializers.ListField(
        child=serializers.ChoiceField(choices=Profession.choices), required=False, help_text="None: everybody"
    )
    lead_days = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=730), required=False, max_length=12
    )
    checked_on = serializers.DateField(required=False)
    regions = serializers.ListField(
        child=serializers.CharField(max_length=REGION_LENGTH), required=False, max_length=MOST_REGIONS
    )
    parts = PartSerializer(many=True, read_only=True)

    class Meta:
        model = CredentialType
        fields = (
            *("code", "name", "rule", "months", "month", "day", "professions", "required", "needs_document"),
            *("checker", "gate", "skills", "regions", "parts", "lead_days", "source", "checked_on", "retired_at"),
        )
        read_only_fields = ("code", "retired_at")
        validators: list[Any] = []  # the form says it beside the field

    def keep(self, by: Any) -> CredentialType:
        """Save by the rules of the page. Raises a validation error with the same words."""
        on = organisation_day(timezone.now())
        type = self.instance or CredentialType(checked_on=on)
        form = CredentialTypeForm(self._as_form(type), instance=type)
        if not form.is_valid():
            raise serializers.ValidationError(
                {
                    ("non_field_errors" if name == "__all__" else name): [str(words) for words in errors]
                    for name, errors in form.errors.items()
                }
            )
        try:
            return form.keep(by)
        except DjangoValidationError as error:
            raise serializers.ValidationError({"non_field_errors": error.messages}) from None

    def _as_form(self, type: CredentialType) -> dict[str, Any]:
        """What the page would send: the row as it is, with what was asked to change."""
        now = {name: getattr(type, name) for name in CredentialTypeForm.Meta.fields if name != "skills"}
        now["skills"] = list(type.skills.all()) if type.pk else []
        now |= self.validated_data
        now["skills"] = [skill.pk for skill in now["skills"]]
        now["lead_days"] = ", ".join(map(str, now["lead_days"]))
        now["regions"] = "\n".join(now["regions"])
        return {name: "" if value is None else value for name, value in now.items()}


class CredentialTypeViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[CredentialType]):
    """The kinds of credentials with their rules and sources, those that are retired included."""

    serializer_class = CredentialTypeSerializer
    queryset = CredentialType.objects.prefetch_related("skills", "parts")
    lookup_field = "code"
    lookup_value_regex = "[-a-zA-Z0-9_]+"

    @extend_schema(responses={201: CredentialTypeSerializer})
    def create(self, request: Request) -> Response:
        """Add a type."""
        require(may_change_settings(request.user), Forbidden)
        asked = CredentialTypeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(CredentialTypeSerializer(asked.keep(request.user)).data, status=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, code: str) -> Response:
        """Change a type. Periods on file stay as they are."""
        require(may_change_settings(request.user), Forbidden)
        asked = CredentialTypeSerializer(self.get_object(), data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        asked.keep(request.user)
        return Response(CredentialTypeSerializer(self.get_object()).data)

    @extend_schema(request=None, responses=CredentialTypeSerializer)
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, code: str) -> Response:
        """Ask for it no longer."""
        require(may_change_settings(request.user), Forbidden)
        return Response(CredentialTypeSerializer(retire(self.get_object(), by=request.user, at=timezone.now())).data)

    @extend_schema(request=None, responses=CredentialTypeSerializer)
    @action(detail=True, methods=["post"], url_path="bring-back")
    def bring_back(self, request: Request, code: str) -> Response:
        """Ask for it again."""
        require(may_change_settings(request.user), Forbidden)
        return Response(CredentialTypeSerializer(bring_back(self.get_object(), by=request.user)).data)
