"""Questions that other pages ask of the roster."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from scheduling import roster
from scheduling.positions import Position
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

TODAY = factories.TODAY


def test_next_shifts_are_published_ones_and_the_running_one_counts(mt_prospect, therapist, at):
    running = factories.published(clinic=mt_prospect, day=TODAY, times="7-15:30", staff=therapist)
    coming = factories.published(clinic=mt_prospect, staff=therapist)
    factories.published(clinic=mt_prospect, day=TODAY - timedelta(days=1), staff=therapist)
    factories.published(clinic=mt_prospect, day=date(2026, 12, 1), staff=therapist, withdrawn_at=at)
    factories.shift(clinic=mt_prospect, day=date(2026, 12, 2), staff=therapist)
    assert roster.next_shifts(therapist, at) == [running, coming]
    assert roster.next_shifts(therapist, at, limit=1) == [running]


def test_on_today_knows_each_clinics_own_day(mt_prospect, oakbrook, therapist, therapist_oakbrook, at):
    here = factories.published(clinic=mt_prospect, day=TODAY, staff=therapist)
    night = factories.published(clinic=oakbrook, day=TODAY - timedelta(days=1), times="22-6", staff=therapist_oakbrook)
    factories.published(clinic=mt_prospect, day=TODAY)
    factories.published(clinic=mt_prospect, day=TODAY + timedelta(days=1), staff=therapist)
    factories.shift(clinic=oakbrook, day=TODAY, staff=therapist_oakbrook)
    assert roster.on_today([mt_prospect, oakbrook], at) == {mt_prospect.pk: [here], oakbrook.pk: [night]}


def test_with_whom_names_those_who_are_there_at_the_same_time(mt_prospect, oakbrook, therapist, floater, assistant, at):
    mine = factories.published(clinic=mt_prospect, times="7-12", staff=therapist)
    factories.published(clinic=mt_prospect, times="11-15", staff=floater)
    factories.published(clinic=mt_prospect, times="12-15", staff=assistant, position=Position.ASSISTANT)
    factories.published(clinic=mt_prospect, times="7-12")
    assert roster.with_whom([mine]) == {mine.pk: [floater]}
    assert roster.with_whom([]) == {}


def test_gaps_open_shifts_and_shifts_at_risk_are_those_of_the_plan(
    mt_prospect, oakbrook, therapist, needling, sign_off, at
):
    factories.opening(clinic=mt_prospect, times="7-12")
    factories.need(clinic=mt_prospect, times="7-12")
    factories.need(clinic=mt_prospect, weekday=1, times="7-12")
    sign_off(therapist)
    planned = factories.shift(clinic=mt_prospect, times="7-11", staff=therapist, skill=needling)
    nobody = factories.shift(clinic=mt_prospect, day=date(2026, 12, 1), times="7-12")
    factories.shift(clinic=oakbrook, times="7-12")
    gaps = roster.coverage_gaps([mt_prospect], factories.MONDAY, 2)
    assert [(gap.day, gap.short, gap.minutes) for gap in gaps] == [
        (factories.MONDAY, 1, 60),
        (date(2026, 12, 1), 1, 300),
    ]
    assert roster.open_shifts([mt_prospect], factories.MONDAY, 7) == [nobody]
    assert roster.shifts_at_risk([mt_prospect], factories.MONDAY, 7, at) == []
    therapist.competencies.update(ended_at=at)
    [(shift, verdict)] = roster.shifts_at_risk([mt_prospect], factories.MONDAY, 7, at)
    assert (shift, [reason.code for reason in verdict.reasons]) == (planned, ["competency-ended"])
    assert roster.coverage_gaps([], factories.MONDAY, 7) == []
