"""POST /mail/bounces/: who is believed, and what the body may hold."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.utils import timezone

from intranet.reminders.bounce_webhook import MOST, signature
from intranet.reminders.models import AddressTrouble
from tests.intranet.reminders import factories
from tests.intranet.reminders.returned_mail import report

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(therapist):
    now = timezone.now()
    return factories.delivery(recipient=therapist, at=now, state="sent", sent_at=now)


@pytest.fixture(autouse=True)
def _secret(settings):
    settings.MAIL_WEBHOOK_SECRET = "f0e1d2c3b4a5968778695a4b3c2d1e0f"


def post(body, *, stamp=None, signed=None, kind="application/json"):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    stamp = stamp or str(int(timezone.now().timestamp()))
    headers = {"X-Mail-Timestamp": stamp, "X-Mail-Signature": signed or signature(stamp, content)}
    client = Client(enforce_csrf_checks=True)
    return client.post("/mail/bounces/", content, content_type=kind, headers=headers)


def entry(sent, **fields):
    return {"type": "bounce", "recipient": sent.address, "message_id": sent.message_id, "status": "5.1.1"} | fields


def test_a_bounce_flags_the_address(sent, therapist):
    response = post([entry(sent, diagnostic="550 No such user")])
    assert (response.status_code, response.json()) == (200, {"hard": 1, "soft": 0, "repeated": 0, "unknown": 0})
    sent.refresh_from_db()
    assert sent.bounce == "5.1.1 550 No such user"
    assert AddressTrouble.objects.get().person == therapist


def test_told_again_it_changes_nothing(sent):
    post([entry(sent)])
    assert post([entry(sent)]).json()["repeated"] == 1
    assert AddressTrouble.objects.count() == 1


def test_one_mail_as_it_came_will_do(sent, therapist):
    response = post(report(therapist.email, message_id=sent.message_id), kind="message/rfc822")
    assert response.json()["hard"] == 1


def test_the_kinds_of_entries(sent, therapist, floater):
    response = post(
        [
            entry(sent, type="delivered"),
            entry(sent, type="delayed", status="4.4.1"),
            entry(sent, type="bounce", recipient=floater.email),
            entry(sent, type="complaint", message_id=sent.message_id.strip("<>"), status=""),
        ]
    )
    assert response.json() == {"hard": 1, "soft": 1, "repeated": 1, "unknown": 1}
    assert AddressTrouble.objects.get().source == "complaint"


def test_without_the_setting_there_is_no_such_address(sent, settings):
    settings.MAIL_WEBHOOK_SECRET = ""
    assert post([entry(sent)]).status_code == 404
    assert AddressTrouble.objects.count() == 0


@pytest.mark.parametrize("signed", ["sha256=" + "0" * 64, "", "nonsense", "sha256=\xff", "sha1=0"])
def test_a_wrong_signature_is_refused(sent, signed):
    response = post([entry(sent)], signed=signed or " ")
    assert response.status_code == 403
    assert AddressTrouble.objects.count() == 0


def test_the_signature_is_of_this_body_and_this_moment(sent):
    stamp = str(int(timezone.now().timestamp()))
    other = signature(stamp, b"[]")
    assert post([entry(sent)], stamp=stamp, signed=other).status_code == 403
    assert (
        post(
            [entry(sent)], stamp=str(int(stamp) + 1), signed=signature(stamp, json.dumps([entry(sent)]).encode())
        ).status_code
        == 403
    )


@pytest.mark.parametrize("shift", [-301, 301])
def test_an_old_signature_is_refused(sent, shift):
    assert post([entry(sent)], stamp=str(int(timezone.now().timestamp()) + shift)).status_code == 403


@pytest.mark.parametrize("stamp", ["x", "-1", "1e9", "9" * 400, "٣"])
def test_a_timestamp_is_a_number_of_seconds(sent, stamp):
    content = json.dumps([entry(sent)]).encode()
    headers = {"X-Mail-Timestamp": stamp, "X-Mail-Signature": signature(stamp, content)}
    response = Client().post("/mail/bounces/", content, content_type="application/json", headers=headers)
    assert response.status_code == 403


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"no json", "application/json"),
        (b"[" * 100_000, "application/json"),
        ({"type": "bounce"}, "application/json"),
        ([7], "application/json"),
        ([{"type": "bounce"}], "application/json"),
        ([{"type": "party", "recipient": "a@b.example"}], "application/json"),
        ([{"type": "bounce", "recipient": ["a@b.example"]}], "application/json"),
        ([{"type": "bounce", "recipient": "a@b.example", "status": "bad"}], "application/json"),
        ([{"type": "bounce", "recipient": "a@b.example", "message_id": "<a b>"}], "application/json"),
        ([{"type": "bounce", "recipient": "a@b.example"}] * (MOST + 1), "application/json"),
        (b"Subject: Hello\r\n\r\nNo report.", "message/rfc822"),
        (b"a=b", "application/x-www-form-urlencoded"),
    ],
)
def test_what_was_not_agreed_is_refused_as_a_whole(body, kind):
    response = post(body, kind=kind)
    assert response.status_code == 400
    assert response.json()["error"]


def test_odd_letters_are_no_obstacle(sent):
    body = json.dumps([entry(sent, diagnostic="\ud800 \x00 gone"), entry(sent, recipient="\ud800@b.example")]).encode()
    assert post(body).status_code == 200


def test_too_much_at_once(settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    assert post(b"[" + b" " * 200 + b"]").status_code == 413


def test_it_is_only_posted_to():
    assert Client().get("/mail/bounces/").status_code == 405
