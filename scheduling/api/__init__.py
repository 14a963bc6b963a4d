"""Everything that programs do with rosters. Each module registers its own addresses below."""

from __future__ import annotations

from rest_framework.routers import BaseRouter

from scheduling.api import roster, swaps


def register(router: BaseRouter) -> None:
    router.register("calendar-address", calendar.CalendarAddressViewSet, basename="calendar-address")
    router.register("my-publications", seen.MyPublicationViewSet, basename="my-publication")
    router.register("roster-hours", reports.HoursViewSet, basename="roster-hours")
    router.register("coverage-gaps", reports.GapViewSet, basename="coverage-gap")
    router.register("roster-history", reports.HistoryViewSet, basename="roster-history")
    router.register("my-shifts", roster.MyShiftViewSet, basename="my-shift")
    router.register("shifts", roster.PublishedShiftViewSet, basename="shift")
    router.register("roster-shifts", roster.RosterShiftViewSet, basename="roster-shift")
    router.register("roster-weeks", roster.RosterWeekViewSet, basename="roster-week")
    router.register("open-shifts", swaps.OpenShiftViewSet, basename="open-shift")
    router.register("shift-claims", swaps.ClaimViewSet, basename="shift-claim")
    router.register("shift-offers", swaps.OfferViewSet, basename="shift-offer")
    router.register("shift-hands", swaps.HandsViewSet, basename="shift-hands")
    router.register("shift-policies", swaps.PolicyViewSet, basename="shift-policy")
