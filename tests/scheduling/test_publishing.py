"""Publishing a week: what staff see changes here and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from accounts.models import User
from intranet.audit.models import Entry
from intranet.core.access import Conflict, Forbidden, Refused
from scheduling import assigning, pending, publishing
from scheduling.models import ChangeKind, Publication, PublicationRecipient, PublishedShift, RosterWeek, Shift
from scheduling.plans import Plan
from scheduling.positions import Position
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

WEDNESDAY = date(2026, 12, 2)


def publish(clinic, by, at, monday=factories.MONDAY):
    week = RosterWeek.objects.get(clinic=clinic, monday=monday)
    return publishing.publish(week, version=week.version, by=by, at=at, reason="Agreed.")


def change(shift: Shift, by: User, at, **fields: object) -> Shift:
    shift.refresh_from_db()
    return assigning.change_shift(shift, replace(Plan.of(shift), **fields), version=shift.version, by=by, at=at)


def kinds(clinic) -> list[str]:
    return [one.kind.value for one in pending.pending_changes(RosterWeek.objects.get(clinic=clinic))]


def seen() -> list[tuple[str, str]]:
    shifts = PublishedShift.objects.standing().select_related("staff", "clinic")
    return [(str(one.staff or "open"), f"{one.start.astimezone(one.clinic.zone):%a %H:%M}") for one in shifts]


def test_publishing_shows_the_week_and_writes_down_who_is_told(mt_prospect, manager, therapist, floater, at):
    factories.shift(clinic=mt_prospect, staff=therapist, times="7-15:30", note="Bring the keys")
    factories.shift(clinic=mt_prospect, staff=floater, times="10:30-19")
    factories.shift(clinic=mt_prospect, times="12-16")
    assert seen() == []
    publication = publish(mt_prospect, manager, at)
    assert seen() == [("Avery Testwell", "Mon 07:00"), ("Theo Fictus", "Mon 10:30"), ("open", "Mon 12:00")]
    assert PublishedShift.objects.get(staff=therapist).note == "Bring the keys"
    assert (publication.number, publication.by, publication.at) == (1, manager, at)
    assert list(publication.changes.values_list("kind", flat=True)) == ["add", "add", "add"]
    assert set(publication.recipients.values_list("person", flat=True)) == {therapist.pk, floater.pk}
    assert RosterWeek.objects.get().published_at == at
    entry = Entry.objects.get(verb="roster.published")
    assert (entry.clinic_ids, entry.changes) == (
        [mt_prospect.pk],
        {"number": 1, "occasion": "The week was published", "changes": {"add": 3}},
    )


def test_a_second_publication_holds_only_what_changed(mt_prospect, manager, therapist, floater, assistant, at):
    stays = factories.shift(clinic=mt_prospect, staff=assistant, position=Position.ASSISTANT)
    retimed = factories.shift(clinic=mt_prospect, staff=therapist)
    given = factories.shift(clinic=mt_prospect, day=WEDNESDAY, staff=therapist)
    gone = factories.shift(clinic=mt_prospect, day=WEDNESDAY, times="16-20", staff=floater)
    altered = factories.shift(clinic=mt_prospect, day=date(2026, 12, 3), staff=floater)
    publish(mt_prospect, manager, at)
    start, end = factories.span(mt_prospect, factories.MONDAY, "8-16:30")
    change(retimed, manager, at, start=start, end=end)
    change(given, manager, at, staff=floater)
    change(altered, manager, at, note="Room 2")
    assigning.delete_shift(gone, version=1, by=manager, at=at)
    assert kinds(mt_prospect) == ["retime", "reassign", "remove", "alter"]
    publication = publish(mt_prospect, manager, at)
    assert publication.number == 2
    by_kind = {one.kind: one for one in publication.changes.all()}
    assert sorted(by_kind) == ["alter", "reassign", "remove", "retime"]
    assert (by_kind["reassign"].staff_before, by_kind["reassign"].staff_after) == (therapist, floater)
    assert (by_kind["remove"].before["staff"], by_kind["remove"].after) == ("Theo Fictus", None)
    assert by_kind["retime"].before["start"] < by_kind["retime"].after["start"]
    assert set(publication.recipients.values_list("person", flat=True)) == {therapist.pk, floater.pk}
    sequences = dict(PublishedShift.objects.values_list("shift", "sequence"))
    assert sequences == {stays.pk: 0, retimed.pk: 1, given.pk: 1, gone.pk: 1, altered.pk: 1}
    assert PublishedShift.objects.get(shift=gone).withdrawn_at == at
    assert kinds(mt_prospect) == []


def test_only_the_one_clinic_is_published(mt_prospect, oakbrook, manager, therapist, therapist_oakbrook, at):
    factories.shift(clinic=mt_prospect, staff=therapist)
    factories.shift(clinic=oakbrook, staff=therapist_oakbrook)
    publish(mt_prospect, manager, at)
    assert seen() == [("Avery Testwell", "Mon 07:00")]
    assert pending.unpublished_changes(mt_prospect, at) == 0
    assert pending.unpublished_changes(oakbrook, at) == 1


@pytest.mark.parametrize("who", ["manager_oakbrook", "therapist", "clinical_lead", "administrator"])
def test_nobody_else_publishes(request, mt_prospect, at, who):
    factories.shift(clinic=mt_prospect)
    with pytest.raises(Forbidden):
        publish(mt_prospect, request.getfixturevalue(who), at)
    assert seen() == []


def test_what_changed_while_the_manager_looked_is_not_published(mt_prospect, manager, at):
    shift = factories.shift(clinic=mt_prospect)
    week = shift.week
    assigning.create_shift(factories.plan(clinic=mt_prospect, day=WEDNESDAY), by=manager, at=at)
    with pytest.raises(Conflict) as refused:
        publishing.publish(week, version=0, by=manager, at=at)
    assert [reason.code for reason in refused.value.verdict.reasons] == ["changed-meanwhile"]
    assert Publication.objects.count() == 0


def test_a_new_shift_whose_holder_is_not_cleared_blocks(mt_prospect, manager, therapist, needling, sign_off, at):
    sign_off(therapist)
    factories.shift(clinic=mt_prospect, staff=therapist, skill=needling)
    therapist.competencies.update(ended_at=at, end_reason="Lapsed")
    with pytest.raises(Refused) as refused:
        publish(mt_prospect, manager, at)
    assert str(refused.value) == (
        "Avery Testwell, 7a–3:30p on Mon, Nov 30: Avery’s competency for Dry needling, neck was ended on Nov 25, 2026."
    )
    assert seen() == []


def test_a_shift_staff_see_already_warns_instead(mt_prospect, manager, therapist, needling, sign_off, at):
    sign_off(therapist)
    factories.shift(clinic=mt_prospect, staff=therapist, skill=needling)
    publish(mt_prospect, manager, at)
    therapist.competencies.update(ended_at=at, end_reason="Lapsed")
    week = assigning.create_shift(factories.plan(clinic=mt_prospect, day=WEDNESDAY), by=manager, at=at).week
    preview = publishing.preview(week, at)
    assert bool(preview.verdict)
    assert [reason.code for reason in preview.verdict.warnings] == ["holder-may-not-work"]
    assert publish(mt_prospect, manager, at).changes.count() == 1


def test_nothing_to_publish_is_said(mt_prospect, manager, at):
    factories.published(clinic=mt_prospect)
    with pytest.raises(Refused) as refused:
        publish(mt_prospect, manager, at)
    assert str(refused.value) == "Staff see everything already: there is nothing to publish."


def test_a_past_week_is_not_published(mt_prospect, manager, at):
    factories.shift(clinic=mt_prospect, day=date(2026, 11, 16))
    with pytest.raises(Refused) as refused:
        publish(mt_prospect, manager, at, date(2026, 11, 16))
    assert [reason.code for reason in refused.value.verdict.reasons] == ["week-is-past"]
    assert pending.unpublished_changes(mt_prospect, at) == 0


def test_people_swap_times_in_one_publication(mt_prospect, manager, therapist, floater, at):
    early = factories.shift(clinic=mt_prospect, times="7-12", staff=therapist)
    late = factories.shift(clinic=mt_prospect, times="12-17", staff=floater)
    publish(mt_prospect, manager, at)
    change(early, manager, at, staff=None)
    change(late, manager, at, staff=therapist)
    change(early, manager, at, staff=floater)
    publish(mt_prospect, manager, at)
    assert seen() == [("Theo Fictus", "Mon 07:00"), ("Avery Testwell", "Mon 12:00")]


def test_somebody_still_published_at_the_other_clinic_comes_after_its_publication(
    mt_prospect, oakbrook, manager, manager_oakbrook, floater, at
):
    there = factories.published(clinic=mt_prospect, staff=floater).shift
    change(there, manager, at, staff=None)
    factories.shift(clinic=oakbrook, staff=floater)
    with pytest.raises(Refused) as refused:
        publish(oakbrook, manager_oakbrook, at)
    assert str(refused.value) == (
        "Theo Fictus is still published for 7a–3:30p on Mon, Nov 30 at Mt. Prospect. "
        "Publish that change at Mt. Prospect first."
    )
    publish(mt_prospect, manager, at)
    publish(oakbrook, manager_oakbrook, at)
    assert sorted(seen()) == [("Theo Fictus", "Mon 07:00"), ("open", "Mon 07:00")]


def test_a_shift_moved_to_another_week_leaves_one_and_enters_the_other(mt_prospect, manager, therapist, at):
    shift = factories.published(clinic=mt_prospect, staff=therapist).shift
    next_monday = factories.MONDAY + timedelta(days=7)
    start, end = factories.span(mt_prospect, next_monday, "7-15:30")
    change(shift, manager, at, start=start, end=end)
    found = pending.pending_by_week(list(RosterWeek.objects.order_by("monday")))
    assert [[one.kind for one in changes] for _, changes in sorted(found.items())] == [
        [ChangeKind.REMOVE],
        [ChangeKind.RETIME],
    ]
    publish(mt_prospect, manager, at)
    assert seen() == []
    publish(mt_prospect, manager, at, next_monday)
    assert seen() == [("Avery Testwell", "Mon 07:00")]
    assert PublishedShift.objects.get().sequence == 2


def test_a_withdrawn_shift_that_comes_back_is_shown_again(mt_prospect, manager, therapist, at):
    shift = factories.shift(clinic=mt_prospect, staff=therapist)
    factories.shift(clinic=mt_prospect, day=WEDNESDAY)
    publish(mt_prospect, manager, at)
    PublishedShift.objects.filter(shift=shift).update(withdrawn_at=at)
    assert kinds(mt_prospect) == ["add"]
    publish(mt_prospect, manager, at)
    assert len(seen()) == 2


def test_each_person_is_told_once(mt_prospect, manager, therapist, at):
    for day in range(5):
        factories.shift(clinic=mt_prospect, day=factories.MONDAY + timedelta(days=day), staff=therapist)
    publish(mt_prospect, manager, at)
    assert PublicationRecipient.objects.count() == 1
