"""Short texts of the roster: what looks as if it were about a patient is taken only when it is sent a second time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine

from scheduling.models import Availability, DayNote, Offer, TimeOff
from tests.scheduling import factories
from tests.scheduling.factories import MONDAY

pytestmark = pytest.mark.django_db

WORDS = "MRN 44321"
SAID = "“MRN 44321” looks like a record number."


@pytest.fixture(autouse=True)
def _today(at: datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def shift(mt_prospect, therapist):
    return factories.published(clinic=mt_prospect, day=MONDAY + timedelta(days=3), times="7-12", staff=therapist)


ASKED = {
    "a note on a day": (DayNote, "manager", lambda shift: f"/roster/days/{MONDAY}/notes/", {"mt-prospect": WORDS}),
    "a reason for time off": (
        TimeOff,
        "therapist",
        lambda shift: "/schedule/time-off/new/",
        {"first_day": "2026-12-14", "reason": WORDS},
    ),
    "a note on availability": (
        Availability,
        "therapist",
        lambda shift: "/schedule/availability/new/",
        {"wish": "unavailable", "weekday": "0", "first_day": "2026-12-14", "note": WORDS},
    ),
    "a word with a shift to give": (
        Offer,
        "therapist",
        lambda shift: f"/schedule/shifts/{shift.shift_id}/give/",
        {"sequence": "0", "to": "", "note": WORDS},
    ),
    "a word with a shift handed back": (
        Offer,
        "therapist",
        lambda shift: f"/schedule/shifts/{shift.shift_id}/hand-back/",
        {"sequence": "0", "note": WORDS},
    ),
}


@pytest.mark.parametrize("what", ASKED)
def test_it_is_sent_a_second_time_or_not_at_all(shift, request, sign_in, what):
    model, who, address, said = ASKED[what]
    browser = sign_in(request.getfixturevalue(who))
    answer = browser.post(address(shift), said)
    page = answer.content.decode()
    assert (answer.status_code, SAID in page, model.objects.count()) == (422, True, 0)
    warned = answer.context["form"]["warned"].value()
    assert f'name="warned" value="{warned}"' in page
    assert browser.post(address(shift), said | {"warned": warned}).status_code == 302
    assert model.objects.count() == 1
