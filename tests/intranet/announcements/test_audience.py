"""Whom an announcement reaches, and to whom somebody may post at all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.roles import Role
from intranet.announcements.audience import Cell, cells_for, may_address, reached, recipients
from intranet.core.access import Forbidden, Refused
from tests import factories as people
from tests.intranet.announcements import factories


@pytest.fixture
def today(at):
    return at.date()


def codes(verdict):
    return [reason.code for reason in verdict.reasons]


def test_somebody_at_both_clinics_counts_once(mt_prospect, oakbrook, therapist, therapist_oakbrook, floater, today):
    cells = [Cell(mt_prospect, Role.THERAPIST), Cell(oakbrook, Role.THERAPIST)]
    assert list(reached(cells, today)) == [therapist, therapist_oakbrook, floater]


def test_the_table_counts_people_of_today(mt_prospect, manager, therapist, floater, today):
    left = people.person()
    people.membership(user=left, role=Role.THERAPIST, clinic=mt_prospect, end=today)
    coming = people.person()
    people.membership(user=coming, role=Role.THERAPIST, clinic=mt_prospect, start=today + timedelta(days=1))
    gone = people.staff(name="Gone Away", role=Role.THERAPIST, clinics=[mt_prospect])
    gone.is_active = False
    gone.save(update_fields=["is_active"])
    counts = {cell.key: cell.people for cell in cells_for(manager, today)}
    assert counts == {
        "therapist@mt-prospect": 2,
        "assistant@mt-prospect": 0,
        "front_desk@mt-prospect": 0,
        "manager@mt-prospect": 1,
    }


@pytest.mark.parametrize(
    ("who", "clinics"),
    [
        ("therapist", set()),
        ("floater", set()),
        ("assistant", set()),
        ("front_desk", set()),
        ("approver", set()),
        ("manager", {"mt-prospect"}),
        ("manager_oakbrook", {"oakbrook-terrace"}),
        ("clinical_lead", {"mt-prospect", "oakbrook-terrace"}),
        ("administrator", {"mt-prospect", "oakbrook-terrace"}),
    ],
)
def test_where_each_of_the_cast_may_post(cast, who, clinics, today):
    assert {cell.clinic.slug for cell in cells_for(cast[who], today)} == clinics


def test_every_reason_against_an_audience_is_named(mt_prospect, oakbrook, manager, today):
    assert codes(may_address(manager, [], today)) == ["empty-audience"]
    assert codes(may_address(manager, [Cell(mt_prospect, Role.FRONT_DESK)], today)) == ["empty-audience"]
    assert codes(may_address(manager, [Cell(oakbrook, Role.THERAPIST)], today)) == ["not-your-clinic", "empty-audience"]
    assert codes(may_address(manager, [Cell(mt_prospect, Role.MANAGER)], today)) == []


def test_nobody_targets_beyond_their_right(mt_prospect, oakbrook, manager, therapist_oakbrook, at):
    with pytest.raises(Refused, match="You may not post to Oakbrook Terrace"):
        factories.announcement(by=manager, at=at, to=[mt_prospect, oakbrook])


@pytest.mark.parametrize("who", ["therapist", "assistant", "front_desk", "approver"])
def test_who_posts_nowhere_is_told_so(request, who, mt_prospect, at):
    with pytest.raises(Forbidden, match="Managers, the clinical lead and administrators"):
        factories.announcement(by=request.getfixturevalue(who), at=at, to=[mt_prospect])


def test_recipients_follow_membership(
    mt_prospect, oakbrook, manager, therapist, assistant, therapist_oakbrook, at, today
):
    news = factories.announcement(by=manager, at=at, to=[mt_prospect])
    assert list(recipients(news, today)) == [therapist]
    starter = people.staff(name="New Starter", role=Role.THERAPIST, clinics=[mt_prospect])
    assert list(recipients(news, today)) == [therapist, starter]
    people.as_if_always(therapist.memberships.all(), period=(people.HIRED, today))
    assert list(recipients(news, today)) == [starter]
