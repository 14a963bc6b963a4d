"""The week board: whose shifts, at which clinics, in which state, and what needs attention - put together in a few queries.

A manager sees the working copy of the own clinics and what is published of the others; everybody else sees what is
published. The number of queries does not depend on the number of people or shifts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cached_property
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateRange

from accounts.models import Clinic, Membership, Skill, User
from accounts.roles import Capability
from intranet.core.access import YES, Verdict
from intranet.core.time import local_day
from intranet.core.wording import name_list
from scheduling.away import away
from scheduling.coverage import Cover, Demand, by_day
from scheduling.eligibility import attention
from scheduling.fitting import Place, fits
from scheduling.marks import marks_of, skill_icon
from scheduling.models import (
    DayNote,
    PublishedShift,
    RosterWeek,
    RuleCode,
    RuleLevel,
    Shift,
    ShiftDetails,
    SpecialDay,
    week_span,
)
from scheduling.pending import change_kind, pending_by_week
from scheduling.plans import Plan
from scheduling.positions import GROUPS, WORKING_ROLES, Position
from scheduling.rows import (
    OTHERS,
    PROBLEMS,
    UNDER,
    Away,
    Cell,
    Chip,
    CoverageRow,
    DayHead,
    Fit,
    Look,
    Row,
    RowGroup,
    SkillMark,
    Unpublished,
)
from scheduling.rules import Rules, rules_by_clinic
from scheduling.times import Span, minutes_within
from scheduling.unpublished import NotPublished, not_published


class Board:
    """One week as one person may see it. Attributes load what they need, once."""

    def __init__(self, user: User, look: Look, at: datetime) -> None:
        self.user, self.look, self.at = user, look, at
        self.all_clinics = list(Clinic.objects.visible_to(user))
        self.clinics = [look.clinic] if look.clinic else self.all_clinics
        scope = user.standing.scope(Capability.EDIT_ROSTER)
        self.own_clinics = [clinic for clinic in self.all_clinics if clinic.pk in scope]
        self.editable = [clinic for clinic in self.clinics if clinic in self.own_clinics]
        self.plans = bool(self.own_clinics)
        self.today = local_day(at, self.clinics[0].zone) if self.clinics else at.date()

    @property
    def previous_monday(self) -> date:
        return self.look.monday - timedelta(days=7)

    @property
    def next_monday(self) -> date:
        return self.look.monday + timedelta(days=7)

    @property
    def is_this_week(self) -> bool:
        return self.look.monday <= self.today < self.next_monday

    @property
    def first_open_day(self) -> date:
        """Where a new shift starts from when no day was clicked."""
        return self.today if self.is_this_week else self.look.monday

    @property
    def columns(self) -> int:
        return len(self.days) + (2 if self.plans else 1)

    @property
    def zone_words(self) -> str:
        """`America/Chicago`, or several where the clinics differ."""
        return name_list(sorted({clinic.time_zone for clinic in self.clinics}))

    # --- What there is --------------------------------------------------------------------------------------------

    @cached_property
    def span(self) -> Span:
        """The week in the zones of all clinics: it may begin earlier in one than in the other."""
        spans = [week_span(self.look.monday, clinic) for clinic in self.all_clinics]
        return min(start for start, _ in spans), max(end for _, end in spans)

    @cached_property
    def is_past(self) -> bool:
        return self.span[1] <= self.at

    @property
    def may_change(self) -> bool:
        """Whether the person plans something of what is shown."""
        return bool(self.editable) and not self.is_past

    @property
    def shifts_to_change(self) -> list[Shift]:
        """Those that can be selected."""
        return [shift for shift in self.shown if isinstance(shift, Shift)] if self.may_change else []

    @cached_property
    def published(self) -> dict[UUID, PublishedShift]:
        """What staff see, at every clinic, by the shift's id."""
        seen = PublishedShift.objects.visible_to(self.user).standing().within(*self.span)
        return {one.shift_id: one for one in seen.select_related("clinic", "staff", "skill").order_by("period", "pk")}

    @cached_property
    def drafts(self) -> list[Shift]:
        """The working copies of the own clinics."""
        own = Shift.objects.visible_to(self.user).planned().filter(period__overlap=self.span)
        return list(own.select_related("clinic", "staff", "skill").order_by("period", "pk"))

    @cached_property
    def shifts(self) -> list[Shift | PublishedShift]:
        """One copy of each shift: the working copy where the person plans, the published one elsewhere."""
        own = {clinic.pk for clinic in self.own_clinics}
        return [*self.drafts, *(one for one in self.published.values() if one.clinic_id not in own)]

    @cached_property
    def shown(self) -> list[Shift | PublishedShift]:
        """The shifts of the clinics looked at."""
        ids = {clinic.pk for clinic in self.clinics}
        return [shift for shift in self.shifts if shift.clinic_id in ids]

    @cached_property
    def shown_by_day(self) -> dict[tuple[int, date], list[ShiftDetails]]:
        return by_day(self.shown)

    @cached_property
    def days(self) -> list[date]:
        """Monday to Saturday, and Sunday where a clinic is open or somebody works then."""
        days = [self.look.monday + timedelta(days=number) for number in range(7)]
        on_sunday = any(shift.day == days[6] for shift in self.shown)
        open_on_sunday = any(self.demand.is_open(clinic, days[6]) for clinic in self.clinics)
        return days if on_sunday or open_on_sunday else days[:6]

    @cached_property
    def heads(self) -> list[DayHead]:
        """What stands above the days."""
        working: dict[date, set[int]] = defaultdict(set)
        for shift in self.shown:
            if shift.staff_id:
                working[shift.day].add(shift.staff_id)
        notes: dict[date, list[DayNote]] = defaultdict(list)
        for note in DayNote.objects.filter(clinic__in=self.clinics, day__in=self.days).select_related("clinic"):
            notes[note.day].append(note)
        return [DayHead(day, len(working[day]), self._special_on(day), notes[day]) for day in self.days]

    def _special_on(self, day: date) -> list[SpecialDay]:
        found = (self.demand.special.get((clinic.pk, day)) for clinic in self.clinics)
        return [special for special in found if special is not None]

    # --- Who there is ---------------------------------------------------------------------------------------------

    @cached_property
    def memberships(self) -> list[Membership]:
        week = DateRange(self.look.monday, self.look.monday + timedelta(days=7))
        working = Membership.objects.filter(role__in=WORKING_ROLES, period__overlap=week, user__is_active=True)
        return list(working.select_related("user"))

    @cached_property
    def staff(self) -> list[User]:
        """Who works at the clinics in the week, and whoever has a shift there all the same."""
        ids = {clinic.pk for clinic in self.clinics}
        people = {one.user_id: one.user for one in self.memberships if one.clinic_id in ids}
        people |= {shift.staff.pk: shift.staff for shift in self.shown if shift.staff}
        return sorted(people.values(), key=lambda person: (person.name.lower(), person.pk))

    @cached_property
    def groups(self) -> list[RowGroup]:
        """The people by group, after the filters."""
        rows = [row for person in self.staff if self._is_wanted(row := self._row(person))]
        found = [
            RowGroup(group, [row for row in rows if row.person and row.person.profession in group.professions])
            for group in GROUPS
        ]
        placed = frozenset().union(*(group.professions for group in GROUPS))
        rest = [row for row in rows if row.person and row.person.profession not in placed and row.chips]
        return [group for group in [*found, RowGroup(OTHERS, rest)] if group.rows]

    @cached_property
    def rows(self) -> list[Row]:
        return [row for group in self.groups for row in group.rows]

    @cached_property
    def open_row(self) -> Row:
        row = Row(None, self._cells("open", None))
        row.minutes = sum(minutes_within(chip.shift, self.span) for chip in row.chips)
        return row

    def row_of(self, person_id: int | None) -> Row | None:
        if person_id is None:
            return self.open_row
        return next((row for row in self.rows if row.person and row.person.pk == person_id), None)

    def _is_wanted(self, row: Row) -> bool:
        if self.look.find and row.person and self.look.find.lower() not in row.person.name.lower():
            return False
        if self.look.show == PROBLEMS:
            return row.has_problem
        return row.is_under if self.look.show == UNDER else True

    def _row(self, person: User) -> Row:
        ids = {clinic.pk for clinic in self.clinics}
        own = self._by_person[person.pk]
        minutes = {shift.pk: minutes_within(shift, week_span(self.look.monday, shift.clinic)) for shift in own}
        return Row(
            person,
            self._cells(str(person.pk), person),
            minutes=sum(minutes.values()),
            elsewhere=sum(minutes[shift.pk] for shift in own if shift.clinic_id not in ids),
            marks=self._marks.get(person.pk, []),
            full_week=self._full_week(person),
        )

    def _full_week(self, person: User) -> int | None:
        """From where on the person's hours are overtime: the strictest of the clinics at which the person works."""
        places = [clinic for clinic in self.all_clinics if clinic.pk in self._workplaces[person.pk]] or self.clinics
        limits = [self._rules[clinic.pk][RuleCode.WEEK] for clinic in places]
        return min((limit.amount for limit in limits if limit.level != RuleLevel.OFF), default=None)

    @cached_property
    def _rules(self) -> dict[int, Rules]:
        return rules_by_clinic(self.all_clinics)

    def _cells(self, key: str, person: User | None) -> list[Cell]:
        place, pk = self._place_for(person), person.pk if person else None
        cells = {
            day: Cell(key, day, place=place, away=self._away.get((pk, day), []), fit=self._fits.get((pk, day)))
            for day in self.days
        }
        for shift in self._by_person[person.pk if person else None]:
            if shift.day in cells and shift.clinic in self.clinics:
                cells[shift.day].chips.append(self._chip(shift))
        return list(cells.values())

    @cached_property
    def _away(self) -> Mapping[tuple[int | None, date], list[Away]]:
        """Absences and wishes of the people whose roster the person makes; nobody else is told."""
        own = {clinic.pk for clinic in self.own_clinics}
        people = [person for person in self.staff if own & self._workplaces[person.pk]]
        return away(people, self.days, self.span, self.clinics[0].zone) if people else {}

    @cached_property
    def _fits(self) -> dict[Place, Fit]:
        """What each cell says to the shift that was picked up."""
        if (placing := self.look.placing) is None or self.is_past:
            return {}
        shift = placing.shift
        moves = None if placing.copy else shift.pk
        found = fits(Plan.of(shift), self.staff, self.days, self.at, shift_id=moves)
        here = (shift.staff_id, shift.day)
        return {place: Fit(verdict, here=place == here) for place, verdict in found.items()}

    @cached_property
    def _by_person(self) -> dict[int | None, list[Shift | PublishedShift]]:
        by_person = defaultdict(list)
        for shift in sorted(self.shifts, key=lambda one: (one.start, str(one.pk))):
            by_person[shift.staff_id].append(shift)
        return by_person

    def _place_for(self, person: User | None) -> Clinic | None:
        """At which clinic a new shift of the person would be: the first own one at which the person works."""
        if self.is_past:
            return None
        if person is None:
            return self.editable[0] if self.editable else None
        works_at = self._workplaces[person.pk]
        return next((clinic for clinic in self.editable if clinic.pk in works_at), None)

    @cached_property
    def _workplaces(self) -> dict[int, set[int | None]]:
        places = defaultdict(set)
        for membership in self.memberships:
            places[membership.user_id].add(membership.clinic_id)
        return places

    # --- What state it is in --------------------------------------------------------------------------------------

    def _chip(self, shift: Shift | PublishedShift) -> Chip:
        if isinstance(shift, PublishedShift):
            return Chip(shift, told=self.plans)
        seen = self.published.get(shift.pk)
        draft = change_kind(seen, shift) is not None
        alert = self.alerts.get(shift.pk, YES)
        changed = draft and seen is not None
        return Chip(shift, editable=not self.is_past, draft=draft, changed=changed, told=self.plans, alert=alert)

    @cached_property
    def alerts(self) -> dict[UUID, Verdict]:
        """Why the holder of a shift may not work it any more. Only for shifts that the person plans."""
        if self.is_past:
            return {}
        return attention((shift for shift in self.shown if isinstance(shift, Shift)), self.at)

    @cached_property
    def alert_count(self) -> int:
        return len(self.alerts)

    @cached_property
    def unpublished(self) -> list[Unpublished]:
        """The own weeks of the clinics looked at, with the number of changes that staff do not see."""
        if self.is_past:
            return []
        own = RosterWeek.objects.visible_to(self.user).filter(monday=self.look.monday, clinic__in=self.editable)
        weeks = list(own.select_related("clinic"))
        pending = pending_by_week(weeks)
        return [Unpublished(week, len(pending[week.pk])) for week in weeks if pending[week.pk]]

    @cached_property
    def unpublished_count(self) -> int:
        return sum(one.count for one in self.unpublished)

    # --- Procedures -----------------------------------------------------------------------------------------------

    @cached_property
    def skills(self) -> list[Skill]:
        """The procedures that matter on this board: asked for by a shift or by a need."""
        asked = {shift.skill for shift in self.shown if shift.skill}
        needed = {cover.skill for cover in self.demand.covers(self.clinics) if cover.skill}
        return sorted(asked | needed, key=lambda skill: skill.name)

    @property
    def skill_key(self) -> list[tuple[str, str]]:
        """(icon, words) for the key below the board."""
        by_icon = {skill_icon(skill): skill for skill in self.skills}
        names = {"needle": "Dry needling"}
        return [(icon, names.get(icon, skill.short_name)) for icon, skill in by_icon.items()]

    @cached_property
    def _marks(self) -> dict[int, list[SkillMark]]:
        if not self.plans:
            return {}
        on = max(self.today, self.look.monday)
        return marks_of(self.staff, self.skills, on, max(self.at, self.span[0]))

    # --- Coverage -------------------------------------------------------------------------------------------------

    @cached_property
    def demand(self) -> Demand:
        return Demand.of(self.all_clinics)

    @cached_property
    def covers(self) -> list[Cover]:
        """What coverage can be looked at: every position, and every procedure that somebody is needed for."""
        skills = [cover for cover in self.demand.covers(self.clinics) if cover.skill]
        return [*(Cover(position=position) for position in Position), *skills]

    @cached_property
    def cover(self) -> Cover:
        return next((cover for cover in self.covers if cover.key == self.look.cover), self.covers[0])

    @cached_property
    def coverage(self) -> list[CoverageRow]:
        return [self.coverage_of(clinic) for clinic in self.clinics]

    @cached_property
    def not_published(self) -> list[NotPublished]:
        """What the clinics looked at have not published yet, as far as the person sees only what is published."""
        others = [clinic for clinic in self.clinics if clinic not in self.own_clinics]
        return not_published(others, self.look.monday, self.today, self.demand)

    def coverage_of(self, clinic: Clinic) -> CoverageRow:
        unknown = {day for one in self.not_published if one.clinic == clinic for day in one.days}
        days = [self.demand.coverage(clinic, day, self.cover, self.shown_by_day[clinic.pk, day]) for day in self.days]
        days = [replace(day, slots=(), unknown=True) if day.day in unknown and not day.closed else day for day in days]
        return CoverageRow(clinic, self.cover, days, self.demand.hours(clinic))


def short_days(coverage: Iterable[CoverageRow]) -> Counter[date]:
    """How many clinics are short on each day."""
    return Counter(day.day for row in coverage for day in row.days if day.gaps)
