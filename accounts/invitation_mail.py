"""The mail with the link of an invitation. The link is in no log and on no page: only the mailbox's owner comes in."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import suppress
from smtplib import SMTPException

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.urls import reverse

from accounts.models import Invitation

TROUBLE = (OSError, SMTPException)
log = logging.getLogger(__name__)


def send_links(sent: Iterable[tuple[Invitation, str]]) -> list[Invitation]:
    """Send each link over one connection. Returns the invitations whose mail could not be sent."""
    sent, missed, connection = list(sent), [], get_connection()
    try:
        connection.open()
    except TROUBLE:
        log.exception("The mail server cannot be reached: %s links were not sent.", len(sent))
        return [invitation for invitation, _ in sent]
    for invitation, token in sent:
        try:
            connection.send_messages([_mail(invitation, token)])
        except TROUBLE:
            log.exception("The mail of invitation %s could not be sent.", invitation.pk)
            missed.append(invitation)
    with suppress(*TROUBLE):
        connection.close()
    return missed


def _mail(invitation: Invitation, token: str) -> EmailMessage:
    address = settings.SITE_ORIGIN + reverse("accounts:welcome", args=[token])
    context = {"invitation": invitation, "address": address, "site_name": settings.SITE_NAME}
    return get_adapter().render_mail("account/email/invitation", invitation.email, context)
