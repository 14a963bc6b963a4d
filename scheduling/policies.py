"""What staff of a clinic may do with their published shifts by themselves, as its managers have decided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import Clinic, User
from intranet.audit.recording import record
from intranet.core.access import YES, Conflict, Forbidden, Verdict, require
from intranet.core.wording import counted
from scheduling.assigning import may_edit
from scheduling.models import OfferKind, OpenShifts, Permission, ShiftDetails, ShiftPolicy

DONE_WITH = {OfferKind.GIVE: "given away", OfferKind.SWAP: "swapped", OfferKind.DROP: "handed back"}


@dataclass(frozen=True)
class Policy:
    """What holds at a clinic; the usual one until its managers decide otherwise."""

    open_shifts: OpenShifts = OpenShifts.FIRST_COME
    give: Permission = Permission.DECIDED
    swap: Permission = Permission.DECIDED
    drop: Permission = Permission.DECIDED
    hours_before: int = 12

    @classmethod
    def of(cls, row: ShiftPolicy) -> Policy:
        return cls(
            OpenShifts(row.open_shifts),
            Permission(row.give),
            Permission(row.swap),
            Permission(row.drop),
            row.hours_before,
        )

    def permission(self, kind: OfferKind) -> Permission:
        return {OfferKind.GIVE: self.give, OfferKind.SWAP: self.swap, OfferKind.DROP: self.drop}[kind]

    def deadline(self, shift: ShiftDetails) -> datetime:
        """The last moment at which something can be done with the shift."""
        return shift.start - timedelta(hours=self.hours_before)

    def allows(self, kind: OfferKind, shift: ShiftDetails, at: datetime) -> Verdict:
        """Whether a shift may be given, swapped or handed back at the moment."""
        verdict = YES
        if self.permission(kind) == Permission.OFF:
            words = f"At {shift.clinic} shifts are not {DONE_WITH[kind]}. Talk to your manager."
            verdict += Verdict.no("not-here", words)
        return verdict + self.in_time(shift, at)

    def in_time(self, shift: ShiftDetails, at: datetime) -> Verdict:
        if at < self.deadline(shift):
            return YES
        if at >= shift.start:
            return Verdict.no("begun", "This shift has begun.")
        hours = counted(self.hours_before, "hour")
        words = f"This is possible until {hours} before the start. Call your manager."
        return Verdict.no("too-late", words)


def policy_of(clinic: Clinic) -> Policy:
    """One query."""
    return policies([clinic])[clinic.pk]


def policies(clinics: Iterable[Clinic]) -> dict[int, Policy]:
    """{clinic: its policy}. One query."""
    ids = {clinic.pk for clinic in clinics}
    own = {row.clinic_id: Policy.of(row) for row in ShiftPolicy.objects.filter(clinic__in=ids)}
    return {pk: own.get(pk, Policy()) for pk in ids}


@transaction.atomic
def set_policy(clinic: Clinic, policy: Policy, *, seen: Policy, by: User) -> Policy:
    """Say what holds at the clinic from now on. `seen` is what the person looked at; Conflict if it is another by now."""
    require(may_edit(clinic, by), Forbidden)
    Clinic.objects.select_for_update(no_key=True).get(pk=clinic.pk)
    present = policy_of(clinic)
    if present != seen:
        raise Conflict.because("changed-meanwhile", "Somebody changed this meanwhile. Look at it as it is now.")
    if policy == present:
        return policy
    row = ShiftPolicy.objects.filter(clinic=clinic).first() or ShiftPolicy(clinic=clinic)
    row.open_shifts, row.hours_before = policy.open_shifts, policy.hours_before
    row.give, row.swap, row.drop = policy.give, policy.swap, policy.drop
    row.full_clean()
    row.save()
    record(
        by,
        "shift-policy.set",
        clinic,
        clinics=[clinic.pk],
        open_shifts=[present.open_shifts.label, policy.open_shifts.label],
        give=[present.give.label, policy.give.label],
        swap=[present.swap.label, policy.swap.label],
        drop=[present.drop.label, policy.drop.label],
        hours_before=[present.hours_before, policy.hours_before],
    )
    return policy
