"""T2: what has become due appears in the inbox, then goes into a mail: its own, or one digest when there is much at once."""

from __future__ import annotations

import logging
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, F, Model, OuterRef, QuerySet
from django.utils.text import Truncator

from intranet.reminders import locks, registry
from intranet.reminders.addresses import reachable
from intranet.reminders.composing import compose
from intranet.reminders.models import Delivery, Reminder, Rhythm
from intranet.reminders.preferring import Habits, habits_of
from intranet.reminders.registry import Message

log = logging.getLogger(__name__)

BATCH = 500
SINGLES = 5  # more than so many for one person become one digest

LONGEST_TITLE = 200
LOCAL_PATH = re.compile(r"/([^/\\]|$)")

GONE = "What it was about is gone."

# Id, title, body, path, action, why, and when it is to be mailed (None: not at all).
Row = tuple[int, str, str, str, str, str, datetime | None]
SHOW = """
    UPDATE reminders_reminder r
    SET state = 'released', reason = '', released_at = %s, title = row.title, body = row.body, path = row.path,
        action = row.action, why = row.why, mail_due_at = row.mail_due_at
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])
         AS row (id, title, body, path, action, why, mail_due_at)
    WHERE r.id = row.id AND r.state = 'scheduled'
"""


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
    """Release up to `BATCH` due reminders, those that failed before last. Adds to `unwritten` what failed now.

    Words are found first, without locks, and written down by one statement that takes only what is still scheduled:
    whoever else releases, or cancels, at the same time decides nothing twice.
    """
    due = list(
        due_now(at).exclude(pk__in=unwritten).select_related("recipient").order_by("failures", "due_at", "id")[:BATCH]
    )
    share_recipients(due)
    subjects, habits = subjects_of(due), habits_of({reminder.recipient for reminder in due})
    gone = [reminder for reminder in due if reminder.pk not in subjects]
    rows = [
        row
        for reminder in due
        if reminder.pk in subjects
        and (row := _row(reminder, subjects[reminder.pk], habits[reminder.recipient_id], at)) is not None
    ]
    failed = {reminder.pk for reminder in due} - {row[0] for row in rows} - {reminder.pk for reminder in gone}
    unwritten.update(failed)
    return +Counter(released=_show(rows, at), failed=len(failed), cancelled=_let_go(gone))


def due_now(at: datetime) -> QuerySet[Reminder]:
    """What this process can release at this moment."""
    known = [kind.code for kind in registry.registered()]
    return Reminder.objects.filter(state=Reminder.State.SCHEDULED, due_at__lte=at, not_after__gt=at, kind__in=known)


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


def _row(reminder: Reminder, subject: Model, habits: Habits, at: datetime) -> Row | None:
    """What is to be written down for one reminder; None if no words could be found for it."""
    kind = registry.find(reminder.kind)
    assert kind is not None  # noqa: S101  (its subject was found by its kind)
    try:
        message = kind.write(subject, reminder.recipient, reminder.occasion, at)
        may_wait = kind.may_wait(subject, reminder.recipient)
        return (reminder.pk, *words_of(message), mail_time(reminder, habits, may_wait, at))
    except Exception as error:  # one reminder that cannot be written must not hold up the others
        log.exception("Reminder %s of the kind %s could not be written.", reminder.pk, reminder.kind)
        reason = f"Could not be written: {type(error).__name__}."
        Reminder.objects.filter(pk=reminder.pk).update(failures=F("failures") + 1, reason=reason)
        return None


def words_of(message: Message) -> tuple[str, str, str, str, str]:
    """Title, body, path, action and why, fit for a line of the inbox and the subject of a mail."""
    title = Truncator(one_line(message.title)).chars(LONGEST_TITLE)
    if not title or not LOCAL_PATH.match(message.path):
        raise ValueError("A reminder has a title and leads to a page of this site.")
    body = "\n\n".join(one_line(paragraph) for paragraph in message.paragraphs)
    return title, body, message.path, one_line(message.action), one_line(message.why)


def one_line(text: str) -> str:
    return " ".join(text.split())


