"""Whether assistants have a therapist whom they can reach."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from scheduling.models import Shift
from scheduling.positions import Position
from scheduling.supervising import minutes_of, uncovered, without_therapist
from tests.scheduling import factories

START = datetime(2026, 11, 30, tzinfo=UTC)


def span(first: int, last: int):
    return START + timedelta(minutes=first), START + timedelta(minutes=last)


@pytest.mark.parametrize(
    ("others", "left"),
    [
        ([], [(0, 60)]),
        ([(0, 60)], []),
        ([(-10, 30), (30, 90)], []),
        ([(10, 20)], [(0, 10), (20, 60)]),
        ([(10, 40), (20, 30)], [(0, 10), (40, 60)]),
        ([(60, 90)], [(0, 60)]),
        ([(-30, 0)], [(0, 60)]),
    ],
)
def test_what_nothing_covers(others, left):
    assert uncovered(span(0, 60), [span(*one) for one in others]) == [span(*one) for one in left]


@given(others=st.lists(st.tuples(st.integers(-50, 120), st.integers(1, 60)), max_size=6))
def test_the_uncovered_minutes_are_those_in_no_other_span(others):
    spans = sorted(span(start, start + length) for start, length in others)
    inside = {minute for start, length in others for minute in range(start, start + length)}
    assert minutes_of(uncovered(span(0, 60), spans)) == len(set(range(60)) - inside)


@pytest.mark.django_db
def test_a_therapist_at_the_other_clinic_can_be_reached_and_an_open_shift_cannot(
    mt_prospect, oakbrook, assistant, therapist_oakbrook
):
    shift = factories.shift(clinic=mt_prospect, times="7-12", staff=assistant, position=Position.ASSISTANT)
    factories.shift(clinic=mt_prospect, times="7-12")
    factories.shift(clinic=oakbrook, times="8-12", staff=therapist_oakbrook)
    [(found, spans)] = without_therapist([shift], Shift.objects.planned())
    assert (found, spans) == (shift, [factories.span(mt_prospect, factories.MONDAY, "7-8")])


@pytest.mark.django_db
def test_only_a_therapist_of_the_own_profession_supervises(mt_prospect, assistant, therapist):
    factories.shift(clinic=mt_prospect, staff=therapist, times="7-15:30")
    factories.shift(clinic=mt_prospect, staff=assistant, position=Position.ASSISTANT, times="8-12")
    shifts = list(Shift.objects.select_related("staff"))
    assert without_therapist(shifts, Shift.objects.planned()) == []
    for supervisor, helper, alone in (("ot", "pta", 1), ("ot", "cota", 0), ("pt", "cota", 1)):
        User.objects.filter(pk=therapist.pk).update(profession=supervisor)
        User.objects.filter(pk=assistant.pk).update(profession=helper)
        assert len(without_therapist(list(Shift.objects.select_related("staff")), Shift.objects.planned())) == alone
