"""Two or three questions before a version is acknowledged, and which sections are often misread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from accounts.models import User
from accounts.roles import Capability
from intranet.audit.recording import record
from intranet.core.access import Conflict, Forbidden, Reason, Verdict, require
from protocols.drafting import begin_change, clinics_of, end_change, lock_draft, may_edit
from protocols.models import Answered, Protocol, ProtocolVersion, Question
from protocols.models.question import FEWEST_OPTIONS, MOST_OPTIONS

MOST_QUESTIONS = 3
ENOUGH_ANSWERS = 5  # before anybody concludes something from them
OFTEN = 0.3  # of the answers are wrong


@dataclass(frozen=True, slots=True)
class QuestionText:
    """A question as somebody wrote it. `right` is the place of the right option, from 0."""

    section: UUID
    text: str
    options: Sequence[str]
    right: int
    key: UUID = field(default_factory=uuid4)


@dataclass(frozen=True, slots=True)
class Missed:
    """How often a question about a section was answered wrongly."""

    question: str
    wrong: int
    total: int


@transaction.atomic
def ask(
    version: ProtocolVersion, questions: Sequence[QuestionText], *, by: User, at: datetime, token: int
) -> ProtocolVersion:
    """Put these questions in the place of those that the draft has. They are part of what is approved and signed."""
    version = lock_draft(version)
    require(may_edit(version, by=by), Forbidden)
    if version.token != token:
        raise Conflict.because("changed-meanwhile", f"{version.edited_by} changed this draft after you opened it.")
    require(_make_sense(version, questions))
    before = [(one.key, one.section, one.text, one.options, one.right) for one in version.questions.all()]
    if before == [(one.key, one.section, one.text, list(one.options), one.right) for one in questions]:
        return version
    begin_change(version, by=by, at=at)
    version.questions.all().delete()
    Question.objects.bulk_create(
        Question(
            version=version,
            key=one.key,
            section=one.section,
            text=one.text,
            options=list(one.options),
            right=one.right,
            order=order,
        )
        for order, one in enumerate(questions, start=1)
    )
    end_change(version, by=by, at=at)
    record(by, "protocol.questions-set", version, clinics=clinics_of(version), questions=len(questions))
    return version


def _make_sense(version: ProtocolVersion, questions: Sequence[QuestionText]) -> Verdict:
    sections = set(version.sections.values_list("key", flat=True))
    verdict = Verdict.of(())
    if len(questions) > MOST_QUESTIONS:
        verdict += Verdict.no("too-many", f"Ask at most {MOST_QUESTIONS} questions.")
    if len({one.key for one in questions}) < len(questions):
        verdict += Verdict.no("question-twice", "The same question came twice. Nothing was saved.")
    for one in questions:
        if not one.text.strip():
            verdict += Verdict.no("no-text", "Write the question.")
        if one.section not in sections:
            verdict += Verdict.no("no-section", f"Choose the section in which the answer to “{one.text}” stands.")
        distinct = {option.strip().casefold() for option in one.options if option.strip()}
        if not FEWEST_OPTIONS <= len(one.options) <= MOST_OPTIONS or len(distinct) < len(one.options):
            verdict += Verdict.no("options", f"Give two to four different answers to “{one.text}”.")
        elif not 0 <= one.right < len(one.options):
            verdict += Verdict.no("no-right-one", f"Say which answer to “{one.text}” is right.")
    return verdict


def may_see_answers(versions: Sequence[ProtocolVersion], *, by: User) -> bool:
    """Who is told which answers are right, of versions that the person may read.

    Whoever reads one that is open has a say in it and in what it changes. Of published ones those who publish, and who
    wrote all of them: everybody else finds the answers in the text.
    """
    if by.standing.may(Capability.PUBLISH_PROTOCOL) or any(version.is_open for version in versions):
        return True
    return all(version.contributors.filter(user=by).exists() for version in versions)


@transaction.atomic
def check(version: ProtocolVersion, answers: Mapping[UUID, int], *, at: datetime) -> Verdict:
    """Look at somebody's answers: yes, or what to read again. Each given answer is counted, without a name.

    Kept also when the answers are wrong: whoever refuses the acknowledgement does it after this.
    """
    headings = dict(version.sections.values_list("key", "heading"))
    reasons, given = [], []
    for question in version.questions.all():
        chosen = answers.get(question.key)
        if chosen is None:
            reasons.append(Reason("not-answered", f"Answer the question “{question.text}”", f"answer-{question.key}"))
            continue
        right = chosen == question.right
        given.append(Answered(question=question, right=right, at=at))
        if not right:
            where = headings.get(question.section, "the text")
            words = f"Your answer to “{question.text}” is wrong. Read “{where}” again."
            reasons.append(Reason("wrong-answer", words, f"answer-{question.key}"))
    if not any(reason.code == "not-answered" for reason in reasons):
        Answered.objects.bulk_create(given)
    return Verdict.of(reasons)


def often_missed(version: ProtocolVersion) -> dict[UUID, list[Missed]]:
    """{section: the questions about it that readers often answer wrongly}, for the authors. One query."""
    found: dict[UUID, list[Missed]] = {}
    for one in _answered_enough().filter(version=version).order_by("order", "pk"):
        if one.wrong >= OFTEN * one.total:
            found.setdefault(one.section, []).append(Missed(one.text, one.wrong, one.total))
    return found


def last_answered(protocol: Protocol) -> ProtocolVersion | None:
    """The newest version of which enough readers have answered a question: a planned one tells nothing about its text."""
    answered = _answered_enough().filter(version__protocol=protocol).order_by()
    return protocol.versions.filter(pk__in=answered.values("version")).order_by("-number").first()


def _answered_enough() -> QuerySet[Any]:
    """Questions from whose answers something follows, each with its `total` and `wrong` ones."""
    counted = Question.objects.annotate(
        total=Count("answered"), wrong=Count("answered", filter=Q(answered__right=False))
    )
    return counted.filter(total__gte=ENOUGH_ANSWERS)
