"""Writing a version: starting a draft and saving it. Nobody overwrites words that they have not seen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.contrib.postgres.aggregates import BoolOr
from django.db import connection, transaction
from django.db.models import Case, Exists, Max, OuterRef, Q, QuerySet, When
from django.utils.text import slugify

from accounts.models import User
from accounts.roles import TABLE, Capability, Reach, Role
from intranet.audit.recording import record
from intranet.core import richtext
from intranet.core.access import YES, Conflict, Forbidden, Refused, Verdict, require
from intranet.core.wording import name_list
from protocols import placing
from protocols.models import (
    Audience,
    Category,
    Contributor,
    DraftSave,
    Editing,
    Picture,
    Protocol,
    ProtocolVersion,
    Section,
    SectionKind,
    State,
    Status,
)

MOST_SECTIONS = 60
TITLE_LENGTH = 160
SUMMARY_LENGTH = 400
SECTION_LENGTH = 100_000
TITLE_TAKEN = "title-taken"
SITTING = timedelta(minutes=30)  # what an editor saves by itself within it is one entry of the audit log
SAVES_KEPT = 200  # of a draft, for merging
DUE_DAYS = 14
DUE_DAYS_HIGH_RISK = 5
RESERVED_SLUGS = frozenset({"new", "report", "due", "prints", "problems", "pictures", "import", "acknowledgements"})
PROPOSED_ROLES = (Role.THERAPIST, Role.ASSISTANT)


@dataclass(frozen=True, slots=True)
class SectionText:
    """A section as somebody wrote it. `key` is that of the section it replaces, or a new one."""

    kind: str
    heading: str
    body: str = ""
    key: UUID = field(default_factory=uuid4)


@dataclass(frozen=True, slots=True)
class DraftText:
    """Everything that an author writes about a version. `attached`: names and hashes of files; `questions`: what is asked."""

    title: str
    sections: Sequence[SectionText]
    change_summary: str = ""
    material: bool = True
    attached: Sequence[tuple[str, str]] = ()
    questions: Sequence[Sequence[object]] = ()


def text_hash(text: DraftText) -> str:
    """What an approval and an acknowledgement bind to: title, summary, every section in its order, attachments and questions.

    Pictures stand in their sections by their own hashes.
    """
    sections = [[str(part.key), str(part.kind), part.heading, part.body] for part in text.sections]
    said: list[object] = [text.title, text.change_summary, sections]
    if text.attached:
        said.append(sorted(text.attached))
    if text.questions:
        said.append({"questions": text.questions})
    content = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()


def text_of(version: ProtocolVersion) -> DraftText:
    """The stored text of a version."""
    sections = [SectionText(part.kind, part.heading, part.body, part.key) for part in version.sections.all()]
    return DraftText(version.title, sections, version.change_summary, version.material, **carried(version))


def carried(version: ProtocolVersion) -> dict[str, Any]:
    """What belongs to the text besides its sections: names and hashes of the attachments, and the questions."""
    asked = version.questions.values_list("key", "section", "text", "options", "right")
    return {
        "attached": list(version.attachments.values_list("name", "sha256")),
        "questions": [[str(key), str(section), *said] for key, section, *said in asked],
    }


def may_write(by: User) -> Verdict:
    if by.standing.holds(Capability.WRITE_PROTOCOL):
        return YES
    return Verdict.no("not-an-author", "Therapists, clinic managers and the clinical lead write protocols.")


def may_start_draft(protocol: Protocol, *, by: User) -> Verdict:
    """Therapists propose changes to what they read, managers to what concerns their own clinics only, the lead to all.

    The draft is a copy: whoever neither reads nor wrote the version that it copies does not start one.
    """
    if not (verdict := may_write(by)):
        return verdict
    known = _known_to_copy(protocol, by).exists()
    if draft := ProtocolVersion.objects.open().filter(protocol=protocol).first():
        words = _who_writes(draft) if known else "There is already a draft of this protocol."
        return Verdict.no("open-draft", words)
    if not known:
        return Verdict.no("not-a-reader", "You propose changes to what you read. This protocol is for others now.")
    reaches = {TABLE[role].get(Capability.WRITE_PROTOCOL) for role in by.standing.roles}
    if Reach.ALL in reaches or Reach.SELF in reaches:
        return YES
    audience = Audience.objects.filter(version__protocol=protocol).values_list("clinic", flat=True)
    if by.standing.scope(Capability.WRITE_PROTOCOL).covers(audience):
        return YES
    return Verdict.no("not-your-clinic", "This protocol is also for other clinics. Ask the clinical lead for a change.")


def _who_writes(draft: ProtocolVersion) -> str:
    """For whoever would begin another draft: whom to ask."""
    authors = name_list([str(one.user) for one in draft.contributors.select_related("user")])
    return f"A draft of version {draft.number} is open already: ask {authors} for your change, or wait for it."


def _to_copy(protocol: Protocol) -> QuerySet[ProtocolVersion]:
    """What the next draft starts from: the version that it will replace, else the last one that was published."""
    withdrawn = Q(state=State.WITHDRAWN)
    return protocol.versions.released().order_by(Case(When(withdrawn, then=1), default=0), "-number")[:1]


def _known_to_copy(protocol: Protocol, person: User) -> QuerySet[ProtocolVersion]:
    """The same, when the person reads it or wrote on it."""
    wrote = Contributor.objects.filter(version=OuterRef("pk"), user=person)
    reads = Q(pk__in=ProtocolVersion.objects.visible_to(person).values("pk"))
    return ProtocolVersion.objects.filter(Q(pk__in=_to_copy(protocol).values("pk")), reads | Q(Exists(wrote)))


def may_edit(version: ProtocolVersion, *, by: User) -> Verdict:
    """Whoever wrote on the draft before, and the clinical lead."""
    if not version.is_open:
        return Verdict.no("not-a-draft", "Published versions are never changed. Start a new draft.")
    if not (verdict := may_write(by)):
        return verdict
    writes_all = by.standing.scope(Capability.WRITE_PROTOCOL).everywhere
    if writes_all or version.contributors.filter(user=by).exists():
        return YES
    return Verdict.no("not-your-draft", "Only its authors and the clinical lead edit this draft.")


def titled(title: str, *, by: User, at: datetime) -> QuerySet[Any, Any]:
    """One version of each protocol with this title that is not past, of those that the person may read."""
    past = (Status.SUPERSEDED, Status.WITHDRAWN)
    versions: QuerySet[Any, Any] = ProtocolVersion.objects.visible_to(by).with_status(at)
    same = (
        versions.exclude(status_now__in=past).filter(title__iexact=" ".join(title.split())).select_related("protocol")
    )
    return same.order_by("protocol_id", "number").distinct("protocol_id")


@transaction.atomic
def new_protocol(
    *,
    title: str,
    category: str,
    by: User,
    at: datetime,
    sections: Sequence[SectionText] = (),
    pictures: Iterable[Picture] = (),
    same_title: bool = False,
) -> ProtocolVersion:
    """Start a protocol with the first draft. Its owner is the author. `pictures`: what its sections may show, kept already.

    `same_title`: whether the author knows that there is a protocol with this title and wants another one.
    """
    require(may_write(by), Forbidden)
    title = " ".join(title.split())
    if not title:
        raise Refused.because("no-title", "Give the protocol a title.", "title")
    if not same_title and (other := titled(title, by=by, at=at).first()):
        is_what = f"version {other.number}, {Status(other.status_now).label.lower()}"
        raise Refused.because(TITLE_TAKEN, f"There is a protocol called “{other.title}” already: {is_what}.", "title")
    protocol = Protocol.objects.create(slug=_free_slug(title), category=Category(category), owner=by, review_months=12)
    version = _begin(protocol, 1, DraftText(title, sections), by=by, at=at, pictures=pictures)
    Audience.objects.bulk_create(_proposed_audience(version, by))
    record(by, "protocol.drafted", version, clinics=clinics_of(version))
    return version


@transaction.atomic
def start_draft(protocol: Protocol, *, by: User, at: datetime) -> ProtocolVersion:
    """Open the next version as a copy of the one that it will replace, its readers included.

    That is the version in force, or the last one planned; when all is withdrawn, the last one that was in force.
    """
    protocol = Protocol.objects.select_for_update().get(pk=protocol.pk)
    require(may_start_draft(protocol, by=by), Forbidden)
    latest = _to_copy(protocol).first()
    if latest is None:
        raise Refused.because("nothing-to-change", "This protocol has no published version to start from.")
    number = protocol.versions.aggregate(last=Max("number"))["last"] + 1
    text = text_of(latest)
    text = DraftText(text.title, text.sections)
    version = _begin(protocol, number, text, by=by, at=at, pictures=latest.pictures.all(), copied=latest)
    readers = (
        latest.audiences.order_by().values("role", "clinic_id").annotate(must_acknowledge=BoolOr("must_acknowledge"))
    )
    Audience.objects.bulk_create(Audience(version=version, **line) for line in readers)
    record(by, "protocol.drafted", version, clinics=clinics_of(version))
    return version


@transaction.atomic
def edit_draft(
    version: ProtocolVersion, text: DraftText, *, by: User, at: datetime, token: int, quietly: bool = False
) -> ProtocolVersion:
    """Save a draft. A version in review or approved becomes a draft again; a save that changes nothing does nothing.

    `token` is that of the version when the author opened it. Raises Conflict when somebody saved since. `quietly` is how
    the editor saves by itself: never what is in review or approved, and with one audit entry for a sitting.
    """
    version = lock_draft(version)
    require(may_edit(version, by=by), Forbidden)
    require(is_as_seen(version, token), Conflict)
    text = tidied(text)
    require(_may_be_saved(text))
    shelf = placing.shelf(version, text.sections, by=by)
    text = replace(text, sections=placing.placed(text.sections, shelf), **carried(version))
    if text_hash(text) == version.content_hash and text.material == version.material:
        return version
    if quietly and version.state != State.DRAFT:
        raise Conflict.because("not-a-draft", "This version is no draft any more. Save it to make it one again.")
    same_sitting = quietly and version.edited_by_id == by.pk and at - version.edited_at < SITTING
    begin_change(version, by=by, at=at)
    placing.keep(shelf)
    _store(version, text, by=by, at=at)
    if not same_sitting:
        record(by, "protocol.edited", version, clinics=clinics_of(version), content=version.content_hash)
    return version


def changed_meanwhile(version: ProtocolVersion) -> Verdict:
    """Why somebody's words are not saved just like that."""
    return Verdict.no("changed-meanwhile", f"{version.edited_by} saved this draft after you opened it.")


