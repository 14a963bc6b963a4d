"""What was in force at a clinic on a day, who had signed it, and who was on shift: one question, one page.

Every figure comes from rows that are only ever added to: versions are frozen once published, acknowledgements are
written once, roles are only ended from a day on, what a protocol governs is one more row, and who worked is read from
the publications of the roster. Whoever was on shift is judged by what was in force when the shift began. The same
question about a day that is over has the same answer whenever it is asked, and its fingerprint says so.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Exists, OuterRef

from accounts.models import Clinic, User
from intranet.core.time import day_span, organisation_day
from protocols.acknowledging import duties_then
from protocols.models import (
    Acknowledgement,
    Audience,
    GovernedSkill,
    Protocol,
    ProtocolVersion,
    Readership,
    SigningInterval,
    Suspension,
    Waiver,
    lapse,
)
from scheduling.worked import OnShift, on_shift

INSTANT = timedelta(microseconds=1)
CSV_HEADER = ("Part", "Person", "Version", "Since", "Until", "State", "Signed at (UTC)", "Text", "Shift", "Procedure")


@dataclass(frozen=True, slots=True)
class Signature:
    """An acknowledgement, and when it ended, where the protocol is signed again and again."""

    given: Acknowledgement
    ends: datetime | None

    def holds(self, at: datetime) -> bool:
        return self.given.at <= at and (self.ends is None or self.ends > at)


def counting(signatures: Sequence[Signature], at: datetime) -> Signature | None:
    """Of the signatures of one person for one version, the earliest first: the last one that holds at the moment, else
    the last one given before, else the first one given after."""
    given = [one for one in signatures if one.given.at <= at]
    holding = [one for one in given if one.holds(at)]
    return next(reversed(holding or given), signatures[0] if signatures else None)


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
class Change:
    """A version that came into force in the course of a shift, and whether its holder had signed it by then."""

    version: ProtocolVersion
    signed: bool

    @property
    def words(self) -> str:
        signed = "signed by then" if self.signed else "not signed by then"
        return f"version {self.version.number} came into force during the shift, {signed}"


@dataclass(frozen=True, slots=True)
class Worker:
    """A shift of the day, and what held when it began: the version, whether the protocol governed what the shift was for,
    whether its holder had to sign, the signature. `changes` are the versions that came into force while it lasted."""

    shift: OnShift
    version: ProtocolVersion | None
    governed: bool
    asked: bool
    signature: Signature | None
    changes: Sequence[Change]

    @property
    def signed_before(self) -> bool:
        return self.signature is not None and self.signature.holds(self.shift.start)

    @property
    def ended(self) -> bool:
        """Whether the signature had ended when the shift began."""
        return self.signature is not None and not self.signed_before and self.signature.given.at <= self.shift.start

    @property
    def words(self) -> str:
        if self.version is None:
            return "no version in force"
        if self.signature is None:
            return "not signed" if self.asked or self.governed else "not asked to sign"
        if self.ended:
            return "signature had ended"
        return "signed before the shift" if self.signed_before else "signed after the shift began"

    @property
    def all_words(self) -> str:
        """Also of the versions that followed."""
        return "; ".join([self.words, *(change.words for change in self.changes)])


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
        self.moment = min(self.span[1] - INSTANT, at)
        self.is_over = self.span[1] <= at
        self._read: dict[tuple[int, datetime | None], dict[int, list[Signature]]] = {}

    @cached_property
    def shifts(self) -> list[OnShift]:
        """Those that touch the day, as published by then. One may have begun the evening before."""
        return on_shift(self.clinic, self.on, self.moment)

    @cached_property
    def _released(self) -> list[ProtocolVersion]:
        """Those that were in force for the clinic since the first of the shifts or the day began, the earliest first."""
        since = min([self.span[0], *(shift.start for shift in self.shifts)])
        held = self.protocol.versions.released().filter(in_force__overlap=(since, self.moment + INSTANT))
        here = Exists(Audience.objects.stated(self.moment).at([self.clinic.pk]).filter(version=OuterRef("pk")))
        return list(held.filter(here).select_related("approved_by", "published_by").order_by("number"))

    @property
    def versions(self) -> list[ProtocolVersion]:
        """Those that were in force for the clinic at any moment of the day, the earliest first."""
        return [one for one in self._released if one.in_force.upper is None or one.in_force.upper > self.span[0]]

    @property
    def version(self) -> ProtocolVersion | None:
        """The one in force when the day ended."""
        return self.versions[-1] if self.versions else None

    @cached_property
    def suspensions(self) -> list[Stop]:
        """What stopped those versions at the clinic at any moment of the day, as known when it ended."""
        stopped = Suspension.objects.filter(version__in=self.versions, clinic=self.clinic)
        held = stopped.during(self.span[0], self.moment + INSTANT)
        return [
            Stop(row, row.lifted_at if row.lifted_at and row.lifted_at <= self.moment else None)
            for row in held.select_related("version", "by", "lifted_by").order_by("at", "pk")
        ]

    @cached_property
    def signatures(self) -> dict[int, Signature]:
        """{person: the acknowledgement that counted for that version at that moment, or had}."""
        given = self._given(self.version, self.moment) if self.version else {}
        return {person: one for person, all in given.items() if (one := counting(all, self.moment))}

    def _given(self, version: ProtocolVersion, at: datetime) -> dict[int, list[Signature]]:
        """{person: every acknowledgement for the version, the earliest first}, ended by the interval that held at `at`.

        One query for each version and interval, however many moments are asked for.
        """
        settled = max((one for one in self._settled if one <= at), default=None)
        if (version.pk, settled) not in self._read:
            rows: Any = Acknowledgement.objects.satisfying(version).filter(at__lte=self.moment)
            found: dict[int, list[Signature]] = defaultdict(list)
            for one in rows.annotate(ends=lapse(at)).select_related("version").order_by("at", "pk"):
                found[one.user_id].append(Signature(one, one.ends))
            self._read[version.pk, settled] = found
        return self._read[version.pk, settled]

    @cached_property
    def _settled(self) -> list[datetime]:
        """When it was settled how often the protocol is signed."""
        return list(SigningInterval.objects.filter(protocol=self.protocol).values_list("at", flat=True))

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
        return [self._worker(shift) for shift in self.shifts]

    def _worker(self, shift: OnShift) -> Worker:
        version = next((one for one in self._released if shift.start in one.in_force), None)
        return Worker(
            shift,
            version,
            self._governed(shift),
            version is not None and self._was_asked(shift, version),
            self._signature(shift, version, shift.start) if version else None,
            [self._change(shift, one) for one in self._released if shift.start < one.in_force.lower < shift.end],
        )

    def _change(self, shift: OnShift, version: ProtocolVersion) -> Change:
        signature = self._signature(shift, version, version.in_force.lower)
        return Change(version, signature is not None and signature.holds(version.in_force.lower))

    def _signature(self, shift: OnShift, version: ProtocolVersion, at: datetime) -> Signature | None:
        return counting(self._given(version, at).get(shift.person.pk, []), at)

    def _governed(self, shift: OnShift) -> bool:
        """Whether the protocol governed the procedure of the shift when it began."""
        held = {row.skill_id: row for row in self._governing if row.at <= shift.start}
        return any(row.governs and _is_for(shift, row) for row in held.values())

    @cached_property
    def _governing(self) -> list[GovernedSkill]:
        return list(self.protocol.governed.filter(at__lte=self.moment).select_related("skill"))

    def _was_asked(self, shift: OnShift, version: ProtocolVersion) -> bool:
        """Whether the holder had to sign the version when the shift began."""
        day = organisation_day(shift.start)
        return any(
            day in row.period
            and (row.membership.ended_at is None or row.membership.ended_at > shift.start)
            and (row.added_at is None or row.added_at <= shift.start)
            for row in self._asked[shift.person.pk, version.pk]
        )

    @cached_property
    def _asked(self) -> dict[tuple[int, int], list[Readership]]:
        """{(person, version): because of which roles at the clinic, at any time}."""
        rows = Readership.objects.duties().filter(version__in=self._released, clinic=self.clinic)
        found: dict[tuple[int, int], list[Readership]] = defaultdict(list)
        for row in rows.filter(user__in={shift.person.pk for shift in self.shifts}).select_related("membership"):
            found[row.user_id, row.version_id].append(row)
        return found

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
            "shifts": sorted(_shift(one) for one in self.workers),
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


def csv_lines(evidence: Evidence, *, title: str) -> Iterator[list[Any]]:
    """What was asked, then a line per version, signer and shift, in the columns of CSV_HEADER; the fingerprint last.

    `title` is that of the protocol.
    """
    yield ["Protocol", "", "", "", "", title, "", "", "", ""]
    yield ["Clinic", "", "", "", "", evidence.clinic.name, "", "", "", ""]
    yield ["Day", "", "", evidence.on.isoformat(), evidence.on.isoformat(), "", "", "", "", ""]
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
        for part, person, at in (
            ("Approved", version.approved_by, version.approved_at),
            ("Published", version.published_by, version.published_at),
        ):
            yield [part, str(person), version.number, _moment(at) if at else "", "", "", "", "", "", ""]
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
        state = _signed(worker.signature, worker.all_words)
        yield ["On shift", worker.shift.person.name, *state, hours, worker.shift.skill]
    yield ["Fingerprint", "", "", "", "", "", "", evidence.fingerprint, "", ""]


def _signed(signature: Signature | None, words: str) -> list[Any]:
    if signature is None:
        return ["", "", "", words, "", ""]
    given, ends = signature.given, _moment(signature.ends) if signature.ends else ""
    return [given.version.number, "", ends, words, _moment(given.at), given.text_hash]


def _is_for(shift: OnShift, row: GovernedSkill) -> bool:
    """Early publications have the name of the procedure only."""
    return row.skill.code == shift.skill_code if shift.skill_code else row.name == shift.skill


def _shift(worker: Worker) -> list[Any]:
    shift = worker.shift
    version = worker.version.number if worker.version else 0
    changes = [[one.version.number, one.signed] for one in worker.changes]
    hours = [_moment(shift.start), _moment(shift.end)]
    judged = [version, worker.governed, worker.asked, worker.words, *_signature(worker.signature), changes]
    return [shift.person.pk, *hours, shift.skill, *judged]


def _signature(signature: Signature | None) -> list[str]:
    if signature is None:
        return ["", ""]
    said = [_moment(signature.given.at), signature.given.text_hash]
    return [*said, _moment(signature.ends)] if signature.ends else said


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
