"""Slips of the finger: which word somebody meant, of those in the documents that the person may see and in no other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import reduce
from operator import or_

from django.db.models import Count, Q, QuerySet, Value

from intranet.search.asking import Matches, Question
from intranet.search.models import Alias, Document, Occurrence

SHORTEST = 4  # letters; of three, everything is one slip away from everything
MOST_UNKNOWN = 4


def corrected(question: Question, documents: QuerySet[Document]) -> str:
    """The text with every unknown word replaced by the likeliest known one; empty if there is nothing to correct."""
    unknown = _unknown(question, documents)
    if not unknown:
        return ""
    known = _alike(unknown, documents)
    text = question.text
    for word in unknown:
        if meant := likeliest(word, known):
            text = re.sub(rf"\b{re.escape(word)}\b", meant, text, flags=re.IGNORECASE)
    return text if text != question.text else ""


def likeliest(word: str, known: Mapping[str, int]) -> str:
    """The word that takes fewest slips, then the one in most documents: {word: documents}. Empty when none is near."""
    near = [(slips(word, other), other[0] != word[0], -count, other) for other, count in known.items()]
    near = [found for found in near if found[0] <= allowed(word)]
    return min(near)[-1] if near else ""


def allowed(word: str) -> int:
    """How many slips a word of this length may have."""
    return 1 if len(word) < 8 else 2 if len(word) < 12 else 3


def slips(one: str, other: str) -> int:
    """Letters too many, too few, wrong, or swapped with their neighbour (optimal string alignment)."""
    if abs(len(one) - len(other)) > 3:
        return 4
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        this = [row]
        for column, sign in enumerate(other, start=1):
            best = min(last[column] + 1, this[-1] + 1, last[column - 1] + (letter != sign))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == sign:
                best = min(best, before[column - 2] + 1)
            this.append(best)
        before, last = last, this
    return last[-1]


def _unknown(question: Question, documents: QuerySet[Document]) -> list[str]:
    """Words that none of the documents has, in any form or by any alias."""
    asked = {
        f"word_{number}": (word, query)
        for number, (word, query) in enumerate(zip(question.words, question.each, strict=True))
        if query and len(word) >= SHORTEST and word.isalpha()
    }
    if not asked:
        return []
    has_any = reduce(or_, (Q(Matches("vector", Value(query))) for _, query in asked.values()))
    counts = documents.filter(has_any).aggregate(
        **{name: Count("pk", filter=Q(Matches("vector", Value(query)))) for name, (_, query) in asked.items()}
    )
    return [word for name, (word, _) in asked.items() if not counts[name]][:MOST_UNKNOWN]


def _alike(words: list[str], documents: QuerySet[Document]) -> dict[str, int]:
    """{word: how many of the documents have it}, of words that begin alike or share enough letters; and the aliases."""
    alike = reduce(or_, (Q(word__trigram_similar=word) | Q(word__startswith=word[:3]) for word in words))
    found = Occurrence.objects.filter(alike, document__in=documents.values("pk"))
    terms = Alias.objects.filter(reduce(or_, (Q(term__trigram_similar=word) for word in words)))
    named = {term.casefold(): 1 for term in terms.values_list("term", flat=True)}
    return named | dict(found.values_list("word").annotate(Count("pk")))
