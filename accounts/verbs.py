"""What this app writes into the audit trail: its verbs, what they are about, and who opens it."""

from __future__ import annotations

from typing import Any

from accounts.models import Competency, Credential, Training, User
from intranet.audit import vocabulary
from intranet.audit.vocabulary import Action, Kind

ACTIONS = {
    "address.changed": Action("Address changed", "caution"),
    "audit.exported": Action("Audit log exported", "info"),
    "clinic.added": Action("Clinic added", "ok"),
    "clinic.changed": Action("Clinic changed", "caution"),
    "competency.ended": Action("Competency ended", "caution"),
    "competency.granted": Action("Competency signed off", "ok"),
    "credential.corrected": Action("Credential corrected"),
    "credential.filed": Action("Credential filed"),
    "credential.sent-back": Action("Credential sent back", "caution"),
    "credential.taken-back": Action("Credential taken back", "caution"),
    "credential.verified": Action("Credential checked", "ok"),
    "credential.withdrawn": Action("Check withdrawn", "danger"),
    "credential_type.added": Action("Credential type added", "ok"),
    "credential_type.brought-back": Action("Credential type asked for again", "caution"),
    "credential_type.changed": Action("Credential type changed", "caution"),
    "credential_type.retired": Action("Credential type retired", "caution"),
    "invitation.accepted": Action("Invitation accepted", "ok"),
    "invitation.revoked": Action("Invitation taken back", "caution"),
    "invitation.sent": Action("Invitation sent", "ok"),
    "password.changed": Action("Password changed", "caution"),
    "password.reset": Action("Password reset", "caution"),
    "password.set": Action("Password set", "caution"),
    "person.changed": Action("Profile changed"),
    "person.hired": Action("Person added", "ok"),
    "person.left": Action("Access ended", "caution"),
    "person.returned": Action("Access opened again", "caution"),
    "qualification_part.added": Action("Part of a qualification added"),
    "qualification_part.changed": Action("Part of a qualification changed", "caution"),
    "qualification_part.removed": Action("Part of a qualification removed", "caution"),
    "role.given": Action("Role given", "ok"),
    "role.taken": Action("Role taken", "caution"),
    "second_step.added": Action("Second step added", "ok"),
    "second_step.refused": Action("Second step refused", "danger"),
    "second_step.removed": Action("Second step removed", "caution"),
    "second_step.renewed": Action("Recovery codes renewed", "caution"),
    "second_step.reset": Action("Lost second steps taken away", "danger"),
    "second_step.reset-cancelled": Action("Reset of a second step cancelled"),
    "second_step.reset-started": Action("Reset of a second step asked for", "caution"),
    "session.confirmed": Action("Confirmed it is them"),
    "session.ended": Action("Signed out"),
    "session.refused": Action("Sign-in refused", "danger"),
    "session.started": Action("Signed in"),
    "skill.added": Action("Procedure added", "ok"),
    "skill.changed": Action("Procedure changed", "caution"),
    "token.made": Action("API token made", "caution"),
    "token.revoked": Action("API token revoked", "caution"),
    "training.filed": Action("Training filed"),
    "training.removed": Action("Training taken back"),
    "training.struck-out": Action("Training struck out", "caution"),
    "training.verified": Action("Training checked", "ok"),
}


def _file_of(row: Any) -> str:
    return str(row.user.get_absolute_url())


KINDS = {
    "accounts.apitoken": Kind("API token"),
    "accounts.clinic": Kind("Clinic"),
    "accounts.competency": Kind(
        "Sign-off", lambda viewer: Competency.objects.visible_to(viewer).select_related("user"), _file_of
    ),
    "accounts.credential": Kind("Credential", lambda viewer: Credential.objects.visible_to(viewer)),
    "accounts.credentialtype": Kind("Credential type"),
    "accounts.invitation": Kind("Invitation"),
    "accounts.qualificationpart": Kind("Part of a qualification"),
    "accounts.skill": Kind("Procedure"),
    "accounts.training": Kind(
        "Training", lambda viewer: Training.objects.visible_to(viewer).select_related("user"), _file_of
    ),
    "accounts.user": Kind("Person", lambda viewer: User.objects.visible_to(viewer)),
}


def register() -> None:
    vocabulary.register(ACTIONS, KINDS)
