"""Stopping mail from a link in it, without signing in."""

from __future__ import annotations

import logging
import re
from email import message_from_bytes, policy
from html import unescape

import pytest
from django.conf import settings as configured
from django.core import signing
from django.test import Client

from accounts.models import User
from intranet.audit.models import Entry
from intranet.core.logs import WithoutKeys
from intranet.reminders import registry, unsubscribing
from intranet.reminders.composing import compose
from intranet.reminders.models import MailChoice
from tests.intranet.reminders import factories

pytestmark = pytest.mark.django_db
NOTHING = "This link does nothing"


@pytest.fixture
def optional(planted):
    planted.optional = True
    return planted


@pytest.fixture
def link(optional, therapist):
    return unsubscribing.address_of(therapist, [optional])


@pytest.fixture
def stranger() -> Client:
    """A mail program or a browser in which nobody is signed in; it also holds no form token."""
    return Client(enforce_csrf_checks=True)


def rows():
    return set(MailChoice.objects.values_list("person", "kind", "rhythm"))


def read(delivery):
    return message_from_bytes(bytes(delivery.payload), policy=policy.default)


def links_in(text: str) -> list[str]:
    return re.findall(r"/inbox/unsubscribe/[^\s\"<>]+", text)


def test_looking_changes_nothing_and_says_what_will_happen(link, therapist, stranger):
    response = stranger.get(link)
    page = response.content.decode()
    assert response.status_code == 200
    assert "No more mail about this?" in page
    assert "Planted" in page
    assert page.count('<form method="post"') == 1
    assert rows() == set()
    assert response["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    for word in (therapist.name, therapist.email, str(therapist.initials)):
        assert f">{word}<" not in page


def test_one_press_stops_it_and_another_brings_it_back(link, therapist, floater, stranger):
    MailChoice.objects.create(person=therapist, kind="planted", rhythm="weekly")
    MailChoice.objects.create(person=floater, kind="planted", rhythm="daily")
    response = stranger.post(link)
    assert response.status_code == 200
    assert "Done. No more mail about this" in response.content.decode()
    assert rows() == {(therapist.pk, "planted", "in-app"), (floater.pk, "planted", "daily")}
    (undo,) = set(links_in(unescape(response.content.decode())))
    assert "Send this mail again?" in stranger.get(undo).content.decode()
    assert (therapist.pk, "planted", "in-app") in rows()
    assert "The mail comes again" in stranger.post(undo).content.decode()
    assert rows() == {(therapist.pk, "planted", "weekly"), (floater.pk, "planted", "daily")}
    entries = Entry.objects.filter(verb="reminders.mail_chosen").order_by("pk")
    assert [(entry.actor, entry.target_id, entry.changes["rhythms"]) for entry in entries] == [
        (None, str(therapist.pk), {"planted": "in-app"}),
        (None, str(therapist.pk), {"planted": "weekly"}),
    ]


def test_one_click_of_a_mail_program(link, therapist, stranger):
    response = stranger.post(link, {"List-Unsubscribe": "One-Click"})  # multipart, as RFC 8058 allows
    assert response.status_code == 200
    assert not response.cookies.get(configured.SESSION_COOKIE_NAME)
    assert rows() == {(therapist.pk, "planted", "in-app")}
    body = "List-Unsubscribe=One-Click"
    assert stranger.post(link, body, content_type="application/x-www-form-urlencoded").status_code == 200
    assert Entry.objects.filter(verb="reminders.mail_chosen").count() == 1


def test_it_works_whoever_is_signed_in_and_for_the_person_of_the_mail_alone(link, therapist, manager, sign_in):
    assert sign_in(manager).post(link).status_code == 200
    assert rows() == {(therapist.pk, "planted", "in-app")}


def wrong_ones(optional, urgent, therapist) -> dict[str, str]:
    good = unsubscribing.address_of(therapist, [optional])
    address = good.rsplit("/", 2)[0]
    optional_codes, duty = [optional.code], [urgent.code]
    return {
        "cut": good[:-4] + "/",
        "changed": good.replace("unsubscribe/", "unsubscribe/a", 1),
        "nonsense": f"{address}/nothing/",
        "of another salt": f"{address}/{signing.Signer(salt='else').sign_object([therapist.pk, optional_codes])}/",
        "without a salt": f"{address}/{signing.Signer().sign_object([therapist.pk, optional_codes])}/",
        "of an undo": f"{address}/{signing.Signer(salt=unsubscribing.UNDO).sign_object([therapist.pk, {'planted': 'weekly'}])}/",
        "of nobody": f"{address}/{signing.Signer(salt=unsubscribing.OFF).sign_object([0, optional_codes])}/",
        "of a duty": f"{address}/{signing.Signer(salt=unsubscribing.OFF).sign_object([therapist.pk, duty])}/",
        "of no kind": f"{address}/{signing.Signer(salt=unsubscribing.OFF).sign_object([therapist.pk, ['gone']])}/",
    }


def test_a_wrong_link_does_nothing_and_all_of_them_look_alike(optional, urgent, therapist, stranger):
    pages = set()
    for name, address in wrong_ones(optional, urgent, therapist).items():
        for method in (stranger.get, stranger.post):
            response = method(address)
            assert response.status_code == 404, name
            pages.add(response.content)
    assert len(pages) == 1
    assert NOTHING in pages.pop().decode()
    assert rows() == set()
    assert unsubscribing.found_by("nothing") is None


def test_a_link_of_a_kind_that_has_become_a_duty_or_of_a_person_who_has_left(optional, link, therapist, stranger):
    undo = set(links_in(unescape(stranger.post(link).content.decode()))).pop()
    MailChoice.objects.all().delete()
    optional.optional = False
    assert stranger.post(link).status_code == stranger.post(undo).status_code == 404
    optional.optional = True
    User.objects.filter(pk=therapist.pk).update(is_active=False)
    assert stranger.post(link).status_code == stranger.post(undo).status_code == 404
    assert rows() == set()


def test_guessing_has_an_end_and_good_links_do_not_suffer(link, settings, therapist, stranger):
    settings.WRONG_TOKENS = "3/5m/ip"
    answers = [stranger.get("/inbox/unsubscribe/guess/").status_code for _ in range(5)]
    assert answers == [404, 404, 404, 429, 429]
    assert stranger.post(link).status_code == 200


def test_no_log_line_holds_a_link(link):
    undo = link.replace("unsubscribe/", "unsubscribe/undo/")
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, "%s then %s", (f"GET {link} 404", undo), None)
    assert WithoutKeys().filter(record)
    assert record.getMessage() == "GET /inbox/unsubscribe/…/ 404 then /inbox/unsubscribe/undo/…/"


