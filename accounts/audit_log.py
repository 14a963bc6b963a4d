"""The audit log: who sees which entries, how they are found, and how they read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import CharField, Q, QuerySet
from django.db.models.functions import Cast

from accounts.audit_words import detail
from accounts.models import Competency, Credential, Training, User
from accounts.roles import Capability
from intranet.audit.models import Entry
from intranet.core.access import AnyUser
from intranet.core.time import first_moment

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
    "evidence.exported": Action("Evidence exported", "info"),
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
    "problem.answered": Action("Problem answered"),
    "problem.reported": Action("Problem reported", "info"),
    "protocol.acknowledged": Action("Protocol acknowledged"),
    "protocol.approved": Action("Protocol approved", "ok"),
    "protocol.drafted": Action("Protocol drafted"),
    "protocol.edited": Action("Protocol edited"),
    "protocol.published": Action("Protocol published", "ok"),
    "protocol.review-confirmed": Action("Review agreed to", "ok"),
    "protocol.reviewed": Action("Protocol reviewed", "info"),
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
    "opening-hours.set": Action("Opening hours set"),
    "coverage-needs.set": Action("Staffing needs set"),
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


def people_in(entries: Iterable[Entry], viewer: AnyUser) -> dict[int, User]:
    """Whoever acted or was acted upon, for links: those whom the viewer may see."""
    ids = {key for entry in entries for key in (entry.actor_id, target_person(entry)) if key}
    return User.objects.visible_to(viewer).in_bulk(ids)


def target_person(entry: Entry) -> int | None:
    """The id of the person to whom something was done."""
    return int(entry.target_id) if entry.target_type == PERSON else None


def as_of_now(entries: QuerySet[Entry]) -> QuerySet[Entry]:
    """The entries without what is written from now on, so that a file that is long in the making holds what was counted."""
    latest = Entry.objects.order_by("-id").values_list("id", flat=True).first()
    return entries.filter(id__lte=latest or 0)


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
