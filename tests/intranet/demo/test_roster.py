"""The demo's roster: built through the actions, so it holds what the rules allow, in every state that the board can show."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.defaults import load_credential_types
from accounts.models import User
from intranet.demo import people as demo_people
from intranet.demo.roster import load_roster
from intranet.home.endings import losses
from scheduling import roster
from scheduling.models import PublicationChange, PublicationRecipient, PublishedShift, RosterWeek, Shift
from scheduling.pending import pending_by_week
from scheduling.supervising import unsupervised

# The demo spreads the dates of credentials by the ids of people, which start at 1 in the database that it is made for.
pytestmark = pytest.mark.django_db(transaction=True, reset_sequences=True)

NOW = datetime(2026, 12, 2, 9, 30, tzinfo=ZoneInfo("America/Chicago"))
MONDAYS = [date(2026, 11, 23) + timedelta(days=7 * number) for number in range(4)]


def test_four_weeks_around_today_in_every_state():
    clinics = demo_people.load_clinics()
    types = load_credential_types()
    skills = demo_people.load_skills(types)
    people = demo_people.load_staff(clinics, today=NOW.date())
    demo_people.load_trainings(people, types, now=NOW)
    demo_people.load_credentials(people, types, now=NOW)
    demo_people.load_competencies(people, skills, now=NOW)
    managers = {"M": people["dana"], "O": people["rosa"]}
    load_roster(clinics=clinics, people=people, managers=managers, skills=skills, today=NOW.date())

    weeks = RosterWeek.objects.select_related("clinic").order_by("monday", "clinic")
    assert [(week.monday, week.clinic.letter) for week in weeks] == [
        (day, letter) for day in MONDAYS for letter in "MO"
    ]
    pending = pending_by_week(list(weeks))
    unpublished = {(week.monday, week.clinic.letter): len(pending.get(week.pk, [])) for week in weeks}
    assert [unpublished[monday, letter] for monday in MONDAYS[:2] for letter in "MO"] == [0, 0, 0, 0]
    assert min(unpublished[MONDAYS[2], "M"], unpublished[MONDAYS[2], "O"], unpublished[MONDAYS[3], "M"]) > 5
    assert unpublished[MONDAYS[3], "O"] == 0

    kinds = Counter(change.kind.value for changes in pending.values() for change in changes)
    assert (kinds["retime"], kinds["reassign"], kinds["remove"]) == (1, 1, 1)
    assert PublicationChange.objects.exclude(kind="add").count() == 0
    assert Shift.objects.filter(staff=None, week__monday=MONDAYS[2]).count() == 5
    both = [clinics["M"], clinics["O"]]
    risky = roster.shifts_at_risk(both, MONDAYS[2], 7, NOW)
    assert {shift.staff for shift, _ in risky} == {people["theo"], people["marcus"]}
    assert {gap.clinic for gap in roster.coverage_gaps(both, MONDAYS[2], 7)} == set(both)
    assert PublishedShift.objects.filter(skill__code="dry-needling-cervical", staff__isnull=False).exists()
    idle = set(User.objects.exclude(shifts__isnull=False).values_list("name", flat=True))
    assert idle == {"Ada Nullmann", "Dana Mockridge", "Nell Beginner", "Otto Standby", "Rosa Sampleton"}

    ahead = PublicationRecipient.objects.filter(publication__week__monday=MONDAYS[2])
    waiting = ahead.filter(receipt=None).values_list("person__name", flat=True)
    assert set(waiting) == {people["jun"].name, people["kofi"].name}
    assert {found.day for found in unsupervised(NOW)} == set()

    within = timedelta(days=30)
    [loss] = [one for one in losses(people["rosa"], NOW, within=within) if one.ending.bars and one.shifts]
    assert loss.ending.person == people["owen"]
    assert (loss.ending.last_day, min(shift.day for shift in loss.shifts)) == (date(2026, 12, 11), MONDAYS[3])