def mail_time(reminder: Reminder, habits: Habits, may_wait: bool, at: datetime) -> datetime | None:
    """When its mail goes, decided at `at`; None when it does not.

    With the digest that was chosen, else now, and not while it is quiet; the first of these that is not too late. Where all
    are, it goes now, at night, unless the kind is not worth that: the inbox has it.
    """
    kind = registry.find(reminder.kind)
    rhythm = habits.rhythm(kind)
    if rhythm == Rhythm.IN_APP:
        return None
    if not may_wait:
        return at
    digest = habits.digest_after(reminder.released_at or at, rhythm)
    wanted = [max(moment, at) for moment in (digest, at) if moment is not None]
    moments = [habits.quiet_until(moment) or moment for moment in wanted]
    too_late = at if kind is None or kind.worth_waking else None
    return next((moment for moment in moments if moment < reminder.not_after), too_late)


def _show(rows: list[Row], at: datetime) -> int:
    """From here on these reminders are in the inboxes, in these words. Returns how many this call has shown."""
    if not rows:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(SHOW, [at, *map(list, zip(*rows, strict=True))])
        return cursor.rowcount


def _let_go(gone: list[Reminder]) -> int:
    return Reminder.objects.filter(pk__in=[reminder.pk for reminder in gone], state=Reminder.State.SCHEDULED).update(
        state=Reminder.State.CANCELLED, reason=GONE
    )


def compose_mails(at: datetime) -> int:
    """Compose what is due for mailing, person by person; the number of mails.

    Who is still being told more by another tick waits for the rest of it: a flood makes one mail, whoever ticks meanwhile.
    """
    people = (
        Reminder.objects.filter(reachable(), mail_due_at__lte=at, not_after__gt=at, settled_at=None)
        .filter(~Exists(due_now(at).filter(recipient=OuterRef("recipient"), failures=0)))
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
    """The mails for one person: what goes into a digest of their choice together, every other reminder by itself; all of
    it in one digest when it is much at once. Returns how many."""
    if not locks.try_person(person_id):
        return 0
    due = list(
        Reminder.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(recipient=person_id, mail_due_at__lte=at, not_after__gt=at, settled_at=None)
        .select_related("recipient")
        .order_by("due_at", "id")
    )
    if not due:
        return 0
    recipient = due[0].recipient
    habits = habits_of([recipient])[person_id]
    fresh = _still_due(due, habits, at)
    waiting = list(recallable(recipient))
    earlier = list(Reminder.objects.filter(item__delivery__in=waiting).order_by("due_at", "id")) if waiting else []
    bundle = [reminder for reminder in fresh if was_to_be_bundled(reminder, habits)]
    if fresh and len(earlier) + len(fresh) > SINGLES:
        recall(waiting)
        compose(recipient, [*earlier, *fresh], at, chosen=len(bundle) == len(earlier) + len(fresh))
        return 1
    mails = [[reminder] for reminder in fresh if reminder not in bundle] + ([bundle] if bundle else [])
    for reminders in mails:
        compose(recipient, reminders, at, chosen=len(reminders) > 1)
    return len(mails)


def _still_due(due: Sequence[Reminder], habits: Habits, at: datetime) -> list[Reminder]:
    """Those that go now. What has waited is decided about once more: rhythm, quiet hours or zone may have changed."""
    fresh = []
    for reminder in due:
        kind = registry.find(reminder.kind)
        waited = reminder.mail_due_at != reminder.released_at and kind is not None and kind.heeds_quiet_hours
        moment = mail_time(reminder, habits, waited, at)
        if moment is not None and moment <= at:
            fresh.append(reminder)
        else:
            Reminder.objects.filter(pk=reminder.pk).update(mail_due_at=moment)
    return fresh


def was_to_be_bundled(reminder: Reminder, habits: Habits) -> bool:
    """Whether the person chose a digest for it, and it could wait for that one."""
    rhythm = habits.rhythm(registry.find(reminder.kind))
    moment = habits.digest_after(reminder.released_at, rhythm) if reminder.released_at else None
    return moment is not None and moment < reminder.not_after


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