def is_as_seen(version: ProtocolVersion, token: int) -> Verdict:
    """Whether a locked version is what it was under the token."""
    return YES if version.token == token else changed_meanwhile(version)


def begin_change(version: ProtocolVersion, *, by: User, at: datetime) -> None:
    """Make a locked version a draft that this person has written on. That takes it out of its review, on record."""
    if version.state != State.DRAFT:
        approved = version.state == State.APPROVED
        reopen(version)
        record(by, "protocol.reopened", version, clinics=clinics_of(version), approval_lost=approved)
    Contributor.objects.get_or_create(version=version, user=by, defaults={"since": at})


def end_change(version: ProtocolVersion, *, by: User, at: datetime) -> None:
    """What a version is now, after its attachments changed: whoever opened it before has opened another one."""
    version.content_hash = text_hash(text_of(version))
    version.token += 1
    version.edited_by, version.edited_at = by, at
    version.save()
    _remember(version, text_of(version))


def saved(version: ProtocolVersion, token: int) -> DraftText | None:
    """What the version said under that token; None when that is too long ago, or overtaken and published since."""
    save = DraftSave.objects.filter(version=version, token=token).first()
    if save is None:
        return text_of(version) if version.token == token else None
    said = dict(save.content)
    sections = [SectionText(**part | {"key": UUID(part["key"])}) for part in said.pop("sections")]
    return DraftText(sections=sections, **said)


