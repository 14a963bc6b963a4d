"""Invitations in the API: the same rules as the page, and the links are in no answer."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import inviting
from accounts.hiring import Place
from accounts.models import Clinic, Invitation, Profession, User
from accounts.roles import Capability, Role
from accounts.second_step import DEMANDING
from accounts.step_up import confirm_first
from intranet.core.access import Forbidden, require

REFUSALS = {
    403: OpenApiResponse(description="Beyond your power, or `confirm-first`"),
    409: OpenApiResponse(description="Somebody else was quicker"),
    422: OpenApiResponse(description="Refused, with the reasons"),
}


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    clinic = serializers.SlugRelatedField[Clinic](slug_field="slug", read_only=True, allow_null=True)
    invited_by = serializers.CharField(source="invited_by.name")

    class Meta:
        model = Invitation
        fields = (
            *(
                "id",
                "name",
                "email",
                "profession",
                "role",
                "clinic",
                "invited_by",
                "sent_at",
                "times_sent",
                "expires_at",
            ),
            *("accepted_at", "revoked_at", "mail_state"),
        )


class OwnClinicField(serializers.SlugRelatedField[Clinic]):
    """A clinic for which the person may invite."""

    queryset = Clinic.objects.none()

    def get_queryset(self) -> QuerySet[Clinic]:
        user = self.context["request"].user
        return Clinic.objects.where(user, Capability.INVITE) if isinstance(user, User) else Clinic.objects.none()


class NewInvitationSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    email = serializers.EmailField()
    profession = serializers.ChoiceField(choices=Profession.choices)
    role = serializers.ChoiceField(choices=Role.choices)
    clinic = OwnClinicField(slug_field="slug", allow_null=True, default=None)


class InvitationViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Invitation]):
    """Those whom you may ask in, the newest first."""

    serializer_class = InvitationSerializer
    queryset = Invitation.objects.none()
    lookup_value_converter = "int"

    def get_queryset(self) -> QuerySet[Invitation]:
        return Invitation.objects.visible_to(self.request.user).select_related("clinic", "invited_by")

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        require(inviting.may_invite(request.user), Forbidden)
        return super().list(request, *args, **kwargs)

    @extend_schema(request=NewInvitationSerializer, responses={201: InvitationSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Ask somebody in; the link goes to the address within a minute. For a role with power, confirm first."""
        require(inviting.may_invite(request.user), Forbidden)
        asked = NewInvitationSerializer(data=request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        values = dict(asked.validated_data)
        place = Place(Role(values.pop("role")), values.pop("clinic"))
        if place.role in DEMANDING:
            confirm_first(request)
        invitation = inviting.invite(**values, place=place, by=request.user, at=timezone.now())
        return Response(self.get_serializer(invitation).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses={200: InvitationSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def again(self, request: Request, pk: str) -> Response:
        """A new link; the old one stops working. For a role with power, confirm first."""
        invitation = self.get_object()
        if invitation.role in DEMANDING:
            confirm_first(request)
        sent = inviting.send_again(invitation, by=request.user, at=timezone.now())
        return Response(self.get_serializer(sent).data)

    @extend_schema(request=None, responses={200: InvitationSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: str) -> Response:
        """Take it back: its link stops working."""
        taken = inviting.revoke(self.get_object(), by=request.user, at=timezone.now())
        return Response(self.get_serializer(taken).data)
