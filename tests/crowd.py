"""Thousands of people, made quickly: for tests and measurements of what happens when there are many."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange

from accounts.models import Clinic, Credential, CredentialType, Invitation, Membership, Profession, Skill, User
from accounts.roles import Role
from intranet.audit.models import Entry
from scheduling.models import PublishedShift, Shift
from scheduling.positions import Position
from tests import factories
from tests.scheduling import factories as scheduling

CLEARED = 10  # of each growth


class Crowd:
    """People who started a month ago and have everything: role, credential that ends, shift today, entries."""

    def __init__(self, clinic: Clinic, lead: User, at: datetime) -> None:
        self.clinic, self.lead, self.at, self.number = clinic, lead, at, 0
        self.type: CredentialType = factories.credential_type(name="HIPAA training")
        self.skill: Skill = factories.skill(code="procedure")
        self.skill.required_types.add(self.type)
        self.week = scheduling.week(clinic=clinic, monday=at.date() - timedelta(days=at.weekday()))

    def grow(self, to: int) -> None:
        new = range(self.number, to)
        self.number = to
        people = User.objects.bulk_create(
            User(
                name=f"Person Number{one}",
                email=f"number{one}@clinic.example",
                profession=Profession.PT,
                phone=f"847-555-{one:04d}",
                languages=["English", "Polish"],
            )
            for one in new
        )
        self._roles(people)
        self._file(people)
        self._shifts(people)
        Invitation.objects.bulk_create(
            Invitation(
                email=f"invited{one}@clinic.example",
                name=f"Invited {one}",
                profession=Profession.PT,
                role=Role.THERAPIST,
                clinic=self.clinic,
                token_digest=f"digest-{one}",
                invited_by=self.lead,
                sent_at=self.at,
                expires_at=self.at + timedelta(days=3),
                mail_due_at=self.at,
            )
            for one in new
        )
        with connection.cursor() as cursor:
            # What a vacuum does soon after so many new rows: the planner counts what an index has not sorted in yet.
            cursor.execute("SELECT gin_clean_pending_list('user_by_contact_words')")
            cursor.execute("ANALYZE")

    def _roles(self, people: list[User]) -> None:
        begun = DateRange(self.at.date() - timedelta(days=30), None)
        Membership.objects.bulk_create(
            Membership(user=one, role=Role.THERAPIST, clinic=self.clinic, period=begun) for one in people
        )
        Entry.objects.bulk_create(
            Entry(at=self.at, actor=one, actor_name=one.name, verb="session.started", clinic_ids=[self.clinic.pk])
            for one in people
        )

    def _file(self, people: list[User]) -> None:
        ends = DateRange(date(2026, 1, 1), self.at.date() + timedelta(days=20))
        Credential.objects.bulk_create(
            Credential(
                user=one,
                type=self.type,
                valid=ends,
                verified_by=self.lead,
                verified_at=datetime(2026, 1, 2, tzinfo=UTC),
            )
            for one in people
        )
        for one in people[:CLEARED]:
            factories.competency(user=one, skill=self.skill, granted_by=self.lead)

    def _shifts(self, people: list[User]) -> None:
        start, end = scheduling.span(self.clinic, self.at.date(), "7-15:30")
        details: dict[str, Any] = {
            "clinic": self.clinic,
            "week": self.week,
            "position": Position.THERAPIST,
            "period": DateTimeTZRange(start, end),
        }
        shifts = Shift.objects.bulk_create(Shift(staff=one, changed_at=self.at, **details) for one in people)
        PublishedShift.objects.bulk_create(
            PublishedShift(shift=one, staff=one.staff, published_at=self.at, **details) for one in shifts
        )
