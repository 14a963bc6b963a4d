"""Giving a draft up, and removing a section with words in it: asked first, on record, and nothing else is lost."""

from __future__ import annotations

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from accounts.models import Skill
from intranet.audit.models import Entry
from intranet.core import files
from intranet.core.access import Conflict, Forbidden
from protocols import commenting, discarding, drafting, publishing, questioning
from protocols.drafting import DraftText, SectionText
from protocols.models import Contributor, Picture, Protocol, ProtocolVersion, Section, State
from protocols.questioning import QuestionText
from tests.protocols import factories

pytestmark = pytest.mark.django_db


def address(version, name="draft-discard", *more):
    return reverse(f"protocols:{name}", args=[version.protocol.slug, *more])


def answer(draft, **changes):
    """What the page sends when one says yes."""
    return {"version": draft.number, "token": draft.token} | changes


def stored():
    """The bytes that the store holds."""
    folders, _ = default_storage.listdir("protocols") if default_storage.exists("protocols") else ([], [])
    return {name for folder in folders for name in default_storage.listdir(f"protocols/{folder}")[1]}


@pytest.fixture
def full(therapist, clinical_lead, at):
    """A first draft with one of everything that belongs to a draft."""
    version = factories.with_files(factories.draft(by=therapist, at=at, title="Mistaken"), by=therapist, at=at)
    question = QuestionText(version.sections.get().key, "How long?", ["One minute", "Two"], 0)
    version = questioning.ask(version, [question], by=therapist, at=at, token=version.token)
    commenting.comment(version, text="Why?", by=clinical_lead, at=at)
    version = publishing.submit(version, by=therapist, at=at)
    version = publishing.send_back(version, by=clinical_lead, at=at, remark="Say more.")
    drafting.notice_editing(version, by=therapist, at=at)
    return version


@pytest.fixture
def second(therapist, floater, clinical_lead, at):
    """A draft of the next version of a protocol that is in force, by the floater."""
    one = factories.published(by=therapist, lead=clinical_lead, at=at)
    return factories.revised(after=one, by=floater, at=at)


def test_a_draft_goes_with_everything_and_its_protocol(full, therapist, sign_in, django_capture_on_commit_callbacks):
    assert len(stored()) == 2
    with django_capture_on_commit_callbacks(execute=True):
        answered = sign_in(therapist).post(address(full), answer(full))
    assert answered.url == reverse("protocols:library")
    assert (ProtocolVersion.objects.count(), Protocol.objects.count(), Section.objects.count()) == (0, 0, 0)
    assert (Contributor.objects.count(), Picture.objects.count(), stored()) == (0, 0, set())
    entry = Entry.objects.get(verb="protocol.discarded")
    assert (entry.actor_name, entry.target_name) == ("Avery Testwell", "Mistaken, version 1")
    assert entry.changes == {"authors": ["Avery Testwell"]}
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # nothing refers to what is gone


def test_the_page_asks_by_name_and_says_who_else_wrote(second, floater, clinical_lead, sign_in, at):
    text = drafting.text_of(second)
    changed = DraftText("Another title", text.sections, "Why")
    drafting.edit_draft(second, changed, by=clinical_lead, at=at, token=second.token)
    page = sign_in(floater).get(address(second)).content.decode()
    assert "Discard the draft of version 2?" in page
    assert "“Another title” and everything in this draft is deleted" in page
    assert "Ines Exemplar wrote on it, too." in page
    assert ProtocolVersion.objects.filter(pk=second.pk).exists()


def test_what_is_in_force_stays_and_the_number_is_free_again(second, therapist, floater, sign_in, at):
    protocol = second.protocol
    assert sign_in(floater).post(address(second), answer(second)).url == protocol.get_absolute_url()
    assert [version.number for version in protocol.versions.all()] == [1]
    assert drafting.start_draft(protocol, by=therapist, at=at).number == 2


def test_files_that_another_version_shows_stay(therapist, clinical_lead, at, django_capture_on_commit_callbacks):
    one = factories.with_files(factories.draft(by=therapist, at=at), by=therapist, at=at)
    one = publishing.submit(one, by=therapist, at=at)
    one = publishing.approve(one, by=clinical_lead, at=at, token=one.token)
    publishing.publish(one, by=clinical_lead, at=at, readers=factories.THERAPISTS)
    two = drafting.start_draft(one.protocol, by=therapist, at=at)
    before = stored()
    with django_capture_on_commit_callbacks(execute=True):
        discarding.discard(two, by=therapist, token=two.token)
    assert (len(before), stored()) == (2, before)
    shown = one.attachments.get().sha256
    assert files.read(files.name_of("protocols", shown), shown).startswith(b"%PDF")


def test_a_protocol_with_something_on_record_stays_unseen(therapist, clinical_lead, at):
    version = factories.draft(by=therapist, at=at)
    publishing.change_settings(
        version.protocol,
        by=clinical_lead,
        category="safety",
        owner=therapist,
        skills=Skill.objects.none(),
        high_risk=False,
        review_months=12,
        reattest_months=12,
        at=at,
    )
    discarding.discard(version, by=therapist, token=version.token)
    assert Protocol.objects.count() == 1
    assert not Protocol.objects.visible_to(clinical_lead).exists()


@pytest.mark.parametrize(
    ("who", "status"),
    [("floater", 302), ("clinical_lead", 302), ("therapist", 404), ("manager", 404), ("administrator", 404)],
)
def test_authors_and_the_lead_discard(request, second, sign_in, who, status):
    browser = sign_in(request.getfixturevalue(who))
    menu = browser.get(second.get_absolute_url()).content.decode()
    assert ("Discard the draft" in menu) == (status == 302)
    assert browser.post(address(second), answer(second)).status_code == status
    assert ProtocolVersion.objects.filter(pk=second.pk).exists() == (status == 404)


