"""The audit log: who sees which entries, how they are found, and how they read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import CharField, Q, QuerySet
from django.db.models.functions import Cast

from accounts.models import Competency, Credential, Training, User
from accounts.roles import Capability
from intranet.audit.models import Entry
from intranet.core.access import AnyUser
from intranet.core.time import first_moment, organisation_zone
from intranet.core.wording import clock_time, full_day

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
TOLD_FIRST = {"start": 0, "end": 1}

PERSON = User._meta.label_lower
# What the clinical lead sees of everybody: what concerns protocols, and who may do what.
CLINICAL = ("protocol.", "acknowledgements.", "competency.", "training.")
# What happens to a text before it is published is the business of its authors and of the lead: drafts are private here too.
BEFORE_PUBLICATION = [f"protocol.{step}" for step in ("drafted", "edited", "submitted", "sent-back", "approved")]


@dataclass(frozen=True, slots=True)
class Action:
    """How a verb reads, and in which tone: what was refused stands out, what was published too."""

    words: str
    tone: str = "neutral"


ACTIONS = {
    "access.refused": Action("Access refused", "danger"),
    "acknowledgements.exported": Action("Acknowledgements exported", "info"),
    "address.changed": Action("Address changed", "caution"),
    "announcement.acknowledged": Action("Announcement acknowledged"),
    "announcement.published": Action("Announcement published", "ok"),
    "announcement.withdrawn": Action("Announcement withdrawn", "caution"),
    "audit.exported": Action("Audit log exported", "info"),
    "competency.ended": Action("Competency ended", "caution"),
    "competency.granted": Action("Competency signed off", "ok"),
    "clinic.added": Action("Clinic added", "ok"),
    "clinic.changed": Action("Clinic changed", "caution"),
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
    "protocol.acknowledged": Action("Protocol acknowledged"),
    "protocol.approved": Action("Protocol approved", "ok"),
    "protocol.drafted": Action("Protocol drafted"),
    "protocol.edited": Action("Protocol edited"),
    "protocol.published": Action("Protocol published", "ok"),
    "protocol.sent-back": Action("Protocol sent back", "caution"),
    "protocol.settings-changed": Action("Protocol settings changed"),
    "protocol.submitted": Action("Protocol submitted"),
    "protocol.withdrawn": Action("Protocol withdrawn", "danger"),
    "qualification_part.added": Action("Part of a qualification added"),
    "qualification_part.changed": Action("Part of a qualification changed", "caution"),
    "qualification_part.removed": Action("Part of a qualification removed", "caution"),
    "reminders.mail_chosen": Action("Mail settings changed"),
    "role.given": Action("Role given", "ok"),
    "role.taken": Action("Role taken", "caution"),
    "roster.published": Action("Roster published", "ok"),
    "second_step.added": Action("Second step added", "ok"),
    "second_step.refused": Action("Second step refused", "danger"),
    "second_step.reset": Action("Lost second steps taken away", "danger"),
    "second_step.reset-cancelled": Action("Reset of a second step cancelled"),
    "second_step.reset-started": Action("Reset of a second step asked for", "caution"),
    "second_step.removed": Action("Second step removed", "caution"),
    "second_step.renewed": Action("Recovery codes renewed", "caution"),
    "session.confirmed": Action("Confirmed it is them"),
    "session.ended": Action("Signed out"),
    "session.refused": Action("Sign-in refused", "danger"),
    "session.started": Action("Signed in"),
    "token.made": Action("API token made", "caution"),
    "token.revoked": Action("API token revoked", "caution"),
    "shift.changed": Action("Shift changed"),
    "shift.created": Action("Shift made"),
    "shift.deleted": Action("Shift deleted", "caution"),
    "skill.added": Action("Procedure added", "ok"),
    "skill.changed": Action("Procedure changed", "caution"),
    "training.filed": Action("Training filed"),
    "training.removed": Action("Training taken back"),
    "training.struck-out": Action("Training struck out", "caution"),
    "training.verified": Action("Training checked", "ok"),
}


def action_of(verb: str) -> Action:
    return ACTIONS.get(verb) or Action(verb.replace(".", " ").replace("_", " ").replace("-", " ").capitalize())


def entries_visible_to(viewer: AnyUser) -> QuerySet[Entry]:
    """One's own; for managers what concerns their clinics, for the lead what is clinical, for administrators everything."""
    if not isinstance(viewer, User) or not viewer.standing.holds(Capability.SEE_AUDIT):
        return Entry.objects.none()
    scope = viewer.standing.scope(Capability.SEE_AUDIT)
    if scope.everywhere:
        return Entry.objects.all()
    seen = Q(actor=viewer) | Q(target_type=PERSON, target_id=str(viewer.pk))
    if scope:
        seen |= Q(clinic_ids__overlap=sorted(scope.clinic_ids)) & ~Q(verb__in=BEFORE_PUBLICATION)
    if viewer.standing.may(Capability.APPROVE_PROTOCOL) and viewer.standing.may(Capability.READ_DRAFT):
        for beginning in CLINICAL:
            seen |= Q(verb__startswith=beginning)
    return Entry.objects.filter(seen)


