"""The clinics and the directory in the API, with work contact only."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import mixins, serializers, viewsets

from accounts.directory import directory
from accounts.models import Clinic, Membership, User


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
