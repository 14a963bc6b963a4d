"""In these tests the product's clock stands still at the moment `at`; and the objects among which somebody searches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine

from accounts.roles import Role
from protocols.publishing import Readers
from tests.intranet.announcements import factories as announcements
from tests.protocols import factories as protocols


@pytest.fixture(autouse=True)
def _now(at: datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def library(cast, mt_prospect, oakbrook, at):
    """A word for everybody, and one for each scope: `quokka` with a word that nothing else has."""
    author, lead, manager = cast["floater"], cast["clinical_lead"], cast["manager"]
    before = at - timedelta(days=30)

    def published(title: str, body: str, readers: list[Readers]):
        return protocols.published(by=author, lead=lead, at=before, title=title, body=f"<p>{body}</p>", readers=readers)

    therapists, here, there = (
        [Readers(Role.THERAPIST, clinic, must_acknowledge=True)] for clinic in (None, mt_prospect, oakbrook)
    )
    first = published("Quokka first", "The quokka was called zygomorph.", here)
    return {
        "everywhere": published("Quokka everywhere", "A quokka with a wombat.", therapists),
        "here": published("Quokka here", "A quokka with a xylophone.", here),
        "there": published("Quokka there", "A quokka with a yardarm.", there),
        "desk": published("Quokka desk", "A quokka with a turnstile.", [Readers(Role.FRONT_DESK, None)]),
        "past": first,
        "now": protocols.next_version(
            after=first,
            by=author,
            lead=lead,
            at=before + timedelta(days=2),
            body="<p>A quokka again.</p>",
            readers=here,
        ),
        "draft": protocols.draft(by=cast["therapist"], at=at, title="Quokka draft", body="<p>A vexillum.</p>"),
        "news": announcements.announcement(
            by=manager, at=before, to=[mt_prospect], title="Quokka news", body="<p>A marzipan.</p>"
        ),
        "later": announcements.announcement(
            by=manager,
            at=at,
            to=[mt_prospect],
            title="Quokka later",
            body="<p>A nightcap.</p>",
            appears=at + timedelta(days=3),
        ),
    }
