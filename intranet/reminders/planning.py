"""T1: write down what will be owed, follow what has moved, and let go of what is no longer true. Sets, no loops over rows."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime

from django.db import transaction
from django.db.models import Case, F, QuerySet, Value, When

from intranet.reminders import lead_times, locks, registry
from intranet.reminders.models import Delivery, DeliveryItem, Reminder
from intranet.reminders.owing import owed
from intranet.reminders.registry import HORIZON, Kind

log = logging.getLogger(__name__)

TOO_LATE = "Its time had passed."
NO_MAIL = "Its mail could not go in its time; it stayed in the inbox."
SWITCHED_OFF = "The account is switched off."
UNTRUE = "No longer true."

# Follows `WITH owed AS (...)`: everything that a plan changes, in one statement, so that a kind's set is found once. The
# parts concern different rows, and none has to see what another has done.
#   inserted   what is not planned yet
#   followed   moved times; and what was let go before anybody saw it, and has become true once more
#   cancelled  what nobody has seen and is not owed any more is not said
#   settled    what is in the inbox and not owed any more is done, or untrue: it stops asking for attention
#   back       what is owed again asks again
PLAN = """,
    ours AS (SELECT %s::text AS kind, %s::timestamptz AS at),
    inserted AS (
        INSERT INTO reminders_reminder (kind, recipient_id, subject_type, subject_id, occasion, due_at, not_after,
                                        state, reason, failures, title, body, path, action, why)
        SELECT ours.kind, o.recipient_id, %s, o.subject_id, o.occasion, o.due_at, o.not_after,
               'scheduled', '', 0, '', '', '', '', ''
        FROM owed o, ours WHERE o.due_at <= %s
        ON CONFLICT ON CONSTRAINT reminder_is_decided_once DO NOTHING RETURNING id
    ),
    followed AS (
        UPDATE reminders_reminder r SET due_at = o.due_at, not_after = o.not_after, state = 'scheduled', reason = ''
        FROM owed o, ours
        WHERE (o.recipient_id, o.subject_id, o.occasion) = (r.recipient_id, r.subject_id, r.occasion)
        AND r.kind = ours.kind
        AND (r.state IN ('cancelled', 'expired')
             OR r.state = 'scheduled' AND (r.due_at, r.not_after) IS DISTINCT FROM (o.due_at, o.not_after))
        RETURNING r.id
    ),
    cancelled AS (
        UPDATE reminders_reminder r SET state = 'cancelled', reason = %s FROM ours
        WHERE r.kind = ours.kind AND r.state = 'scheduled'
        AND NOT EXISTS (SELECT FROM owed o
                        WHERE (o.recipient_id, o.subject_id, o.occasion) = (r.recipient_id, r.subject_id, r.occasion))
        RETURNING r.id
    ),
    settled AS (
        UPDATE reminders_reminder r SET settled_at = ours.at FROM ours
        WHERE r.kind = ours.kind AND r.state = 'released' AND r.settled_at IS NULL AND r.not_after > ours.at
        AND NOT EXISTS (SELECT FROM owed o
                        WHERE (o.recipient_id, o.subject_id, o.occasion) = (r.recipient_id, r.subject_id, r.occasion))
        RETURNING r.id
    ),
    back AS (
        UPDATE reminders_reminder r SET settled_at = NULL FROM ours
        WHERE r.kind = ours.kind AND r.state = 'released' AND r.settled_at IS NOT NULL
        AND EXISTS (SELECT FROM owed o
                    WHERE (o.recipient_id, o.subject_id, o.occasion) = (r.recipient_id, r.subject_id, r.occasion))
        RETURNING r.id
    )
    SELECT (SELECT count(*) FROM inserted), (SELECT count(*) FROM followed), (SELECT count(*) FROM cancelled),
           (SELECT count(*) FROM settled), ARRAY(SELECT id FROM back)
"""


class NotPlanned(Exception):
    """These kinds could not be planned; all others were, and are committed."""


def plan(at: datetime) -> Counter[str]:
    """Bring the ledger in line with what is owed. Whoever comes while another plans has nothing to do."""
    counts: Counter[str] = Counter()
    failed: list[str] = []
    with transaction.atomic():
        if not locks.try_planning():
            return counts
        # Mails before reminders, as everywhere: two orders of locking would be a deadlock.
        counts["mails_let_go"] = let_mails_go(at)
        counts["expired"] = expire(at)
        with lead_times.read_once():
            for kind in registry.registered():
                try:
                    with transaction.atomic():
                        counts += plan_kind(kind, at)
                except Exception:  # a rule of one app must not stop the reminders of all others
                    log.exception("Reminders of the kind %s could not be planned.", kind.code)
                    failed.append(kind.code)
    if failed:
        raise NotPlanned(", ".join(failed))
    return counts


def plan_kind(kind: Kind, at: datetime) -> Counter[str]:
    """The differences between what a kind says and what the ledger holds."""
    due = owed(kind, at)
    values = (kind.code, at, kind.model._meta.label_lower, at + HORIZON, UNTRUE)
    [(planned, followed, cancelled, settled, back)] = due.rows(PLAN, *values)
    mail_again(back, at)
    return Counter(planned=planned, followed=followed, cancelled=cancelled, settled=settled, unsettled=len(back))


def mail_again(back: list[int], at: datetime) -> None:
    """What asks again, and whose mail was stopped before it left, gets another."""
    if back:
        stopped = DeliveryItem.objects.filter(
            reminder__in=back, delivery__state=Delivery.State.CANCELLED, delivery__doubts=0
        )
        Reminder.objects.filter(item__in=stopped).update(mail_due_at=at)
        stopped.delete()


def expire(at: datetime) -> int:
    """What was never said in its time is not said after it; what only lacks its mail stays in the inbox without."""
    Reminder.objects.filter(state=Reminder.State.RELEASED, mail_due_at__isnull=False, not_after__lte=at).update(
        mail_due_at=None, reason=NO_MAIL
    )
    return Reminder.objects.filter(state=Reminder.State.SCHEDULED, not_after__lte=at).update(
        state=Reminder.State.EXPIRED,
        reason=Case(When(reason="", then=Value(TOO_LATE)), default=F("reason")),
    )


def let_mails_go(at: datetime) -> int:
    """Mails that wait and are too late, or whose recipient has been switched off, do not leave any more."""
    waiting = Delivery.objects.filter(state=Delivery.State.PENDING)
    left = _let_go(waiting.filter(recipient__is_active=False), Delivery.State.CANCELLED, SWITCHED_OFF)
    return left + _let_go(waiting.filter(not_after__lte=at), Delivery.State.EXPIRED, TOO_LATE)


def _let_go(mails: QuerySet[Delivery], state: Delivery.State, reason: str) -> int:
    """A mail of which a copy may have arrived stays in doubt, whatever else became of it."""
    # Locked by somebody means: it is being claimed at this moment, and the fence will see to it.
    free = list(mails.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True))
    in_doubt = Case(When(doubts__gt=0, then=Value(Delivery.State.DOUBT)), default=Value(state))
    return Delivery.objects.filter(pk__in=free).update(state=in_doubt, reason=reason)
