"""The hourly look at the shifts ahead: who may not work theirs any more, written down once, and over when it is right."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test.utils import CaptureQueriesContext

from accounts.models import Credential, Gate, Profession
from accounts.roles import Role
from intranet.core.time import local_day
from intranet.reminders.ticking import tick
from protocols.models import Suspension
from scheduling import assigning, lost_clearance
from scheduling.models import ClearanceSweep, LostClearance, Shift
from tests import factories as people
from tests.protocols import factories as protocols
from tests.races import outcomes
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

TUESDAY = date(2026, 12, 1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def held(mt_prospect, therapist, needling, sign_off):
    sign_off(therapist)
    return factories.published(clinic=mt_prospect, times="7-12", staff=therapist, skill=needling).shift


def found() -> list[tuple[str, str, list[str]]]:
    """(person, day, codes) of what is not over."""
    rows = LostClearance.objects.open().select_related("shift__clinic", "person").order_by("shift__period", "pk")
    return [(row.person.name, f"{row.shift.day:%b %d}", sorted(row.codes)) for row in rows]


def end_competencies(person, at) -> None:
    person.competencies.update(ended_at=at)


def test_what_is_found_is_written_down_once(held, therapist, at):
    assert lost_clearance.look_through_all(at) == 0
    end_competencies(therapist, at)
    assert lost_clearance.look_through_all(at + timedelta(minutes=59)) == 0  # that was looked through
    assert found() == []
    assert lost_clearance.look_through_all(at + DAY) == 1
    assert found() == [("Avery Testwell", "Nov 30", ["competency-ended"])]
    assert LostClearance.objects.get().words == [
        "Avery’s competency for Dry needling, neck was ended on Nov 25, 2026.",
    ]
    assert lost_clearance.look_through_all(at + 2 * DAY) == 0
    assert LostClearance.objects.count() == 1


def test_every_cause_is_found_by_the_day_of_the_shift(
    mt_prospect, oakbrook, therapist, floater, assistant, clinical_lead, manager, needling, sign_off, at
):
    """A licence that ends between two shifts, a suspended protocol, one nobody signed, and a role that ended."""
    licence = people.credential_type(name="PTA licence", gate=Gate.BLOCKS, professions=[Profession.PTA])
    people.credential(user=assistant, type=licence, end=TUESDAY, verified_by=clinical_lead)
    for day in (factories.MONDAY, TUESDAY):
        factories.shift(clinic=mt_prospect, day=day, times="7-9", staff=assistant, position="assistant")
    sign_off(therapist)
    factories.shift(clinic=mt_prospect, times="9-12", staff=therapist, skill=needling)
    people.as_if_always(floater.memberships.filter(clinic=oakbrook), period=(people.HIRED, TUESDAY))
    for day in (factories.MONDAY, TUESDAY):
        factories.shift(clinic=oakbrook, day=day, times="7-9", staff=floater)
    version = protocols.published(by=therapist, lead=clinical_lead, at=at)
    protocols.governing(version, needling, by=clinical_lead, at=at)
    Suspension.objects.create(version=version, clinic=mt_prospect, reason="Broken needles.", by=manager, at=at)
    assert lost_clearance.look_through_all(at) == 3
    assert found() == [
        ("Avery Testwell", "Nov 30", ["not-acknowledged", "protocol-suspended"]),
        ("Bea Dummond", "Dec 01", ["credential-expired"]),
        ("Theo Fictus", "Dec 01", ["not-here"]),
    ]


def test_open_cancelled_and_past_shifts_are_nobodys_loss(mt_prospect, therapist, manager, needling, at):
    factories.shift(clinic=mt_prospect, skill=needling)
    factories.shift(clinic=mt_prospect, day=TUESDAY, state="cancelled")
    factories.shift(clinic=mt_prospect, day=date(2026, 11, 24))
    people.as_if_never(therapist.memberships.all())
    assert lost_clearance.look_through_all(at) == 0


def test_it_is_over_once_it_is_right_again(held, therapist, at):
    end_competencies(therapist, at)
    lost_clearance.look_through_all(at)
    assert lost_clearance.settle(at) == 0
    therapist.competencies.update(ended_at=None)
    assert lost_clearance.settle(at + DAY) == 1
    assert found() == []
    assert LostClearance.objects.get().over_at == at + DAY
    end_competencies(therapist, at)
    assert lost_clearance.look_through_all(at + DAY) == 1  # lost again, it is found again
    assert LostClearance.objects.count() == 2


def test_it_is_over_once_the_shift_is_somebody_elses_or_has_begun(held, therapist, manager, at):
    end_competencies(therapist, at)
    lost_clearance.look_through_all(at)
    assert lost_clearance.settle(held.start - timedelta(minutes=1)) == 0
    assert lost_clearance.settle(held.start) == 1
    LostClearance.objects.update(over_at=None)
    assigning.make_open(held, version=1, by=manager, at=at)
    assert lost_clearance.settle(at) == 1


def test_a_shift_that_is_deleted_leaves_nothing_behind(mt_prospect, therapist, manager, needling, sign_off, at):
    sign_off(therapist)
    draft = factories.shift(clinic=mt_prospect, staff=therapist, skill=needling)
    end_competencies(therapist, at)
    assert lost_clearance.look_through_all(at) == 1
    assigning.delete_shift(draft, version=1, by=manager, at=at)
    assert LostClearance.objects.count() == 0


def test_something_else_that_stands_against_it_is_another_row(held, therapist, clinical_lead, at):
    end_competencies(therapist, at)
    lost_clearance.look_through_all(at)
    people.credential_type(name="PT licence", gate=Gate.BLOCKS, professions=[Profession.PT])
    assert lost_clearance.look_through_all(at + DAY) == 1
    assert found() == [("Avery Testwell", "Nov 30", ["competency-ended", "credential-missing"])]
    assert LostClearance.objects.filter(over_at=at + DAY).count() == 1
    therapist.competencies.update(ended_at=None)
    assert lost_clearance.look_through_all(at + 2 * DAY) == 0  # less than before is no news
    assert LostClearance.objects.count() == 2


@pytest.fixture
def papers(mt_prospect, therapist, clinical_lead):
    """A shift of somebody whose BLS card and insurance both end before it."""
    for name in ("BLS card", "Liability insurance"):
        kind = people.credential_type(name=name, gate=Gate.BLOCKS, professions=[Profession.PT])
        people.credential(user=therapist, type=kind, end=date(2026, 11, 28), verified_by=clinical_lead)
    return factories.published(clinic=mt_prospect, times="7-12", staff=therapist).shift


def renew(name: str, end: date | None = None) -> None:
    Credential.objects.filter(type__name=name).update(valid=DateRange(people.HIRED, end))


BLS, INSURANCE = (f"Avery’s {name} ends on Nov 27, 2026." for name in ("BLS card", "Liability insurance"))


def test_another_paper_that_ends_is_news_although_its_code_was_there(papers, at):
    renew("Liability insurance")
    assert lost_clearance.look_through_all(at) == 1
    assert [row.words for row in LostClearance.objects.open()] == [[BLS]]
    renew("BLS card")
    renew("Liability insurance", date(2026, 11, 28))
    assert lost_clearance.look_through_all(at + DAY) == 1
    assert [(row.words, row.found_at) for row in LostClearance.objects.open()] == [([INSURANCE], at + DAY)]
    assert [(row.words, row.over_at) for row in LostClearance.objects.exclude(over_at=None)] == [([BLS], at + DAY)]


def test_when_less_stands_against_it_the_row_says_so_without_news(papers, at):
    assert lost_clearance.look_through_all(at) == 1
    renew("BLS card")
    assert lost_clearance.look_through_all(at + DAY) == 0
    assert [(row.words, row.found_at) for row in LostClearance.objects.all()] == [([INSURANCE], at)]
    renew("BLS card", date(2026, 11, 28))
    assert lost_clearance.look_through_all(at + 2 * DAY) == 1  # lost again, it is news again
    assert [set(row.words) for row in LostClearance.objects.open()] == [{BLS, INSURANCE}]


def test_what_ends_at_noon_is_found_within_the_hour(held, therapist, at):
    lost_clearance.look_through_all(at)
    end_competencies(therapist, at + HOUR)
    assert lost_clearance.look_through_all(at + HOUR) == 1
    assert [(sweep.at, sweep.found) for sweep in ClearanceSweep.objects.all()] == [(at + HOUR, 1)]
    assert lost_clearance.look_through_all(at + 2 * HOUR) == 0
    assert [(sweep.at, sweep.found) for sweep in ClearanceSweep.objects.all()] == [(at + 2 * HOUR, 1)]


def test_a_day_is_looked_through_as_it_begins(papers, mt_prospect, at):
    """Papers end with a day: nobody waits for the full hour."""
    Credential.objects.update(valid=DateRange(people.HIRED, None))
    late = datetime(2026, 11, 25, 23, 40, tzinfo=mt_prospect.zone)
    assert lost_clearance.look_through_all(late) == 0
    renew("BLS card", date(2026, 11, 26))
    assert lost_clearance.look_through_all(late + timedelta(minutes=19)) == 0
    assert lost_clearance.look_through_all(late + timedelta(minutes=20)) == 1


def test_each_clinic_has_its_own_day(mt_prospect, at):
    tokyo = people.clinic(name="Tokyo", letter="T", number=3, time_zone="Asia/Tokyo")
    lost_clearance.look_through_all(at)
    days = dict(ClearanceSweep.objects.values_list("clinic", "on"))
    assert days == {mt_prospect.pk: date(2026, 11, 25), tokyo.pk: date(2026, 11, 26)}
    lost_clearance.look_through_all(at + timedelta(hours=14))
    assert ClearanceSweep.objects.filter(clinic=mt_prospect).count() == 2
    assert ClearanceSweep.objects.filter(clinic=tokyo).count() == 1


def test_a_tick_that_dies_half_way_loses_nothing(held, therapist, at, monkeypatch):
    end_competencies(therapist, at)

    def dies(*args: object, **values: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(ClearanceSweep.objects, "create", dies)
        with pytest.raises(SystemExit):
            lost_clearance.look_through_all(at)
    assert (found(), ClearanceSweep.objects.count()) == ([], 0)
    assert lost_clearance.look_through_all(at) == 1


def test_the_tick_looks_and_settles(held, therapist, at):
    end_competencies(therapist, at)
    assert tick(at, "manual")["clearances_lost"] == 1
    assert "clearances_lost" not in tick(at + timedelta(seconds=15), "manual")
    therapist.competencies.update(ended_at=None)
    assert tick(at + timedelta(seconds=30), "manual")["clearances_right_again"] == 1


def test_looking_at_many_shifts_takes_as_many_queries_as_at_one(mt_prospect, needling, sign_off, at):
    counts = []
    for number in (1, 4):
        for one in range(number):
            person = people.staff(
                name=f"Pat {number} {one}", role=Role.THERAPIST, clinics=[mt_prospect], profession=Profession.PT
            )
            sign_off(person)
            day = factories.MONDAY + timedelta(days=one)
            factories.shift(clinic=mt_prospect, day=day, staff=person, skill=needling)
            end_competencies(person, at)
        LostClearance.objects.all().delete()
        ClearanceSweep.objects.all().delete()
        with CaptureQueriesContext(connection) as looking:
            assert lost_clearance.look_through_all(at) == (1 if number == 1 else 5)
        with CaptureQueriesContext(connection) as settling:
            assert lost_clearance.settle(at) == 0
        counts.append((len(looking), len(settling)))
    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
def test_of_eight_at_once_one_looks(held, mt_prospect, therapist, at):
    end_competencies(therapist, at)
    on = local_day(at, mt_prospect.zone)
    deeds = [lambda: lost_clearance.look_through(mt_prospect, on, at)] * 8
    assert outcomes(deeds) == ["done"] * 8
    assert (LostClearance.objects.count(), ClearanceSweep.objects.count()) == (1, 1)


class TestApi:
    URL = "/api/v1/lost-clearances/"

    @pytest.fixture
    def lost(self, held, therapist, at):
        end_competencies(therapist, at)
        lost_clearance.look_through_all(at)
        with time_machine.travel(at, tick=False):
            yield LostClearance.objects.get()

    def test_the_person_and_the_managers_of_the_clinic_read_why(
        self, api, lost, therapist, floater, manager, manager_oakbrook
    ):
        for person in (therapist, manager):
            [one] = api(person).get(self.URL).json()["results"]
            assert (one["shift"], one["person"]["id"]) == (str(lost.shift_id), therapist.pk)
            assert [(reason["code"], reason["message"]) for reason in one["reasons"]] == [
                ("competency-ended", "Avery’s competency for Dry needling, neck was ended on Nov 25, 2026.")
            ]
        for person in (floater, manager_oakbrook):
            assert api(person).get(self.URL).json()["results"] == []

    def test_of_a_draft_the_person_learns_nothing(self, api, lost, therapist, manager):
        lost.shift.published.delete()
        assert api(therapist).get(self.URL).json()["results"] == []
        assert api(manager).get(self.URL).json()["count"] == 1

    def test_of_what_follows_from_a_change_that_staff_do_not_see_neither(self, api, lost, therapist, manager):
        Shift.objects.update(note="Canary")
        assert api(therapist).get(self.URL).json()["results"] == []
        assert api(manager).get(self.URL).json()["count"] == 1

    def test_what_is_right_again_is_gone(self, api, lost, manager, at):
        LostClearance.objects.update(over_at=at)
        assert api(manager).get(self.URL).json()["count"] == 0

    @pytest.mark.parametrize("number", [1, 3])
    def test_queries_do_not_grow(self, number, api, lost, mt_prospect, therapist, manager, django_assert_num_queries):
        for index in range(1, number):
            shift = factories.shift(clinic=mt_prospect, day=TUESDAY + index * DAY, staff=therapist)
            LostClearance.objects.create(shift=shift, person=therapist, reasons=lost.reasons, found_at=lost.found_at)
        client = api(manager)
        with django_assert_num_queries(5):
            assert client.get(self.URL).json()["count"] == number
