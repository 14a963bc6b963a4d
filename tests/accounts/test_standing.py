"""What a person may do follows from the memberships in force, and from nothing else."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Clinic, User
from accounts.roles import TABLE, Capability, Role
from accounts.standing import standing_of
from tests import factories

CHICAGO = ZoneInfo("America/Chicago")


def standing_on(user: User, *when: int):
    return standing_of(user, datetime(*when, tzinfo=CHICAGO))


def test_a_role_starts_on_its_first_day_and_ends_before_its_last(mt_prospect: Clinic):
    user = factories.person()
    factories.membership(user=user, role=Role.MANAGER, clinic=mt_prospect, start=date(2026, 3, 1), end=date(2026, 4, 1))
    assert standing_on(user, 2026, 2, 28, 23, 59).roles == frozenset()
    assert standing_on(user, 2026, 3, 1, 0, 0).roles == {Role.MANAGER}
    assert standing_on(user, 2026, 3, 31, 23, 59).roles == {Role.MANAGER}
    assert standing_on(user, 2026, 4, 1, 0, 0).roles == frozenset()


def test_a_manager_reaches_only_the_own_clinic(manager: User, mt_prospect: Clinic, oakbrook: Clinic):
    assert manager.standing.may(Capability.EDIT_ROSTER, mt_prospect)
    assert not manager.standing.may(Capability.EDIT_ROSTER, oakbrook)
    assert not manager.standing.may(Capability.EDIT_ROSTER)


def test_the_clinical_lead_reaches_every_clinic_but_no_roster(clinical_lead: User, oakbrook: Clinic):
    assert clinical_lead.standing.may(Capability.APPROVE_PROTOCOL)
    assert clinical_lead.standing.may(Capability.REPORT_ACKNOWLEDGEMENTS, oakbrook)
    assert not clinical_lead.standing.may(Capability.EDIT_ROSTER, oakbrook)


def test_an_administrator_has_no_clinical_authority(administrator: User):
    clinical = {
        Capability.APPROVE_PROTOCOL,
        Capability.PUBLISH_PROTOCOL,
        Capability.WRITE_PROTOCOL,
        Capability.GRANT_COMPETENCY,
        Capability.VERIFY_CREDENTIAL,
        Capability.READ_DRAFT,
    }
    assert {capability for capability in clinical if administrator.standing.holds(capability)} == set()


def test_grants_add_up_across_clinics(floater: User, mt_prospect: Clinic, oakbrook: Clinic):
    factories.membership(user=floater, role=Role.MANAGER, clinic=oakbrook)
    assert floater.standing.clinic_ids == {mt_prospect.pk, oakbrook.pk}
    assert floater.standing.scope(Capability.EDIT_ROSTER).clinic_ids == {oakbrook.pk}


def test_own_things_reach_no_clinic(therapist: User, mt_prospect: Clinic):
    assert therapist.standing.holds(Capability.ACKNOWLEDGE)
    assert not therapist.standing.may(Capability.ACKNOWLEDGE, mt_prospect)


def test_somebody_deactivated_stands_nowhere(manager: User, at: datetime):
    manager.is_active = False
    manager.save(update_fields=["is_active"])
    assert standing_of(User.objects.get(pk=manager.pk), at).grants == ()


def test_a_role_taken_away_counts_with_the_next_load(manager: User, mt_prospect: Clinic):
    assert manager.standing.holds(Capability.EDIT_ROSTER)
    factories.as_if_never(manager.memberships.all())
    assert not User.objects.get(pk=manager.pk).standing.holds(Capability.EDIT_ROSTER)


def test_standing_takes_one_query(floater: User, at: datetime, django_assert_num_queries):
    with django_assert_num_queries(1):
        standing_of(floater, at)


@pytest.mark.parametrize("role", Role)
def test_every_role_has_a_row_in_the_table(role: Role):
    assert role in TABLE


def test_members_counts_people_of_a_day_clinic_and_role(
    therapist: User, therapist_oakbrook: User, floater: User, manager: User, clinical_lead: User, mt_prospect: Clinic
):
    on = date(2026, 11, 25)
    here = User.objects.members(on, clinics=[mt_prospect], roles=[Role.THERAPIST], organisation_wide=False)
    assert set(here) == {therapist, floater}
    assert set(User.objects.members(on, clinics=[mt_prospect])) == {therapist, floater, manager, clinical_lead}
    assert set(User.objects.members(date(2023, 1, 1))) == set()
