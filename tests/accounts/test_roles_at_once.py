"""Roles that end at once, in the clinic's own day, and several people who change roles at the same moment."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db.backends.postgresql.psycopg_any import DateRange

from accounts.hiring import Place, give_role, take_role
from accounts.leaving import bring_back, let_go, may_let_go
from accounts.models import Clinic, Membership, User
from accounts.roles import Capability, Role
from intranet.core.access import Conflict, Forbidden, Refused
from tests import factories
from tests.races import outcomes, results

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 25)
APPROVER = Place(Role.DELEGATED_APPROVER)


@pytest.fixture(autouse=True)
def _now(at: datetime):
    with time_machine.travel(at, tick=False):
        yield


def afresh(person: User) -> User:
    return User.objects.get(pk=person.pk)


def codes(caught: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [reason.code for reason in caught.value.verdict.reasons]


class TestAtOnce:
    def test_a_role_of_this_morning_ends_at_once_and_its_day_stays(self, administrator, therapist, oakbrook, at):
        place = Place(Role.MANAGER, oakbrook)
        held = give_role(therapist, place, start=TODAY, by=administrator, at=at)
        take_role(held, end=TODAY, by=administrator, at=at)
        kept = Membership.objects.get(pk=held.pk)
        assert (kept.period.lower, kept.last_day, kept.ended_at) == (TODAY, TODAY, at)
        assert afresh(therapist).standing.roles == {Role.THERAPIST}
        assert not Membership.objects.on(TODAY).filter(pk=held.pk).exists()
        assert not User.objects.members(TODAY, roles=[Role.MANAGER]).filter(pk=therapist.pk).exists()
        with pytest.raises(Refused) as caught:
            take_role(kept, end=TODAY, by=administrator, at=at)
        assert codes(caught) == ["ends-earlier"]
        give_role(therapist, place, start=TODAY, by=administrator, at=at)
        assert afresh(therapist).standing.roles == {Role.THERAPIST, Role.MANAGER}

    def test_a_role_that_never_began_is_removed(self, administrator, therapist, oakbrook, at):
        held = give_role(
            therapist, Place(Role.MANAGER, oakbrook), start=TODAY + timedelta(days=1), by=administrator, at=at
        )
        pk = held.pk
        take_role(held, end=TODAY, by=administrator, at=at)
        assert not Membership.objects.filter(pk=pk).exists()
        with pytest.raises(Conflict, match="removed that role just now"):
            take_role(Membership(pk=pk, user=therapist, role=Role.MANAGER, clinic=oakbrook), end=TODAY, by=None, at=at)

    def test_whoever_comes_back_has_no_role_and_gets_the_same_again(self, administrator, manager, therapist, at):
        [held] = therapist.memberships.all()
        let_go(therapist, by=manager, at=at)
        bring_back(afresh(therapist), by=administrator)
        assert afresh(therapist).standing.roles == set()
        assert therapist.memberships.get().last_day == TODAY
        give_role(afresh(therapist), Place(Role.THERAPIST, held.clinic), start=TODAY, by=administrator, at=at)
        assert afresh(therapist).standing.roles == {Role.THERAPIST}

    def test_a_day_is_the_one_of_the_clinic(self, administrator, front_desk, mt_prospect: Clinic):
        """Past midnight at the organisation it is yesterday still at a clinic further west."""
        Clinic.objects.filter(pk=mt_prospect.pk).update(time_zone="Pacific/Honolulu")
        early = datetime(2026, 11, 26, 1, tzinfo=ZoneInfo("America/Chicago"))
        with time_machine.travel(early, tick=False):
            [held] = front_desk.memberships.select_related("clinic")
            take_role(held, end=TODAY, by=administrator, at=early)
            assert afresh(front_desk).standing.roles == set()


class TestThePast:
    def test_it_is_not_rewritten(self, administrator, therapist, oakbrook, at):
        with pytest.raises(Refused) as given:
            give_role(
                therapist, Place(Role.MANAGER, oakbrook), start=TODAY - timedelta(days=1), by=administrator, at=at
            )
        with pytest.raises(Refused) as taken:
            take_role(therapist.memberships.get(), end=TODAY - timedelta(days=1), by=administrator, at=at)
        assert (codes(given), codes(taken)) == (["past"], ["past"])

    def test_nor_is_the_far_future_nor_a_leaver(self, administrator, manager, therapist, oakbrook, at):
        let_go(therapist, by=manager, at=at)
        with pytest.raises(Refused) as caught:
            give_role(
                therapist, Place(Role.MANAGER, oakbrook), start=TODAY + timedelta(days=366), by=administrator, at=at
            )
        assert codes(caught) == ["left", "too-far"]


class TestDelegatedApproval:
    @pytest.fixture
    def delegated(self, clinical_lead: User, therapist: User, at: datetime) -> User:
        give_role(therapist, APPROVER, start=TODAY, end=TODAY + timedelta(days=300), by=clinical_lead, at=at)
        return afresh(therapist)

    def test_it_rests_when_the_therapist_is_none(self, delegated, manager, mt_prospect, at):
        assert delegated.standing.may(Capability.APPROVE_PROTOCOL)
        give_role(delegated, Place(Role.FRONT_DESK, mt_prospect), start=TODAY, by=manager, at=at)
        take_role(delegated.memberships.get(role="therapist"), end=TODAY, by=manager, at=at)
        assert afresh(delegated).standing.roles == {Role.FRONT_DESK}

    def test_the_manager_lets_an_approver_go(self, delegated, manager, at):
        let_go(delegated, by=manager, at=at)
        assert {held.last_day for held in delegated.memberships.all()} == {TODAY}

    def test_the_lead_does_not(self, delegated, manager, clinical_lead, at):
        take_role(delegated.memberships.get(role="therapist"), end=TODAY, by=manager, at=at)
        assert not may_let_go(afresh(delegated), by=clinical_lead, at=at)


@pytest.mark.django_db(transaction=True)
class TestRaces:
    @pytest.fixture
    def others(self) -> list[User]:
        names = ["Otto Nonesuch", "Uma Nonesuch", "Ivo Nonesuch"]
        return [factories.staff(name=name, role=Role.ADMINISTRATOR, clinics=[None]) for name in names]

    def test_two_who_let_each_other_go(self, others: list[User], at: datetime):
        one, two, _ = others
        for _ in range(4):
            User.objects.update(is_active=True)
            factories.as_if_always(
                Membership.objects.all(), ended_at=None, period=DateRange(TODAY - timedelta(days=9), None)
            )
            pairs = [(afresh(one), afresh(two)), (afresh(two), afresh(one))]
            came = outcomes(lambda whom=whom, by=by: let_go(whom, by=by, at=at) for whom, by in pairs)
            assert sorted(came) == ["done", "not-your-clinic"]

    def test_a_role_taken_of_somebody_who_lets_one_go(self, others: list[User], at: datetime):
        one, two, _ = others
        held = two.memberships.get()
        came = outcomes(
            [
                lambda: let_go(afresh(one), by=afresh(two), at=at),
                lambda: take_role(held, end=TODAY, by=afresh(one), at=at),
            ]
        )
        assert sorted(came) == ["done", "not-your-clinic"]

    def test_the_same_role_pressed_24_times(self, administrator: User, therapist: User, oakbrook: Clinic, at: datetime):
        def press() -> str:
            try:
                give_role(therapist, Place(Role.THERAPIST, oakbrook), start=TODAY, by=administrator, at=at)
            except ValidationError as error:
                return error.messages[0]
            return "given"

        came = results([press] * 24)
        sentence = "This person already holds that role there in that period."
        assert sorted(came) == [*[sentence] * 23, "given"]

    def test_a_role_to_come_removed_24_times(self, administrator: User, therapist: User, oakbrook: Clinic, at):
        start = TODAY + timedelta(days=9)
        held = factories.membership(user=therapist, role=Role.ASSISTANT, clinic=oakbrook, start=start)
        came = outcomes([lambda: take_role(held, end=TODAY, by=administrator, at=at)] * 24)
        assert sorted(came) == ["done", *["gone"] * 23]


def test_whoever_has_no_power_is_told_so(manager_oakbrook: User, therapist: User, at: datetime):
    with pytest.raises(Forbidden):
        take_role(therapist.memberships.get(), end=TODAY, by=manager_oakbrook, at=at)
