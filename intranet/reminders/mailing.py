"""What is due for mailing goes into mails: its own, the digest of the person's choice, or one digest of much at once."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Count, Exists, OuterRef

from intranet.reminders import locks, registry
from intranet.reminders.addresses import reachable
from intranet.reminders.composing import draft, put_into_ledger
from intranet.reminders.models import Delivery, Reminder, Rhythm
from intranet.reminders.preferring import Habits, habits_of

log = logging.getLogger(__name__)

SINGLES = 5  # more than so many for one person become one digest
# The mails of so many people, about some so many reminders, are composed in one transaction: while it runs nobody marks
# them as read.
PEOPLE, REMINDERS = 50, 500


@dataclass(frozen=True, slots=True)
class Bundle:
    """Reminders of one person that go in one mail; `chosen` when it is a digest that the person has asked for."""

    reminders: Sequence[Reminder]
    chosen: bool = False


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


def share_recipients(reminders: Sequence[Reminder]) -> list[Any]:
    """One object for each person, so that standing and zone are asked for once for all and not for each reminder.
    Returns the people."""
    people: dict[int, Any] = {}
    for reminder in reminders:
        reminder.recipient = people.setdefault(reminder.recipient_id, reminder.recipient)
    get_user_model().know_standing(people.values())
    return list(people.values())


def compose_mails(at: datetime) -> int:
    """Compose what is due for mailing; the number of mails.

    Who is still being told more by another tick waits for the rest of it: a flood makes one mail, whoever ticks meanwhile.
    """
    due = (
        Reminder.objects.filter(reachable(), mail_due_at__lte=at, not_after__gt=at, settled_at=None)
        .filter(~Exists(Reminder.objects.to_release(at).filter(recipient=OuterRef("recipient"), failures=0)))
        .order_by("recipient_id")
        .values_list("recipient_id")
        .annotate(number=Count("pk"))
    )
    return sum(_compose_or_log(people, at) for people in _together(due))


def _together(due: Iterable[tuple[int, int]]) -> Iterator[list[int]]:
    """People with how many reminders each, cut into parts of `PEOPLE` and some `REMINDERS` at most."""
    people: list[int] = []
    total = 0
    for person, number in due:
        people.append(person)
        total += number
        if len(people) == PEOPLE or total >= REMINDERS:
            yield people
            people, total = [], 0
    if people:
        yield people


def _compose_or_log(people: Sequence[int], at: datetime) -> int:
    try:
        return compose_for(people, at)
    except Exception:  # an address that no mail can carry must not hold up the mails of others
        if len(people) > 1:
            return sum(_compose_or_log([person], at) for person in people)
        log.exception("Mail for person %s could not be composed.", people[0])
        return 0


@transaction.atomic
def compose_for(people: Sequence[int], at: datetime) -> int:
    """The mails for these people: all or none of them. As many queries for fifty as for one. Returns how many mails."""
    due = list(
        Reminder.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(recipient__in=locks.try_people(people), mail_due_at__lte=at, not_after__gt=at, settled_at=None)
        .select_related("recipient")
        .order_by("recipient_id", "due_at", "id")
    )
    habits = habits_of(share_recipients(due))
    fresh = _by_recipient(_still_due(due, habits, at))
    waiting = recallable(fresh)
    earlier = _by_recipient(Reminder.objects.filter(item__delivery__in=waiting).order_by("due_at", "id"))
    bundles = {person: bundled(new, earlier.get(person, []), habits[person]) for person, new in fresh.items()}
    mails = [
        (draft(fresh[person][0].recipient, bundle.reminders, at, chosen=bundle.chosen), bundle.reminders)
        for person, theirs in bundles.items()
        for bundle in theirs
    ]
    recall([mail for mail in waiting if is_flood(fresh[mail.recipient_id], earlier.get(mail.recipient_id, []))])
    put_into_ledger(mails)
    return len(mails)


def _by_recipient(reminders: Iterable[Reminder]) -> dict[int, list[Reminder]]:
    found: dict[int, list[Reminder]] = defaultdict(list)
    for reminder in reminders:
        found[reminder.recipient_id].append(reminder)
    return dict(found)


def _still_due(due: Sequence[Reminder], habits: Mapping[int, Habits], at: datetime) -> list[Reminder]:
    """Those that go now. What has waited is decided about once more: rhythm, quiet hours or zone may have changed."""
    fresh, later = [], []
    for reminder in due:
        kind = registry.find(reminder.kind)
        may_wait = kind is not None and kind.heeds_quiet_hours and not reminder.at_any_hour
        waited = may_wait and reminder.mail_due_at != reminder.released_at
        moment = mail_time(reminder, habits[reminder.recipient_id], waited, at)
        if moment is not None and moment <= at:
            fresh.append(reminder)
        else:
            reminder.mail_due_at = moment
            later.append(reminder)
    if later:
        Reminder.objects.bulk_update(later, ["mail_due_at"])
    return fresh


def is_flood(fresh: Sequence[Reminder], earlier: Sequence[Reminder]) -> bool:
    """Whether it is so much at once, with what waits in mails that can be taken back, that one digest says it all."""
    return len(earlier) + len(fresh) > SINGLES


def bundled(fresh: Sequence[Reminder], earlier: Sequence[Reminder], habits: Habits) -> list[Bundle]:
    """One person's mails: what goes into a digest of their choice together, every other reminder by itself; all of it in
    one digest, with what waits in `earlier` mails, when it is a flood."""
    asked = [reminder for reminder in fresh if was_to_be_bundled(reminder, habits)]
    if is_flood(fresh, earlier):
        everything = [*earlier, *fresh]
        return [Bundle(everything, chosen=len(asked) == len(everything))]
    alone = [Bundle([reminder]) for reminder in fresh if reminder not in asked]
    return [*alone, Bundle(asked, chosen=len(asked) > 1)] if asked else alone


def was_to_be_bundled(reminder: Reminder, habits: Habits) -> bool:
    """Whether the person chose a digest for it, and it could wait for that one."""
    rhythm = habits.rhythm(registry.find(reminder.kind))
    moment = habits.digest_after(reminder.released_at, rhythm) if reminder.released_at else None
    return moment is not None and moment < reminder.not_after


def recallable(people: Iterable[int]) -> list[Delivery]:
    """Mails to these people that wait and of which no copy can have left, locked."""
    return list(
        Delivery.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(recipient__in=list(people), state=Delivery.State.PENDING, doubts=0)
        .only("recipient_id")
    )


def recall(waiting: Sequence[Delivery]) -> None:
    """Take waiting mails back, because their reminders go into a digest."""
    if waiting:
        Delivery.objects.filter(pk__in=[delivery.pk for delivery in waiting]).update(
            state=Delivery.State.CANCELLED, reason="Its reminders went into a digest."
        )
