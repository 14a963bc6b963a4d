"""The smallest valid object of each kind. Every argument is a keyword; nothing is made that was not asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from io import BytesIO
from itertools import count
from typing import Any

import pgtrigger
from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange
from django.db.models import QuerySet
from PIL import Image

from accounts.documents import Paper, keep
from accounts.models import (
    Checker,
    Clinic,
    Competency,
    Credential,
    CredentialDocument,
    CredentialType,
    Gate,
    Membership,
    Profession,
    QualificationPart,
    Skill,
    Training,
    Unit,
    User,
    ValidityRule,
)
from accounts.roles import Role

PASSWORD = "a long enough password"
HIRED = date(2024, 1, 1)
ROLES_STAY = "accounts.Membership:a_role_is_only_ended"
_numbers = count(1)


def clinic(*, name: str, letter: str, number: int, **fields: Any) -> Clinic:
    slug = fields.pop("slug", name.lower().replace(" ", "-").replace(".", ""))
    return Clinic.objects.create(name=name, letter=letter, number=number, slug=slug, **fields)


def person(*, name: str = "", email: str = "", **fields: Any) -> User:
    number = next(_numbers)
    name = name or f"Person Number{number}"
    user = User.objects.create_user(
        email=email or f"person{number}@clinic.example", password=PASSWORD, name=name, **fields
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def membership(
    *, user: User, role: Role, clinic: Clinic | None = None, start: date = HIRED, end: date | None = None
) -> Membership:
    return Membership.objects.create(user=user, role=role, clinic=clinic, period=DateRange(start, end))


def as_if_always(memberships: QuerySet[Membership], **said: Any) -> None:
    """Make roles what they would be now with another past. Only a test can: the database refuses it."""
    with pgtrigger.ignore(ROLES_STAY), transaction.atomic():
        memberships.update(**said)


def as_if_never(memberships: QuerySet[Membership]) -> None:
    """Make somebody who never held these roles. Only a test can."""
    with pgtrigger.ignore(ROLES_STAY):
        memberships.all().delete()


def staff(*, name: str, role: Role, clinics: list[Clinic | None], profession: Profession = Profession.OTHER) -> User:
    """A person with one role at each of the clinics (None: the whole organisation)."""
    email = name.lower().replace(" ", ".") + "@clinic.example"
    user = person(name=name, email=email, profession=profession, hired_on=HIRED)
    for clinic in clinics:
        membership(user=user, role=role, clinic=clinic)
    return user


def credential_type(*, code: str = "", **fields: Any) -> CredentialType:
    code = code or f"type-{next(_numbers)}"
    values = {
        "name": code,
        "rule": ValidityRule.ENTERED,
        "gate": Gate.WARNS,
        "checker": Checker.MANAGER,
        "source": "Policy",
        "checked_on": HIRED,
    }
    return CredentialType.objects.create(code=code, **(values | fields))


def credential(
    *, user: User, type: CredentialType, start: date = HIRED, end: date | None = None, verified_by: User | None = None
) -> Credential:
    verified_at = datetime(2024, 1, 2, tzinfo=UTC) if verified_by else None
    return Credential.objects.create(
        user=user, type=type, valid=DateRange(start, end), verified_by=verified_by, verified_at=verified_at
    )


@cache
def png() -> bytes:
    """A picture of a document."""
    out = BytesIO()
    Image.new("RGB", (60, 80), "white").save(out, "PNG")
    return out.getvalue()


@cache
def pdf(pages: int = 1) -> bytes:
    """A document of white pages."""
    out = BytesIO()
    first, *others = [Image.new("RGB", (60, 80), "white") for _ in range(pages)]
    first.save(out, "PDF", save_all=True, append_images=others)
    return out.getvalue()


def paper(*, content: bytes = b"%PDF-1.4 a document", picture: bytes = b"\xff\xd8\xff a picture") -> Paper:
    """A document as if it had been looked at."""
    return Paper(CredentialDocument.Kind.PDF, content, picture, 1)


def document(*, credential: Credential, content: bytes = b"%PDF-1.4 a document") -> CredentialDocument:
    return keep(credential, paper(content=content), at=datetime(2024, 1, 2, tzinfo=UTC))


def skill(*, code: str = "", **fields: Any) -> Skill:
    code = code or f"skill-{next(_numbers)}"
    values = {"name": code, "short_name": code[:24], "professions": [Profession.PT]}
    return Skill.objects.create(code=code, **(values | fields))


def competency(
    *,
    user: User,
    skill: Skill,
    granted_by: User,
    start: datetime = datetime(2024, 1, 1, tzinfo=UTC),
    end: datetime = datetime(2030, 1, 1, tzinfo=UTC),
    ended_at: datetime | None = None,
) -> Competency:
    return Competency.objects.create(
        user=user,
        skill=skill,
        valid=DateTimeTZRange(start, end),
        granted_by=granted_by,
        granted_at=start,
        ended_at=ended_at,
    )


def part(*, type: CredentialType, **fields: Any) -> QualificationPart:
    values = {"name": f"Part {next(_numbers)}", "unit": Unit.HOURS, "least": 10, "source": "Policy"}
    return QualificationPart.objects.create(type=type, **(values | fields))


def training(
    *, user: User, type: CredentialType | None = None, towards: QualificationPart | None = None, **fields: Any
) -> Training:
    """Something that somebody has done, not verified yet; towards a part, or a new one of the type."""
    if towards is None:
        assert type is not None
        towards = part(type=type)
    values = {
        "amount": 10,
        "last_day": HIRED,
        "attested_by": "Sample Academy",
        "entered_by": user,
        "entered_at": datetime(2024, 1, 2, tzinfo=UTC),
    }
    return Training.objects.create(user=user, part=towards, **(values | fields))


def verify(training: Training, *, by: User) -> Training:
    training.verified_by, training.verified_at = by, datetime(2024, 1, 3, tzinfo=UTC)
    training.save()
    return training


def days(number: int) -> timedelta:
    return timedelta(days=number)
