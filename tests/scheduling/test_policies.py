"""What staff of a clinic may do with their shifts by themselves, and who says so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from intranet.audit.models import Entry
from intranet.core.access import Conflict, Forbidden, Refused
from scheduling.models import OfferKind, OpenShifts, Permission, ShiftPolicy
from scheduling.policies import Policy, policies, policy_of, set_policy
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

USUAL = Policy()
OPEN_HANDED = Policy(OpenShifts.PICKED, Permission.FREE, Permission.OFF, Permission.FREE, 48)


def codes(verdict) -> list[str]:
    return [reason.code for reason in verdict.reasons]


def test_a_clinic_without_a_decision_has_the_usual_policy(mt_prospect, oakbrook, django_assert_num_queries):
    factories.policy(clinic=oakbrook, give=Permission.FREE, hours_before=24)
    with django_assert_num_queries(1):
        found = policies([mt_prospect, oakbrook])
    assert found == {mt_prospect.pk: USUAL, oakbrook.pk: Policy(give=Permission.FREE, hours_before=24)}


@pytest.mark.parametrize("who", ["manager", "administrator"])
def test_it_is_set_and_recorded(request, mt_prospect, who):
    by = request.getfixturevalue(who)
    set_policy(mt_prospect, OPEN_HANDED, seen=USUAL.fingerprint, by=by)
    assert policy_of(mt_prospect) == OPEN_HANDED
    entry = Entry.objects.get(verb="shift-policy.set")
    assert (entry.actor_id, entry.clinic_ids) == (by.pk, [mt_prospect.pk])
    assert entry.changes == {
        "open_shifts": ["Whoever comes first has it", "People ask for it, a manager picks"],
        "give": ["A manager decides", "At once"],
        "swap": ["A manager decides", "Not at this clinic"],
        "drop": ["A manager decides", "At once"],
        "hours_before": ["12", "48"],
    }


def test_saving_what_holds_already_records_nothing(mt_prospect, manager):
    set_policy(mt_prospect, USUAL, seen=USUAL.fingerprint, by=manager)
    assert (ShiftPolicy.objects.count(), Entry.objects.count()) == (0, 0)


def test_others_do_not_set_it(mt_prospect, therapist, manager_oakbrook):
    for person in (therapist, manager_oakbrook):
        with pytest.raises(Forbidden, match="kept by its managers"):
            set_policy(mt_prospect, OPEN_HANDED, seen=USUAL.fingerprint, by=person)


def test_the_second_of_two_managers_sees_what_changed(mt_prospect, manager):
    set_policy(mt_prospect, OPEN_HANDED, seen=USUAL.fingerprint, by=manager)
    with pytest.raises(Conflict, match="changed this meanwhile"):
        set_policy(mt_prospect, Policy(drop=Permission.OFF), seen=USUAL.fingerprint, by=manager)
    assert policy_of(mt_prospect) == OPEN_HANDED


def test_nobody_waits_longer_than_a_week(mt_prospect, manager):
    with pytest.raises(Refused) as refused:
        set_policy(mt_prospect, Policy(hours_before=169), seen=USUAL.fingerprint, by=manager)
    assert codes(refused.value.verdict) == ["hours-out-of-range"]
    set_policy(mt_prospect, Policy(hours_before=168), seen=USUAL.fingerprint, by=manager)
    with pytest.raises(IntegrityError, match="shift_policy_is_within_a_week"), transaction.atomic():
        ShiftPolicy.objects.update(hours_before=169)


def test_what_is_off_and_what_is_too_late_are_said_at_once(mt_prospect, therapist, at):
    shift = factories.published(clinic=mt_prospect, staff=therapist)
    off = Policy(swap=Permission.OFF)
    late = shift.start - timedelta(hours=12)
    assert codes(off.allows(OfferKind.SWAP, shift, at)) == ["not-here"]
    assert codes(off.allows(OfferKind.GIVE, shift, late)) == ["too-late"]
    assert codes(off.allows(OfferKind.SWAP, shift, late)) == ["not-here", "too-late"]
    assert codes(off.allows(OfferKind.GIVE, shift, shift.start)) == ["begun"]
    assert off.allows(OfferKind.DROP, shift, late - timedelta(seconds=1))
