"""What readers do besides reading: keep a protocol at hand, and report what is wrong with it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction

from accounts.models import User
from accounts.roles import Capability, Role
from intranet.audit.recording import record
from intranet.core.access import YES, Conflict, Forbidden, Refused, Verdict, require
from protocols.drafting import clinics_of
from protocols.models import Bookmark, Problem, Protocol, ProtocolVersion

MOST_OPEN = 10  # of one person on one protocol: more are said in one


def bookmark(protocol: Protocol, *, by: User, at: datetime) -> None:
    """Keep it at hand. A second time changes nothing."""
    Bookmark.objects.get_or_create(user=by, protocol=protocol, defaults={"at": at})


def remove_bookmark(protocol: Protocol, *, by: User) -> None:
    Bookmark.objects.filter(user=by, protocol=protocol).delete()


@transaction.atomic
def report_problem(version: ProtocolVersion, *, text: str, section: str = "", by: User, at: datetime) -> Problem:
    """Say what is wrong, to whoever answers for the protocol. The caller has checked that the person may read the version.

    The same words from the same person within a day are one report: a button pressed twice.
    """
    text = text.strip()
    if not text:
        raise Refused.because("no-text", "Say what is wrong.", "text")
    if section and not version.sections.filter(heading=section).exists():
        raise Refused.because("no-section", "Choose a section of this version.", "section")
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    mine = Problem.objects.open().filter(by=by, version__protocol=version.protocol_id)
    if same := mine.filter(version=version, section=section, text=text, at__gt=at - timedelta(days=1)).first():
        return same
    if mine.count() >= MOST_OPEN:
        raise Refused.because("too-many", "What you reported before is not answered yet. Wait for that.", "text")
    problem = Problem.objects.create(version=version, section=section, text=text, by=by, at=at)
    record(by, "problem.reported", version, clinics=clinics_of(version), section=section)
    return problem


def answering(protocol: Protocol, *, on: date) -> list[User]:
    """Who is told of what readers report: the owner, else the deputy, else every clinical lead. Each is active."""
    if person := protocol.answerer:
        return [person]
    return list(User.objects.members(on, roles=[Role.CLINICAL_LEAD]).by_name())


def may_close(problem: Problem, *, by: User) -> Verdict:
    """Owner and deputy of the protocol, or whoever publishes protocols."""
    protocol = problem.version.protocol
    if by.standing.may(Capability.PUBLISH_PROTOCOL) or by.pk in (protocol.owner_id, protocol.deputy_id):
        return YES
    return Verdict.no("not-the-owner", "The owner of the protocol, the deputy or the clinical lead answers.")


@transaction.atomic
def close_problem(problem: Problem, *, answer: str, by: User, at: datetime) -> Problem:
    """Say what came of it. Raises Conflict when somebody else has answered meanwhile."""
    problem = Problem.objects.select_for_update(of=("self",)).select_related("version__protocol").get(pk=problem.pk)
    require(may_close(problem, by=by), Forbidden)
    if problem.closed_at is not None:
        raise Conflict.because("answered", "Somebody has answered this meanwhile.")
    if not answer.strip():
        raise Refused.because("no-answer", "Say what came of it.", "answer")
    problem.answer, problem.closed_by, problem.closed_at = answer.strip(), by, at
    problem.save(update_fields=["answer", "closed_by", "closed_at"])
    record(by, "problem.answered", problem.version, clinics=clinics_of(problem.version))
    return problem
