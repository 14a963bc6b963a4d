"""Addresses to which mail does not arrive: when one is flagged, what waits meanwhile, and what happens when it works again.

Flagged by what a server said about the mailbox, never by what it said about a message or about us. The inbox has
everything all the while; only mail waits.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from intranet.audit.recording import record
from intranet.reminders import locks, registry
from intranet.reminders.composing import compose, deliverable
from intranet.reminders.models import AddressTrouble, Attempt, Delivery, Reminder, Rhythm
from intranet.reminders.preferring import habits_of

log = logging.getLogger(__name__)

# RFC 3463: the address does not exist, is not valid, has moved, or its mailbox is closed. 5.1.7 and 5.1.8 are about the
# sender's address, which is ours.
ABOUT_THE_MAILBOX = re.compile(r"5\.1\.(?!7\b|8\b)\d{1,3}|5\.2\.1")
# The class, the subject and the detail, as a server puts it before its words: "550 5.1.1 No such user".
ENHANCED = re.compile(r"^(?:\d{3}[ -])?\s*([245]\.\d{1,3}\.\d{1,3})\b")
# Without such a status these speak of the mailbox when they answer RCPT (RFC 5321, section 4.2.3).
NO_SUCH_MAILBOX = (550, 551, 553)

WAITS = "Mail to this address does not arrive; its reminders wait until it does."
WORKS_AGAIN = "The address works again: what is still of use went into another mail."
CHANGED = "The address was changed."

Source = AddressTrouble.Source


def normalised(address: str) -> str:
    """How addresses are compared: as the mail server knows them, in small letters. Nonsense stays what it is."""
    try:
        return deliverable(address.strip()).lower()
    except UnicodeError:
        return address.strip().lower()


def status_of(reply: str) -> str:
    """The enhanced status of a reply, such as 5.1.1; empty where the server gives none."""
    found = ENHANCED.match(reply)
    return found[1] if found else ""


def is_about_the_mailbox(status: str) -> bool:
    return ABOUT_THE_MAILBOX.fullmatch(status) is not None


def refuses_the_address(code: int | None, reply: str, *, at_recipient: bool) -> bool:
    """Whether a final answer means that nobody has this mailbox, rather than that the message or we are not wanted.

    Without an enhanced status (or with 5.0.0, which says nothing) only the answer to RCPT is about the address.
    """
    status = status_of(reply)
    if status and status != "5.0.0":
        return is_about_the_mailbox(status)
    return at_recipient and code in NO_SUCH_MAILBOX


def flagged_people() -> QuerySet[AddressTrouble]:
    """For `Exists`, with a person's id as `recipient`: whether mail to the person waits."""
    return AddressTrouble.objects.open().filter(person=OuterRef("recipient"))


def reachable() -> Q:
    """Of reminders: those whose recipient's address works, as far as anybody knows."""
    return ~Q(Exists(flagged_people()))


def trouble_of(person: Any) -> AddressTrouble | None:
    """What is wrong with the address that the person has now."""
    troubles = AddressTrouble.objects.open().filter(person_id=person.pk)
    return next((trouble for trouble in troubles if trouble.address == normalised(person.email)), None)


@transaction.atomic
def flag(
    person: Any, address: str, *, source: AddressTrouble.Source, at: datetime, code: str = "", reply: str = ""
) -> AddressTrouble | None:
    """From now on mail to the person waits. None when that is known already, or when it was an earlier address."""
    address = normalised(address)
    if address != normalised(person.email):
        return None
    try:
        with transaction.atomic():
            trouble = AddressTrouble.objects.create(
                person=person, address=address, since=at, source=source, code=code, reply=reply[:300]
            )
    except IntegrityError:
        return None
    hold_back(person, at)
    record(None, "address.flagged", person, clinics=person.standing.clinic_ids, source=source, code=code)
    return trouble


def hold_back(person: Any, at: datetime) -> None:
    """The person's mails that wait and of which no copy can have left are taken apart; their reminders wait."""
    waiting = list(
        person.deliveries.select_for_update(skip_locked=True, of=("self",))
        .filter(state=Delivery.State.PENDING, doubts=0)
        .values_list("pk", flat=True)
    )
    let_wait(waiting, WAITS, at)


def let_wait(deliveries: list[int], reason: str, at: datetime) -> None:
    """Cancel these mails; what is still of use in them is due for mailing again."""
    Delivery.objects.filter(pk__in=deliveries).update(state=Delivery.State.CANCELLED, reason=reason)
    still_of_use(at).filter(item__delivery__in=deliveries).update(mail_due_at=at)


def still_of_use(at: datetime) -> QuerySet[Reminder]:
    return Reminder.objects.filter(state=Reminder.State.RELEASED, settled_at=None, not_after__gt=at)


@transaction.atomic
def clear(trouble: AddressTrouble, *, by: Any | None, why: str, at: datetime) -> bool:
    """Mail is sent again: what is still of use leaves as one mail. False when somebody has cleared it before."""
    trouble = AddressTrouble.objects.select_for_update(of=("self",)).select_related("person").get(pk=trouble.pk)
    if trouble.cleared_at is not None:
        return False
    trouble.cleared_at, trouble.cleared_by, trouble.why = at, by, why[:200]
    trouble.save(update_fields=["cleared_at", "cleared_by", "why"])
    record(by, "address.cleared", trouble.person, clinics=trouble.person.standing.clinic_ids, why=trouble.why)
    catch_up(trouble, at)
    return True


def catch_up(trouble: AddressTrouble, at: datetime) -> None:
    """One mail about everything that waited, and about what died at this address; the ticks see to it if it is quiet for
    the person. What may have arrived already stays with the mails to decide about."""
    person = trouble.person
    died = person.deliveries.select_for_update(of=("self",)).filter(
        state=Delivery.State.DEAD, doubts=0, written_off_at=None, address__iexact=trouble.address
    )
    since_then = died.filter(Exists(Attempt.objects.filter(delivery=OuterRef("pk"), ended_at__gte=trouble.since)))
    let_wait([delivery.pk for delivery in since_then.only("pk")], WORKS_AGAIN, at)
    if not person.is_active or not locks.try_person(person.pk):
        return
    due = still_of_use(at).filter(recipient=person, mail_due_at__lte=at)
    due.update(mail_due_at=at)  # not released just now: the tick asks for rhythm and quiet hours once more
    habits = habits_of([person])[person.pk]
    if habits.quiet_until(at):
        return
    waiting = [
        reminder
        for reminder in due.select_for_update(of=("self",)).order_by("due_at", "id")
        if habits.rhythm(registry.find(reminder.kind)) != Rhythm.IN_APP
    ]
    if waiting:
        compose(person, waiting, at)


def follow_changes(at: datetime) -> Counter[str]:
    """A step of the tick: who has another address now is written to again."""
    troubles = AddressTrouble.objects.open().select_related("person")
    moved = [trouble for trouble in troubles if normalised(trouble.person.email) != trouble.address]
    return +Counter(addresses_changed=sum(_clear_or_log(trouble, at) for trouble in moved))


def _clear_or_log(trouble: AddressTrouble, at: datetime) -> bool:
    try:
        return clear(trouble, by=None, why=CHANGED, at=at)
    except Exception:  # a new address that no mail can carry must not hold up the mails of others
        log.exception("Mail for person %s could not be composed.", trouble.person_id)
        return False
