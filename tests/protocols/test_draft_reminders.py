"""Authors hear of every decision on their draft, reviewers of what waits for them; nobody of what is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from accounts.models import User
from intranet.reminders.registry import find
from protocols import commenting, drafting, publishing
from protocols.models import ProtocolVersion, Remark
from tests import factories as people
from tests.owing import said
from tests.protocols import factories

pytestmark = pytest.mark.django_db
REMARK = "Say how long."


@pytest.fixture
def version(therapist: User, floater: User, at) -> ProtocolVersion:
    """In review, written by two people."""
    version = factories.draft(by=therapist, at=at, title="Cupping")
    version.contributors.create(user=floater, since=at)
    return publishing.submit(version, by=therapist, at=at)


def owed(code, at):
    """{(recipient, due, not after)} with the occasion's first word, of what the kind says is owed."""
    return sorted({(row[0], row[2].split()[0], row[3] - at, row[4] - at) for row in said(code, at)})


def told(code, at):
    return {row[0] for row in owed(code, at)}


def paragraphs(code, subject, recipient, at, occasion=""):
    return list(find(code).write(subject, recipient, occasion, at).paragraphs)


def test_everybody_who_wrote_it_hears_that_it_was_sent_back(version, approver, therapist, floater, at):
    assert told("draft-sent-back", at) == set()
    commenting.comment(version, text="Why cups?", by=approver, at=at)
    version = publishing.send_back(version, by=approver, at=at, remark=REMARK)
    assert told("draft-sent-back", at) == {therapist.pk, floater.pk}
    remark = Remark.objects.get()
    assert paragraphs("draft-sent-back", remark, therapist, at) == [
        "Lena Placeholt sent version 1 back on Nov 25, 2026, 10:00 AM.",
        REMARK,
        "1 comment is not resolved.",
    ]
    message = find("draft-sent-back").write(remark, therapist, "", at)
    assert (message.title, message.path) == ("Changes are asked for on “Cupping”", "/protocols/cupping/draft/")
    publishing.submit(version, by=therapist, at=at)
    assert told("draft-sent-back", at) == set()


def test_whoever_may_not_write_any_more_hears_nothing(version, approver, therapist, floater, at):
    publishing.send_back(version, by=approver, at=at, remark=REMARK)
    people.as_if_never(floater.memberships)
    assert told("draft-sent-back", at) == {therapist.pk}


def test_taking_it_back_oneself_asks_for_no_changes(version, approver, therapist, at):
    version = publishing.send_back(version, by=approver, at=at, remark=REMARK)
    version = publishing.submit(version, by=therapist, at=at)
    text = replace(drafting.text_of(version), title="Cups")
    version = drafting.edit_draft(version, text, by=therapist, at=at, token=version.token)
    assert (version.state, publishing.is_sent_back(version)) == ("draft", False)
    assert told("draft-sent-back", at) == set()


def test_everybody_who_wrote_it_hears_of_the_approval(version, approver, clinical_lead, therapist, floater, at):
    assert told("draft-approved", at) == set()
    version = publishing.approve(version, by=approver, at=at, token=version.token)
    assert told("draft-approved", at) == {therapist.pk, floater.pk}
    assert paragraphs("draft-approved", version, therapist, at) == [
        "Lena Placeholt approved version 1 on Nov 25, 2026, 10:00 AM.",
        "Nobody works by it until the clinical lead publishes it.",
    ]
    publishing.publish(version, by=clinical_lead, at=at, readers=factories.THERAPISTS)
    assert told("draft-approved", at) == {therapist.pk, floater.pk}


def test_an_approval_that_is_lost_is_not_told(version, approver, clinical_lead, at):
    version = publishing.approve(version, by=approver, at=at, token=version.token)
    publishing.send_back(version, by=clinical_lead, at=at, remark=REMARK)
    assert told("draft-approved", at) == set()


def test_a_second_approval_is_told_anew(version, approver, clinical_lead, therapist, at):
    occasions = set()
    for hours, by in [(0, approver), (1, clinical_lead)]:
        moment = at + timedelta(hours=hours)
        version = publishing.approve(version, by=by, at=moment, token=version.token)
        [rows] = find("draft-approved").owed(moment)
        occasions |= set(rows.values_list("occasion", flat=True))
        version = publishing.send_back(version, by=clinical_lead, at=moment, remark=REMARK)
        version = publishing.submit(version, by=therapist, at=moment)
    assert len(occasions) == 2


def test_approvers_hear_on_the_second_and_the_fifth_day(version, approver, clinical_lead, at):
    day = timedelta(days=1)
    steps = [("day-2", 2 * day, 5 * day), ("day-5", 5 * day, 30 * day)]
    assert owed("approval-waiting", at) == sorted(
        (who.pk, *step) for who in (approver, clinical_lead) for step in steps
    )
    publishing.approve(version, by=approver, at=at, token=version.token)
    assert owed("approval-waiting", at) == []


def test_the_lead_hears_of_the_own_version_on_the_fifth_day_and_whom_to_ask(approver, clinical_lead, at):
    own = factories.in_review(by=clinical_lead, at=at)
    assert {(row[0], row[1]) for row in owed("approval-waiting", at)} == {
        (approver.pk, "day-2"),
        (approver.pk, "day-5"),
        (clinical_lead.pk, "day-5"),
    }
    later = at + timedelta(days=5)
    submitted = "Ines Exemplar submitted version 1 on Nov 25, 2026, 10:00 AM."
    assert paragraphs("approval-waiting", own, approver, later) == [submitted]
    assert paragraphs("approval-waiting", own, clinical_lead, later) == [
        submitted,
        "Lena Placeholt can approve it. You wrote on it, so that you cannot.",
    ]
    assert find("approval-waiting").write(own, approver, "", later).title.endswith("has waited 5 days for its approval")
    people.as_if_never(approver.memberships)
    assert paragraphs("approval-waiting", own, clinical_lead, later)[1].startswith("Nobody can approve it")


@pytest.mark.parametrize(
    ("who", "kinds"),
    [
        ("therapist", {"draft-sent-back", "draft-approved"}),
        ("approver", {"draft-sent-back", "draft-approved", "approval-waiting"}),
        ("front_desk", set()),
    ],
)
def test_whom_the_kinds_concern(request, who, kinds):
    person = request.getfixturevalue(who)
    assert {
        code for code in ("draft-sent-back", "draft-approved", "approval-waiting") if find(code).concerns(person)
    } == kinds
