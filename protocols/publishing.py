"""From a finished draft to a version in force: submitting, approving by another person, publishing, withdrawing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Min, Prefetch, QuerySet

from accounts.models import Clinic, Profession, Skill, User
from accounts.roles import TABLE, Capability, Role
from intranet.audit.recording import record
from intranet.core.access import YES, Conflict, Forbidden, Refused, Verdict, require
from intranet.core.time import first_moment, organisation_day, organisation_zone
from intranet.core.wording import clock_time, counted, full_day
from protocols.acknowledging import months_between
from protocols.drafting import DUE_DAYS, clinics_of, lock, lock_draft, may_edit, named, reopen, text_hash, text_of
from protocols.models import (
    Audience,
    GovernedSkill,
    Protocol,
    ProtocolVersion,
    Remark,
    SectionKind,
    SigningInterval,
    State,
    Status,
)

# What a reader looks for first: a version may do without, but nobody should overlook that it is empty.
EXPECTED = (SectionKind.KEY_FACTS, SectionKind.CONTRAINDICATIONS, SectionKind.IF_WRONG)


# Who answers for the words of a protocol.
CLINICAL = (Profession.PT, Profession.PTA, Profession.OT, Profession.COTA, Profession.AT, Profession.OTHER)


@dataclass(frozen=True, slots=True)
class Readers:
    """People with a role at a clinic (None: at every clinic) who read a version, and perhaps must acknowledge it."""

    role: Role
    clinic: Clinic | None = None
    must_acknowledge: bool = False


@transaction.atomic
def submit(version: ProtocolVersion, *, by: User, at: datetime) -> ProtocolVersion:
    """Hand a draft to review. Refused with everything that is still missing."""
    version = lock_draft(version)
    require(may_edit(version, by=by), Forbidden)
    _require_state(version, State.DRAFT)
    require(_is_complete(version))
    version.state, version.submitted_by, version.submitted_at = State.IN_REVIEW, by, at
    version.save(update_fields=["state", "submitted_by", "submitted_at"])
    version.remarks.unanswered().update(answered_at=at)
    record(by, "protocol.submitted", version, clinics=clinics_of(version), content=version.content_hash)
    return version


def left_empty(version: ProtocolVersion) -> list[str]:
    """The sections that the version has and readers look for first, but in which nothing stands. Warns, never blocks."""
    empty = set(version.sections.filter(kind__in=EXPECTED, words="").values_list("kind", flat=True))
    return [str(kind.label) for kind in EXPECTED if kind in empty]


def may_approve(version: ProtocolVersion, *, by: User) -> Verdict:
    """The clinical lead or a delegated approver, never somebody who wrote on the version or submitted it."""
    if not by.standing.holds(Capability.APPROVE_PROTOCOL):
        return Verdict.no("not-an-approver", "The clinical lead or a delegated approver approves protocols.")
    if version.contributors.filter(user=by).exists():
        return Verdict.no("own-words", "You wrote on this version. Somebody else has to approve it.")
    if version.submitted_by_id == by.pk:
        return Verdict.no("own-submission", "You submitted this version. Somebody else has to approve it.")
    return YES


def named_for_review(slug: str, number: int, *, by: User) -> QuerySet[ProtocolVersion]:
    """The version that somebody had before them to approve it or send it back.

    A delegated approver does not see it any more once it is out of review, and is told so by a Conflict: in the same words
    whatever became of it, also when there never was one.
    """
    versions = named(slug, number, by=by)
    if not versions.exists() and by.standing.holds(Capability.APPROVE_PROTOCOL):
        raise Conflict.because("not-in-review", "This version does not wait for a review any more.")
    return versions


def approvers(version: ProtocolVersion, *, on: date) -> QuerySet[User]:
    """Everybody who may approve the version: whom `may_approve` lets, as one query."""
    roles = [role for role, held in TABLE.items() if Capability.APPROVE_PROTOCOL in held]
    others = User.objects.members(on, roles=roles).exclude(pk__in=version.contributors.values("user"))
    return others.exclude(pk=version.submitted_by_id or 0).by_name()


def to_approve(by: User) -> QuerySet[ProtocolVersion]:
    """What waits for the person's review: versions that `may_approve` leaves to them, the longest waiting first."""
    if not by.standing.holds(Capability.APPROVE_PROTOCOL):
        return ProtocolVersion.objects.none()
    others = ProtocolVersion.objects.visible_to(by).exclude(contributors__user=by).exclude(submitted_by=by)
    waiting = others.filter(state=State.IN_REVIEW)
    return waiting.select_related("protocol", "submitted_by").order_by("submitted_at", "pk")


