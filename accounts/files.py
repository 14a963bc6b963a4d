"""A person's file on one page: credentials and competencies, for those who may see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from accounts.credentials import FileLine, State, credential_file, may_verify
from accounts.models import Competency, User


@dataclass(frozen=True, slots=True)
class Allowed:
    """A procedure that somebody was signed off for, and the credentials without which the sign-off is not enough."""

    grant: Competency
    in_force: bool
    lacking: list[str]


@dataclass(frozen=True)
class File:
    """What the viewer sees of somebody's file, and whether they may verify what is in it."""

    lines: list[FileLine]
    competencies: list[Allowed]
    may_verify: bool
    shows_numbers: (
        bool  # to the person and to whoever compares them with the document; an administrator sees states only
    )


def file_of(person: User, *, viewer: User, on: date, at: datetime) -> File | None:
    """The file as it is on the day; None for somebody who must not see it."""
    if not User.objects.with_file_visible_to(viewer).filter(pk=person.pk).exists():
        return None
    verdict = may_verify(person, by=viewer)
    grants = person.competencies.select_related("skill", "granted_by")
    lines = credential_file(person, on)
    return File(
        lines=lines,
        competencies=[Allowed(grant, grant.in_force_at(at), _lacking(grant, lines)) for grant in grants],
        may_verify=bool(verdict),
        shows_numbers=bool(verdict) or person == viewer,
    )


def _lacking(grant: Competency, lines: list[FileLine]) -> list[str]:
    """The types that the procedure needs and that do not count on the day."""
    return [
        line.type.name
        for line in lines
        if line.state not in {State.IN_FORCE, State.EXPIRING} and grant.skill in line.type.skills.all()
    ]
