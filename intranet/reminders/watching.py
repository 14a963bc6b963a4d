"""What an onlooker wants to know of the ledger: does anybody tick, and has anything waited for long?"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Case, F, Min, When

from intranet.reminders.models import Delivery, Reminder, Run


def last_good_tick(at: datetime) -> datetime | None:
    """When the newest tick without an error ended. Ends in the future were written by a clock that has been set back."""
    good = Run.objects.filter(ended_at__lte=at, error="").order_by("-started_at")
    return good.values_list("ended_at", flat=True).first()


def oldest_due(at: datetime) -> datetime | None:
    """The moment since when the longest-waiting thing has been waiting; None when nothing is late.

    A mail that the server has put off waits for its next try and no longer; one that has not been tried, or that found no
    server, has waited since it was composed.
    """
    shown = Reminder.objects.filter(state=Reminder.State.SCHEDULED, due_at__lte=at, not_after__gt=at)
    composed = Reminder.objects.filter(mail_due_at__lte=at, not_after__gt=at, settled_at=None)
    since = Case(When(tries=0, doubts=0, then=F("created_at")), default=F("not_before"))
    mails = Delivery.objects.filter(
        state__in=[Delivery.State.PENDING, Delivery.State.CLAIMED, Delivery.State.COMMITTED], not_after__gt=at
    ).annotate(since=since)
    moments = [
        shown.aggregate(oldest=Min("due_at"))["oldest"],
        composed.aggregate(oldest=Min("mail_due_at"))["oldest"],
        mails.filter(since__lte=at).aggregate(oldest=Min("since"))["oldest"],
    ]
    return min((moment for moment in moments if moment is not None), default=None)
