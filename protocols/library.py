"""The library: which protocols a person finds, with what filters, and how each is summed up in a list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property, reduce
from operator import or_
from typing import Any, TypeAlias

from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Lower

from accounts.models import Clinic, User
from intranet.core.time import organisation_day
from protocols.acknowledging import outstanding
from protocols.models import (
    Acknowledgement,
    Audience,
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
LAST_TO_QUOTE = (SectionKind.KEY_FACTS, SectionKind.REFERENCES)
CITATION = re.compile(r"\s*\[\d{1,3}\]")
SNIPPET = 90
WORDS = 12

# Versions with annotations such as `status_now`, which a type checker does not follow through functions.
Versions: TypeAlias = QuerySet[Any, Any]


@dataclass(frozen=True)
class Filters:
    """What somebody looks for. Empty filters find everything that is not past."""

    words: tuple[str, ...] = ()
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

    @classmethod
    def words_of(cls, query: str) -> tuple[str, ...]:
        """The words of a query; more than a dozen never make it better."""
        return tuple(dict.fromkeys(re.findall(r"[\w’'-]+", query.casefold())))[:WORDS]


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
    excerpt: str = ""
    words: tuple[str, ...] = field(default=(), repr=False)

    @property
    def title_parts(self) -> list[tuple[str, bool]]:
        return marked(self.version.title, self.words)

    @property
    def excerpt_parts(self) -> list[tuple[str, bool]]:
        return marked(self.excerpt, self.words)


class Library:
    """The library of one person at one moment."""

    def __init__(self, user: User, filters: Filters, at: datetime) -> None:
        self.user, self.filters, self.at = user, filters, at
        self.today = organisation_day(at)

    @cached_property
    def clinics(self) -> list[Clinic]:
        return list(Clinic.objects.all())

    def found(self) -> Versions:
        """One version per protocol that matches, in the chosen order."""
        versions = ProtocolVersion.objects.filter(pk__in=self._first_of_each(self._matching(self.filters)))
        signed = Acknowledgement.objects.filter(user=self.user).counting(
            protocol=OuterRef("protocol"), counts_from=OuterRef("counts_from"), number=OuterRef("number")
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
        suspended = self._suspended(ids)
        excerpts = self._excerpts(ids)
        return [
            Entry(
                version,
                places[version.pk],
                due.get(version.pk),
                version.pk in due and due[version.pk] < self.today,
                is_overdue(version, self.today),
                suspended.get(version.pk, []),
                excerpts.get(version.pk, version.change_summary),
                self.filters.words,
            )
            for version in page
        ]

    def facet_categories(self) -> list[Choice]:
        counts = self._counts(replace(self.filters, categories=frozenset()), "protocol__category")
        return [_choice(value, label, counts, self.filters.categories) for value, label in Category.choices]

    def facet_statuses(self) -> list[Choice]:
        counts = self._counts(replace(self.filters, statuses=frozenset(Status.values)), "status_now")
        return [
            _choice(value, label, counts, self.filters.statuses)
            for value, label in Status.choices
            if counts.get(value) or value in self.filters.statuses or value == Status.IN_FORCE
        ]

    def facet_clinics(self) -> list[Choice]:
        versions = self._matching(replace(self.filters, clinics=frozenset()))
        names = {f"at_{clinic.pk}": Q(_at([clinic.pk])) for clinic in self.clinics}
        counts = _count_each(versions, names)
        return [
            Choice(str(clinic.pk), clinic.name, counts[f"at_{clinic.pk}"], clinic.pk in self.filters.clinics, clinic)
            for clinic in self.clinics
        ]

    def facet_review(self) -> list[Choice]:
        versions = self._matching(replace(self.filters, reviews=frozenset()))
        labels = {"overdue": "Overdue", "soon": "In 30 days", "later": "Later"}
        counts = _count_each(versions, {name: self._due_for_review(name) for name in labels})
        return [Choice(name, label, counts[name], name in self.filters.reviews) for name, label in labels.items()]

    def to_acknowledge(self) -> int:
        versions = self._matching(replace(self.filters, to_acknowledge=False))
        return versions.filter(self._waiting()).values("protocol").distinct().count()

    def kept(self) -> int:
        versions = self._matching(replace(self.filters, kept=True))
        return versions.values("protocol").distinct().count()

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
        for word in filters.words:
            in_text = Section.objects.filter(version=OuterRef("pk"))
            said = Q(words__icontains=word) | Q(heading__icontains=word)
            versions = versions.filter(Q(title__icontains=word) | Q(Exists(in_text.filter(said))))
        return versions

    def _first_of_each(self, versions: Versions) -> Versions:
        return ranked(versions).order_by("protocol_id", "rank", "-number").distinct("protocol_id").values("pk")

    def _sorted(self, versions: Versions) -> Versions:
        by_title = (Lower("title"), "number")
        match self.filters.sort:
            case "recent":
                return versions.order_by(F("in_force__startswith").desc(nulls_last=True), *by_title)
            case "review":
                return versions.order_by(F("review_day").asc(nulls_last=True), *by_title)
            case "match" if self.filters.words:
                in_title = Q()
                for word in self.filters.words:
                    in_title &= Q(title__icontains=word)
                return versions.order_by(Case(When(in_title, then=Value(0)), default=Value(1)), *by_title)
        return versions.order_by(*by_title)

    def _counts(self, filters: Filters, by: str) -> Mapping[str, int]:
        rows = self._matching(filters).order_by().values_list(by).annotate(Count("protocol", distinct=True))
        return dict(rows)

    def _outstanding(self) -> QuerySet[Any, Any]:
        return outstanding(self.at).filter(user_id=self.user.pk)

    def _waiting(self) -> Q:
        return Q(pk__in=self._outstanding().values("version_id"))

    def _due_for_review(self, when: str) -> Q:
        if when == "overdue":
            return Q(review_day__lt=self.today)
        if when == "soon":
            return Q(review_day__range=(self.today, self.today + SOON))
        return Q(review_day__gt=self.today + SOON)

    def _clinics_of(self, ids: list[int]) -> dict[int, list[Clinic]]:
        places: dict[int, set[int | None]] = {pk: set() for pk in ids}
        for version, clinic in Audience.objects.filter(version__in=ids).values_list("version", "clinic"):
            places[version].add(clinic)
        return {
            pk: [clinic for clinic in self.clinics if None in named or clinic.pk in named]
            for pk, named in places.items()
        }

    def _suspended(self, ids: list[int]) -> dict[int, list[Clinic]]:
        """{version: the clinics at which nobody may work by it now}."""
        found: dict[int, list[Clinic]] = {}
        for version, clinic in Suspension.objects.open().filter(version__in=ids).values_list("version", "clinic"):
            found.setdefault(version, []).append(next(one for one in self.clinics if one.pk == clinic))
        return found

    def _excerpts(self, ids: list[int]) -> dict[int, str]:
        """Where the words stand in each version; without words, how its first text begins."""
        sections = Section.objects.filter(version__in=ids).exclude(words="")
        if self.filters.words:
            said = Q()
            for word in self.filters.words:
                said |= Q(words__icontains=word)
            sections = sections.filter(said)
        else:
            sections = sections.filter(kind=SectionKind.TEXT)
        facts_last = Case(When(kind__in=LAST_TO_QUOTE, then=Value(1)), default=Value(0))
        first = sections.order_by("version_id", facts_last, "order").distinct("version_id")
        return {section.version_id: excerpt(section.words, self.filters.words) for section in first}


def ranked(versions: Versions) -> Versions:
    """Versions with their status, each with `rank`: its place in the order in which people want to see them."""
    ranks = (When(status_now=status, then=Value(rank)) for rank, status in enumerate(RANK))
    return versions.annotate(rank=Case(*ranks, output_field=IntegerField()))


def is_overdue(version: ProtocolVersion, today: date) -> bool:
    """Whether a version in force should have been reviewed by now."""
    due = version.review_on
    return getattr(version, "status_now", Status.IN_FORCE) == Status.IN_FORCE and due is not None and due < today


def excerpt(text: str, words: tuple[str, ...]) -> str:
    """A piece of the text around the first of the words."""
    text = " ".join(CITATION.sub("", text).split())
    places = [place for word in words if (place := text.casefold().find(word)) >= 0]
    start = max(0, min(places, default=0) - SNIPPET)
    if start:
        start = text.find(" ", start) + 1
    end = start + 2 * SNIPPET
    if end < len(text):
        end = text.rfind(" ", start, end)
    return ("…" if start else "") + text[start:end].rstrip(" ,;:.") + ("…" if end < len(text) else "")


def marked(text: str, words: tuple[str, ...]) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it is one of the words; templates escape them and mark those."""
    if not words:
        return [(text, False)]
    pattern = re.compile("(" + "|".join(map(re.escape, sorted(words, key=len, reverse=True))) + ")", re.IGNORECASE)
    return [(piece, number % 2 == 1) for number, piece in enumerate(pattern.split(text)) if piece]


def _choice(value: str, label: str, counts: Mapping[str, int], chosen: frozenset[str]) -> Choice:
    return Choice(value, str(label), counts.get(value, 0), value in chosen)


def _at(clinics: Iterable[int]) -> Exists:
    return Exists(Audience.objects.at(clinics).filter(version=OuterRef("pk")))


def _count_each(versions: Versions, conditions: Mapping[str, Q]) -> dict[str, int]:
    """How many protocols satisfy each condition, in one query."""
    return versions.order_by().aggregate(
        **{name: Count("protocol", distinct=True, filter=condition) for name, condition in conditions.items()}
    )
