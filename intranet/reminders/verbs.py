"""What this app writes into the audit trail: its verbs."""

from __future__ import annotations

from intranet.audit import vocabulary
from intranet.audit.vocabulary import Action

ACTIONS = {
    "address.cleared": Action("Mail to an address works again", "ok"),
    "address.flagged": Action("Mail to an address does not arrive", "caution"),
    "mail.retried": Action("Mail sent once more", "caution"),
    "mail.written-off": Action("Mail written off", "caution"),
    "reminders.mail_chosen": Action("Mail settings changed"),
    "reminders.hours_chosen": Action("Quiet hours changed"),
    "reminders.times_changed": Action("Reminder times changed"),
}


def register() -> None:
    vocabulary.register(ACTIONS)
