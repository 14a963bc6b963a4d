"""T6: what a dead run held in its hands goes back into the queue, or into doubt if its dot may have been heard."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from intranet.reminders import locks
from intranet.reminders.handing_over import close, doubt
from intranet.reminders.models import Attempt, Delivery, Run

# Runs that sent nothing are of no interest for longer.
KEPT = timedelta(days=7)

DIED = "The process died."


def reap(run: Run, at: datetime) -> Counter[str]:
    """Take over from every run that has not ended, or not tidied up, and whose lock is free: its session is dead."""
    counts: Counter[str] = Counter()
    unfinished = Run.objects.filter(
        Q(ended_at=None) | Q(pk__in=Delivery.objects.filter(run__isnull=False).values("run"))
    )
    for dead in unfinished.exclude(pk=run.pk).order_by("pk"):
        if locks.try_run(dead.pk):
            try:
                counts += take_over(dead, at)
            finally:
                locks.free_run(dead.pk)
    forget(at)
    return counts


@transaction.atomic
def take_over(dead: Run, at: datetime) -> Counter[str]:
    """Settle every mail in a dead run's hands, and end the run."""
    counts: Counter[str] = Counter()
    for delivery in Delivery.objects.select_for_update().filter(run=dead).order_by("pk"):
        if delivery.state == Delivery.State.COMMITTED:
            doubt(delivery, at)
            outcome = Attempt.Outcome.DOUBT
        else:
            delivery.state = Delivery.State.PENDING
            outcome = Attempt.Outcome.LOST
        close(delivery, outcome, at)
        counts[outcome] += 1
    # It may have ended by itself a moment before we had its lock.
    if Run.objects.filter(pk=dead.pk, ended_at=None).update(ended_at=at, error=DIED):
        counts["reaped"] += 1
    return counts


def forget(at: datetime) -> None:
    """Delete old runs that touched no mail: every quarter of a minute brings a new one."""
    Run.objects.filter(ended_at__lt=at - KEPT, attempts=None, deliveries=None).delete()