def of_file(person: User) -> QuerySet[Entry]:
    """What was done to somebody's credentials, trainings and sign-offs, the latest first. For whoever sees the file."""
    found = Q()
    for model in (Credential, Competency, Training):
        own = model.objects.filter(user=person).annotate(text=Cast("pk", CharField())).values("text")
        found |= Q(target_type=model._meta.label_lower, target_id__in=own)
    return Entry.objects.filter(found)


def containing(words: str) -> Q:
    """Entries in whose person, object or address every word occurs."""
    condition = Q()
    for word in words.split():
        condition &= (
            Q(actor_name__unaccent__icontains=word)
            | Q(target_name__unaccent__icontains=word)
            | Q(address__startswith=word)
        )
    return condition


def between(first: date | None, last: date | None) -> Q:
    """Entries of these days of the organisation, both included."""
    condition = Q()
    if first:
        condition &= Q(at__gte=first_moment(first))
    if last:
        condition &= Q(at__lt=first_moment(last + timedelta(days=1)))
    return condition


def detail(entry: Entry) -> list[tuple[str, str]]:
    """What changed, as labels and values for people."""
    told = sorted(entry.changes.items(), key=lambda change: (TOLD_FIRST.get(change[0], len(TOLD_FIRST)), change[0]))
    return [
        (name.replace("_", " ").capitalize(), _words(value)) for name, value in told if value not in (None, "", [], {})
    ]


def _words(value: Any) -> str:
    """A value for people; moments and days as everywhere else, in the zone of the organisation."""
    if isinstance(value, str):
        with suppress(ValueError):  # it only looked like one
            if MOMENT.fullmatch(value):
                moment = datetime.fromisoformat(value).astimezone(organisation_zone())
                return f"{full_day(moment.date())}, {clock_time(moment)}"
            if DAY.fullmatch(value):
                return full_day(date.fromisoformat(value))
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_words, value))
    if isinstance(value, dict):
        return "; ".join(f"{name.replace('_', ' ')}: {_words(item)}" for name, item in value.items())
    return str(value)


COLUMNS = ("At (UTC)", "Person", "Action", "Object", "Kind of object", "Detail", "From", "Entry", "Seal")


def lines(entries: QuerySet[Entry]) -> Iterator[list[Any]]:
    """An entry a line, for a file; `Seal` is the digest with which it stands in the chain."""
    for entry in entries.select_related("seal").iterator(1000):
        said = "; ".join(f"{name}: {value}" for name, value in detail(entry))
        seal = getattr(entry, "seal", None)
        yield [
            *(entry.at.isoformat(), entry.actor_name or "The system", action_of(entry.verb).words, entry.target_name),
            *(entry.target_type, said, entry.address, entry.pk, seal.digest if seal else ""),
        ]