def test_what_waits_for_review_is_discarded_by_its_author_and_not_by_its_reviewer(therapist, approver, sign_in, at):
    version = factories.in_review(by=therapist, at=at)
    assert sign_in(approver).post(address(version), answer(version)).status_code == 403
    assert sign_in(therapist).post(address(version), answer(version)).status_code == 302
    assert not ProtocolVersion.objects.exists()


def test_what_is_approved_is_sent_back_first(therapist, clinical_lead, sign_in, at):
    version = factories.approved(by=therapist, approver=clinical_lead, at=at)
    refused = sign_in(therapist).post(address(version), answer(version))
    assert refused.status_code == 403
    assert "Version 1 is approved. It has to be sent back before it is discarded." in refused.content.decode()
    with pytest.raises(Forbidden):
        discarding.discard(version, by=clinical_lead, token=version.token)
    version = publishing.send_back(version, by=clinical_lead, at=at, remark="Begin anew.")
    assert sign_in(therapist).post(address(version), answer(version)).status_code == 302


def test_what_is_published_has_no_draft_to_discard(therapist, clinical_lead, sign_in, at):
    version = factories.published(by=therapist, lead=clinical_lead, at=at)
    assert sign_in(clinical_lead).post(address(version), answer(version)).status_code == 404
    with pytest.raises(Forbidden):
        discarding.discard(version, by=clinical_lead, token=version.token)


@pytest.mark.parametrize("changes", [{"token": 0}, {"version": 7}, {"token": ""}, {"version": "x"}])
def test_nobody_throws_away_what_they_have_not_seen(second, floater, sign_in, changes):
    asked_again = sign_in(floater).post(address(second), answer(second, **changes))
    assert asked_again.status_code == 409
    assert "Nothing was deleted. Here is how the draft is now." in asked_again.content.decode()
    assert f'name="token" value="{second.token}"' in asked_again.content.decode()
    assert ProtocolVersion.objects.filter(pk=second.pk).exists()


def test_over_the_api(second, floater, therapist, api):
    place = f"/api/v1/drafts/{second.protocol.slug}/discard/"
    assert api(therapist).post(place, answer(second)).status_code == 404
    assert api(floater).post(place, answer(second, token=0)).status_code == 409
    assert api(floater).post(place, answer(second)).status_code == 204
    assert not ProtocolVersion.objects.open().exists()


@pytest.mark.parametrize("state", [State.IN_REVIEW, State.APPROVED])
def test_the_database_deletes_only_drafts(therapist, clinical_lead, at, state):
    version = factories.in_review(by=therapist, at=at)
    if state == State.APPROVED:
        publishing.approve(version, by=clinical_lead, at=at, token=version.token)
    with pytest.raises(IntegrityError, match="Only a draft is discarded"), transaction.atomic():
        ProtocolVersion.objects.filter(pk=version.pk)._raw_delete("default")


def test_who_may_not_propose_reads_who_works_on_it(second, therapist, manager, floater, sign_in, at):
    words = "A draft of version 2 is open already: ask Theo Fictus for your change, or wait for it."
    place = second.protocol.get_absolute_url()
    assert words in sign_in(therapist).get(place).content.decode()
    assert words in sign_in(therapist).post(address(second, "draft-start")).content.decode()
    assert words not in sign_in(floater).get(place).content.decode()  # sees the draft itself
    discarding.discard(second, by=floater, token=second.token)
    page = sign_in(therapist).get(place).content.decode()
    assert (words in page, "Propose a change" in page) == (False, True)


@pytest.fixture
def draft(therapist, at):
    parts = [SectionText("text", "Aim", "<p>Words of weight.</p>"), SectionText("steps", "Steps", "")]
    return factories.draft(by=therapist, at=at, sections=parts)


def removing(version, section):
    return address(version, "draft-section-remove", section.key)


def test_removing_a_section_names_it_and_removes_it(draft, therapist, sign_in):
    section, browser = draft.sections.first(), sign_in(therapist)
    page = browser.get(removing(draft, section)).content.decode()
    assert ("Remove “Aim”?" in page, "Words of weight." in page) == (True, True)
    assert draft.sections.count() == 2
    assert browser.post(removing(draft, section), answer(draft)).url == address(draft, "draft-edit")
    assert [part.heading for part in draft.sections.all()] == ["Steps"]
    assert browser.get(removing(draft, section)).status_code == 404


@pytest.mark.parametrize("changes", [{"token": 0}, {"version": 2}])
def test_a_section_that_somebody_changed_is_asked_about_again(draft, therapist, sign_in, changes):
    asked_again = sign_in(therapist).post(removing(draft, draft.sections.first()), answer(draft, **changes))
    assert (asked_again.status_code, draft.sections.count()) == (409, 2)
    assert f'name="token" value="{draft.token}"' in asked_again.content.decode()


def test_a_reviewer_removes_no_section(therapist, approver, sign_in, at):
    version = factories.in_review(by=therapist, at=at)
    place = removing(version, version.sections.get())
    assert sign_in(approver).post(place, answer(version)).status_code == 403
    assert version.sections.count() == 1


def test_a_conflict_of_the_action_says_who_saved(draft, therapist, clinical_lead, at):
    text = drafting.text_of(draft)
    changed = DraftText("Other", text.sections)
    drafting.edit_draft(draft, changed, by=clinical_lead, at=at, token=draft.token)
    with pytest.raises(Conflict, match="Ines Exemplar saved this draft after you opened it"):
        discarding.discard(draft, by=therapist, token=draft.token)
