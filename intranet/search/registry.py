"""What can be found. An app registers a source for each kind of thing of its own, in `AppConfig.ready()`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, ClassVar

from django.db.models import Q, QuerySet

from intranet.core.access import AnyUser
from intranet.search.models import Document


@dataclass(frozen=True, slots=True)
class Shown:
    """How a hit is shown beside its title and excerpt: where it leads, and a few facts about it."""

    url: str
    facts: tuple[str, ...] = ()
    instead: str = ""  # what is said in the place of an excerpt, when there is none


class Source:
    """One kind of thing. Its rows in `Document` are kept by triggers, with `search_put` and `search_drop` of migration 0002."""

    kind: ClassVar[str]
    label: ClassVar[str]  # of many: "Protocols"
    one: ClassVar[str]  # of one: "Protocol"
    icon: ClassVar[str]
    order: ClassVar[int]  # among the kinds

    def visible(self, viewer: AnyUser, at: datetime) -> QuerySet[Any, Any]:
        """The objects that the viewer finds, as one column of keys. Starts from `visible_to(viewer)`."""
        raise NotImplementedError

    def behind(self, at: datetime) -> Q:
        """Which of its documents come after all others, however well they answer; without an answer of its own, none."""
        return Q(pk__in=[])

    def show(self, keys: Iterable[int], viewer: AnyUser, at: datetime) -> Mapping[int, Shown]:
        """{key: how it is shown}, of keys that `visible` gave. As many queries for one as for many."""
        raise NotImplementedError


_sources: dict[str, Source] = {}


def register(source: Source) -> None:
    """Add a source. A kind has one."""
    if source.kind in _sources:
        raise ValueError(f"There is a source of the kind {source.kind} already.")
    _sources[source.kind] = source


def sources() -> list[Source]:
    """Every source, in the order in which pages name them."""
    return sorted(_sources.values(), key=lambda source: source.order)


def behind_all(at: datetime) -> Q:
    """The documents that come after all others."""
    return reduce(or_, (Q(source.behind(at), kind=source.kind) for source in sources()), Q(pk__in=[]))


def documents_for(viewer: AnyUser, at: datetime) -> QuerySet[Document]:
    """Everything that the viewer may find, of every kind: what hits, counts and suggestions come from."""
    found = Q(pk__in=[])
    for source in sources():
        found |= Q(kind=source.kind, object_id__in=source.visible(viewer, at))
    return Document.objects.filter(found)
