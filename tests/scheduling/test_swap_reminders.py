"""Who hears of open shifts and changes of hands, when, and in which words."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from accounts.models import Profession, User
from accounts.roles import Role
from intranet.reminders import registry
from intranet.reminders.models import Reminder
from intranet.reminders.ticking import tick
from scheduling import assigning, claiming, offering
from scheduling.decision_reminders import ClaimWaits, OfferWaits, ShiftUncovered
from scheduling.models import Claim, Offer, OfferKind, OfferState, OpenShifts, Publication, PublishedShift
from scheduling.offers import Wanted
from scheduling.positions import Position
from scheduling.reminders import RosterPublished
from scheduling.swap_reminders import ClaimEnded, OfferEnded, OpenShiftToTake, ShiftOffered
from tests import factories as people
from tests.scheduling import factories
from tests.scheduling.test_reminders import local, rows

pytestmark = pytest.mark.django_db

TUESDAY = date(2026, 12, 1)
MORNING = "Monday, November 30, 2026, 7:00 AM – 12:00 PM CST at Mt. Prospect, as a therapist"


def told(kind, at: datetime) -> list[tuple[User, str]]:
    """(who, occasion), in order of time and person."""
    return [(User.objects.get(pk=row[0]), row[2]) for row in rows(kind, at)]


def first(kind, at: datetime) -> list[tuple[int, int, str, datetime, datetime]]:
    """Without what is said a day before it is too late."""
    return [row for row in rows(kind, at) if not row[2].startswith("last day")]


def told_first(kind, at: datetime) -> list[tuple[User, str]]:
    return [(who, occasion) for who, occasion in told(kind, at) if not occasion.startswith("last day")]


@pytest.fixture
def free(mt_prospect):
    return factories.published(clinic=mt_prospect, times="7-12")


@pytest.fixture
def mine(mt_prospect, therapist):
    return factories.published(clinic=mt_prospect, times="7-12", staff=therapist)


@pytest.fixture
def give(mine, floater, at):
    return offering.offer(Wanted(OfferKind.GIVE, mine, to=floater, note="Exam day."), by=mine.staff, at=at)


@pytest.fixture
def swap(mine, mt_prospect, floater, at):
    theirs = factories.published(clinic=mt_prospect, day=TUESDAY, times="8-12", staff=floater)
    return offering.offer(Wanted(OfferKind.SWAP, mine, to=floater, in_return=theirs), by=mine.staff, at=at)


@pytest.fixture
def asked(mt_prospect, therapist, at):
    factories.policy(clinic=mt_prospect, open_shifts=OpenShifts.PICKED)
    free = factories.published(clinic=mt_prospect, times="7-12")
    return claiming.claim(free, sequence=0, by=therapist, at=at)


class TestOpenShiftToTake:
    def test_everybody_at_the_clinic_who_could_work_it(
        self, mt_prospect, therapist, floater, therapist_oakbrook, assistant, front_desk, manager, at
    ):
        free = factories.published(clinic=mt_prospect)
        found = first(OpenShiftToTake(), at)
        assert {row[0] for row in found} == {therapist.pk, floater.pk}
        assert {row[1:] for row in found} == {
            (free.pk, "open #0", factories.CREATED, free.start - timedelta(hours=12)),
        }

    def test_an_assistant_hears_of_what_an_aide_does(self, mt_prospect, assistant, therapist, at):
        factories.published(clinic=mt_prospect, position=Position.AIDE)
        assert told_first(OpenShiftToTake(), at) == [(assistant, "open #0")]

    def test_not_those_who_lack_the_procedure(self, mt_prospect, therapist, floater, needling, sign_off, at):
        sign_off(floater)
        factories.published(clinic=mt_prospect, skill=needling)
        factories.published(clinic=mt_prospect, day=TUESDAY, skill=needling)
        assert told_first(OpenShiftToTake(), at) == [(floater, "open #0"), (floater, "open #0")]

    def test_not_those_who_are_busy_or_away_then(self, mt_prospect, oakbrook, therapist, floater, manager, at):
        factories.published(clinic=mt_prospect)
        factories.shift(clinic=oakbrook, times="10-12", staff=floater)
        factories.time_off(person=therapist, clinic=mt_prospect, decided_by=manager)
        assert told(OpenShiftToTake(), at) == []

    def test_not_those_whose_role_ends_before(self, mt_prospect, at):
        leaver = people.staff(name="Lee Leaver", role=Role.THERAPIST, clinics=[], profession=Profession.PT)
        people.membership(user=leaver, role=Role.THERAPIST, clinic=mt_prospect, end=date(2026, 11, 30))
        factories.published(clinic=mt_prospect, day=date(2026, 11, 29))
        factories.published(clinic=mt_prospect, day=factories.MONDAY)
        assert told_first(OpenShiftToTake(), at) == [(leaver, "open #0")]

    def test_not_of_drafts_taken_or_withdrawn_ones_nor_too_late(self, mt_prospect, therapist, floater, at):
        factories.shift(clinic=mt_prospect)
        factories.published(clinic=mt_prospect, day=TUESDAY, staff=floater)
        factories.published(clinic=mt_prospect, day=date(2026, 12, 2), withdrawn_at=at)
        factories.published(clinic=mt_prospect, day=at.date(), times="18-20")
        assert told(OpenShiftToTake(), at) == []

    def test_the_clinics_own_deadline_counts(self, mt_prospect, therapist, at):
        factories.policy(clinic=mt_prospect, hours_before=48)
        free = factories.published(clinic=mt_prospect)
        [(*_, until)] = first(OpenShiftToTake(), at)
        assert until == free.start - timedelta(hours=48)

    def test_published_with_other_times_it_is_told_anew(self, mt_prospect, therapist, at):
        factories.published(clinic=mt_prospect)
        PublishedShift.objects.update(sequence=1)
        assert told_first(OpenShiftToTake(), at) == [(therapist, "open #1")]

    def test_the_words(self, mt_prospect, therapist, needling, at):
        free = factories.published(clinic=mt_prospect, times="7-12", skill=needling)
        message = OpenShiftToTake().write(free, therapist, "open #0", at)
        assert message.title == "Open shift at Mt. Prospect on Monday, November 30"
        assert list(message.paragraphs) == [f"Nobody has this shift yet: {MORNING}, for Dry needling, neck."]

    def test_once_more_a_day_before_it_is_too_late(self, free, therapist, at):
        [_, (recipient, subject, occasion, due, until)] = rows(OpenShiftToTake(), at)
        assert (recipient, subject, occasion) == (therapist.pk, free.pk, "last day #0, 12 h")
        assert (local(due), local(until)) == ("Sat Nov 28 19:00", "Sun Nov 29 19:00")
        assert rows(OpenShiftToTake(), until) == []

    def test_the_words_of_the_last_day_say_until_when(self, free, therapist, at):
        message = OpenShiftToTake().write(free, therapist, "last day #0, 12 h", at)
        assert message.title == "Still open: the shift at Mt. Prospect on Monday, November 30"
        assert list(message.paragraphs) == [
            f"Nobody has this shift yet: {MORNING}.",
            "You can take it, or ask for it, until Sunday, November 29, 7:00 PM CST.",
        ]

    def test_another_deadline_is_told_anew_in_its_words(self, free, mt_prospect, therapist, at):
        factories.policy(clinic=mt_prospect, hours_before=24)
        [_, (*_, occasion, due, _until)] = rows(OpenShiftToTake(), at)
        assert (occasion, local(due)) == ("last day #0, 24 h", "Sat Nov 28 07:00")
        words = OpenShiftToTake().write(free, therapist, occasion, at).paragraphs
        assert words[1].endswith("until Sunday, November 29, 7:00 AM CST.")

    @pytest.mark.parametrize(("hours", "again"), [(23, 0), (28, 0), (29, 1)])
    def test_no_second_one_for_what_was_published_late(self, free, therapist, hours, again):
        at = free.start - timedelta(hours=12 + hours)
        PublishedShift.objects.update(published_at=at)
        assert len(told(OpenShiftToTake(), at)) == 1 + again

    def test_no_second_one_once_it_is_taken_or_the_managers_change_it(self, free, therapist, manager, at):
        assert told(OpenShiftToTake(), at) == [(therapist, "open #0"), (therapist, "last day #0, 12 h")]
        assigning.delete_shift(free.shift, version=1, by=manager, at=at)
        assert told(OpenShiftToTake(), at) == [(therapist, "open #0")]
        PublishedShift.objects.update(withdrawn_at=at)
        assert told(OpenShiftToTake(), at) == []

    def test_no_second_one_to_whoever_has_asked_for_it(self, asked, therapist, floater, at):
        second = {who for who, occasion in told(OpenShiftToTake(), at) if occasion != "open #0"}
        assert second == {floater}
        claiming.withdraw(asked, by=therapist, at=at)
        assert {who for who, occasion in told(OpenShiftToTake(), at) if occasion != "open #0"} == {floater}


class TestShiftOffered:
    def test_the_colleague_at_once_and_a_day_before_it_expires(self, mt_prospect, therapist, floater, at):
        later = factories.published(clinic=mt_prospect, day=date(2026, 12, 14), staff=therapist)
        made = offering.offer(Wanted(OfferKind.GIVE, later, to=floater), by=therapist, at=at)
        assert rows(ShiftOffered(), at) == [
            (floater.pk, made.pk, "offered", at, made.expires_at),
            (floater.pk, made.pk, "last day", made.expires_at - timedelta(days=1), made.expires_at),
        ]

    def test_no_second_one_for_what_expires_within_a_day(self, mine, floater):
        at = mine.start - timedelta(hours=30)
        offering.offer(Wanted(OfferKind.GIVE, mine, to=floater), by=mine.staff, at=at)
        assert told(ShiftOffered(), at) == [(floater, "offered")]

    def test_everybody_who_could_work_what_anybody_may_take(
        self, mine, mt_prospect, therapist, floater, assistant, therapist_oakbrook, at
    ):
        made = offering.offer(Wanted(OfferKind.GIVE, mine), by=therapist, at=at)
        assert rows(ShiftOffered(), at) == [(floater.pk, made.pk, "to anybody", at, made.expires_at)]
        factories.shift(clinic=mt_prospect, times="9-10", staff=floater)
        assert rows(ShiftOffered(), at) == []

    def test_nobody_once_it_is_taken_over_or_handed_back(self, give, floater, mine, at):
        assert rows(ShiftOffered(), give.expires_at) == []
        offering.take(give, version=1, by=floater, at=at)
        assert rows(ShiftOffered(), at) == []

    def test_the_words_of_a_gift(self, give, floater, at):
        message = ShiftOffered().write(give, floater, "offered", at)
        assert message.title == "A colleague gives away a shift: Monday, November 30"
        assert list(message.paragraphs) == [
            f"Avery Testwell gives away: {MORNING}.",
            "“Exam day.”",
            "The offer is open until Sunday, November 29, 7:00 PM CST.",
        ]

    def test_the_words_of_a_swap(self, swap, floater, at):
        message = ShiftOffered().write(swap, floater, "offered", at)
        tuesday = "Tuesday, December 1, 2026, 8:00 AM – 12:00 PM CST at Mt. Prospect, as a therapist"
        assert message.title == "A swap is offered to you: Monday, November 30"
        assert message.paragraphs[0] == f"Avery Testwell offers {MORNING}, for your shift {tuesday}."

    def test_the_words_say_nothing_of_a_draft(self, give, floater, mt_prospect, manager, at):
        start, end = factories.span(mt_prospect, factories.MONDAY, "9-12")
        assigning.move_shift(give.shift, start=start, end=end, version=1, by=manager, at=at)
        give.refresh_from_db()
        assert (
            ShiftOffered().write(give, floater, "offered", at).paragraphs[0] == f"Avery Testwell gives away: {MORNING}."
        )


class TestOfferEnded:
    def test_whoever_offered_hears_that_it_was_declined(self, give, floater, at):
        offering.decline(give, version=1, by=floater, at=at)
        assert rows(OfferEnded(), at) == [(give.by_id, give.pk, "declined", at, at + timedelta(days=7))]

    def test_both_hear_that_the_managers_refused(self, swap, floater, therapist, manager, at):
        made = offering.take(swap, version=1, by=floater, at=at)
        made = offering.refuse(made, version=2, by=manager, at=at, answer="We need her on Monday.")
        assert set(told(OfferEnded(), at)) == {(therapist, "refused"), (floater, "refused")}
        message = OfferEnded().write(made, therapist, "refused", at)
        assert message.title == "Nothing comes of the offer for Monday, November 30"
        assert list(message.paragraphs) == [
            f"Offered for a swap: {MORNING}.",
            "Dana Mockridge did not agree: We need her on Monday. You keep the shift.",
        ]
        assert (
            OfferEnded().write(made, floater, "refused", at).paragraphs[1].endswith("Avery Testwell keeps the shift.")
        )

    def test_both_hear_that_the_shift_was_changed(self, swap, mt_prospect, floater, therapist, manager, at):
        start, end = factories.span(mt_prospect, factories.MONDAY, "9-12")
        assigning.move_shift(swap.shift, start=start, end=end, version=1, by=manager, at=at)
        offering.settle(at)
        assert set(told(OfferEnded(), at)) == {(therapist, "void"), (floater, "void")}

    def test_whoever_took_it_hears_that_it_was_withdrawn(self, give, floater, at):
        made = offering.take(give, version=1, by=floater, at=at)
        offering.withdraw(made, version=2, by=give.by, at=at)
        assert told(OfferEnded(), at) == [(floater, "withdrawn")]

    def test_nobody_hears_of_what_they_ended_themselves_or_what_was_done(self, give, mine, floater, manager, at):
        offering.withdraw(give, version=1, by=give.by, at=at)
        again = offering.offer(Wanted(OfferKind.GIVE, mine, to=floater), by=mine.staff, at=at)
        again = offering.take(again, version=1, by=floater, at=at)
        offering.agree(again, version=2, by=manager, at=at)
        assert told(OfferEnded(), at) == []  # the publication tells both what they have now

    def test_it_is_no_news_after_a_week(self, give, floater, at):
        offering.decline(give, version=1, by=floater, at=at)
        assert len(rows(OfferEnded(), at + timedelta(days=7, seconds=-1))) == 1
        assert rows(OfferEnded(), at + timedelta(days=7)) == []

    @pytest.mark.parametrize("state", [state for state in OfferState if state not in ("open", "taken", "done")])
    def test_every_end_has_words(self, give, therapist, floater, at, state):
        Offer.objects.update(state=state, ended_at=at, ended_by=floater, answer="No.", taken_by=floater)
        give.refresh_from_db()
        for row in rows(OfferEnded(), at):
            recipient = User.objects.get(pk=row[0])
            assert OfferEnded().write(give, recipient, row[2], at).paragraphs[1].startswith(tuple("NTAM"))
        assert rows(OfferEnded(), at) != []


class TestClaims:
    def test_managers_of_the_clinic_hear_of_a_request(self, asked, manager, manager_oakbrook, clinical_lead, at):
        assert first(ClaimWaits(), at) == [(manager.pk, asked.pk, "waits", at, asked.shift.start)]
        message = ClaimWaits().write(asked, manager, "waits", at)
        assert message.title == "Somebody asks for the open shift on Monday, November 30"
        assert list(message.paragraphs) == [
            f"Avery Testwell would work: {MORNING}.",
            "It can be decided until Monday, November 30, 7:00 AM CST.",
        ]
        claiming.decline(asked, by=manager, at=at, answer="No.")
        assert rows(ClaimWaits(), at) == []

    def test_not_about_themselves(self, asked, manager, at):
        Claim.objects.update(person=manager)
        assert rows(ClaimWaits(), at) == []

    def test_managers_hear_once_more_a_day_before_the_shift(self, asked, manager, at):
        start = asked.shift.start
        assert rows(ClaimWaits(), at)[1:] == [(manager.pk, asked.pk, "last day", start - timedelta(days=1), start)]
        message = ClaimWaits().write(asked, manager, "last day", at)
        assert message.title == "Still to decide: who gets the open shift on Monday, November 30"
        assert message.paragraphs[1] == "It can be decided until Monday, November 30, 7:00 AM CST."
        assert rows(ClaimWaits(), start) == []

    @pytest.mark.parametrize(("hours", "again"), [(23, 0), (28, 0), (29, 1)])
    def test_no_second_one_for_what_was_asked_late(self, asked, manager, hours, again):
        at = asked.shift.start - timedelta(hours=hours)
        Claim.objects.update(made_at=at)
        assert len(told(ClaimWaits(), at)) == 1 + again

    def test_whoever_does_not_get_it_hears_why(self, asked, manager, therapist, at):
        made = claiming.decline(asked, by=manager, at=at, answer="We train somebody.")
        assert rows(ClaimEnded(), at) == [(therapist.pk, made.pk, "declined", at, at + timedelta(days=7))]
        message = ClaimEnded().write(made, therapist, "declined", at)
        assert list(message.paragraphs) == [
            f"You asked for: {MORNING}.",
            "Dana Mockridge did not give it to you: We train somebody.",
        ]

    def test_so_does_whoever_asked_for_what_somebody_else_got(self, asked, floater, therapist, manager, at):
        other = claiming.claim(asked.shift.published, sequence=0, by=floater, at=at)
        claiming.grant(other, by=manager, at=at)
        assert told(ClaimEnded(), at) == [(therapist, "lapsed")]
        message = ClaimEnded().write(Claim.objects.get(pk=asked.pk), therapist, "lapsed", at)
        assert message.paragraphs[1] == "It is no longer open, or it was changed."

    def test_nobody_hears_of_what_they_withdrew_or_got(self, asked, manager, at):
        claiming.withdraw(asked, by=asked.person, at=at)
        again = claiming.claim(asked.shift.published, sequence=0, by=asked.person, at=at)
        claiming.grant(again, by=manager, at=at)
        assert rows(ClaimEnded(), at) == []


class TestOfferWaits:
    def test_managers_hear_once_somebody_took_it(self, give, floater, manager, manager_oakbrook, at):
        assert rows(OfferWaits(), at) == []
        made = offering.take(give, version=1, by=floater, at=at)
        assert first(OfferWaits(), at) == [(manager.pk, made.pk, "waits", at, made.expires_at)]
        message = OfferWaits().write(made, manager, "waits", at)
        assert message.title == "Your decision about the shift on Monday, November 30"
        assert list(message.paragraphs) == [
            f"Theo Fictus would take the shift of Avery Testwell: {MORNING}.",
            "It can be decided until Sunday, November 29, 7:00 PM CST.",
        ]

    def test_what_is_handed_back(self, mine, manager, at):
        made = offering.offer(Wanted(OfferKind.DROP, mine), by=mine.staff, at=at)
        assert told(OfferWaits(), at) == [(manager, "waits"), (manager, "last day")]
        words = OfferWaits().write(made, manager, "waits", at).paragraphs
        assert words[0] == f"Avery Testwell wants to hand back: {MORNING}."

    def test_of_a_swap_between_clinics_those_who_have_not_agreed(
        self, mine, oakbrook, floater, manager, manager_oakbrook, at
    ):
        people.membership(user=mine.staff, role=Role.THERAPIST, clinic=oakbrook)
        there = factories.published(clinic=oakbrook, day=TUESDAY, times="8-12", staff=floater)
        made = offering.offer(Wanted(OfferKind.SWAP, mine, to=floater, in_return=there), by=mine.staff, at=at)
        made = offering.take(made, version=1, by=floater, at=at)
        assert {who for who, _ in told(OfferWaits(), at)} == {manager, manager_oakbrook}
        offering.agree(made, version=2, by=manager, at=at)
        assert told(OfferWaits(), at) == [(manager_oakbrook, "waits"), (manager_oakbrook, "last day")]
        assert (
            OfferWaits()
            .write(made, manager, "waits", at)
            .paragraphs[0]
            .startswith("Avery Testwell and Theo Fictus want")
        )

    def test_managers_hear_once_more_a_day_before_it_is_too_late(self, give, floater, manager, at):
        made = offering.take(give, version=1, by=floater, at=at)
        [_, (recipient, subject, occasion, due, until)] = rows(OfferWaits(), at)
        assert (recipient, subject, occasion, until) == (manager.pk, made.pk, "last day", made.expires_at)
        assert local(due) == "Sat Nov 28 19:00"
        message = OfferWaits().write(made, manager, "last day", at)
        assert message.title == "Still to decide: the shift on Monday, November 30"
        assert message.paragraphs[1] == "It can be decided until Sunday, November 29, 7:00 PM CST."
        offering.agree(made, version=2, by=manager, at=at)
        assert rows(OfferWaits(), at) == []

    @pytest.mark.parametrize(("hours", "again"), [(23, 0), (28, 0), (29, 1)])
    def test_no_second_one_for_what_was_taken_late(self, give, floater, manager, hours, again):
        at = give.expires_at - timedelta(hours=hours)
        Offer.objects.update(expires_at=at + timedelta(days=1))  # it had days to be answered
        offering.take(give, version=1, by=floater, at=at)
        assert len(told(OfferWaits(), at)) == 1 + again

    def test_not_about_own_shifts(self, give, floater, manager, at):
        offering.take(give, version=1, by=floater, at=at)
        Offer.objects.update(taken_by=manager)
        assert rows(OfferWaits(), at) == []


class TestShiftUncovered:
    def test_managers_48_hours_before(self, mt_prospect, manager, manager_oakbrook, therapist, at):
        free = factories.published(clinic=mt_prospect, times="7-12")
        factories.published(clinic=mt_prospect, times="7-12", staff=therapist)
        [(recipient, subject, occasion, due, until)] = rows(ShiftUncovered(), at)
        assert (recipient, subject, occasion) == (manager.pk, free.pk, "48 hours #0")
        assert (local(due), until) == ("Sat Nov 28 07:00", free.start)
        message = ShiftUncovered().write(free, manager, occasion, at)
        assert message.title == "Nobody has the shift on Monday, November 30 at Mt. Prospect"
        assert list(message.paragraphs) == [f"Still open: {MORNING}."]

    def test_what_is_published_later_is_told_then(self, mt_prospect, manager, at):
        free = factories.published(clinic=mt_prospect, day=at.date(), times="18-20")
        PublishedShift.objects.update(published_at=at)
        assert [row[3:] for row in rows(ShiftUncovered(), at)] == [(at, free.start)]

    def test_nobody_once_it_is_covered_or_over(self, mt_prospect, manager, therapist, at):
        free = factories.published(clinic=mt_prospect)
        assert rows(ShiftUncovered(), free.start) == []
        claiming.claim(free, sequence=0, by=therapist, at=at)
        assert rows(ShiftUncovered(), at) == []


def test_what_is_done_is_told_once_by_its_publication(give, mt_prospect, therapist, floater, manager, at):
    made = offering.take(give, version=1, by=floater, at=at)
    offering.agree(made, version=2, by=manager, at=at)
    assert {row[0] for row in rows(RosterPublished(), at)} == {therapist.pk, floater.pk}
    publication = Publication.objects.get()
    moment = "Wednesday, November 25, 2026, 10:00 AM CST"
    assert list(RosterPublished().write(publication, floater, "published", at).paragraphs) == [
        f"What was offered is done, since {moment}.",
        f"New: {MORNING.removesuffix(', as a therapist')}.",
    ]


def test_whoever_took_an_open_shift_has_it_in_writing(mt_prospect, therapist, at):
    claiming.claim(factories.published(clinic=mt_prospect, times="7-12"), sequence=0, by=therapist, at=at)
    words = RosterPublished().write(Publication.objects.get(), therapist, "published", at).paragraphs
    assert words[0] == "An open shift was taken on Wednesday, November 25, 2026, 10:00 AM CST."


def test_only_those_whom_it_concerns_can_switch_them_off(therapist, manager, administrator):
    kinds = [OpenShiftToTake, ShiftOffered, OfferEnded, ClaimEnded, OfferWaits, ClaimWaits, ShiftUncovered]
    assert {kind.code for kind in kinds} <= {kind.code for kind in registry.registered()}
    concerned = {
        person.name: [kind.code for kind in kinds if kind().concerns(person)]
        for person in (therapist, administrator, manager)
    }
    staff = ["open-shift", "shift-offered", "shift-offer-ended", "shift-claim-ended"]
    managers = ["shift-offer-waits", "shift-claim-waits", "shift-uncovered"]
    assert concerned == {"Avery Testwell": staff, "Ada Nonesuch": [], "Dana Mockridge": [*staff, *managers]}


def test_what_still_waits_on_the_last_day_is_said_once(asked, therapist, floater, manager, at):
    """A manager and whoever has not asked hear of it; what is decided meanwhile asks nobody any more."""
    PublishedShift.objects.update(published_at=at)
    for moment in (at, at + timedelta(days=4), at + timedelta(days=4, seconds=15)):
        tick(moment, "manual")
    last_words = Reminder.objects.filter(occasion__startswith="last day", state="released")
    assert set(last_words.values_list("kind", "recipient__name")) == {
        ("open-shift", floater.name),
        ("shift-claim-waits", manager.name),
    }
    assert last_words.count() == 2
    claiming.grant(asked, by=manager, at=at + timedelta(days=4, minutes=1))
    tick(at + timedelta(days=4, minutes=2), "manual")
    assert not last_words.filter(settled_at=None).exists()


def test_a_tick_settles_and_the_next_one_tells(swap, mt_prospect, floater, therapist, manager, asked_by_floater, at):
    start, end = factories.span(mt_prospect, factories.MONDAY, "9-12")
    assigning.move_shift(swap.shift, start=start, end=end, version=1, by=manager, at=at)
    PublishedShift.objects.filter(pk=asked_by_floater.shift.published.pk).update(sequence=5)
    counts = tick(at, "manual")
    assert (counts["offers_ended"], counts["claims_ended"]) == (1, 1)
    tick(at + timedelta(seconds=15), "manual")
    told_by_code = {
        (row.kind, row.recipient) for row in Reminder.objects.filter(kind__endswith="-ended", state="released")
    }
    assert told_by_code == {
        ("shift-offer-ended", therapist),
        ("shift-offer-ended", floater),
        ("shift-claim-ended", floater),
    }
    assert "offers_ended" not in tick(at + timedelta(seconds=30), "manual")


@pytest.fixture
def asked_by_floater(mt_prospect, floater, at):
    factories.policy(clinic=mt_prospect, open_shifts=OpenShifts.PICKED)
    free = factories.published(clinic=mt_prospect, day=date(2026, 12, 3))
    return claiming.claim(free, sequence=0, by=floater, at=at)
