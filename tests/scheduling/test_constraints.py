"""The database refuses by itself what must never be: each constraint is violated here by raw SQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from accounts.models import Clinic, Skill, User
from scheduling.models import TRAVEL_MINUTES, Occupancy, Shift, TimeOff
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

NEXT_WEEK = "2026-11-30"


def insert(
    clinic: Clinic,
    period: str,
    *,
    staff: User | None = None,
    skill: Skill | None = None,
    state: str = "planned",
    break_minutes: int = 0,
    week_of: Clinic | None = None,
) -> None:
    """Write a shift past every rule of the application. `period` without a zone is Chicago time."""
    week = factories.week(clinic=week_of or clinic)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'America/Chicago'")
        cursor.execute(
            """
            INSERT INTO scheduling_shift
                (id, clinic_id, week_id, position, staff_id, period, break_minutes, skill_id, note, state, version, changed_at,
                 template_place)
            VALUES (%s, %s, %s, 'therapist', %s, %s::tstzrange, %s, %s, '', %s, 1, now(), 0)
            """,
            [
                uuid4(),
                clinic.pk,
                week.pk,
                staff.pk if staff else None,
                period,
                break_minutes,
                skill.pk if skill else None,
                state,
            ],
        )


def refused_by(attempt: Callable[[], None]) -> str:
    """The constraint that refuses."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        attempt()
    return caught.value.__cause__.diag.constraint_name


def span(hours: str, bounds: str = "[)") -> str:
    start, end = hours.split("-")
    return f"{bounds[0]}{NEXT_WEEK} {start},{NEXT_WEEK} {end}{bounds[1]}"


def test_nobody_is_in_two_shifts_at_once(mt_prospect, therapist):
    insert(mt_prospect, span("07:00-15:30"), staff=therapist)
    assert refused_by(lambda: insert(mt_prospect, span("15:29-20:00"), staff=therapist)) == "no_double_booking"


def test_shifts_may_follow_each_other_without_a_gap(mt_prospect, therapist):
    insert(mt_prospect, span("07:00-12:00"), staff=therapist)
    insert(mt_prospect, span("12:00-15:30"), staff=therapist)
    assert Shift.objects.count() == 2


def test_open_and_cancelled_shifts_are_in_nobodys_way(mt_prospect, therapist):
    insert(mt_prospect, span("07:00-12:00"))
    insert(mt_prospect, span("07:00-12:00"))
    insert(mt_prospect, span("07:00-12:00"), staff=therapist, state="cancelled")
    insert(mt_prospect, span("07:00-12:00"), staff=therapist)
    assert Shift.objects.count() == 4


@pytest.mark.parametrize("second", ["12:44-17:00", "12:00-17:00"])
def test_the_way_between_clinics_takes_45_minutes(mt_prospect, oakbrook, floater, second):
    insert(mt_prospect, span("07:00-12:00"), staff=floater)
    assert refused_by(lambda: insert(oakbrook, span(second), staff=floater)) == "no_impossible_travel"


def test_the_way_back_counts_as_much(mt_prospect, oakbrook, floater):
    insert(mt_prospect, span("12:00-17:00"), staff=floater)
    assert refused_by(lambda: insert(oakbrook, span("07:00-11:30"), staff=floater)) == "no_impossible_travel"


def test_with_time_for_the_way_both_clinics_are_possible(mt_prospect, oakbrook, floater):
    insert(mt_prospect, span("07:00-12:00"), staff=floater)
    insert(oakbrook, span("12:45-17:00"), staff=floater)
    assert Shift.objects.count() == 2


def test_the_generated_column_knows_the_same_travel_time(mt_prospect):
    insert(mt_prospect, span("07:00-12:00"))
    shift = Shift.objects.get()
    assert (shift.busy.upper - shift.period.upper).total_seconds() == TRAVEL_MINUTES * 60


def test_a_skill_shift_takes_only_somebody_with_the_competency(mt_prospect, therapist, needling):
    taken = refused_by(lambda: insert(mt_prospect, span("07:00-12:00"), staff=therapist, skill=needling))
    assert taken == "shift_holder_is_competent"


def test_the_competency_must_last_for_the_whole_shift(mt_prospect, therapist, needling, sign_off):
    start, end = factories.span(mt_prospect, factories.MONDAY, "0-11:59")
    sign_off(therapist, start=start, end=end)
    insert(mt_prospect, span("07:00-11:59"), staff=therapist, skill=needling)
    late = refused_by(lambda: insert(mt_prospect, span("11:59-15:00"), staff=therapist, skill=needling))
    assert late == "shift_holder_is_competent"


