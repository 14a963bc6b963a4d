"""Whatever people do with the roster, and in whichever order: what always holds.

Random sequences of everything that changes shifts, by managers and by staff. A refusal is an answer; any other exception is
a bug. After each step the plan, what staff see, the calendars and the hours are compared with what the test works out by
itself. The two weeks hold the night in which the clocks go back.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import combinations
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from icalendar import Calendar

from accounts.competencies import end_competency, grant_competency
from accounts.models import Clinic, Competency, Skill, User
from intranet.core.access import Refused
from protocols.clearance import clearance
from scheduling import assigning, claiming, lost_clearance, moving, offering, publishing
from scheduling.asking_off import Wanted as DaysWanted
from scheduling.asking_off import ask_for_time_off, withdraw_time_off
from scheduling.calendar_feed import calendar_of
from scheduling.deciding_off import approve_time_off, decline_time_off, shifts_hit
from scheduling.hours import hours_report
from scheduling.models import (
    Claim,
    Offer,
    OfferKind,
    OfferState,
    OpenShifts,
    Permission,
    PublicationChange,
    PublishedShift,
    RosterWeek,
    Shift,
    ShiftTemplate,
    TemplateLine,
    TimeOff,
    TimeOffState,
    WeekTemplate,
)
from scheduling.offers import Wanted
from scheduling.plans import Plan
from scheduling.positions import Position
from scheduling.undoing import undo
from scheduling.week_templates import apply_template, copy_week
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

BEGIN = datetime(2026, 10, 21, 10, tzinfo=ZoneInfo("America/Chicago"))
MONDAYS = [date(2026, 10, 26), date(2026, 11, 2)]
DAYS = [MONDAYS[0] + timedelta(days=number) for number in range(14)]
TRAVEL = timedelta(minutes=45)
SEEN = ("shift_id", "staff_id", "period", "position", "skill_id", "break_minutes", "sequence")

HOURS = [0, 6, 7, 8, 10, 12, 13, 16, 20, 23]
LENGTHS = [1, 2, 4, 5, 9]
EXAMPLES, STEPS = 4, 50
Deed = Callable[[], Any]


class World:
    """The people and clinics of all sequences. Each begins with a week of the template."""

    def __init__(self, teams: dict[Clinic, list[User]], managers: list[User], skill: Skill, lead: User) -> None:
        self.teams, self.managers, self.skill, self.lead = teams, managers, skill, lead
        self.clinics = list(teams)
        self.staff = list({person.pk: person for team in teams.values() for person in team}.values())
        self.templates = [self._template(clinic, team) for clinic, team in teams.items()]

    def _template(self, clinic: Clinic, team: list[User]) -> WeekTemplate:
        """Early and late on four days, in turns; one of them needs clearance, one of the five is open."""
        template = WeekTemplate.objects.create(clinic=clinic, name="Usual", weeks=1, anchor=MONDAYS[0])
        usual = {"clinic": clinic, "position": Position.THERAPIST}
        early = ShiftTemplate.objects.create(name="Early", starts=time(7), ends=time(12), skill=self.skill, **usual)
        late = ShiftTemplate.objects.create(name="Late", starts=time(13), ends=time(19), **usual)
        for weekday in range(4):
            for shift, person in ((early, team[weekday % 2]), (late, [*team, None][weekday % 3])):
                TemplateLine.objects.create(
                    template=template, week=1, weekday=weekday, shift=shift, quantity=1, person=person
                )
        return template


class Roster:
    """One sequence of deeds, each chosen by a seed. Whoever chooses the deed again with the seed has the same one again."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.random, self.at = world, Random(seed), BEGIN
        self.done: list[list[moving.Done]] = []
        self.given: dict[Any, tuple[Any, ...]] = {}
        self.became: Counter[str] = Counter()
        self.deeds: dict[Callable[[], None], int] = {
            self.create: 5,
            self.place: 3,
            self.resize: 3,
            self.assign: 3,
            self.change_several: 2,
            self.take_back: 3,
            self.copy_a_week: 1,
            self.apply_the_template: 1,
            self.publish: 5,
            self.tell_now: 2,
            self.claim: 6,
            self.answer_a_claim: 4,
            self.offer: 6,
            self.answer_an_offer: 5,
            self.decide_an_offer: 4,
            self.ask_off: 2,
            self.answer_time_off: 3,
            self.change_competency: 2,
            self.let_time_pass: 2,
        }

    def run(self) -> None:
        self.begin()
        for number in range(STEPS):
            [deed] = self.random.choices(list(self.deeds), list(self.deeds.values()))
            deed()
            self.check()
            if number % 10 == 9:
                self.check_calendars_and_hours()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what the database looks at only in the end

    # --- What people do -----------------------------------------------------------------------------------------------

    def attempt(self, deed: Deed) -> Any:
        """Do it, or be refused; a bug is any other exception. What is refused has changed nothing."""
        self.at += timedelta(minutes=1)
        try:
            with transaction.atomic():
                answer = deed()
        except Refused:
            return None
        self.became[sys._getframe(1).f_code.co_name] += 1
        return answer

    def draft(self, deed: Deed) -> Any:
        """A change of the plan, of which staff see nothing."""
        before = seen()
        answer = self.attempt(deed)
        assert seen() == before
        return answer

    def pick(self, among: Iterable[Any]) -> Any:
        """One of them; None when there is none."""
        rows = list(among)
        return self.random.choice(rows) if rows else None

    @property
    def reason(self) -> str:
        return self.random.choice(["So.", "So.", ""])

    def somebody(self, clinic: Clinic) -> User:
        """Mostly somebody who works at the clinic."""
        return self.pick(self.world.teams[clinic] * 3 + self.world.staff)

    def anybody(self, clinic: Clinic) -> User | None:
        return self.pick([*[self.somebody(clinic)] * 3, None])

    @property
    def clinic(self) -> Clinic:
        return self.random.choice(self.world.clinics)

    @property
    def shift(self) -> Shift | None:
        rows = Shift.objects.planned().select_related("clinic", "week__clinic", "staff", "skill")
        return self.pick(rows.order_by("changed_at", "period", "template_place"))

    def published(self, **which: Any) -> PublishedShift | None:
        rows = PublishedShift.objects.standing().filter(**which).select_related("clinic", "skill", "staff", "shift")
        return self.pick(rows.order_by("period", "clinic", "staff", "published_at"))

    def manager_of(self, clinic: Clinic) -> User:
        return self.world.managers[self.world.clinics.index(clinic)]

    def begin(self) -> None:
        """The rules of the clinics, a first week that staff see, and somebody who loses clearance after that."""
        how = self.pick([Permission.FREE, Permission.DECIDED])
        open_shifts = self.pick(OpenShifts.values)
        for clinic, template in zip(self.world.clinics, self.world.templates, strict=True):
            factories.policy(clinic=clinic, give=how, swap=how, drop=how, open_shifts=open_shifts)
            by = self.manager_of(clinic)
            self.draft(partial(apply_template, template, MONDAYS[0], by=by, at=self.at, reason="So."))
            self._publish(clinic, MONDAYS[0])
        self.check()
        self.change_competency()

    def create(self) -> None:
        clinic, starts, hours = self.clinic, self.random.choice(HOURS), self.random.choice(LENGTHS)
        start, end = factories.span(clinic, self.pick(DAYS), f"{starts}-{(starts + hours) % 24}")
        skill = self.pick([self.world.skill, None])
        plan = Plan(
            clinic,
            Position.THERAPIST,
            start,
            end,
            staff=self.anybody(clinic),
            skill=skill,
            break_minutes=30 if hours > 7 else 0,
        )
        made = self.draft(
            partial(assigning.create_shift, plan, by=self.manager_of(clinic), at=self.at, reason=self.reason)
        )
        if made:
            self.done.append([moving.Done(made.pk, made.version, None)])

    def place(self) -> None:
        if shift := self.shift:
            clinic = shift.clinic
            where = {
                "day": self.pick(DAYS),
                "staff": self.anybody(clinic),
                "by": self.manager_of(clinic),
                "at": self.at,
            }
            act = self.pick([partial(moving.place_shift, version=shift.version), moving.copy_shift])
            if answer := self.draft(partial(act, shift, reason=self.reason, **where)):
                self.done.append([answer[1]])

    def resize(self) -> None:
        if shift := self.shift:
            start, end = (moment + timedelta(hours=self.random.randint(-3, 3)) for moment in (shift.start, shift.end))
            times = {"start": start, "end": end, "version": shift.version}
            by = self.manager_of(shift.clinic)
            self.draft(partial(assigning.move_shift, shift, **times, by=by, at=self.at, reason="So."))

    def assign(self) -> None:
        if shift := self.shift:
            person, by = self.somebody(shift.clinic), self.manager_of(shift.clinic)
            self.draft(
                partial(assigning.assign, shift, person, version=shift.version, by=by, at=self.at, reason=self.reason)
            )

    def change_several(self) -> None:
        found = {one.pk: one for one in (self.shift, self.shift, self.shift) if one}
        if found:
            aim = self.pick([moving.opened, moving.deleted, moving.by_days(1), moving.by_days(-1)])
            by = self.manager_of(self.pick(found.values()).clinic)
            versions = {pk: one.version for pk, one in found.items()}
            if answer := self.draft(partial(moving.change_several, versions, aim, by=by, at=self.at, reason="So.")):
                self.done.append([one for _, one in answer])

    def take_back(self) -> None:
        if self.done:
            done = self.done.pop()
            for by in self.world.managers:
                self.draft(partial(undo, done, by=by, at=self.at))

    def copy_a_week(self) -> None:
        (source, target), clinic = self.random.sample(MONDAYS, 2), self.clinic
        self.draft(partial(copy_week, clinic, source, target, by=self.manager_of(clinic), at=self.at, reason="So."))

    def apply_the_template(self) -> None:
        template = self.pick(self.world.templates)
        by = self.manager_of(template.clinic)
        self.draft(partial(apply_template, template, self.pick(MONDAYS), by=by, at=self.at))

    def publish(self) -> None:
        monday = self.pick(MONDAYS)
        for clinic in self.random.sample(self.world.clinics, self.random.choice([1, 2])):
            self._publish(clinic, monday)

    def _publish(self, clinic: Clinic, monday: date) -> None:
        week = RosterWeek.objects.filter(clinic=clinic, monday=monday).select_related("clinic").first()
        if week is not None:
            by = self.manager_of(clinic)
            if self.attempt(partial(publishing.publish, week, version=week.version, by=by, at=self.at, reason="So.")):
                assert details(PublishedShift.objects.standing().filter(week=week), "shift_id") == details(
                    Shift.objects.planned().filter(week=week), "pk"
                )

    def tell_now(self) -> None:
        if shift := self.shift:
            others = seen(without=[shift.pk])
            by = self.manager_of(shift.clinic)
            self.attempt(partial(publishing.tell_now, shift, version=shift.version, by=by, at=self.at, reason="So."))
            assert seen(without=[shift.pk]) == others

    def claim(self) -> None:
        if shift := self.published(staff=None):
            person = self.somebody(shift.clinic)
            self.attempt(partial(claiming.claim, shift, sequence=shift.sequence, by=person, at=self.at))

    def answer_a_claim(self) -> None:
        made = self.pick(Claim.objects.waiting().select_related("shift__clinic", "person").order_by("pk"))
        if made:
            how = partial(claiming.grant, reason="So."), partial(claiming.decline, answer="No.")
            self.attempt(partial(self.pick(how), made, by=self.manager_of(made.shift.clinic), at=self.at))

    def offer(self) -> None:
        if shift := self.published(staff__isnull=False):
            kind, to, swap = self.pick(OfferKind), None, None
            if kind == OfferKind.SWAP and (swap := self.published(staff__isnull=False)):
                to = swap.staff
            elif kind == OfferKind.GIVE:
                to = self.anybody(shift.clinic)
            wanted = Wanted(OfferKind(kind), shift, to=to, in_return=swap)
            self.attempt(partial(offering.offer, wanted, by=shift.staff, at=self.at))

    def answer_an_offer(self) -> None:
        if made := self.pick(Offer.objects.live().select_related("to", "by", "shift__clinic").order_by("pk")):
            act = self.pick([offering.take] * 4 + [offering.decline, offering.withdraw])
            person = made.by if act is offering.withdraw else made.to or self.somebody(made.shift.clinic)
            self.attempt(partial(act, made, version=made.version, by=person, at=self.at))

    def decide_an_offer(self) -> None:
        if made := self.pick(Offer.objects.filter(state=OfferState.TAKEN).order_by("pk")):
            how = partial(offering.agree, reason="So."), partial(offering.refuse, answer="No.")
            act = self.random.choices(how, [3, 1])[0]
            for by in self.world.managers:
                made.refresh_from_db()
                self.attempt(partial(act, made, version=made.version, by=by, at=self.at))

    def ask_off(self) -> None:
        first, days = self.pick(DAYS), self.random.randint(0, 2)
        whole = DaysWanted(first, first + timedelta(days=days))
        wanted = self.pick([whole, DaysWanted(first, first, starts=time(8), ends=time(11))])
        self.draft(partial(ask_for_time_off, wanted, by=self.pick(self.world.staff), at=self.at))

    def answer_time_off(self) -> None:
        asked = self.pick(TimeOff.objects.alive().select_related("person").order_by("pk"))
        if asked is None:
            return
        if self.random.random() < 0.2:
            self.draft(partial(withdraw_time_off, asked, version=asked.version, by=asked.person, at=self.at))
            return
        opened = {shift.pk: shift.version for shift in shifts_hit(asked)}
        how = partial(approve_time_off, opened=opened, answer="Yes."), partial(decline_time_off, answer="No.")
        act = self.random.choices(how, [4, 1])[0]
        for by in self.world.managers:
            self.attempt(partial(act, asked, version=asked.version, by=by, at=self.at))

    def change_competency(self) -> None:
        person, lead = self.pick(self.world.staff), self.world.lead
        held = Competency.objects.filter(user=person, ended_at=None).first()
        if held:
            self.draft(partial(end_competency, held, by=lead, at=self.at, reason="Skills check."))
        else:
            end = self.at + timedelta(days=300)
            self.draft(partial(grant_competency, person, self.world.skill, start=self.at, end=end, by=lead, at=self.at))

    def let_time_pass(self) -> None:
        """Some hours, and what the tick does by itself."""
        self.at += timedelta(hours=self.random.randint(0, 20))
        for settle in (offering.settle, claiming.settle, lost_clearance.look_through_all, lost_clearance.settle):
            self.draft(partial(settle, self.at))

    # --- What always holds --------------------------------------------------------------------------------------------

    def check(self) -> None:
        for rows in (Shift.objects.planned(), PublishedShift.objects.standing()):
            nobody_is_in_two_places(rows.filter(staff__isnull=False).values_list("staff", "clinic", "period"))
        self.check_clearances()
        for one in TimeOff.objects.filter(state=TimeOffState.APPROVED):
            assert not Shift.objects.planned().filter(staff=one.person_id, period__overlap=one.period).exists()
        assert seen_in_words() == replayed()

    def check_clearances(self) -> None:
        """Nobody was given, just now, what they are not cleared for."""
        held = Shift.objects.planned().filter(staff__isnull=False, skill__isnull=False)
        now = {one.pk: (one.staff_id, one.skill_id, one.period) for one in held}
        fresh = held.filter(pk__in=[pk for pk, row in now.items() if self.given.get(pk) != row])
        for shift in fresh.select_related("staff", "skill", "clinic"):
            assert shift.staff is not None
            assert shift.skill is not None
            assert clearance(shift.staff, shift.skill, shift.day), f"{shift.staff} on {shift.day}"
        self.given = now

    def check_calendars_and_hours(self) -> None:
        """A calendar holds exactly the person's published shifts, all else in it is cancelled; the report their minutes."""
        expected: Counter[int] = Counter()
        for person in self.world.staff:
            own = {str(pk): (start, end) for pk, (who, start, end, *_) in replayed().items() if who == person.name}
            events = Calendar.from_ical(calendar_of(person, self.at.date()).body).walk("VEVENT")
            held = {
                str(event["UID"]).partition("@")[0]: (event.decoded("DTSTART"), event.decoded("DTEND"))
                for event in events
                if event["STATUS"] == "CONFIRMED"
            }
            assert held == own
            for shift in PublishedShift.objects.standing().filter(staff=person):
                elapsed = shift.end.astimezone(UTC) - shift.start.astimezone(UTC)
                expected[person.pk] += int(elapsed.total_seconds()) // 60 - shift.break_minutes
        report = hours_report(self.world.clinics, MONDAYS[0] - timedelta(days=7), MONDAYS[1] + timedelta(days=7))
        assert {one.person.pk: one.minutes for one in report.people} == +expected


