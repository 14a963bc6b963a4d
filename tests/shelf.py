"""Thousands of protocols in force, made quickly: for tests and measurements of what happens when there are many."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import F

from accounts.models import User
from accounts.roles import Role
from protocols.drafting import text_hash, text_of
from protocols.models import Acknowledgement, Audience, Category, Contributor, Protocol, ProtocolVersion, Section, State

KINDS = ("key_facts", "text", "contraindications", "steps", "references")
WORDS = ("needle", "muscle", "shoulder", "balance", "walking", "strength", "breath", "swelling", "knee", "neck", "gait")


class Shelf:
    """Protocols of five sections for therapists everywhere, in force for a month; `signed` by some people."""

    def __init__(self, author: User, lead: User, at: datetime) -> None:
        self.author, self.lead, self.at, self.number = author, lead, at, 0

    def grow(self, to: int, *, signed: tuple[User, ...] = ()) -> None:
        new = range(self.number, to)
        self.number = to
        categories = list(Category)
        protocols = Protocol.objects.bulk_create(
            Protocol(slug=f"protocol-number-{one}", category=categories[one % 6], owner=self.author) for one in new
        )
        versions = ProtocolVersion.objects.bulk_create(
            ProtocolVersion(
                protocol=protocol,
                number=1,
                title=f"Protocol number {one}",
                edited_by=self.author,
                edited_at=self.at,
                change_summary="First words.",
            )
            for one, protocol in zip(new, protocols, strict=True)
        )
        for one, version in zip(new, versions, strict=True):
            version.one = one
        Contributor.objects.bulk_create(Contributor(version=one, user=self.author, since=self.at) for one in versions)
        Audience.objects.bulk_create(
            Audience(version=one, role=Role.THERAPIST, must_acknowledge=True) for one in versions
        )
        Section.objects.bulk_create(self._section(one, place) for one in versions for place in range(len(KINDS)))
        self._publish(versions)
        Acknowledgement.objects.bulk_create(
            Acknowledgement(version=one, user=person, at=self.at, text_hash=one.content_hash)
            for one in versions
            for person in signed
        )
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")

    def _section(self, version: ProtocolVersion, place: int) -> Section:
        said = " ".join(WORDS[(version.one * 7 + place * 3 + step) % len(WORDS)] for step in range(40))
        heading = f"Section {place} of {WORDS[version.one % len(WORDS)]}"
        return Section(
            version=version, kind=KINDS[place], heading=heading, body=f"<p>{said}</p>", words=said, order=place + 1
        )

    def _publish(self, versions: list[ProtocolVersion]) -> None:
        """Through every step, as the database demands."""
        for version in versions[:1]:
            version.content_hash = text_hash(text_of(version))
        rows = ProtocolVersion.objects.filter(pk__in=[one.pk for one in versions])
        rows.update(content_hash=versions[0].content_hash)
        for one in versions:
            one.content_hash = versions[0].content_hash
        rows.update(state=State.IN_REVIEW, submitted_by=self.author, submitted_at=self.at)
        rows.update(state=State.APPROVED, approved_by=self.lead, approved_at=self.at, approved_hash=F("content_hash"))
        rows.update(
            state=State.PUBLISHED,
            published_by=self.lead,
            published_at=self.at - timedelta(days=30),
            in_force=DateTimeTZRange(self.at - timedelta(days=30), None),
            counts_from=1,
        )
