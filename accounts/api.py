"""People in the API: the directory, with work contact only, and the audit log."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter

from accounts import audit_log
from accounts.directory import directory
from accounts.forms import AuditFilter
from accounts.models import Clinic, Membership, User
from intranet.audit.models import Entry


class ClinicSerializer(serializers.ModelSerializer[Clinic]):
    class Meta:
        model = Clinic
        fields = ("id", "name", "slug", "letter", "time_zone", "address", "phone")


class RoleSerializer(serializers.ModelSerializer[Membership]):
    clinic = serializers.SlugRelatedField[Clinic](slug_field="slug", read_only=True, allow_null=True)

    class Meta:
        model = Membership
        fields = ("role", "clinic")


class PersonSerializer(serializers.ModelSerializer[User]):
    roles = RoleSerializer(source="roles_on_day", many=True, read_only=True)

    class Meta:
        model = User
        fields = ("id", "name", "title", "profession", "email", "phone", "languages", "roles")


class ClinicViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Clinic]):
    """The clinics of the group."""

    serializer_class = ClinicSerializer
    queryset = Clinic.objects.none()

    def get_queryset(self) -> QuerySet[Clinic]:
        return Clinic.objects.visible_to(self.request.user)


class PersonViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[User]):
    """The staff directory: work contact and the roles of today."""

    serializer_class = PersonSerializer
    queryset = User.objects.none()

    def get_queryset(self) -> QuerySet[User]:
        return directory(self.request.user, timezone.localdate())


class EntrySerializer(serializers.ModelSerializer[Entry]):
    action = serializers.SerializerMethodField(help_text="In words")

    class Meta:
        model = Entry
        fields = (
            *("id", "at", "actor", "actor_name", "verb", "action", "target_type", "target_id", "target_name"),
            *("changes", "address"),
        )

    def get_action(self, entry: Entry) -> str:
        return audit_log.action_of(entry.verb).words


class EntryViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Entry]):
    """The audit log, the newest entries first, as far as the person may see it."""

    serializer_class = EntrySerializer
    queryset = Entry.objects.none()

    def get_queryset(self) -> QuerySet[Entry]:
        return AuditFilter(self.request.query_params).narrow(audit_log.entries_visible_to(self.request.user))

    @extend_schema(
        parameters=[
            OpenApiParameter("q", str, description="Words in the person, the object or the address"),
            OpenApiParameter("action", str, description="A verb such as protocol.published"),
            OpenApiParameter("first", date, description="The first day"),
            OpenApiParameter("last", date, description="The last day"),
        ]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)


def register(router: DefaultRouter) -> None:
    router.register("clinics", ClinicViewSet, basename="clinic")
    router.register("people", PersonViewSet, basename="person")
    router.register("audit", EntryViewSet, basename="audit")
