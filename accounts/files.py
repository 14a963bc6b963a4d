"""A person's file on one page: credentials, what it allows today and why, for those who may see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.urls import reverse

from accounts import audit_log
from accounts.competencies import may_grant_competency
from accounts.credentials import EXPIRING_WITHIN, FileLine, credential_file
from accounts.filing import may_file, may_see_document, may_verify
from accounts.gates import gate
from accounts.models import Checker, Competency, CredentialType, Skill, User
from intranet.audit.models import Entry
from intranet.audit.vocabulary import action_of
from intranet.core.access import Reason, Verdict

LATEST = 8
LEFT = Verdict.no("inactive", "No longer works here.")
Judge = Callable[[Sequence[User], Sequence[Skill], date], dict[tuple[int, int], Verdict]]

# Who knows whether people are cleared for procedures: protocols have a say in it, and are above this app.
_judges: list[Judge] = []


def judge_by(judge: Judge) -> None:
    """Have clearances judged by this. Called once, when the app that knows is ready."""
    _judges[:] = [judge]


@dataclass(frozen=True, slots=True)
class Ability:
    """A procedure that is open to the person's profession, or was: may it be done today, and by which sign-off?"""

    skill: Skill
    verdict: Verdict
    grant: Competency | None  # the one in force, or the last
    in_force: bool
    earlier: list[Competency]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was done to a file, in words."""

    what: str
    tone: str
    of: str
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """What the viewer does next about a line: the word on the button, and where it leads."""

    word: str
    path: str


@dataclass(frozen=True)
class File:
    """What the viewer sees of somebody's file, and what they may do to it."""

    lines: list[FileLine]
    steps: dict[int, Step]  # by the type's id
    any_shift: Verdict
    abilities: list[Ability]
    qualifications: list[CredentialType]
    history: list[Event]
    may_file: bool
    may_sign_off: bool
    # To the person and to whoever compares them with the document; an administrator sees states only.
    shows_numbers: bool


def file_of(person: User, *, viewer: User, on: date, at: datetime) -> File | None:
    """The file as it is on the day; None for somebody who must not see it."""
    if not User.objects.with_file_visible_to(viewer).filter(pk=person.pk).exists():
        return None
    lines = credential_file(person, on)
    files, checks = bool(may_file(person, by=viewer)), _checks(person, viewer)
    steps = {
        line.type.pk: _step(line, person, viewer, files=files, checks=line.type.checker in checks) for line in lines
    }
    parted = CredentialType.objects.filter(parts__isnull=False).distinct()
    return File(
        lines=lines,
        steps={pk: step for pk, step in steps.items() if step},
        any_shift=gate(person, on) if person.is_active else LEFT,
        abilities=abilities(person, on=on, at=at),
        qualifications=[type for type in parted if type.is_for(person)],
        history=history(person),
        may_file=files,
        may_sign_off=bool(may_grant_competency(person, by=viewer)),
        shows_numbers=bool(may_see_document(person, by=viewer)),
    )


def history(person: User) -> list[Event]:
    """The last things that were done to the file, the latest first."""
    entries = audit_log.of_file(person).order_by("-id")[:LATEST]
    return [_event(entry, person) for entry in entries]


def _event(entry: Entry, person: User) -> Event:
    action = action_of(entry.verb)
    what = entry.target_name.removesuffix(f" of {person.name}")
    return Event(action.words, action.tone, what, entry.actor_name or "The system", entry.at)


def abilities(person: User, *, on: date, at: datetime) -> list[Ability]:
    """Every procedure that the profession may do or that was ever signed off, with the verdict for the day."""
    grants: dict[int, list[Competency]] = {}
    for grant in person.competencies.select_related("granted_by").order_by("-valid"):
        grants.setdefault(grant.skill_id, []).append(grant)
    skills = [skill for skill in Skill.objects.all() if person.profession in skill.professions or skill.pk in grants]
    verdicts = {pair: verdict for judge in _judges for pair, verdict in judge([person], skills, on).items()}
    return [_ability(skill, grants.get(skill.pk, []), verdicts[person.pk, skill.pk], at) for skill in skills]


def missing_besides(person: User, skill: Skill, on: date) -> list[Reason]:
    """What a sign-off for the procedure would not put right: everything that speaks against it but the sign-off."""
    reasons = (reason for judge in _judges for reason in judge([person], [skill], on)[person.pk, skill.pk].reasons)
    return [reason for reason in reasons if not reason.code.startswith("competency-")]


def _ability(skill: Skill, grants: list[Competency], verdict: Verdict, at: datetime) -> Ability:
    now = next((grant for grant in grants if grant.in_force_at(at)), None)
    shown = now or (grants[0] if grants else None)
    return Ability(skill, verdict, shown, now is not None, [grant for grant in grants if grant != shown])


def _checks(person: User, viewer: User) -> set[str]:
    """Whose checks the viewer makes of this person's credentials."""
    return {checker for checker in Checker if may_verify(person, by=viewer, type=CredentialType(checker=checker))}


def _step(line: FileLine, person: User, viewer: User, *, files: bool, checks: bool) -> Step | None:
    """Checking what waits comes first, then mending what came back, then filing what is missing or about to end."""
    waiting = next((one for one in (line.credential, line.renewal) if one and one.waits), None)
    if waiting:
        return Step("Check", waiting.get_absolute_url()) if checks else None
    if not files or line.type.retired_at:
        return None
    if line.came_back and viewer.pk in (line.came_back.filed_by_id, person.pk):
        return Step("Correct", reverse("accounts:credential-correct", args=[line.came_back.pk]))
    path = f"{reverse('accounts:credential-file', args=[person.pk])}?type={line.type.code}"
    if line.credential is None or line.credential == line.came_back:
        return Step("File", path)
    soon = timedelta(days=max([*line.type.lead_days, EXPIRING_WITHIN.days]))
    if line.last_day and not line.renewal and line.last_day - line.on <= soon:
        return Step("Renew", path)
    return None
