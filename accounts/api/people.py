"""The directory in the API, with work contact only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.directory import directory, presences
from accounts.forms.people import PeopleFilter
from accounts.models import Clinic, Membership, Profession, User
from accounts.presence import Presence, Today
from accounts.profile import LONGEST_LANGUAGE, MOST_LANGUAGES, change_profile
from accounts.roles import Role
from intranet.core.forms import in_this_century
from intranet.core.time import organisation_day


class RoleSerializer(serializers.ModelSerializer[Membership]):
    clinic = serializers.SlugRelatedField[Clinic](slug_field="slug", read_only=True, allow_null=True)

    class Meta:
        model = Membership
        fields = ("role", "clinic")


class PresenceSerializer(serializers.Serializer[Presence]):
    """Somebody's shift of today, as the published roster has it."""

    state = serializers.ChoiceField(choices=[(one.value, one.label) for one in (Today.NOW, Today.LATER, Today.GONE)])
    clinic = serializers.CharField(source="clinic.slug", help_text="The slug of a clinic.")
    start = serializers.SerializerMethodField()
    end = serializers.SerializerMethodField()

    @extend_schema_field(OpenApiTypes.DATETIME)
    def get_start(self, presence: Presence) -> str:
        return presence.start.astimezone(presence.clinic.zone).isoformat()

    @extend_schema_field(OpenApiTypes.DATETIME)
    def get_end(self, presence: Presence) -> str:
        return presence.end.astimezone(presence.clinic.zone).isoformat()


class PersonSerializer(serializers.ModelSerializer[User]):
    roles = RoleSerializer(source="roles_on_day", many=True, read_only=True)
    today = serializers.SerializerMethodField(help_text="Null for who is not on today.")

    class Meta:
        model = User
        fields = ("id", "name", "title", "profession", "email", "phone", "languages", "roles", "today")

    @extend_schema_field(PresenceSerializer(allow_null=True))
    def get_today(self, person: User) -> Any:
        presence = self.context["presences"].get(person.pk)
        return presence and PresenceSerializer(presence).data


class ProfileSerializer(serializers.Serializer[User]):
    """What can be changed of somebody. Of oneself phone and languages alone."""

    name = serializers.CharField(max_length=120, required=False)
    title = serializers.CharField(max_length=80, required=False, allow_blank=True)
    profession = serializers.ChoiceField(choices=Profession.choices, required=False)
    weekly_hours = serializers.IntegerField(min_value=0, max_value=80, required=False)
    hired_on = serializers.DateField(required=False, allow_null=True, validators=[in_this_century])
    phone = serializers.CharField(max_length=40, required=False, allow_blank=True)
    languages = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_LANGUAGE), max_length=MOST_LANGUAGES, required=False
    )


FILTERS = [
    OpenApiParameter("q", str, description="Words of the name, title, languages, phone or address."),
    OpenApiParameter("clinic", str, description="The slug of a clinic: where they work; with `today`, where they are."),
    OpenApiParameter("role", str, enum=[role.value for role in Role], description="A role that they hold today."),
    OpenApiParameter("language", str, description="A language, as it stands in the directory."),
    OpenApiParameter("skill", str, description="The code of a procedure that they may do today."),
    OpenApiParameter(
        "today",
        str,
        enum=[Today.ON.value, Today.NOW.value, Today.LATER.value, Today.OFF.value],
        description="By the published roster: on now or later, on now, on later, not on today.",
    ),
]
REFUSED = {403: OpenApiResponse(description="Not yours to change, with the reason")}


class PersonViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[User]):
    """The staff directory: work contact, the roles of today, and who is on today."""

    program_area = "people"
    serializer_class = PersonSerializer
    queryset = User.objects.none()

    def get_queryset(self) -> QuerySet[User]:
        now = timezone.now()
        people = directory(self.request.user, organisation_day(now))
        if self.action != "list":
            return people
        wanted = self.request.query_params.copy()
        wanted.pop("left", None)
        return PeopleFilter(wanted, viewer=self.request.user).strictly().narrow(people, now)

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """With the day of everybody on the page, asked for once."""
        shown: Iterable[User] = args[0] if kwargs.get("many") else args[:1]
        found = presences(shown, self.request.user, timezone.now()) if args else {}
        kwargs["context"] = {**self.get_serializer_context(), "presences": found}
        return PersonSerializer(*args, **kwargs)

    @extend_schema(parameters=FILTERS)
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Everybody who works here, by name."""
        return super().list(request, *args, **kwargs)

    @extend_schema(request=ProfileSerializer, responses={200: PersonSerializer, **REFUSED})
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what the directory says about somebody whom you manage; of yourself phone and languages."""
        return self._change(self.get_object())

    @extend_schema(methods=["get"], responses=PersonSerializer)
    @extend_schema(methods=["patch"], request=ProfileSerializer, responses={200: PersonSerializer, **REFUSED})
    @action(detail=False, methods=["get", "patch"], filter_backends=[], pagination_class=None)
    def me(self, request: Request) -> Response:
        """Yourself, and your phone and languages to change."""
        person = get_object_or_404(self.get_queryset(), pk=request.user.pk)
        return self._change(person) if request.method == "PATCH" else Response(self.get_serializer(person).data)

    def _change(self, person: User) -> Response:
        wanted = ProfileSerializer(data=self.request.data)
        wanted.is_valid(raise_exception=True)
        change_profile(person, wanted.validated_data, by=self.request.user, at=timezone.now())
        return Response(self.get_serializer(get_object_or_404(self.get_queryset(), pk=person.pk)).data)