# --- In the mail


def test_a_single_mail_of_an_optional_kind_has_its_link_and_the_headers(optional, link, therapist, at, settings):
    settings.SITE_ORIGIN = "https://intranet.clinic.example"
    delivery = compose(therapist, [factories.released(recipient=therapist, at=at)], at)
    raw, message = bytes(delivery.payload), read(delivery)
    # In one line, as it is: nobody decodes words in an address.
    assert f"List-Unsubscribe: <https://intranet.clinic.example{link}>\r\n".encode() in raw
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for kind in ("plain", "html"):
        text = unescape(message.get_body((kind,)).get_content())
        assert links_in(text) == [link]
        assert "No more mail about “Planted”" in text


def test_the_link_of_the_header_works(optional, therapist, at, stranger, settings):
    message = read(compose(therapist, [factories.released(recipient=therapist, at=at)], at))
    address = message["List-Unsubscribe"].strip("<>").removeprefix(settings.SITE_ORIGIN)
    assert stranger.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert rows() == {(therapist.pk, "planted", "in-app")}


def test_mail_about_a_duty_has_none(planted, urgent, therapist, at):
    single = factories.released(recipient=therapist, at=at)
    several = [factories.released(recipient=therapist, at=at, kind=kind) for kind in ("planted", "planted-urgent")]
    for reminders in ([single], several):
        message = read(compose(therapist, reminders, at))
        assert message["List-Unsubscribe"] is message["List-Unsubscribe-Post"] is None
        assert links_in(message.as_string()) == []


def test_a_digest_has_a_link_for_each_optional_kind_and_one_click_for_all_of_them(
    optional, urgent, therapist, at, stranger, settings
):
    other = type("Other", (type(urgent),), {"code": "planted-other", "label": "Other", "optional": True})()
    registry.register(other)
    kinds = ["planted", "planted-urgent", "planted-other", "planted"]
    reminders = [factories.released(recipient=therapist, at=at, kind=kind) for kind in kinds]
    message = read(compose(therapist, reminders, at))
    for body in ("plain", "html"):
        found = links_in(unescape(message.get_body((body,)).get_content()))
        assert found == [unsubscribing.address_of(therapist, [kind]) for kind in (other, optional)]
    address = message["List-Unsubscribe"].strip("<>").removeprefix(settings.SITE_ORIGIN)
    other.heeds_quiet_hours = True
    stranger.post(address)
    assert rows() == {(therapist.pk, "planted", "in-app"), (therapist.pk, "planted-other", "in-app")}
