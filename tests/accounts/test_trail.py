"""The door and refusals leave their trace."""

from __future__ import annotations

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client

from accounts.audit_log import entries_visible_to
from accounts.models import Clinic, User
from intranet.audit.models import Entry
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


def verbs() -> list[str]:
    return list(Entry.objects.order_by("id").values_list("verb", flat=True))


def sign_in_by_form(client: Client, email: str, password: str) -> int:
    return client.post("/accounts/login/", {"login": email, "password": password}).status_code


def test_coming_and_going(therapist: User, mt_prospect: Clinic, client: Client):
    assert sign_in_by_form(client, therapist.email.upper(), PASSWORD) == 302
    client.post("/accounts/logout/")
    assert verbs() == ["session.started", "session.ended"]
    came = Entry.objects.earliest("id")
    assert (came.actor, came.address, came.clinic_ids) == (therapist, "127.0.0.1", [mt_prospect.pk])


def test_who_is_turned_away(therapist: User, client: Client):
    sign_in_by_form(client, therapist.email, "wrong one")
    sign_in_by_form(client, "nobody@clinic.example", "x")
    known, unknown = Entry.objects.order_by("id")
    assert (known.verb, known.target_id, known.actor) == ("session.refused", str(therapist.pk), None)
    assert (unknown.verb, unknown.target_id, unknown.target_name, unknown.changes) == ("session.refused", "", "", {})


def test_a_password_that_is_changed(therapist: User, sign_in):
    browser = sign_in(therapist)
    fresh = "a long and new sentence"
    browser.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": fresh, "password2": fresh})
    assert "password.changed" in verbs()
    assert fresh not in str(list(Entry.objects.values()))


def test_what_is_refused_for_want_of_rights(therapist: User, sign_in):
    browser = sign_in(therapist)
    before = Entry.objects.count()
    assert browser.get("/protocols/report/").status_code == 403
    assert browser.get("/there/is/nothing/").status_code == 404
    [entry] = Entry.objects.order_by("id")[before:]
    assert (entry.verb, entry.actor, entry.changes) == (
        "access.refused",
        therapist,
        {"path": "/protocols/report/", "method": "GET"},
    )


def test_the_managers_of_the_clinic_see_what_was_refused(therapist, manager, manager_oakbrook, sign_in):
    sign_in(therapist).get("/protocols/report/")
    refused = {
        who: entries_visible_to(who).filter(verb="access.refused").count() for who in (manager, manager_oakbrook)
    }
    assert refused == {manager: 1, manager_oakbrook: 0}


def test_nothing_of_a_secret_is_kept(therapist: User):
    TOTP.activate(therapist, "A" * 32)
    assert "AAAA" not in str(list(Entry.objects.values()))
