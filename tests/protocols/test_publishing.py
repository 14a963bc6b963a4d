from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.urls import reverse

from accounts.roles import Role
from intranet.audit.models import Entry
from intranet.core.access import Conflict, Forbidden, Refused
from protocols import drafting, publishing
from protocols.models import Protocol, ProtocolVersion, State, Status
from protocols.publishing import Readers
from tests.protocols import factories

pytestmark = pytest.mark.django_db
CHICAGO = ZoneInfo("America/Chicago")
LATER = timedelta(days=10)
HOUR = timedelta(hours=1)
FRIDAY, MONDAY = date(2026, 12, 4), date(2026, 12, 7)


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [reason.code for reason in refused.value.verdict.reasons]


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=CHICAGO)


def refreshed(version: ProtocolVersion) -> ProtocolVersion:
    return ProtocolVersion.objects.get(pk=version.pk)


def test_submit_hands_a_draft_to_review(therapist, at):
    version = factories.in_review(by=therapist, at=at)
    assert (version.state, version.submitted_by, version.submitted_at) == (State.IN_REVIEW, therapist, at)


def test_submit_says_all_that_is_missing(therapist, clinical_lead, at):
    one = factories.published(by=therapist, lead=clinical_lead, at=at)
    two = drafting.start_draft(one.protocol, by=therapist, at=at)
    empty = drafting.DraftText(two.title, [drafting.SectionText("key_facts", "Key facts", "<p>Only facts</p>")])
    two = drafting.edit_draft(two, empty, by=therapist, at=at, token=two.token)
    with pytest.raises(Refused) as refused:
        publishing.submit(two, by=therapist, at=at)
    assert codes(refused) == ["empty", "no-summary"]


def test_submit_twice_conflicts(therapist, at):
    version = factories.in_review(by=therapist, at=at)
    with pytest.raises(Conflict):
        publishing.submit(version, by=therapist, at=at)


def test_approve_binds_to_the_text(therapist, clinical_lead, at):
    version = factories.in_review(by=therapist, at=at)
    approved = publishing.approve(version, by=clinical_lead, at=at, token=version.token)
    assert (approved.state, approved.approved_by, approved.approved_at) == (State.APPROVED, clinical_lead, at)
    assert approved.approved_hash == approved.content_hash == drafting.text_hash(drafting.text_of(approved))


@pytest.mark.parametrize("author", ["therapist", "approver", "clinical_lead"])
def test_who_may_approve_is_one_rule(request, author, therapist, approver, clinical_lead, administrator, at):
    version = factories.in_review(by=request.getfixturevalue(author), at=at)
    everybody = {therapist, approver, clinical_lead, administrator}
    allowed = {person for person in everybody if publishing.may_approve(version, by=person)}
    assert set(publishing.approvers(version, on=at.date())) == allowed
    assert {person for person in everybody if version in publishing.to_approve(person)} == allowed


def test_the_lead_who_submitted_for_others_does_not_approve(therapist, approver, clinical_lead, at):
    version = publishing.submit(factories.draft(by=therapist, at=at), by=clinical_lead, at=at)
    with pytest.raises(Forbidden) as refused:
        publishing.approve(version, by=clinical_lead, at=at, token=version.token)
    assert str(refused.value) == "You submitted this version. Somebody else has to approve it."
    assert list(publishing.approvers(version, on=at.date())) == [approver]
    assert (list(publishing.to_approve(clinical_lead)), list(publishing.to_approve(approver))) == ([], [version])
    assert publishing.approve(version, by=approver, at=at, token=version.token).submitted_by == clinical_lead


def test_approve_by_a_delegated_approver(therapist, approver, at):
    version = factories.in_review(by=therapist, at=at)
    assert publishing.approve(version, by=approver, at=at, token=version.token).state == State.APPROVED


def test_the_lead_does_not_approve_own_words_but_the_delegate_does(clinical_lead, approver, at):
    version = factories.in_review(by=clinical_lead, at=at)
    with pytest.raises(Forbidden) as refused:
        publishing.approve(version, by=clinical_lead, at=at, token=version.token)
    assert codes(refused) == ["own-words"]
    assert publishing.approve(version, by=approver, at=at, token=version.token).approved_by == approver


@pytest.mark.parametrize("who", ["floater", "assistant", "front_desk", "manager", "administrator"])
def test_approve_is_not_for(request, therapist, who, at):
    version = factories.in_review(by=therapist, at=at)
    with pytest.raises(Forbidden) as refused:
        publishing.approve(version, by=request.getfixturevalue(who), at=at, token=version.token)
    assert codes(refused) == ["not-an-approver"]


