"""What this app writes into the audit trail: its verbs, what they are about, and who opens it."""

from __future__ import annotations

from intranet.announcements.models import Announcement
from intranet.audit import vocabulary
from intranet.audit.vocabulary import Action, Kind

ACTIONS = {
    "announcement.acknowledged": Action("Announcement acknowledged"),
    "announcement.changed": Action("Announcement changed before it appeared"),
    "announcement.corrected": Action("Announcement corrected", "caution"),
    "announcement.exported": Action("Receipts of an announcement exported"),
    "announcement.passed_on": Action("Scheduled announcement became somebody else's", "caution"),
    "announcement.published": Action("Announcement published", "ok"),
    "announcement.taken_over": Action("Announcement published in place of its author", "caution"),
    "announcement.withdrawn": Action("Announcement withdrawn", "caution"),
}

KINDS = {
    "announcements.announcement": Kind("Announcement", lambda viewer: Announcement.objects.visible_to(viewer)),
}


def register() -> None:
    vocabulary.register(ACTIONS, KINDS)
