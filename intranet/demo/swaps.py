"""The demo's open shifts and changes of hands: one to take, one asked for, one given away, and a swap that waits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from accounts.models import Clinic, User
from intranet.core.time import at_local, monday_of
from scheduling import assigning, claiming, offering, publishing
from scheduling.models import OfferKind, OpenShifts, Permission, PublishedShift
from scheduling.offers import Wanted
from scheduling.plans import Plan
from scheduling.policies import Policy, policy_of, set_policy
from scheduling.positions import Position
from scheduling.times import shift_span

WEDNESDAY, THURSDAY = 2, 3


def load_swaps(*, clinics: dict[str, Clinic], people: dict[str, User], managers: dict[str, User], today: date) -> None:
    """In the week after this one. Oakbrook Terrace picks who gets an open shift; at Mt. Prospect whoever comes first."""
    at = at_local(today, time.min, clinics["M"].zone)
    monday = monday_of(today) + timedelta(days=7)
    picks = Policy(open_shifts=OpenShifts.PICKED, swap=Permission.FREE, hours_before=24)
    set_policy(clinics["O"], picks, seen=policy_of(clinics["O"]).fingerprint, by=managers["O"])
    _open_an_evening(clinics["M"], monday + timedelta(days=THURSDAY), by=managers["M"], at=at)
    _ask_for_one(clinics["O"], people.values(), at)
    _swap(people["avery"], people["noor"], monday + timedelta(days=WEDNESDAY), at)
    given = _published(people["marcus"], monday + timedelta(days=THURSDAY))
    offering.offer(Wanted(OfferKind.GIVE, given, note="My daughter’s recital."), by=people["marcus"], at=at)


def _open_an_evening(clinic: Clinic, day: date, *, by: User, at: datetime) -> None:
    start, end = shift_span(day, time(15), time(19), clinic.zone)
    plan = Plan(clinic, Position.THERAPIST, start, end, note="Evening walk-ins")
    made = assigning.create_shift(plan, by=by, at=at)
    publishing.tell_now(made, version=made.version, by=by, at=at, reason="Needed for the walk-ins.")


def _ask_for_one(clinic: Clinic, people: Iterable[User], at: datetime) -> None:
    """The first by name who may take an open shift there asks for it."""
    for person in sorted(people, key=lambda person: person.name):
        there = [one.shift for one in claiming.open_to(person, at) if one.shift.clinic == clinic]
        if there:
            claiming.claim(there[0], sequence=there[0].sequence, by=person, at=at)
            return


def _swap(one: User, other: User, day: date, at: datetime) -> None:
    """Early against late on the same day; the colleague has said yes, the manager has not decided."""
    wanted = Wanted(
        OfferKind.SWAP, _published(one, day), to=other, in_return=_published(other, day), note="School morning."
    )
    made = offering.offer(wanted, by=one, at=at)
    offering.take(made, version=made.version, by=other, at=at)


def _published(person: User, day: date) -> PublishedShift:
    own = PublishedShift.objects.standing().of(person).select_related("shift__week", "clinic", "skill", "staff")
    return next(shift for shift in own if shift.day == day)
