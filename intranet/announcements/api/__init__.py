"""Announcements and their drafts in the API."""

from __future__ import annotations

from rest_framework.routers import DefaultRouter

from intranet.announcements.api.announcements import AnnouncementViewSet
from intranet.announcements.api.drafts import DraftViewSet


def register(router: DefaultRouter) -> None:
    router.register("announcements", AnnouncementViewSet, basename="announcement")
    router.register("announcement-drafts", DraftViewSet, basename="announcement-draft")