def test_a_competency_that_a_shift_needs_cannot_vanish(mt_prospect, therapist, needling, sign_off):
    sign_off(therapist)
    insert(mt_prospect, span("07:00-12:00"), staff=therapist, skill=needling)
    assert refused_by(lambda: therapist.competencies.all()._raw_delete("default")) == "shift_holder_is_competent"


@pytest.mark.parametrize(
    ("period", "constraint"),
    [
        ("empty", "shift_has_a_start_and_an_end"),
        (span("07:00-12:00", "[]"), "shift_has_a_start_and_an_end"),
        (span("07:00-12:00", "()"), "shift_has_a_start_and_an_end"),
        (f"[{NEXT_WEEK} 07:00,)", "shift_has_a_start_and_an_end"),
        (f"(,{NEXT_WEEK} 07:00)", "shift_has_a_start_and_an_end"),
        (f"[{NEXT_WEEK} 07:00,infinity)", "shift_lasts_at_most_16_hours"),
        (f"[{NEXT_WEEK} 06:00,{NEXT_WEEK} 22:01)", "shift_lasts_at_most_16_hours"),
        (span("07:00-07:14"), "shift_lasts_at_least_15_minutes"),
    ],
)
def test_a_shift_has_a_sane_length(mt_prospect, period, constraint):
    assert refused_by(lambda: insert(mt_prospect, period)) == constraint


def test_a_shift_may_last_16_hours(mt_prospect):
    insert(mt_prospect, span("06:00-22:00"))
    assert Shift.objects.count() == 1


def test_a_break_is_shorter_than_the_shift(mt_prospect):
    taken = refused_by(lambda: insert(mt_prospect, span("07:00-08:00"), break_minutes=60))
    assert taken == "shift_is_longer_than_its_break"


def test_a_shift_is_in_a_week_of_its_own_clinic(mt_prospect, oakbrook):
    taken = refused_by(lambda: insert(mt_prospect, span("07:00-08:00"), week_of=oakbrook))
    assert taken == "shift_is_in_a_week_of_its_clinic"


def insert_row(table: str, **values: object) -> None:
    columns, marks = ", ".join(values), ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO scheduling_{table} ({columns}) VALUES ({marks})", list(values.values()))


def test_a_week_starts_on_a_monday(mt_prospect):
    taken = refused_by(lambda: insert_row("rosterweek", clinic_id=mt_prospect.pk, monday="2026-12-01", version=0))
    assert taken == "roster_week_starts_on_a_monday"


def test_a_clinic_has_each_week_once(mt_prospect):
    factories.week(clinic=mt_prospect)
    taken = refused_by(lambda: insert_row("rosterweek", clinic_id=mt_prospect.pk, monday=NEXT_WEEK, version=0))
    assert taken == "one_roster_week_per_clinic"


def test_nobody_is_published_twice_at_once(mt_prospect, oakbrook, floater):
    factories.published(clinic=mt_prospect, times="7-12", staff=floater)
    other = factories.shift(clinic=oakbrook, times="13-17", staff=floater)
    taken = refused_by(
        lambda: insert_row(
            "publishedshift",
            shift_id=other.pk,
            clinic_id=oakbrook.pk,
            week_id=other.week_id,
            position="therapist",
            staff_id=floater.pk,
            period=f"[{NEXT_WEEK} 11:00-06,{NEXT_WEEK} 17:00-06)",
            break_minutes=0,
            note="",
            sequence=0,
            published_at=factories.CREATED,
        )
    )
    assert taken == "no_published_double_booking"


def need_values(clinic: Clinic) -> dict[str, object]:
    return {
        "clinic_id": clinic.pk,
        "weekday": 0,
        "starts": "07:00",
        "ends": "12:00",
        "position": "therapist",
        "count": 1,
    }


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"position": ""}, "coverage_need_is_of_a_position_or_a_skill"),
        ({"ends": "07:00"}, "coverage_need_ends_after_it_begins"),
        ({"count": 0}, "coverage_need_is_of_somebody"),
    ],
)
def test_a_coverage_need_makes_sense(mt_prospect, wrong, constraint):
    assert refused_by(lambda: insert_row("coverageneed", **need_values(mt_prospect) | wrong)) == constraint


def test_a_coverage_need_is_not_of_both(mt_prospect, needling):
    values = need_values(mt_prospect) | {"skill_id": needling.pk}
    assert refused_by(lambda: insert_row("coverageneed", **values)) == "coverage_need_is_of_a_position_or_a_skill"


