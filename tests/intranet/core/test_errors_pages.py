import logging
import re

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.test import Client, RequestFactory
from django.urls import include, path, reverse

from accounts.models import User
from intranet.core.access import Conflict, Forbidden, Reason, Refused, Verdict
from intranet.core.navigation import page_above
from tests.policies.routes import routes


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied("The roster is for managers.")


def suspicious(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("secret inner detail")


def refused(request: HttpRequest) -> HttpResponse:
    reasons = Reason("overlap", "She already works 11:30a–8p."), Reason("credential", "Her licence ended <Nov 14>.")
    raise {"409": Conflict, "403": Forbidden, "422": Refused}[request.GET["status"]](Verdict(reasons))


urlpatterns = [
    path("api/forbidden/", forbidden),
    path("api/suspicious/", suspicious),
    path("api/broken/", broken),
    path("forbidden/", forbidden),
    path("suspicious/", suspicious),
    path("broken/", broken),
    path("refused/", refused),
    path("", include(settings.ROOT_URLCONF)),
]
handler400 = "intranet.core.views.bad_request"
handler403 = "intranet.core.views.permission_denied"
handler404 = "intranet.core.views.page_not_found"
handler500 = "intranet.core.views.server_error"

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def heading(response: HttpResponse) -> str:
    headings = re.findall(r"<h1>(.*?)</h1>", response.content.decode())
    assert len(headings) == 1
    return headings[0]


def test_a_missing_page_offers_the_shell_to_those_who_are_signed_in(therapist: User, sign_in) -> None:
    response = sign_in(therapist).get("/no/such/page/")
    assert (response.status_code, heading(response)) == (404, "There is nothing here for you")
    assert 'aria-label="Main"' in response.content.decode()


def test_a_missing_page_shows_a_visitor_no_shell(client: Client) -> None:
    response = client.get("/no/such/page/")
    assert (response.status_code, heading(response)) == (404, "There is nothing here for you")
    assert 'aria-label="Main"' not in response.content.decode()


def test_what_is_forbidden_says_why_and_to_whom(therapist: User, sign_in) -> None:
    response = sign_in(therapist).get("/forbidden/")
    text = response.content.decode()
    assert (response.status_code, heading(response)) == (403, "You may not do this")
    assert "The roster is for managers." in text
    assert "You are signed in as Avery Testwell." in text


def test_a_page_that_one_may_not_open_says_why_and_to_whom(therapist: User, sign_in) -> None:
    response = sign_in(therapist).get("/refused/", {"status": 403})
    assert (response.status_code, heading(response)) == (403, "You may not open this")
    assert "She already works 11:30a–8p." in response.content.decode()
    assert "You are signed in as Avery Testwell." in response.content.decode()


@pytest.mark.parametrize("status", [403, 409, 422])
def test_a_refusal_gives_every_reason_with_its_status(therapist: User, sign_in, status: int) -> None:
    response = sign_in(therapist).post(f"/refused/?status={status}")
    text = response.content.decode()
    assert (response.status_code, heading(response)) == (status, "That was not done")
    assert "She already works 11:30a–8p." in text
    assert "Her licence ended &lt;Nov 14&gt;." in text
    assert "Nothing was changed." in text


def test_a_request_that_makes_no_sense(therapist: User, sign_in) -> None:
    response = sign_in(therapist).get("/suspicious/")
    assert (response.status_code, heading(response)) == (400, "The server did not understand that")


def test_a_form_without_its_token_says_that_the_page_was_too_old(therapist: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(therapist, backend="accounts.sign_in.EmailBackend")
    response = browser.post(reverse("core:theme"), {"theme": "dark"})
    assert (response.status_code, heading(response)) == (403, "The page was too old")
    assert "theme" not in response.cookies


def test_a_fault_gives_a_reference_that_is_in_the_log_and_no_detail(
    therapist: User, sign_in, caplog: pytest.LogCaptureFixture
) -> None:
    browser = sign_in(therapist)
    browser.raise_request_exception = False
    browser.cookies["theme"] = "dark"
    with caplog.at_level(logging.ERROR, logger="intranet.core.views"):
        response = browser.get("/broken/")
    text = response.content.decode()
    assert (response.status_code, heading(response)) == (500, "Something broke on our side")
    reference = re.search(r"Reference <code>([0-9a-f]{8})</code>", text)
    assert reference is not None
    assert f"Server error {reference[1]} at /broken/" in caplog.text
    assert "secret inner detail" not in text
    assert 'data-theme="dark"' in text


@pytest.mark.parametrize("name", ["400.html", "403_csrf.html", "500.html", "503.html"])
def test_pages_for_bad_moments_need_no_database_and_no_request(name: str) -> None:
    text = loader.render_to_string(name, {})
    assert text.count("<h1>") == 1
    assert "Nothing" in text


def test_too_many_tries_has_a_page(therapist: User) -> None:
    request = RequestFactory().get("/")
    request.user = therapist
    text = loader.render_to_string("429.html", {"user": therapist}, request)
    assert "<h1>Too many tries</h1>" in text


@pytest.mark.parametrize(
    ("address", "status", "title"),
    [
        ("forbidden", 403, "Not allowed"),
        ("suspicious", 400, "Bad request"),
        ("broken", 500, "Server error"),
        ("v1/no/such/thing", 404, "Not found"),
    ],
)
def test_programs_get_a_document_also_for_what_no_api_view_answers(
    therapist: User, sign_in, address: str, status: int, title: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    client = sign_in(therapist)
    client.raise_request_exception = False
    response = client.get(f"/api/{address}/")
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    assert (response.json()["title"], response.json()["status"]) == (title, status)


def test_a_body_that_is_too_large_is_refused_with_a_document(manager: User, sign_in) -> None:
    response = sign_in(manager).post("/api/v1/announcements/", data="x" * 6_000_000, content_type="application/json")
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert response.json()["title"] == "Bad request"


def test_the_address_of_a_button_leads_to_its_page(therapist: User, sign_in) -> None:
    response = sign_in(therapist).get("/protocols/cupping/draft/approve/")
    assert (response.status_code, heading(response)) == (405, "There is no page at this address")
    assert '<a class="button primary" href="/protocols/cupping/">' in response.content.decode()
    assert response["Allow"] == "POST"


def test_a_program_that_asks_otherwise_gets_a_problem_document(therapist: User, api) -> None:
    response = api(therapist).get("/api/v1/drafts/cupping/approve/")
    assert (response.status_code, response["Content-Type"]) == (405, "application/problem+json")
    assert response.json()["title"] == "Not done at this address"


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/protocols/cupping/draft/comments/5/resolve/", "/protocols/cupping/"),
        ("/protocols/cupping/versions/1/review/confirm/", "/protocols/cupping/versions/1/"),
        ("/search/words/3/remove/", "/search/words/3/"),
        ("/search/words/usual/", "/search/words/"),
        ("/theme/", "/"),
    ],
)
def test_where_an_address_belongs(address: str, page: str) -> None:
    assert page_above(address) == page


@pytest.mark.urls(settings.ROOT_URLCONF)
def test_no_button_leads_to_another_one(clinical_lead: User, sign_in) -> None:
    browser = sign_in(clinical_lead)
    buttons = [route for route in routes() if browser.get(route.address).status_code == 405]
    assert len(buttons) > 30
    led = {page_above(route.address) for route in buttons if not route.address.startswith("/api/")}
    assert [page for page in sorted(led) if browser.get(page).status_code == 405] == []
