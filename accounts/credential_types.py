"""The kinds of credentials, kept by administrators: adding, changing and retiring them, and what a rule means in words."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from accounts.credentials import last_day, valid_from
from accounts.models import Competency, Credential, CredentialType, QualificationPart, Skill, User, ValidityRule
from accounts.models.credentials import FIXED_DATE_RULES, MONTHS_RULES, Gate
from accounts.settings_pages import may_change_settings, save_changes
from intranet.audit.recording import record
from intranet.core.access import Conflict, Forbidden, Refused, require
from intranet.core.time import organisation_day
from intranet.core.wording import counted, full_day, name_list

MOST_NAMES = 12


@transaction.atomic
def save_type(type: CredentialType, *, gates: list[Skill] | None = None, by: User) -> CredentialType:
    """Add a type or change one; `gates` are the procedures that nobody is rostered for without it (None: as they are).

    Periods already on file stay what they are. Raises Forbidden, or ValidationError naming the field.
    """
    require(may_change_settings(by), Forbidden)
    before = [skill.name for skill in type.skills.order_by("name")] if type.pk else []
    changes = save_changes(type, "credential_type", by=by, more=_gate_changes(before, gates))
    if changes and gates is not None:
        type.skills.set(gates)
    return type


def _gate_changes(before: list[str], gates: list[Skill] | None) -> dict[str, Any]:
    if gates is None:
        return {}
    after = sorted(skill.name for skill in gates)
    return {} if before == after else {"needed_for": {"before": before, "after": after}}


def save_part(part: QualificationPart, *, by: User) -> QualificationPart:
    """Add a part to a qualification or change one. Credentials that are verified already stay so."""
    save_changes(part, "qualification_part", by=by)
    return part


@transaction.atomic
def remove_part(part: QualificationPart, *, by: User) -> None:
    """Ask for a part no longer. Refused when somebody has a training towards it: that stays on record."""
    require(may_change_settings(by), Forbidden)
    part = QualificationPart.objects.select_for_update(of=("self",)).get(pk=part.pk)
    if part.trainings.exists():
        words = "Trainings are on file for it, which stay on record. Ask for 1 of it if it hardly matters now."
        raise Refused.because("in-use", words)
    record(by, "qualification_part.removed", part)
    part.delete()


@transaction.atomic
def retire(type: CredentialType, *, by: User, at: datetime) -> CredentialType:
    """Ask for it no longer. What is on file stays; refused while a procedure needs it."""
    require(may_change_settings(by), Forbidden)
    type = CredentialType.objects.select_for_update().get(pk=type.pk)
    if type.retired_at is not None:
        raise Conflict.because("retired", f"{type} was retired already.")
    skills = list(type.skills.order_by("name").values_list("name", flat=True))
    if skills:
        raise Refused.because("needed", f"{name_list(skills)} cannot be done without it: untick that first.", "skills")
    type.retired_at = at
    type.save(update_fields=["retired_at"])
    record(by, "credential_type.retired", type)
    return type


@transaction.atomic
def bring_back(type: CredentialType, *, by: User) -> CredentialType:
    """Ask for a retired type again."""
    require(may_change_settings(by), Forbidden)
    type = CredentialType.objects.select_for_update().get(pk=type.pk)
    if type.retired_at is not None:
        type.retired_at = None
        type.save(update_fields=["retired_at"])
        record(by, "credential_type.brought-back", type)
    return type


def rule_words(type: CredentialType) -> str:
    """How long it lasts, in words: "12 months", "until September 30 of an even year"."""
    months = counted(type.months or 0, "month")
    fixed = f"{calendar.month_name[type.month or 1]} {type.day}"
    return {
        ValidityRule.EVEN_YEARS: f"Until {fixed} of an even year",
        ValidityRule.ODD_YEARS: f"Until {fixed} of an odd year",
        ValidityRule.MONTHS: months,
        ValidityRule.MONTHS_END: f"{months}, to the end of the month",
        ValidityRule.CALENDAR_YEAR: "Until the end of the calendar year",
        ValidityRule.ENTERED: "Until the day on the document",
        ValidityRule.NONE: "Does not end",
    }[ValidityRule(type.rule)]


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom a type asks for it, and who of them has none that counts; `barred` from every shift, or from procedures."""

    people: int
    without: list[User]
    barred: bool
    procedures: list[Skill]

    @property
    def words(self) -> str:
        """`It asks 9 people. 2 have none that counts: Avery Testwell and Theo Fictus. They could work no shift.`"""
        if not self.people:
            return "It asks nobody."
        said = f"It asks {counted(self.people, 'person', 'people')}."
        if not self.without:
            return f"{said} Everybody has one that counts."
        have = "has" if len(self.without) == 1 else "have"
        names = [person.name for person in self.without[:MOST_NAMES]]
        if more := len(self.without) - len(names):
            names.append(f"{more} more")
        return " ".join([said, f"{len(self.without)} {have} none that counts: {name_list(names)}.", *self._effect()])

    def _effect(self) -> list[str]:
        who = "That person" if len(self.without) == 1 else "They"
        if self.barred:
            return [f"{who} could work no shift until there is one."]
        if self.procedures:
            return [f"{who} could not be put on shifts for {name_list([skill.name for skill in self.procedures])}."]
        return []


def asked(type: CredentialType, *, gates: Sequence[Skill], at: datetime) -> Asked:
    """Whom the type would ask, as it stands in the form, with these procedures gated. Two queries; saves nothing."""
    on = organisation_day(at)
    signed_off = Competency.objects.in_force(at).filter(user=OuterRef("pk"), skill__in=list(gates))
    everybody = User.objects.members(on)
    by_profession = everybody.filter(profession__in=type.professions) if type.professions else everybody
    wanted = everybody.filter(Exists(signed_off))
    if type.required:
        wanted = User.objects.filter(Q(pk__in=by_profession.values("pk")) | Q(pk__in=wanted.values("pk")))
    good = Credential.objects.in_force(on).filter(user=OuterRef("pk"), type=type.pk)
    found = list(wanted.annotate(has=Exists(good)).by_name())
    without = [person for person in found if not person.has]  # type: ignore[attr-defined]  # annotated
    return Asked(len(found), without, type.required and type.gate == Gate.BLOCKS, list(gates))


def preview(type: CredentialType, on: date) -> str:
    """What the rule would do today, as a sentence."""
    if type.rule == ValidityRule.ENTERED:
        return "Its last day is the one on the document: whoever files it enters it."
    if type.rule in MONTHS_RULES and not type.months:
        return "Say how many months it lasts, and you see here when one would end."
    if type.rule in FIXED_DATE_RULES and not (type.month and type.day):
        return "Say on which day it ends, and you see here when one would end."
    last = last_day(Credential(valid=valid_from(type, on)))
    return f"Issued today it would end on {full_day(last)}." if last else "Issued today it would not end."
