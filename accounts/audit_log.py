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
from intranet.audit.vocabulary import Action, action_of, actor_key, addresses, kind_words, target_key
from intranet.core.access import AnyUser
from intranet.core.time import first_moment

PERSON = User._meta.label_lower
# What the clinical lead sees of everybody: what concerns protocols, and who may do what.
CLINICAL = ("protocol.", "acknowledgements.", "competency.", "training.", "search_alias.")
# What happens to a text before it is published is the business of its authors and of the lead: drafts are private here too.
BEFORE_PUBLICATION = [
    f"protocol.{step}"
    for step in (
        *("drafted", "edited", "submitted", "sent-back", "approved"),
        *("attached", "attachment-renamed", "attachment-removed", "picture-added", "picture-removed"),
    )
]


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


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as the page shows it: in words, and with the addresses that the viewer may open."""

    entry: Entry
    action: Action
    detail: list[tuple[str, str]]
    actor_url: str | None
    target_url: str | None


def lines_of(entries: Iterable[Entry], viewer: AnyUser) -> list[Line]:
    """The lines of a page. As many queries as there are kinds of objects, however many entries."""
    entries = list(entries)
    urls = addresses(entries, viewer)
    return [
        Line(entry, action_of(entry.verb), detail(entry), urls.get(actor_key(entry)), urls.get(target_key(entry)))
        for entry in entries
    ]


def as_of_now(entries: QuerySet[Entry]) -> QuerySet[Entry]:
    """The entries without what is written from now on, so that a file that is long in the making holds what was counted."""
    latest = Entry.objects.order_by("-id").values_list("id", flat=True).first()
    return entries.filter(id__lte=latest or 0)


COLUMNS = ("At (UTC)", "Person", "Action", "Object", "Kind of object", "Detail", "From", "Entry", "Seal")


def rows(entries: QuerySet[Entry]) -> Iterator[list[Any]]:
    """An entry a line, for a file; `Seal` is the digest with which it stands in the chain."""
    for entry in entries.select_related("seal").iterator(1000):
        said = "; ".join(f"{name}: {value}" for name, value in detail(entry))
        seal = getattr(entry, "seal", None)
        yield [
            *(entry.at.isoformat(), entry.actor_name or "The system", action_of(entry.verb).words, entry.target_name),
            *(kind_words(entry), said, entry.address, entry.pk, seal.digest if seal else ""),
        ]