def test_approve_of_a_text_that_changed_conflicts(therapist, clinical_lead, at):
    version = factories.in_review(by=therapist, at=at)
    text = drafting.text_of(version)
    changed = drafting.DraftText("Other title", text.sections)
    saved = drafting.edit_draft(version, changed, by=therapist, at=at, token=version.token)
    publishing.submit(saved, by=therapist, at=at)
    with pytest.raises(Conflict) as conflict:
        publishing.approve(version, by=clinical_lead, at=at, token=version.token)
    assert str(conflict.value) == "Avery Testwell changed the text after you opened it."


def test_send_back_returns_a_version_with_a_remark(therapist, clinical_lead, at):
    version = factories.approved(by=therapist, approver=clinical_lead, at=at)
    back = publishing.send_back(version, by=clinical_lead, at=at, remark=" Split the list. ")
    assert (back.state, back.approved_by) == (State.DRAFT, None)
    assert [(remark.by, remark.text) for remark in back.remarks.all()] == [(clinical_lead, "Split the list.")]


def test_send_back_needs_words(therapist, clinical_lead, at):
    version = factories.in_review(by=therapist, at=at)
    with pytest.raises(Refused) as refused:
        publishing.send_back(version, by=clinical_lead, at=at, remark=" ")
    assert [(r.code, r.field) for r in refused.value.verdict.reasons] == [("no-remark", "remark")]


def test_publish_puts_a_version_in_force_at_once(therapist, clinical_lead, mt_prospect, at):
    version = factories.approved(by=therapist, approver=clinical_lead, at=at, title="Falls")
    readers = [Readers(Role.THERAPIST, mt_prospect, must_acknowledge=True), Readers(Role.ASSISTANT, mt_prospect)]
    version = publishing.publish(version, by=clinical_lead, at=at, readers=readers, due_days=5)
    assert (version.state, version.in_force.lower, version.in_force.upper) == (State.PUBLISHED, at, None)
    assert (version.counts_from, version.due_days, version.material) == (1, 5, True)
    assert [(str(row), row.must_acknowledge) for row in version.audiences.all()] == [
        ("Assistant or aide at Mt. Prospect", False),
        ("Therapist at Mt. Prospect", True),
    ]
    assert (str(version.protocol), version.review_on) == ("Falls", date(2027, 11, 25))
    entry = Entry.objects.get(verb="protocol.published")
    assert (entry.actor_id, entry.clinic_ids) == (clinical_lead.pk, [mt_prospect.pk])


def test_publish_supersedes_the_version_before(therapist, clinical_lead, at):
    one = factories.published(by=therapist, lead=clinical_lead, at=at)
    two = factories.next_version(after=one, by=therapist, lead=clinical_lead, at=at + LATER)
    one.refresh_from_db()
    assert (one.state, one.in_force.lower, one.in_force.upper) == (State.SUPERSEDED, at, at + LATER)
    assert (two.state, two.in_force.lower, two.counts_from) == (State.PUBLISHED, at + LATER, 2)
    assert (one.status(at), two.status(at)) == (Status.IN_FORCE, Status.COMING)
    assert (one.status(at + LATER), two.status(at + LATER)) == (Status.SUPERSEDED, Status.IN_FORCE)


def test_publish_for_a_later_day_starts_at_its_midnight(therapist, clinical_lead, at):
    one = factories.published(by=therapist, lead=clinical_lead, at=at)
    day = at.date() + timedelta(days=20)
    two = factories.next_version(after=one, by=therapist, lead=clinical_lead, at=at + LATER, effective=day)
    one.refresh_from_db()
    assert two.in_force.lower == one.in_force.upper == midnight(day)
    assert (one.status(at + LATER), two.status(at + LATER)) == (Status.IN_FORCE, Status.COMING)
    assert list(ProtocolVersion.objects.in_force(at + LATER)) == [one]
    assert list(ProtocolVersion.objects.current(at + LATER)) == [two, one]


def test_the_database_and_the_object_agree_on_the_status(therapist, clinical_lead, at):
    one = factories.published(by=therapist, lead=clinical_lead, at=at)
    two = factories.next_version(after=one, by=therapist, lead=clinical_lead, at=at + LATER)
    factories.revised(after=two, by=therapist, at=at + LATER)
    other = factories.published(by=therapist, lead=clinical_lead, at=at)
    publishing.withdraw(other, by=clinical_lead, at=at + LATER, reason="Wrong.")
    for moment in (at, at + LATER, at + 2 * LATER):
        versions = ProtocolVersion.objects.with_status(moment)
        assert [v.status_now for v in versions] == [v.status(moment).value for v in versions]


