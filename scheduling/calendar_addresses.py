"""The private address under which calendar programs read somebody's shifts: made, replaced and revoked by its owner.

Its key has 256 random bits and is shown once; what is kept is its digest. Whoever leaves takes the address along.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from accounts.inviting import digest
from accounts.models import User
from intranet.audit.recording import record
from intranet.core.access import Forbidden, Refused, require
from scheduling.models import CalendarFeed
from scheduling.my_schedule import may_have_schedule

BYTES = 32  # 256 bits
A_MINUTE = timedelta(minutes=1)


def address_of(person: User) -> CalendarFeed | None:
    """The address that works now, of which the key is known no more."""
    return CalendarFeed.objects.visible_to(person).working().first()


@transaction.atomic
def new_address(person: User, *, at: datetime) -> tuple[CalendarFeed, str]:
    """An address for oneself; one that there was stops working. Returns it with its key, which nobody reads twice."""
    require(may_have_schedule(person), Forbidden)
    User.objects.select_for_update(no_key=True).get(pk=person.pk)  # one at a time, so that one is left
    CalendarFeed.objects.filter(person=person).working().update(revoked_at=at)
    key = secrets.token_urlsafe(BYTES)
    feed = CalendarFeed.objects.create(person=person, digest=digest(key), made_at=at)
    record(person, "calendar-feed.made", feed, clinics=person.standing.clinic_ids)
    return feed, key


@transaction.atomic
def revoke(person: User, *, at: datetime) -> None:
    """Make one's own address stop working."""
    feed = CalendarFeed.objects.select_for_update().filter(person=person).working().first()
    if feed is None:
        raise Refused.because("no-address", "There is no calendar address to revoke.")
    feed.revoked_at = at
    feed.save(update_fields=["revoked_at"])
    record(person, "calendar-feed.revoked", feed, clinics=person.standing.clinic_ids)


def close_for(leaver: User, at: datetime) -> None:
    """End the address of somebody who leaves, as one part of an action that leaves its own trace."""
    CalendarFeed.objects.filter(person=leaver).working().update(revoked_at=at)


def owner_of(key: str, at: datetime) -> User | None:
    """Whose calendar the key opens, if it works and its owner still has a schedule. Notes its use, once a minute at most."""
    working = CalendarFeed.objects.working().filter(digest=digest(key), person__is_active=True)
    feed = working.select_related("person").first()
    if feed is None or not may_have_schedule(feed.person):
        return None
    stale = Q(last_used_at=None) | Q(last_used_at__lt=at - A_MINUTE)
    CalendarFeed.objects.filter(stale, pk=feed.pk).update(last_used_at=at)
    return feed.person
