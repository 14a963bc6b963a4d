"""Two people wrote on one draft at the same time: what both changed, put together, and where they have to choose.

Merged by section, against the text from which the second one started. What only one of them changed is taken as it is;
where both did, nothing is decided, and nothing is saved before the second one has chosen: they see both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self, TypeVar
from uuid import UUID

from django.db.models import TextChoices
from django.utils.safestring import SafeString

from intranet.core import richtext
from protocols.drafting import DraftText, SectionText

FIELDS = {"title": "Title", "change_summary": "What changed"}
Value = TypeVar("Value")


class Choice(StrEnum):
    """What becomes of something that both changed."""

    MINE = "mine"
    THEIRS = "theirs"
    BOTH = "both"
    GONE = "gone"


OF_FIELDS = {Choice.BOTH: "Keep both", Choice.MINE: "Keep mine", Choice.THEIRS: "Take theirs"}


class Clashing(TextChoices):
    """How two people got into each other's way at a section."""

    CHANGED = "changed", "Both changed it"
    MINE_REMOVED = "mine-removed", "I removed it and they changed it"
    THEIRS_REMOVED = "theirs-removed", "They removed it and I changed it"

    @property
    def offered(self) -> dict[Choice, str]:
        """What one can do about it, in words. None of it happens by itself."""
        if self is Clashing.MINE_REMOVED:
            return {Choice.MINE: "Keep it, with their words", Choice.GONE: "Remove it, as I did"}
        if self is Clashing.THEIRS_REMOVED:
            return {Choice.MINE: "Keep it, with my words", Choice.GONE: "Remove it, as they did"}
        return {
            Choice.BOTH: "Keep both, mine and theirs below it, marked so that I put them together",
            Choice.MINE: "Keep mine",
            Choice.THEIRS: "Take theirs",
        }


@dataclass(frozen=True, slots=True)
class Clash:
    """A section that both changed. None: that one of them removed it, and the merged text has it still."""

    mine: SectionText | None
    theirs: SectionText | None

    @classmethod
    def seen_again(cls, how: Clashing, written: SectionText, theirs: SectionText | None) -> Self:
        """A clash that somebody has not decided yet, from the words that stood in its place."""
        return cls(None if how is Clashing.MINE_REMOVED else written, theirs)

    @property
    def how(self) -> Clashing:
        if self.mine is None:
            return Clashing.MINE_REMOVED
        return Clashing.CHANGED if self.theirs else Clashing.THEIRS_REMOVED

    @property
    def heading(self) -> str:
        """What the other calls it, when that is not what you call it."""
        return self.theirs.heading if self.mine and self.theirs and self.theirs.heading != self.mine.heading else ""

    @property
    def marked(self) -> SafeString:
        """The other's words, with what differs from your own marked."""
        return (
            richtext.compared(self.mine.body, self.theirs.body).after if self.mine and self.theirs else richtext.NO_TEXT
        )


@dataclass(frozen=True, slots=True)
class Merge:
    """The merged text, with one's own words where both changed something.

    `clashes` by the key of the section, `fields` by name with the other's words; `taken` names what the other changed and
    is in the text now.
    """

    text: DraftText
    clashes: Mapping[UUID, Clash] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    taken: Sequence[str] = ()


def merge(base: DraftText | None, mine: DraftText, theirs: DraftText) -> Merge:
    """Put `mine` and `theirs` together, both written from `base` (None: nobody knows any more what that was)."""
    before = _by_key(base) if base else {}
    own, other = _by_key(mine), _by_key(theirs)
    clashes: dict[UUID, Clash] = {}
    sections, taken = [], []
    for key in _order(list(own), list(other)):
        chosen, clashing = _pick(before.get(key), own.get(key), other.get(key))
        if clashing:
            clashes[key] = Clash(own.get(key), other.get(key))
        elif chosen != own.get(key):
            named = chosen or own[key]
            taken.append(named.heading if chosen else f"{named.heading} (removed)")
        if chosen:
            sections.append(chosen)
    words, fields = {}, {}
    for name, label in FIELDS.items():
        value, clashing = _pick(getattr(base, name, None), getattr(mine, name), getattr(theirs, name))
        words[name] = value
        if clashing:
            fields[name] = getattr(theirs, name)
        elif value != getattr(mine, name):
            taken.append(label)
    material, _ = _pick(base.material if base else None, mine.material, theirs.material)
    return Merge(DraftText(sections=sections, material=material, **words), clashes, fields, taken)


def settle(
    text: DraftText, theirs: DraftText, choices: Mapping[UUID, str], fields: Mapping[str, str], *, author: str
) -> DraftText:
    """The text once somebody has chosen: by the key of a section, or the name of a field.

    `theirs` is the text that they chose against, written by `author`. A choice of what does not exist changes nothing.
    """
    other = _by_key(theirs)
    sections = [
        part for own in text.sections for part in _settled(own, other.get(own.key), choices.get(own.key, ""), author)
    ]
    words: dict[str, Any] = {
        name: _chosen(getattr(text, name), getattr(theirs, name), fields.get(name, "")) for name in FIELDS
    }
    return replace(text, sections=sections, **words)


def _settled(own: SectionText, other: SectionText | None, choice: str, author: str) -> Iterator[SectionText]:
    if choice == Choice.THEIRS and other is not None:
        yield other
    elif choice == Choice.BOTH and other is not None:
        yield replace(own, body=own.body + richtext.callout("caution", _mark(author)) + other.body)
    elif choice != Choice.GONE:
        yield own


def _mark(author: str) -> str:
    """Stands between two texts, where whoever puts them together cannot overlook it."""
    return f"Below are the words of {author}. Put both together, then remove this note."


def _chosen(own: str, other: str, choice: str) -> str:
    if choice == Choice.BOTH:
        return f"{own} / {other}"
    return other if choice == Choice.THEIRS else own


def _pick(before: Value | None, mine: Value, theirs: Value) -> tuple[Value, bool]:
    """What stands of something after both had it, and whether both changed it, differently."""
    if mine == theirs or theirs == before:
        return mine, False
    if mine == before:
        return theirs, False
    return (mine if mine is not None else theirs), True


def _by_key(text: DraftText) -> dict[UUID, SectionText]:
    return {part.key: part for part in text.sections}


def _order(mine: list[UUID], theirs: list[UUID]) -> list[UUID]:
    """One's own order; what only the other has stands behind what it stands behind there."""
    order = list(mine)
    for place, key in enumerate(theirs):
        if key not in order:
            before = next((other for other in reversed(theirs[:place]) if other in order), None)
            order.insert(order.index(before) + 1 if before else 0, key)
    return order
