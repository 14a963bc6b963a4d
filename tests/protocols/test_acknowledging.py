from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.roles import Role
from intranet.audit.models import Entry
from intranet.core.access import Forbidden, Refused
from protocols import acknowledging, drafting, opening, publishing, questioning, reporting
from protocols.library import Filters, Library
from protocols.models import Acknowledgement, ProtocolVersion, State
from protocols.publishing import Readers
from tests.factories import membership
from tests.protocols import factories

pytestmark = pytest.mark.django_db
LATER = timedelta(days=10)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def waiting(person, at):
    return [(v.title, v.number, v.due_on) for v in acknowledging.must_acknowledge(person, at=at)]


def test_acknowledge_records_who_when_and_which_text(therapist, floater, clinical_lead, at):
    version = factories.published(by=floater, lead=clinical_lead, at=at)
    given = factories.acknowledgement(version=version, by=therapist, at=at + LATER)
    assert (given.user, given.version, given.at, given.text_hash) == (
        therapist,
        version,
        at + LATER,
        version.content_hash,
    )
    assert Entry.objects.filter(verb="protocol.acknowledged", actor=therapist).count() == 1


def test_acknowledge_twice_changes_nothing(therapist, clinical_lead, at):
    version = factories.published(by=therapist, lead=clinical_lead, at=at)
    first = factories.acknowledgement(version=version, by=therapist, at=at)
    assert factories.acknowledgement(version=version, by=therapist, at=at + LATER) == first
    assert Acknowledgement.objects.get().at == at


@pytest.mark.parametrize("given", ["nothing", "hash", "another person", "forged", "too old"])
def test_acknowledge_needs_the_whole_document_opened(given, therapist, floater, clinical_lead, at):
    version = factories.published(by=therapist, lead=clinical_lead, at=at)
    proofs = {
        "nothing": "",
        "hash": version.content_hash,
        "another person": opening.proof(version, reader=floater, at=at),
        "forged": opening.proof(version, reader=therapist, at=at) + "x",
        "too old": opening.proof(version, reader=therapist, at=at - opening.COUNTS_FOR),
    }
    with pytest.raises(Refused) as refused:
        acknowledging.acknowledge(version, by=therapist, at=at, opened=proofs[given])
    assert [reason.code for reason in refused.value.verdict.reasons] == ["not-opened"]
    assert not Acknowledgement.objects.exists()


def test_an_earlier_version_with_the_same_words_was_another_version(therapist, clinical_lead, at):
    def following(after, days, **words):
        return factories.next_version(after=after, by=therapist, lead=clinical_lead, at=at - days * DAY, **words)

    first = factories.published(by=therapist, lead=clinical_lead, at=at - 4 * DAY)
    earlier = following(first, 3)
    version = following(following(earlier, 2, body="<p>Between.</p>"), 1)
    assert earlier.content_hash == version.content_hash
    opened = opening.proof(earlier, reader=therapist, at=at)
    assert not opening.has_opened(version, opened, reader=therapist, at=at)


def test_what_was_opened_in_the_morning_is_acknowledged_in_the_evening(therapist, clinical_lead, at):
    version = factories.published(by=therapist, lead=clinical_lead, at=at)
    opened = opening.proof(version, reader=therapist, at=at)
    evening = at + opening.COUNTS_FOR - timedelta(seconds=1)
    assert acknowledging.acknowledge(version, by=therapist, at=evening, opened=opened).at == evening


def test_what_proves_the_opening_of_a_draft_proves_nothing_of_later_words(therapist, clinical_lead, at):
    draft = factories.draft(by=therapist, at=at)
    opened = opening.proof(draft, reader=therapist, at=at)
    text = drafting.text_of(draft)
    [section] = text.sections
    other = drafting.SectionText(section.kind, section.heading, "<p>Other words.</p>", section.key)
    version = drafting.edit_draft(
        draft, drafting.DraftText(text.title, [other]), by=therapist, at=at, token=draft.token
    )
    assert not opening.has_opened(version, opened, reader=therapist, at=at)


