"""What readers do besides reading: keep a protocol at hand, and report what is wrong with it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from accounts.roles import Capability
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
    """Tell the owner what is wrong. The caller has checked that the person may read the version.

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
        raise Refused.because("too-many", "The owner has not answered what you reported before. Wait for that.", "text")
    problem = Problem.objects.create(version=version, section=section, text=text, by=by, at=at)
    record(by, "problem.reported", version, clinics=clinics_of(version), section=section)
    return problem


def may_close(problem: Problem, *, by: User) -> Verdict:
    """The owner of the protocol, or whoever publishes protocols."""
    if by.standing.may(Capability.PUBLISH_PROTOCOL) or problem.version.protocol.owner_id == by.pk:
        return YES
    return Verdict.no("not-the-owner", "The owner of the protocol or the clinical lead answers.")


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


def to_answer(by: User) -> QuerySet[Problem]:
    """Open problems of the protocols that the person owns, the oldest first."""
    waiting = Problem.objects.open().filter(version__protocol__owner=by)
    return waiting.select_related("version__protocol", "by").order_by("at", "pk")
