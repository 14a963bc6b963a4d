"""The demo's open shifts and changes of hands: some to take, one asked for, one given away, one that came to nothing, and
swaps that wait for a colleague and for a manager."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from accounts.models import Clinic, User
from intranet.core.time import at_local, monday_of
from scheduling import assigning, claiming, offering, publishing
from scheduling.models import Offer, OfferKind, OpenShifts, Permission, PublishedShift
from scheduling.offers import Wanted
from scheduling.plans import Plan
from scheduling.policies import Policy, policy_of, set_policy
from scheduling.positions import Position
from scheduling.times import shift_span

TUESDAY, WEDNESDAY, THURSDAY = 1, 2, 3


def load_swaps(*, clinics: dict[str, Clinic], people: dict[str, User], managers: dict[str, User], today: date) -> None:
    """In the week after this one. Oakbrook Terrace picks who gets an open shift; at Mt. Prospect whoever comes first."""
    at = at_local(today, time.min, clinics["M"].zone)
    monday = monday_of(today) + timedelta(days=7)
    picks = Policy(open_shifts=OpenShifts.PICKED, swap=Permission.FREE, hours_before=24)
    set_policy(clinics["O"], picks, seen=policy_of(clinics["O"]).fingerprint, by=managers["O"])
    _open(clinics["M"], monday + timedelta(days=TUESDAY), time(7), time(10), by=managers["M"], at=at)
    _open(clinics["M"], monday + timedelta(days=THURSDAY), time(15), time(19), by=managers["M"], at=at)
    _ask_for_one(clinics["O"], people.values(), at)
    waits = _swap(people["avery"], people["noor"], monday + timedelta(days=WEDNESDAY), "School morning.", at)
    offering.take(waits, version=waits.version, by=people["noor"], at=at)
    _swap(people["ivo"], people["avery"], monday + timedelta(days=TUESDAY), "Dentist in the morning.", at)
    declined = _give(people["avery"], people["sam"], monday + timedelta(days=THURSDAY), "Concert.", at)
    offering.decline(declined, version=declined.version, by=people["sam"], at=at)
    _give(people["marcus"], None, monday + timedelta(days=THURSDAY), "My daughter’s recital.", at)


def _open(clinic: Clinic, day: date, starts: time, ends: time, *, by: User, at: datetime) -> None:
    """A therapist's shift that nobody has, published by itself."""
    start, end = shift_span(day, starts, ends, clinic.zone)
    made = assigning.create_shift(Plan(clinic, Position.THERAPIST, start, end, note="Walk-ins"), by=by, at=at)
    publishing.tell_now(made, version=made.version, by=by, at=at, reason="Needed for the walk-ins.")


def _ask_for_one(clinic: Clinic, people: Iterable[User], at: datetime) -> None:
    """The first by name who may take an open shift there asks for it."""
    for person in sorted(people, key=lambda person: person.name):
        there = [one.shift for one in claiming.open_to(person, at) if one.shift.clinic == clinic]
        if there:
            claiming.claim(there[0], sequence=there[0].sequence, by=person, at=at)
            return


def _swap(one: User, other: User, day: date, note: str, at: datetime) -> Offer:
    """Early against late on the same day."""
    theirs = _published(other, day)
    wanted = Wanted(OfferKind.SWAP, _published(one, day), to=other, in_return=theirs, note=note)
    return offering.offer(wanted, by=one, at=at)


def _give(one: User, other: User | None, day: date, note: str, at: datetime) -> Offer:
    return offering.offer(Wanted(OfferKind.GIVE, _published(one, day), to=other, note=note), by=one, at=at)


def _published(person: User, day: date) -> PublishedShift:
    own = PublishedShift.objects.standing().of(person).select_related("shift__week", "clinic", "skill", "staff")
    return next(shift for shift in own if shift.day == day)
