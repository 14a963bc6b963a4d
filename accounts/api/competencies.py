"""What people may do, in the API: sign-offs, what was done towards qualifications, and what it allows today."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import competencies, trainings
from accounts.files import file_of
from accounts.models import Competency, QualificationPart, Skill, Training, User
from intranet.core.access import Verdict
from intranet.core.forms import in_this_century, whole_number
from intranet.core.time import first_moment, organisation_day

PERSON = OpenApiParameter("person", int, description="Only those of one person")


@extend_schema_field(OpenApiTypes.INT)
class PersonField(serializers.PrimaryKeyRelatedField[User]):
    """A person whose file one sees; anybody else does not exist."""

    def get_queryset(self) -> QuerySet[User]:
        return User.objects.with_file_visible_to(self.context["request"].user)


class DayField(serializers.DateField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validators=[in_this_century], **kwargs)


class CompetencySerializer(serializers.ModelSerializer[Competency]):
    skill = serializers.SlugRelatedField[Skill](slug_field="code", read_only=True)
    first_day = serializers.SerializerMethodField()
    last_day = serializers.DateField(read_only=True)
    granted_by = serializers.CharField(source="granted_by.name", read_only=True)

    class Meta:
        model = Competency
        fields = ("id", "user", "skill", "first_day", "last_day", "granted_by", "granted_at", "ended_at", "end_reason")

    def get_first_day(self, competency: Competency) -> date:
        return organisation_day(competency.valid.lower)


class SignOffSerializer(serializers.Serializer[Competency]):
    user = PersonField()
    skill = serializers.SlugRelatedField[Skill](slug_field="code", queryset=Skill.objects.all())
    first_day = DayField()
    last_day = DayField()


class ReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=200)


def of_one_person(rows: QuerySet[Any], request: Request) -> QuerySet[Any]:
    """All the rows, or those of `?person=`."""
    if (asked := request.query_params.get("person")) is None:
        return rows
    return rows.filter(user=whole_number(asked))


class CompetencyViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Competency]):
    """Who is signed off for what, as far as one sees their files."""

    serializer_class = CompetencySerializer
    queryset = Competency.objects.none()

    def get_queryset(self) -> QuerySet[Competency]:
        rows = Competency.objects.visible_to(self.request.user).select_related("skill", "granted_by")
        return of_one_person(rows, self.request).order_by("-valid", "pk")

    @extend_schema(parameters=[PERSON])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(request=SignOffSerializer, responses={201: CompetencySerializer})
    def create(self, request: Request) -> Response:
        """Sign somebody off. The clinical lead does."""
        form = SignOffSerializer(data=request.data, context=self.get_serializer_context())
        form.is_valid(raise_exception=True)
        given = form.validated_data
        competency = competencies.grant_competency(
            given["user"],
            given["skill"],
            start=first_moment(given["first_day"]),
            end=first_moment(given["last_day"] + timedelta(days=1)),
            by=request.user,
            at=timezone.now(),
        )
        return Response(self.get_serializer(competency).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ReasonSerializer, responses=CompetencySerializer)
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str | None = None) -> Response:
        """Take a sign-off back, with a reason."""
        reason = _reason(request)
        ended = competencies.end_competency(self.get_object(), by=request.user, at=timezone.now(), reason=reason)
        return Response(self.get_serializer(ended).data)


class TrainingSerializer(serializers.ModelSerializer[Training]):
    part_name = serializers.CharField(source="part.name", read_only=True)
    qualification = serializers.CharField(source="part.type.code", read_only=True)
    user = PersonField()
    part = serializers.PrimaryKeyRelatedField[QualificationPart](queryset=QualificationPart.objects.all())
    regions = serializers.ListField(child=serializers.CharField(max_length=60), max_length=20, required=False)
    first_day = DayField(required=False, allow_null=True)
    last_day = DayField()
    amount = serializers.IntegerField(min_value=1, max_value=5000, required=False, allow_null=True)

    class Meta:
        model = Training
        fields = (
            *("id", "user", "part", "part_name", "qualification", "amount", "first_day", "last_day", "attested_by"),
            *("regions", "exempt", "verified_by", "verified_at", "struck_at", "struck_reason"),
        )
        read_only_fields = ("verified_by", "verified_at", "struck_at", "struck_reason")


class TrainingViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Training]):
    """What people have done towards the parts of qualifications."""

    serializer_class = TrainingSerializer
    queryset = Training.objects.none()

    def get_queryset(self) -> QuerySet[Training]:
        rows = Training.objects.visible_to(self.request.user).select_related("part__type")
        return of_one_person(rows, self.request).order_by("pk")

    @extend_schema(parameters=[PERSON])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    def create(self, request: Request) -> Response:
        """File what was done; it counts once the clinical lead has checked it."""
        form = self.get_serializer(data=request.data)
        form.is_valid(raise_exception=True)
        training = trainings.add_training(Training(**form.validated_data), by=request.user, at=timezone.now())
        return Response(self.get_serializer(training).data, status=status.HTTP_201_CREATED)

    def destroy(self, request: Request, pk: str | None = None) -> Response:
        """Take back what nobody has checked."""
        trainings.remove_training(self.get_object(), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def verify(self, request: Request, pk: str | None = None) -> Response:
        """Confirm that it was done."""
        checked = trainings.verify_training(self.get_object(), by=request.user, at=timezone.now())
        return Response(self.get_serializer(checked).data)

    @extend_schema(request=ReasonSerializer)
    @action(detail=True, methods=["post"])
    def strike(self, request: Request, pk: str | None = None) -> Response:
        """Say why it does not count."""
        reason = _reason(request)
        struck = trainings.strike_training(self.get_object(), reason=reason, by=request.user, at=timezone.now())
        return Response(self.get_serializer(struck).data)


class VerdictSerializer(serializers.Serializer[Verdict]):
    allowed = serializers.BooleanField(source="__bool__")
    reasons = serializers.SerializerMethodField()
    warnings = serializers.SerializerMethodField()

    def get_reasons(self, verdict: Verdict) -> list[str]:
        return [str(reason) for reason in verdict.reasons]

    def get_warnings(self, verdict: Verdict) -> list[str]:
        return [str(warning) for warning in verdict.warnings]


class AbilitySerializer(serializers.Serializer[Any]):
    skill = serializers.CharField(source="skill.code")
    name = serializers.CharField(source="skill.name")
    verdict = VerdictSerializer()


class AbilitiesSerializer(serializers.Serializer[Any]):
    any_shift = VerdictSerializer()
    abilities = AbilitySerializer(many=True)


class AbilitiesViewSet(viewsets.GenericViewSet[User]):
    """What somebody may do today, and why not."""

    serializer_class = AbilitiesSerializer
    queryset = User.objects.none()
    lookup_field = "person"
    lookup_value_converter = "int"

    @extend_schema(parameters=[OpenApiParameter("person", OpenApiTypes.INT, OpenApiParameter.PATH)])
    def retrieve(self, request: Request, person: int) -> Response:
        now = timezone.now()
        found = get_object_or_404(User.objects.with_file_visible_to(request.user), pk=person)
        file = file_of(found, viewer=request.user, on=organisation_day(now), at=now)
        return Response(self.get_serializer(file).data)


def _reason(request: Request) -> str:
    form = ReasonSerializer(data=request.data)
    form.is_valid(raise_exception=True)
    return str(form.validated_data["reason"])