def test_acknowledge_refuses_what_is_not_in_force(therapist, clinical_lead, at):
    one = factories.published(by=therapist, lead=clinical_lead, at=at)
    factories.next_version(after=one, by=therapist, lead=clinical_lead, at=at + LATER)
    one.refresh_from_db()
    with pytest.raises(Forbidden) as refused:
        factories.acknowledgement(version=one, by=therapist, at=at + LATER)
    assert str(refused.value) == "Version 1 is not in force. Read the version that is."


def test_acknowledge_a_coming_version_ahead_of_its_day(therapist, clinical_lead, at):
    day = at.date() + timedelta(days=5)
    version = factories.published(by=therapist, lead=clinical_lead, at=at, effective=day)
    assert factories.acknowledgement(version=version, by=therapist, at=at).version == version


@pytest.mark.parametrize(
    ("who", "allowed"),
    [
        ("therapist", True),
        ("floater", True),
        ("therapist_oakbrook", False),
        ("assistant", False),
        ("front_desk", False),
        ("manager", True),  # reads everything at the own clinic
        ("manager_oakbrook", False),
        ("clinical_lead", True),
        ("administrator", False),  # sees everything, but works by nothing that is not addressed to one
    ],
)
def test_acknowledge_is_for_those_who_work_by_it(request, approver, clinical_lead, mt_prospect, who, allowed, at):
    version = factories.published(
        by=approver, lead=clinical_lead, at=at, readers=[Readers(Role.THERAPIST, mt_prospect, True)]
    )
    verdict = acknowledging.may_acknowledge(version, by=request.getfixturevalue(who), at=at)
    assert bool(verdict) == allowed


def test_an_administrator_acknowledges_when_addressed(therapist, administrator, clinical_lead, at):
    version = factories.published(
        by=therapist, lead=clinical_lead, at=at, readers=[Readers(Role.ADMINISTRATOR, None, True)]
    )
    assert waiting(administrator, at) == [(version.title, 1, date(2026, 12, 9))]
    assert factories.acknowledgement(version=version, by=administrator, at=at).user == administrator


def test_must_acknowledge_until_it_is_done(therapist, assistant, clinical_lead, at):
    version = factories.published(by=therapist, lead=clinical_lead, at=at, due_days=5)
    assert waiting(therapist, at) == [(version.title, 1, date(2026, 11, 30))]
    assert waiting(assistant, at) == []
    factories.acknowledgement(version=version, by=therapist, at=at)
    assert waiting(therapist, at) == []


def test_must_acknowledge_again_after_a_material_change_only(therapist, clinical_lead, at):
    one = factories.published(by=therapist, lead=clinical_lead, at=at)
    factories.acknowledgement(version=one, by=therapist, at=at)
    two = factories.next_version(after=one, by=therapist, lead=clinical_lead, at=at + LATER, material=False)
    assert waiting(therapist, at + LATER) == []
    assert acknowledging.counting(two, therapist, at + LATER).version == one
    three = factories.next_version(after=two, by=therapist, lead=clinical_lead, at=at + 2 * LATER)
    assert [(number, due) for _, number, due in waiting(therapist, at + 2 * LATER)] == [(3, date(2026, 12, 29))]
    assert acknowledging.counting(three, therapist, at + 2 * LATER) is None
    assert acknowledging.last_signed(three, therapist).version == one


def test_a_new_starter_has_the_full_time_from_the_first_day(therapist, clinical_lead, oakbrook, at):
    factories.published(by=therapist, lead=clinical_lead, at=at, readers=[Readers(Role.FRONT_DESK, oakbrook, True)])
    membership(user=therapist, role=Role.FRONT_DESK, clinic=oakbrook, start=date(2026, 12, 10))
    assert waiting(therapist, at + timedelta(days=10)) == []
    assert [due for *_, due in waiting(therapist, at + timedelta(days=20))] == [date(2026, 12, 24)]
    row = acknowledging.duties(at + timedelta(days=20)).get()
    assert row["asked_at"] == datetime(2026, 12, 10, 6, 0, tzinfo=UTC)  # midnight in Chicago


def test_two_memberships_are_one_duty_from_the_earlier_one(floater, clinical_lead, approver, at):
    factories.published(by=approver, lead=clinical_lead, at=at)
    assert [row["user_id"] for row in acknowledging.duties(at).order_by("user_id")] == [floater.pk, approver.pk]


