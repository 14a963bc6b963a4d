"""Two people at the same moment: one wins, the other is told, nothing is half done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.db import transaction

from protocols import drafting, publishing
from protocols.drafting import DraftText, SectionText
from protocols.models import Acknowledgement, Protocol, ProtocolVersion, State
from tests.protocols import factories
from tests.races import outcomes, somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*deeds: Callable[[], Any]) -> list[str]:
    """`done` or why not, sorted."""
    return sorted(outcomes(deeds))


def test_two_drafts_of_one_protocol(therapist, floater, clinical_lead, at):
    protocol = factories.published(by=therapist, lead=clinical_lead, at=at).protocol
    outcomes = at_once(
        lambda: drafting.start_draft(protocol, by=therapist, at=at),
        lambda: drafting.start_draft(protocol, by=floater, at=at),
    )
    assert outcomes == ["done", "open-draft"]
    assert ProtocolVersion.objects.open().count() == 1


def test_three_presses_on_start_the_draft(therapist, at):
    press = lambda: drafting.new_protocol(  # noqa: E731
        title="Cupping", category="needling", by=therapist, at=at, same_title=True
    )
    assert at_once(press, press, press) == ["done", "done", "done"]
    assert sorted(Protocol.objects.values_list("slug", flat=True)) == ["cupping", "cupping-2", "cupping-3"]


def test_two_saves_of_one_draft(therapist, clinical_lead, at):
    version = factories.draft(by=therapist, at=at)
    part = version.sections.get()

    def save(person, words):
        text = DraftText(version.title, [SectionText("text", part.heading, words, part.key)])
        return lambda: drafting.edit_draft(version, text, by=person, at=at, token=version.token)

    assert at_once(save(therapist, "<p>Mine</p>"), save(clinical_lead, "<p>Hers</p>")) == ["changed-meanwhile", "done"]
    assert version.sections.get().body in {"<p>Mine</p>", "<p>Hers</p>"}


def test_an_approval_and_an_edit(therapist, clinical_lead, at):
    """Whoever is second loses: no text is approved that the approver has not read."""
    version = factories.in_review(by=therapist, at=at)
    text = drafting.text_of(version)
    at_once(
        lambda: publishing.approve(version, by=clinical_lead, at=at, token=version.token),
        lambda: drafting.edit_draft(
            version, DraftText("Other", text.sections), by=therapist, at=at, token=version.token
        ),
    )
    version.refresh_from_db()
    assert (version.state, version.title, version.approved_by) == (State.DRAFT, "Other", None)


def test_two_approvals(therapist, clinical_lead, approver, at):
    version = factories.in_review(by=therapist, at=at)
    outcomes = at_once(
        lambda: publishing.approve(version, by=clinical_lead, at=at, token=version.token),
        lambda: publishing.approve(version, by=approver, at=at, token=version.token),
    )
    assert outcomes == ["done", "wrong-state"]


def test_two_publications(therapist, clinical_lead, at):
    version = factories.approved(by=therapist, approver=clinical_lead, at=at)
    publish = lambda: publishing.publish(version, by=clinical_lead, at=at, readers=factories.THERAPISTS)  # noqa: E731
    assert at_once(publish, publish) == ["done", "published"]
    assert version.audiences.count() == 1


def test_two_presses_on_acknowledge(therapist, clinical_lead, at):
    version = factories.published(by=therapist, lead=clinical_lead, at=at)
    press = lambda: factories.acknowledgement(version=version, by=therapist, at=at)  # noqa: E731
    assert at_once(press, press, press) == ["done", "done", "done"]
    assert Acknowledgement.objects.count() == 1


def test_an_acknowledgement_while_the_lead_withdraws(therapist, clinical_lead, at):
    """Whoever has read the page signs while the withdrawal is under way, and is told of it."""
    version = factories.published(by=therapist, lead=clinical_lead, at=at)
    withdrawn = Event()

    def withdraw():
        with transaction.atomic():
            publishing.withdraw(version, by=clinical_lead, at=at + timedelta(seconds=1), reason="A recall.")
            withdrawn.set()
            assert somebody_waits()

    def sign():
        assert withdrawn.wait(60)
        factories.acknowledgement(version=version, by=therapist, at=at)

    assert outcomes([withdraw, sign]) == ["done", "withdrawn"]
    assert Acknowledgement.objects.count() == 0


def test_a_publication_and_a_save(therapist, clinical_lead, at):
    """The author is told who published it; what is in force is what was approved."""
    version = factories.approved(by=therapist, approver=clinical_lead, at=at)
    published, text = Event(), drafting.text_of(version)

    def publish():
        with transaction.atomic():
            publishing.publish(version, by=clinical_lead, at=at, readers=factories.THERAPISTS)
            published.set()
            assert somebody_waits()

    def save():
        assert published.wait(60)
        drafting.edit_draft(version, DraftText("Other", text.sections), by=therapist, at=at, token=version.token)

    assert outcomes([publish, save]) == ["done", "published"]
    assert ProtocolVersion.objects.get().title == version.title
