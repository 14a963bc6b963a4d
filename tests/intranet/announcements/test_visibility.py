"""Who finds which announcement: the same answer for lists, pages and the API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.roles import Role
from intranet.announcements.models import Announcement
from intranet.announcements.publishing import withdraw
from tests import factories as people
from tests.conftest import CAST
from tests.intranet.announcements import factories

EVERYBODY = set(CAST)
SEES_ALL = {"clinical_lead", "administrator"}


def news(cast, mt_prospect, oakbrook, at, kind: str) -> Announcement:
    made = {
        "own therapists": lambda: factories.announcement(by=cast["manager"], at=at, to=[mt_prospect]),
        "own desk": lambda: factories.announcement(
            by=cast["manager"], at=at, to=[mt_prospect], roles=[Role.FRONT_DESK]
        ),
        "their therapists": lambda: factories.announcement(by=cast["manager_oakbrook"], at=at, to=[oakbrook]),
        "scheduled": lambda: factories.announcement(
            by=cast["manager"], at=at, to=[mt_prospect], appears=at + timedelta(minutes=1)
        ),
        "over": lambda: factories.announcement(
            by=cast["manager"], at=at - timedelta(days=3), to=[mt_prospect], last_day=at.date() - timedelta(days=2)
        ),
        "withdrawn": lambda: withdraw(
            factories.announcement(by=cast["manager"], at=at, to=[mt_prospect]), by=cast["manager"], at=at
        ),
    }
    return made[kind]()


@pytest.mark.parametrize(
    ("kind", "sees"),
    [
        ("own therapists", {"therapist", "floater", "manager"} | SEES_ALL),
        ("own desk", {"front_desk", "manager"} | SEES_ALL),
        ("their therapists", {"therapist_oakbrook", "floater", "approver", "manager_oakbrook"} | SEES_ALL),
        ("scheduled", {"manager"} | SEES_ALL),
        ("over", {"therapist", "floater", "manager"} | SEES_ALL),
        ("withdrawn", {"manager"}),
    ],
)
def test_who_sees_it(cast, mt_prospect, oakbrook, at, sign_in, api, kind: str, sees: set[str]):
    found = news(cast, mt_prospect, oakbrook, at, kind)
    assert {who for who in CAST if Announcement.objects.visible_to(cast[who]).exists()} == sees
    page = found.get_absolute_url()
    assert {who for who in CAST if sign_in(cast[who]).get(page).status_code == 200} == sees
    address = reverse("api:announcement-detail", args=[found.pk])
    assert {who for who in CAST if api(cast[who]).get(address).status_code == 200} == sees


def test_somebody_without_a_role_sees_none(mt_prospect, manager, therapist, at):
    factories.announcement(by=manager, at=at, to=[mt_prospect])
    people.as_if_always(therapist.memberships.all(), period=(people.HIRED, at.date()))
    assert list(Announcement.objects.visible_to(therapist)) == []


def test_invisible_is_the_same_as_nonexistent(sign_in, mt_prospect, manager, therapist, therapist_oakbrook, at):
    hidden = factories.announcement(by=manager, at=at, to=[mt_prospect], title="Canary")
    browser = sign_in(therapist_oakbrook)
    for name in ("detail", "receipts", "withdraw"):
        seen = browser.get(reverse(f"announcements:{name}", args=[hidden.pk]))
        none = browser.get(reverse(f"announcements:{name}", args=[hidden.pk + 1]))
        assert (seen.status_code, none.status_code) == (404, 404)
        assert b"Canary" not in seen.content
    for name in ("acknowledge", "withdraw"):
        assert browser.post(reverse(f"announcements:{name}", args=[hidden.pk])).status_code == 404
