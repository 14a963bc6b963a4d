"""Read the bounce mailbox now; the tick does it every five minutes."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from intranet.reminders import bounce_mailbox
from intranet.reminders.ticking import never, starting_at


class Command(BaseCommand):
    help = "Read delivery-status mails from the mailbox that BOUNCE_IMAP_HOST names, and print what they came to."

    def handle(self, *args: Any, **options: Any) -> None:
        if not bounce_mailbox.is_configured():
            raise CommandError("No bounce mailbox is configured: set BOUNCE_IMAP_HOST.", returncode=2)
        try:
            counts = bounce_mailbox.read(starting_at(timezone.now()), never)
        except bounce_mailbox.MailboxAway as error:
            raise CommandError(f"The mailbox cannot be read: {error}", returncode=1) from None
        self.stdout.write(json.dumps(counts, sort_keys=True))