def nobody_is_in_two_places(held: Iterable[tuple[int, int, Any]]) -> None:
    """At no time, and with the way between the clinics."""
    for (one, here, first), (other, there, second) in combinations(held, 2):
        if one == other:
            margin = TRAVEL if here != there else timedelta()
            assert first.upper + margin <= second.lower or second.upper + margin <= first.lower


def seen(without: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
    """What staff see, as it is stored."""
    return list(PublishedShift.objects.standing().exclude(shift__in=without).order_by("pk").values_list(*SEEN))


def details(rows: Any, key: str) -> dict[Any, tuple[Any, ...]]:
    return {row[0]: row[1:] for row in rows.values_list(key, *SEEN[1:-1])}


def seen_in_words() -> dict[Any, tuple[Any, ...]]:
    shown = PublishedShift.objects.standing().select_related("staff", "skill")
    return {
        one.shift_id: (str(one.staff or ""), one.start, one.end, one.position, one.break_minutes, str(one.skill or ""))
        for one in shown
    }


def replayed() -> dict[Any, tuple[Any, ...]]:
    """What staff see by the log of all publications, one after the other."""
    state: dict[Any, tuple[Any, ...]] = {}
    for change in PublicationChange.objects.order_by("pk"):
        if (after := change.after) is None:
            del state[change.shift_id]
            continue
        start, end = datetime.fromisoformat(after["start"]), datetime.fromisoformat(after["end"])
        state[change.shift_id] = (after["staff"], start, end, after["position"], after["break_minutes"], after["skill"])
    return state


@pytest.fixture
def world(
    mt_prospect,
    oakbrook,
    therapist,
    floater,
    therapist_oakbrook,
    manager,
    manager_oakbrook,
    clinical_lead,
    needling,
    sign_off,
) -> World:
    for person in (therapist, floater):
        sign_off(person)
    teams = {mt_prospect: [therapist, floater], oakbrook: [therapist_oakbrook, floater]}
    return World(teams, [manager, manager_oakbrook], needling, clinical_lead)


class Undone(Exception):
    """Takes a sequence back."""


@settings(max_examples=EXAMPLES, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_whatever_happens_to_the_roster(world, seed):
    note(f"Roster(world, {seed}).run()")
    with suppress(Undone), transaction.atomic():
        Roster(world, seed).run()
        raise Undone
