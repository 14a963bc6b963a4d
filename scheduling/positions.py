"""The positions that a shift can ask for, who can fill them, and how the board groups people."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models

from accounts.models import Profession
from accounts.roles import Role


class Position(models.TextChoices):
    """What somebody is on the floor as, during a shift."""

    THERAPIST = "therapist", "Therapist"
    ASSISTANT = "assistant", "Assistant"
    AIDE = "aide", "Aide"
    FRONT_DESK = "front_desk", "Front desk"

    @property
    def short_label(self) -> str:
        """What stands on an open shift of the board."""
        return {"therapist": "PT", "assistant": "PTA", "aide": "Aide", "front_desk": "Desk"}[self.value]

    @property
    def spoken(self) -> str:
        return {"therapist": "a therapist", "assistant": "an assistant", "aide": "an aide"}.get(
            self.value, "the front desk"
        )

    @property
    def several(self) -> str:
        return {"front_desk": "Front desk"}.get(self.value, f"{self.label}s")


# Whose profession fits, and which role at the clinic goes with it. An assistant may stand in for an aide, not the reverse.
PROFESSIONS: dict[Position, frozenset[Profession]] = {
    Position.THERAPIST: frozenset({Profession.PT, Profession.OT, Profession.AT}),
    Position.ASSISTANT: frozenset({Profession.PTA, Profession.COTA}),
    Position.AIDE: frozenset({Profession.AIDE, Profession.PTA, Profession.COTA}),
    Position.FRONT_DESK: frozenset({Profession.DESK}),
}
# Assistants work under a therapist of their own profession.
SUPERVISORS: dict[str, Profession] = {Profession.PTA: Profession.PT, Profession.COTA: Profession.OT}
ROLES: dict[Position, Role] = {
    Position.THERAPIST: Role.THERAPIST,
    Position.ASSISTANT: Role.ASSISTANT,
    Position.AIDE: Role.ASSISTANT,
    Position.FRONT_DESK: Role.FRONT_DESK,
}
WORKING_ROLES = frozenset(ROLES.values())


@dataclass(frozen=True)
class Group:
    """A block of rows on the board."""

    key: str
    label: str
    professions: frozenset[Profession]
    position: Position


GROUPS = (
    Group("therapists", "Therapists", PROFESSIONS[Position.THERAPIST], Position.THERAPIST),
    Group("assistants", "Assistants and aides", PROFESSIONS[Position.AIDE], Position.ASSISTANT),
    Group("desk", "Front desk", PROFESSIONS[Position.FRONT_DESK], Position.FRONT_DESK),
)


def positions_of(profession: str) -> list[Position]:
    """What somebody of this profession can be on the floor as."""
    return [position for position, professions in PROFESSIONS.items() if profession in professions]


def usual_position(profession: str) -> Position:
    """The position that a new shift for somebody of this profession starts with."""
    if profession == Profession.AIDE:
        return Position.AIDE
    return next((group.position for group in GROUPS if profession in group.professions), Position.THERAPIST)
