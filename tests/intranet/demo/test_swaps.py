"""The demo has something to take, to ask for, to answer and to decide, on each day of a week on which it may be loaded."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.defaults import load_credential_types
from intranet.demo import people as demo_people
from intranet.demo.roster import load_roster
from intranet.demo.swaps import load_swaps
from scheduling import claiming, offers
from scheduling.decisions import claims_waiting, offers_waiting
from scheduling.models import Offer
from scheduling.my_swaps import history

# The demo spreads the dates of credentials by the ids of people, which start at 1 in the database that it is made for.
pytestmark = pytest.mark.django_db(transaction=True, reset_sequences=True)

WEDNESDAY = datetime(2026, 12, 2, 9, 30, tzinfo=ZoneInfo("America/Chicago"))


@pytest.mark.parametrize("days", [0, 4])
def test_every_kind_of_thing_is_there(days):
    now = WEDNESDAY + timedelta(days=days)
    clinics = demo_people.load_clinics()
    types = load_credential_types()
    skills = demo_people.load_skills(types)
    people = demo_people.load_staff(clinics, today=now.date())
    demo_people.load_trainings(people, types, now=now)
    demo_people.load_credentials(people, types, now=now)
    demo_people.load_competencies(people, skills, now=now)
    managers = {"M": people["dana"], "O": people["rosa"]}
    load_roster(clinics=clinics, people=people, managers=managers, skills=skills, today=now.date())
    load_swaps(clinics=clinics, people=people, managers=managers, today=now.date())

    may_take = {person.name for person in people.values() if claiming.open_to(person, now)}
    assert len(may_take) >= 2
    assert "Avery Testwell" in may_take
    assert [made.kind for made in offers_waiting(people["dana"])] == ["swap"]
    assert claims_waiting(people["rosa"]).count() == 1
    [swap, given] = Offer.objects.filter(state="open").order_by("pk")
    assert (swap.kind, swap.by, swap.to) == ("swap", people["ivo"], people["avery"])
    assert [past.state for past in history(people["avery"], now)] == ["Declined"]
    takers = [person for person in people.values() if given in [one.offer for one in offers.open_to(person, now)]]
    assert (given.by, given.to) == (people["marcus"], None)
    assert takers != []