def test_somebody_who_left_owes_nothing(therapist, floater, clinical_lead, at):
    factories.published(by=floater, lead=clinical_lead, at=at)
    therapist.is_active = False
    therapist.save(update_fields=["is_active"])
    assert waiting(therapist, at) == []
    assert [row["user_id"] for row in acknowledging.outstanding(at)] == [floater.pk]


def test_a_withdrawn_version_asks_nobody(therapist, clinical_lead, at):
    version = factories.published(by=therapist, lead=clinical_lead, at=at)
    publishing.withdraw(version, by=clinical_lead, at=at + LATER, reason="Wrong.")
    assert [number for _, number, _ in waiting(therapist, at)] == [1]
    assert waiting(therapist, at + LATER) == []


@pytest.fixture
def withdrawn_before_its_day(therapist, clinical_lead, at):
    """Version 2 was planned, signed by the therapist, withdrawn; version 1, which is unsigned, stays in force."""
    one = factories.published(by=therapist, lead=clinical_lead, at=at, title="Falls")
    two = factories.next_version(
        after=one, by=therapist, lead=clinical_lead, at=at, effective=at.date() + LATER, body="<p>Wrong.</p>"
    )
    factories.acknowledgement(version=two, by=therapist, at=at)
    return publishing.withdraw(two, by=clinical_lead, at=at + HOUR, reason="Wrong.")


def test_a_signature_on_what_never_came_into_force_counts_for_nothing_later(
    withdrawn_before_its_day, therapist, clinical_lead, sign_in, at
):
    later = at + 2 * HOUR
    three = factories.next_version(
        after=withdrawn_before_its_day, by=therapist, lead=clinical_lead, at=later, material=False
    )
    assert three.counts_from == 1
    assert [number for _, number, _ in waiting(therapist, later)] == [3]
    assert acknowledging.counting(three, therapist, later) is None
    row = next(row for row in reporting.report(later, clinics=None).rows if row.person == therapist)
    assert [(cell.version.number, cell.done) for cell in row.asked] == [(3, False)]
    with time_machine.travel(later, tick=False):
        found = Library(therapist, Filters(), later).found().get()
    assert (found.number, found.signed_number) == (3, None)


def test_a_signature_on_what_never_came_into_force_stays_one_for_that_text(withdrawn_before_its_day, therapist, at):
    assert acknowledging.counting(withdrawn_before_its_day, therapist, at).version == withdrawn_before_its_day


def test_a_signature_on_what_was_in_force_counts_across_a_withdrawn_plan(
    withdrawn_before_its_day, therapist, floater, clinical_lead, at
):
    one = withdrawn_before_its_day.protocol.versions.get(number=1)
    factories.acknowledgement(version=one, by=floater, at=at + HOUR)
    three = factories.next_version(after=one, by=therapist, lead=clinical_lead, at=at + 2 * HOUR, material=False)
    assert acknowledging.counting(three, floater, at + 2 * HOUR).version == one


def test_acknowledging_what_is_withdrawn_meanwhile(therapist, clinical_lead, sign_in, at, monkeypatch):
    """The page was loaded, and the answers were looked at, before the lead withdrew it."""
    one = factories.published(by=therapist, lead=clinical_lead, at=at)
    check = questioning.check

    def withdrawn_meanwhile(version, answers, *, at):
        if ProtocolVersion.objects.get(pk=version.pk).state == State.PUBLISHED:
            publishing.withdraw(version, by=clinical_lead, at=at + timedelta(seconds=1), reason="A recall.")
        return check(version, answers, at=at)

    monkeypatch.setattr(questioning, "check", withdrawn_meanwhile)
    opened = {"opened": opening.proof(one, reader=therapist, at=timezone.now())}
    answer = sign_in(therapist).post(f"/protocols/{one.protocol.slug}/versions/1/acknowledge/", opened)
    words = "Ines Exemplar has withdrawn version 1. What you read does not count any more."
    assert (answer.status_code, words in answer.content.decode()) == (409, True)
    assert one.acknowledgements.count() == 0
