from __future__ import annotations

import pytest

from intranet.audit.models import Entry
from intranet.reminders.models import MailOff, Reminder
from intranet.reminders.planning import plan
from intranet.reminders.releasing import release

pytestmark = pytest.mark.django_db


@pytest.fixture
def optional(planted):
    planted.optional = True
    return planted


def boxes(page: str) -> dict[str, tuple[bool, bool]]:
    """Whether each box is checked, and whether it is disabled."""
    rows = [part.split(">")[0] for part in page.split('<input type="checkbox" name="mail" value="')[1:]]
    return {row.split('"')[0]: (" checked" in row, " disabled" in row) for row in rows}


def test_the_form_shows_what_comes_and_what_can_be_chosen(optional, urgent, therapist, sign_in):
    client = sign_in(therapist)
    assert boxes(client.get("/inbox/").content.decode()) == {"planted": (True, False), "planted-urgent": (True, True)}
    MailOff.objects.create(person=therapist, kind="planted")
    assert boxes(client.get("/inbox/").content.decode()) == {"planted": (False, False), "planted-urgent": (True, True)}


def test_switching_off_and_on_again(optional, urgent, therapist, floater, sign_in):
    client = sign_in(therapist)
    MailOff.objects.create(person=floater, kind="planted")
    assert client.post("/inbox/mail/", {"mail": []}).url == "/inbox/"
    client.post("/inbox/mail/", {"mail": []})
    assert set(MailOff.objects.values_list("person", "kind")) == {
        (person.pk, "planted") for person in (therapist, floater)
    }
    client.post("/inbox/mail/", {"mail": ["planted", "no-such-kind"]})
    assert set(MailOff.objects.values_list("person", "kind")) == {(floater.pk, "planted")}
    entries = Entry.objects.filter(verb="reminders.mail_chosen").order_by("pk")
    assert [(entry.actor, entry.changes["off"]) for entry in entries] == [
        *[(therapist, ["planted"])] * 2,
        (therapist, []),
    ]


def test_switched_off_means_inbox_only(optional, urgent, therapist, floater, at):
    MailOff.objects.create(person=therapist, kind="planted")
    MailOff.objects.create(person=therapist, kind="planted-urgent")  # from before that kind became a duty
    optional.owe(therapist, due=at)
    optional.owe(floater, due=at)
    urgent.owe(therapist, due=at)
    plan(at)
    assert release(at) == {"released": 3, "mails": 2}
    mailed = {(row.recipient, row.kind) for row in Reminder.objects.filter(item__isnull=False)}
    assert mailed == {(floater, "planted"), (therapist, "planted-urgent")}
    assert Reminder.objects.visible_to(therapist).count() == 2


def test_choosing_is_no_get(optional, therapist, sign_in):
    assert sign_in(therapist).get("/inbox/mail/").status_code == 405
