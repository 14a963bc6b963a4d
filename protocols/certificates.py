"""Certificates: that somebody acknowledged a version, with what shows which very text it was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from accounts.models import User
from intranet.audit.recording import record
from intranet.core.paper import Cell, Made, Paper, moment_words
from intranet.core.time import organisation_zone
from intranet.core.wording import full_day
from protocols.drafting import text_hash, text_of
from protocols.models import Acknowledgement, ProtocolVersion, lapse
from protocols.models.acknowledgement import AcknowledgementQuerySet


@dataclass(frozen=True)
class Certificate:
    """What the page and the document say about one acknowledgement, at a moment."""

    acknowledgement: Acknowledgement
    now: datetime

    @property
    def version(self) -> ProtocolVersion:
        return self.acknowledgement.version

    @property
    def person(self) -> User:
        return self.acknowledgement.user

    @property
    def at(self) -> datetime:
        return self.acknowledgement.at

    @property
    def at_words(self) -> str:
        return moment_words(self.at, organisation_zone())

    @property
    def exact(self) -> str:
        return self.at.astimezone(UTC).isoformat(timespec="seconds")

    @property
    def sentence(self) -> str:
        number, title = self.version.number, self.version.title
        return f"{self.person} acknowledged version {number} of “{title}” on {self.at_words}."

    @cached_property
    def ends(self) -> datetime | None:
        """When it ends, as the protocol is acknowledged again every so many months; None: never."""
        own = Acknowledgement.objects.filter(pk=self.acknowledgement.pk)
        return own.values_list(lapse(self.now), flat=True).get()

    @property
    def validity_words(self) -> str:
        """How long it counts for this version."""
        if self.ends is None:
            return "Without an end, for this version"
        verb = "Ended on" if self.ends <= self.now else "Until"
        return f"{verb} {moment_words(self.ends, organisation_zone())}, then it is acknowledged again"

    @property
    def effective_words(self) -> str:
        """From when the version was in force; one that was withdrawn before it started never was."""
        period = self.version.in_force
        if period is None or period.isempty:
            return "Never: it was withdrawn before it started"
        start = moment_words(period.lower, organisation_zone())
        return f"{start} to {moment_words(period.upper, organisation_zone())}" if period.upper else f"Since {start}"

    @property
    def approval_words(self) -> str:
        approved_at = self.version.approved_at
        day = full_day(approved_at.astimezone(organisation_zone()).date()) if approved_at else ""
        return f"{self.version.approved_by}, {day}"

    @property
    def file_name(self) -> str:
        return f"certificate-{self.version.protocol.slug}-{self.version.number}-{self.acknowledgement.pk}.pdf"

    @cached_property
    def is_intact(self) -> bool:
        """Whether the text that is kept today is the one that was acknowledged, counted anew from its words."""
        return text_hash(text_of(self.version)) == self.acknowledgement.text_hash

    @property
    def intact_words(self) -> str:
        if self.is_intact:
            return "The text kept today is the very text that was acknowledged."
        return "The text kept today is not the one that was acknowledged. Tell an administrator."


def certified(user: User) -> AcknowledgementQuerySet:
    """The acknowledgements that the person may see a certificate of, the latest first."""
    found = Acknowledgement.objects.visible_to(user)
    return found.select_related("user", "version__protocol", "version__approved_by").order_by("-at", "-pk")


def export(certificate: Certificate, *, by: User, at: datetime) -> bytes:
    """The certificate as a document. It leaves a trace."""
    version, given = certificate.version, certificate.acknowledgement
    clinics = certificate.person.memberships.values_list("clinic", flat=True)
    places = sorted({clinic for clinic in clinics if clinic is not None})
    record(
        by, "acknowledgements.certificate", version, clinics=places, person=certificate.person, content=given.text_hash
    )
    paper = Paper(
        "Certificate of acknowledgement",
        about=f"{certificate.person}, version {version.number} of “{version.title}”",
        made=Made(by.name, at, organisation_zone()),
    )
    paper.text_lines(certificate.sentence)
    paper.heading("What was acknowledged")
    paper.facts(
        [
            ("Person", Cell(certificate.person.name)),
            ("Protocol", Cell(version.title)),
            ("Version", Cell(str(version.number))),
            ("Acknowledged", Cell(certificate.at_words, certificate.exact)),
            ("Counts", Cell(certificate.validity_words)),
            ("In force", Cell(certificate.effective_words)),
            ("Approved", Cell(certificate.approval_words)),
            ("Text", Cell(given.text_hash, certificate.intact_words)),
        ]
    )
    paper.heading("What it means")
    paper.text_lines(MEANING)
    return paper.file()


MEANING = (
    "The person declared to have read this version and to follow it. The declaration was recorded once, with the hash"
    " (SHA-256) of the text that stood before them, and can be neither changed nor deleted."
)
