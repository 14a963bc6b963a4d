"""Everything that programs do with rosters. Each module registers its own addresses below."""

from __future__ import annotations

from rest_framework.routers import BaseRouter

from scheduling.api import (
    availability,
    calendar,
    clinics,
    days,
    lost_clearances,
    reports,
    roster,
    rules,
    seen,
    swaps,
    templates,
    time_off,
)


def register(router: BaseRouter) -> None:
    router.register("calendar-address", calendar.CalendarAddressViewSet, basename="calendar-address")
    router.register("my-publications", seen.MyPublicationViewSet, basename="my-publication")
    router.register("roster-hours", reports.HoursViewSet, basename="roster-hours")
    router.register("coverage-gaps", reports.GapViewSet, basename="coverage-gap")
    router.register("roster-history", reports.HistoryViewSet, basename="roster-history")
    router.register("my-shifts", roster.MyShiftViewSet, basename="my-shift")
    router.register("lost-clearances", lost_clearances.LostClearanceViewSet, basename="lost-clearance")
    router.register("shifts", roster.PublishedShiftViewSet, basename="shift")
    router.register("roster-shifts", roster.RosterShiftViewSet, basename="roster-shift")
    router.register("roster-weeks", roster.RosterWeekViewSet, basename="roster-week")
    router.register("time-off", time_off.TimeOffViewSet, basename="time-off")
    router.register("availability", availability.AvailabilityViewSet, basename="availability")
    router.register("usual-shifts", templates.UsualShiftViewSet, basename="usual-shift")
    router.register("week-copies", templates.WeekCopyViewSet, basename="week-copy")
    router.register("day-notes", days.DayNoteViewSet, basename="day-note")
    router.register("week-templates", templates.WeekTemplateViewSet, basename="week-template")
    router.register("special-days", days.SpecialDayViewSet, basename="special-day")
    router.register("blackouts", days.BlackoutViewSet, basename="blackout")
    router.register("opening-hours", clinics.OpeningHoursViewSet, basename="opening-hours")
    router.register("coverage-needs", clinics.CoverageNeedsViewSet, basename="coverage-needs")
    router.register("roster-rules", rules.RosterRuleViewSet, basename="roster-rule")
    router.register("open-shifts", swaps.OpenShiftViewSet, basename="open-shift")
    router.register("shift-claims", swaps.ClaimViewSet, basename="shift-claim")
    router.register("shift-offers", swaps.OfferViewSet, basename="shift-offer")
    router.register("shift-hands", swaps.HandsViewSet, basename="shift-hands")
    router.register("shift-policies", swaps.PolicyViewSet, basename="shift-policy")
