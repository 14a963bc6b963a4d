"""What changed between two versions of a protocol, section by section."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from html import escape
from uuid import UUID

from django.utils.safestring import SafeString

from intranet.core import richtext
from intranet.core.wording import counted
from intranet.core.wordwise import Amount
from protocols.models import ProtocolVersion, Question, Section, SectionKind

# Where a changed word may change what somebody does with a patient.
CRITICAL = (SectionKind.CONTRAINDICATIONS, SectionKind.PRECAUTIONS, SectionKind.STEPS, SectionKind.IF_WRONG)
BLOCKS = {"li": "point", "tr": "row", "h3": "heading", "h4": "heading"}
MOST_TO_SAY = 3  # statements of a summary
MOST_TO_MARK = 400_000  # characters of the changed sections of both versions; marking them takes some seconds at most


class Change(StrEnum):
    """What became of a section."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class SectionChange:
    """One section in both versions, with the differences marked. Title, attachments and questions come as sections, too."""

    key: UUID | None
    kind: str
    heading: str
    change: Change
    summary: str = ""
    before: SafeString = richtext.NO_TEXT
    after: SafeString = richtext.NO_TEXT
    merged: SafeString = richtext.NO_TEXT

    @property
    def anchor(self) -> str:
        return f"change-{self.key or self.kind}"

    @property
    def critical(self) -> bool:
        return self.kind in CRITICAL


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions of one protocol. `sections` in the order of the newer one, removed ones where they stood."""

    older: ProtocolVersion
    newer: ProtocolVersion
    sections: list[SectionChange]

    @property
    def changed(self) -> list[SectionChange]:
        return [section for section in self.sections if section.change != Change.SAME]

    @property
    def unchanged(self) -> list[SectionChange]:
        return [section for section in self.sections if section.change == Change.SAME]


def compare(older: ProtocolVersion, newer: ProtocolVersion, *, answers: bool = False) -> Comparison:
    """Compare two versions of one protocol. The caller has checked that the reader may read both.

    `answers`: whether the reader may see which answers to the questions are right.
    """
    before = {section.key: section for section in older.sections.all()}
    after = {section.key: section for section in newer.sections.all()}
    pairs = list(_paired(before, after))
    marks = sum(_length(older, newer) for (older, newer), _ in pairs) <= MOST_TO_MARK
    sections = [_of_section(pair, moved, marks) for pair, moved in pairs]
    around = [*_of_attachments(older, newer), *_of_questions(older, newer, answers)]
    return Comparison(older, newer, [*_of_title(older.title, newer.title), *sections, *around])


def _paired(
    before: dict[UUID, Section], after: dict[UUID, Section]
) -> Iterator[tuple[tuple[Section | None, Section | None], bool]]:
    """Each section once, with its counterpart by key, and whether it stands elsewhere now."""
    steps = SequenceMatcher(None, list(before), list(after), autojunk=False).get_opcodes()
    old, new = list(before.values()), list(after.values())
    for step, first, last, start, end in steps:
        if step == "equal":
            yield from (((here, there), False) for here, there in zip(old[first:last], new[start:end], strict=True))
            continue
        yield from (((here, None), False) for here in old[first:last] if here.key not in after)
        yield from (((before.get(there.key), there), there.key in before) for there in new[start:end])


def _length(older: Section | None, newer: Section | None) -> int:
    """How much there is to compare; nothing where both say the same."""
    bodies = [section.body if section else "" for section in (older, newer)]
    return 0 if bodies[0] == bodies[1] else sum(map(len, bodies))


def _of_section(pair: tuple[Section | None, Section | None], moved: bool, marks: bool) -> SectionChange:
    older, newer = pair
    section = newer or older
    if section is None:
        raise ValueError("A section that is in neither version.")
    if older and newer and (older.kind, older.heading, older.body) == (newer.kind, newer.heading, newer.body):
        change = Change.MOVED if moved else Change.SAME
        return SectionChange(section.key, section.kind, section.heading, change, "Moved" if moved else "")
    texts = richtext.compared(older.body if older else "", newer.body if newer else "", marks=marks)
    sides = (texts.before, texts.after, texts.merged)
    if older is None or newer is None:
        change, summary = (Change.ADDED, "New section") if newer else (Change.REMOVED, "Section removed")
        return SectionChange(section.key, section.kind, section.heading, change, summary, *sides)
    if older.heading != newer.heading:
        name = _of_words(older.heading, newer.heading, "h3")
        sides = (name.before + texts.before, name.after + texts.after, name.merged + texts.merged)
    summary = _summary(texts.amount, older, newer, moved) if marks else "Too long to mark each word"
    return SectionChange(section.key, section.kind, section.heading, Change.CHANGED, summary, *sides)


def _of_title(older: str, newer: str) -> Iterable[SectionChange]:
    if older == newer:
        return []
    words = _of_words(older, newer, "p")
    return [SectionChange(None, "title", "Title", Change.CHANGED, "New title", words.before, words.after, words.merged)]


def _of_attachments(older: ProtocolVersion, newer: ProtocolVersion) -> Iterable[SectionChange]:
    """The files that the versions carry, as lists. The beginning of a hash tells a file from another of the same name."""
    before, after = (
        [f"{one.name} ({one.get_kind_display()}, {one.sha256[:8]})" for one in version.attachments.all()]
        for version in (older, newer)
    )
    if before == after:
        return []
    texts = richtext.compared(*(_list_of(names) for names in (before, after)))
    summary = _numbers(added=len(set(after) - set(before)), removed=len(set(before) - set(after)))
    sides = (texts.before, texts.after, texts.merged)
    return [SectionChange(None, "attachments", "Attachments", Change.CHANGED, summary, *sides)]


def _of_questions(older: ProtocolVersion, newer: ProtocolVersion, answers: bool) -> Iterable[SectionChange]:
    """What the versions ask before they are acknowledged, in its order."""
    before, after = (_asked(version, answers) for version in (older, newer))
    if list(before.values()) == list(after.values()):
        return []
    texts = richtext.compared(*("".join(asked.values()) for asked in (before, after)))
    both = before.keys() & after.keys()
    summary = _numbers(
        added=len(after.keys() - both),
        removed=len(before.keys() - both),
        changed=sum(before[key] != after[key] for key in both),
    )
    sides = (texts.before, texts.after, texts.merged)
    return [SectionChange(None, "questions", "Questions", Change.CHANGED, summary or "Other order", *sides)]


def _asked(version: ProtocolVersion, answers: bool) -> Mapping[UUID, str]:
    """{question: its words with its options}; for those who may see it with the right one and where the answer stands."""
    headings = dict(version.sections.values_list("key", "heading")) if answers else {}
    return {one.key: _question(one, headings) for one in version.questions.all()}


def _question(question: Question, headings: Mapping[UUID, str]) -> str:
    options = list(question.options)
    if not headings:
        return f"<p>{escape(question.text, quote=False)}</p>{_list_of(options)}"
    options[question.right] += " (right)"
    where = f"The answer stands in “{headings.get(question.section, 'a section that is gone')}”."
    return f"<p>{escape(question.text, quote=False)}</p>{_list_of(options)}<p>{escape(where, quote=False)}</p>"


def _numbers(**said: int) -> str:
    """`1 added, 2 removed`."""
    return ", ".join(f"{number} {verb}" for verb, number in said.items() if number)


def _list_of(names: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(name, quote=False)}</li>' for name in names)}</ul>"


def _of_words(older: str, newer: str, tag: str) -> richtext.Compared:
    """Two lines of plain text."""
    return richtext.compared(*(f"<{tag}>{escape(words)}</{tag}>" for words in (older, newer)))


def _summary(amount: Amount, older: Section, newer: Section, moved: bool) -> str:
    """`renamed, 2 points added, 12 words changed`: for a badge."""
    said = [
        *(["renamed"] if older.heading != newer.heading else []),
        *_blocks(amount.blocks_added, "added"),
        *_blocks(amount.blocks_removed, "removed"),
        *_words(amount.words_added, amount.words_removed),
        *_pictures(amount.pictures_added, "added"),
        *_pictures(amount.pictures_removed, "removed"),
    ]
    if older.kind != newer.kind:
        said.append(f"now “{newer.get_kind_display()}”")
    if moved:
        said.append("moved")
    short = said if len(said) <= MOST_TO_SAY else [*said[: MOST_TO_SAY - 1], "and more"]
    summary = ", ".join(short) or "only its look changed"
    return summary[0].upper() + summary[1:]


def _blocks(kinds: Iterable[str], verb: str) -> Iterator[str]:
    names = Counter(BLOCKS.get(kind.split()[0], "paragraph") for kind in kinds)
    return (f"{counted(number, name)} {verb}" for name, number in names.items())


def _pictures(number: int, verb: str) -> list[str]:
    return [f"{counted(number, 'picture')} {verb}"] if number else []


def _words(added: int, removed: int) -> Iterator[str]:
    if added and removed:
        yield f"{counted(max(added, removed), 'word')} changed"
    elif added or removed:
        yield f"{counted(added or removed, 'word')} {'added' if added else 'removed'}"
