"""The marks behind a name on the board: for which procedures somebody is signed off, and what is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from accounts.models import Competency, Skill, User
from scheduling.eligibility import cleared_on


@dataclass(frozen=True)
class SkillMark:
    """Procedures of one kind that a person is signed off for, and for which of them something is missing."""

    icon: str
    names: list[str]
    missing: list[str]


def skill_icon(skill: Skill) -> str:
    """The mark of a procedure on boards and lists."""
    return "needle" if skill.code.startswith("dry-needling") else "shield"


def marks_of(people: Sequence[User], skills: Sequence[Skill], on: date, moment: datetime) -> dict[int, list[SkillMark]]:
    """{person: marks}: signed off at the moment, and cleared on the day or not. Queries by skill, not by people."""
    cleared = cleared_on({(skill, on) for skill in skills})
    held = Competency.objects.filter(skill__in=skills, user__in=people).in_force(moment)
    signed: dict[int, set[int]] = defaultdict(set)
    for user_id, skill_id in held.values_list("user_id", "skill_id"):
        signed[user_id].add(skill_id)
    marks: dict[int, list[SkillMark]] = {}
    for person, own in signed.items():
        by_icon: dict[str, list[Skill]] = defaultdict(list)
        for skill in skills:
            if skill.pk in own:
                by_icon[skill_icon(skill)].append(skill)
        marks[person] = [
            SkillMark(
                icon,
                [skill.name for skill in found],
                [skill.name for skill in found if person not in cleared[skill.pk, on]],
            )
            for icon, found in by_icon.items()
        ]
    return marks
