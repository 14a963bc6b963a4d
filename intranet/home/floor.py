"""What somebody who answers for clinics has to see first: gaps, acknowledgements, credentials. Reads, decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import cast

from django.urls import reverse

from accounts.models import Clinic, User
from accounts.roles import Capability
from intranet.announcements.acknowledging import answers_for
from intranet.announcements.models import Announcement
from intranet.core.time import local_day, monday_of
from intranet.home.endings import Ending, EndingGroup, endings, grouped
from intranet.home.starting import Checklist, checklists, protocols_seen_by, starters
from protocols.reporting import Report, report
from scheduling.coverage import Gap
from scheduling.decisions import waiting_count
from scheduling.models import TimeOff
from scheduling.roster import coverage_gaps, shifts_at_risk, unpublished_changes

DAYS_AHEAD = 14
STARTERS = 5
REQUESTS = 5
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Line:
    """How far the people of each clinic have come with one protocol or announcement: (clinic, done, asked)."""

    title: str
    url: str
    due_on: date
    late: bool
    by_clinic: list[tuple[Clinic, int, int]]

    @property
    def complete(self) -> bool:
        return all(done == asked for _, done, asked in self.by_clinic)


class Floor:
    """The clinics that one person answers for, at one moment. Each property is read once, when the page asks for it."""

    def __init__(self, user: User, at: datetime) -> None:
        self.user, self.at = user, at
        self.today = local_day(at, user.zone)

    @cached_property
    def rostered(self) -> list[Clinic]:
        """Clinics whose roster the person makes."""
        return list(Clinic.objects.where(self.user, Capability.EDIT_ROSTER))

    @cached_property
    def reported(self) -> list[Clinic]:
        """Clinics whose acknowledgements the person sees."""
        return list(Clinic.objects.where(self.user, Capability.REPORT_ACKNOWLEDGEMENTS))

    @cached_property
    def credentialed(self) -> bool:
        return bool(self.user.standing.scope(Capability.SEE_CREDENTIALS))

    def __bool__(self) -> bool:
        return bool(self.rostered or self.reported or self.credentialed)

    @cached_property
    def gaps(self) -> list[Gap]:
        return coverage_gaps(self.rostered, self.today, DAYS_AHEAD) if self.rostered else []

    @property
    def gaps_this_week(self) -> int:
        return sum(gap.day < monday_of(self.today) + WEEK for gap in self.gaps)

    @cached_property
    def unpublished(self) -> int:
        return sum(unpublished_changes(clinic, self.at) for clinic in self.rostered)

    @cached_property
    def at_risk(self) -> Sequence[object]:
        return shifts_at_risk(self.rostered, self.today, DAYS_AHEAD, self.at) if self.rostered else []

    @cached_property
    def time_off(self) -> list[TimeOff]:
        """The few requests for time off that wait for the person, the soonest first."""
        if not self.rostered:
            return []
        waiting = TimeOff.objects.entrusted_to(self.user).waiting(self.at)
        return list(waiting.with_zone().select_related("person").order_by("period", "pk")[:REQUESTS])

    @cached_property
    def decisions(self) -> int:
        """Swaps, hand-backs and requests for open shifts that wait for the person."""
        return waiting_count(self.user) if self.rostered else 0

    @cached_property
    def report(self) -> Report:
        return report(self.at, clinics=self.reported)

    @cached_property
    def waiting_people(self) -> int:
        return sum(not row.complete for row in self.report.rows)

    @cached_property
    def lines(self) -> list[Line]:
        """Protocols and announcements that somebody has still to acknowledge, the first due first."""
        lines = [*self._protocol_lines(), *self._announcement_lines()]
        return sorted((line for line in lines if not line.complete), key=lambda line: (line.due_on, line.title))

    def _protocol_lines(self) -> Iterator[Line]:
        for number, version in enumerate(self.report.versions):
            asked = [(row.clinics, cell) for row in self.report.rows if (cell := row.cells[number])]
            waiting = [cell for _, cell in asked if cell.waits]
            yield Line(
                title=f"{version.title}, version {version.number}",
                url=version.protocol.get_absolute_url(),
                due_on=min((cell.due_on for cell in waiting or [cell for _, cell in asked]), default=self.today),
                late=any(cell.late for cell in waiting),
                by_clinic=self._by_clinic((clinic, not cell.waits) for clinics, cell in asked for clinic in clinics),
            )

    def _announcement_lines(self) -> Iterator[Line]:
        asking = Announcement.objects.visible_to(self.user).current(self.at).filter(must_acknowledge=True)
        found = list(asking.prefetch_related("audience"))
        seen = answers_for(found, self.user, self.today)
        by_id = {clinic.pk: clinic for clinic in self.reported}
        for announcement in found:
            answers = [answer for answer in seen.get(announcement.pk, []) if answer.clinic_id in by_id]
            yield Line(
                title=announcement.title,
                url=reverse("announcements:receipts", args=[announcement.pk]),
                due_on=cast("date", announcement.due_on),  # a constraint: what must be acknowledged has its day
                late=cast("datetime", announcement.due_at) <= self.at,
                by_clinic=self._by_clinic(
                    (by_id[answer.clinic_id], answer.acknowledged_at is not None) for answer in answers
                ),
            )

    def _by_clinic(self, answers: Iterable[tuple[Clinic, bool]]) -> list[tuple[Clinic, int, int]]:
        """Of (clinic, done) for each person, the number done and asked at each clinic of which there is one."""
        counted: dict[Clinic, list[bool]] = {clinic: [] for clinic in self.reported}
        for clinic, done in answers:
            counted[clinic].append(done)
        return [(clinic, sum(done), len(done)) for clinic, done in counted.items() if done]

    @cached_property
    def starters(self) -> list[Checklist]:
        """The few who started first and still have something to do."""
        people = list(starters(self.user, self.at)[:STARTERS]) if self.credentialed else []
        return checklists(people, self.at, protocols=protocols_seen_by(self.user)) if people else []

    @cached_property
    def endings(self) -> list[Ending]:
        """Credentials and competencies of others that have ended or end within 60 days and are not renewed."""
        return endings(self.user, self.at) if self.credentialed else []

    @property
    def ended(self) -> int:
        return sum(line.days < 0 for line in self.endings)

    @cached_property
    def ending_groups(self) -> list[EndingGroup]:
        return grouped(self.endings)