@pytest.mark.parametrize(
    ("closes", "times", "constraint"),
    [("07:00", 1, "opening_hours_end_after_they_begin"), ("20:00", 2, "opening_hours_once_per_weekday")],
)
def test_opening_hours_make_sense(mt_prospect, closes, times, constraint):
    def write() -> None:
        for _ in range(times):
            insert_row("openinghours", clinic_id=mt_prospect.pk, weekday=0, opens="07:00", closes=closes)

    assert refused_by(write) == constraint


def test_publications_of_a_week_are_numbered(mt_prospect, manager):
    week = factories.week(clinic=mt_prospect)
    insert_row(
        "publication", occasion="week", reason="", week_id=week.pk, number=1, by_id=manager.pk, at=factories.CREATED
    )
    taken = refused_by(
        lambda: insert_row(
            "publication", occasion="week", reason="", week_id=week.pk, number=1, by_id=manager.pk, at=factories.CREATED
        )
    )
    assert taken == "publications_of_a_week_are_numbered"


def test_a_publication_speaks_of_a_shift_and_to_a_person_once(mt_prospect, manager):
    shift = factories.shift(clinic=mt_prospect)
    insert_row(
        "publication",
        occasion="week",
        reason="",
        id=1,
        week_id=shift.week_id,
        number=1,
        by_id=manager.pk,
        at=factories.CREATED,
    )
    change = {"publication_id": 1, "shift_id": shift.pk, "kind": "add"}
    insert_row("publicationchange", **change)
    insert_row("publicationrecipient", publication_id=1, person_id=manager.pk)
    assert refused_by(lambda: insert_row("publicationchange", **change)) == "one_change_per_shift_and_publication"
    told = refused_by(lambda: insert_row("publicationrecipient", publication_id=1, person_id=manager.pk))
    assert told == "each_person_is_told_once_per_publication"


def test_nobody_gets_a_shift_during_time_off(mt_prospect, therapist, manager):
    factories.time_off(person=therapist, clinic=mt_prospect, decided_by=manager)
    insert(mt_prospect, span("07:00-15:30"))
    insert(mt_prospect, span("07:00-15:30"), staff=therapist, state="cancelled")
    refused = refused_by(lambda: insert(mt_prospect, span("23:00-23:59"), staff=therapist))
    assert refused == "no_shift_during_time_off"


def test_time_off_is_not_granted_during_a_shift(mt_prospect, therapist, manager):
    wanted = factories.time_off(person=therapist, clinic=mt_prospect)
    insert(mt_prospect, span("07:00-15:30"), staff=therapist)
    granted = {"state": "approved", "decided_by": manager, "decided_at": factories.CREATED}
    refused = refused_by(lambda: TimeOff.objects.filter(pk=wanted.pk).update(**granted))
    assert refused == "no_shift_during_time_off"
    Shift.objects.update(state="cancelled")
    TimeOff.objects.filter(pk=wanted.pk).update(**granted)


def test_a_shift_moved_into_time_off_is_refused_and_one_that_leaves_it_frees_it(mt_prospect, therapist, manager):
    day_after = factories.MONDAY + timedelta(days=1)
    factories.time_off(person=therapist, clinic=mt_prospect, day=day_after, decided_by=manager)
    shift = factories.shift(clinic=mt_prospect, staff=therapist)
    later = DateTimeTZRange(*factories.span(mt_prospect, day_after, "7-12"))
    assert refused_by(lambda: Shift.objects.filter(pk=shift.pk).update(period=later)) == "no_shift_during_time_off"
    TimeOff.objects.update(state="withdrawn")
    Shift.objects.filter(pk=shift.pk).update(period=later)
    assert list(Occupancy.objects.values_list("person", "source", "shift", "time_off")) == [
        (therapist.pk, 1, shift.pk, None)
    ]


def test_what_is_deleted_takes_no_time(mt_prospect, therapist, manager):
    factories.shift(clinic=mt_prospect, staff=therapist).delete()
    factories.time_off(person=therapist, clinic=mt_prospect, decided_by=manager).delete()
    assert not Occupancy.objects.exists()


def test_time_off_is_asked_for_once_and_decided_by_somebody_else(mt_prospect, therapist, manager):
    factories.time_off(person=therapist, clinic=mt_prospect)
    again = lambda: factories.time_off(person=therapist, clinic=mt_prospect, days=3)  # noqa: E731
    assert refused_by(again) == "time_off_is_asked_for_once"
    own = lambda: TimeOff.objects.update(state="approved", decided_by=therapist, decided_at=factories.CREATED)  # noqa: E731
    assert refused_by(own) == "nobody_decides_own_time_off"
    unsaid = lambda: TimeOff.objects.update(state="approved")  # noqa: E731
    assert refused_by(unsaid) == "time_off_says_who_decided"
