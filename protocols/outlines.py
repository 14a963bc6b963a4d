"""What a new protocol starts with: the sections of its kind of protocol, empty, or the text of one that is in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from intranet.core import richtext
from protocols.drafting import SectionText, text_of
from protocols.models import ProtocolVersion, SectionKind

K = SectionKind


@dataclass(frozen=True, slots=True)
class Outline:
    """The sections of a kind of protocol, and the questions that its key facts answer."""

    code: str
    name: str
    sections: Sequence[tuple[SectionKind, str]]
    facts: Sequence[str] = ()

    def texts(self) -> list[SectionText]:
        facts = richtext.table_of((fact, "") for fact in self.facts)
        return [SectionText(kind, heading, facts if kind == K.KEY_FACTS else "") for kind, heading in self.sections]

    @property
    def words(self) -> str:
        """Its headings in one line, for choosing."""
        return ", ".join(heading for _, heading in self.sections)


TREATMENT = Outline(
    "treatment",
    "A treatment",
    (
        (K.KEY_FACTS, "Key facts"),
        (K.TEXT, "Purpose and scope"),
        (K.CONTRAINDICATIONS, "Do not treat if the patient"),
        (K.PRECAUTIONS, "Take care, and ask first, if the patient"),
        (K.STEPS, "Before you start"),
        (K.TEXT, "Technique"),
        (K.IF_WRONG, "If something goes wrong"),
        (K.EVIDENCE, "Evidence"),
        (K.REFERENCES, "References"),
    ),
    ("Who may do it", "Competency", "Consent", "Equipment"),
)
OUTLINES = (
    TREATMENT,
    Outline(
        "screening",
        "A test or screening",
        (
            (K.KEY_FACTS, "Key facts"),
            (K.TEXT, "When to use it"),
            (K.CONTRAINDICATIONS, "Do not test if the patient"),
            (K.STEPS, "How it is done"),
            (K.TEXT, "What the result means"),
            (K.IF_WRONG, "When to stop and refer"),
            (K.EVIDENCE, "Evidence"),
            (K.REFERENCES, "References"),
        ),
        ("Who may do it", "Time", "Equipment"),
    ),
    Outline(
        "rehabilitation",
        "Rehabilitation in phases",
        (
            (K.KEY_FACTS, "Key facts"),
            (K.TEXT, "Purpose and scope"),
            (K.PRECAUTIONS, "Ask the surgeon first if the patient"),
            (K.TEXT, "Phases and what allows the next one"),
            (K.STEPS, "Each visit"),
            (K.IF_WRONG, "If something goes wrong"),
            (K.EVIDENCE, "Evidence"),
            (K.REFERENCES, "References"),
        ),
        ("Who may do it", "Visits", "Measures"),
    ),
    Outline(
        "emergency",
        "Safety or an emergency",
        (
            (K.STEPS, "Do this first"),
            (K.KEY_FACTS, "Key facts"),
            (K.STEPS, "Then"),
            (K.IF_WRONG, "If it gets worse"),
            (K.TEXT, "Report and learn"),
            (K.REFERENCES, "References"),
        ),
        ("Who acts", "Equipment", "Whom to call"),
    ),
    Outline(
        "front-desk",
        "The front desk",
        (
            (K.KEY_FACTS, "Key facts"),
            (K.TEXT, "When this applies"),
            (K.STEPS, "What to do"),
            (K.TEXT, "What to say"),
            (K.IF_WRONG, "When to fetch a clinician"),
        ),
        ("Who does it", "Where it is written down"),
    ),
    Outline("empty", "Nothing: one empty section", ((K.TEXT, "Purpose and scope"),)),
)


def outline(code: str) -> Outline:
    """The outline of that name; that of a treatment when there is none."""
    return next((one for one in OUTLINES if one.code == code), TREATMENT)


def like(version: ProtocolVersion) -> list[SectionText]:
    """The text of another protocol, as sections of their own. The caller has checked that it may be read."""
    return [replace(part, key=uuid4()) for part in text_of(version).sections]
