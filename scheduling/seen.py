"""What somebody was told of the own shifts, and that they have seen it: the receipts of publications."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from accounts.models import User
from scheduling.models import PublicationReceipt, PublicationRecipient


def told(person: User) -> QuerySet[PublicationRecipient]:
    """The publications that changed the person's shifts, the newest first; each with how many it changed."""
    own = Q(publication__changes__staff_before=person) | Q(publication__changes__staff_after=person)
    counted = PublicationRecipient.objects.filter(person=person).annotate(changed=Count("publication__changes", own))
    return counted.select_related("publication__week__clinic", "publication__by", "receipt").order_by("-pk")


def unseen(person: User) -> list[PublicationRecipient]:
    return list(told(person).filter(receipt=None))


def newest(notices: Sequence[PublicationRecipient]) -> int:
    """What a page hands back, so that what was published after it was shown stays unseen."""
    return max((notice.pk for notice in notices), default=0)


def note_seen(person: User, *, up_to: int, at: datetime) -> int:
    """Write down that the person has seen what told them, up to and with a notice. Returns how many were new.

    Twice at once is once. No audit entry: the receipt itself is written once and stays.
    """
    fresh = PublicationRecipient.objects.filter(person=person, pk__lte=up_to, receipt=None)
    receipts = [PublicationReceipt(recipient=notice, at=at) for notice in fresh]
    PublicationReceipt.objects.bulk_create(receipts, ignore_conflicts=True)
    return len(receipts)


def seen_counts(publications: Sequence[int]) -> dict[int, tuple[int, int]]:
    """{publication: how many of those it told have seen it, and how many it told}. One query."""
    counted = (
        PublicationRecipient.objects.filter(publication__in=publications)
        .order_by()
        .values("publication")
        .annotate(seen=Count("receipt"), asked=Count("pk"))
    )
    return {row["publication"]: (row["seen"], row["asked"]) for row in counted}
