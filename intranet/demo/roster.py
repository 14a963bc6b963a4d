"""The demo's roster: four weeks around today at both clinics, planned and published by the managers through the actions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from django.db.backends.postgresql.psycopg_any import DateRange

from accounts.competencies import end_competency
from accounts.filing import file_credential, verify_credential, withdraw
from accounts.models import Clinic, Competency, Credential, Skill, User
from intranet.core.time import at_local, monday_of
from intranet.demo.documents import certificate
from intranet.demo.roster_setup import load_setup
from scheduling import assigning, publishing
from scheduling.coverage import Cover
from scheduling.eligibility import may_work
from scheduling.models import PublishedShift, RosterWeek
from scheduling.needs import WeeklyNeed, set_coverage_needs
from scheduling.opening import set_opening_hours
from scheduling.plans import Plan
from scheduling.positions import Position
from scheduling.seen import newest, note_seen, told
from scheduling.special_days import note_on_day
from scheduling.times import shift_span

EARLY, LATE, MIDDLE = (time(7), time(15, 30)), (time(10, 30), time(19)), (time(9), time(17, 30))
DESK, HALF, SHORT = (time(8), time(16, 30)), (time(9), time(13)), (time(9), time(15))
EVENING, SATURDAY = (time(15), time(19)), (time(7), time(12))
NECK, BACK, BALANCE = "dry-needling-cervical", "dry-needling-lumbar", "vestibular"
TH, AS, AI, FD = Position.THERAPIST, Position.ASSISTANT, Position.AIDE, Position.FRONT_DESK
MON, TUE, WED, THU, FRI, SAT = range(6)
WEEKDAYS = range(5)
BREAK_FROM = timedelta(hours=6)  # shifts of this length or more have half an hour unpaid

Times = tuple[time, time]


@dataclass(frozen=True)
class Slot:
    """A shift of the usual week. `who` empty: nobody has it."""

    who: str
    weekday: int
    at: str
    times: Times
    position: Position
    skill: str = ""
    note: str = ""


def _usual_week() -> Iterator[Slot]:
    """The same week again and again, as in most clinics."""
    yield from _days(
        "avery", "M", TH, {MON: EARLY, TUE: LATE, WED: EARLY, THU: LATE, FRI: EARLY}, {THU: NECK, MON: NECK}
    )
    yield from _days("marcus", "M", TH, {MON: LATE, TUE: EARLY, WED: LATE, THU: EARLY, FRI: LATE}, {TUE: BALANCE})
    yield from _days("noor", "M", TH, {MON: EARLY, TUE: LATE, WED: LATE, FRI: EARLY, SAT: SATURDAY}, {TUE: NECK})
    yield from _days("ivo", "M", TH, {MON: LATE, TUE: EARLY, WED: EARLY, THU: LATE, FRI: LATE})
    yield from _days("theo", "M", TH, {MON: MIDDLE, WED: MIDDLE, FRI: MIDDLE})
    yield from _days("theo", "O", TH, {TUE: MIDDLE, THU: EARLY}, {TUE: BACK, THU: BACK})
    yield from _days("ines", "M", TH, {THU: HALF})
    yield from _days("ines", "O", TH, {MON: SHORT})
    yield from _days(
        "priya", "O", TH, {MON: EARLY, TUE: EARLY, WED: LATE, THU: EARLY, FRI: EARLY}, {MON: NECK, WED: NECK}
    )
    yield from _days("lena", "O", TH, {MON: LATE, TUE: LATE, WED: EARLY, THU: LATE, FRI: MIDDLE})
    yield from _days("owen", "O", TH, {MON: EARLY, TUE: LATE, THU: EARLY, FRI: LATE}, {THU: BALANCE})
    yield from _days("hana", "O", TH, {MON: LATE, WED: LATE, THU: LATE, FRI: EARLY}, {WED: BALANCE})
    yield from _days("sam", "O", TH, {TUE: EARLY, FRI: LATE}, {TUE: NECK})
    yield from _days("bea", "M", AS, dict.fromkeys(WEEKDAYS, DESK))
    yield from _days("jun", "M", AS, {MON: EVENING, TUE: EVENING, WED: EVENING, THU: EVENING})
    yield from _days("kofi", "O", AS, {MON: DESK, TUE: LATE, WED: DESK, THU: LATE, FRI: DESK})
    yield from _days("uma", "O", AS, {MON: LATE, TUE: DESK, WED: LATE, THU: DESK})
    yield from _days("mia", "O", AI, {TUE: SHORT, THU: SHORT})
    yield from _days("mia", "M", AI, {SAT: SATURDAY})
    yield from _days("kit", "M", AI, {MON: SHORT, WED: SHORT, FRI: SHORT})
    yield from _days("carla", "M", FD, dict.fromkeys(WEEKDAYS, DESK))
    yield from _days("ravi", "M", FD, {MON: LATE, TUE: LATE, WED: LATE, THU: LATE})
    yield from _days("elle", "O", FD, dict.fromkeys(WEEKDAYS, DESK))
    yield from _days("fay", "O", FD, {MON: LATE, TUE: LATE, WED: LATE, THU: LATE})
    yield Slot("", WED, "O", EARLY, TH, NECK)
    yield Slot("", FRI, "O", LATE, FD)
    yield Slot("", SAT, "M", SATURDAY, FD)


def _days(
    who: str, at: str, position: Position, times: dict[int, Times], skills: dict[int, str] | None = None
) -> Iterator[Slot]:
    for weekday, hours in times.items():
        yield Slot(who, weekday, at, hours, position, (skills or {}).get(weekday, ""))


# Drafts on top of what staff see: where the demo starts, next week is being changed.
LATER = [
    Slot("", THU, "M", (time(13), time(17, 30)), TH),
    Slot("ivo", SAT, "M", SATURDAY, TH, note="Covers the Saturday walk-ins"),
]


@dataclass(frozen=True)
class Roster:
    """What the loader needs at every step."""

    clinics: dict[str, Clinic]
    people: dict[str, User]
    managers: dict[str, User]
    skills: dict[str, Skill]
    today: date

    def moment(self, day: date) -> datetime:
        """The first minute of a day, never one that is still to come."""
        return at_local(min(day, self.today), time.min, self.clinics["M"].zone)

    def plan(self, slot: Slot, monday: date) -> Plan:
        clinic = self.clinics[slot.at]
        start, end = shift_span(monday + timedelta(days=slot.weekday), *slot.times, clinic.zone)
        return Plan(
            clinic=clinic,
            position=slot.position,
            start=start,
            end=end,
            staff=self.people[slot.who] if slot.who else None,
            skill=self.skills[slot.skill] if slot.skill else None,
            break_minutes=30 if end - start >= BREAK_FROM else 0,
            note=slot.note,
        )


def load_roster(
    *,
    clinics: dict[str, Clinic],
    people: dict[str, User],
    managers: dict[str, User],
    skills: dict[str, Skill],
    today: date,
) -> None:
    """Last week and this one published, the next one published and changed since, the one after partly a draft."""
    roster = Roster(clinics, people, managers, skills, today)
    _say_what_is_needed(roster)
    load_setup(clinics, people, managers, skills, list(_usual_week()), monday_of(today))
    this_monday = monday_of(today)
    last, this, following, final = (this_monday + timedelta(days=days) for days in (-7, 0, 7, 14))
    for monday in (last, this):
        _plan_week(roster, monday, list(_usual_week()))
        _publish(roster, monday, "MO")
    usual = list(_usual_week())
    _plan_week(roster, following, [slot for slot in usual if slot.weekday < FRI])
    _publish(roster, following, "MO")
    _plan_week(roster, following, [slot for slot in usual if slot.weekday >= FRI] + LATER)
    _change_what_staff_see(roster, following)
    _note(roster, "M", following + timedelta(days=TUE), "Fire drill at 12:30")
    _plan_week(roster, final, usual)
    _publish(roster, final, "O")
    _lose_clearance(roster)
    _end_a_policy_early(roster)
    _see_what_was_published(roster, following)


def _say_what_is_needed(roster: Roster) -> None:
    hours = dict.fromkeys(WEEKDAYS, (time(7), time(19)))
    set_opening_hours(roster.clinics["M"], hours | {SAT: (time(7), time(12))}, by=roster.managers["M"])
    set_opening_hours(roster.clinics["O"], hours, by=roster.managers["O"])
    needling = Cover(skill=roster.skills[NECK])
    both = [
        WeeklyNeed(WEEKDAYS, time(7), time(19), 1, Cover(TH)),
        WeeklyNeed(WEEKDAYS, time(10, 30), time(15, 30), 1, Cover(TH)),
        WeeklyNeed(WEEKDAYS, time(9), time(16, 30), 1, Cover(AS)),
        WeeklyNeed(WEEKDAYS, time(8), time(19), 1, Cover(FD)),
    ]
    prospect = [
        WeeklyNeed(WEEKDAYS, time(9), time(17, 30), 1, Cover(TH)),
        WeeklyNeed([SAT], time(7), time(12), 1, Cover(TH)),
        WeeklyNeed([SAT], time(7), time(12), 1, Cover(FD)),
        WeeklyNeed([TUE, THU], time(11), time(18), 1, needling),
    ]
    oakbrook = [WeeklyNeed([MON, WED], time(9), time(15), 1, needling)]
    set_coverage_needs(roster.clinics["M"], both + prospect, by=roster.managers["M"])
    set_coverage_needs(roster.clinics["O"], both + oakbrook, by=roster.managers["O"])


def _plan_week(roster: Roster, monday: date, slots: Iterable[Slot]) -> None:
    at = roster.moment(monday - timedelta(days=10))
    for slot in slots:
        plan = _as_allowed(roster.plan(slot, monday), at)
        assigning.create_shift(plan, by=roster.managers[slot.at], at=at, reason="As agreed with the team.")


def _as_allowed(plan: Plan, at: datetime) -> Plan:
    """Whoever is not cleared treats without the procedure; whose licence or card has ended by then has no shift."""
    if plan.staff is None or may_work(plan, plan.staff, at):
        return plan
    without = replace(plan, skill=None)
    return without if may_work(without, plan.staff, at) else replace(plan, staff=None)


def _publish(roster: Roster, monday: date, letters: str) -> None:
    at = roster.moment(monday - timedelta(days=7))
    for letter in letters:
        week = RosterWeek.objects.select_related("clinic").get(clinic=roster.clinics[letter], monday=monday)
        known = "The gaps are known; open shifts are on offer."
        publishing.publish(week, version=week.version, by=roster.managers[letter], at=at, reason=known)


def _change_what_staff_see(roster: Roster, monday: date) -> None:
    """One shift at another time, one opened, one deleted: what the next publication will tell."""
    at = roster.moment(roster.today)
    tuesday = monday + timedelta(days=TUE)
    jun, ravi, kofi = (_published(roster, who, tuesday) for who in ("jun", "ravi", "kofi"))
    start, end = shift_span(tuesday, time(14), time(18), roster.clinics["M"].zone)
    assigning.move_shift(
        jun.shift, start=start, end=end, version=1, by=roster.managers["M"], at=at, reason="She asked for it."
    )
    assigning.make_open(ravi.shift, version=1, by=roster.managers["M"], at=at)
    assigning.delete_shift(kofi.shift, version=1, by=roster.managers["O"], at=at)


def _note(roster: Roster, letter: str, day: date, text: str) -> None:
    at = roster.moment(roster.today)
    note_on_day(roster.clinics[letter], day, text, seen="", by=roster.managers[letter], at=at)


def _published(roster: Roster, who: str, day: date) -> PublishedShift:
    own = PublishedShift.objects.standing().of(roster.people[who]).select_related("shift", "clinic")
    return next(shift for shift in own if shift.day == day)


def _lose_clearance(roster: Roster) -> None:
    """Competencies are taken back while shifts that need them are published: those need attention now."""
    reason = "Skills check postponed; it will be granted again afterwards."
    for who, skill in (("theo", BACK), ("marcus", BALANCE)):
        held = Competency.objects.get(user=roster.people[who], skill=roster.skills[skill])
        end_competency(held, by=roster.people["ines"], at=roster.moment(roster.today), reason=reason)


def _end_a_policy_early(roster: Roster) -> None:
    """An insurer ends a policy in nine days, after the shifts beyond it were published: they depend on a renewal."""
    at, lead, owen = roster.moment(roster.today), roster.people["ines"], roster.people["owen"]
    held = Credential.objects.verified().select_related("type").get(user=owen, type__code="liability-insurance")
    withdraw(held, reason="The insurer ends the policy early; see the new confirmation.", by=lead, at=at)
    until = DateRange(held.valid.lower, roster.today + timedelta(days=10))
    paper = certificate(owen, held.type, until)
    shorter = file_credential(user=owen, type=held.type, valid=until, by=owen, at=at, paper=paper)
    verify_credential(shorter, by=lead, at=at)


def _see_what_was_published(roster: Roster, following: date) -> None:
    """Everybody has seen what was published days ago, but for two who have not looked at next week: who is reminded."""
    at = roster.moment(roster.today)
    for who, person in roster.people.items():
        notices = told(person).filter(publication__at__lt=at - timedelta(days=1))
        if who in ("jun", "kofi"):
            notices = notices.filter(publication__week__monday__lt=following)
        note_seen(person, up_to=newest(list(notices)), at=at)
