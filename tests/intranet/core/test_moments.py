from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db.models import CharField, DateField, DateTimeField, F, Value
from django.db.models.functions import Cast

from accounts.models import Clinic, User
from intranet.core.moments import InZone, clock_after, moment_of
from intranet.core.time import at_local

pytestmark = pytest.mark.django_db
CHICAGO, TOKYO = ZoneInfo("America/Chicago"), ZoneInfo("Asia/Tokyo")
NINE_HOURS = timedelta(hours=9)


def in_database(person: User, **expressions: Any) -> Any:
    return User.objects.annotate(**expressions).get(pk=person.pk)


@pytest.mark.parametrize("zone", [CHICAGO, TOKYO])
@pytest.mark.parametrize("day", [date(2026, 3, 8), date(2026, 11, 1), date(2026, 11, 25)])
def test_a_day_begins_at_its_midnight(therapist: User, zone: ZoneInfo, day: date):
    therapist.hired_on = day
    therapist.save(update_fields=["hired_on"])
    assert in_database(therapist, begins=moment_of(F("hired_on"), zone)).begins == at_local(day, time.min, zone)


@pytest.mark.parametrize("day", [date(2026, 3, 8), date(2026, 11, 1)])
def test_a_wall_clock_shows_the_hour_also_on_the_day_of_a_change(therapist: User, day: date):
    therapist.hired_on = day
    therapist.save(update_fields=["hired_on"])
    morning = moment_of(F("hired_on") + Value(NINE_HOURS), CHICAGO)
    assert in_database(therapist, morning=morning).morning == at_local(day, time(9), CHICAGO)
    for zone in (CHICAGO, Value("America/Chicago", output_field=CharField())):
        shown = {
            "nine": clock_after(F("hired_on"), NINE_HOURS, zone),
            "eve": clock_after(F("hired_on"), -NINE_HOURS, zone),
        }
        found = in_database(therapist, **shown)
        assert found.nine == at_local(day, time(9), CHICAGO)
        assert found.eve == at_local(day - timedelta(days=1), time(15), CHICAGO)


def test_what_the_clocks_of_each_row_show(mt_prospect: Clinic):
    moment = Value(datetime(2026, 11, 26, 3, tzinfo=ZoneInfo("UTC")), output_field=DateTimeField())
    there = Cast(InZone(F("time_zone"), moment), DateField())
    assert Clinic.objects.annotate(day=there).get(pk=mt_prospect.pk).day == date(2026, 11, 25)
