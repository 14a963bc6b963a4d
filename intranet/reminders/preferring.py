"""Which mails a person wants. Only kinds that leave the choice can be switched off, and only their mail, never the inbox."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from intranet.audit.recording import record
from intranet.reminders import registry
from intranet.reminders.models import MailOff, Reminder
from intranet.reminders.registry import Kind


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the form: a kind, whether its mail comes, and whether that can be changed."""

    kind: Kind
    mailed: bool

    @property
    def fixed(self) -> bool:
        return not self.kind.optional


def choices_of(person: Any) -> list[Choice]:
    """Every kind that the person can get, in the order of its words."""
    off = set(MailOff.objects.filter(person_id=person.pk).values_list("kind", flat=True))
    kinds = sorted((kind for kind in registry.registered() if kind.concerns(person)), key=lambda kind: kind.label)
    return [Choice(kind, mailed=not kind.optional or kind.code not in off) for kind in kinds]


@transaction.atomic
def choose_mail(person: Any, *, wanted: Collection[str]) -> None:
    """From now on mail comes of the kinds in `wanted`, and of those that leave no choice. Takes codes."""
    off = sorted(kind.code for kind in registry.registered() if kind.optional and kind.code not in wanted)
    MailOff.objects.filter(person_id=person.pk).exclude(kind__in=off).delete()
    MailOff.objects.bulk_create([MailOff(person_id=person.pk, kind=code) for code in off], ignore_conflicts=True)
    record(person, "reminders.mail_chosen", person, off=off)


def without_mail(reminders: Sequence[Reminder]) -> set[int]:
    """The ids of those reminders whose recipient has switched their mail off, where that may be. One query."""
    optional = [kind.code for kind in registry.registered() if kind.optional]
    off = set(
        MailOff.objects.filter(
            kind__in=optional, person__in={reminder.recipient_id for reminder in reminders}
        ).values_list("person_id", "kind")
    )
    return {reminder.pk for reminder in reminders if (reminder.recipient_id, reminder.kind) in off}
