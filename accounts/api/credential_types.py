"""Credential types in the API: everybody reads them, administrators keep them, by the form of the page."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.settings import KeptByForm, SettingsViewSet
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


class CredentialTypeSerializer(KeptByForm):
    form = CredentialTypeForm
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

    def new_row(self) -> CredentialType:
        return CredentialType(checked_on=organisation_day(timezone.now()))

    def as_form(self, row: CredentialType) -> dict[str, Any]:
        """Lists as the page writes them: numbers with commas, a region a line."""
        now = super().as_form(row)
        return now | {"lead_days": ", ".join(map(str, now["lead_days"])), "regions": "\n".join(now["regions"])}


class CredentialTypeViewSet(SettingsViewSet):
    """The kinds of credentials with their rules and sources, those that are retired included."""

    serializer_class = CredentialTypeSerializer
    queryset = CredentialType.objects.prefetch_related("skills", "parts")
    lookup_field = "code"
    lookup_value_regex = "[-a-zA-Z0-9_]+"

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
