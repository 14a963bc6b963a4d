"""The cast: the same people in every test, at the same two clinics."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import hypothesis
import pytest
from allauth.account.internal.flows.login import record_authentication
from django.conf import settings as configured
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest
from django.test import Client, TransactionTestCase
from django.utils import timezone
from pytest_django import DjangoDbBlocker
from rest_framework.test import APIClient

from accounts.invitation_mail import send_due
from accounts.models import Clinic, Profession, User
from accounts.roles import Role
from intranet.reminders.ticking import never, starting_at
from tests import factories
from tests.intranet.reminders.mail_server import Mailbox, MailServer

CHICAGO = ZoneInfo("America/Chicago")

# A busy machine draws examples slowly; that says nothing about the code.
hypothesis.settings.register_profile("house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("house")


@pytest.fixture(autouse=True, scope="session")
def _append_only_tables_may_be_emptied_between_tests() -> Iterator[None]:
    """Tests with real transactions end with TRUNCATE, which the append-only tables refuse. A replica fires no triggers.

    The cache lives in a table that TRUNCATE does not know: it is emptied as well, or rate limits met the next test.
    """
    teardown = TransactionTestCase._fixture_teardown

    def without_triggers(self: TransactionTestCase) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
        try:
            teardown(self)
            cache.clear()
        finally:
            with connection.cursor() as cursor:
                cursor.execute("RESET session_replication_role")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", without_triggers)
        yield


@pytest.fixture(autouse=True, scope="session")
def _nobody_holds_the_database_at_the_end(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A browser's last request may still hold a connection when the database is dropped.

    Asked from outside of the database, as the drop itself is: the connection of the tests may be gone already.
    """
    yield
    name = connection.settings_dict["NAME"]
    with django_db_blocker.unblock():
        connection.close()
        with connection._nodb_cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'",
                [name],
            )


@pytest.fixture(autouse=True)
def store(settings: Any, tmp_path: Path) -> Path:
    """Where this test's uploads go."""
    settings.MEDIA_ROOT = tmp_path / "store"
    return tmp_path / "store"


@pytest.fixture
def at() -> datetime:
    """A Wednesday, ten in the morning at both clinics."""
    return datetime(2026, 11, 25, 10, 0, tzinfo=CHICAGO)


@pytest.fixture
def mt_prospect(db: None) -> Clinic:
    return factories.clinic(name="Mt. Prospect", letter="M", number=1, slug="mt-prospect")


@pytest.fixture
def oakbrook(db: None) -> Clinic:
    return factories.clinic(name="Oakbrook Terrace", letter="O", number=2, slug="oakbrook-terrace")


@pytest.fixture
def therapist(mt_prospect: Clinic) -> User:
    return factories.staff(name="Avery Testwell", role=Role.THERAPIST, clinics=[mt_prospect], profession=Profession.PT)


@pytest.fixture
def therapist_oakbrook(oakbrook: Clinic) -> User:
    return factories.staff(name="Priya Fakenham", role=Role.THERAPIST, clinics=[oakbrook], profession=Profession.PT)


@pytest.fixture
def floater(mt_prospect: Clinic, oakbrook: Clinic) -> User:
    """A therapist at both clinics."""
    return factories.staff(
        name="Theo Fictus", role=Role.THERAPIST, clinics=[mt_prospect, oakbrook], profession=Profession.PT
    )


@pytest.fixture
def assistant(mt_prospect: Clinic) -> User:
    return factories.staff(name="Bea Dummond", role=Role.ASSISTANT, clinics=[mt_prospect], profession=Profession.PTA)


@pytest.fixture
def front_desk(mt_prospect: Clinic) -> User:
    return factories.staff(name="Carla Madeup", role=Role.FRONT_DESK, clinics=[mt_prospect], profession=Profession.DESK)


@pytest.fixture
def manager(mt_prospect: Clinic) -> User:
    return factories.staff(name="Dana Mockridge", role=Role.MANAGER, clinics=[mt_prospect])


@pytest.fixture
def manager_oakbrook(oakbrook: Clinic) -> User:
    return factories.staff(name="Rosa Sampleton", role=Role.MANAGER, clinics=[oakbrook])


@pytest.fixture
def clinical_lead(mt_prospect: Clinic) -> User:
    return factories.staff(name="Ines Exemplar", role=Role.CLINICAL_LEAD, clinics=[None], profession=Profession.PT)


@pytest.fixture
def approver(oakbrook: Clinic) -> User:
    """A therapist to whom the clinical lead has delegated approval."""
    user = factories.staff(name="Lena Placeholt", role=Role.THERAPIST, clinics=[oakbrook], profession=Profession.PT)
    factories.membership(user=user, role=Role.DELEGATED_APPROVER)
    return user


@pytest.fixture
def administrator(mt_prospect: Clinic) -> User:
    return factories.staff(name="Ada Nonesuch", role=Role.ADMINISTRATOR, clinics=[None])


CAST = [
    "therapist",
    "therapist_oakbrook",
    "floater",
    "assistant",
    "front_desk",
    "manager",
    "manager_oakbrook",
    "clinical_lead",
    "approver",
    "administrator",
]


@pytest.fixture
def cast(request: pytest.FixtureRequest) -> dict[str, User]:
    """Everybody, by the name of their fixture."""
    return {name: request.getfixturevalue(name) for name in CAST}


def enter(client: Client, person: User) -> None:
    """What a sign-in by password leaves in the session, without the form."""
    client.force_login(person, backend="accounts.sign_in.EmailBackend")
    request = HttpRequest()
    request.session = client.session
    record_authentication(request, person, method="password")
    request.session.save()


@pytest.fixture
def sign_in() -> Callable[[User | None], Client]:
    """A browser in which the person has signed in (None: nobody)."""

    def open_browser(person: User | None) -> Client:
        client = Client()
        if person is not None:
            enter(client, person)
        return client

    return open_browser


@pytest.fixture
def api() -> Callable[[User | None], APIClient]:
    """An API client signed in as the person, with CSRF checks off as for any test client."""

    def connect(person: User | None) -> APIClient:
        client = APIClient()
        if person is not None:
            enter(client, person)
        return client

    return connect


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    """A mail server that takes everything, and is the product's own for this test."""
    box = Mailbox()
    server = MailServer(box)
    server.start()
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", box.port, False
    settings.DEFAULT_FROM_EMAIL = "intranet@clinic.example"
    box.server = server  # type: ignore[attr-defined]
    yield box
    server.end()


@pytest.fixture
def letters(mailbox: Mailbox) -> Callable[[], list[EmailMessage]]:
    """Send the invitations that wait, as the next tick does. Everything that has arrived at the mail server so far."""

    def send() -> list[EmailMessage]:
        send_due(starting_at(timezone.now()), never)
        return mailbox.messages

    return send


def link_in(mail: EmailMessage) -> str:
    """The address to which a mail of plain text leads, below the site's own."""
    [address] = [line for line in mail.get_content().splitlines() if line.startswith("http")]
    return str(address.removeprefix(configured.SITE_ORIGIN))
