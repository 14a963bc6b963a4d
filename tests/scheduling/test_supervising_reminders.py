"""Who hears that an assistant works without a therapist to reach, once for a clinic and day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from intranet.reminders import registry
from scheduling.models import PublishedShift, RosterRule, RuleCode, RuleLevel
from scheduling.positions import Position
from scheduling.supervising import unsupervised
from scheduling.supervising_reminders import AssistantUnsupervised
from tests.scheduling import factories
from tests.scheduling.test_reminders import rows

pytestmark = pytest.mark.django_db

TUESDAY = date(2026, 12, 1)


@pytest.fixture
def alone(mt_prospect, assistant, therapist) -> PublishedShift:
    """An assistant from seven to twelve, a therapist from nine on."""
    factories.published(clinic=mt_prospect, times="9-15", staff=therapist)
    return factories.published(clinic=mt_prospect, times="7-12", staff=assistant, position=Position.ASSISTANT)


def rule(clinic, level: RuleLevel, amount: int) -> None:
    RosterRule.objects.create(
        clinic=clinic, code=RuleCode.SUPERVISION, level=level, amount=amount, source="Ours", checked_on=TUESDAY
    )


def test_managers_and_the_clinical_lead_hear_until_it_is_over(
    alone, mt_prospect, manager, manager_oakbrook, clinical_lead, at
):
    until = factories.span(mt_prospect, factories.MONDAY, "7-9")[1]
    since = alone.published_at
    PublishedShift.objects.update(published_at=at)
    expected = {(who.pk, mt_prospect.pk, "2026-11-30", at, until) for who in (manager, clinical_lead)}
    assert since < at
    assert set(rows(AssistantUnsupervised(), at)) == expected
    assert rows(AssistantUnsupervised(), until) == []


def test_a_change_that_takes_the_therapist_away_is_told_when_it_is_published(
    alone, mt_prospect, manager, therapist, at
):
    factories.published(clinic=mt_prospect, times="7-9", staff=therapist, day=TUESDAY)
    PublishedShift.objects.filter(staff=therapist, period__startswith__lt=alone.end).update(staff=None, published_at=at)
    [found] = unsupervised(at)
    assert (found.shifts, found.since) == ([(alone, [(alone.start, alone.end)])], at)


def test_once_for_a_day_whoever_is_alone(alone, mt_prospect, manager, assistant, at):
    factories.published(clinic=mt_prospect, times="16-18", staff=assistant, position=Position.ASSISTANT)
    factories.published(clinic=mt_prospect, day=TUESDAY, times="8-9", staff=assistant, position=Position.ASSISTANT)
    assert [row[:3] for row in rows(AssistantUnsupervised(), at)] == [
        (manager.pk, mt_prospect.pk, "2026-11-30"),
        (manager.pk, mt_prospect.pk, "2026-12-01"),
    ]


def test_not_with_a_therapist_at_the_other_clinic(alone, oakbrook, manager, therapist_oakbrook, at):
    factories.published(clinic=oakbrook, times="7-9", staff=therapist_oakbrook)
    assert rows(AssistantUnsupervised(), at) == []


def test_what_is_only_planned_helps_nobody_and_worries_nobody(alone, mt_prospect, manager, assistant, floater, at):
    factories.shift(clinic=mt_prospect, times="7-9", staff=floater)
    factories.shift(clinic=mt_prospect, day=TUESDAY, staff=assistant, position=Position.ASSISTANT)
    assert [row[2] for row in rows(AssistantUnsupervised(), at)] == ["2026-11-30"]


@pytest.mark.parametrize(
    ("level", "amount", "told"),
    [(RuleLevel.OFF, 0, 0), (RuleLevel.WARNS, 119, 1), (RuleLevel.WARNS, 120, 0), (RuleLevel.REFUSES, 0, 1)],
)
def test_as_the_rule_of_the_clinic_says(alone, mt_prospect, manager, level, amount, told, at):
    rule(mt_prospect, level, amount)
    assert len(rows(AssistantUnsupervised(), at)) == told


def test_not_of_withdrawn_open_or_far_shifts(mt_prospect, manager, assistant, at):
    position = Position.ASSISTANT
    factories.published(clinic=mt_prospect, staff=assistant, position=position, withdrawn_at=at)
    factories.published(clinic=mt_prospect, position=position)
    factories.published(clinic=mt_prospect, day=date(2026, 12, 20), staff=assistant, position=position)
    factories.published(clinic=mt_prospect, day=date(2026, 11, 24), staff=assistant, position=position)
    assert rows(AssistantUnsupervised(), at) == []


def test_the_words_name_who_and_when(alone, mt_prospect, manager, clinical_lead, sign_in, at):
    message = AssistantUnsupervised().write(mt_prospect, manager, "2026-11-30", at)
    assert message.title == "No therapist to reach at Mt. Prospect on Monday, November 30"
    assert list(message.paragraphs) == [
        "Monday, November 30, 2026 (Chicago time), as of Wednesday 10:00 AM: no therapist is on shift, at "
        "whichever clinic, while these assistants work.",
        "Bea Dummond: 7a–9a.",
    ]
    for person in (manager, clinical_lead):
        assert sign_in(person).get(message.path).status_code == 200


def test_many_days_take_as_many_queries_as_one(alone, mt_prospect, assistant, at):
    with CaptureQueriesContext(connection) as one:
        assert len(unsupervised(at)) == 1
    for number in range(1, 6):
        day = factories.MONDAY + timedelta(days=number)
        factories.published(clinic=mt_prospect, day=day, staff=assistant, position=Position.ASSISTANT)
    with CaptureQueriesContext(connection) as many:
        assert len(unsupervised(at)) == 6
    assert len(one) == len(many) == 4


def test_managers_and_the_clinical_lead_can_get_it(therapist, manager, clinical_lead):
    kind = registry.find("assistant-unsupervised")
    assert [kind.concerns(who) for who in (therapist, manager, clinical_lead)] == [False, True, True]
