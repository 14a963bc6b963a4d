"""What search finds of protocols: of each the version that the person would read, and that version's attachments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import Clinic
from intranet.core.access import AnyUser
from intranet.core.wording import full_day, name_list
from intranet.search import registry
from intranet.search.registry import Shown
from protocols.library import PAST, PROTOCOL, Versions, first_of_each, suspended_clinics, unwritten
from protocols.models import Attachment, ProtocolVersion, Status


def read_by(viewer: AnyUser, at: datetime) -> QuerySet[ProtocolVersion, Any]:
    """Of each protocol the version that the person would read, as a column of keys. Nothing that is past."""
    versions: Versions = ProtocolVersion.objects.visible_to(viewer).with_status(at)
    return first_of_each(versions.exclude(status_now__in=PAST))


class Protocols(registry.Source):
    """Protocols in force, and drafts for whoever works on them."""

    kind, label, one, icon = PROTOCOL, "Protocols", "Protocol", "book"
    order = 10

    def visible(self, viewer: AnyUser, at: datetime) -> QuerySet[Any, Any]:
        return read_by(viewer, at)

    def behind(self, at: datetime) -> Q:
        """Nobody works by a draft: what is in force comes first."""
        return Q(object_id__in=ProtocolVersion.objects.open().values("pk"))

    def show(self, keys: Iterable[int], viewer: AnyUser, at: datetime) -> Mapping[int, Shown]:
        versions = ProtocolVersion.objects.filter(pk__in=keys).with_status(at).select_related("protocol")
        stopped = suspended_clinics(keys, Clinic.objects.all())
        return {
            version.pk: Shown(_address(version), _facts(version, stopped.get(version.pk, [])), unwritten(version))
            for version in versions
        }


def _address(version: Any) -> str:
    """In force: the protocol itself, which always shows what is in force; otherwise this very version."""
    in_force = version.status_now == Status.IN_FORCE
    return str((version.protocol if in_force else version).get_absolute_url())


def _facts(version: Any, stopped: list[Clinic]) -> tuple[str, ...]:
    shelf = version.protocol.get_category_display()
    if version.status_now == Status.IN_FORCE:
        words = f"In force since {full_day(version.in_force.lower)}" if version.in_force.lower else "In force"
    else:
        words = f"Version {version.number}: {Status(version.status_now).label.lower()}"
    suspended = (f"Suspended at {name_list([clinic.name for clinic in stopped])}",) if stopped else ()
    return (*suspended, words, shelf)


class Attachments(registry.Source):
    """What hangs on these versions: sheets, forms and papers with the words in them."""

    kind, label, one, icon = "attachment", "Attachments", "Attachment", "paperclip"
    order = 40

    def visible(self, viewer: AnyUser, at: datetime) -> QuerySet[Any, Any]:
        return Attachment.objects.filter(version__in=read_by(viewer, at)).values("pk")

    def show(self, keys: Iterable[int], viewer: AnyUser, at: datetime) -> Mapping[int, Shown]:
        files = Attachment.objects.filter(pk__in=keys).select_related("version__protocol")
        return {
            file.pk: Shown(file.get_absolute_url(), (file.get_kind_display(), file.version.title)) for file in files
        }


def register() -> None:
    registry.register(Protocols())
    registry.register(Attachments())
