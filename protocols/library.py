"""The library: which protocols a person finds, with what filters, and how each is summed up in a list."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property, reduce
from operator import or_
from typing import Any, NamedTuple, TypeAlias

from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Lower

from accounts.models import Clinic, User
from intranet.core.time import organisation_day
from intranet.core.wording import in_one_line
from intranet.search.asking import words_of
from intranet.search.highlighting import Highlight, with_highlights
from intranet.search.models import Document
from intranet.search.searching import Understood, understand
from protocols.acknowledging import outstanding, outstanding_rows
from protocols.models import (
    Acknowledgement,
    Audience,
    Bookmark,
    Category,
    ProtocolVersion,
    Section,
    SectionKind,
    Status,
    Suspension,
)

SOON = timedelta(days=30)
# What a list shows of a protocol that has several versions: the first of these that the person may read.
RANK = (
    Status.IN_FORCE,
    Status.COMING,
    Status.APPROVED,
    Status.IN_REVIEW,
    Status.DRAFT,
    Status.SUPERSEDED,
    Status.WITHDRAWN,
)
PAST = (Status.SUPERSEDED, Status.WITHDRAWN)
PROTOCOL = "protocol"  # what search calls a version
CITATION = re.compile(r"\s*\[\d{1,3}\]")
SNIPPET = 180

# Versions with annotations such as `status_now`, which a type checker does not follow through functions.
Versions: TypeAlias = QuerySet[Any, Any]


@dataclass(frozen=True)
class Filters:
    """What somebody looks for. Empty filters find everything that is not past."""

    query: str = ""
    categories: frozenset[str] = frozenset()
    clinics: frozenset[int] = frozenset()
    statuses: frozenset[str] = frozenset()
    reviews: frozenset[str] = frozenset()  # of "overdue", "soon" and "later"
    to_acknowledge: bool = False
    kept: bool = False
    sort: str = "match"

    @property
    def any_chosen(self) -> bool:
        return bool(
            self.categories or self.clinics or self.statuses or self.reviews or self.to_acknowledge or self.kept
        )


class Row(NamedTuple):
    """What the facets need to know of a version."""

    version: int
    protocol: int
    category: str
    status: str
    review_day: date | None


@dataclass(frozen=True)
class Choice:
    """One line of a facet."""

    value: str
    label: str
    count: int
    chosen: bool
    clinic: Clinic | None = None

    @property
    def disabled(self) -> bool:
        return self.count == 0 and not self.chosen


@dataclass
class Entry:
    """One protocol in the list, as the version that the person reads. `due_on`: when the person must have signed it."""

    version: Any
    clinics: list[Clinic]
    due_on: date | None
    late: bool
    overdue: bool
    suspended: list[Clinic] = field(default_factory=list)
    title: str = ""
    excerpt: str = ""


class Library:
    """The library of one person at one moment."""

    def __init__(self, user: User, filters: Filters, at: datetime) -> None:
        self.user, self.filters, self.at = user, filters, at
        self.today = organisation_day(at)
        self._read: dict[Filters, list[Row]] = {}

    @cached_property
    def clinics(self) -> list[Clinic]:
        return list(Clinic.objects.all())

    @cached_property
    def asked(self) -> Understood | None:
        """The words as they were understood; nothing when there are none to look for."""
        return understand(self.filters.query, self._documents()) if words_of(self.filters.query) else None

    def _documents(self) -> QuerySet[Document]:
        readable = ProtocolVersion.objects.visible_to(self.user).values("pk")
        return Document.objects.filter(kind=PROTOCOL, object_id__in=readable)

    def found(self) -> Versions:
        """One version per protocol that matches, in the chosen order."""
        versions = ProtocolVersion.objects.filter(pk__in=first_of_each(self._matching(self.filters)))
        signed = (
            Acknowledgement.objects.filter(user=self.user)
            .counting(protocol=OuterRef("protocol"), counts_from=OuterRef("counts_from"), number=OuterRef("number"))
            .fresh(self.at)
        )
        versions = (
            versions.with_status(self.at)
            .with_review_day()
            .annotate(signed_number=Subquery(signed.order_by("-version__number").values("version__number")[:1]))
        )
        return self._sorted(versions.select_related("protocol", "edited_by"))

    def entries(self, versions: Iterable[Any]) -> list[Entry]:
        """A page of versions with what the list says about each. Four queries, however many."""
        page = list(versions)
        ids = [version.pk for version in page]
        due = {row["version_id"]: row["due_on"] for row in self._outstanding().filter(version_id__in=ids)}
        places = self._clinics_of(ids)
        suspended = suspended_clinics(ids, self.clinics)
        texts = self._highlights(ids, self.asked.query) if self.asked else self._beginnings(ids)
        return [
            Entry(
                version,
                places[version.pk],
                due.get(version.pk),
                version.pk in due and due[version.pk] < self.today,
                is_overdue(version, self.today),
                suspended.get(version.pk, []),
                *self._said(version, texts),
            )
            for version in page
        ]

    def facet_categories(self) -> list[Choice]:
        counts = _protocols_by((row.category, row) for row in self._rows(replace(self.filters, categories=frozenset())))
        return [_choice(value, label, counts, self.filters.categories) for value, label in Category.choices]

    def facet_statuses(self) -> list[Choice]:
        every = self._rows(replace(self.filters, statuses=frozenset(Status.values)))
        counts = _protocols_by((row.status, row) for row in every)
        return [
            _choice(value, label, counts, self.filters.statuses)
            for value, label in Status.choices
            if counts.get(value) or value in self.filters.statuses or value == Status.IN_FORCE
        ]

    def facet_clinics(self) -> list[Choice]:
        rows = self._rows(replace(self.filters, clinics=frozenset()))
        places = self._clinics_of([row.version for row in rows])
        counts = _protocols_by((clinic.pk, row) for row in rows for clinic in places[row.version])
        return [
            Choice(str(one.pk), one.name, counts.get(one.pk, 0), one.pk in self.filters.clinics, one)
            for one in self.clinics
        ]

    def facet_review(self) -> list[Choice]:
        rows = self._rows(replace(self.filters, reviews=frozenset()))
        counts = _protocols_by((self._review_of(row.review_day), row) for row in rows)
        labels = {"overdue": "Overdue", "soon": "In 30 days", "later": "Later"}
        chosen = self.filters.reviews
        return [Choice(name, label, counts.get(name, 0), name in chosen) for name, label in labels.items()]

    def to_acknowledge(self) -> int:
        rows = self._rows(replace(self.filters, to_acknowledge=False))
        waiting = set(outstanding_rows(self.at).filter(user=self.user).values_list("version_id", flat=True))
        return len({row.protocol for row in rows if row.version in waiting})

    def kept(self) -> int:
        rows = self._rows(replace(self.filters, kept=False))
        kept = set(Bookmark.objects.filter(user=self.user).values_list("protocol", flat=True))
        return len({row.protocol for row in rows if row.protocol in kept})

    def _rows(self, filters: Filters) -> list[Row]:
        """What facets count: the versions that satisfy the filters. Most facets count the same ones, read once."""
        if filters not in self._read:
            columns = ("pk", "protocol_id", "protocol__category", "status_now", "review_day")
            self._read[filters] = [Row(*row) for row in self._matching(filters).order_by().values_list(*columns)]
        return self._read[filters]

    def _matching(self, filters: Filters) -> Versions:
        """Every version, readable for the person, that satisfies the filters."""
        versions: Versions = ProtocolVersion.objects.visible_to(self.user).with_status(self.at).with_review_day()
        statuses = filters.statuses or frozenset(Status.values) - set(PAST)
        versions = versions.filter(status_now__in=statuses)
        if filters.categories:
            versions = versions.filter(protocol__category__in=filters.categories)
        if filters.clinics:
            versions = versions.filter(_at(filters.clinics))
        if filters.reviews:
            versions = versions.filter(reduce(or_, map(self._due_for_review, filters.reviews)))
        if filters.to_acknowledge:
            versions = versions.filter(self._waiting())
        if filters.kept:
            versions = versions.filter(protocol__bookmarks__user=self.user)
        if self.asked:
            versions = versions.filter(pk__in=self.asked.matching(self._documents()).values("object_id"))
        return versions

    def _sorted(self, versions: Versions) -> Versions:
        by_title = (Lower("title"), "number")
        match self.filters.sort:
            case "recent":
                return versions.order_by(F("in_force__startswith").desc(nulls_last=True), *by_title)
            case "review":
                return versions.order_by(F("review_day").asc(nulls_last=True), *by_title)
            case "match" if self.asked:
                found = self.asked.matching(Document.objects.filter(kind=PROTOCOL, object_id=OuterRef("pk")))
                drafts_last = Case(When(published_at=None, then=1), default=0)
                relevance = Subquery(found.values("rank"))
                return versions.annotate(relevance=relevance).order_by(drafts_last, "-relevance", *by_title)
        return versions.order_by(*by_title)

    def _outstanding(self) -> QuerySet[Any, Any]:
        return outstanding(self.at).filter(user_id=self.user.pk)

    def _waiting(self) -> Q:
        return Q(pk__in=outstanding_rows(self.at).filter(user=self.user).values("version_id"))

    def _due_for_review(self, when: str) -> Q:
        if when == "overdue":
            return Q(review_day__lt=self.today)
        if when == "soon":
            return Q(review_day__range=(self.today, self.today + SOON))
        return Q(review_day__gt=self.today + SOON)

    def _review_of(self, day: date | None) -> str:
        """The same, of one day."""
        if day is None:
            return ""
        return "overdue" if day < self.today else "soon" if day <= self.today + SOON else "later"

    def _clinics_of(self, ids: list[int]) -> dict[int, list[Clinic]]:
        places: dict[int, set[int | None]] = {pk: set() for pk in ids}
        for version, clinic in Audience.objects.filter(version__in=ids).values_list("version", "clinic"):
            places[version].add(clinic)
        return {
            pk: [clinic for clinic in self.clinics if None in named or clinic.pk in named]
            for pk, named in places.items()
        }

    def _said(self, version: Any, texts: Mapping[int, Any]) -> tuple[str, str]:
        """Title and excerpt, marked where the words stand."""
        said = texts.get(version.pk)
        if isinstance(said, Highlight):
            return said.title, said.excerpt or unwritten(version)
        return version.title, said or unwritten(version)

    def _highlights(self, ids: list[int], query: str) -> dict[int, Highlight]:
        rows = with_highlights(Document.objects.filter(kind=PROTOCOL, object_id__in=ids), query)
        return {row.object_id: Highlight.of(row) for row in rows}

    def _beginnings(self, ids: list[int]) -> dict[int, str]:
        """How the first text of each version begins."""
        sections = Section.objects.filter(version__in=ids, kind=SectionKind.TEXT).exclude(words="")
        first = sections.order_by("version_id", "order").distinct("version_id")
        return {section.version_id: beginning(section.words) for section in first}


def first_of_each(versions: Versions) -> Versions:
    """Of versions with their status the one that people want to see, for each protocol, as a column of keys."""
    return ranked(versions).order_by("protocol_id", "rank", "-number").distinct("protocol_id").values("pk")


def suspended_clinics(ids: Iterable[int], clinics: Iterable[Clinic]) -> dict[int, list[Clinic]]:
    """{version: those of the clinics at which nobody may work by it now}. One query."""
    known = {clinic.pk: clinic for clinic in clinics}
    found: dict[int, list[Clinic]] = {}
    for version, clinic in Suspension.objects.open().filter(version__in=ids).values_list("version", "clinic"):
        found.setdefault(version, []).append(known[clinic])
    return found


def ranked(versions: Versions) -> Versions:
    """Versions with their status, each with `rank`: its place in the order in which people want to see them."""
    ranks = (When(status_now=status, then=Value(rank)) for rank, status in enumerate(RANK))
    return versions.annotate(rank=Case(*ranks, output_field=IntegerField()))


def is_overdue(version: ProtocolVersion, today: date) -> bool:
    """Whether a version in force should have been reviewed by now."""
    due = version.review_on
    return getattr(version, "status_now", Status.IN_FORCE) == Status.IN_FORCE and due is not None and due < today


def unwritten(version: ProtocolVersion) -> str:
    """What a list says of a version without words to quote."""
    return version.change_summary or ("Nothing is written in it yet." if version.is_open else "")


def beginning(text: str) -> str:
    """The first words of a text, for a list."""
    text = in_one_line(CITATION.sub("", text))
    if len(text) <= SNIPPET:
        return text
    return text[: text.rfind(" ", 0, SNIPPET)].rstrip(" ,;:.") + "…"


def _choice(value: str, label: str, counts: Mapping[str, int], chosen: frozenset[str]) -> Choice:
    return Choice(value, str(label), counts.get(value, 0), value in chosen)


def _at(clinics: Iterable[int]) -> Exists:
    return Exists(Audience.objects.at(clinics).filter(version=OuterRef("pk")))


def _protocols_by(pairs: Iterable[tuple[Any, Row]]) -> dict[Any, int]:
    """How many protocols there are of each: several versions of one count once."""
    found: dict[Any, set[int]] = defaultdict(set)
    for key, row in pairs:
        found[key].add(row.protocol)
    return {key: len(protocols) for key, protocols in found.items()}
