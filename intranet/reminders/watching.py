"""What an onlooker wants to know of the ledger: does anybody tick, and has anything waited for long?"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, Min, Q, QuerySet, Subquery

from intranet.reminders.addresses import reachable
from intranet.reminders.models import Delivery, Reminder, Run

# Reminders are late when the last good tick is older than this, or when something due has waited for longer than that.
OLDEST_TICK = timedelta(seconds=90)
OLDEST_DUE = timedelta(seconds=300)

IN_THE_QUEUE = (Delivery.State.PENDING, Delivery.State.CLAIMED, Delivery.State.COMMITTED)


def last_good_tick(at: datetime) -> datetime | None:
    """When the newest tick without an error ended. Ends in the future were written by a clock that has been set back."""
    return good_ticks(at).values_list("ended_at", flat=True).first()


def good_ticks(at: datetime) -> QuerySet[Run]:
    return Run.objects.filter(ended_at__lte=at, error="").order_by("-started_at")


def waiting(at: datetime) -> list[tuple[QuerySet[Reminder] | QuerySet[Delivery], str]]:
    """What is due and not done, with the moment since when it waits; each has an index of its own.

    A mail that the server has put off waits for its next try and no longer; one that has not been tried, or that found no
    server, has waited since it was composed. What waits for an address that does not work is not late.
    """
    mails = Delivery.objects.filter(not_after__gt=at)
    untried = Q(tries=0, doubts=0)
    return [
        (Reminder.objects.filter(state=Reminder.State.SCHEDULED, not_after__gt=at), "due_at"),
        (
            Reminder.objects.filter(reachable(), mail_due_at__isnull=False, not_after__gt=at, settled_at=None),
            "mail_due_at",
        ),
        (mails.filter(untried, state__in=IN_THE_QUEUE), "created_at"),
        (mails.exclude(untried).filter(state__in=IN_THE_QUEUE), "not_before"),
    ]


def oldest_due(at: datetime) -> datetime | None:
    """The moment since when the longest-waiting thing has been waiting; None when nothing is late."""
    moments = [
        rows.filter(**{f"{since}__lte": at}).aggregate(oldest=Min(since))["oldest"] for rows, since in waiting(at)
    ]
    return min((moment for moment in moments if moment is not None), default=None)


def tick_is_old(tick: datetime | None, at: datetime) -> bool:
    """Whether the last good tick is too long ago; also when there was none."""
    return tick is None or at - tick > OLDEST_TICK


def due_is_old(due: datetime | None, at: datetime) -> bool:
    """Whether something due has waited for too long since then."""
    return due is not None and at - due > OLDEST_DUE


def are_late(at: datetime) -> bool:
    """The rule of /health/reminders, in one query. Not on a machine on which the first tick began just now: it is starting."""
    long_ago = at - OLDEST_DUE
    overdue = Q()
    for rows, since in waiting(at):
        overdue |= Q(Exists(rows.filter(**{f"{since}__lt": long_ago})))
    first = Run.objects.order_by("started_at").annotate(
        good=Subquery(good_ticks(at).values("ended_at")[:1]), overdue=overdue
    )
    found = first.values_list("started_at", "good", "overdue").first()
    if found is None:
        return False
    began, good, something_waits = found
    return at - began > OLDEST_TICK and (tick_is_old(good, at) or bool(something_waits))
