"""Protocols over the API: the same rules as the pages."""

from __future__ import annotations

from rest_framework.routers import BaseRouter

from protocols.api.addressing import AddedReadersViewSet
from protocols.api.authoring import CommentViewSet, DraftViewSet
from protocols.api.files import AttachmentViewSet, PictureViewSet
from protocols.api.governing import ProtocolSettingsViewSet, ReviewViewSet
from protocols.api.importing import ImportViewSet
from protocols.api.readers import BookmarkViewSet, ProblemViewSet
from protocols.api.reading import AcknowledgementViewSet, ProtocolViewSet
from protocols.api.reporting import ReportViewSet, WaiverViewSet
from protocols.api.suspending import SuspensionViewSet


def register(router: BaseRouter) -> None:
    router.register("protocols", ProtocolViewSet, basename="protocol")
    router.register("acknowledgements", AcknowledgementViewSet, basename="acknowledgement")
    router.register("acknowledgement-report", ReportViewSet, basename="acknowledgement-report")
    router.register("waivers", WaiverViewSet, basename="waiver")
    router.register("added-readers", AddedReadersViewSet, basename="added-readers")
    router.register("suspensions", SuspensionViewSet, basename="suspension")
    router.register("pictures", PictureViewSet, basename="picture")
    router.register("attachments", AttachmentViewSet, basename="attachment")
    router.register("drafts", DraftViewSet, basename="draft")
    router.register("imports", ImportViewSet, basename="import")
    router.register("protocol-settings", ProtocolSettingsViewSet, basename="protocol-settings")
    router.register("reviews", ReviewViewSet, basename="review")
    router.register("bookmarks", BookmarkViewSet, basename="bookmark")
    router.register("problems", ProblemViewSet, basename="problem")
    router.register("comments", CommentViewSet, basename="comment")
