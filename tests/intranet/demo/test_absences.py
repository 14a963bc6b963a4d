"""The demo's time off and availability: something in every state that the pages can show."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from intranet.demo import people as demo_people
from intranet.demo.absences import load_absences
from scheduling.models import Availability, Blackout, TimeOff

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 12, 2, 9, 30, tzinfo=ZoneInfo("America/Chicago"))


def test_requests_in_every_state_wishes_of_every_kind_and_a_blackout_for_each_clinic():
    clinics = demo_people.load_clinics()
    people = demo_people.load_staff(clinics, today=NOW.date())
    managers = {"M": people["dana"], "O": people["rosa"]}
    load_absences(clinics=clinics, people=people, managers=managers, today=NOW.date())

    states = {(one.person.name, one.state) for one in TimeOff.objects.select_related("person")}
    assert states == {
        ("Avery Testwell", "requested"),
        ("Elle Standin", "requested"),
        ("Noor Samplesi", "approved"),
        ("Ravi Nonesuch", "declined"),
    }
    assert all(one.requested_at < NOW < one.start for one in TimeOff.objects.all())
    assert {one.wish for one in Availability.objects.all()} == {"unavailable", "preferred", "preferred_off"}
    assert {one.clinic for one in Blackout.objects.all()} == set(clinics.values())
