"""What every API view shares: closed by default, pages of results, and errors as problem documents (RFC 9457)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import Http404, HttpRequest, JsonResponse
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication, exceptions, mixins, serializers, status
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from intranet.core.access import YES, Forbidden, Refused, Verdict, is_staff_member, require
from intranet.core.forms import FilterForm, in_this_century

if TYPE_CHECKING:
    from drf_spectacular.openapi import AutoSchema
    from rest_framework.views import APIView


class IsStaffMember(BasePermission):
    """Signed in, active and with a membership in force. Everything finer is `visible_to` and the actions.

    A program's token opens only the views that name their area, `program_area = "schedule"`, and only with the scope for
    reading or for writing it. `@action(program_area=None)` closes one operation of such a view.
    """

    message = "Sign in first."

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not (bool(request.user) and is_staff_member(request.user)):
            return False
        if request.auth is not None:
            require(_within_scopes(request.auth.scopes, request.method or "", view), Forbidden)
        return True


def scope_of(view: Any, method: str) -> str:
    """The scope that a token needs for an operation; empty where no token is taken."""
    area = getattr(view, "program_area", None)
    return f"{area}:{'read' if method in SAFE_METHODS else 'write'}" if area else ""


def _within_scopes(scopes: Collection[str], method: str, view: APIView) -> Verdict:
    needed = scope_of(view, method)
    if not needed:
        return Verdict.no("by-hand", "No token does this. Sign in and do it yourself.")
    if needed not in scopes:
        return Verdict.no("scope-missing", f"This token was not made for it: it lacks the scope {needed}.")
    return YES


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session, with CSRF. Says 401 to somebody not signed in, so that programs can tell it from 403."""

    def authenticate_header(self, request: Request) -> str:
        return "Session"


class SessionScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI document speaks of the session."""

    target_class = SessionAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


class MomentField(serializers.DateTimeField):
    """A moment with its offset; without one it would mean a different hour in every zone."""

    def enforce_timezone(self, value: datetime) -> datetime:
        if timezone.is_naive(value):
            raise serializers.ValidationError("Give the time with its offset, for example 2026-12-09T07:00:00-06:00.")
        in_this_century(value.date())
        return value


class Unfiltered(mixins.ListModelMixin):
    """A list without filters. One that is asked for anyway is refused: nobody would see that it did nothing."""

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        FilterForm(request.query_params).strictly()
        return super().list(request, *args, **kwargs)


class Pages(PageNumberPagination):
    page_size_query_param = "page_size"
    max_page_size = 200


API = "/api/"
OUTSIDE = {
    400: ("Bad request", "The request cannot be read."),
    403: ("Not allowed", "You may not do this."),
    404: ("Not found", "There is nothing at this address for you."),
    500: ("Server error", "Something went wrong here. Nothing was changed; try again later."),
}


def problem(error: Exception, context: dict[str, Any]) -> JsonResponse | None:
    """DRF's exception handler: every error becomes one problem document."""
    from rest_framework.views import set_rollback  # that module imports this one, by the name of the permission class

    set_rollback()
    if isinstance(error, Refused):
        return refusal_document(error)
    if isinstance(error, DjangoValidationError):
        error = exceptions.ValidationError(
            error.message_dict if hasattr(error, "error_dict") else {"non_field_errors": error.messages}
        )
    if isinstance(error, Http404):
        return error_document(status.HTTP_404_NOT_FOUND)
    if isinstance(error, PermissionDenied):
        return error_document(status.HTTP_403_FORBIDDEN)
    if isinstance(error, exceptions.ValidationError):
        return _document(error.status_code, "Not valid", "Some values are not valid.", errors=error.detail)
    if isinstance(error, exceptions.APIException):
        response = _document(error.status_code, _title(error.status_code), str(error.detail))
        for header, value in _headers(error).items():
            response[header] = value
        return response
    return None


def _title(code: int) -> str:
    titles = {
        401: "Not signed in",
        403: "Not allowed",
        404: "Not found",
        405: "Not done at this address",
        409: "Changed meanwhile",
        410: "Not there any more",
    }
    return titles.get(code, "Refused")


def _reasons(error: Refused) -> list[dict[str, str]]:
    return [
        {"code": reason.code, "message": reason.message} | ({"field": reason.field} if reason.field else {})
        for reason in error.verdict.reasons
    ]


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = str(error.auth_header)
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(int(error.wait))
    return headers


def _document(code: int, title: str, detail: str, **more: Any) -> JsonResponse:
    """JSON whatever was asked for: also from an address that would have answered with a page or with YAML."""
    body = {"type": "about:blank", "title": title, "status": code, "detail": detail} | more
    return JsonResponse(body, status=code, encoder=JSONEncoder, content_type="application/problem+json")


def is_api(request: HttpRequest) -> bool:
    return request.path.startswith(API)


def refusal_document(error: Refused) -> JsonResponse:
    return _document(error.status, _title(error.status), str(error), reasons=_reasons(error))


def error_document(code: int) -> JsonResponse:
    """The problem document for what goes wrong before or outside of a view."""
    return _document(code, *OUTSIDE[code])
