"""The seal of the audit trail: a chain of digests in which no entry can be changed, removed or slipped in unnoticed.

Triggers refuse changes to everybody who goes through the database as the product does. The chain finds the changes of
somebody who can switch triggers off. Entries are sealed soon after they were written, not while they are written: a
chain in the action's own transaction would make every action of the house wait for every other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import islice
from typing import TypeVar

from django.db import connection, transaction

from intranet.audit.models import Entry, Seal

Row = TypeVar("Row")

BEGINNING = "0" * 64
BATCH = 1000
LOCK = 0x5EA1
# An entry is sealed by the next tick. One that stands open for longer was not: either no tick runs, or it was slipped in.
# No transaction of the product lasts as long.
OPEN_FOR = timedelta(minutes=15)
MOST_PROBLEMS = 20


@transaction.atomic
def seal(at: datetime) -> int:
    """Seal what was written since the last time, and return how much it was. Whoever comes second seals nothing.

    The order is that of sealing: an entry whose transaction ended late follows the later ones that were quicker. What
    claims to be older than that was not there when the last seal was set. It stays open, and `verify` says so.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
    last = Seal.objects.order_by("-position").first()
    position, digest = (last.position, last.digest) if last else (0, BEGINNING)
    count = 0
    fresh = Entry.objects.filter(at__gte=last.at - OPEN_FOR) if last else Entry.objects.all()
    for entries in _batches(fresh.filter(seal=None).order_by("id").iterator(BATCH)):
        seals = []
        for entry in entries:
            position, digest = position + 1, digest_of(entry, digest, at)
            seals.append(Seal(position=position, entry=entry, digest=digest, at=at))
        Seal.objects.bulk_create(seals)
        count += len(seals)
    return count


def digest_of(entry: Entry, before: str, at: datetime) -> str:
    """The digest of an entry in the chain: of everything that it says, of when it was sealed, and of the digest before."""
    said = [
        *(at.astimezone(UTC).isoformat(), entry.pk, entry.at.astimezone(UTC).isoformat(), entry.actor_id),
        *(entry.actor_name, entry.verb, entry.target_type, entry.target_id, entry.target_name),
        *(entry.clinic_ids, entry.changes, entry.address),
    ]
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(f"{before}{text}".encode()).hexdigest()


@dataclass(slots=True)
class Findings:
    """What a check of the chain found. `position` and `digest` are its end: note them elsewhere, to check against."""

    position: int = 0
    digest: str = BEGINNING
    at: datetime | None = None  # of the seals that are being walked
    before: datetime | None = None  # when everything that was older had been sealed
    waiting: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def intact(self) -> bool:
        return not self.problems


def verify(at: datetime, *, expected: tuple[int, str] | None = None) -> Findings:
    """Walk the whole chain. `expected` is an end that was noted earlier: it must still be in it, unchanged."""
    found = Findings()
    for seals in _batches(Seal.objects.order_by("position").iterator(BATCH)):
        entries = Entry.objects.in_bulk([link.entry_id for link in seals])
        for link in seals:
            if link.at != found.at:
                found.before, found.at = found.at, link.at
            found.problems += _wrong_with(link, entries.get(link.entry_id), found, expected)
            found.position, found.digest = link.position, link.digest
        if len(found.problems) >= MOST_PROBLEMS:
            found.problems = [*found.problems[:MOST_PROBLEMS], "There is more; the check ends here."]
            return found
    if expected and expected[0] > found.position:
        found.problems.append(f"The chain ends at seal {found.position}; seal {expected[0]} was noted.")
    found.waiting = Entry.objects.filter(seal=None).count()
    if late := Entry.objects.filter(seal=None, at__lt=at - OPEN_FOR).count():
        found.problems.append(f"{late} of the entries that are not sealed are older than 15 minutes.")
    return found


def _wrong_with(link: Seal, entry: Entry | None, before: Findings, expected: tuple[int, str] | None) -> Iterator[str]:
    if entry is None:
        yield f"Entry {link.entry_id} (seal {link.position}) is gone."
    elif link.position != before.position + 1:
        yield f"Seals {before.position + 1} to {link.position - 1} are gone."
    elif link.digest != digest_of(entry, before.digest, link.at):
        yield f"Entry {link.entry_id} (seal {link.position}) is not what was sealed."
    elif before.before and entry.at < before.before - OPEN_FOR:
        yield f"Entry {link.entry_id} (seal {link.position}) claims to be older than the seals before it."
    elif entry.at > link.at + OPEN_FOR:
        yield f"Entry {link.entry_id} (seal {link.position}) claims to be from after it was sealed."
    if expected and expected[0] == link.position and expected[1] != link.digest:
        yield f"Seal {link.position} is not the one that was noted."


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while batch := list(islice(rows, BATCH)):
        yield batch
