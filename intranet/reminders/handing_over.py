"""T3, T4, T5: the three transactions around one attempt to send a mail. Each is short, and no network is touched within."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models, transaction

from intranet.reminders import addresses, locks
from intranet.reminders.composing import compose, deliverable
from intranet.reminders.models import Attempt, Delivery, Reminder, Run
from intranet.reminders.owing import still_true
from intranet.reminders.planning import SWITCHED_OFF, TOO_LATE, UNTRUE
from intranet.reminders.registry import OnDoubt
from intranet.reminders.runs import RunLost

BATCH = 20
MOST_TRIES = 12
MOST_DOUBTS = 5  # a server that takes every message and never says so would otherwise fill the mailbox
UNREACHED_PAUSE = timedelta(minutes=1)
WENT_ON = "What is still true went into another mail."

CHANGING = ["state", "reason", "run", "tries", "doubts", "not_before", "sent_at", "last_code", "last_reply"]

State = Delivery.State
Outcome = Attempt.Outcome


@dataclass(frozen=True)
class Result:
    """What an attempt came to: its outcome, and the server's own words if it said any."""

    outcome: Attempt.Outcome
    code: int | None = None
    reply: str = ""
    at_recipient: bool = False  # the answer to RCPT, so that it may be about the address


def claim(run: Run, at: datetime, limit: int = BATCH) -> list[Delivery]:
    """T3: take up to `limit` mails that are due into the hands of this run, the longest waiting first."""
    with transaction.atomic(durable=True):
        due = list(
            Delivery.objects.select_for_update(skip_locked=True)
            .filter(state=State.PENDING, not_before__lte=at, not_after__gt=at)
            .order_by("not_before", "id")[:limit]
        )
        Delivery.objects.filter(pk__in=[delivery.pk for delivery in due]).update(state=State.CLAIMED, run=run)
        Attempt.objects.bulk_create(Attempt(delivery=delivery, run=run, claimed_at=at) for delivery in due)
    return due


def pass_fence(delivery: Delivery, run: Run, at: datetime) -> bool:
    """T4: the last look, after the body and before the final dot. False: the mail must not leave; close the socket.

    From the moment that this commits the server may have the mail, whatever happens to us. Raises `RunLost` if the mail
    is no longer in this run's hands.
    """
    with transaction.atomic(durable=True):
        ours = _in_hand(delivery, run, State.CLAIMED)
        if not locks.holds_run(run.pk):
            raise RunLost
        reminders = list(Reminder.objects.filter(item__delivery=ours))
        true = still_true(reminders, at)
        if reason := obstacle(ours, reminders, true, at):
            _stop(ours, [reminder for reminder in reminders if reminder.pk in true], reason, at)
            return False
        Delivery.objects.filter(pk=ours.pk).update(state=State.COMMITTED)
        _attempt(ours).update(dot_at=at)
        return True


def obstacle(delivery: Delivery, reminders: list[Reminder], true: set[int], at: datetime) -> str:
    """Why a mail must not leave now; empty if nothing stands against it."""
    if not delivery.recipient.is_active:
        return SWITCHED_OFF
    if delivery.not_after <= at:
        return TOO_LATE
    if not true:
        return UNTRUE
    if len(true) < len(reminders):
        return "Some of it is no longer true."
    if delivery.address != deliverable(delivery.recipient.email):
        return "The address has changed."
    return ""


def conclude(delivery: Delivery, run: Run, result: Result, at: datetime) -> None:
    """T5: write down what an attempt came to. Raises `RunLost` if the mail is no longer in this run's hands."""
    with transaction.atomic(durable=True):
        ours = _in_hand(delivery, run, State.CLAIMED, State.COMMITTED)
        if result.code is not None:
            ours.last_code, ours.last_reply = result.code, result.reply[:300]
        match result.outcome:
            case Outcome.SENT:
                ours.state, ours.sent_at = State.SENT, at
            case Outcome.REFUSED:
                ours.state, ours.reason = State.DEAD, "The mail server refused it for good."
            case Outcome.LATER:
                try_later(ours, at)
            case Outcome.DOUBT:
                doubt(ours, at, pause=backoff(ours.doubts + 1))
            case Outcome.UNREACHED:
                ours.state, ours.not_before = State.PENDING, at + UNREACHED_PAUSE
            case _:
                ours.state = State.PENDING
        close(ours, result.outcome, at, result.code)
        if result.outcome == Outcome.REFUSED:
            flag_if_unknown(ours, result, at)


