"""What a list shows of a reminder beside its title: enough to know it by, and the rest where it is opened."""

from __future__ import annotations

from collections.abc import Sequence


def gist(paragraphs: Sequence[str]) -> str:
    """The first paragraph; one that only leads to what follows, with the first thing that follows."""
    return " ".join(paragraphs[: _length(paragraphs)])


def rest(paragraphs: Sequence[str]) -> list[str]:
    """What the gist leaves out."""
    return list(paragraphs[_length(paragraphs) :])


def _length(paragraphs: Sequence[str]) -> int:
    leads_on = bool(paragraphs) and paragraphs[0].rstrip().endswith(":")
    return 2 if leads_on else 1
