"""What administrators keep, in the API: everybody reads it, and it is saved by the forms of the pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import Model, QuerySet
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.forms.settings import ClinicForm, SkillForm
from accounts.models import Clinic, CredentialType, Profession, Skill
from accounts.settings_pages import may_change_settings
from intranet.core.access import Forbidden, require


class KeptByForm(serializers.ModelSerializer[Any]):
    """Saved by the form of the page, so that rules and words are the same. A change names only what it changes."""

    form: ClassVar[type[Any]]

    def keep(self, by: Any) -> Any:
        """Save what was asked for. Raises a validation error with the words of the page."""
        row = self.instance or self.new_row()
        form = self.form(self.as_form(row), instance=row)
        if not form.is_valid():
            errors = form.errors.items()
            raise serializers.ValidationError({_name(field): [str(words) for words in said] for field, said in errors})
        try:
            return form.keep(by)
        except DjangoValidationError as error:
            raise serializers.ValidationError({"non_field_errors": error.messages}) from None

    def new_row(self) -> Model:
        model: type[Model] = self.form._meta.model
        return model()

    def as_form(self, row: Any) -> dict[str, Any]:
        """What the page would send: the row as it is, with what was asked to change."""
        plain = (name for name in self.form.Meta.fields if not row._meta.get_field(name).many_to_many)
        now = {name: getattr(row, name) for name in plain} | {name: self._keys(row, name) for name in self._links(row)}
        now |= {name: _sent(value) for name, value in self.validated_data.items()}
        return {name: "" if value is None else value for name, value in now.items()}

    def _links(self, row: Any) -> list[str]:
        return [name for name in self.form.Meta.fields if row._meta.get_field(name).many_to_many]

    def _keys(self, row: Any, name: str) -> list[int]:
        return [other.pk for other in getattr(row, name).all()] if row.pk else []


def _name(field: str) -> str:
    return "non_field_errors" if field == "__all__" else field


def _sent(value: Any) -> Any:
    """Rows as their keys, as a page sends them."""
    if isinstance(value, list):
        return [item.pk if isinstance(item, Model) else item for item in value]
    return value


class SettingsViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Any]):
    """Read by everybody, added and changed by administrators."""

    serializer_class: type[KeptByForm]

    def create(self, request: Request) -> Response:
        """Add one."""
        require(may_change_settings(request.user), Forbidden)
        asked = self.get_serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(self.get_serializer(asked.keep(request.user)).data, status=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, **key: str) -> Response:
        """Change what is named, and nothing else."""
        require(may_change_settings(request.user), Forbidden)
        asked = self.get_serializer(self.get_object(), data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        asked.keep(request.user)
        return Response(self.get_serializer(self.get_object()).data)


class ClinicSerializer(KeptByForm):
    form = ClinicForm
    number = serializers.IntegerField(help_text="Its mark and colour.")

    class Meta:
        model = Clinic
        fields = ("id", "name", "slug", "letter", "number", "time_zone", "address", "phone", "county")
        read_only_fields = ("slug",)
        validators: Iterable[Any] = ()
        # The form says it beside the field.
        extra_kwargs: ClassVar[dict[str, Any]] = {name: {"validators": []} for name in ("name", "letter", "time_zone")}


class ClinicViewSet(SettingsViewSet):
    """The clinics of the group."""

    program_area = "people"
    serializer_class = ClinicSerializer
    queryset = Clinic.objects.none()
    lookup_field = "slug"

    def get_queryset(self) -> QuerySet[Clinic]:
        return Clinic.objects.visible_to(self.request.user)


class SkillSerializer(KeptByForm):
    form = SkillForm
    professions = serializers.ListField(
        child=serializers.ChoiceField(choices=Profession.choices), help_text="Who may do it at all, once cleared."
    )
    required_types = serializers.SlugRelatedField[CredentialType](
        slug_field="code", queryset=CredentialType.objects.all(), many=True, required=False
    )

    class Meta:
        model = Skill
        fields = ("id", "code", "name", "short_name", "region", "professions", "required_types")
        read_only_fields = ("code",)


class SkillViewSet(SettingsViewSet):
    """The procedures for which somebody has to be cleared."""

    serializer_class = SkillSerializer
    queryset = Skill.objects.prefetch_related("required_types")
    lookup_field = "code"
    lookup_value_regex = "[-a-zA-Z0-9_]+"
