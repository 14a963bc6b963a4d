"""Every request leaves its address in its entries, and a refusal for want of rights leaves an entry itself."""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse

from intranet.audit import origin
from intranet.audit.recording import record

GetResponse = Callable[[HttpRequest], HttpResponse]
LONGEST_PATH = 200


def trail(get_response: GetResponse) -> GetResponse:
    def middleware(request: HttpRequest) -> HttpResponse:
        token = origin.address.set(get_adapter().get_client_ip(request))
        try:
            response = get_response(request)
            if response.status_code == 403 and request.user.is_authenticated:
                path = request.path[:LONGEST_PATH]
                clinics = sorted(request.user.standing.clinic_ids)
                record(request.user, "access.refused", None, clinics=clinics, path=path, method=request.method)
            return response
        finally:
            origin.address.reset(token)

    return middleware
