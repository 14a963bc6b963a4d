"""How well search answers: labelled queries over the demo, as the clinical lead, who may find the most.

`make bench` runs it. For each query the first right hit counts: its reciprocal rank, and whether it is among the first
three. The ranking and the usual aliases were settled with the queries marked `tuned`, not with those `held back`.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import django
from django.conf import settings

LABELS = Path(__file__).with_name("search_queries.csv")
DEEP = 10  # hits that anybody looks at
TOP = 3


@dataclass(frozen=True)
class Label:
    """What somebody types, of what sort it is, and what they want: kind and title of any of these, as they begin."""

    query: str
    sort: str
    half: str  # tuned, or held back
    expected: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    label: Label
    place: int  # of the first right hit; 0 when it is not among the first ten
    found: list[str]

    @property
    def reciprocal(self) -> float:
        return 1 / self.place if self.place else 0.0


def labels() -> list[Label]:
    with LABELS.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    return [Label(row["query"], row["sort"], row["half"], tuple(row["expected"].split("|"))) for row in rows]


def main() -> None:
    django.setup()
    from django.db import connection
    from django.test.utils import setup_test_environment

    setup_test_environment()
    name = settings.DATABASES["default"]["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        report(answers())
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def answers() -> list[Answer]:
    """Each label with what search found for it in a new demo with the usual aliases."""
    from django.utils import timezone

    from accounts.models import User
    from intranet.demo import loading

    now = timezone.now()
    loading.load(now=now, say=lambda words: None)
    lead = User.objects.get(email__startswith="ines.")
    return [answer(label, lead, now) for label in labels()]


def answer(label: Label, lead: object, now: object) -> Answer:
    from intranet.search.searching import Search

    search = Search(lead, label.query, now)  # type: ignore[arg-type]
    found = [f"{hit.source.kind}:{hit.highlight.plain_title}" for hit in search.hits(0, DEEP)]
    place = next((number for number, name in enumerate(found, start=1) if name.startswith(label.expected)), 0)
    return Answer(label, place, found)


def report(found: list[Answer]) -> None:
    groups: dict[str, list[Answer]] = defaultdict(list)
    for one in found:
        for group in ("all", one.label.half, one.label.sort):
            groups[group].append(one)
    print(f"{'queries':<16}{'number':>8}{'MRR':>8}{'success@1':>12}{'success@3':>12}")
    for group, some in groups.items():
        print(f"{group:<16}{len(some):>8}{mrr(some):>8.3f}{success(some, 1):>12.1%}{success(some, TOP):>12.1%}")
    for one in found:
        if one.place != 1:
            print(f"  {one.label.query!r} ({one.label.half}): place {one.place or '-'}, {one.found[:TOP]}")


def mrr(some: list[Answer]) -> float:
    return sum(one.reciprocal for one in some) / len(some)


def success(some: list[Answer], within: int) -> float:
    return sum(0 < one.place <= within for one in some) / len(some)


if __name__ == "__main__":
    main()
