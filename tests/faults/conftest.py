from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from accounts.models import User
from intranet.reminders import registry
from tests import factories
from tests.faults.planted.reminders import OWED, Work
from tests.faults.worker import Bell, Worker
from tests.intranet.reminders.mail_server import Mailbox, MailServer


@pytest.fixture(autouse=True)
def _the_planted_kind_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_kinds", {Work.code: Work()})


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    server = MailServer(box)
    server.start()
    yield box
    server.end()


@pytest.fixture
def bell() -> Bell:
    bell = Bell()
    bell.hush()
    return bell


@pytest.fixture
def worker(mailbox: Mailbox, tmp_path: Path, transactional_db: None) -> Iterator[Worker]:
    worker = Worker(mailbox.port, tmp_path / "worker.log")
    yield worker
    worker.end()


@pytest.fixture
def staff(transactional_db: None) -> list[User]:
    """Ten people, each of whom is owed three reminders."""
    return [factories.person(name=f"Person {number}", title=OWED) for number in range(10)]
