"""The opening hours of a clinic: set for the whole week, by its managers and by administrators."""

from __future__ import annotations

from datetime import time

import pytest
import time_machine
from django.urls import reverse

from accounts.models import User
from intranet.audit.models import Entry
from intranet.core.access import Conflict, Forbidden, Refused
from scheduling.models import OpeningHours
from scheduling.opening import hours_of, set_opening_hours, spoken
from tests.races import outcomes

pytestmark = pytest.mark.django_db
WEEK = {0: (time(7), time(19)), 5: (time(8), time(12))}
SENT = {"opens_0": "07:00", "closes_0": "19:00", "opens_5": "08:00", "closes_5": "12:00"}


@pytest.fixture(autouse=True)
def _now(at):
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def address(mt_prospect):
    return reverse("scheduling:hours", args=[mt_prospect.slug])


def test_a_week_is_set_and_shown_and_on_record(mt_prospect, administrator, manager, sign_in, address):
    browser = sign_in(administrator)
    assert browser.post(address, SENT).status_code == 302
    assert hours_of(mt_prospect) == WEEK
    body = browser.get(address).content.decode()
    assert ('value="07:00"' in body, 'value="12:00"' in body) == (True, True)
    entry = Entry.objects.get(verb="opening-hours.set")
    assert entry.changes == {"hours": {"before": "Closed all week", "after": "Monday 7a–7p, Saturday 8a–12p"}}
    assert entry.clinic_ids == [mt_prospect.pk]


def test_the_same_again_leaves_no_trace(mt_prospect, manager):
    assert [set_opening_hours(mt_prospect, WEEK, by=manager) for _ in range(2)] == [True, False]
    assert Entry.objects.filter(verb="opening-hours.set").count() == 1


@pytest.mark.parametrize("who", ["manager_oakbrook", "clinical_lead", "therapist"])
def test_others_do_not(cast: dict[str, User], mt_prospect, who: str):
    with pytest.raises(Forbidden):
        set_opening_hours(mt_prospect, WEEK, by=cast[who])
    assert OpeningHours.objects.count() == 0


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"opens_0": "19:00", "closes_0": "07:00"}, "On Mondays it closes before it opens."),
        ({"opens_0": "07:00", "closes_0": "07:00"}, "On Mondays it closes before it opens."),
        ({"opens_6": "09:00"}, "Say when it closes on Sundays, or leave both empty."),
        ({"closes_6": "09:00"}, "Say when it opens on Sundays, or leave both empty."),
        ({"opens_1": "25:61", "closes_1": "9"}, "Write a time such as 7:00 AM or 19:00."),
    ],
)
def test_what_makes_no_sense_is_said_at_the_day_and_kept(manager, mt_prospect, sign_in, address, sent, sentence):
    answer = sign_in(manager).post(address, sent)
    body = answer.content.decode()
    assert (answer.status_code, sentence in body, OpeningHours.objects.count()) == (422, True, 0)
    assert all(f'value="{value}"' in body for value in sent.values())


def test_nobody_overwrites_unseen_what_somebody_else_saved(mt_prospect, manager, administrator, sign_in, address):
    browser, opened = sign_in(administrator), spoken({})
    set_opening_hours(mt_prospect, {2: (time(9), time(17))}, by=manager)
    answer = browser.post(address, SENT | {"seen": opened})
    body = answer.content.decode()
    assert (answer.status_code, "Somebody changed them meanwhile to: Wednesday 9a–5p." in body) == (409, True)
    assert ('value="12:00"' in body, hours_of(mt_prospect)) == (True, {2: (time(9), time(17))})
    assert browser.post(address, SENT | {"seen": "Wednesday 9a–5p"}).status_code == 302
    assert hours_of(mt_prospect) == WEEK


@pytest.mark.django_db(transaction=True)
def test_of_24_who_started_from_the_same_week_one_saves(mt_prospect, manager):
    def press(hour: int) -> None:
        set_opening_hours(mt_prospect, {0: (time(hour), time(23, 30))}, by=manager, seen="Closed all week")

    def press_at(hour: int):
        return lambda: press(hour)

    found = outcomes([press_at(hour) for hour in range(23)])
    assert sorted(found) == sorted(["done"] + ["changed"] * 22)
    assert OpeningHours.objects.count() == 1


def test_a_refusal_names_every_day(mt_prospect, manager):
    with pytest.raises(Refused) as refused:
        set_opening_hours(mt_prospect, {day: (time(9), time(8)) for day in range(3)}, by=manager)
    assert not isinstance(refused.value, Conflict)
    assert [reason.field for reason in refused.value.verdict.reasons] == ["closes_0", "closes_1", "closes_2"]


def test_a_manager_finds_it_on_the_roster_and_an_administrator_under_the_clinic(
    manager, administrator, mt_prospect, oakbrook, sign_in, address
):
    own, other = (reverse("scheduling:setup", args=[clinic.slug]) for clinic in (mt_prospect, oakbrook))
    board = sign_in(manager).get(reverse("scheduling:board")).content.decode()
    assert (own in board, other in board) == (True, False)
    page = sign_in(administrator).get(reverse("accounts:settings-clinic", args=[mt_prospect.slug]))
    assert own in page.content.decode()
    for person in (manager, administrator):
        assert address in sign_in(person).get(own).content.decode()
