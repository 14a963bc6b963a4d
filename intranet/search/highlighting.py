"""Where the words stand: titles and excerpts with the hits marked.

What `ts_headline` gives is no safe HTML. It marks with signs that no text has (they are taken out of it first); what a
page shows is escaped, and only then the signs become `<mark>`, in `richtext.highlighted`. It also swallows what looks like
a tag, so that a sign stands for `<` meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import F, Func, QuerySet, TextField, Value
from django.db.models.functions import Left
from django.utils.safestring import SafeString

from intranet.core.richtext import MARK_END, MARK_START, highlighted
from intranet.core.wording import in_one_line
from intranet.search.models import Document

LESS_THAN = "\ue002"
_SIGNS = f"StartSel={MARK_START}, StopSel={MARK_END}"
WHOLE = f"{_SIGNS}, HighlightAll=true"
PIECES = f'{_SIGNS}, MaxFragments=2, MaxWords=24, MinWords=12, FragmentDelimiter=" … "'


def headline(field: str, query: str, options: str) -> Func:
    """`ts_headline` of a text without our signs."""
    text = Func(F(field), Value(f"<{MARK_START}{MARK_END}{LESS_THAN}"), Value(LESS_THAN), function="translate")
    asked = Func(Value(query), template="%(expressions)s::tsquery")
    template = "ts_headline('public.search_stems', %(expressions)s)"
    return Func(text, asked, Value(options), template=template, output_field=TextField())


def with_highlights(documents: QuerySet[Document], query: str) -> QuerySet[Document, Any]:
    """Each with `marked_title`, `marked_body` and `marked_headings`. Costs much: for the hits of one page."""
    return documents.annotate(
        marked_title=headline("title", query, WHOLE),
        marked_body=headline("body", query, PIECES),
        marked_headings=headline("headings", query, PIECES),
        begins=Left("body", 20),
    ).defer("body", "headings", "fine_print", "vector")


@dataclass(frozen=True, slots=True)
class Highlight:
    """Title and excerpt of a hit, still with the signs around what was found."""

    marked_title: str
    marked_excerpt: str

    @classmethod
    def of(cls, row: Any) -> Highlight:
        """An excerpt of the body, or of the headings when only they have the words."""
        only_headings = MARK_START in row.marked_headings and MARK_START not in row.marked_body
        excerpt = _one_line(row.marked_headings if only_headings else row.marked_body)
        if not only_headings and excerpt and not unmarked(excerpt).startswith(_one_line(row.begins)):
            excerpt = f"… {excerpt}"
        return cls(row.marked_title.replace(LESS_THAN, "<"), excerpt)

    @property
    def title(self) -> SafeString:
        return highlighted(self.marked_title)

    @property
    def excerpt(self) -> SafeString:
        return highlighted(self.marked_excerpt)

    @property
    def plain_title(self) -> str:
        return unmarked(self.marked_title)

    @property
    def plain_excerpt(self) -> str:
        return unmarked(self.marked_excerpt)


def _one_line(text: str) -> str:
    return in_one_line(text.replace(LESS_THAN, "<"))


def unmarked(text: str) -> str:
    return " ".join(text.replace(MARK_START, "").replace(MARK_END, "").split())
