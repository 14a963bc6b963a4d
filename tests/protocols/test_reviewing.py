"""Reviewed, no change: by two people, never by one; the next review counts from then."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from accounts.roles import Role
from intranet.core.access import Conflict, Forbidden, Refused
from intranet.reminders.models import Reminder
from intranet.reminders.planning import plan_kind
from intranet.reminders.registry import find
from protocols import publishing, reviewing
from protocols.models import Category, ProtocolVersion, Review
from tests import factories as people
from tests.owing import said
from tests.protocols import factories
from tests.races import outcomes

pytestmark = pytest.mark.django_db
YEAR = timedelta(days=365)


@pytest.fixture
def version(floater, clinical_lead, at):
    """In force for a year and ten days: its review was due ten days ago. Owned by the floater."""
    return factories.published(by=floater, lead=clinical_lead, at=at - YEAR - timedelta(days=10), title="Falls")


@pytest.fixture
def reviewed(version, clinical_lead, at):
    return reviewing.review(version, note="Checked the sources.", by=clinical_lead, at=at)


def again(version):
    return ProtocolVersion.objects.select_related("protocol").get(pk=version.pk)


def test_two_people_put_the_next_review_a_year_ahead(version, reviewed, approver, at):
    assert again(version).review_on == date(2026, 11, 15)
    reviewing.confirm(reviewed, by=approver, at=at)
    assert again(version).review_on == date(2027, 11, 25)
    [listed] = ProtocolVersion.objects.with_review_day().filter(pk=version.pk)
    assert listed.review_day == date(2027, 11, 25)


def test_nobody_agrees_with_oneself(reviewed, clinical_lead, at):
    with pytest.raises(Forbidden, match="Somebody else has to agree"):
        reviewing.confirm(reviewed, by=clinical_lead, at=at)


@pytest.mark.parametrize("who", ["therapist", "manager", "administrator", "approver"])
def test_only_the_lead_begins(request, version, who, at):
    with pytest.raises(Forbidden):
        reviewing.review(version, by=request.getfixturevalue(who), at=at)


@pytest.mark.parametrize("who", ["therapist", "manager", "administrator"])
def test_only_whoever_approves_agrees(request, reviewed, who, at):
    with pytest.raises(Forbidden):
        reviewing.confirm(reviewed, by=request.getfixturevalue(who), at=at)


def test_a_second_review_waits_for_the_first(reviewed, version, clinical_lead, at):
    with pytest.raises(Conflict):
        reviewing.review(version, by=clinical_lead, at=at)


def test_only_a_version_in_force_is_reviewed(version, reviewed, floater, clinical_lead, approver, at):
    factories.next_version(after=version, by=floater, lead=clinical_lead, at=at)
    with pytest.raises(Refused, match="not in force any more"):
        reviewing.confirm(reviewed, by=approver, at=at + timedelta(minutes=1))
    with pytest.raises(Refused, match="Only a version in force"):
        reviewing.review(again(version), by=clinical_lead, at=at + timedelta(minutes=1))


@pytest.mark.django_db(transaction=True)
def test_two_who_agree_at_once_are_told(reviewed, approver, at):
    found = outcomes([lambda: reviewing.confirm(reviewed, by=approver, at=at)] * 8)
    assert sorted(found) == ["confirmed"] * 7 + ["done"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE protocols_review SET confirmed_by_id = by_id, confirmed_at = now()",
        "UPDATE protocols_review SET at = now() - interval '1 year'",
        "DELETE FROM protocols_review",
        "TRUNCATE protocols_review",
    ],
)
def test_raw_sql_makes_no_review_of_one_person(reviewed, statement):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_from_the_page(version, clinical_lead, approver, therapist, sign_in, at):
    lead, second = sign_in(clinical_lead), sign_in(approver)
    assert "The review was due on Nov 15, 2026" in lead.get(version.get_absolute_url()).content.decode()
    place = reverse("protocols:version-review", args=[version.protocol.slug, 1])
    assert lead.post(place, {"note": "Checked."}).url == version.get_absolute_url()
    page = lead.get(version.get_absolute_url()).content.decode()
    assert "It counts once a second person agrees." in page
    assert "I agree: no change" not in page
    page = second.get(version.get_absolute_url()).content.decode()
    assert "I agree: no change" in page
    assert "I agree" not in sign_in(therapist).get(version.get_absolute_url()).content.decode()
    found = Review.objects.get()
    confirm = reverse("protocols:version-review-confirm", args=[version.protocol.slug, 1])
    assert second.post(confirm, {"review": "x"}).status_code == 404
    assert second.post(confirm, {"review": found.pk}).url == version.get_absolute_url()
    assert "Review by" in sign_in(therapist).get(version.get_absolute_url()).content.decode()


def owed(at):
    return said("protocol-review-due", at)


def test_owner_and_deputy_are_reminded_until_it_is_done(
    version, floater, clinical_lead, therapist, approver, reviewed, at
):
    publishing.change_settings(
        version.protocol,
        by=clinical_lead,
        category=Category.SAFETY,
        owner=floater,
        deputy=therapist,
        skills=[],
        high_risk=False,
        review_months=12,
        at=at,
    )
    told = {(row[0], row[2]) for row in owed(at) if row[3] <= at}
    assert told == {(person.pk, "7 days after 2026-11-15") for person in (floater, therapist, clinical_lead)}
    message = find("protocol-review-due").write(again(version), floater, "7 days after 2026-11-15", at)
    assert message.title == "Review “Falls” now: it was due Nov 15, 2026"
    reviewing.confirm(reviewed, by=approver, at=at)
    assert owed(at) == []


DUE = datetime(2026, 11, 15, 14, tzinfo=UTC)  # 8 in the morning


def now_owed(moment):
    """{(person, occasion)} of what is due and not over; each is in the set once."""
    rows = [row for row in owed(moment) if row[3] <= moment < row[4]]
    assert len({row[:3] for row in rows}) == len(rows)
    return {(row[0], row[2]) for row in rows}


@pytest.mark.parametrize(
    ("days", "steps", "who"),
    [
        (-91, "", set()),
        (-90, "90 days before", {"floater"}),
        (-1, "30 days before", {"floater"}),
        (0, "0 days before", {"floater", "clinical_lead"}),
        (6, "0 days before", {"floater", "clinical_lead"}),
        (7, "7 days after", {"floater", "clinical_lead"}),
        (29, "28 days after", {"floater", "clinical_lead"}),
        (34, "28 days after", {"floater", "clinical_lead"}),
        (35, "35 days after", {"floater", "clinical_lead", "administrator"}),
        (125, "119 days after", {"floater", "clinical_lead", "administrator"}),
        (400, "399 days after", {"floater", "clinical_lead", "administrator"}),
    ],
)
def test_it_never_falls_silent_and_goes_up(version, cast, days, steps, who):
    """The owner ahead, the lead from the day on, the administrators from the fifth week on; every week, for ever."""
    found = now_owed(DUE + timedelta(days=days, hours=1))
    expected = {(cast[name].pk, f"{steps} 2026-11-15") for name in who}
    month_late = (cast["administrator"].pk, "30 days after 2026-11-15")
    assert found == expected | ({month_late} if 30 <= days < 35 else set())


@pytest.mark.parametrize("day", [-60, 0, 7, 14, 119, 126, 399])  # the clocks change on day 119, before the morning
def test_each_step_takes_the_place_of_the_one_before(version, floater, day):
    """In the night before, the step of the last week still holds: no hour without one, and none with two."""

    def told(moment):
        return [row for row in owed(moment) if row[0] == floater.pk and row[3] <= moment < row[4]]

    [step] = told(DUE + timedelta(days=day, hours=2))
    begins = step[3]
    assert told(begins) == [step]
    [earlier] = told(begins - timedelta(seconds=1))
    assert (earlier[2] == step[2], earlier[3] < begins) == (False, True)


def test_what_comes_within_two_weeks_is_planned_once(version, floater):
    rows = [row for row in owed(DUE + timedelta(days=1)) if row[0] == floater.pk]
    assert [(occasion, due - DUE) for _, _, occasion, due, _ in rows] == [
        ("0 days before 2026-11-15", timedelta(0)),
        ("7 days after 2026-11-15", timedelta(days=7)),
        ("14 days after 2026-11-15", timedelta(days=14)),
    ]


def test_planned_often_or_seldom_each_step_is_one_reminder(version, floater, administrator):
    for day in (0, 1, 7, 8, 21, 30, 34, 35, 42):
        plan_kind(find("protocol-review-due"), DUE + timedelta(days=day, hours=1))
    planned = Reminder.objects.filter(due_at__lte=DUE + timedelta(days=42)).order_by("due_at")
    found = [
        list(planned.filter(recipient=person).values_list("occasion", flat=True)) for person in (floater, administrator)
    ]
    assert found == [
        ["0 days before 2026-11-15", *(f"{days} days after 2026-11-15" for days in range(7, 43, 7))],
        [f"{days} days after 2026-11-15" for days in (30, 35, 42)],
    ]


def test_the_words_say_why_each_is_told(version, floater, clinical_lead, administrator, at):
    kind = find("protocol-review-due")
    whys = [
        kind.write(again(version), person, "35 days after 2026-11-15", at).why
        for person in (floater, clinical_lead, administrator)
    ]
    assert whys == [
        f"You get this because {reason}, and the review was due 10 days ago and is still not done."
        for reason in (
            "you own this protocol or stand in for its owner",
            "you lead the clinical work",
            "you are an administrator",
        )
    ]


def test_an_owner_who_may_not_read_it_any_more_is_not_told(version, floater, clinical_lead, at):
    people.as_if_always(floater.memberships, role=Role.FRONT_DESK)
    assert {person for person, _ in now_owed(at)} == {clinical_lead.pk}


def test_a_deputy_is_another_person(version, floater, clinical_lead, sign_in):
    data = {"category": "safety", "owner": floater.pk, "deputy": floater.pk, "review_months": "12"}
    answer = sign_in(clinical_lead).post(reverse("protocols:settings", args=[version.protocol.slug]), data)
    assert answer.context["form"].errors["deputy"] == ["Choose another person than the owner."]


def test_it_is_offered_three_months_ahead_and_not_before(floater, clinical_lead, sign_in, at):
    version = factories.published(by=floater, lead=clinical_lead, at=at, title="Gait")
    browser = sign_in(clinical_lead)
    assert "Reviewed, no change" not in browser.get(version.get_absolute_url()).content.decode()
    with time_machine.travel(at + timedelta(days=280), tick=False):
        assert "Reviewed, no change" in sign_in(clinical_lead).get(version.get_absolute_url()).content.decode()


def test_an_owner_is_told_who_reviews_and_what_else_to_do(version, floater, therapist, clinical_lead, sign_in, at):
    words = (
        "You answer for this protocol. When nothing has to change, Ines Exemplar says so and a second person agrees."
    )
    with time_machine.travel(at, tick=False):
        pages = [
            sign_in(who).get(version.get_absolute_url()).content.decode() for who in (floater, therapist, clinical_lead)
        ]
        assert [words in page for page in pages] == [True, False, False]
        assert reverse("protocols:draft-start", args=[version.protocol.slug]) in pages[0].partition(words)[2]
        reviewing.review(version, by=clinical_lead, at=at)
        page = sign_in(floater).get(version.get_absolute_url()).content.decode()
    assert (words in page, "Ines Exemplar reviewed version 1 on" in page) == (False, True)