def test_an_editorial_version_keeps_counting_from_the_one_before(therapist, clinical_lead, at):
    one = factories.published(by=therapist, lead=clinical_lead, at=at)
    two = factories.next_version(after=one, by=therapist, lead=clinical_lead, at=at + LATER, material=False)
    three = factories.next_version(after=two, by=therapist, lead=clinical_lead, at=at + 2 * LATER, material=False)
    four = factories.next_version(after=three, by=therapist, lead=clinical_lead, at=at + 3 * LATER)
    assert [v.counts_from for v in (one, two, three, four)] == [1, 1, 1, 4]


def test_a_first_version_is_always_material(therapist, clinical_lead, at):
    version = factories.published(by=therapist, lead=clinical_lead, at=at, material=False)
    assert (version.material, version.counts_from) == (True, 1)


def test_publish_refuses_the_past_and_an_empty_audience_together(therapist, clinical_lead, at):
    version = factories.approved(by=therapist, approver=clinical_lead, at=at)
    with pytest.raises(Refused) as refused:
        publishing.publish(version, by=clinical_lead, at=at, readers=[], effective=at.date() - timedelta(days=1))
    assert [(r.code, r.field) for r in refused.value.verdict.reasons] == [
        ("past", "effective"),
        ("no-readers", "readers"),
    ]
    version.refresh_from_db()
    assert version.state == State.APPROVED


def test_publish_refuses_a_start_before_a_version_that_is_coming(therapist, clinical_lead, at):
    one = factories.published(by=therapist, lead=clinical_lead, at=at)
    day = at.date() + timedelta(days=20)
    two = factories.next_version(after=one, by=therapist, lead=clinical_lead, at=at, effective=day)
    with pytest.raises(Refused) as refused:
        factories.next_version(after=two, by=therapist, lead=clinical_lead, at=at, effective=day - timedelta(days=5))
    assert str(refused.value) == (
        "Version 2 comes into force on Dec 15, 2026. Choose a later day, or withdraw that version first."
    )


@pytest.mark.parametrize("who", ["therapist", "approver", "manager", "administrator"])
def test_publish_is_for_the_lead(request, floater, clinical_lead, who, at):
    version = factories.approved(by=floater, approver=clinical_lead, at=at)
    with pytest.raises(Forbidden) as refused:
        publishing.publish(version, by=request.getfixturevalue(who), at=at, readers=factories.THERAPISTS)
    assert codes(refused) == ["not-a-publisher"]


def test_publish_needs_an_approval(therapist, clinical_lead, at):
    version = factories.in_review(by=therapist, at=at)
    with pytest.raises(Conflict) as conflict:
        publishing.publish(version, by=clinical_lead, at=at, readers=factories.THERAPISTS)
    assert str(conflict.value) == (
        "Version 1 is in review, not approved: Avery Testwell submitted it on Nov 25, 2026, 10:00 AM. Nothing was changed."
    )


def test_withdraw_ends_a_version_at_once(therapist, clinical_lead, at):
    version = factories.published(by=therapist, lead=clinical_lead, at=at)
    gone = publishing.withdraw(version, by=clinical_lead, at=at + LATER, reason="A recall.")
    assert (gone.state, gone.in_force.upper, gone.withdrawal_reason) == (State.WITHDRAWN, at + LATER, "A recall.")
    assert not ProtocolVersion.objects.in_force(at + LATER).exists()


def test_withdraw_of_a_version_that_has_not_started_leaves_the_one_before(therapist, clinical_lead, at):
    one = factories.published(by=therapist, lead=clinical_lead, at=at)
    day = at.date() + timedelta(days=20)
    two = factories.next_version(after=one, by=therapist, lead=clinical_lead, at=at, effective=day)
    gone = publishing.withdraw(two, by=clinical_lead, at=at + LATER, reason="Not yet.")
    one.refresh_from_db()
    assert gone.in_force.isempty
    assert (one.state, one.in_force.lower, one.in_force.upper) == (State.PUBLISHED, at, None)
    three = factories.next_version(after=two, by=therapist, lead=clinical_lead, at=at + LATER)
    assert (three.number, three.status(at + LATER)) == (3, Status.IN_FORCE)


def test_withdraw_refuses_what_is_over(therapist, clinical_lead, at):
    one = factories.published(by=therapist, lead=clinical_lead, at=at)
    factories.next_version(after=one, by=therapist, lead=clinical_lead, at=at + LATER)
    with pytest.raises(Refused) as refused:
        publishing.withdraw(one, by=clinical_lead, at=at + 2 * LATER, reason="Late.")
    assert codes(refused) == ["not-in-force"]