def notice_editing(version: ProtocolVersion, *, by: User, at: datetime) -> list[User]:
    """Note that the person has the draft open; who else has."""
    Editing.objects.update_or_create(version=version, user=by, defaults={"seen_at": at})
    others = Editing.objects.filter(version=version).exclude(user=by).now(at).select_related("user")
    return [one.user for one in others.order_by("user__name")]


def named(slug: str, number: int, *, by: User) -> QuerySet[ProtocolVersion]:
    """The version that somebody had before them, also when it was published since; nothing when it does not concern them.

    Whoever acts on a draft names it so: the address of a draft leads to the next one once it is published.
    """
    versions = ProtocolVersion.objects.concerning(by).filter(protocol__slug=slug, number=number)
    return versions.select_related("protocol", "edited_by", "published_by", "withdrawn_by")


def what_became(version: ProtocolVersion) -> str:
    """Why nobody writes on a released version any more: who published or withdrew it."""
    if version.state == State.WITHDRAWN:
        return f"{version.withdrawn_by} has withdrawn version {version.number}."
    return f"{version.published_by} has published version {version.number}."


def require_open(version: ProtocolVersion) -> None:
    """Raises Conflict when somebody has published the version meanwhile."""
    if not version.is_open:
        raise Conflict.because("published", f"{what_became(version)} Start a new draft to change it.")


