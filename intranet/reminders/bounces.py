"""What comes back after our server has taken a mail: which mail it was, and whether the address is at fault.

The ledger goes on saying that the mail was sent, because it was; what came of it later stands beside. Nothing here
trusts what it is told: a report counts for a mail that we sent to the very address that it names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Lower

from intranet.reminders import addresses
from intranet.reminders.addresses import Source
from intranet.reminders.models import Delivery

# A report that does not name our Message-ID is believed for the newest mail to the address that is not older than this.
# RFC 5321, section 4.5.4.1: servers give up after four or five days.
REMEMBERED = timedelta(days=6)
LONGEST = 300
# Of which a copy can have left.
WENT = (Delivery.State.SENT, Delivery.State.DOUBT, Delivery.State.PENDING, Delivery.State.COMMITTED)


class Came(StrEnum):
    """What a report came to."""

    HARD = "hard"  # it will not arrive
    SOFT = "soft"  # it has not arrived yet
    REPEATED = "repeated"  # known already
    UNKNOWN = "unknown"  # no mail of ours


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody says about one mail and one recipient."""

    recipient: str
    message_id: str = ""  # of the mail that did not arrive; empty if the report does not name it
    action: str = "failed"  # RFC 3464: failed, delayed, delivered, relayed, expanded; or complained
    status: str = ""  # RFC 3463, such as 5.1.1
    words: str = ""

    @property
    def is_complaint(self) -> bool:
        return self.action == "complained"

    @property
    def is_final(self) -> bool:
        return self.is_complaint or (self.action == "failed" and not self.status.startswith(("2.", "4.")))

    @property
    def is_good_news(self) -> bool:
        return self.action in {"delivered", "relayed", "expanded"}

    @property
    def sentence(self) -> str:
        """The status, unless the words begin with it anyway, as servers like to put it: "550 5.1.1 No such user"."""
        said = (self.status, self.words) if addresses.status_of(self.words) != self.status else (self.words,)
        return " ".join(part for part in said if part)[:LONGEST]


def plain(text: str) -> str:
    """What strangers wrote, on one line and without what no database takes."""
    return " ".join(text.encode("utf-8", "replace").decode().replace("\x00", "").split())


def take_all(reports: Iterable[Report], at: datetime) -> Counter[str]:
    """Take one report after the other, each by itself; how many came to what."""
    return Counter(take(report, at) for report in reports)


@transaction.atomic
def take(report: Report, at: datetime) -> Came:
    """Note a report beside its mail. A final one about the mailbox flags the address, once for each mail."""
    delivery = mail_of(report, at)
    if delivery is None:
        return Came.UNKNOWN
    if delivery.bounced_at is not None or report.is_good_news:
        return Came.REPEATED
    words = report.sentence or ("Reported as unwanted." if report.is_complaint else "Sent back without a word.")
    if not report.is_final:
        if delivery.bounce == words:
            return Came.REPEATED
        delivery.bounce = words
        delivery.save(update_fields=["bounce"])
        return Came.SOFT
    delivery.bounced_at, delivery.bounce = at, words
    delivery.save(update_fields=["bounced_at", "bounce"])
    if report.is_complaint or is_about_the_address(report):
        source = Source.COMPLAINT if report.is_complaint else Source.BOUNCE
        code = report.status[:12]
        addresses.flag(delivery.recipient, delivery.address, source=source, at=at, code=code, reply=words)
    return Came.HARD


def is_about_the_address(report: Report) -> bool:
    """As of an answer to RCPT: a final report without a status, or one that says nothing, is about the mailbox."""
    return report.status in {"", "5.0.0"} or addresses.is_about_the_mailbox(report.status)


def mail_of(report: Report, at: datetime) -> Delivery | None:
    """The mail that a report is about, locked; None when we sent none such to the address that it names."""
    address = addresses.normalised(report.recipient)
    locked = Delivery.objects.select_for_update(of=("self",)).select_related("recipient").defer("payload")
    if report.message_id:
        found = locked.filter(message_id=report.message_id, state__in=WENT).first()
        return found if found and (not report.recipient or found.address.lower() == address) else None
    sent = locked.alias(small=Lower("address")).filter(small=address, state=Delivery.State.SENT)
    newest = sent.filter(sent_at__gt=at - REMEMBERED, sent_at__lte=at).order_by("small", F("id").desc()).first()
    return newest if report.recipient else None
