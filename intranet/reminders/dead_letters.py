"""Mails that did not go, or of which nobody knows: sent once more, or written off, by whoever runs the reminders.

What is in them is nobody's business but the recipient's: these rules know kinds and moments, never words.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from intranet.audit.recording import record
from intranet.core.access import YES, Forbidden, Reason, Refused, Verdict, require
from intranet.reminders import addresses
from intranet.reminders.models import Delivery
from intranet.reminders.operating import may_operate
from intranet.reminders.planning import SWITCHED_OFF

MOST = 100  # at once
LONGEST_REASON = 200
State = Delivery.State


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of several mails: how many were changed, and the verdict on each that was not."""

    done: int
    refused: dict[int, Verdict] = field(default_factory=dict)

    @property
    def sentences(self) -> list[str]:
        """Each reason once, in the order of the mails."""
        reasons = (str(reason) for verdict in self.refused.values() for reason in verdict.reasons)
        return list(dict.fromkeys(reasons))


def may_settle(mail: Delivery) -> Verdict:
    """Only what was refused or is in doubt, and about which nobody has decided, is anybody's to decide."""
    if mail.state not in {State.DEAD, State.DOUBT}:
        return Verdict.no("not-waiting", f"It is neither refused nor in doubt: {mail.get_state_display().lower()}.")
    if mail.written_off_at is not None:
        return Verdict.no("written-off", "It was written off already.")
    return YES


def may_have_arrived(mail: Delivery) -> bool:
    """Whether a copy may have left; also of what was refused when it was tried once more after a doubt."""
    return mail.state == State.DOUBT or mail.doubts > 0


def may_retry(mail: Delivery, *, twice: bool, at: datetime) -> Verdict:
    """Whether it can be of use to send the same bytes once more; `twice`: it may arrive a second time."""
    if not (verdict := may_settle(mail)):
        return verdict
    reasons = []
    if not mail.recipient.is_active:
        reasons.append(Reason("left", SWITCHED_OFF))
    if mail.not_after <= at:
        reasons.append(Reason("too-late", "Its time has passed: what it says is of no use any more."))
    if addresses.trouble_of(mail.recipient):
        reasons.append(Reason("flagged", "Mail to this address does not arrive. Clear the address first."))
    if mail.bounced_at is not None:
        reasons.append(Reason("bounced", "It has come back meanwhile."))
    if may_have_arrived(mail) and not twice:
        reasons.append(Reason("twice", "It may arrive twice. Say that you accept that."))
    return Verdict.of(reasons)


@transaction.atomic
def retry(pks: Collection[int], *, by: Any, at: datetime, twice: bool = False) -> Outcome:
    """Put mails back into the queue, as if they had not been tried; the next tick sends them. Raises Forbidden."""
    require(may_operate(by), Forbidden)
    done, refused = 0, {}
    for mail in _locked(pks):
        if not (verdict := may_retry(mail, twice=twice, at=at)):
            refused[mail.pk] = verdict
            continue
        before = mail.state
        mail.state, mail.reason, mail.tries, mail.not_before = State.PENDING, "", 0, at
        mail.save(update_fields=["state", "reason", "tries", "not_before"])
        record(by, "mail.retried", mail, before=before, recipient=mail.recipient)
        done += 1
    return Outcome(done, refused)


@transaction.atomic
def write_off(pks: Collection[int], *, why: str, by: Any, at: datetime) -> Outcome:
    """Let mails be, with a reason. They stay on record. Raises Forbidden, or Refused without a reason."""
    require(may_operate(by), Forbidden)
    why = " ".join(why.replace("\x00", "").split())
    if not why or len(why) > LONGEST_REASON:
        words = "Say why." if not why else f"Shorten the reason to {LONGEST_REASON} characters."
        raise Refused.because("reason", words, "why")
    done, refused = 0, {}
    for mail in _locked(pks):
        if not (verdict := may_settle(mail)):
            refused[mail.pk] = verdict
            continue
        mail.written_off_at, mail.written_off_by_id, mail.written_off_why = at, by.pk, why
        mail.save(update_fields=["written_off_at", "written_off_by", "written_off_why"])
        record(by, "mail.written-off", mail, why=why, recipient=mail.recipient)
        done += 1
    return Outcome(done, refused)


def _locked(pks: Collection[int]) -> list[Delivery]:
    mails = Delivery.objects.select_for_update(of=("self",)).select_related("recipient").defer("payload")
    return list(mails.filter(pk__in=list(pks)[:MOST]).order_by("pk"))