def test_change_settings_is_for_the_lead(therapist, clinical_lead, at):
    protocol = factories.published(by=therapist, lead=clinical_lead, at=at).protocol
    terms = {
        "category": "exercise",
        "owner": clinical_lead,
        "skills": [],
        "high_risk": True,
        "review_months": 6,
        "at": at,
    }
    with pytest.raises(Forbidden):
        publishing.change_settings(protocol, by=therapist, **terms)
    changed = publishing.change_settings(protocol, by=clinical_lead, **terms)
    assert (changed.category, changed.owner, changed.high_risk, changed.review_months) == (
        "exercise",
        clinical_lead,
        True,
        6,
    )


@pytest.fixture
def three(therapist, clinical_lead, at):
    """The first in force, the second published for a Friday, the third for the Monday after."""
    one = factories.published(by=therapist, lead=clinical_lead, at=at)
    two = factories.next_version(after=one, by=therapist, lead=clinical_lead, at=at, effective=FRIDAY)
    return one, two, factories.next_version(after=two, by=therapist, lead=clinical_lead, at=at, effective=MONDAY)


def spans(*versions: ProtocolVersion) -> list[Any]:
    """State, begin and end of each version, as stored."""
    stored = map(refreshed, versions)
    return [(version.state, version.in_force.lower, version.in_force.upper) for version in stored]


def test_versions_planned_one_after_another_are_all_coming(three, at):
    now = [version.status(at) for version in map(refreshed, three)]
    assert now == [Status.IN_FORCE, Status.COMING, Status.COMING]
    assert [v.status_now for v in ProtocolVersion.objects.with_status(at)] == ["coming", "coming", "in_force"]
    assert set(ProtocolVersion.objects.current(at)) == set(three)


def test_readers_may_read_and_sign_a_planned_version_that_has_a_planned_successor(three, floater, at):
    assert set(ProtocolVersion.objects.visible_to(floater)) == set(three)
    for version in map(refreshed, three):
        assert factories.acknowledgement(version=version, by=floater, at=at).version == version


def test_withdraw_of_the_second_of_three_leaves_the_first_until_the_third(three, clinical_lead, at):
    publishing.withdraw(three[1], by=clinical_lead, at=at + HOUR, reason="Not yet.")
    assert spans(*three) == [
        (State.SUPERSEDED, at, midnight(MONDAY)),
        (State.WITHDRAWN, None, None),
        (State.PUBLISHED, midnight(MONDAY), None),
    ]


def test_withdraw_of_the_third_of_three_leaves_the_second(three, clinical_lead, at):
    publishing.withdraw(three[2], by=clinical_lead, at=at + HOUR, reason="Not yet.")
    assert spans(*three) == [
        (State.SUPERSEDED, at, midnight(FRIDAY)),
        (State.PUBLISHED, midnight(FRIDAY), None),
        (State.WITHDRAWN, None, None),
    ]


def test_withdraw_of_both_that_are_planned_leaves_the_first(three, clinical_lead, at):
    publishing.withdraw(three[1], by=clinical_lead, at=at + HOUR, reason="Not yet.")
    publishing.withdraw(three[2], by=clinical_lead, at=at + HOUR, reason="Nor this.")
    assert spans(three[0]) == [(State.PUBLISHED, at, None)]


def test_withdraw_of_the_second_once_it_has_started_leaves_a_gap_until_the_third(three, clinical_lead):
    saturday = midnight(FRIDAY) + timedelta(days=1)
    publishing.withdraw(three[1], by=clinical_lead, at=saturday, reason="A recall.")
    assert spans(*three[1:]) == [
        (State.WITHDRAWN, midnight(FRIDAY), saturday),
        (State.PUBLISHED, midnight(MONDAY), None),
    ]
    assert not ProtocolVersion.objects.in_force(saturday).exists()
    assert list(ProtocolVersion.objects.in_force(midnight(MONDAY))) == [three[2]]


def test_withdraw_of_the_first_leaves_a_gap_until_the_second(three, clinical_lead, at):
    publishing.withdraw(three[0], by=clinical_lead, at=at + HOUR, reason="A recall.")
    assert spans(*three[:2]) == [
        (State.WITHDRAWN, at, at + HOUR),
        (State.SUPERSEDED, midnight(FRIDAY), midnight(MONDAY)),
    ]


