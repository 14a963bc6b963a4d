"""Who may give and take which role. Nobody gives power beyond their own, and nobody changes their own roles."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from accounts.hiring import Place, give_role, hire, may_give_role, take_role
from accounts.models import Clinic, Membership, User
from accounts.roles import Role
from intranet.audit.models import Entry
from intranet.core.access import Forbidden, Refused
from tests import factories

START = date(2026, 11, 1)
NOW = datetime(2026, 11, 1, 10, tzinfo=ZoneInfo("America/Chicago"))


def codes(verdict):
    return [reason.code for reason in verdict.reasons]


@pytest.mark.parametrize("role", [Role.THERAPIST, Role.ASSISTANT, Role.FRONT_DESK])
def test_a_manager_gives_working_roles_at_the_own_clinic(manager: User, front_desk: User, mt_prospect: Clinic, role):
    assert may_give_role(Place(role, mt_prospect), to=front_desk, by=manager)


@pytest.mark.parametrize(
    ("role", "reason"),
    [(Role.MANAGER, "beyond-your-power"), (Role.CLINICAL_LEAD, "not-your-clinic")],
)
def test_a_manager_gives_no_power(manager: User, front_desk: User, mt_prospect: Clinic, role, reason):
    place = Place(role, None if role == Role.CLINICAL_LEAD else mt_prospect)
    assert codes(may_give_role(place, to=front_desk, by=manager)) == [reason]


def test_a_manager_gives_nothing_at_another_clinic(manager: User, front_desk: User, oakbrook: Clinic):
    assert codes(may_give_role(Place(Role.THERAPIST, oakbrook), to=front_desk, by=manager)) == ["not-your-clinic"]


def test_nobody_changes_their_own_roles(administrator: User, mt_prospect: Clinic):
    place = Place(Role.MANAGER, mt_prospect)
    assert codes(may_give_role(place, to=administrator, by=administrator)) == ["own-role"]


@pytest.mark.parametrize("who", ["therapist", "assistant", "front_desk", "clinical_lead", "approver"])
def test_others_give_nothing(request: pytest.FixtureRequest, mt_prospect: Clinic, who: str):
    by = request.getfixturevalue(who)
    with pytest.raises(Forbidden):
        give_role(factories.person(), Place(Role.THERAPIST, mt_prospect), start=START, by=by, at=NOW)
    assert Membership.objects.exclude(user=by).count() == 0


def test_hiring_creates_a_person_who_cannot_sign_in_yet(administrator: User, oakbrook: Clinic):
    user = hire(
        email="New.Person@Clinic.Example",
        name="Nina Newcomer",
        profession="pt",
        places=[Place(Role.THERAPIST, oakbrook)],
        start=START,
        by=administrator,
    )
    assert user.email == "new.person@clinic.example"
    assert not user.has_usable_password()
    assert [entry.verb for entry in Entry.objects.order_by("id")] == ["person.hired", "role.given"]


def test_nobody_is_hired_for_nothing(administrator: User):
    """Without a role nothing would ask whether whoever hires may do so."""
    with pytest.raises(Refused, match="at least one role"):
        hire(email="a@clinic.example", name="Nina", profession="pt", places=[], start=START, by=administrator)


def test_the_same_role_twice_is_refused_with_a_sentence(administrator: User, therapist: User, mt_prospect: Clinic):
    with pytest.raises(ValidationError, match="already holds that role there"):
        give_role(therapist, Place(Role.THERAPIST, mt_prospect), start=START, by=administrator, at=NOW)


def test_the_database_refuses_overlapping_memberships(therapist: User, mt_prospect: Clinic):
    with pytest.raises(IntegrityError, match="membership_periods_do_not_overlap"), transaction.atomic():
        factories.membership(user=therapist, role=Role.THERAPIST, clinic=mt_prospect, start=START)


@pytest.mark.parametrize(("role", "at_clinic"), [("manager", False), ("administrator", True)])
def test_the_database_refuses_a_role_in_the_wrong_place(mt_prospect: Clinic, role: str, at_clinic: bool):
    user = factories.person()
    with (
        pytest.raises(IntegrityError, match="membership_role_fits_its_place"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "INSERT INTO accounts_membership (user_id, role, clinic_id, period) VALUES (%s, %s, %s, '[2026-01-01,)')",
            [user.pk, role, mt_prospect.pk if at_clinic else None],
        )


def test_taking_a_role_ends_it_and_leaves_the_record(administrator: User, manager: User):
    membership = take_role(manager.memberships.get(), end=date(2026, 11, 20), by=administrator, at=NOW)
    assert membership.period.upper == date(2026, 11, 20)
    entry = Entry.objects.get()
    assert (entry.verb, entry.changes["end"]) == ("role.taken", "2026-11-20")


def test_an_address_is_one_person_in_any_case(therapist: User):
    with pytest.raises(ValidationError, match="email"):
        User.objects.create_user(email=therapist.email.upper(), name="Somebody Else")


def test_the_database_refuses_what_was_cut_off_and_goes_on(therapist: User):
    with pytest.raises(IntegrityError, match="membership_cut_off_has_a_last_day"), transaction.atomic():
        factories.as_if_always(therapist.memberships.all(), ended_at=NOW)