def is_sent_back(version: ProtocolVersion) -> bool:
    """Whether a reviewer asked for changes and the authors have not submitted it again yet."""
    return version.state == State.DRAFT and version.remarks.unanswered().exists()


def to_change(by: User) -> QuerySet[ProtocolVersion]:
    """The person's own drafts that a reviewer has sent back, with their remarks, the latest first."""
    asked = Remark.objects.unanswered().select_related("by")
    own = ProtocolVersion.objects.visible_to(by).filter(state=State.DRAFT, contributors__user=by)
    sent_back = own.filter(pk__in=asked.values("version")).select_related("protocol")
    return sent_back.prefetch_related(Prefetch("remarks", asked)).order_by("-edited_at", "-pk")


def to_publish(by: User) -> QuerySet[ProtocolVersion]:
    """Approved versions that wait until the person publishes them, the longest waiting first."""
    if not may_publish(by):
        return ProtocolVersion.objects.none()
    waiting = ProtocolVersion.objects.visible_to(by).filter(state=State.APPROVED)
    return waiting.select_related("protocol", "approved_by").order_by("approved_at", "pk")


@transaction.atomic
def approve(
    version: ProtocolVersion, *, by: User, at: datetime, token: int, despite_comments: bool = False
) -> ProtocolVersion:
    """Approve the text that the approver has read: `token` is that of the version when it was opened.

    `despite_comments`: whether the approver knows that comments are not resolved and approves it all the same.
    """
    version = lock_draft(version)
    require(may_approve(version, by=by), Forbidden)
    if version.token != token:
        raise Conflict.because("changed-meanwhile", f"{version.edited_by} changed the text after you opened it.")
    _require_state(version, State.IN_REVIEW)
    require(YES if despite_comments else _is_settled(version))
    version.state, version.approved_by, version.approved_at = State.APPROVED, by, at
    version.approved_hash = version.content_hash = text_hash(text_of(version))
    version.save(update_fields=["state", "approved_by", "approved_at", "approved_hash", "content_hash"])
    record(by, "protocol.approved", version, clinics=clinics_of(version), content=version.approved_hash)
    return version


@transaction.atomic
def send_back(version: ProtocolVersion, *, by: User, at: datetime, remark: str) -> ProtocolVersion:
    """Return a version to its authors, saying what has to change."""
    version = lock_draft(version)
    require(may_approve(version, by=by), Forbidden)
    _require_state(version, State.IN_REVIEW, State.APPROVED)
    if not remark.strip():
        raise Refused.because("no-remark", "Say what has to change.", "remark")
    reopen(version)
    Remark.objects.create(version=version, by=by, at=at, text=remark.strip())
    record(by, "protocol.sent-back", version, clinics=clinics_of(version))
    return version


def may_publish(by: User) -> Verdict:
    if by.standing.may(Capability.PUBLISH_PROTOCOL):
        return YES
    return Verdict.no("not-a-publisher", "The clinical lead publishes protocols.")


@transaction.atomic
def publish(
    version: ProtocolVersion,
    *,
    by: User,
    at: datetime,
    readers: Collection[Readers],
    effective: date | None = None,
    due_days: int | None = None,
    material: bool | None = None,
) -> ProtocolVersion:
    """Put an approved version in force: at once, or from the first moment of the day `effective`.

    The version before ends at that moment. With `material` off, acknowledgements of the version before still count.
    Readers may read and acknowledge a version from its publication on, also when it starts later.
    """
    version = lock_draft(version)
    require(may_publish(by), Forbidden)
    _require_state(version, State.APPROVED)
    if text_hash(text_of(version)) != version.approved_hash:
        raise Conflict.because("not-what-was-approved", "The text is not the one that was approved. Approve it again.")
    start = start_of(effective, at)
    before = version.protocol.versions.filter(state=State.PUBLISHED).first()
    material = before is None or (version.material if material is None else material)
    require(_may_start(start, at, before) + _may_be(version, material, before) + _has_readers(readers))
    if before is not None:
        _supersede(before, start)
    version.material = material
    version.counts_from = version.number if version.material or before is None else before.counts_from
    version.state, version.published_by, version.published_at = State.PUBLISHED, by, at
    version.in_force = DateTimeTZRange(start, None)
    version.due_days = due_days or version.due_days
    _address(version, readers)
    version.save()
    version.saves.all().delete()
    version.editing.all().delete()
    record(by, "protocol.published", version, clinics=clinics_of(version), start=start, material=version.material)
    return version


