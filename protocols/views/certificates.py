"""What somebody has acknowledged, and the certificate of each."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.step_up import step_up_from
from intranet.core.files import served
from protocols import certificates
from protocols.certificates import MEANING, Certificate

ON_A_PAGE = 50


@require_GET
def own(request: HttpRequest) -> HttpResponse:
    """What the person has acknowledged, the latest first."""
    return _listed(request, request.user)


@require_GET
def of_person(request: HttpRequest, pk: int) -> HttpResponse:
    """What somebody else has acknowledged, as far as one sees it; nothing to see is nobody there."""
    if pk != request.user.pk and not certificates.certified(request.user).filter(user=pk).exists():
        raise Http404
    return _listed(request, get_object_or_404(User, pk=pk))


@require_GET
def certificate(request: HttpRequest, pk: int) -> HttpResponse:
    """That somebody acknowledged a version, with the hash of the text, its approver and since when it was in force."""
    found = _found(request, pk)
    context = {"certificate": found, "mine": found.person == request.user, "meaning": MEANING}
    return render(request, "protocols/certificate.html", context)


@require_GET
def certificate_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The same as a document to keep. Who takes along what others acknowledged confirms first."""
    own = _found(request, pk).person == request.user
    return _file(request, pk) if own else _file_about_others(request, pk)


@step_up_from("protocols:certificate")
def _file_about_others(request: HttpRequest, pk: int) -> HttpResponse:
    return _file(request, pk)


def _file(request: HttpRequest, pk: int) -> HttpResponse:
    found = _found(request, pk)
    content = certificates.export(found, by=request.user, at=timezone.now())
    return served(content, "application/pdf", found.file_name, keep=True)


def _found(request: HttpRequest, pk: int) -> Certificate:
    return Certificate(get_object_or_404(certificates.certified(request.user), pk=pk), timezone.now())


def _listed(request: HttpRequest, person: User) -> HttpResponse:
    given = certificates.certified(request.user).filter(user=person)
    page = Paginator(given, ON_A_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "person": person, "mine": person == request.user}
    return render(request, "protocols/certificates.html", context)
