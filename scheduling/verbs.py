"""What this app writes into the audit trail: its verbs, what they are about, and who opens it."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from accounts.models import Clinic
from intranet.audit import vocabulary
from intranet.audit.vocabulary import Action, Kind
from scheduling.models import RosterWeek, Shift

ACTIONS = {
    "coverage-needs.set": Action("Staffing needs set"),
    "opening-hours.set": Action("Opening hours set"),
    "roster-rule.set": Action("Rule of the roster set"),
    "roster-week.filled": Action("Week filled"),
    "roster.published": Action("Roster published", "ok"),
    "shift.changed": Action("Shift changed"),
    "shift.created": Action("Shift made"),
    "shift.deleted": Action("Shift deleted", "caution"),
}


def _on_the_board(week: RosterWeek) -> str:
    return f"{reverse('scheduling:board')}?{urlencode({'clinic': week.clinic.slug, 'week': week.monday})}"


KINDS = {
    "scheduling.rosterweek": Kind(
        "Week of the roster",
        lambda viewer: RosterWeek.objects.filter(clinic__in=Clinic.objects.visible_to(viewer)).select_related("clinic"),
        _on_the_board,
    ),
    "scheduling.shift": Kind("Shift", lambda viewer: Shift.objects.visible_to(viewer).planned()),
}


def register() -> None:
    vocabulary.register(ACTIONS, KINDS)