def lock_draft(version: ProtocolVersion) -> ProtocolVersion:
    """A version to be worked on, as it is now and held. Raises Conflict when somebody has published it meanwhile."""
    version = lock(version)
    require_open(version)
    return version


def lock(version: ProtocolVersion) -> ProtocolVersion:
    """The version as it is now, held against everybody else until the transaction ends, its protocol first."""
    protocol = Protocol.objects.select_for_update().get(pk=version.protocol_id)
    locked = ProtocolVersion.objects.select_for_update(of=("self",)).select_related("edited_by").get(pk=version.pk)
    locked.protocol = protocol
    return locked


def _begin(
    protocol: Protocol,
    number: int,
    text: DraftText,
    *,
    by: User,
    at: datetime,
    pictures: Iterable[Picture],
    copied: ProtocolVersion | None = None,
) -> ProtocolVersion:
    text = tidied(text)
    require(_may_be_saved(text))
    due_days = copied.due_days if copied else DUE_DAYS
    version = ProtocolVersion.objects.create(
        protocol=protocol, number=number, title=text.title, edited_by=by, edited_at=at, due_days=due_days, token=0
    )
    Contributor.objects.create(version=version, user=by, since=at)
    shelf = placing.shelf(version, text.sections, by=by, also=pictures)
    placing.keep(shelf)
    if copied:
        placing.copy_attachments(copied, version)
        placing.copy_questions(copied, version)
    text = replace(text, sections=placing.placed(text.sections, shelf), **carried(version))
    _store(version, text, by=by, at=at)
    return version


def _store(version: ProtocolVersion, text: DraftText, *, by: User, at: datetime) -> None:
    """Write the text of a draft: sections keep their rows by key."""
    version.sections.exclude(key__in=[part.key for part in text.sections]).delete()
    rows = {row.key: row for row in version.sections.all()}
    for order, part in enumerate(text.sections, start=1):
        row = rows.get(part.key) or Section(version=version, key=part.key)
        wanted = (part.kind, part.heading, part.body, order)
        if (row.kind, row.heading, row.body, row.order) != wanted:
            row.kind, row.heading, row.body, row.order = wanted
            row.save()
    version.title, version.change_summary, version.material = text.title, text.change_summary, text.material
    version.content_hash = text_hash(text)
    version.token += 1
    version.edited_by, version.edited_at = by, at
    version.save()
    _remember(version, text)


