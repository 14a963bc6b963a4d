from __future__ import annotations

from email import message_from_bytes, policy
from email.utils import parsedate_to_datetime

import pytest
from django.db import IntegrityError, transaction

from intranet.reminders.composing import compose, deliverable
from tests.intranet.reminders import factories

pytestmark = pytest.mark.django_db


def read(delivery):
    return message_from_bytes(bytes(delivery.payload), policy=policy.default)


def parts(message):
    return {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}


def test_a_single_mail(therapist, at, settings):
    settings.SITE_ORIGIN, settings.SITE_NAME = "https://intranet.example", "Emery"
    settings.DEFAULT_FROM_EMAIL = "intranet@clinic.example"
    reminder = factories.released(
        recipient=therapist, at=at, title="Shift tomorrow, 7:00 AM", path="/schedule/?a=1&b=2"
    )
    delivery = compose(therapist, [reminder], at)
    message = read(delivery)
    assert (message["Subject"], str(message["From"]), str(message["To"])) == (
        "Shift tomorrow, 7:00 AM",
        "Emery intranet <intranet@clinic.example>",
        f"{therapist.name} <{therapist.email}>",
    )
    assert message["Message-ID"] == delivery.message_id
    assert message["Message-ID"].endswith("@intranet.example>")
    assert parsedate_to_datetime(message["Date"]) == at
    assert (message["Auto-Submitted"], message["X-Auto-Response-Suppress"]) == ("auto-generated", "All")
    assert message["Reply-To"] is None
    words = parts(message)
    assert list(words) == ["text/plain", "text/html"]
    assert "Do it: https://intranet.example/schedule/?a=1&b=2" in words["text/plain"]
    assert 'href="https://intranet.example/schedule/?a=1&amp;b=2"' in words["text/html"]
    for text in words.values():
        assert "First." in text
        assert "Second." in text
        assert "You get this because a test wants it." in text
        assert "https://intranet.example/inbox/" in text


def test_text_is_plain_and_html_is_escaped(therapist, at):
    reminder = factories.released(recipient=therapist, at=at, title="<b>R&D</b>", body="Is <script> & co. welcome?")
    words = parts(read(compose(therapist, [reminder], at)))
    assert "Is <script> & co. welcome?" in words["text/plain"]
    assert "<b>R&D</b>" in words["text/plain"]
    assert "Is &lt;script&gt; &amp; co. welcome?" in words["text/html"]
    assert "<script>" not in words["text/html"]


def test_html_leaves_colours_to_the_reader(therapist, at):
    words = parts(read(compose(therapist, [factories.released(recipient=therapist, at=at)], at)))
    page = words["text/html"]
    assert '<meta name="color-scheme" content="light dark">' in page
    assert not [word for word in ("style=", "bgcolor", "<img", "<table", "http-equiv", "url(") if word in page]
    # The button brings both its colours, and the line above the foot is grey on any ground; nothing else has one.
    coloured = {rule.strip().split(" {")[0] for rule in page.split("}") if "#" in rule.partition(" {")[2]}
    assert coloured == {".button", ".foot"}
    assert "background: #0b6b62; color: #ffffff" in page


def test_what_a_list_of_mails_shows_beside_the_subject(therapist, at):
    page = parts(read(compose(therapist, [factories.released(recipient=therapist, at=at)], at)))["text/html"]
    assert '<div class="preheader">First.</div>' in page


def test_the_foot_says_why_and_where_to_change_it(therapist, at):
    for text in parts(read(compose(therapist, [factories.released(recipient=therapist, at=at)], at))).values():
        assert "You get this because a test wants it." in text
        assert "/inbox/#mail" in text


def test_the_bytes_are_seven_bit_and_their_lines_end_as_on_the_wire(therapist, at):
    reminder = factories.released(
        recipient=therapist, at=at, title="Días “después” – é", body="Ünïcødé 漢字\n\n" + "x" * 2000
    )
    payload = bytes(compose(therapist, [reminder], at).payload)
    assert payload.isascii()
    assert payload.count(b"\n") == payload.count(b"\r\n") == payload.count(b"\r")
    assert max(len(line) for line in payload.split(b"\r\n")) <= 998
    message = message_from_bytes(payload, policy=policy.default)
    assert message["Subject"] == "Días “después” – é"
    assert "Ünïcødé 漢字" in parts(message)["text/plain"]


def test_a_digest_lists_what_is_in_it_and_says_as_of_when(therapist, at, settings):
    settings.SITE_NAME = "Emery"
    reminders = [factories.released(recipient=therapist, at=at, title=f"Thing {number}") for number in range(7)]
    delivery = compose(therapist, reminders, at)
    message = read(delivery)
    assert message["Subject"] == "7 reminders from the Emery intranet"
    for text in parts(message).values():
        assert [f"Thing {number}" in text for number in range(7)] == [True] * 7
        assert "Wed, Nov 25, 10:00 AM CST" in text
    assert delivery.on_doubt == "hold"


def test_a_long_digest_lists_fifty_and_counts_the_rest(therapist, at):
    reminders = [factories.released(recipient=therapist, at=at, title=f"Thing {number}.") for number in range(53)]
    for text in parts(read(compose(therapist, reminders, at))).values():
        assert "Thing 49." in text
        assert "Thing 50." not in text
        assert "3 more are in your inbox." in text


def test_no_title_and_no_name_can_add_a_header(therapist, at):
    therapist.name = "Eve\r\nBcc: all@clinic.example"
    with pytest.raises(ValueError, match=r"CR or LF|carriage return"):
        compose(therapist, [factories.released(recipient=therapist, at=at)], at)


def test_a_reminder_moves_only_out_of_a_cancelled_mail(therapist, at):
    moved, kept = (factories.released(recipient=therapist, at=at) for _ in range(2))
    factories.delivery(recipient=therapist, at=at, reminders=[moved], state="cancelled", reason="No.")
    factories.delivery(recipient=therapist, at=at, reminders=[kept])
    assert list(compose(therapist, [moved], at).reminders.all()) == [moved]
    with pytest.raises(IntegrityError, match="reminder_id"), transaction.atomic():
        compose(therapist, [kept], at)


def test_a_domain_with_accents_goes_by_its_registered_name():
    assert deliverable("avery@clínica.example") == "avery@xn--clnica-4va.example"
    assert deliverable("Avery.T@clinic.example") == "Avery.T@clinic.example"
