"""The mail with the link of an invitation, sent by the tick: requests write a row, and whatever dies, the row stays.

The link is made when its mail is made, so that it is in no row, no log and no page: only the mailbox's owner comes in.
One process at a time sends; a lock of its database session says so, and is gone when the process is. What was in its
hands before the final dot goes out again, with a new link. What was beyond the dot is in doubt, and said to be: a second
mail would kill the link of the first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.inviting import give_link, may_manage
from accounts.models import Invitation
from intranet.reminders import locks
from intranet.reminders.composing import deliverable
from intranet.reminders.handing_over import Outcome, Result
from intranet.reminders.mail_server import MailServer, Unreached
from intranet.reminders.runs import Clock

LONGEST = timedelta(seconds=40)  # of one round; the rest is for the next one
MOST_TRIES = 12
BATCH = 20
LONGEST_REPLY = 200
NOBODY_KNOWS = "The connection was lost while the mail server took the mail: nobody knows whether it arrived."
NO_POWER = "Whoever invited may not do so any more."

State = Invitation.Mail


def send_due(clock: Clock, stopping: Callable[[], bool]) -> Counter[str]:
    """Send the mails of the invitations that wait for one, one after the other. Returns how many became what."""
    counts: Counter[str] = Counter()
    if not Invitation.objects.mail_unsettled().exists() or not locks.try_alone(locks.INVITATIONS):
        return counts
    server = MailServer()
    until = clock() + LONGEST
    try:
        settle_what_died()
        while clock() < until and not stopping() and (claimed := claim(clock())):
            outcome = _send(server, *claimed, clock())
            counts[f"invitations_{outcome}"] += 1
            if outcome == Outcome.UNREACHED:
                break
    finally:
        server.leave()
        locks.free_alone(locks.INVITATIONS)
    return counts


def settle_what_died() -> None:
    """Whoever had these in hand is gone: their lock was free."""
    Invitation.objects.filter(mail_state=State.CLAIMED).update(mail_state=State.WAITING)
    Invitation.objects.filter(mail_state=State.COMMITTED).update(mail_state=State.DOUBT, mail_reply=NOBODY_KNOWS)


def claim(at: datetime) -> tuple[Invitation, str] | None:
    """The invitation that waits longest, with the token of a link made now; or nothing is due."""
    with transaction.atomic(durable=True):
        waiting = Invitation.objects.waiting().filter(mail_state=State.WAITING, mail_due_at__lte=at)
        locked = waiting.select_for_update(skip_locked=True, of=("self",)).select_related("clinic", "invited_by")
        for invitation in locked.order_by("mail_due_at", "pk")[:BATCH]:
            if may_manage(invitation, by=invitation.invited_by):
                return invitation, give_link(invitation, at=at)
            invitation.mail_state, invitation.mail_reply = State.REFUSED, NO_POWER
            invitation.save(update_fields=["mail_state", "mail_reply"])
    return None


def payload(invitation: Invitation, token: str) -> bytes:
    """The mail as it goes over the line."""
    address = settings.SITE_ORIGIN + reverse("accounts:invitation-link", args=[token])
    context = {"invitation": invitation, "address": address, "site_name": settings.SITE_NAME}
    mail = get_adapter().render_mail("account/email/invitation", deliverable(invitation.email), context)
    return bytes(mail.message().as_bytes(linesep="\r\n"))


def _send(server: MailServer, invitation: Invitation, token: str, at: datetime) -> Outcome:
    mine = Invitation.objects.filter(pk=invitation.pk, token_digest=invitation.token_digest)
    in_hand = mine.waiting().filter(mail_state=State.CLAIMED)
    try:
        result = server.send(
            deliverable(invitation.email),
            payload(invitation, token),
            fence=lambda: in_hand.update(mail_state=State.COMMITTED) == 1,
        )
    except Unreached as error:
        result = Result(Outcome.UNREACHED, None, str(error))
    if result.outcome != Outcome.STOPPED:
        settle(invitation, result, at)
    return Outcome(result.outcome)


def settle(invitation: Invitation, result: Result, at: datetime) -> None:
    """Write down what became of the mail, unless somebody sends it again by now."""
    mine = Invitation.objects.filter(pk=invitation.pk, token_digest=invitation.token_digest)
    mine.filter(mail_state__in=[State.CLAIMED, State.COMMITTED]).update(**_after(result, invitation, at))


def _after(result: Result, invitation: Invitation, at: datetime) -> dict[str, object]:
    """What is written down: gone, not wanted, in doubt, or tried again later with a new link."""
    reply = result.reply[:LONGEST_REPLY]
    if result.outcome == Outcome.UNREACHED:  # says nothing about this mail
        return {"mail_state": State.WAITING, "mail_tries": invitation.mail_tries - 1, "mail_reply": reply}
    if result.outcome == Outcome.LATER and invitation.mail_tries < MOST_TRIES:
        pause = timedelta(minutes=min(2 ** (invitation.mail_tries - 1), 60))
        return {"mail_state": State.WAITING, "mail_due_at": at + pause, "mail_reply": reply}
    if result.outcome == Outcome.DOUBT:
        return {"mail_state": State.DOUBT, "mail_reply": NOBODY_KNOWS}
    return {"mail_state": State.SENT if result.outcome == Outcome.SENT else State.REFUSED, "mail_reply": reply}
