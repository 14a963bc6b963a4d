"""How the demo's protocols are written down: typed sections of clean HTML, each claim with the number of its source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID, uuid5

from intranet.core import richtext
from protocols.drafting import DraftText, SectionText
from protocols.models import Category, SectionKind
from protocols.questioning import QuestionText

# Sections keep their key from version to version, so that a comparison knows which one was which.
NAMESPACE = UUID("5e0c6f0e-7d0b-4f5a-9a3e-2f1f4b1d7c55")

POLICY = "Policy of this group, set by the clinical lead: our own default or common practice, not the finding of a publication."
ILLUSTRATION = (
    "Written for the demonstration of this intranet. It supports and never replaces a licensed clinician’s judgement; "
    "the clinical lead of the clinic that uses it must check and approve it first."
)


class Part(NamedTuple):
    """One section of a version."""

    kind: SectionKind
    heading: str
    body: str


class Asked(NamedTuple):
    """What readers are asked before they sign. The answer, and its source, stand in the part under `heading`."""

    heading: str
    question: str
    right: str
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edition:
    """The words of one version, and what its readers are asked about them."""

    parts: tuple[Part, ...]
    change_summary: str = ""
    material: bool = True
    asked: tuple[Asked, ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """A protocol through all its versions, the first one first."""

    code: str
    title: str
    category: Category
    editions: tuple[Edition, ...]

    def text(self, number: int) -> DraftText:
        """What an author hands in for a version."""
        edition = self.editions[number - 1]
        sections = [SectionText(part.kind, part.heading, part.body, self.key(part.heading)) for part in edition.parts]
        return DraftText(self.title, sections, edition.change_summary, edition.material)

    def questions(self, number: int) -> list[QuestionText]:
        """What an author asks about a version. The right answer moves down by a place from question to question."""
        asked = self.editions[number - 1].asked
        return [self._question(one, place % (len(one.wrong) + 1)) for place, one in enumerate(asked, start=1)]

    def key(self, of: str) -> UUID:
        """Of a part, by its heading, or of a question, by its words."""
        return uuid5(NAMESPACE, f"{self.code}/{of}")

    def _question(self, one: Asked, place: int) -> QuestionText:
        options = [*one.wrong[:place], one.right, *one.wrong[place:]]
        return QuestionText(self.key(one.heading), one.question, options, place, self.key(one.question))


def first_edition(code: str, title: str, category: Category, *parts: Part) -> Work:
    """A protocol with one version."""
    return Work(code, title, category, (Edition(parts),))


def key_facts(*rows: tuple[str, str]) -> Part:
    """Labels and plain texts."""
    return Part(SectionKind.KEY_FACTS, "Key facts", richtext.table_of(rows))


def text(heading: str, *blocks: str) -> Part:
    return Part(SectionKind.TEXT, heading, "".join(blocks))


def stop(heading: str, *blocks: str) -> Part:
    """Who is not treated at all."""
    return Part(SectionKind.CONTRAINDICATIONS, heading, "".join(blocks))


def care(heading: str, *blocks: str) -> Part:
    """With whom to ask first."""
    return Part(SectionKind.PRECAUTIONS, heading, "".join(blocks))


def steps(heading: str, *blocks: str) -> Part:
    return Part(SectionKind.STEPS, heading, "".join(blocks))


def if_wrong(*blocks: str) -> Part:
    return Part(SectionKind.IF_WRONG, "If something goes wrong", "".join(blocks))


def evidence(*blocks: str) -> Part:
    return Part(SectionKind.EVIDENCE, "Evidence", "".join(blocks))


def references(*sources: str) -> Part:
    """The numbered sources, in the order in which `[1]`, `[2]` ... name them."""
    return Part(SectionKind.REFERENCES, "References", numbered(*sources) + p(ILLUSTRATION))


def p(html: str) -> str:
    return f"<p>{html}</p>"


def h3(html: str) -> str:
    return f"<h3>{html}</h3>"


def points(*items: str) -> str:
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"


def numbered(*items: str) -> str:
    return f"<ol>{''.join(f'<li>{item}</li>' for item in items)}</ol>"


def table(caption: str, head: tuple[str, ...], *rows: tuple[str, ...]) -> str:
    """A table whose first column names the row."""
    top = "".join(f"<th>{cell}</th>" for cell in head)
    lines = (f"<tr><th>{row[0]}</th>{''.join(f'<td>{cell}</td>' for cell in row[1:])}</tr>" for row in rows)
    return f"<table><caption>{caption}</caption><tbody><tr>{top}</tr>{''.join(lines)}</tbody></table>"


def callout(tone: str, title: str, html: str) -> str:
    """A box in the text; `tone` is one of `richtext.CALLOUT_TONES`."""
    return f'<blockquote class="callout-{tone}"><h4>{title}</h4><p>{html}</p></blockquote>'


def link(address: str, words: str) -> str:
    return f'<a href="{address}" rel="noopener noreferrer">{words}</a>'


def doi(number: str) -> str:
    return link(f"https://doi.org/{number}", f"doi:{number}")


def pubmed(number: str) -> str:
    return link(f"https://pubmed.ncbi.nlm.nih.gov/{number}/", f"PubMed {number}")
