"""What every page under Settings shares: who may change, and how a change is written down."""

from __future__ import annotations

from typing import Any

from django.db import models, transaction

from accounts.models import Clinic, CredentialType, Skill, User
from accounts.roles import Capability
from intranet.audit.recording import record
from intranet.core.access import YES, Forbidden, Verdict, require


def may_change_settings(user: User) -> Verdict:
    if user.standing.may(Capability.SETTINGS):
        return YES
    return Verdict.no("not-administrator", "An administrator keeps the settings of the organisation.")


@transaction.atomic
def save_changes(row: models.Model, thing: str, *, by: User, more: dict[str, Any] | None = None) -> dict[str, Any]:
    """Save a new or changed row with its trace: {field: {before, after}} of what differs. Nothing differs: nothing is done.

    Raises Forbidden, or ValidationError naming the field.
    """
    require(may_change_settings(by), Forbidden)
    row.full_clean()
    old = type(row)._default_manager.select_for_update().get(pk=row.pk) if row.pk else None  # type: ignore[attr-defined]
    changes = (_differences(old, row) if old else {}) | (more or {})
    if old and not changes:
        return {}
    row.save()
    record(by, f"{thing}.changed" if old else f"{thing}.added", row, **changes)
    return changes or {"added": True}


def _differences(old: models.Model, new: models.Model) -> dict[str, Any]:
    return {
        field.name: {"before": before, "after": after}
        for field in new._meta.concrete_fields
        if (before := getattr(old, field.attname)) != (after := getattr(new, field.attname))
    }


@transaction.atomic
def save_skill(skill: Skill, *, needs: list[CredentialType], by: User) -> Skill:
    """Add a procedure or change one, with the credentials that it needs. Who is signed off stays so."""
    require(may_change_settings(by), Forbidden)
    before = sorted(type.name for type in skill.required_types.all()) if skill.pk else []
    after = sorted(type.name for type in needs)
    more = {} if before == after else {"credentials": {"before": before, "after": after}}
    if save_changes(skill, "skill", by=by, more=more):
        skill.required_types.set(needs)
    return skill


def save_clinic(clinic: Clinic, *, by: User) -> Clinic:
    """Add a clinic or change one."""
    save_changes(clinic, "clinic", by=by)
    return clinic
