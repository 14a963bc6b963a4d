"""Roles over time, delegated approval, and people who leave: every door closes, the record stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.hiring import Place, give_role, take_role
from accounts.leaving import bring_back, left_to_do, let_go, may_let_go
from accounts.models import Clinic, Membership, User
from accounts.roles import Role
from intranet.audit.models import Entry
from intranet.core.access import Forbidden, Refused
from tests import factories
from tests.races import outcomes

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 25, 10, tzinfo=ZoneInfo("America/Chicago"))
SOON = timezone.localdate() + timedelta(days=60)
APPROVER = Place(Role.DELEGATED_APPROVER)


def codes(caught: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [reason.code for reason in caught.value.verdict.reasons]


def roles_page(person: User) -> str:
    return reverse("accounts:roles", args=[person.pk])


class TestDelegatedApproval:
    def test_the_lead_delegates_to_a_therapist_until_a_day(self, clinical_lead: User, therapist: User):
        held = give_role(therapist, APPROVER, start=TODAY, end=TODAY + timedelta(days=30), by=clinical_lead, at=NOW)
        assert (held.role, held.last_day) == (Role.DELEGATED_APPROVER, TODAY + timedelta(days=29))

    def test_it_has_an_end_and_is_for_therapists(self, clinical_lead: User, therapist: User, front_desk: User):
        with pytest.raises(Refused) as caught:
            give_role(front_desk, APPROVER, start=TODAY, by=clinical_lead, at=NOW)
        assert codes(caught) == ["approver-without-end", "no-therapist"]

    def test_the_lead_gives_nothing_else(self, clinical_lead: User, therapist: User, mt_prospect: Clinic):
        for place in (Place(Role.MANAGER, mt_prospect), Place(Role.ADMINISTRATOR), Place(Role.THERAPIST, mt_prospect)):
            with pytest.raises(Forbidden):
                give_role(therapist, place, start=TODAY, by=clinical_lead, at=NOW)

    def test_a_manager_does_not_delegate(self, manager: User, therapist: User):
        with pytest.raises(Forbidden):
            give_role(therapist, APPROVER, start=TODAY, end=TODAY + timedelta(days=30), by=manager, at=NOW)

    def test_the_page_offers_the_lead_nothing_but_that(self, sign_in: Callable[..., Client], clinical_lead, therapist):
        answer = sign_in(clinical_lead).get(roles_page(therapist))
        assert [value for value, _ in answer.context["form"].fields["role"].choices] == ["delegated_approver"]


class TestEndingARole:
    def test_a_period_goes_forward(self, administrator: User, front_desk: User, oakbrook: Clinic):
        with pytest.raises(Refused) as caught:
            give_role(front_desk, Place(Role.FRONT_DESK, oakbrook), start=TODAY, end=TODAY, by=administrator, at=NOW)
        assert codes(caught) == ["ends-before"]

    def test_what_is_over_is_not_ended_again(self, administrator: User, front_desk: User):
        membership = front_desk.memberships.get()
        take_role(membership, end=TODAY, by=administrator, at=NOW)
        with pytest.raises(Refused) as caught:
            take_role(membership, end=TODAY + timedelta(days=9), by=administrator, at=NOW)
        assert codes(caught) == ["ends-earlier"]

    def test_the_last_administrator_stays(self, administrator: User, therapist: User):
        other = factories.staff(name="Otto Nonesuch", role=Role.ADMINISTRATOR, clinics=[None])
        take_role(administrator.memberships.get(), end=TODAY, by=other, at=NOW)
        with pytest.raises(Refused) as caught:
            take_role(other.memberships.get(), end=TODAY, by=None, at=NOW)
        assert codes(caught) == ["last-administrator"]

    def test_an_administrator_for_a_time_or_without_access_is_no_other_one(self, administrator: User):
        for_a_time = factories.person(name="Otto Nonesuch")
        factories.membership(user=for_a_time, role=Role.ADMINISTRATOR, end=TODAY + timedelta(days=90))
        gone = factories.staff(name="Gone Nonesuch", role=Role.ADMINISTRATOR, clinics=[None])
        User.objects.filter(pk=gone.pk).update(is_active=False)
        with pytest.raises(Refused) as caught:
            take_role(administrator.memberships.get(), end=TODAY, by=for_a_time, at=NOW)
        assert codes(caught) == ["last-administrator"]


class TestThePages:
    def test_a_role_is_given_from_a_day_and_counts_then(
        self, sign_in: Callable[..., Client], manager: User, front_desk: User, mt_prospect: Clinic
    ):
        browser, day = sign_in(manager), timezone.localdate() + timedelta(days=3)
        sent = {"role": "assistant", "clinic": mt_prospect.pk, "first": day, "last": day + timedelta(days=6)}
        assert browser.post(roles_page(front_desk), sent).status_code == 302
        held = front_desk.memberships.get(role=Role.ASSISTANT)
        assert (held.period.lower, held.last_day) == (day, day + timedelta(days=6))
        assert User.objects.get(pk=front_desk.pk).standing.roles == {Role.FRONT_DESK}
        page = browser.get(roles_page(front_desk)).content.decode()
        assert ("To come" in page, "In force" in page) == (True, True)

    @pytest.mark.parametrize(
        ("change", "field", "sentence"),
        [
            ({"first": "2020-01-01"}, "first", "Choose today or a later day: what was before is on record."),
            ({"first": f"{SOON + timedelta(days=366)}"}, "first", "A role is given at most a year ahead."),
            ({"first": "9999-01-01"}, "first", "Check the year."),
            ({"role": "manager"}, "role", "Select a valid choice. manager is not one of the available choices."),
            ({"role": ""}, "role", "This field is required."),
            ({"clinic": "999999"}, "clinic", "Select a valid choice. That choice is not one of the available choices."),
            ({"last": f"{SOON - timedelta(days=1)}"}, "last", "The last day is before the first."),
            ({"role": "front_desk"}, "__all__", "This person already holds that role there in that period."),
        ],
    )
    def test_what_is_wrong_is_said_and_stays_typed(
        self,
        sign_in: Callable[..., Client],
        manager,
        front_desk,
        mt_prospect: Clinic,
        change,
        field: str,
        sentence: str,
    ):
        sent = {"role": "assistant", "clinic": str(mt_prospect.pk), "first": f"{SOON}", "last": ""} | change
        answer = sign_in(manager).post(roles_page(front_desk), sent)
        assert (answer.status_code, answer.context["form"].errors) == (422, {field: [sentence]})
        assert answer.context["form"].data["first"] == sent["first"]
        assert Membership.objects.filter(user=front_desk).count() == 1

    def test_a_role_ends_with_yesterday_at_once(self, sign_in: Callable[..., Client], manager: User, front_desk: User):
        yesterday = timezone.localdate() - timedelta(days=1)
        theirs = sign_in(front_desk)
        assert theirs.get("/api/v1/people/").status_code == 200
        address = reverse("accounts:role-end", args=[front_desk.memberships.get().pk])
        assert sign_in(manager).post(address, {"last": yesterday}).status_code == 302
        assert theirs.get("/api/v1/people/").status_code == 403

    def test_the_past_is_not_rewritten(self, sign_in: Callable[..., Client], manager: User, front_desk: User):
        address = reverse("accounts:role-end", args=[front_desk.memberships.get().pk])
        answer = sign_in(manager).post(address, {"last": "2026-01-01"})
        sentence = "Choose yesterday or a later day: what was before is on record."
        assert answer.context["form"].errors == {"last": [sentence]}
        assert front_desk.memberships.get().period.upper is None


class TestLeaving:
    def test_every_door_closes_and_the_record_stays(
        self, sign_in: Callable[..., Client], manager: User, therapist: User, at: datetime
    ):
        theirs = sign_in(therapist)
        assert theirs.get("/").status_code == 200
        let_go(therapist, by=manager, at=timezone.now())
        assert theirs.get("/").status_code == 302
        gone = User.objects.get(pk=therapist.pk)
        tomorrow = timezone.localdate() + timedelta(days=1)
        assert (gone.is_active, gone.memberships.get().period.upper) == (False, tomorrow)
        assert list(Entry.objects.order_by("id").values_list("verb", flat=True))[-2:] == ["role.taken", "person.left"]

    def test_roles_to_come_are_gone(self, administrator: User, therapist: User, oakbrook: Clinic):
        start = timezone.localdate() + timedelta(days=30)
        factories.membership(user=therapist, role=Role.THERAPIST, clinic=oakbrook, start=start)
        let_go(therapist, by=administrator, at=timezone.now())
        assert therapist.memberships.count() == 1

    @pytest.mark.parametrize(
        ("who", "whom", "reason"),
        [
            ("manager", "manager", "yourself"),
            ("manager", "therapist_oakbrook", "not-your-clinic"),
            ("manager", "floater", "not-your-clinic"),
            ("manager", "manager_oakbrook", "not-your-clinic"),
            ("manager", "clinical_lead", "not-your-clinic"),
            ("clinical_lead", "therapist", "not-your-clinic"),
            ("therapist", "assistant", "not-your-clinic"),
        ],
    )
    def test_nobody_ends_what_they_could_not_give(self, cast: dict[str, User], who: str, whom: str, reason: str):
        verdict = may_let_go(cast[whom], by=cast[who], at=timezone.now())
        assert [found.code for found in verdict.reasons] == [reason]
        with pytest.raises(Forbidden):
            let_go(cast[whom], by=cast[who], at=timezone.now())

    def test_the_last_administrator_does_not_leave(self, administrator: User):
        other = factories.person(name="Otto Nonesuch")
        factories.membership(user=other, role=Role.ADMINISTRATOR, end=timezone.localdate() + timedelta(days=9))
        with pytest.raises(Refused) as caught:
            let_go(administrator, by=other, at=timezone.now())
        assert codes(caught) == ["last-administrator"]
        administrator.refresh_from_db()
        assert administrator.is_active

    def test_an_account_opens_again_without_a_role(self, administrator: User, manager: User, therapist: User):
        let_go(therapist, by=manager, at=timezone.now())
        with pytest.raises(Forbidden):
            bring_back(therapist, by=manager)
        bring_back(therapist, by=administrator)
        back = User.objects.get(pk=therapist.pk)
        assert (back.is_active, back.standing.roles) == (True, set())

    def test_nothing_is_left_to_do_about_somebody_who_is_here(self, manager: User, therapist: User):
        assert left_to_do(therapist, manager, timezone.now()) == []


@pytest.mark.django_db(transaction=True)
def test_two_administrators_do_not_end_each_other(administrator: User):
    other = factories.staff(name="Otto Nonesuch", role=Role.ADMINISTRATOR, clinics=[None])
    pairs = [(administrator.memberships.get(), other), (other.memberships.get(), administrator)]
    tomorrow = TODAY + timedelta(days=1)
    with time_machine.travel(NOW, tick=False):
        ended = outcomes(lambda held=held, by=by: take_role(held, end=tomorrow, by=by, at=NOW) for held, by in pairs)
    assert sorted(ended) == ["done", "last-administrator"]
