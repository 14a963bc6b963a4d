"""Signing people off for procedures, and taking it back. See docs/decisions/004: a grant is never shortened while it counts."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Max

from accounts.credentials import clinics_of
from accounts.models import Competency, Skill, User
from accounts.roles import Capability
from intranet.audit.recording import record
from intranet.core.access import YES, Conflict, Forbidden, Refused, Verdict, require
from intranet.core.time import organisation_day
from intranet.core.wording import full_day

FURTHEST_BACK = timedelta(days=31)
LONGEST = timedelta(days=3 * 366)


def may_grant_competency(user: User, *, by: User) -> Verdict:
    """The clinical lead signs off others."""
    if by.pk == user.pk:
        return Verdict.no("own-competency", "Nobody signs off their own competency.")
    if not by.standing.may(Capability.GRANT_COMPETENCY):
        return Verdict.no("not-clinical-lead", "The clinical lead signs off competencies.")
    return YES


@transaction.atomic
def grant_competency(user: User, skill: Skill, *, start: datetime, end: datetime, by: User, at: datetime) -> Competency:
    """Sign a person off for a skill from `start` to `end` (half-open).

    Refused when another grant counts in that time. One that was taken back gives way to the new one, which begins no
    earlier than that was, if it was on the very day.
    """
    require(may_grant_competency(user, by=by), Forbidden)
    if user.profession not in skill.professions:
        raise Refused.because("profession", f"{skill.name} is not open to {user.get_profession_display()} staff.")
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    require(_is_a_sensible_time(start, end, at))
    start = _once_taken_back(user, skill, start)
    competency = Competency(user=user, skill=skill, valid=DateTimeTZRange(start, end), granted_by=by, granted_at=at)
    try:
        _put_in_place(competency)
    except IntegrityError as error:
        words = "Shifts are planned after that day on the sign-off that was taken back. Give them to others first."
        raise Conflict.because("shifts-lean-on-it", words, "last") from error
    record(by, "competency.granted", competency, clinics=clinics_of(user), start=start, end=end)
    return competency


def _is_a_sensible_time(start: datetime, end: datetime, at: datetime) -> Verdict:
    if start >= end:
        return Verdict.no("no-time", "The last day is before the first.", "last")
    if start < at - FURTHEST_BACK:
        return Verdict.no("too-far-back", "Begin at most a month back: what was before is on record.", "first")
    if end > start + LONGEST:
        return Verdict.no("too-long", "Sign off for at most three years at a time.", "last")
    return YES


def _once_taken_back(user: User, skill: Skill, start: datetime) -> datetime:
    """`start`, or the moment later on that day at which another grant was taken back."""
    until = start + timedelta(days=1)
    ended = user.competencies.filter(skill=skill, ended_at__gte=start, ended_at__lt=until).aggregate(
        last=Max("ended_at")
    )["last"]
    return max(start, ended) if ended else start


@transaction.atomic
def _put_in_place(competency: Competency) -> None:
    """Save the grant where one that was taken back gives way. A shift that leaned on that one leans on both from now on:
    the database looks once both are there."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        _make_room(competency.user, competency.skill, competency.valid.lower, competency.valid.upper)
        competency.save()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _make_room(user: User, skill: Skill, start: datetime, end: datetime) -> None:
    """What was taken back gives way to the new grant.

    A grant that has counted keeps its row and its reason, and reaches only to where the new one starts. One that was
    taken back before it began never counted: its row goes, and the audit log keeps it.
    """
    for other in user.competencies.filter(skill=skill, valid__overlap=(start, end)).select_related("user", "skill"):
        if other.ended_at is not None and other.ended_at <= other.valid.lower:
            other.delete()
            continue
        require(_gives_way(other, start))
        other.valid = DateTimeTZRange(other.valid.lower, start)
        other.save(update_fields=["valid"])


def _gives_way(other: Competency, start: datetime) -> Verdict:
    name, skill = other.user.given_name, other.skill
    if other.ended_at is None:
        words = f"{name} is signed off for {skill} until {full_day(other.last_day)} already. Begin on the day after it."
        return Verdict.no("signed-off-already", words, "first")
    if other.ended_at > start:
        ended = full_day(organisation_day(other.ended_at))
        words = f"{name}’s sign-off for {skill} was taken back on {ended}. Begin on that day or later."
        return Verdict.no("counted-until", words, "first")
    return YES


@transaction.atomic
def end_competency(competency: Competency, *, by: User, at: datetime, reason: str) -> Competency:
    """Take a competency back from `at`. The grant stays on record."""
    require(may_grant_competency(competency.user, by=by), Forbidden)
    if not reason.strip():
        raise Refused.because("reason-missing", "Say why it is taken back.", "reason")
    competency = (
        Competency.objects.select_for_update(of=("self",)).select_related("user", "skill").get(pk=competency.pk)
    )
    if competency.ended_at is not None:
        raise Conflict.because("ended", "Somebody has taken this back already.")
    if competency.valid.upper <= at:
        raise Conflict.because("over", f"It ended on {full_day(competency.last_day)} by itself.")
    competency.ended_at, competency.end_reason = at, reason.strip()
    competency.save(update_fields=["ended_at", "end_reason"])
    record(by, "competency.ended", competency, clinics=clinics_of(competency.user), reason=competency.end_reason)
    return competency