def flag_if_unknown(delivery: Delivery, result: Result, at: datetime) -> None:
    """If the server says that nobody has this mailbox, no more mail is composed for the person until it is cleared."""
    if addresses.refuses_the_address(result.code, result.reply, at_recipient=result.at_recipient):
        code = addresses.status_of(result.reply) or str(result.code)
        person, source = delivery.recipient, addresses.Source.RCPT
        addresses.flag(person, delivery.address, source=source, at=at, code=code, reply=result.reply)


def give_back(deliveries: list[Delivery], run: Run, at: datetime) -> None:
    """Return claimed mails that were not begun; they keep their place in the queue."""
    for delivery in deliveries:
        conclude(delivery, run, Result(Outcome.RETURNED), at)


def doubt(delivery: Delivery, at: datetime, pause: timedelta = timedelta()) -> None:
    """Nobody knows whether the server has it: the same bytes once more, or held, as the mail's policy says."""
    delivery.doubts += 1
    if delivery.on_doubt == OnDoubt.RESEND and delivery.doubts < MOST_DOUBTS:
        delivery.state, delivery.not_before = State.PENDING, at + pause
    else:
        delivery.state = State.DOUBT
        delivery.reason = "It may have arrived; it is not sent again."


def try_later(delivery: Delivery, at: datetime) -> None:
    """The server wants it later: after 1, 2, 4 ... 60 minutes, so often and no oftener."""
    delivery.tries += 1
    if delivery.tries >= MOST_TRIES:
        delivery.state, delivery.reason = State.DEAD, f"The mail server put it off {MOST_TRIES} times."
    else:
        delivery.state, delivery.not_before = State.PENDING, at + backoff(delivery.tries)


def backoff(tries: int) -> timedelta:
    """1, 2, 4 ... 60 minutes, a quarter more or less, so that mails do not come back all at once."""
    minutes = min(2 ** (tries - 1), 60)
    return timedelta(minutes=minutes * random.uniform(0.75, 1.25))  # noqa: S311  (spreads load, keeps no secret)


def close(delivery: Delivery, outcome: Attempt.Outcome, at: datetime, code: int | None = None) -> None:
    """Save a mail that has left its run's hands, and end its open attempt."""
    delivery.run = None
    delivery.save(update_fields=CHANGING)
    _attempt(delivery).update(outcome=outcome, ended_at=at, code=code)


def _stop(delivery: Delivery, remaining: list[Reminder], reason: str, at: datetime) -> None:
    """The fence said no. What is still true gets a mail of its own, unless a copy of this one may have arrived; or it waits,
    if mail does not reach the person."""
    delivery.state = State.EXPIRED if reason == TOO_LATE else State.CANCELLED
    if delivery.doubts:
        delivery.state = State.DOUBT
    goes_on = bool(remaining) and delivery.state == State.CANCELLED and delivery.recipient.is_active
    waits = goes_on and addresses.trouble_of(delivery.recipient) is not None
    delivery.reason = f"{reason} {addresses.WAITS if waits else WENT_ON}" if goes_on else reason
    close(delivery, Outcome.STOPPED, at)
    ours = Reminder.objects.filter(item__delivery=delivery, settled_at=None, not_after__gt=at)
    ours.exclude(pk__in=[reminder.pk for reminder in remaining]).update(settled_at=at)
    if waits:
        addresses.still_of_use(at).filter(pk__in=[reminder.pk for reminder in remaining]).update(mail_due_at=at)
    elif goes_on:
        compose(delivery.recipient, remaining, at)


def _in_hand(delivery: Delivery, run: Run, *states: Delivery.State) -> Delivery:
    ours = (
        Delivery.objects.select_for_update(of=("self",))
        .select_related("recipient")
        .defer("payload")
        .filter(pk=delivery.pk, run=run, state__in=states)
        .first()
    )
    if ours is None:
        raise RunLost
    return ours


def _attempt(delivery: Delivery) -> models.QuerySet[Attempt]:
    return Attempt.objects.filter(delivery=delivery, outcome="")
