"""What became of every demand to acknowledge a version: signed, waived, waiting, or closed without a signature and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from accounts.models import Clinic, User
from intranet.core.time import first_moment, organisation_day
from intranet.core.wording import full_day
from protocols.acknowledging import duty_rows, with_terms
from protocols.models import Acknowledgement, ProtocolVersion, Readership, State, Waiver, lapse

CSV_HEADER = ("Person", "Version", "Asked since", "State", "Signed version", "Signed at", "Why not")


class Fate(StrEnum):
    """What became of one demand."""

    SIGNED = "signed"
    WAITING = "waiting"
    LATE = "late"
    WAIVED = "waived"
    CLOSED = "never signed"


TONES = {
    Fate.SIGNED: "ok",
    Fate.WAITING: "caution",
    Fate.LATE: "danger",
    Fate.WAIVED: "neutral",
    Fate.CLOSED: "neutral",
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """One person and one version. `why`: why nobody waits for the signature any more, that it is waived, or asked again."""

    person: User
    asked_at: datetime
    fate: Fate
    due_on: date | None = None
    signed: Acknowledgement | None = None
    why: str = ""

    @property
    def tone(self) -> str:
        return TONES[self.fate]


def receipts(version: ProtocolVersion, at: datetime, *, clinics: Collection[Clinic] | None) -> list[Receipt]:
    """Everybody whom the version ever asked, at these clinics (None: everywhere), by name.

    Read from what is only ever added to: publications, roles over time, acknowledgements, waivers.
    """
    asked = _ever_asked(version, at, clinics)
    given = Acknowledgement.objects.satisfying(version).filter(user__in=asked, at__lte=at).annotate(lapses_at=lapse(at))
    signed = {one.user_id: one for one in given.select_related("version").order_by("version__number", "round")}
    open_rows = duty_rows(at).filter(version=version, user__in=asked).values("user_id", "version_id")
    due: dict[int, date] = {row["user_id"]: row["due_on"] for row in with_terms(open_rows, at)}
    waived = {one.user_id: one for one in Waiver.objects.filter(version=version).holding(at).select_related("by")}
    return [
        _receipt(
            version, person, asked[person.pk], due.get(person.pk), waived.get(person.pk), signed.get(person.pk), at
        )
        for person in User.objects.filter(pk__in=asked).by_name()
    ]


def _receipt(
    version: ProtocolVersion,
    person: User,
    asked: tuple[datetime, date | None],
    due_on: date | None,
    waiver: Waiver | None,
    given: Any,  # an acknowledgement with `lapses_at`
    at: datetime,
) -> Receipt:
    since, until = asked
    ended = given is not None and given.lapses_at is not None and given.lapses_at <= at
    if given and (due_on is None or not ended):
        return Receipt(person, since, Fate.SIGNED, signed=given)
    if due_on is None:
        return Receipt(person, since, Fate.CLOSED, why=_why(version, person, until, at))
    if waiver:
        return Receipt(person, since, Fate.WAIVED, due_on, signed=given, why=waiver.reason)
    fate = Fate.LATE if due_on < organisation_day(at) else Fate.WAITING
    return Receipt(person, since, fate, due_on, signed=given, why="To be acknowledged again." if given else "")


def csv_lines(version: ProtocolVersion, found: list[Receipt]) -> Iterator[list[Any]]:
    """A line per person, in the columns of CSV_HEADER."""
    for one in found:
        given = one.signed
        yield [
            *(one.person.name, version.number, one.asked_at.isoformat(timespec="seconds"), str(one.fate)),
            *((given.version.number, given.at.isoformat(timespec="seconds")) if given else ("", "")),
            one.why,
        ]


def _ever_asked(
    version: ProtocolVersion, at: datetime, clinics: Collection[Clinic] | None
) -> dict[int, tuple[datetime, date | None]]:
    """{person: since when, and the first day on which their role no longer asked} while the version was current."""
    rows = Readership.objects.duties().filter(version=version)
    if clinics is not None:
        rows = rows.filter(clinic__in=clinics)
    published = version.published_at or at
    end = _end(version) or at
    found: dict[int, tuple[datetime, date | None]] = {}
    for row in rows.values("user_id", "period", "membership__ended_at"):
        first, until = row["period"].lower, row["period"].upper
        if row["membership__ended_at"] is not None:
            cut = organisation_day(row["membership__ended_at"])
            until = min(until, cut) if until else cut
        begins = max(published, first_moment(first))
        if begins >= end or begins > at or (until is not None and first_moment(until) <= begins):
            continue
        since, last = found.get(row["user_id"], (begins, date.min))
        later = None if until is None or last is None else max(until, last)
        found[row["user_id"]] = min(since, begins), later
    return found


def _end(version: ProtocolVersion) -> datetime | None:
    """When the version stopped asking: replaced or withdrawn."""
    if version.state == State.WITHDRAWN:
        return version.withdrawn_at
    return version.in_force.upper


def _why(version: ProtocolVersion, person: User, until: date | None, at: datetime) -> str:
    end = _end(version)
    if until is not None and first_moment(until) <= min(end or at, at):
        return f"The role that asked for it ended on {full_day(until - timedelta(days=1))}."
    if not person.is_active:
        return "No longer works here."
    if version.state == State.WITHDRAWN:
        return f"Withdrawn: {version.withdrawal_reason}"
    return "Replaced by a newer version." if end and end <= at else "Not asked any more."
