"""T2: what has become due appears in the inbox, then goes into a mail: its own, or one digest when there is much at once."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.utils.text import Truncator

from intranet.reminders import locks, registry
from intranet.reminders.composing import compose
from intranet.reminders.models import Delivery, Reminder
from intranet.reminders.preferring import without_mail
from intranet.reminders.quiet_hours import quiet_until
from intranet.reminders.registry import Kind, Message

log = logging.getLogger(__name__)

BATCH = 500
SINGLES = 5  # more than so many for one person become one digest

GONE = "What it was about is gone."


def release(at: datetime) -> Counter[str]:
    """Everything that is due, into the inboxes and into mails."""
    counts: Counter[str] = Counter()
    unwritten: set[int] = set()
    while batch := release_batch(at, unwritten):
        counts += batch
    counts["mails"] = compose_mails(at)
    if unwritten:
        counts["unwritten"] = len(unwritten)
    return counts


def release_batch(at: datetime, unwritten: set[int]) -> Counter[str]:
    """Release up to `BATCH` due reminders, those that failed before last. Adds to `unwritten` what failed now."""
    with transaction.atomic():
        due = list(
            Reminder.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(state=Reminder.State.SCHEDULED, due_at__lte=at, not_after__gt=at)
            .filter(kind__in=[kind.code for kind in registry.registered()])
            .exclude(pk__in=unwritten)
            .select_related("recipient")
            .order_by("failures", "due_at", "id")[:BATCH]
        )
        share_recipients(due)
        subjects, unmailed = subjects_of(due), without_mail(due)
        outcomes = Counter(
            _release_one(reminder, subjects.get(reminder.pk), reminder.pk not in unmailed, at) for reminder in due
        )
    unwritten.update(reminder.pk for reminder in due if reminder.state == Reminder.State.SCHEDULED)
    return outcomes


def share_recipients(reminders: Sequence[Reminder]) -> None:
    """One object for each person, so that standing and zone are asked for once and not for each reminder."""
    people: dict[int, Any] = {}
    for reminder in reminders:
        reminder.recipient = people.setdefault(reminder.recipient_id, reminder.recipient)


def subjects_of(reminders: Sequence[Reminder]) -> dict[int, Model]:
    """What each reminder is about, by the reminder's id; one query for each kind."""
    wanted: dict[str, dict[int, int]] = defaultdict(dict)
    for reminder in reminders:
        wanted[reminder.kind][reminder.pk] = reminder.subject_id
    found: dict[int, Model] = {}
    for code, subject_ids in wanted.items():
        kind = registry.find(code)
        rows = kind.model._base_manager.in_bulk(set(subject_ids.values())) if kind else {}
        found.update((pk, rows[subject_id]) for pk, subject_id in subject_ids.items() if subject_id in rows)
    return found


def _release_one(reminder: Reminder, subject: Model | None, mailed: bool, at: datetime) -> str:
    """Release one locked reminder; one that cannot be written keeps its place in the queue, behind all others."""
    kind = registry.find(reminder.kind)
    if subject is None or kind is None:
        reminder.state, reminder.reason = Reminder.State.CANCELLED, GONE
        reminder.save(update_fields=["state", "reason"])
        return "cancelled"
    try:
        with transaction.atomic():
            message = kind.write(subject, reminder.recipient, reminder.occasion, at)
            _show(reminder, message, mail_time(reminder, kind, at) if mailed else None, at)
    except Exception as error:  # one reminder that cannot be written must not hold up the others
        log.exception("Reminder %s of the kind %s could not be written.", reminder.pk, reminder.kind)
        reminder.refresh_from_db()
        reminder.failures += 1
        reminder.reason = f"Could not be written: {type(error).__name__}."
        reminder.save(update_fields=["failures", "reason"])
        return "failed"
    return "released"


def mail_time(reminder: Reminder, kind: Kind, at: datetime) -> datetime:
    """Now, or when the night of the person is over."""
    wait = quiet_until(at, reminder.recipient.zone) if kind.heeds_quiet_hours else None
    return wait or at


def _show(reminder: Reminder, message: Message, mail_due_at: datetime | None, at: datetime) -> None:
    """From here on the reminder is in the person's inbox, in these words."""
    reminder.title = Truncator(" ".join(message.title.split())).chars(200)
    reminder.body = "\n\n".join(" ".join(paragraph.split()) for paragraph in message.paragraphs)
    reminder.path, reminder.action, reminder.why = message.path, message.action, message.why
    reminder.state, reminder.released_at, reminder.reason = Reminder.State.RELEASED, at, ""
    reminder.mail_due_at = mail_due_at
    reminder.save()


def compose_mails(at: datetime) -> int:
    """Compose what is due for mailing, person by person; the number of mails."""
    people = (
        Reminder.objects.filter(mail_due_at__lte=at, not_after__gt=at, settled_at=None)
        .order_by("recipient_id")
        .values_list("recipient_id", flat=True)
        .distinct()
    )
    return sum(_compose_or_log(person_id, at) for person_id in people)


def _compose_or_log(person_id: int, at: datetime) -> int:
    try:
        return compose_for(person_id, at)
    except Exception:  # an address that no mail can carry must not hold up the mails of others
        log.exception("Mail for person %s could not be composed.", person_id)
        return 0


@transaction.atomic
def compose_for(person_id: int, at: datetime) -> int:
    """The mails for one person: one for each reminder, or one digest. Returns how many."""
    if not locks.try_person(person_id):
        return 0
    fresh = list(
        Reminder.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(recipient=person_id, mail_due_at__lte=at, not_after__gt=at, settled_at=None)
        .select_related("recipient")
        .order_by("due_at", "id")
    )
    if not fresh:
        return 0
    recipient = fresh[0].recipient
    waiting = list(recallable(recipient))
    earlier = list(Reminder.objects.filter(item__delivery__in=waiting).order_by("due_at", "id"))
    if len(earlier) + len(fresh) <= SINGLES:
        for reminder in fresh:
            compose(recipient, [reminder], at)
        return len(fresh)
    recall(waiting)
    compose(recipient, [*earlier, *fresh], at)
    return 1


def recallable(recipient: Any) -> Any:
    """The person's mails that wait and of which no copy can have left, locked."""
    return recipient.deliveries.select_for_update(skip_locked=True, of=("self",)).filter(
        state=Delivery.State.PENDING, doubts=0
    )


def recall(waiting: Sequence[Delivery]) -> None:
    """Take waiting mails back, because their reminders go into a digest."""
    Delivery.objects.filter(pk__in=[delivery.pk for delivery in waiting]).update(
        state=Delivery.State.CANCELLED, reason="Its reminders went into a digest."
    )
