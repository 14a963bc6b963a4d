"""What staff of a clinic may do with their published shifts by themselves, as its managers have decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import TextChoices

from accounts.models import Clinic, User
from intranet.audit.recording import record
from intranet.core.access import YES, Conflict, Forbidden, Verdict, require
from intranet.core.wording import counted
from scheduling.models import OfferKind, OpenShifts, Permission, ShiftDetails, ShiftPolicy
from scheduling.rules import may_set_rules

DONE_WITH = {OfferKind.GIVE: "given away", OfferKind.SWAP: "swapped", OfferKind.DROP: "handed back"}
USUAL_HOURS = 12
MOST_HOURS = 7 * 24


@dataclass(frozen=True)
class Policy:
    """What holds at a clinic; the usual one until its managers decide otherwise."""

    open_shifts: OpenShifts = OpenShifts.FIRST_COME
    give: Permission = Permission.DECIDED
    swap: Permission = Permission.DECIDED
    drop: Permission = Permission.DECIDED
    hours_before: int = USUAL_HOURS

    @classmethod
    def of(cls, row: ShiftPolicy) -> Policy:
        return cls.said({one.name: getattr(row, one.name) for one in fields(cls)})

    @classmethod
    def said(cls, values: Mapping[str, Any]) -> Policy:
        """The policy of values by its own names, as forms and the API have them; others are left alone."""
        return cls(
            OpenShifts(values["open_shifts"]),
            Permission(values["give"]),
            Permission(values["swap"]),
            Permission(values["drop"]),
            values["hours_before"],
        )

    @property
    def fingerprint(self) -> str:
        """Names what somebody looked at, so that a change hands it back."""
        return f"{self.open_shifts}-{self.give}-{self.swap}-{self.drop}-{self.hours_before}"

    @property
    def picks(self) -> bool:
        """Whether a manager picks who gets an open shift."""
        return self.open_shifts == OpenShifts.PICKED

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


def may_be(policy: Policy) -> Verdict:
    if 0 <= policy.hours_before <= MOST_HOURS:
        return YES
    return Verdict.no("hours-out-of-range", f"Choose 0 to {MOST_HOURS} hours.", "hours_before")


@transaction.atomic
def set_policy(clinic: Clinic, policy: Policy, *, seen: str, by: User) -> Policy:
    """Say what holds at the clinic from now on. `seen` is the fingerprint of what the person looked at; Conflict if
    something else holds by now."""
    require(may_set_rules(clinic, by), Forbidden)
    require(may_be(policy))
    Clinic.objects.select_for_update(no_key=True).get(pk=clinic.pk)  # one at a time, also before there is a row
    present = policy_of(clinic)
    if present.fingerprint != seen:
        raise Conflict.because("changed-meanwhile", "Somebody changed this meanwhile. Look at it as it is now.")
    if policy == present:
        return policy
    ShiftPolicy.objects.update_or_create(clinic=clinic, defaults=asdict(policy))
    record(by, "shift-policy.set", clinic, clinics=[clinic.pk], **_differences(present, policy))
    return policy


def _differences(before: Policy, after: Policy) -> dict[str, list[str]]:
    pairs = ((one.name, getattr(before, one.name), getattr(after, one.name)) for one in fields(Policy))
    return {name: [_plain(here), _plain(there)] for name, here, there in pairs if here != there}


def _plain(value: TextChoices | int) -> str:
    return str(value) if isinstance(value, int) else value.label
