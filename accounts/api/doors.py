"""One's own sessions and tokens, and lost second steps, in the API. No token reaches any of it."""

from __future__ import annotations

from typing import Any

from allauth.usersessions.models import UserSession
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import lost_factor, sessions, tokens
from accounts.api.invitations import REFUSALS
from accounts.directory import staff
from accounts.models import ApiToken, SecondStepReset, TokenScope
from accounts.roles import Capability
from accounts.step_up import confirm_first
from intranet.core.access import Forbidden, Refused
from intranet.core.wording import browser_name


class SessionSerializer(serializers.ModelSerializer[UserSession]):
    browser = serializers.SerializerMethodField()
    current = serializers.SerializerMethodField(help_text="The one that asks")

    class Meta:
        model = UserSession
        fields = ("id", "browser", "ip", "created_at", "last_seen_at", "current")

    def get_browser(self, session: UserSession) -> str:
        return browser_name(session.user_agent)

    def get_current(self, session: UserSession) -> bool:
        return bool(session.session_key == self.context["request"].session.session_key)


class SessionViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[UserSession]):
    """Where you are signed in."""

    serializer_class = SessionSerializer
    queryset = UserSession.objects.none()
    lookup_value_converter = "int"

    def get_queryset(self) -> QuerySet[UserSession]:
        return UserSession.objects.filter(user=self.request.user).order_by("-last_seen_at", "pk")

    @extend_schema(responses={204: None, **REFUSALS})
    def destroy(self, request: Request, pk: str) -> Response:
        """Sign another browser of yours out."""
        session = self.get_object()
        if session.session_key == request.session.session_key:
            raise Refused.because("this-one", "This is the session that asks. Sign out instead.")
        sessions.end(session, by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    owner = serializers.CharField(source="user.name")

    class Meta:
        model = ApiToken
        fields = ("id", "name", "owner", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")


class MadeTokenSerializer(TokenSerializer):
    text = serializers.CharField(help_text="The token itself, in this answer and never again")

    class Meta(TokenSerializer.Meta):
        fields = (*TokenSerializer.Meta.fields, "text")


class NewTokenSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=60)
    scopes = serializers.MultipleChoiceField(choices=TokenScope.choices, allow_empty=False)
    days = serializers.IntegerField(min_value=1, max_value=tokens.MOST_DAYS, default=tokens.USUAL_DAYS)


class TokenViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[ApiToken]):
    """Your own API tokens; administrators see those of everybody."""

    serializer_class = TokenSerializer
    queryset = ApiToken.objects.none()
    lookup_value_converter = "int"

    def get_queryset(self) -> QuerySet[ApiToken]:
        return ApiToken.objects.visible_to(self.request.user).select_related("user")

    @extend_schema(request=NewTokenSerializer, responses={201: MadeTokenSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Make one for yourself. Confirm first."""
        asked = NewTokenSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        confirm_first(request)
        token, text = tokens.make(**asked.validated_data, by=request.user, at=timezone.now())
        token.text = text  # type: ignore[attr-defined]
        return Response(MadeTokenSerializer(token).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None, **REFUSALS})
    def destroy(self, request: Request, pk: str) -> Response:
        """Revoke it: the program that uses it is locked out."""
        tokens.revoke(self.get_object(), by=request.user, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class ResetSerializer(serializers.ModelSerializer[SecondStepReset]):
    class Meta:
        model = SecondStepReset
        fields = (
            *("id", "user", "reason", "started_by", "started_at", "expires_at"),
            *("confirmed_by", "confirmed_at", "cancelled_by", "cancelled_at"),
        )


class NewResetSerializer(serializers.Serializer[Any]):
    person = serializers.IntegerField()
    reason = serializers.CharField(max_length=200)


class ResetViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[SecondStepReset]):
    """Lost second steps, which two administrators together take away."""

    serializer_class = ResetSerializer
    queryset = SecondStepReset.objects.none()
    lookup_value_converter = "int"

    def get_queryset(self) -> QuerySet[SecondStepReset]:
        return SecondStepReset.objects.visible_to(self.request.user)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        if not request.user.standing.may(Capability.RESET_SECOND_STEP):
            raise Forbidden.because("no-administrator", "Administrators see who has lost a second step.")
        return super().list(request, *args, **kwargs)

    @extend_schema(request=NewResetSerializer, responses={201: ResetSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Ask for a second administrator. Confirm first."""
        asked = NewResetSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        now = timezone.now()
        people = staff(request.user, timezone.localdate(now))
        person = get_object_or_404(people, pk=asked.validated_data["person"])
        confirm_first(request)
        reset = lost_factor.start(person, reason=asked.validated_data["reason"], by=request.user, at=now)
        return Response(self.get_serializer(reset).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses={200: ResetSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: str) -> Response:
        """Be the second administrator: all second steps, sessions and tokens of the person end. Confirm first."""
        reset = self.get_object()
        confirm_first(request)
        done = lost_factor.confirm(reset, by=request.user, at=timezone.now())
        return Response(self.get_serializer(done).data)

    @extend_schema(request=None, responses={200: ResetSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Leave everything as it is."""
        cancelled = lost_factor.cancel(self.get_object(), by=request.user, at=timezone.now())
        return Response(self.get_serializer(cancelled).data)
