"""What somebody typed, as queries of PostgreSQL: with aliases, with a last word that is still being typed, word by word."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db import connection
from django.db.models import BooleanField, FloatField, Func, Q, Value

LONGEST = 200
MOST_WORDS = 12  # more than a dozen never make it better
SHORTEST_BEGINNING = 2
_INNER_HYPHEN = re.compile(r"(?<=\w)[-‐‑–—](?=\w)")
_LEFT_OUT = re.compile(r"(?<!\S)-\S+")
# A phone number as people write it, also with the country's code: people are found by its bare digits.
_PHONE = re.compile(r"(?:\+?1[\s.-]*)?\(?(\d{3})\)?[\s.-]*(\d{3})[\s.-]*(\d{4})")
_WORD = re.compile(r"\w+(?:'\w+)*")
# Weights of body, headings, other names and title. Settled with benchmarks/search.py.
WEIGHTS = "{0.1, 0.3, 0.7, 1.0}"
ALIASES = "SELECT asked, meant FROM public.search_alias WHERE numnode(asked) > 0"

# One row: all words; all words, the last of them only begun; each word by itself.
PARSE = """
WITH typed AS (
    SELECT ts_rewrite(websearch_to_tsquery('public.search_stems', %(text)s), %(aliases)s) AS stems,
           websearch_to_tsquery('public.search_exact', %(text)s) AS exact,
           ts_rewrite(websearch_to_tsquery('public.search_stems', %(head)s), %(aliases)s) AS head,
           to_tsquery('public.search_stems', %(tail)s) || to_tsquery('public.search_exact', %(tail)s) AS tail
)
SELECT (stems || exact)::text,
       (CASE WHEN numnode(tail) = 0 THEN ''::tsquery ELSE head && tail END)::text,
       ARRAY(
           SELECT (ts_rewrite(plainto_tsquery('public.search_stems', word), %(aliases)s)
                   || plainto_tsquery('public.search_exact', word))::text
           FROM unnest(%(words)s::text[]) WITH ORDINALITY AS one (word, place) ORDER BY place
       )
FROM typed
"""


@dataclass(frozen=True, slots=True)
class Question:
    """`whole` finds what has all words, `begun` what has all with the last one only begun, `each` one word each."""

    text: str
    words: tuple[str, ...]
    whole: str
    begun: str
    each: tuple[str, ...]

    @property
    def some(self) -> str:
        """What has any of the words; nothing for a single one, which `whole` says as well."""
        said = [query for query in self.each if query]
        return " | ".join(f"({query})" for query in said) if len(said) > 1 else ""


def tidy(text: str) -> str:
    """What can be asked: without control signs, without hyphens and slashes inside words, and not for ever.

    Of a phone number the digits: its parts by themselves stand in half of all numbers.
    """
    text = "".join(sign if sign.isprintable() else " " for sign in text[: 4 * LONGEST]).replace("’", "'")
    if phone := _PHONE.fullmatch(text.strip()):
        return "".join(phone.groups())
    text = _INNER_HYPHEN.sub(" ", text).replace("/", " ").replace("\\", " ").replace("_", " ")
    return " ".join(" ".join(text.split())[:LONGEST].split(" ")[: 2 * MOST_WORDS])


def words_of(text: str) -> tuple[str, ...]:
    """The words that are wanted, each once; not those with a minus."""
    return tuple(dict.fromkeys(_WORD.findall(_LEFT_OUT.sub("", tidy(text)).casefold())))[:MOST_WORDS]


def ask(text: str) -> Question:
    """Read what somebody typed. One query; nothing that anybody can type is an error."""
    text = tidy(text)
    head, _, last = text.rpartition(" ")
    begun = last.isalnum() and len(last) >= SHORTEST_BEGINNING
    words = words_of(text)
    with connection.cursor() as cursor:
        tail = f"'{last}':*" if begun else ""
        cursor.execute(PARSE, {"text": text, "head": head, "tail": tail, "words": list(words), "aliases": ALIASES})
        whole, beginning, each = cursor.fetchone()
    return Question(text, words, whole, beginning if begun else "", tuple(each))


class Matches(Func):
    """Whether a vector has what a query asks for."""

    template = "(%(expressions)s::tsquery)"
    arg_joiner = " @@ "
    output_field = BooleanField()


class Rank(Func):
    """How well a vector answers a query: `ts_rank` by weights, less for long texts."""

    template = f"ts_rank('{WEIGHTS}'::real[], %(expressions)s::tsquery, 1)"
    output_field = FloatField()


def matching(query: str) -> Q:
    return Q(Matches("vector", Value(query))) if query else Q(pk__in=[])