def test_a_draft_begun_from_a_plan_that_was_withdrawn_asks_again(therapist, clinical_lead, at):
    one = factories.published(by=therapist, lead=clinical_lead, at=at)
    two = factories.next_version(after=one, by=therapist, lead=clinical_lead, at=at, effective=FRIDAY)
    draft = factories.revised(after=two, by=therapist, at=at + HOUR)
    publishing.withdraw(two, by=clinical_lead, at=at + 2 * HOUR, reason="Wrong.")
    three = publishing.submit(draft, by=therapist, at=at + 3 * HOUR)
    three = publishing.approve(three, by=clinical_lead, at=at + 3 * HOUR, token=three.token)
    terms = {"by": clinical_lead, "at": at + 3 * HOUR, "readers": factories.THERAPISTS}
    with pytest.raises(Refused) as refused:
        publishing.publish(three, material=False, **terms)
    assert [(reason.message, reason.field) for reason in refused.value.verdict.reasons] == [
        (
            "This draft was begun from version 2, which was withdrawn. Ask for acknowledgements again.",
            "material",
        )
    ]
    assert publishing.publish(three, material=True, **terms).counts_from == 3


@pytest.fixture
def renamed(therapist, clinical_lead, at):
    """Falls, in force; planned for a Friday is a version with another title."""
    one = factories.published(by=therapist, lead=clinical_lead, at=at, title="Falls")
    draft = factories.revised(after=one, by=therapist, at=at)
    text = drafting.text_of(draft)
    named = drafting.DraftText("Falls and balance", text.sections, text.change_summary)
    draft = drafting.edit_draft(draft, named, by=therapist, at=at, token=draft.token)
    two = publishing.submit(draft, by=therapist, at=at)
    two = publishing.approve(two, by=clinical_lead, at=at, token=two.token)
    return publishing.publish(two, by=clinical_lead, at=at, readers=factories.THERAPISTS, effective=FRIDAY)


def title(version: ProtocolVersion, at: datetime) -> str:
    return str(Protocol.objects.titled(at).get(pk=version.protocol_id).title)


def test_a_protocol_has_the_title_of_the_version_in_force(renamed, at):
    assert str(renamed.protocol) == title(renamed, at) == "Falls"
    assert title(renamed, midnight(FRIDAY)) == "Falls and balance"


def test_a_protocol_keeps_its_title_when_a_planned_one_is_withdrawn(renamed, clinical_lead, sign_in, at):
    publishing.withdraw(renamed, by=clinical_lead, at=at + HOUR, reason="Not yet.")
    assert title(renamed, midnight(FRIDAY)) == "Falls"
    page = sign_in(clinical_lead).get(reverse("protocols:settings", args=[renamed.protocol.slug])).content.decode()
    assert ("Settings of Falls" in page, "balance" in page) == (True, False)


def test_a_protocol_that_never_was_in_force_has_the_title_of_its_newest_version(therapist, at):
    draft = factories.draft(by=therapist, at=at, title="Falls")
    text = drafting.DraftText("Balance", drafting.text_of(draft).sections)
    drafting.edit_draft(draft, text, by=therapist, at=at, token=draft.token)
    assert str(draft.protocol) == "Balance"


def test_the_review_counts_from_the_first_day_of_each_version(renamed, clinical_lead, at):
    one = renamed.protocol.versions.get(number=1)
    assert (one.review_on, renamed.review_on) == (date(2027, 11, 25), date(2027, 12, 4))
    gone = publishing.withdraw(renamed, by=clinical_lead, at=at + HOUR, reason="Not yet.")
    assert (one.review_on, gone.review_on) == (date(2027, 11, 25), None)


@pytest.mark.parametrize("months", [1, 3, 12, 60])
@pytest.mark.parametrize("day", [date(2027, 1, 31), date(2028, 2, 29), date(2027, 11, 30)])
def test_the_database_and_the_object_agree_on_the_review(therapist, clinical_lead, at, day, months):
    version = factories.published(by=therapist, lead=clinical_lead, at=at, effective=day)
    factories.draft(by=therapist, at=at)
    Protocol.objects.filter(pk=version.protocol_id).update(review_months=months)
    for found in ProtocolVersion.objects.with_review_day().select_related("protocol"):
        assert found.review_day == found.review_on


def test_a_version_is_replaced_after_everything_was_checked_at_once(therapist, clinical_lead, at):
    """As when a sign-off took over from another in the same transaction."""
    first = factories.published(by=therapist, lead=clinical_lead, at=at)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    second = factories.next_version(after=first, by=therapist, lead=clinical_lead, at=at + timedelta(days=1))
    first.refresh_from_db()
    assert (first.state, second.state) == (State.SUPERSEDED, State.PUBLISHED)
