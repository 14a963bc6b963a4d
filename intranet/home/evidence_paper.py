"""The evidence of a day as a document: the rows of the page, with the exact moments and hashes of the CSV."""

from __future__ import annotations

from datetime import UTC, datetime

from accounts.models import User
from intranet.core.paper import Cell, Column, Made, Paper, moment_words
from intranet.core.wording import clock_range, full_day
from intranet.home.evidence import Evidence, Signature, Signer, Stop, Worker
from protocols.models import ProtocolVersion, Waiver

SIGNERS = (Column("Who", 0.22), Column("State", 0.12), Column("Signed", 0.52), Column("Due", 0.14))
WORKERS = (Column("Who", 0.22), Column("Hours", 0.24), Column("For what", 0.28), Column("Signature", 0.26))


def evidence_pdf(evidence: Evidence, *, title: str, by: User, at: datetime) -> bytes:
    """The document; `title` is that of the protocol. Who made it and when stand at its foot, not in its fingerprint."""
    about = f"{evidence.clinic}, {full_day(evidence.on)}"
    paper = Paper(f"Evidence: {title}", about=f"Evidence: {about}", made=Made(by.name, at, evidence.clinic.zone))
    paper.text_lines(
        f"{full_day(evidence.on)} at {evidence.clinic}: what was in force, who had signed, who was on shift."
    )
    _in_force(paper, evidence)
    if evidence.version:
        _signers(paper, evidence, evidence.version)
    _workers(paper, evidence)
    _fingerprint(paper, evidence)
    return paper.file()


def _in_force(paper: Paper, evidence: Evidence) -> None:
    paper.heading("In force")
    if not evidence.versions:
        paper.text_lines(f"No version of this protocol was in force at {evidence.clinic} on this day.")
    for version in evidence.versions:
        paper.facts(
            [
                ("Version", Cell(f"{version.number}: {version.title}")),
                ("In force", _period(version, evidence)),
                ("Approved", Cell(f"{version.approved_by}, {_day(version.approved_at, evidence)}")),
                ("Published", Cell(f"{version.published_by}, {_day(version.published_at, evidence)}")),
                ("Text", Cell(version.content_hash)),
            ]
        )
    if evidence.suspensions:
        paper.facts([("Suspended", _stop(stop, evidence)) for stop in evidence.suspensions])


def _stop(stop: Stop, evidence: Evidence) -> Cell:
    row, zone = stop.row, evidence.clinic.zone
    words = f"Version {row.version.number}, by {row.by} on {moment_words(row.at, zone)}: {row.reason}"
    exact = f"from {_exact(row.at)}"
    if stop.lifted_at is None:
        return Cell(words, exact)
    lifted = f"{words} Lifted by {row.lifted_by} on {moment_words(stop.lifted_at, zone)}."
    return Cell(lifted, f"{exact} to {_exact(stop.lifted_at)}")


def _signers(paper: Paper, evidence: Evidence, version: ProtocolVersion) -> None:
    count = f"{evidence.signed} of {len(evidence.signers)}" if evidence.signers else ""
    paper.heading(f"Who had signed version {version.number}", count)
    if not evidence.signers:
        return paper.text_lines(f"Nobody at {evidence.clinic} had to sign it.", quiet=True)
    return paper.table(SIGNERS, [_signer(signer, evidence) for signer in evidence.signers])


def _signer(signer: Signer, evidence: Evidence) -> list[Cell]:
    signed = _signature(signer.signature, evidence) if signer.signature else Cell("Not by then")
    if signer.waiver:
        signed = Cell(f"{signed.words}. {waiver_words(signer.waiver)}", signed.exact)
    due = Cell(full_day(signer.due_on) if signer.due_on else "")
    return [Cell(signer.person.name), Cell(_sentence(signer.words)), signed, due]


def _workers(paper: Paper, evidence: Evidence) -> None:
    until = "by the end of the day" if evidence.is_over else "until now"
    paper.heading("Who was on shift", f"As published {until}")
    if not evidence.workers:
        return paper.text_lines(f"Nobody had a published shift at {evidence.clinic} on this day.", quiet=True)
    return paper.table(WORKERS, [_worker(worker, evidence) for worker in evidence.workers])


def _worker(worker: Worker, evidence: Evidence) -> list[Cell]:
    shift = worker.shift
    purpose = f"{shift.position_label}, {shift.skill}" if shift.skill else shift.position_label
    later = "Changed in a later publication" if shift.changed_later else ""
    hours = clock_range(shift.start, shift.end, evidence.clinic.zone)
    exact = f"{_exact(shift.start)} to {_exact(shift.end)}"
    return [Cell(shift.person.name), Cell(hours, exact), Cell(purpose, later), _judged(worker)]


def _judged(worker: Worker) -> Cell:
    """What held when the shift began, and what changed in its course, with the exact moments."""
    words = [_sentence(worker.words), *(_sentence(change.words) for change in worker.changes)]
    given = worker.signature.given if worker.signature else None
    exact = [f"Version {given.version.number}, {_exact(given.at)}"] if given else []
    if worker.version and (given is None or given.version_id != worker.version.pk):
        exact.append(f"version {worker.version.number} was in force")
    exact += [f"version {one.version.number} from {_exact(one.version.in_force.lower)}" for one in worker.changes]
    return Cell(". ".join(words), _sentence("; ".join(exact)))


def _fingerprint(paper: Paper, evidence: Evidence) -> None:
    lasting = "The same question has the same one, whenever it is asked."
    passing = "The day is not over: it changes with what still happens."
    paper.heading("Fingerprint of this answer", lasting if evidence.is_over else passing)
    paper.text_lines(evidence.fingerprint)
    paper.text_lines(
        "It covers the versions, signatures and shifts above, not who made this document and when.", quiet=True
    )


def _period(version: ProtocolVersion, evidence: Evidence) -> Cell:
    zone, period = evidence.clinic.zone, version.in_force
    words, exact = f"from {moment_words(period.lower, zone)}", f"from {_exact(period.lower)}"
    if period.upper:
        return Cell(f"{words} to {moment_words(period.upper, zone)}", f"{exact} to {_exact(period.upper)}")
    return Cell(words, exact)


def _signature(signature: Signature, evidence: Evidence) -> Cell:
    given, zone = signature.given, evidence.clinic.zone
    words = f"Version {given.version.number}, {moment_words(given.at, zone)}"
    if signature.ends:
        words += f"; ends {moment_words(signature.ends, zone)}"
    return Cell(words, f"{_exact(given.at)} {given.text_hash}")


def waiver_words(waiver: Waiver) -> str:
    """Who excused somebody from signing, and why."""
    until = f" until the end of {full_day(waiver.through)}" if waiver.through else ""
    return f"Waived by {waiver.by}{until}: {waiver.reason}"


def _exact(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _day(moment: datetime | None, evidence: Evidence) -> str:
    return full_day(moment.astimezone(evidence.clinic.zone).date()) if moment else ""


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
