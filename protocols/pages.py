"""What the reading page says about a version to one person, gathered once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Count, Prefetch
from django.utils.safestring import SafeString

from accounts.models import Clinic, Competency, User
from accounts.roles import Capability, Role
from intranet.core import richtext
from intranet.core.access import Verdict
from intranet.core.time import organisation_day
from intranet.core.wording import name_list
from protocols import (
    acknowledging,
    addressing,
    discarding,
    drafting,
    opening,
    publishing,
    questioning,
    reviewing,
    suspending,
    waiving,
)
from protocols.library import is_overdue
from protocols.models import (
    Acknowledgement,
    Attachment,
    Bookmark,
    Comment,
    Contributor,
    ProtocolVersion,
    Question,
    Review,
    Section,
    SectionKind,
    Status,
    Suspension,
    Waiver,
)
from protocols.questioning import Missed

REVIEW_AHEAD = 90  # days
TONES = {
    Status.IN_FORCE: "ok",
    Status.COMING: "neutral",
    Status.APPROVED: "neutral",
    Status.IN_REVIEW: "info",
    Status.DRAFT: "info",
    Status.SUPERSEDED: "danger",
    Status.WITHDRAWN: "danger",
}
ICONS = {
    Status.IN_FORCE: "check-circle",
    Status.COMING: "clock",
    Status.APPROVED: "check",
    Status.IN_REVIEW: "eye",
    Status.DRAFT: "edit",
    Status.SUPERSEDED: "history",
    Status.WITHDRAWN: "stop",
}


@dataclass(frozen=True)
class Part:
    """A section as the page draws it; `references` is how many the version has, for linking `[2]`."""

    section: Section
    references: int

    @property
    def kind(self) -> str:
        return self.section.kind

    @property
    def heading(self) -> str:
        return self.section.heading

    @property
    def short_heading(self) -> str:
        """For the contents: "Do not needle" of "Do not needle if the patient"."""
        return self.section.heading.removesuffix(" if the patient").rstrip(",")

    @property
    def anchor(self) -> str:
        return self.section.anchor

    @property
    def is_stop(self) -> bool:
        return self.kind in (SectionKind.CONTRAINDICATIONS, SectionKind.PRECAUTIONS)

    @property
    def flagged(self) -> bool:
        return self.kind == SectionKind.CONTRAINDICATIONS

    @cached_property
    def html(self) -> SafeString:
        return richtext.render(self.section.body, self.references)

    @cached_property
    def points(self) -> richtext.Points:
        return richtext.points(self.section.body, self.references, paragraphs=self.is_stop)

    @cached_property
    def facts(self) -> list[tuple[str, SafeString]]:
        return richtext.pairs(self.section.body, self.references)


class ReadingPage:
    """A version before one reader at one moment."""

    def __init__(self, version: ProtocolVersion, reader: User, at: datetime) -> None:
        self.version, self.reader, self.at = version, reader, at
        self.protocol = version.protocol
        self.today = organisation_day(at)
        self.status = version.status(at)

    @property
    def overdue(self) -> bool:
        return self.status == Status.IN_FORCE and is_overdue(self.version, self.today)

    @property
    def tone(self) -> str:
        if self.suspensions:
            return "danger"
        return "caution" if self.overdue else TONES[self.status]

    @property
    def icon(self) -> str:
        if self.suspensions:
            return "stop"
        return "clock" if self.overdue else ICONS[self.status]

    @property
    def banner(self) -> str:
        number = self.version.number
        words = {
            Status.IN_FORCE: f"In force: version {number}",
            Status.COMING: f"Starts later: version {number}",
            Status.APPROVED: f"Approved, not published: version {number}",
            Status.IN_REVIEW: f"In review: version {number}",
            Status.DRAFT: f"Draft of version {number}",
            Status.SUPERSEDED: f"Superseded: version {number}",
            Status.WITHDRAWN: f"Withdrawn: version {number}",
        }
        stopped = ", suspended" if self.suspensions else ""
        return words[self.status] + stopped + (", review overdue" if self.overdue else "")

    @cached_property
    def parts(self) -> list[Part]:
        sections = [section for section in self.version.sections.all() if section.words]
        listed = next((part for part in sections if part.kind == SectionKind.REFERENCES), None)
        count = len(richtext.points(listed.body).items) if listed else 0
        return [Part(section, count) for section in sections]

    @cached_property
    def attachments(self) -> list[Attachment]:
        """What the version carries, each with its version, whose address it needs."""
        found = list(self.version.attachments.defer("words"))
        for attachment in found:
            attachment.version = self.version
        return found

    @cached_property
    def clinics(self) -> list[Clinic]:
        named = set(self.version.audiences.values_list("clinic", flat=True))
        clinics = Clinic.objects.all() if None in named else Clinic.objects.filter(pk__in=named)
        return list(clinics)

    @cached_property
    def contributors(self) -> list[Contributor]:
        return list(self.version.contributors.select_related("user"))

    @property
    def authors(self) -> list[User]:
        return [contributor.user for contributor in self.contributors]

    @property
    def started_at(self) -> datetime:
        return self.contributors[0].since

    @cached_property
    def history(self) -> list[Any]:
        """Every version that the reader may see, the latest first; `stopped` is where it is suspended."""
        versions = ProtocolVersion.objects.visible_to(self.reader).filter(protocol=self.protocol).with_status(self.at)
        held = Suspension.objects.open().filter(version__in=ProtocolVersion.objects.current(self.at))
        held = held.select_related("clinic", "by").order_by("clinic__name")
        stopped = Prefetch("suspensions", held, to_attr="stopped")
        return list(versions.select_related("protocol", "edited_by").prefetch_related(stopped).order_by("-number"))

    @property
    def in_force(self) -> ProtocolVersion | None:
        return next((version for version in self.history if version.status_now == Status.IN_FORCE), None)

    @property
    def coming(self) -> ProtocolVersion | None:
        """The planned version that starts first."""
        return next((version for version in reversed(self.history) if version.status_now == Status.COMING), None)

    @cached_property
    def coming_acknowledgement(self) -> Acknowledgement | None:
        """The one that counts already for the version that starts later."""
        return acknowledging.counting(self.coming, self.reader, self.at) if self.coming else None

    @property
    def draft(self) -> ProtocolVersion | None:
        return next((version for version in self.history if version.is_open), None)

    @cached_property
    def acknowledgement(self) -> Acknowledgement | None:
        """The one that counts for this version."""
        return acknowledging.counting(self.version, self.reader, self.at) if not self.version.is_open else None

    @cached_property
    def before(self) -> Acknowledgement | None:
        return acknowledging.last_signed(self.version, self.reader)

    @property
    def compare_with(self) -> ProtocolVersion | None:
        """The version that the reader knows best before this one: the last one signed, or else the one before it."""
        signed = self.before.version_id if self.before else None
        earlier = [one for one in self.history if one.number < self.version.number and not one.is_open]
        return next((one for one in earlier if one.pk == signed), earlier[0] if earlier else None)

    @cached_property
    def bookmarked(self) -> bool:
        return Bookmark.objects.filter(user=self.reader, protocol=self.protocol).exists()

    @cached_property
    def due_on(self) -> date | None:
        return acknowledging.due_on(self.version, self.reader, self.at)

    @property
    def late(self) -> bool:
        return self.due_on is not None and self.due_on < self.today

    @property
    def renews(self) -> bool:
        """Whether it is time to acknowledge again what one has acknowledged."""
        return self.acknowledgement is not None and self.due_on is not None

    @property
    def months_between(self) -> int | None:
        """After how many months everybody acknowledges it again."""
        return acknowledging.months_between(self.protocol, self.at)

    @cached_property
    def waiver(self) -> Waiver | None:
        """What excuses the reader from acknowledging it for now."""
        return None if self.due_on else waiving.holding(self.version, self.reader, self.at)

    @cached_property
    def concerns_reader(self) -> bool:
        """Whether its acknowledgement is open: the reader's duty, waived or not, or what clears for a procedure."""
        if self.version.is_open or (self.acknowledgement and not self.renews):
            return False
        return self.due_on is not None or self.waiver is not None or self.protocol.skills.exists()

    @cached_property
    def may_acknowledge(self) -> Verdict:
        return acknowledging.may_acknowledge(self.version, by=self.reader, at=self.at)

    @property
    def asks_acknowledgement(self) -> bool:
        """Whether the bar asks for it."""
        return self.concerns_reader and bool(self.may_acknowledge)

    @property
    def stopped_at(self) -> str:
        """The clinics at which it is suspended, in words."""
        return name_list([str(one.clinic) for one in self.suspensions])

    @property
    def stopped_for_reader(self) -> bool:
        """Whether the bar says that nobody acknowledges it now, because it is suspended wherever the reader works by it."""
        if not (self.suspensions and self.concerns_reader):
            return False
        return {reason.code for reason in self.may_acknowledge.reasons} == {suspending.STOPPED}

    @property
    def opened(self) -> str:
        """The proof that this reader has the whole text before them: only for the page that shows it."""
        return opening.proof(self.version, reader=self.reader, at=self.at)

    @cached_property
    def competency(self) -> Competency | None:
        """The reader's own competency for what the protocol governs, the one that ends first."""
        own = Competency.objects.filter(user=self.reader, skill__protocols=self.protocol).in_force(self.at)
        return own.order_by("valid__endswith").first()

    @cached_property
    def may_edit(self) -> bool:
        return self.version.is_open and bool(drafting.may_edit(self.version, by=self.reader))

    @cached_property
    def proposal(self) -> Verdict:
        """Whether the reader may begin the next version."""
        return drafting.may_start_draft(self.protocol, by=self.reader)

    @property
    def may_propose(self) -> bool:
        return not self.version.is_open and bool(self.proposal)

    @property
    def others_write(self) -> str:
        """Who works on the next version, for readers who could have begun it themselves and do not see that draft."""
        if self.draft:
            return ""
        return next((reason.message for reason in self.proposal.reasons if reason.code == "open-draft"), "")

    @cached_property
    def may_discard(self) -> bool:
        return self.version.is_open and bool(discarding.may_discard(self.version, by=self.reader))

    @cached_property
    def may_publish(self) -> bool:
        return bool(publishing.may_publish(self.reader))

    @property
    def answers_for_it(self) -> bool:
        return self.reader.pk in (self.protocol.owner_id, self.protocol.deputy_id)

    @cached_property
    def waiting_review(self) -> Review | None:
        """The review that waits for a second person, for those who have a say in it."""
        says = reviewing.may_review(self.reader) or self.reader.standing.holds(Capability.APPROVE_PROTOCOL)
        concerned = says or self.answers_for_it
        return reviewing.waiting(self.version) if self.status == Status.IN_FORCE and concerned else None

    @property
    def may_confirm_review(self) -> bool:
        return self.waiting_review is not None and bool(reviewing.may_confirm(self.waiting_review, by=self.reader))

    @property
    def may_review(self) -> bool:
        """Offered from three months before it is due."""
        due = self.version.review_on
        soon = due is not None and (due - self.today).days <= REVIEW_AHEAD
        return (
            self.status == Status.IN_FORCE
            and soon
            and not self.waiting_review
            and bool(reviewing.may_review(self.reader))
        )

    @cached_property
    def suspensions(self) -> list[Suspension]:
        """Where nobody may work by this version now."""
        return next((version.stopped for version in self.history if version.pk == self.version.pk), [])

    @cached_property
    def may_suspend(self) -> bool:
        stopped = {one.clinic_id for one in self.suspensions}
        current = self.status in (Status.IN_FORCE, Status.COMING)
        return (
            current
            and self.reader.standing.holds(Capability.SUSPEND_PROTOCOL)
            and any(clinic.pk not in stopped for clinic in suspending.places(self.reader, self.version))
        )

    @property
    def may_add_readers(self) -> bool:
        current = self.status in (Status.IN_FORCE, Status.COMING)
        return current and bool(addressing.may_add_readers([], by=self.reader))

    @property
    def asks_owner_to_review(self) -> bool:
        """Whether somebody who answers for the protocol, and cannot review it alone, is told what to do."""
        return self.overdue and self.answers_for_it and not self.may_review and self.waiting_review is None

    @property
    def who_reviews(self) -> str:
        """Whom the owner asks when nothing has to change."""
        leads = [person.name for person in User.objects.members(self.today, roles=[Role.CLINICAL_LEAD]).by_name()]
        who = " or ".join(leads) or "The clinical lead"
        return f"When nothing has to change, {who} says so and a second person agrees. Otherwise propose a change."

    @property
    def sees_evidence(self) -> bool:
        return not self.version.is_open and self.reader.standing.holds(Capability.REPORT_ACKNOWLEDGEMENTS)

    @cached_property
    def review(self) -> Verdict | None:
        """Whether the reader may approve it while it waits for that, or may still send it back once it is approved."""
        if self.status not in (Status.IN_REVIEW, Status.APPROVED):
            return None
        verdict = publishing.may_approve(self.version, by=self.reader)
        return verdict if verdict or self.status == Status.IN_REVIEW else None

    @cached_property
    def left_empty(self) -> list[str]:
        """Of an open version, the sections that its author, approver and publisher are warned about."""
        return publishing.left_empty(self.version) if self.version.is_open else []

    @cached_property
    def approvers(self) -> list[User]:
        """Who may approve it, while it waits for that."""
        return list(publishing.approvers(self.version, on=self.today)) if self.status == Status.IN_REVIEW else []

    @property
    def who_decides(self) -> str:
        """Of a version in review: who may approve it, and why the reader may not, when others would expect it."""
        others = [person.name for person in self.approvers if person != self.reader]
        if self.review:
            return "It waits for your decision." + (f" {name_list(others)} can decide, too." if others else "")
        if not others:
            return "Nobody may approve it: whoever could wrote on it. Ask the administrator for another approver."
        said = f"{' or '.join(others)} {'approves' if len(others) == 1 else 'approve'} it."
        if self.review is not None and self.reader.standing.holds(Capability.APPROVE_PROTOCOL):
            said = f"{said} {self.review.reasons[0].message}"
        return said

    @cached_property
    def remarks(self) -> list[Any]:
        return list(self.version.remarks.select_related("by")) if self.version.is_open else []

    @cached_property
    def questions(self) -> list[Question]:
        """What is asked before the version is acknowledged."""
        return list(self.version.questions.all())

    @cached_property
    def questions_to_review(self) -> list[tuple[Question, str]]:
        """What an open version asks, each with the heading under which the answer stands: everybody who reads it there
        writes, approves or publishes it. Nothing instead of the heading when the section is gone.
        """
        if not self.version.is_open:
            return []
        headings = {section.key: section.heading for section in self.version.sections.all()}
        return [(question, headings.get(question.section, "")) for question in self.questions]

    @property
    def may_mend(self) -> bool:
        """Whoever answers for the text: its authors, the owner, and who publishes."""
        writes = self.may_edit or self.reader in self.authors
        return writes or self.may_publish or self.protocol.owner_id == self.reader.pk

    @cached_property
    def misread(self) -> dict[UUID, list[Missed]]:
        """{section: the questions about it that readers often got wrong}, for those who can mend the text.

        In a draft that is what happened with the newest version before it that enough people have answered.
        """
        if not self.may_mend:
            return {}
        asked = questioning.last_answered(self.protocol) if self.version.is_open else self.version
        return questioning.often_missed(asked) if asked else {}

    @property
    def comments_open_here(self) -> bool:
        """Whoever reads a draft has a say in it."""
        return self.version.is_open

    @cached_property
    def comments(self) -> dict[UUID | None, list[Comment]]:
        """What is said about an open version and not dealt with yet, by the key of the section that it is about."""
        found: dict[UUID | None, list[Comment]] = {}
        if self.comments_open_here:
            for one in self.version.comments.open().select_related("by"):
                found.setdefault(one.section, []).append(one)
        return found

    def comments_beside(self, key: UUID | None) -> list[Comment]:
        """Those about a section that is shown; without a key those about the whole, and about sections that are not shown
        because they were emptied or removed.
        """
        if key is not None:
            return self.comments.get(key, [])
        shown = {part.section.key for part in self.parts}
        others = (one for about, found in self.comments.items() if about not in shown for one in found)
        return sorted(others, key=lambda one: (one.at, one.pk))

    @property
    def comment_count(self) -> int:
        return sum(map(len, self.comments.values()))

    @cached_property
    def signatures(self) -> int | None:
        """How many people acknowledged it, for those who report on it."""
        if self.version.is_open or not self.may_publish:
            return None
        return self.version.acknowledgements.aggregate(count=Count("pk"))["count"]