@transaction.atomic
def withdraw(version: ProtocolVersion, *, by: User, at: datetime, reason: str) -> ProtocolVersion:
    """Take a version out of force at once, or see to it that it never comes into force.

    A version that has not started leaves no gap: the one before stays in force until the next one that is planned
    starts, or until further notice. A version that has started does leave one. The words before it were replaced on
    purpose and do not return; nothing is in force until the next planned version starts, and until then nobody is
    cleared for the procedures that the protocol governs.
    """
    version = lock(version)
    require(may_publish(by), Forbidden)
    if not reason.strip():
        raise Refused.because("no-reason", "Say why the version is withdrawn.", "reason")
    if version.status(at) not in (Status.IN_FORCE, Status.COMING):
        raise Refused.because("not-in-force", "This version is not in force and will not be.")
    span, started = version.in_force, version.in_force.lower < at
    version.in_force = DateTimeTZRange(span.lower, at) if started else DateTimeTZRange(empty=True)
    version.state, version.withdrawn_by, version.withdrawn_at = State.WITHDRAWN, by, at
    version.withdrawal_reason = reason.strip()
    version.save()
    if not started:
        _prolong(version.protocol, ends=span.lower, until=span.upper)
    record(by, "protocol.withdrawn", version, clinics=clinics_of(version))
    return version


def possible_owners(now: int | None) -> QuerySet[User]:
    """Who may become owner or deputy of a protocol: clinical staff. Whoever is it `now` may stay, also after leaving."""
    return User.objects.active().filter(profession__in=CLINICAL).by_name() | User.objects.filter(pk=now)


@transaction.atomic
def change_settings(
    protocol: Protocol,
    *,
    by: User,
    category: str,
    owner: User,
    skills: Iterable[Skill],
    high_risk: bool,
    review_months: int,
    deputy: User | None = None,
    reattest_months: int | None = None,
    at: datetime,
) -> Protocol:
    """Say where a protocol belongs, who answers for it, and what nobody may do without having acknowledged it.

    When everybody is to acknowledge it again after some months, nobody's acknowledgement ends before the days to
    acknowledge it are over from now.
    """
    require(may_publish(by), Forbidden)
    protocol = Protocol.objects.select_for_update().get(pk=protocol.pk)
    protocol.category, protocol.owner, protocol.high_risk = category, owner, high_risk
    protocol.review_months, protocol.deputy = review_months, deputy
    protocol.full_clean()
    protocol.save()
    _sign_again_every(reattest_months, protocol, by=by, at=at)
    _govern(protocol, skills, by=by, at=at)
    names = [str(skill) for skill in protocol.skills.all()]
    record(
        by, "protocol.settings-changed", protocol, owner=owner, skills=names, high_risk=high_risk, again=reattest_months
    )
    return protocol


def _sign_again_every(months: int | None, protocol: Protocol, *, by: User, at: datetime) -> None:
    if months == months_between(protocol, at):
        return
    latest = protocol.versions.released().order_by("-number").first()
    days = timedelta(days=latest.due_days if latest else DUE_DAYS)
    first_end = organisation_day(at) + days if months else None
    interval = SigningInterval(protocol=protocol, months=months, first_end=first_end, by=by, at=at)
    interval.full_clean()
    interval.save()


def _govern(protocol: Protocol, skills: Iterable[Skill], *, by: User, at: datetime) -> None:
    """What the protocol governs from now on; what it governed before stays on record."""
    before, after = set(protocol.skills.all()), set(skills)
    protocol.skills.set(after)
    GovernedSkill.objects.bulk_create(
        GovernedSkill(protocol=protocol, skill=skill, name=skill.name, governs=skill in after, by=by, at=at)
        for skill in sorted(before ^ after, key=lambda skill: skill.pk)
    )


def _require_state(version: ProtocolVersion, *states: State) -> None:
    if version.state not in states:
        wanted = " or ".join(state.label.lower() for state in states)
        now = version.get_state_display().lower()
        raise Conflict.because(
            "wrong-state", f"Version {version.number} is {now}, not {wanted}{_since(version)}. Nothing was changed."
        )


def _since(version: ProtocolVersion) -> str:
    """`: Lena Faux approved it on Nov 25, 2026, 9:00 AM`, for whoever comes second; nothing where nobody is named."""
    by, what, at = version.submitted_by, "submitted it", version.submitted_at
    if version.state == State.APPROVED:
        by, what, at = version.approved_by, "approved it", version.approved_at
    elif remark := version.remarks.unanswered().first():
        by, what, at = remark.by, "sent it back", remark.at
    if by is None or at is None or not version.is_open:
        return ""
    return f": {by} {what} on {full_day(organisation_day(at))}, {clock_time(at, organisation_zone())}"


