"""Signing off, taking back, and signing off again: in the rules, in the database, on the page."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from accounts.competencies import end_competency, grant_competency
from accounts.models import Competency, Skill, User
from intranet.audit.models import Entry
from intranet.core.access import Conflict, Forbidden, Refused
from tests import factories
from tests.races import outcomes
from tests.scheduling import factories as scheduling

NEXT_YEAR = datetime(2027, 11, 25, 6, 0, tzinfo=UTC)


@pytest.fixture
def needling(db: None) -> Skill:
    return factories.skill(code="dry-needling-cervical", name="Dry needling, neck")


def give(person: User, skill: Skill, lead: User, at: datetime, *, start=None, end=NEXT_YEAR) -> Competency:
    return grant_competency(person, skill, start=start or at, end=end, by=lead, at=at)


@pytest.mark.parametrize("who", ["therapist", "manager", "administrator"])
def test_only_the_clinical_lead_signs_off(request, therapist, needling, who, at):
    with pytest.raises(Forbidden):
        give(therapist, needling, request.getfixturevalue(who), at)


def test_the_lead_does_not_sign_off_herself(clinical_lead, needling, at):
    with pytest.raises(Forbidden, match="Nobody signs off their own"):
        give(clinical_lead, needling, clinical_lead, at)


def test_a_second_sign_off_begins_after_the_first(therapist, needling, clinical_lead, at):
    first = give(therapist, needling, clinical_lead, at)
    with pytest.raises(Refused) as refused:
        give(therapist, needling, clinical_lead, at, start=at + timedelta(days=30))
    assert str(refused.value) == (
        "Avery is signed off for Dry needling, neck until Nov 24, 2027 already. Begin on the day after it."
    )
    second = give(therapist, needling, clinical_lead, at, start=first.valid.upper, end=NEXT_YEAR + timedelta(days=365))
    assert list(Competency.objects.in_force(NEXT_YEAR)) == [second]


def test_who_was_taken_back_is_signed_off_again_and_the_roster_stays(
    therapist, needling, clinical_lead, mt_prospect, at
):
    """The shift leans on the first grant; it leans on both afterwards, and the database agrees."""
    first = give(therapist, needling, clinical_lead, at)
    shift = scheduling.shift(clinic=mt_prospect, staff=therapist, skill=needling)
    end_competency(first, by=clinical_lead, at=at + timedelta(hours=1), reason="Skills check postponed")
    again = at + timedelta(days=1)
    second = give(therapist, needling, clinical_lead, again)
    first.refresh_from_db()
    shift.refresh_from_db()
    assert (first.valid.upper, first.end_reason) == (again, "Skills check postponed")
    assert shift.staff == therapist
    moments = [at, at + timedelta(hours=2), again, shift.start]
    assert [list(Competency.objects.in_force(moment)) for moment in moments] == [[first], [], [second], [second]]


def test_on_the_day_of_taking_back_the_new_one_begins_at_that_moment(therapist, needling, clinical_lead, at):
    midnight = at.replace(hour=0)
    first = give(therapist, needling, clinical_lead, at, start=midnight - timedelta(days=30))
    end_competency(first, by=clinical_lead, at=at, reason="Skills check postponed")
    second = give(therapist, needling, clinical_lead, at + timedelta(hours=3), start=midnight)
    first.refresh_from_db()
    assert (first.valid.upper, second.valid.lower) == (at, at)


def test_a_sign_off_that_would_leave_a_shift_without_any_is_refused(
    therapist, needling, clinical_lead, mt_prospect, at
):
    """The new one ends before a shift that leans on the old one: the roster has to be settled first."""
    first = give(therapist, needling, clinical_lead, at)
    scheduling.shift(clinic=mt_prospect, staff=therapist, skill=needling)
    end_competency(first, by=clinical_lead, at=at + timedelta(hours=1), reason="Skills check postponed")
    with pytest.raises(Refused, match="Shifts are planned after"):
        give(therapist, needling, clinical_lead, at + timedelta(days=1), end=at + timedelta(days=2))
    first.refresh_from_db()
    assert first.valid.upper == NEXT_YEAR


def test_one_that_was_taken_back_before_it_began_is_in_nobodys_way(therapist, needling, clinical_lead, at):
    later = give(therapist, needling, clinical_lead, at, start=at + timedelta(days=60))
    end_competency(later, by=clinical_lead, at=at, reason="Entered by mistake")
    now = give(therapist, needling, clinical_lead, at)
    assert list(Competency.objects.all()) == [now]
    verbs = Entry.objects.filter(target_id=str(later.pk), target_type="accounts.competency").order_by("id")
    assert list(verbs.values_list("verb", flat=True)) == ["competency.granted", "competency.ended"]


def test_nobody_is_signed_off_for_the_time_before_it_was_taken_back(therapist, needling, clinical_lead, at):
    first = give(therapist, needling, clinical_lead, at - timedelta(days=30), start=at - timedelta(days=30))
    end_competency(first, by=clinical_lead, at=at, reason="Skills check postponed")
    with pytest.raises(Refused) as refused:
        give(therapist, needling, clinical_lead, at, start=at - timedelta(days=5))
    assert str(refused.value) == (
        "Avery’s sign-off for Dry needling, neck was taken back on Nov 25, 2026. Begin on that day or later."
    )


def test_a_sign_off_counts_from_the_moment_at_which_it_was_given(therapist, needling, clinical_lead, at):
    competency = give(therapist, needling, clinical_lead, at, start=at - timedelta(days=20))
    assert list(Competency.objects.in_force(at - timedelta(days=1))) == []
    assert not competency.in_force_at(at - timedelta(days=1))
    assert list(Competency.objects.in_force(at)) == [competency]
    assert competency.in_force_at(at)


def test_taking_back_twice_is_a_conflict(therapist, needling, clinical_lead, at):
    competency = give(therapist, needling, clinical_lead, at)
    end_competency(competency, by=clinical_lead, at=at, reason="Once")
    with pytest.raises(Conflict, match="already"):
        end_competency(competency, by=clinical_lead, at=at, reason="Twice")
    with pytest.raises(Refused, match="Say why"):
        end_competency(competency, by=clinical_lead, at=at, reason=" ")


def test_what_is_over_is_not_taken_back(therapist, needling, clinical_lead, at):
    competency = give(therapist, needling, clinical_lead, at, end=at + timedelta(days=1))
    with pytest.raises(Conflict, match="by itself"):
        end_competency(competency, by=clinical_lead, at=at + timedelta(days=2), reason="Late")


@pytest.mark.django_db(transaction=True)
def test_24_sign_offs_at_once_make_one(therapist, needling, clinical_lead, at):
    found = outcomes([lambda: give(therapist, needling, clinical_lead, at)] * 24)
    assert sorted(found) == ["done"] + ["signed-off-already"] * 23
    assert Competency.objects.count() == 1


def page(person: User) -> str:
    return reverse("accounts:competency-sign-off", args=[person.pk, "dry-needling-cervical"])


def test_the_lead_signs_off_and_takes_back_on_the_page(therapist, needling, clinical_lead, sign_in, at):
    with time_machine.travel(at, tick=False):
        lead = sign_in(clinical_lead)
        form = lead.get(page(therapist)).context["form"]
        assert (form["first"].value(), form["last"].value()) == (date(2026, 11, 25), date(2027, 11, 24))
        body = lead.post(page(therapist), {"first": "2026-11-25", "last": "2027-11-24"}, follow=True).content.decode()
        assert "Signed off by Ines Exemplar, until Nov 24, 2027" in " ".join(body.split())
        competency = Competency.objects.get()
        end = reverse("accounts:competency-end", args=[competency.pk])
        assert lead.post(end, {"reason": ""}).status_code == 422
        body = lead.post(end, {"reason": "Needle count not kept"}, follow=True).content.decode()
        assert "taken back on Nov 25, 2026: Needle count not kept" in " ".join(body.split())


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        (-32, 100, "too-far-back"),
        (0, 3 * 366 + 1, "too-long"),
        (5, 5, "no-time"),
    ],
)
def test_a_sign_off_is_for_a_sensible_time(therapist, needling, clinical_lead, at, start, end, code):
    with pytest.raises(Refused) as refused:
        give(therapist, needling, clinical_lead, at, start=at + timedelta(start), end=at + timedelta(end))
    assert [reason.code for reason in refused.value.verdict.reasons] == [code]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"first": "2026-12-01", "last": "2026-11-30"}, "The last day is before the first."),
        ({"first": "", "last": "2026-11-30"}, "First day is missing"),
        ({"first": "9999-12-31", "last": "9999-12-31"}, "Check the year."),
    ],
)
def test_days_that_make_no_sense_are_said(therapist, needling, clinical_lead, sign_in, data, words):
    response = sign_in(clinical_lead).post(page(therapist), data)
    assert (response.status_code, words in response.content.decode()) == (422, True)


def test_a_manager_sees_the_file_and_signs_nothing_off(therapist, needling, manager, sign_in):
    browser = sign_in(manager)
    assert browser.get(page(therapist)).status_code == 403
    assert "Sign off" not in browser.get(therapist.get_absolute_url()).content.decode()
