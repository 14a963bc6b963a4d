"""Changes of hands that leave an assistant without a therapist: who is asked, what is written down, who hears what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

import pytest
import time_machine

from accounts.models import Profession, User
from accounts.roles import Role
from intranet.core.access import Refused
from scheduling import assigning, claiming, offering, publishing
from scheduling.assigning import NeedsReason
from scheduling.deciding_off import alone_without, approve_time_off
from scheduling.models import (
    AcceptedWarning,
    Offer,
    OfferKind,
    OfferState,
    Permission,
    Publication,
    PublishedShift,
    RosterRule,
    RosterWeek,
    RuleCode,
    RuleLevel,
    Shift,
)
from scheduling.offers import Wanted
from scheduling.positions import Position
from scheduling.supervising import left_alone
from tests import factories as people
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

GIVE, DROP = OfferKind.GIVE, OfferKind.DROP
ALONE = "Bea Dummond, Mon, Nov 30: no therapist works 8a–12p, at no clinic."
NOT_FOR_STAFF = "An assistant would have no therapist to reach then. Talk to your managers."


@pytest.fixture(autouse=True)
def _today(at: datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def mine(mt_prospect, therapist) -> PublishedShift:
    """Monday morning of the only therapist."""
    return factories.published(clinic=mt_prospect, times="7-12", staff=therapist)


@pytest.fixture
def helped(mt_prospect, assistant) -> PublishedShift:
    """The assistant works beside that therapist."""
    return factories.published(clinic=mt_prospect, times="8-12", staff=assistant, position=Position.ASSISTANT)


@pytest.fixture
def rule(mt_prospect) -> Callable[..., None]:
    """What the clinic says about assistants without a therapist."""

    def set_it(level: RuleLevel, amount: int = 0) -> None:
        values = {"level": level, "amount": amount, "source": "Clinic policy", "checked_on": date(2026, 11, 1)}
        RosterRule.objects.update_or_create(clinic=mt_prospect, code=RuleCode.SUPERVISION, defaults=values)

    return set_it


def sentences(changes, at: datetime) -> list[list[str]]:
    """What is said about assistants for each change of hands."""
    found = left_alone(changes, Shift.objects.planned(), at)
    return [[str(said) for one in each for said in (*one.verdict.reasons, *one.verdict.warnings)] for each in found]


class TestWhomItLeavesAlone:
    def test_when_the_only_therapist_goes(self, mine, helped, floater, at):
        assert sentences([[(mine.shift, None)], [(mine.shift, floater)]], at) == [[ALONE], []]

    def test_not_while_another_works_wherever_that_is(self, mine, helped, oakbrook, therapist_oakbrook, at):
        factories.shift(clinic=oakbrook, times="7-10", staff=therapist_oakbrook)
        assert sentences([[(mine.shift, None)]], at) == [
            ["Bea Dummond, Mon, Nov 30: no therapist works 10a–12p, at no clinic."]
        ]

    def test_a_therapist_of_another_profession_is_none(self, mine, helped, floater, at):
        User.objects.filter(pk=floater.pk).update(profession=Profession.OT)
        floater.refresh_from_db()
        assert sentences([[(mine.shift, floater)]], at) == [[ALONE]]

    def test_somebody_who_was_alone_before_is_nobodys_fault(self, mine, mt_prospect, assistant, at):
        factories.shift(clinic=mt_prospect, times="12-16", staff=assistant, position=Position.ASSISTANT)
        assert sentences([[(mine.shift, None)]], at) == [[]]

    def test_but_for_longer_is_asked_about(self, mine, mt_prospect, assistant, at):
        factories.shift(clinic=mt_prospect, times="11-16", staff=assistant, position=Position.ASSISTANT)
        assert sentences([[(mine.shift, None)]], at) == [
            ["Bea Dummond, Mon, Nov 30: no therapist works 11a–4p, at no clinic."]
        ]

    def test_an_assistant_who_takes_a_shift_without_one(self, mine, mt_prospect, assistant, at):
        free = factories.published(clinic=mt_prospect, times="11-13", position=Position.ASSISTANT)
        late = factories.published(clinic=mt_prospect, day=date(2026, 12, 1), position=Position.ASSISTANT, times="7-9")
        assert sentences([[(free.shift, assistant)], [(late.shift, assistant)]], at) == [
            ["Bea Dummond, Mon, Nov 30: no therapist works 12p–1p, at no clinic."],
            ["Bea Dummond, Tue, Dec 1: no therapist works 7a–9a, at no clinic."],
        ]

    def test_another_assistant_in_the_same_place_is_asked_about_again(self, helped, mt_prospect, at):
        other = people.staff(role=Role.ASSISTANT, clinics=[mt_prospect], profession=Profession.PTA, name="Ada Standin")
        said = [["Ada Standin, Mon, Nov 30: no therapist works 8a–12p, at no clinic."]]
        assert sentences([[(helped.shift, other)]], at) == said

    def test_both_may_come_in_one_change(self, mine, helped, mt_prospect, therapist, floater, at):
        theirs = factories.published(clinic=mt_prospect, times="12-16", staff=floater)
        assert sentences([[(mine.shift, floater), (theirs.shift, therapist)]], at) == [[]]

    def test_desks_and_aides_are_not_asked_about(self, mine, mt_prospect, assistant, django_assert_num_queries, at):
        desk = factories.published(clinic=mt_prospect, times="7-12", position=Position.FRONT_DESK)
        changes = [[(desk.shift, None)]]
        with django_assert_num_queries(0):
            assert sentences(changes, at) == [[]]

    @pytest.mark.parametrize(
        ("level", "amount", "said"),
        [
            (RuleLevel.OFF, 0, []),
            (RuleLevel.WARNS, 240, []),
            (RuleLevel.WARNS, 239, [ALONE]),
            (RuleLevel.REFUSES, 0, [ALONE]),
        ],
    )
    def test_the_clinic_of_the_assistant_says_how_much(self, mine, helped, rule, at, level, amount, said):
        rule(level, amount)
        assert sentences([[(mine.shift, None)]], at) == [said]

    @pytest.mark.parametrize("number", [1, 4])
    def test_many_take_two_queries(self, number, mt_prospect, therapist, assistant, at, django_assert_num_queries):
        changes = []
        for index in range(number):
            fields = {"clinic": mt_prospect, "day": factories.MONDAY + timedelta(days=2 * index), "times": "7-12"}
            mine = factories.published(staff=therapist, **fields)
            factories.published(staff=assistant, position=Position.ASSISTANT, **fields)
            changes.append([(mine.shift, None)])
        with django_assert_num_queries(2):
            assert [len(said) for said in sentences(changes, at)] == [1] * number


class TestHandingBack:
    def give_back(self, mine, at) -> Offer:
        return offering.offer(Wanted(DROP, mine), by=mine.staff, at=at)

    def test_what_could_be_done_at_once_waits_for_a_manager(self, mine, helped, mt_prospect, rule, at):
        factories.policy(clinic=mt_prospect, drop=Permission.FREE)
        assert self.give_back(mine, at).state == OfferState.TAKEN
        Offer.objects.all().delete()
        rule(RuleLevel.OFF)
        assert self.give_back(mine, at).state == OfferState.DONE

    def test_the_manager_says_why_and_it_is_written_at_the_assistants_shift(self, mine, helped, manager, at):
        made = self.give_back(mine, at)
        with pytest.raises(NeedsReason, match="no therapist works"):
            offering.agree(made, version=1, by=manager, at=at)
        assert Publication.objects.count() == 0
        why = "The lead is on the phone."
        assert offering.agree(made, version=1, by=manager, at=at, reason=why).state == OfferState.DONE
        accepted = AcceptedWarning.objects.get()
        assert (accepted.shift_id, accepted.shift_version, accepted.by) == (helped.shift_id, 1, manager)
        assert (accepted.code, accepted.message, accepted.reason) == ("supervision", ALONE, why)

    def test_the_page_says_so_and_has_the_field(self, sign_in, mine, helped, manager, at):
        made = self.give_back(mine, at)
        browser, url = sign_in(manager), f"/roster/swaps/offers/{made.pk}/"
        body = browser.get(url).content.decode()
        assert (ALONE in body, 'name="reason"' in body) == (True, True)
        response = browser.post(url, {"do": "agree", "version": 1, "reason": ""})
        assert (response.status_code, Offer.objects.get().state) == (422, OfferState.TAKEN)
        assert browser.post(url, {"do": "agree", "version": 1, "reason": "Lead on call."}).status_code == 302
        assert Offer.objects.get().state == OfferState.DONE

    def test_where_the_clinic_refuses_there_is_no_way(self, sign_in, mine, helped, rule, manager, at):
        rule(RuleLevel.REFUSES)
        made = self.give_back(mine, at)
        body = sign_in(manager).get(f"/roster/swaps/offers/{made.pk}/").content.decode()
        assert (ALONE in body, "It cannot be as things stand" in body) == (True, True)
        with pytest.raises(Refused) as refused:
            offering.agree(made, version=1, by=manager, at=at, reason="All the same.")
        assert [str(one) for one in refused.value.verdict.reasons] == [ALONE]


class TestTaking:
    @pytest.fixture
    def free(self, mt_prospect) -> PublishedShift:
        return factories.published(clinic=mt_prospect, times="8-12", position=Position.ASSISTANT)

    def test_alone_it_is_asked_for_and_decided(self, free, assistant, manager, at):
        [seen] = claiming.open_to(assistant, at)
        assert (seen.has_to_wait, seen.gain.concerns) == (True, [])
        asked = claiming.claim(free, sequence=0, by=assistant, at=at)
        assert asked.state == "waiting"
        with pytest.raises(NeedsReason):
            claiming.grant(asked, by=manager, at=at)
        claiming.grant(asked, by=manager, at=at, reason="The lead is on the phone.")
        accepted = AcceptedWarning.objects.get()
        assert (accepted.shift, accepted.shift_version, accepted.message) == (free.shift, 2, ALONE)

    def test_beside_a_therapist_it_is_taken(self, free, mine, assistant, at):
        assert not claiming.open_to(assistant, at)[0].has_to_wait
        assert claiming.claim(free, sequence=0, by=assistant, at=at).state == "granted"
        assert AcceptedWarning.objects.count() == 0

    def test_the_page_of_requests_asks_at_the_person(self, sign_in, free, assistant, manager, at):
        asked = claiming.claim(free, sequence=0, by=assistant, at=at)
        browser, url = sign_in(manager), f"/roster/swaps/shifts/{asked.shift_id}/"
        body = browser.get(url).content.decode()
        assert (ALONE in body, "Needs a reason" in body) == (True, True)
        sent = {"do": "grant", "claim": asked.pk, "reason": "Lead on call."}
        assert browser.post(url, sent).status_code == 302
        assert Shift.objects.get().staff == assistant

    def test_where_the_clinic_refuses_it_is_not_for_them(self, free, assistant, rule, at):
        rule(RuleLevel.REFUSES)
        assert claiming.open_to(assistant, at) == []
        with pytest.raises(Refused, match=NOT_FOR_STAFF):
            claiming.claim(free, sequence=0, by=assistant, at=at)

    def test_a_draft_decides_and_is_not_told(self, free, mine, assistant, rule, at):
        rule(RuleLevel.REFUSES)
        Shift.objects.filter(pk=mine.shift_id).update(staff=None)
        with pytest.raises(Refused, match="The managers are planning this time just now"):
            claiming.claim(free, sequence=0, by=assistant, at=at)


class TestGiving:
    def test_to_a_therapist_whom_the_assistant_cannot_reach(self, mine, helped, mt_prospect, rule, at):
        other = people.staff(name="Ota Madeup", role=Role.THERAPIST, clinics=[mt_prospect], profession=Profession.OT)
        factories.policy(clinic=mt_prospect, give=Permission.FREE)
        made = offering.offer(Wanted(GIVE, mine, to=other), by=mine.staff, at=at)
        assert offering.take(made, version=1, by=other, at=at).state == OfferState.TAKEN
        rule(RuleLevel.REFUSES)
        offering.withdraw(Offer.objects.get(), version=2, by=mine.staff, at=at)
        with pytest.raises(Refused, match=NOT_FOR_STAFF):
            offering.offer(Wanted(GIVE, mine, to=other), by=mine.staff, at=at)


class TestTimeOff:
    @pytest.fixture
    def wanted(self, mt_prospect, therapist):
        return factories.time_off(person=therapist, clinic=mt_prospect)

    def approve(self, wanted, mine, manager, at, answer=""):
        opened = {mine.shift_id: 1}
        return approve_time_off(wanted, opened, version=1, by=manager, at=at, answer=answer)

    def test_it_takes_an_answer_that_says_why(self, wanted, mine, helped, manager, at):
        with pytest.raises(Refused) as refused:
            self.approve(wanted, mine, manager, at)
        assert [str(one) for one in refused.value.verdict.reasons] == [ALONE, "Say why you grant it all the same."]
        assert Shift.objects.get(pk=mine.shift_id).staff == mine.staff
        assert self.approve(wanted, mine, manager, at, "The lead covers by phone.").state == "approved"
        accepted = AcceptedWarning.objects.get()
        assert accepted.shift_id == helped.shift_id

    def test_the_answer_stays_with_the_person(self, wanted, mine, helped, manager, at):
        self.approve(wanted, mine, manager, at, "Canary: good luck with the surgery.")
        said = [*AcceptedWarning.objects.values_list("reason", flat=True), Publication.objects.get().reason]
        assert said == ["Decided together with a request."] * 2

    def test_where_the_clinic_refuses_the_shift_is_given_to_somebody_first(
        self, sign_in, wanted, mine, helped, rule, manager, floater, at
    ):
        rule(RuleLevel.REFUSES)
        with pytest.raises(Refused, match="no therapist works"):
            self.approve(wanted, mine, manager, at, "All the same.")
        body = sign_in(manager).get(f"/roster/time-off/{wanted.pk}/").content.decode()
        assert f"{ALONE} Give the therapist’s shift to somebody first." in body
        Shift.objects.filter(pk=mine.shift_id).update(staff=floater)
        assert not alone_without([], at).warnings
        assert approve_time_off(wanted, {}, version=1, by=manager, at=at).state == "approved"

    def test_the_page_asks_and_keeps_what_was_ticked(self, sign_in, wanted, mine, helped, manager):
        browser, url = sign_in(manager), f"/roster/time-off/{wanted.pk}/"
        assert f"{ALONE} To grant it all the same, say why." in browser.get(url).content.decode()
        sent = {"do": "approve", "version": 1, "shift": f"{mine.shift_id}:1", "answer": ""}
        response = browser.post(url, sent)
        assert (response.status_code, "Say why you grant it all the same." in response.content.decode()) == (422, True)
        assert f'value="{mine.shift_id}:1" checked' in response.content.decode()
        assert browser.post(url, sent | {"answer": "Lead on call."}).status_code == 302


class TestApi:
    def test_managers_read_it_before_they_agree(self, api, mine, helped, manager, at):
        made = offering.offer(Wanted(DROP, mine), by=mine.staff, at=at)
        [one] = api(manager).get("/api/v1/shift-offers/waiting/").json()
        assert (one["gains"], one["about_assistants"]) == ([], [{"code": "supervision", "message": ALONE}])
        response = api(manager).post(f"/api/v1/shift-offers/{made.pk}/agree/", {"version": 1}, format="json")
        assert (response.status_code, Offer.objects.get().state) == (422, OfferState.TAKEN)

    def test_and_before_they_grant_time_off(self, api, mine, helped, mt_prospect, therapist, manager):
        wanted = factories.time_off(person=therapist, clinic=mt_prospect)
        effect = api(manager).get(f"/api/v1/time-off/{wanted.pk}/effect/").json()
        assert effect["about_assistants"] == [{"code": "supervision", "message": ALONE}]

    def test_and_before_they_give_an_open_shift(self, api, mt_prospect, assistant, manager, at):
        free = factories.published(clinic=mt_prospect, times="8-12", position=Position.ASSISTANT)
        claiming.claim(free, sequence=0, by=assistant, at=at)
        [one] = api(manager).get("/api/v1/shift-claims/waiting/").json()
        assert one["asked"][0]["about_assistants"] == [{"code": "supervision", "message": ALONE}]


class TestPublishing:
    """What staff are about to see leaves an assistant alone, at whichever clinic."""

    @pytest.fixture
    def theirs(self, oakbrook, therapist_oakbrook) -> PublishedShift:
        """The only therapist who works then is at the other clinic."""
        shift = factories.published(clinic=oakbrook, times="7-12", staff=therapist_oakbrook)
        RosterWeek.objects.update(published_at=factories.CREATED)
        return shift

    def concerns(self, week, at) -> list[str]:
        return [str(one) for one in publishing.preview(week, at).concerns]

    def test_the_other_clinics_assistant_counts(self, theirs, helped, manager_oakbrook, at):
        assigning.delete_shift(theirs.shift, version=1, by=manager_oakbrook, at=at)
        assert self.concerns(theirs.week, at) == [ALONE]

    def test_a_shorter_shift_counts(self, theirs, helped, manager_oakbrook, at):
        start, end = factories.span(theirs.clinic, factories.MONDAY, "10-12")
        assigning.move_shift(theirs.shift, start=start, end=end, version=1, by=manager_oakbrook, at=at)
        assert self.concerns(theirs.week, at) == ["Bea Dummond, Mon, Nov 30: no therapist works 8a–10a, at no clinic."]
        with pytest.raises(NeedsReason, match="no therapist works"):
            publishing.tell_now(theirs.shift, version=2, by=manager_oakbrook, at=at)

    def test_what_stays_as_staff_see_it_is_not_asked_again(self, helped, mt_prospect, therapist, at):
        factories.shift(clinic=mt_prospect, times="13-17", staff=therapist)
        assert self.concerns(helped.week, at) == []

    def test_one_who_is_there_only_in_a_draft_elsewhere_is_reckoned_with(
        self, helped, mt_prospect, oakbrook, therapist_oakbrook, therapist, manager, at
    ):
        factories.shift(clinic=oakbrook, times="7-12", staff=therapist_oakbrook)
        mine = factories.published(clinic=mt_prospect, times="7-12", staff=therapist)
        assigning.delete_shift(mine.shift, version=1, by=manager, at=at)
        assert self.concerns(mine.week, at) == []


class TestThePageOfHandingBack:
    def test_it_promises_what_holds(self, sign_in, mine, helped, mt_prospect, therapist, floater, at):
        factories.policy(clinic=mt_prospect, drop=Permission.FREE)
        url = f"/schedule/shifts/{mine.shift_id}/hand-back/"
        body = sign_in(therapist).get(url).content.decode()
        assert "The shift stays yours until a manager of Mt. Prospect has agreed." in body
        factories.published(clinic=mt_prospect, times="7-12", staff=floater)
        body = sign_in(therapist).get(url).content.decode()
        assert "It is no longer yours as soon as you press the button" in body