def _is_settled(version: ProtocolVersion) -> Verdict:
    """Whoever approves a text with open comments says so."""
    if not (number := version.comments.open().count()):
        return YES
    are = counted(number, "comment is", "comments are")
    return Verdict.no(
        "open-comments",
        f"{are} not resolved. Resolve them, or say that you approve it all the same.",
        "despite_comments",
    )


def _is_complete(version: ProtocolVersion) -> Verdict:
    verdict = YES
    if not version.sections.exclude(words="").exclude(kind=SectionKind.KEY_FACTS).exists():
        verdict += Verdict.no("empty", "Write something in at least one section.", "sections")
    if version.number > 1 and not version.change_summary:
        verdict += Verdict.no("no-summary", "Say what changed, so that readers see it in one line.", "change_summary")
    return verdict + _questions_have_their_sections(version)


def _questions_have_their_sections(version: ProtocolVersion) -> Verdict:
    """A section may be removed or emptied after something was asked about it."""
    written = version.sections.exclude(words="").values("key")
    verdict = YES
    for question in version.questions.exclude(section__in=written):
        verdict += Verdict.no(
            "question-without-section",
            f"The answer to “{question.text}” stands in a section that was removed or is empty."
            " Choose another section for the question, or take it out.",
        )
    return verdict


def start_of(effective: date | None, at: datetime) -> datetime:
    """The first moment in force of a version that is published at `at`: that moment, or the first one of a later day."""
    return at if effective is None or effective == organisation_day(at) else first_moment(effective)


def _may_start(start: datetime, at: datetime, before: ProtocolVersion | None) -> Verdict:
    verdict = YES
    if start < at:
        verdict += Verdict.no("past", "Choose today or a later day: nothing comes into force in the past.", "effective")
    if before is not None and start <= before.in_force.lower:
        day = full_day(organisation_day(before.in_force.lower))
        verdict += Verdict.no(
            "before-another",
            f"Version {before.number} comes into force on {day}. Choose a later day, or withdraw that version first.",
            "effective",
        )
    return verdict


def _may_be(version: ProtocolVersion, material: bool, before: ProtocolVersion | None) -> Verdict:
    """Whoever began to write while another text was planned did not change the wording of the version in force."""
    if material or before is None:
        return YES
    begun = version.contributors.aggregate(at=Min("since"))["at"]
    planned = version.protocol.versions.filter(number__gt=before.number, withdrawn_at__gte=begun).first()
    if planned is None:
        return YES
    return Verdict.no(
        "from-a-withdrawn-text",
        f"This draft was begun from version {planned.number}, which was withdrawn. Ask for acknowledgements again.",
        "material",
    )


def _has_readers(readers: Collection[Readers]) -> Verdict:
    return YES if readers else Verdict.no("no-readers", "Choose who reads it.", "readers")


def _look_at_successors_last() -> None:
    """Have the database look for a version's successor when the transaction ends, also when something before it in the
    same transaction had all constraints checked at once."""
    triggers = ProtocolVersion._meta.triggers  # type: ignore[attr-defined]
    succession = next(one for one in triggers if one.name == "a_superseded_version_has_a_successor")
    with connection.cursor() as cursor:
        cursor.execute(f'SET CONSTRAINTS "{succession.get_pgid(ProtocolVersion)}" DEFERRED')


def _supersede(before: ProtocolVersion, start: datetime) -> None:
    _look_at_successors_last()
    before.in_force = DateTimeTZRange(before.in_force.lower, start)
    before.state = State.SUPERSEDED
    before.save(update_fields=["in_force", "state"])


def _prolong(protocol: Protocol, *, ends: datetime, until: datetime | None) -> None:
    """The version that was to end when the withdrawn one started stays for as long as that one would have."""
    _look_at_successors_last()
    for version in protocol.versions.filter(state=State.SUPERSEDED, in_force__endswith=ends):
        version.in_force = DateTimeTZRange(version.in_force.lower, until)
        version.state = State.PUBLISHED if until is None else State.SUPERSEDED
        version.save(update_fields=["in_force", "state"])


def _address(version: ProtocolVersion, readers: Collection[Readers]) -> None:
    """Whoever is named twice must acknowledge it when one of the lines says so."""
    must: dict[tuple[Role, Clinic | None], bool] = {}
    for line in readers:
        must[line.role, line.clinic] = must.get((line.role, line.clinic), False) or line.must_acknowledge
    version.audiences.all().delete()
    Audience.objects.bulk_create(
        Audience(version=version, clinic=clinic, role=role, must_acknowledge=asked)
        for (role, clinic), asked in must.items()
    )
