"""What this app writes into the audit trail: its verbs, what they are about, and who opens it."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from accounts.models import Clinic
from intranet.audit import vocabulary
from intranet.audit.vocabulary import Action, Kind
from scheduling.models import RosterWeek, Shift, TimeOff

ACTIONS = {
    "availability.added": Action("Availability said"),
    "availability.changed": Action("Availability changed"),
    "availability.removed": Action("Availability removed"),
    "blackout.added": Action("Days without time off added"),
    "blackout.removed": Action("Days without time off removed", "caution"),
    "calendar-feed.made": Action("Calendar address made"),
    "calendar-feed.revoked": Action("Calendar address revoked"),
    "coverage-needs.set": Action("Staffing needs set"),
    "day-note.set": Action("Note on a day set"),
    "opening-hours.set": Action("Opening hours set"),
    "roster-rule.set": Action("Rule of the roster set"),
    "roster-week.filled": Action("Week filled"),
    "roster.exported": Action("Report of the roster exported"),
    "roster.published": Action("Roster published", "ok"),
    "shift-claim.declined": Action("Open shift not given", "caution"),
    "shift-claim.granted": Action("Open shift given to whoever asked", "ok"),
    "shift-claim.lapsed": Action("Request for an open shift lapsed"),
    "shift-claim.made": Action("Open shift asked for"),
    "shift-claim.taken": Action("Open shift taken", "ok"),
    "shift-claim.withdrawn": Action("Request for an open shift withdrawn"),
    "shift-offer.agreed": Action("Change of hands agreed to", "ok"),
    "shift-offer.declined": Action("Offered shift declined"),
    "shift-offer.done": Action("Shift changed hands", "ok"),
    "shift-offer.drop": Action("Shift offered back"),
    "shift-offer.expired": Action("Offer of a shift expired"),
    "shift-offer.given": Action("Shift offered to colleagues"),
    "shift-offer.refused": Action("Change of hands refused", "caution"),
    "shift-offer.swap": Action("Swap of shifts offered"),
    "shift-offer.taken": Action("Offered shift taken"),
    "shift-offer.voided": Action("Offer of a shift void: the shift was changed"),
    "shift-offer.withdrawn": Action("Offer of a shift withdrawn"),
    "shift-policy.set": Action("What staff may do with shifts set"),
    "shift.changed": Action("Shift changed"),
    "shift.created": Action("Shift made"),
    "shift.deleted": Action("Shift deleted", "caution"),
    "shift.restored": Action("Deleted shift planned again"),
    "special-day.added": Action("Special day added"),
    "special-day.removed": Action("Special day removed", "caution"),
    "time-off.approved": Action("Time off approved", "ok"),
    "time-off.asked": Action("Time off asked for"),
    "time-off.declined": Action("Time off declined"),
    "time-off.withdrawn": Action("Time off withdrawn"),
    "usual-shift.added": Action("Usual shift added"),
    "usual-shift.changed": Action("Usual shift changed"),
    "usual-shift.retired": Action("Usual shift retired", "caution"),
    "week-template.added": Action("Week template added"),
    "week-template.changed": Action("Week template changed"),
    "week-template.retired": Action("Week template retired", "caution"),
}


def _on_the_board(week: RosterWeek) -> str:
    return f"{reverse('scheduling:board')}?{urlencode({'clinic': week.clinic.slug, 'week': week.monday})}"


KINDS = {
    "scheduling.calendarfeed": Kind("Calendar address"),
    "scheduling.rosterweek": Kind(
        "Week of the roster",
        lambda viewer: RosterWeek.objects.filter(clinic__in=Clinic.objects.visible_to(viewer)).select_related("clinic"),
        _on_the_board,
    ),
    "scheduling.shift": Kind("Shift", lambda viewer: Shift.objects.visible_to(viewer).planned()),
    "scheduling.timeoff": Kind("Time off", lambda viewer: TimeOff.objects.visible_to(viewer).exclude(person=viewer.pk)),
}


def register() -> None:
    vocabulary.register(ACTIONS, KINDS)
