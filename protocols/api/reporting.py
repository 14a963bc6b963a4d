"""Who has acknowledged what, what became of every demand, and excusing somebody from it: the same rules as the pages."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.roles import Role
from intranet.core.forms import in_this_century
from protocols import waiving
from protocols.forms import ReportForm
from protocols.models import Category, ProtocolVersion, Waiver
from protocols.receipts import Fate, Receipt
from protocols.reporting import Cell, Report, Row


class ReportedPersonSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["id", "name"]


class DutySerializer(serializers.Serializer[Cell]):
    """What somebody owes for one version, and the acknowledgement that counts, if there is one."""

    slug = serializers.SlugField(source="version.protocol.slug")
    version = serializers.IntegerField(source="version.number")
    asked_at = serializers.DateTimeField()
    due_on = serializers.DateField()
    state = serializers.CharField(source="words")
    acknowledged_version = serializers.IntegerField(source="signed_number", allow_null=True)
    acknowledged_at = serializers.DateTimeField(source="signed_at", allow_null=True)


class ReportedSerializer(serializers.Serializer[Row]):
    person = ReportedPersonSerializer()
    clinics = serializers.SerializerMethodField()
    duties = DutySerializer(source="asked", many=True)

    def get_clinics(self, row: Row) -> list[str]:
        return [clinic.slug for clinic in row.clinics]


class ReportSerializer(serializers.Serializer[Report]):
    """A page of people; the figures are those of everybody whom the filters leave."""

    at = serializers.DateTimeField()
    asked = serializers.IntegerField()
    done = serializers.IntegerField()
    late = serializers.IntegerField()
    people = serializers.IntegerField(source="page.paginator.count")
    pages = serializers.IntegerField(source="page.paginator.num_pages")
    page = serializers.IntegerField(source="page.number")
    results = ReportedSerializer(source="rows", many=True)


class ReportViewSet(viewsets.ViewSet):
    """People by protocols, of the clinics for which you answer."""

    program_area = "protocols"
    serializer_class = ReportSerializer

    @extend_schema(
        operation_id="acknowledgement_report_retrieve",
        responses=forced_singular_serializer(ReportSerializer),
        parameters=[
            OpenApiParameter("clinic", str, description="The slug of one of your clinics."),
            OpenApiParameter("role", str, enum=Role.values),
            OpenApiParameter("category", str, enum=Category.values, many=True, description="Of the protocols."),
            OpenApiParameter("protocol", str, many=True, description="The slugs of protocols."),
            OpenApiParameter("person", str, description="Words of a name."),
            OpenApiParameter("on", date, description="As it was at the end of a day that is over."),
            OpenApiParameter("unfinished", bool, description="Only people with something due."),
            OpenApiParameter("page", int, description="Of people; 25 stand on one."),
        ],
    )
    def list(self, request: Request) -> Response:
        """Who has acknowledged what, and who is late."""
        form = ReportForm(request.query_params, viewer=request.user).strictly()
        page = request.query_params.get("page", "1")
        return Response(ReportSerializer(form.report(request.user, timezone.now(), page=page)).data)


class DemandSerializer(serializers.Serializer[Receipt]):
    """What became of the demand to one person."""

    person = ReportedPersonSerializer()
    asked_at = serializers.DateTimeField()
    state = serializers.ChoiceField(source="fate", choices=[fate.value for fate in Fate])
    due_on = serializers.DateField(allow_null=True)
    signed_version = serializers.IntegerField(source="signed.version.number", default=None)
    signed_at = serializers.DateTimeField(source="signed.at", default=None)
    text_hash = serializers.CharField(source="signed.text_hash", default="")
    why = serializers.CharField(help_text="Why nobody waits for a signature any more, or that it is waived.")


class WaiverSerializer(serializers.ModelSerializer[Waiver]):
    slug = serializers.SlugField(source="version.protocol.slug", read_only=True)
    version = serializers.IntegerField(source="version.number", read_only=True)
    person = ReportedPersonSerializer(source="user", read_only=True)
    by = serializers.CharField(source="by.name", read_only=True)

    class Meta:
        model = Waiver
        fields = ["id", "slug", "version", "person", "reason", "through", "by", "at", "ended_at"]


class WaiveSerializer(serializers.Serializer[Any]):
    slug = serializers.SlugField(help_text="Of the protocol.")
    version = serializers.IntegerField(min_value=1)
    person = serializers.IntegerField(min_value=1)
    reason = serializers.CharField(max_length=400, help_text="“On leave” is enough. No health details.")
    through = serializers.DateField(
        allow_null=True, default=None, validators=[in_this_century], help_text="The last day; none: until you end it."
    )


class WaiverViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Waiver]):
    """Who need not acknowledge what for now, of the people on whom you report; the latest first."""

    program_area = "protocols"
    serializer_class = WaiverSerializer

    def get_queryset(self) -> QuerySet[Waiver]:
        if getattr(self, "swagger_fake_view", False):
            return Waiver.objects.none()
        seen = Waiver.objects.visible_to(self.request.user)
        return seen.select_related("version__protocol", "user", "by").order_by("-at", "-pk")

    @extend_schema(request=WaiveSerializer, responses={201: WaiverSerializer})
    def create(self, request: Request) -> Response:
        """Excuse somebody for a while. It clears nobody for anything."""
        asked = WaiveSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said, person = asked.validated_data, request.user
        versions = ProtocolVersion.objects.visible_to(person).released()
        version = get_object_or_404(versions, protocol__slug=said["slug"], number=said["version"])
        excused = get_object_or_404(User.objects.visible_to(person), pk=said["person"])
        terms = {"reason": said["reason"], "through": said["through"]}
        made = waiving.waive(version, excused, **terms, by=person, at=timezone.now())
        return Response(WaiverSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=WaiverSerializer)
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """Ask for the acknowledgement again, from now on."""
        return Response(WaiverSerializer(waiving.end(self.get_object(), by=request.user, at=timezone.now())).data)
