"""T2: what has become due appears in the inbox, then goes into a mail."""

from __future__ import annotations

import logging
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db import connection
from django.db.models import F, Model
from django.utils.text import Truncator

from intranet.reminders import registry
from intranet.reminders.mailing import compose_mails, mail_time, share_recipients
from intranet.reminders.models import Reminder
from intranet.reminders.preferring import Habits, habits_of
from intranet.reminders.registry import Message

log = logging.getLogger(__name__)

BATCH = 500

LONGEST_TITLE = 200
LOCAL_PATH = re.compile(r"/([^/\\]|$)")

GONE = "What it was about is gone."

# Id, title, body, path, action, why, when it is to be mailed (None: not at all), and whether that is at any hour.
Row = tuple[int, str, str, str, str, str, datetime | None, bool]
SHOW = """
    UPDATE reminders_reminder r
    SET state = 'released', reason = '', released_at = %s, title = row.title, body = row.body, path = row.path,
        action = row.action, why = row.why, mail_due_at = row.mail_due_at, at_any_hour = row.at_any_hour
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[],
                %s::boolean[])
         AS row (id, title, body, path, action, why, mail_due_at, at_any_hour)
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
        Reminder.objects.to_release(at)
        .exclude(pk__in=unwritten)
        .select_related("recipient")
        .order_by("failures", "due_at", "id")[:BATCH]
    )
    habits, subjects = habits_of(share_recipients(due)), subjects_of(due)
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
        return (reminder.pk, *words_of(message), mail_time(reminder, habits, may_wait, at), not may_wait)
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
