"""What somebody who answers for clinics has to see first: gaps, acknowledgements, credentials. Reads, decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from accounts.credentials import State, ending, last_day, state_on
from accounts.models import Clinic, Credential, User
from accounts.roles import Capability
from intranet.core.time import local_day
from protocols.models import ProtocolVersion
from protocols.reporting import Report, report
from scheduling.coverage import Gap
from scheduling.roster import coverage_gaps, shifts_at_risk, unpublished_changes

DAYS_AHEAD = 14
SHOWN = 6


@dataclass
class Progress:
    """How far the people of each clinic have come with one version."""

    version: ProtocolVersion
    due_on: date
    late: bool = False
    by_clinic: list[tuple[Clinic, int, int]] = field(default_factory=list)  # clinic, done, asked


@dataclass(frozen=True)
class Ending:
    """A credential that has ended or ends soon, with the days that are left (negative: since when)."""

    credential: Credential
    state: State
    days: int

    @property
    def words(self) -> str:
        return "Ended" if self.days < 0 else "Today" if self.days == 0 else f"{self.days} days"


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

    @cached_property
    def unpublished(self) -> int:
        return sum(unpublished_changes(clinic, self.at) for clinic in self.rostered)

    @cached_property
    def at_risk(self) -> Sequence[object]:
        return shifts_at_risk(self.rostered, self.today, DAYS_AHEAD, self.at) if self.rostered else []

    @cached_property
    def report(self) -> Report:
        return report(self.at, clinics=self.reported)

    @cached_property
    def waiting_people(self) -> int:
        return sum(not row.complete for row in self.report.rows)

    @cached_property
    def progress(self) -> list[Progress]:
        """The versions that somebody has still to acknowledge, the first due first."""
        lines = [self._progress(number, version) for number, version in enumerate(self.report.versions)]
        open_lines = [line for line in lines if any(done < asked for _, done, asked in line.by_clinic)]
        return sorted(open_lines, key=lambda line: line.due_on)

    def _progress(self, number: int, version: ProtocolVersion) -> Progress:
        asked = [(row.clinics, cell) for row in self.report.rows if (cell := row.cells[number])]
        waiting = [cell for _, cell in asked if not cell.done]
        line = Progress(
            version,
            due_on=min((cell.due_on for cell in waiting or [cell for _, cell in asked]), default=self.today),
            late=any(cell.late for cell in waiting),
        )
        for clinic in self.reported:
            here = [cell for clinics, cell in asked if clinic in clinics]
            if here:
                line.by_clinic.append((clinic, sum(cell.done for cell in here), len(here)))
        return line

    @cached_property
    def endings(self) -> list[Ending]:
        """Credentials of others that have ended or end within 60 days and are not renewed."""
        if not self.credentialed:
            return []
        found = ending(Credential.objects.visible_to(self.user).exclude(user=self.user), self.today)
        return [
            Ending(credential, state_on(credential, self.today), (last - self.today).days)
            for credential in found
            if (last := last_day(credential)) is not None
        ]
