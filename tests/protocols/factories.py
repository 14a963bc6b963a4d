"""Protocols in every state, built only through the actions, so that no test has what the product could not make."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any

from accounts.models import Skill, User
from accounts.roles import Role
from intranet.core.papers import Kind, Paper
from protocols import acknowledging, attachments, drafting, opening, pictures, publishing
from protocols.drafting import DraftText, SectionText
from protocols.models import Acknowledgement, ProtocolVersion
from protocols.publishing import Readers
from tests.protocols import file_samples

_numbers = count(1)
THERAPISTS = [Readers(Role.THERAPIST, must_acknowledge=True)]


def draft(*, by: User, at: datetime, title: str = "", body: str = "<p>Words.</p>", **fields: Any) -> ProtocolVersion:
    """A first draft with one section."""
    sections = fields.pop("sections", [SectionText("text", "Purpose and scope", body)])
    return drafting.new_protocol(
        title=title or f"Protocol {next(_numbers)}",
        category="safety",
        by=by,
        at=at,
        sections=sections,
        same_title=True,
        **fields,
    )


def in_review(*, by: User, at: datetime, **fields: Any) -> ProtocolVersion:
    return publishing.submit(draft(by=by, at=at, **fields), by=by, at=at)


def approved(*, by: User, approver: User, at: datetime, **fields: Any) -> ProtocolVersion:
    version = in_review(by=by, at=at, **fields)
    return publishing.approve(version, by=approver, at=at, token=version.token)


def published(*, by: User, lead: User, at: datetime, readers: Any = THERAPISTS, **fields: Any) -> ProtocolVersion:
    """Written by somebody, approved and published by the lead; for therapists of every clinic unless said otherwise."""
    terms = {name: fields.pop(name) for name in ("effective", "due_days", "material") if name in fields}
    version = approved(by=by, approver=lead, at=at, **fields)
    return publishing.publish(version, by=lead, at=at, readers=readers, **terms)


def with_files(version: ProtocolVersion, *, by: User, at: datetime, words: str = "Canary") -> ProtocolVersion:
    """The draft with a picture in its first section, and an attachment; both speak of these words."""
    picture = pictures.add(version, file_samples.drawn(), description=f"{words} knee", by=by, at=at)
    paper = Paper(Kind.PDF, f"%PDF-1.4 {words} sheet".encode(), 1, f"{words} repetitions")
    attachments.add(version, paper, name=f"{words} sheet", by=by, at=at)
    version.refresh_from_db()
    text = drafting.text_of(version)
    first, *rest = text.sections
    shown = SectionText(first.kind, first.heading, f"{first.body}<p>{picture.code}</p>", first.key)
    return drafting.edit_draft(version, DraftText(text.title, [shown, *rest]), by=by, at=at, token=version.token)


def governing(version: ProtocolVersion, *skills: Skill, by: User, at: datetime) -> ProtocolVersion:
    """The protocol governs exactly these procedures from the moment on; the rest of its settings stays."""
    protocol = version.protocol
    kept = {name: getattr(protocol, name) for name in ("category", "owner", "deputy", "high_risk", "review_months")}
    kept["reattest_months"] = acknowledging.months_between(protocol, at)
    publishing.change_settings(protocol, skills=skills, by=by, at=at, **kept)
    return version


def next_version(
    *,
    after: ProtocolVersion,
    by: User,
    lead: User,
    at: datetime,
    body: str = "<p>Other words.</p>",
    title: str = "",
    readers: Any = THERAPISTS,
    **terms: Any,
) -> ProtocolVersion:
    """The next version of a protocol, published."""
    version = revised(after=after, by=by, at=at, body=body, title=title)
    version = publishing.submit(version, by=by, at=at)
    version = publishing.approve(version, by=lead, at=at, token=version.token)
    return publishing.publish(version, by=lead, at=at, readers=readers, **terms)


def revised(
    *, after: ProtocolVersion, by: User, at: datetime, body: str = "<p>Other words.</p>", title: str = ""
) -> ProtocolVersion:
    """A draft of the next version with one section changed."""
    version = drafting.start_draft(after.protocol, by=by, at=at)
    text = drafting.text_of(version)
    first, *rest = text.sections
    changed = DraftText(
        title or text.title,
        [SectionText(first.kind, first.heading, body, first.key), *rest],
        "Other words.",
        text.material,
    )
    return drafting.edit_draft(version, changed, by=by, at=at, token=version.token)


def acknowledgement(*, version: ProtocolVersion, by: User, at: datetime) -> Acknowledgement:
    opened = opening.proof(version, reader=by, at=at)
    return acknowledging.acknowledge(version, by=by, at=at, opened=opened)