def _remember(version: ProtocolVersion, text: DraftText) -> None:
    """Keep what was saved, so that somebody who still writes on it can be merged with whoever saves next."""
    sections = [asdict(part) | {"key": str(part.key), "kind": str(part.kind)} for part in text.sections]
    content = {"title": text.title, "change_summary": text.change_summary, "material": text.material}
    DraftSave.objects.create(version=version, token=version.token, content=content | {"sections": sections})
    DraftSave.objects.filter(version=version, token__lte=version.token - SAVES_KEPT).delete()


def reopen(version: ProtocolVersion) -> None:
    """Make a version in review or approved a draft again, without its approval."""
    if version.state == State.APPROVED or version.state == State.IN_REVIEW:
        version.state = State.DRAFT
        version.submitted_by = version.submitted_at = None
        version.approved_by = version.approved_at = None
        version.approved_hash = ""
        version.save()


def tidied(text: DraftText) -> DraftText:
    """The text as it will be stored: cleaned, without idle space, so that equal texts have equal hashes."""
    sections = [
        SectionText(SectionKind(part.kind), " ".join(part.heading.split()), _cleaned(part.body), part.key)
        for part in text.sections
    ]
    return DraftText(" ".join(text.title.split()), sections, " ".join(text.change_summary.split()), text.material)


def _cleaned(body: str) -> str:
    return richtext.clean(body, pictures=True)


def _may_be_saved(text: DraftText) -> Verdict:
    verdict = YES
    if not text.title:
        verdict += Verdict.no("no-title", "Give the protocol a title.", "title")
    if len(text.title) > TITLE_LENGTH:
        verdict += Verdict.no("title-too-long", f"Shorten the title to {TITLE_LENGTH} characters.", "title")
    if len(text.change_summary) > SUMMARY_LENGTH:
        words = f"Shorten what changed to {SUMMARY_LENGTH} characters."
        verdict += Verdict.no("summary-too-long", words, "change_summary")
    if not all(part.heading for part in text.sections):
        verdict += Verdict.no("no-heading", "Give every section a heading.")
    if len({part.key for part in text.sections}) < len(text.sections):
        verdict += Verdict.no("section-twice", "The same section came twice. Nothing was saved.")
    for part in text.sections:
        if richtext.is_too_deep(part.body):
            words = (
                f"“{part.heading}” has more than {richtext.DEEPEST} boxes within one another, and no page shows that."
            )
            verdict += Verdict.no("too-deep", f"{words} Take the text out of them.")
    return verdict


def _proposed_audience(version: ProtocolVersion, by: User) -> Iterable[Audience]:
    """Whom the author probably writes for: clinical staff of the own clinics. Whoever publishes it decides."""
    scope = by.standing.scope(Capability.WRITE_PROTOCOL)
    clinics: Iterable[int | None] = [None] if scope.everywhere else sorted(by.standing.clinic_ids)
    for clinic in clinics:
        for role in PROPOSED_ROLES:
            yield Audience(version=version, clinic_id=clinic, role=role, must_acknowledge=True)


def _free_slug(title: str) -> str:
    """An address that nobody has. Whoever looks for one at the same moment waits until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('protocols.slug'))")
    base = slugify(title)[:70].strip("-") or "protocol"
    taken = set(Protocol.objects.filter(slug__startswith=base).values_list("slug", flat=True)) | RESERVED_SLUGS
    number, slug = 1, base
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug


def clinics_of(version: ProtocolVersion) -> list[int]:
    return [clinic for clinic in version.audiences.values_list("clinic", flat=True) if clinic is not None]
