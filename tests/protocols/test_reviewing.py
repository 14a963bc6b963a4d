"""Reviewed, no change: by two people, never by one; the next review counts from then."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from intranet.core.access import Conflict, Forbidden, Refused
from intranet.reminders.registry import COLUMNS, find
from protocols import publishing, reviewing
from protocols.models import Category, ProtocolVersion, Review
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
    return [row for rows in find("protocol-review-due").owed(at) for row in rows.order_by().values_list(*COLUMNS)]


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
    assert told == {(person.pk, "0 days before 2026-11-15") for person in (floater, therapist)}
    message = find("protocol-review-due").write(again(version), floater, "0 days before 2026-11-15", at)
    assert message.title == "Review “Falls” now: it was due Nov 15, 2026"
    reviewing.confirm(reviewed, by=approver, at=at)
    assert owed(at) == []


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
