"""What was in force at a clinic on a day, who had signed it, and who was on shift: one question, one page.

Every figure comes from rows that are only ever added to: versions are frozen once published, acknowledgements are
written once, and who worked is read from the publications of the roster. The same question about a day that is over
has the same answer whenever it is asked, and its fingerprint says so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

from accounts.models import Clinic, User
from intranet.core.time import day_span
from protocols.acknowledging import duties_then
from protocols.models import Acknowledgement, Protocol, ProtocolVersion, Suspension, Waiver, lapse
from scheduling.worked import OnShift, on_shift

CSV_HEADER = ("Part", "Person", "Version", "Since", "Until", "State", "Signed at (UTC)", "Text", "Shift", "Procedure")


@dataclass(frozen=True, slots=True)
class Signature:
    """The last acknowledgement that somebody gave, and when it ended, where the protocol is signed again and again."""

    given: Acknowledgement
    ends: datetime | None

    def holds(self, at: datetime) -> bool:
        return self.given.at <= at and (self.ends is None or self.ends > at)


@dataclass(frozen=True, slots=True)
class Signer:
    """Somebody who had to sign the version, or did: until when, the last signature, and the waiver that held."""

    person: User
    due_on: date | None
    signature: Signature | None
    waiver: Waiver | None
    at: datetime
    on: date

    @property
    def signed(self) -> bool:
        return self.signature is not None and self.signature.holds(self.at)

    @property
    def late(self) -> bool:
        return not self.signed and self.waiver is None and self.due_on is not None and self.due_on < self.on

    @property
    def words(self) -> str:
        if self.signed:
            return "signed"
        if self.waiver:
            return "waived"
        if self.signature:
            return "ended, not signed again"
        return "late" if self.late else "not signed yet"


@dataclass(frozen=True, slots=True)
class Worker:
    """A shift of the day, whether it was for what the protocol governs, whether its holder had to sign, and the signature."""

    shift: OnShift
    governed: bool
    asked: bool
    signature: Signature | None

    @property
    def signed_before(self) -> bool:
        return self.signature is not None and self.signature.holds(self.shift.start)

    @property
    def ended(self) -> bool:
        """Whether the signature had ended when the shift began."""
        return self.signature is not None and not self.signed_before and self.signature.given.at <= self.shift.start

    @property
    def words(self) -> str:
        if self.signature is None:
            return "not signed" if self.asked or self.governed else "not asked to sign"
        if self.ended:
            return "signature had ended"
        return "signed before the shift" if self.signed_before else "signed later that day"


@dataclass(frozen=True, slots=True)
class Stop:
    """A suspension, and when it was lifted, if it was by then."""

    row: Suspension
    lifted_at: datetime | None


class Evidence:
    """The answer for one protocol, clinic and day, as known at the end of the day, or now when it is not over."""

    def __init__(self, protocol: Protocol, clinic: Clinic, on: date, at: datetime) -> None:
        self.protocol, self.clinic, self.on = protocol, clinic, on
        self.span = day_span(on, clinic.zone)
        self.moment = min(self.span[1] - timedelta(microseconds=1), at)
        self.is_over = self.span[1] <= at

    @cached_property
    def versions(self) -> list[ProtocolVersion]:
        """Those that were in force for the clinic at any moment of the day, the earliest first."""
        here = self.protocol.versions.released().filter(
            in_force__overlap=(self.span[0], self.moment + timedelta(microseconds=1))
        )
        addressed = here.filter(audiences__clinic__isnull=True) | here.filter(audiences__clinic=self.clinic)
        return list(addressed.select_related("approved_by", "published_by").distinct().order_by("number"))

    @property
    def version(self) -> ProtocolVersion | None:
        """The one in force when the day ended."""
        return self.versions[-1] if self.versions else None

    @cached_property
    def suspensions(self) -> list[Stop]:
        """What stopped those versions at the clinic at any moment of the day, as known when it ended."""
        stopped = Suspension.objects.filter(version__in=self.versions, clinic=self.clinic)
        held = stopped.during(self.span[0], self.moment + timedelta(microseconds=1))
        return [
            Stop(row, row.lifted_at if row.lifted_at and row.lifted_at <= self.moment else None)
            for row in held.select_related("version", "by", "lifted_by").order_by("at", "pk")
        ]

    @cached_property
    def signatures(self) -> dict[int, Signature]:
        """{person: the last acknowledgement for that version by that moment}."""
        if self.version is None:
            return {}
        given: Any = Acknowledgement.objects.satisfying(self.version).filter(at__lte=self.moment)
        given = given.annotate(ends=lapse(self.moment)).select_related("version").order_by("version__number", "at")
        return {one.user_id: Signature(one, one.ends) for one in given}

    @cached_property
    def waivers(self) -> dict[int, Waiver]:
        """{person: the waiver that held at that moment}."""
        held = Waiver.objects.filter(version=self.version).holding(self.moment)
        return {one.user_id: one for one in held.select_related("by").order_by("at", "pk")}

    @cached_property
    def signers(self) -> list[Signer]:
        """Whoever of the clinic had to sign it by then, by name."""
        if self.version is None:
            return []
        rows: list[Any] = list(
            duties_then(self.moment).filter(version=self.version, clinic=self.clinic).values("user_id", "due_on")
        )
        due = {row["user_id"]: row["due_on"] for row in rows}
        people = User.objects.filter(pk__in=due).by_name()
        return [
            Signer(
                person,
                due[person.pk],
                self.signatures.get(person.pk),
                self.waivers.get(person.pk),
                self.moment,
                self.on,
            )
            for person in people
        ]

    @cached_property
    def workers(self) -> list[Worker]:
        """Whoever was on shift at the clinic, as published by then."""
        governed = set(self.protocol.skills.values_list("name", flat=True))
        asked = {signer.person.pk for signer in self.signers}
        return [
            Worker(shift, shift.skill in governed, shift.person.pk in asked, self.signatures.get(shift.person.pk))
            for shift in on_shift(self.clinic, self.on, self.moment)
        ]

    @property
    def signed(self) -> int:
        return sum(signer.signed for signer in self.signers)

    @property
    def fingerprint(self) -> str:
        """Of everything that the page says, by ids, moments and hashes: names may change, what happened does not."""
        said: dict[str, list[Any]] = {
            "question": [self.protocol.slug, self.clinic.slug, self.on.isoformat()],
            "versions": [[one.number, one.content_hash, _moment(one.in_force.lower)] for one in self.versions],
            "signers": sorted([one.person.pk, _day(one.due_on), *_signature(one.signature)] for one in self.signers),
            "shifts": sorted(
                [one.shift.person.pk, _moment(one.shift.start), _moment(one.shift.end), one.shift.skill]
                for one in self.workers
            ),
        }
        if self.suspensions:
            said["suspensions"] = [
                [one.row.version.number, _moment(one.row.at), _moment(one.lifted_at) if one.lifted_at else ""]
                for one in self.suspensions
            ]
        waived = [[one.person.pk, _moment(one.waiver.at)] for one in self.signers if one.waiver]
        if waived:
            said["waivers"] = sorted(waived)
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def csv_lines(evidence: Evidence) -> Iterator[list[Any]]:
    """A line per version, signer and shift, in the columns of CSV_HEADER; the fingerprint last."""
    for version in evidence.versions:
        end = _moment(version.in_force.upper) if version.in_force.upper else ""
        yield [
            "In force",
            "",
            version.number,
            _moment(version.in_force.lower),
            end,
            "",
            "",
            version.content_hash,
            "",
            "",
        ]
    for stop in evidence.suspensions:
        row, end = stop.row, _moment(stop.lifted_at) if stop.lifted_at else ""
        yield ["Suspended", row.by.name, row.version.number, _moment(row.at), end, row.reason, "", "", "", ""]
    for signer in evidence.signers:
        yield ["Asked to sign", signer.person.name, *_signed(signer.signature, signer.words), "", ""]
        if one := signer.waiver:
            through = _day(one.through)
            yield [
                "Waived",
                signer.person.name,
                "",
                _moment(one.at),
                through,
                f"{one.by.name}: {one.reason}",
                "",
                "",
                "",
                "",
            ]
    for worker in evidence.workers:
        hours = f"{_moment(worker.shift.start)} to {_moment(worker.shift.end)}"
        state = _signed(worker.signature, worker.words)
        yield ["On shift", worker.shift.person.name, *state, hours, worker.shift.skill]
    yield ["Fingerprint", "", "", "", "", "", "", evidence.fingerprint, "", ""]


def _signed(signature: Signature | None, words: str) -> list[Any]:
    if signature is None:
        return ["", "", "", words, "", ""]
    given, ends = signature.given, _moment(signature.ends) if signature.ends else ""
    return [given.version.number, "", ends, words, _moment(given.at), given.text_hash]


def _signature(signature: Signature | None) -> list[str]:
    if signature is None:
        return ["", ""]
    said = [_moment(signature.given.at), signature.given.text_hash]
    return [*said, _moment(signature.ends)] if signature.ends else said


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
