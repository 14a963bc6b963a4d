"""Thousands of protocols in force, made quickly: for tests and measurements of what happens when there are many."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from accounts.models import User
from accounts.roles import Role
from protocols.models import Acknowledgement, Audience, Category, Contributor, Protocol, ProtocolVersion, Section, State

KINDS = ("key_facts", "text", "contraindications", "steps", "references")
WORDS = ("needle", "muscle", "shoulder", "balance", "walking", "strength", "breath", "swelling", "knee", "neck", "gait")


class Shelf:
    """Protocols of five sections for therapists everywhere, in force for a month; `signed` by some people."""

    def __init__(self, author: User, lead: User, at: datetime) -> None:
        self.author, self.lead, self.at, self.number = author, lead, at, 0

    def grow(self, to: int, *, signed: Sequence[User] = ()) -> None:
        new = range(self.number, to)
        self.number = to
        categories = list(Category)
        protocols = Protocol.objects.bulk_create(
            Protocol(slug=f"protocol-number-{one}", category=categories[one % 6], owner=self.author) for one in new
        )
        versions = [self._version(one, protocol) for one, protocol in zip(new, protocols, strict=True)]
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")  # nobody may write a published version otherwise
            ProtocolVersion.objects.bulk_create(versions)
            Contributor.objects.bulk_create(
                Contributor(version=one, user=self.author, since=self.at) for one in versions
            )
            Audience.objects.bulk_create(
                Audience(version=one, role=Role.THERAPIST, must_acknowledge=True) for one in versions
            )
            Section.objects.bulk_create(
                self._section(version, one, place)
                for one, version in zip(new, versions, strict=True)
                for place in range(len(KINDS))
            )
            Acknowledgement.objects.bulk_create(
                Acknowledgement(version=one, user=person, at=self.at, text_hash=one.content_hash)
                for one in versions
                for person in signed
            )
            cursor.execute("RESET session_replication_role")
            cursor.execute("SELECT protocols_index_version(id) FROM unnest(%s) AS id", [[one.pk for one in versions]])
            cursor.execute("ANALYZE")

    def _version(self, one: int, protocol: Protocol) -> ProtocolVersion:
        published = self.at - timedelta(days=30)
        return ProtocolVersion(
            protocol=protocol,
            number=1,
            title=f"Protocol number {one}",
            change_summary="First words.",
            state=State.PUBLISHED,
            content_hash="0" * 64,
            approved_hash="0" * 64,
            edited_by=self.author,
            edited_at=self.at,
            submitted_by=self.author,
            submitted_at=self.at,
            approved_by=self.lead,
            approved_at=self.at,
            published_by=self.lead,
            published_at=published,
            in_force=DateTimeTZRange(published, None),
            counts_from=1,
        )

    def _section(self, version: ProtocolVersion, one: int, place: int) -> Section:
        said = " ".join(WORDS[(one * 7 + place * 3 + step) % len(WORDS)] for step in range(40))
        heading = f"Section {place} of {WORDS[one % len(WORDS)]}"
        return Section(
            version=version, kind=KINDS[place], heading=heading, body=f"<p>{said}</p>", words=said, order=place + 1
        )
