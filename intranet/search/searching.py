"""Searching: what was meant, how much there is of each kind, and the hits in their order. All of it inside the rights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from math import log
from typing import Any

from django.db.models import Case, Count, QuerySet, Value, When

from intranet.core.access import AnyUser
from intranet.search import vocabulary
from intranet.search.asking import Matches, Question, Rank, ask, matching
from intranet.search.highlighting import Highlight, with_highlights
from intranet.search.models import Document
from intranet.search.registry import Shown, Source, behind_all, documents_for, sources


class Stage(StrEnum):
    """How much of a question the hits answer; the first that finds anything is shown."""

    WHOLE = "whole"
    BEGUN = "begun"
    SOME = "some"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Understood:
    """A question as it was answered: `corrected` is what was meant, when nothing has the words as they were typed."""

    question: Question
    stage: Stage
    query: str
    counts: dict[str, int]
    corrected: str = ""
    weights: tuple[tuple[str, float], ...] = ()

    @property
    def in_vain(self) -> bool:
        """Whether nothing answers it as it was meant."""
        return self.stage in (Stage.SOME, Stage.NONE)

    def matching(self, documents: QuerySet[Document]) -> QuerySet[Any, Any]:
        """Those that answer it, each with `rank`. With some of the words only, rare words count more than common ones."""
        rank: Any = Rank("vector", Value(self.query))
        for query, weight in self.weights:
            rank += Case(When(Matches("vector", Value(query)), then=Value(weight)), default=Value(0.0))
        return documents.filter(matching(self.query)).annotate(rank=rank)


def understand(text: str, documents: QuerySet[Document], *, literally: bool = False) -> Understood:
    """Find out what was meant, by what there is among the documents: typed words, then begun, corrected, some of them."""
    question = ask(text)
    found = _stages(question, documents)
    if not found and not literally and (meant := vocabulary.corrected(question, documents)):
        better = ask(meant)
        if found_better := _stages(better, documents):
            return Understood(better, *found_better, corrected=meant)
    if found:
        return Understood(question, *found)
    if some := _stage(Stage.SOME, question.some, documents):
        return Understood(question, *some, weights=_weights(question, documents))
    return Understood(question, Stage.NONE, "", {})


def _weights(question: Question, documents: QuerySet[Document]) -> tuple[tuple[str, float], ...]:
    """What each word says: the fewer of the documents have it, the more."""
    asked = [query for query in question.each if query]
    names = {f"word_{number}": Count("pk", filter=matching(query)) for number, query in enumerate(asked)}
    having = documents.aggregate(among=Count("pk"), **names)
    among = having.pop("among")
    return tuple(
        (query, log((among + 1) / (number + 0.5)))
        for query, number in zip(asked, having.values(), strict=True)
        if number
    )


Found = tuple[Stage, str, dict[str, int]]


def _stages(question: Question, documents: QuerySet[Document]) -> Found | None:
    return _stage(Stage.WHOLE, question.whole, documents) or _stage(Stage.BEGUN, question.begun, documents)


def _stage(stage: Stage, query: str, documents: QuerySet[Document]) -> Found | None:
    if not query:
        return None
    counts = dict(documents.filter(matching(query)).order_by().values_list("kind").annotate(Count("pk")))
    return (stage, query, counts) if counts else None


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found."""

    source: Source
    highlight: Highlight
    shown: Shown


@dataclass(frozen=True, slots=True)
class Tab:
    """A kind with how many hits it has; without a kind, all of them."""

    kind: str
    label: str
    count: int
    chosen: bool


class Search:
    """What one person finds at one moment."""

    def __init__(self, viewer: AnyUser, text: str, at: datetime, *, kind: str = "", literally: bool = False) -> None:
        self.viewer, self.text, self.at, self.kind, self.literally = viewer, text, at, kind, literally

    @cached_property
    def documents(self) -> QuerySet[Document]:
        return documents_for(self.viewer, self.at)

    @cached_property
    def understood(self) -> Understood:
        return understand(self.text, self.documents, literally=self.literally)

    @property
    def count(self) -> int:
        """Hits of the chosen kind."""
        counts = self.understood.counts
        return counts.get(self.kind, 0) if self.kind else sum(counts.values())

    @property
    def tabs(self) -> list[Tab]:
        counts = self.understood.counts
        tabs = [Tab("", "Everything", sum(counts.values()), not self.kind)]
        return tabs + [Tab(one.kind, one.label, counts.get(one.kind, 0), one.kind == self.kind) for one in sources()]

    def hits(self, first: int, last: int) -> list[Hit]:
        """From the first to the last, the best before the others."""
        found = self.understood.matching(self.documents)
        found = found.filter(kind=self.kind) if self.kind else found
        last_of_all = Case(When(behind_all(self.at), then=1), default=0)
        ordered = found.order_by(last_of_all, "-rank", "title", "pk")[first:last]
        return self._shown([one.pk for one in ordered.only("pk")])

    def _shown(self, keys: Sequence[int]) -> list[Hit]:
        """Only these few are highlighted: that takes most of the time."""
        rows = with_highlights(Document.objects.filter(pk__in=keys), self.understood.query).in_bulk()
        hits = {}
        for source in sources():
            of_kind = {row.object_id: row for row in rows.values() if row.kind == source.kind}
            if of_kind:
                for key, shown in source.show(of_kind, self.viewer, self.at).items():
                    hits[of_kind[key].pk] = Hit(source, Highlight.of(of_kind[key]), shown)
        return [hits[key] for key in keys if key in hits]


def kinds() -> list[tuple[str, str]]:
    """The kinds with their labels, for forms."""
    return [(one.kind, one.label) for one in sources()]
