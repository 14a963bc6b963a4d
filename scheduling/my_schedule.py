"""One person's own shifts, as published: the next one, two weeks or a month, with whom, and what stands in the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from accounts.models import Clinic, User
from accounts.roles import Capability
from intranet.core.access import YES, Verdict
from intranet.core.time import at_local, local_day, monday_of, months_after
from intranet.core.wording import name_list, week_label
from scheduling.coverage import Demand
from scheduling.eligibility import attention
from scheduling.models import DayNote, Offer, OfferState, PublishedShift, week_span
from scheduling.roster import next_shifts, published_shifts, with_whom
from scheduling.times import total_minutes
from scheduling.unpublished import NotPublished, not_published, published_up_to

A_WEEK = timedelta(days=7)
NAMED = 3  # more colleagues than this are counted, not named


@dataclass(frozen=True)
class MyShift:
    """A published shift of the person, with who else is there."""

    shift: PublishedShift
    company: Sequence[User] = ()
    trouble: Verdict = field(default_factory=Verdict)  # why the person may not work it as things stand
    offer: Offer | None = None  # in which it would change hands

    @property
    def together_with(self) -> str:
        """`Marcus, Noor and 3 others`; empty for somebody who is alone there."""
        names = [person.given_name for person in self.company[:NAMED]]
        rest = len(self.company) - len(names)
        return name_list([*names, f"{rest} other{'s' if rest > 1 else ''}"] if rest else names)

    @property
    def waits(self) -> str:
        """What the offer in which it would change hands waits for, as its holder reads it."""
        if self.offer is None:
            return ""
        asked = self.offer.state == OfferState.OPEN and self.offer.by_id != self.shift.staff_id
        return "Waits for your answer" if asked else self.offer.get_state_display()


@dataclass(frozen=True)
class MyWeek:
    """A week of the person: what is published of it, and what the person's clinics have not published yet."""

    label: str
    monday: date
    shifts: list[MyShift]
    minutes: int
    missing: list[NotPublished]
    notes: list[DayNote]  # what the managers of the person's clinics want known about its days


@dataclass(frozen=True)
class MySchedule:
    today: date
    next: MyShift | None
    after: list[PublishedShift]
    weeks: list[MyWeek]
    published_up_to: dict[Clinic, date]


def may_have_schedule(user: User) -> Verdict:
    """Everybody but those whose only role is to administer the intranet."""
    if user.standing.holds(Capability.OWN_SCHEDULE):
        return YES
    return Verdict.no("no-schedule", "Administrators are in no roster, so there is no schedule to show.")


def my_schedule(person: User, at: datetime) -> MySchedule:
    """This week and the next one. As many queries for many shifts and people as for one."""
    today = local_day(at, person.zone)
    monday = monday_of(today)
    coming = next_shifts(person, at, limit=4)
    clinics = list(Clinic.objects.filter(pk__in=person.standing.clinic_ids))
    labels = {monday: "This week", monday + A_WEEK: "Next week"}
    weeks = _weeks(person, labels, clinics, at)
    first = _with_company(person, coming[:1], at)
    return MySchedule(today, first[0] if first else None, coming[1:], weeks, published_up_to(clinics))


def my_month(person: User, first: date, at: datetime) -> list[MyWeek]:
    """The weeks that hold a day of the month from `first`, whole."""
    mondays, monday = {}, monday_of(first)
    while monday < months_after(first, 1):
        mondays[monday] = week_label(monday)
        monday += A_WEEK
    clinics = list(Clinic.objects.filter(pk__in=person.standing.clinic_ids))
    return _weeks(person, mondays, clinics, at)


def _weeks(person: User, labels: dict[date, str], clinics: Sequence[Clinic], at: datetime) -> list[MyWeek]:
    """Weeks that follow each other, by their Mondays."""
    today, first, after = local_day(at, person.zone), min(labels), max(labels) + A_WEEK
    # A day more: the week of a clinic in another zone may end later.
    own = published_shifts(person, at_local(first, time.min, person.zone), at_local(after, time.max, person.zone))
    mine = {one.shift.pk: one for one in _with_company(person, own, at)}
    demand = Demand.of(clinics)
    notes = list(DayNote.objects.filter(clinic__in=clinics, day__gte=first, day__lt=after).select_related("clinic"))
    return [
        MyWeek(
            label=label,
            monday=monday,
            shifts=[mine[shift.pk] for shift in own if monday_of(shift.day) == monday],
            minutes=sum(total_minutes([shift], week_span(monday, shift.clinic)) for shift in own),
            missing=not_published(clinics, monday, today, demand),
            notes=[note for note in notes if monday_of(note.day) == monday],
        )
        for monday, label in labels.items()
    ]


def _with_company(person: User, shifts: Sequence[PublishedShift], at: datetime) -> list[MyShift]:
    company, offers = with_whom(shifts), Offer.objects.live_by_shift(shift.shift_id for shift in shifts)
    trouble = attention((shift for shift in shifts if shift.end > at), at)
    return [
        MyShift(shift, company.get(shift.pk, []), trouble.get(shift.shift_id, YES), offers.get(shift.shift_id))
        for shift in shifts
    ]
