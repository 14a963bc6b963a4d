from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from accounts.roles import Role
from intranet.core import richtext
from protocols import commenting, drafting, outlines, publishing
from protocols.drafting import DraftText, SectionText
from protocols.models import ProtocolVersion, State, Status
from protocols.publishing import Readers
from tests import factories as people
from tests.protocols import factories

pytestmark = pytest.mark.django_db


def address(name, version, *more):
    return reverse(f"protocols:{name}", args=[version.protocol.slug, *more])


def now(version):
    return ProtocolVersion.objects.get(pk=version.pk)


def test_approve_from_under_the_text(therapist, clinical_lead, sign_in, at):
    version = factories.in_review(by=therapist, at=at)
    browser = sign_in(clinical_lead)
    page = browser.get(version.get_absolute_url()).content.decode()
    assert f'name="token" value="{version.token}"' in page
    assert (
        browser.post(address("draft-approve", version), {"version": 1, "token": version.token}).url
        == version.get_absolute_url()
    )
    assert (now(version).state, now(version).approved_by) == (State.APPROVED, clinical_lead)


def test_a_submitted_version_says_who_approves_it(therapist, approver, clinical_lead, sign_in, at):
    version = factories.in_review(by=therapist, at=at)
    first, second = sorted([approver.name, clinical_lead.name])
    page = sign_in(therapist).get(version.get_absolute_url()).content.decode()
    assert f"{first} or {second} approve it." in page
    own = factories.in_review(by=approver, at=at)
    assert f"{clinical_lead} approves it." in sign_in(approver).get(own.get_absolute_url()).content.decode()


def test_empty_sections_are_warned_about_until_publication(therapist, clinical_lead, sign_in, at):
    empty = [part for part in outlines.TREATMENT.texts() if part.heading != "Purpose and scope"]
    words = drafting.SectionText("text", "Purpose and scope", "<p>Words.</p>")
    version = factories.draft(by=therapist, at=at, sections=[*empty, words])
    warning = "Empty: Key facts, Contraindications, If something goes wrong."
    author, lead = sign_in(therapist), sign_in(clinical_lead)
    assert warning in author.get(address("draft-edit", version)).content.decode()
    assert warning in author.get(version.get_absolute_url()).content.decode()
    publishing.submit(version, by=therapist, at=at)
    assert warning in lead.get(version.get_absolute_url()).content.decode()
    publishing.approve(version, by=clinical_lead, at=at, token=version.token)
    assert warning in lead.get(address("draft-publish", version)).content.decode()


def test_only_sections_without_words_are_left_empty(therapist, at):
    facts = richtext.table_of([("Who may do it", "Therapists"), ("Consent", "")])
    sections = [
        drafting.SectionText("key_facts", "Key facts", facts),
        drafting.SectionText("contraindications", "Do not treat if the patient", "<p></p>"),
        drafting.SectionText("if_wrong", "If something goes wrong", "<p>Stop.</p>"),
    ]
    version = factories.draft(by=therapist, at=at, sections=sections)
    assert publishing.left_empty(version) == ["Contraindications"]
    assert publishing.left_empty(factories.draft(by=therapist, at=at)) == []


@pytest.mark.parametrize("token", ["", "x", "99", "9" * 30, "9" * 5000])
def test_approve_of_another_text_is_a_conflict(therapist, clinical_lead, sign_in, at, token):
    version = factories.in_review(by=therapist, at=at)
    answer = sign_in(clinical_lead).post(address("draft-approve", version), {"version": 1, "token": token})
    assert (answer.status_code, now(version).state) == (409, State.IN_REVIEW)


@pytest.mark.parametrize(
    ("who", "status"),
    [("therapist", 403), ("floater", 404), ("approver", 302), ("clinical_lead", 302), ("administrator", 404)],
)
def test_approve_and_send_back_are_for_others_than_the_authors(request, therapist, sign_in, who, status, at):
    version = factories.in_review(by=therapist, at=at)
    browser = sign_in(request.getfixturevalue(who))
    assert browser.post(address("draft-approve", version), {"version": 1, "token": version.token}).status_code == status
    assert browser.post(address("draft-send-back", version), {"version": 1, "remark": "Shorter."}).status_code == status
    assert now(version).state == (State.DRAFT if status == 302 else State.IN_REVIEW)


@pytest.mark.parametrize("who", ["approver", "clinical_lead"])
def test_whoever_sent_it_back_lands_on_a_page_that_is_theirs(request, therapist, sign_in, who, at):
    """The lead reads every draft, an approver those only that wait for a decision."""
    version = factories.in_review(by=therapist, at=at)
    browser = sign_in(request.getfixturevalue(who))
    answer = browser.post(address("draft-send-back", version), {"version": 1, "remark": "Shorter."}, follow=True)
    place = {"approver": "/protocols/", "clinical_lead": version.get_absolute_url()}[who]
    assert (answer.status_code, answer.request["PATH_INFO"]) == (200, place)


def test_send_back_without_words_keeps_the_page(therapist, clinical_lead, sign_in, at):
    version = factories.in_review(by=therapist, at=at)
    answer = sign_in(clinical_lead).post(address("draft-send-back", version), {"version": 1, "remark": ""})
    assert (answer.status_code, now(version).state) == (422, State.IN_REVIEW)
    page = answer.content.decode()
    assert 'aria-invalid="true"' in page
    assert "Say what has to change." in page
    assert "<title>Error: " in page


def test_own_words_are_an_obstacle_only_during_review(approver, clinical_lead, sign_in, at):
    obstacle = "You wrote on this version. Somebody else has to approve it."
    version, author = factories.in_review(by=approver, at=at), sign_in(approver)
    assert obstacle in author.get(version.get_absolute_url()).content.decode()
    publishing.approve(version, by=clinical_lead, at=at, token=version.token)
    assert obstacle not in author.get(version.get_absolute_url()).content.decode()
    assert "Send back to the authors" in sign_in(clinical_lead).get(version.get_absolute_url()).content.decode()


def test_publish_at_once_for_chosen_readers(therapist, clinical_lead, mt_prospect, oakbrook, sign_in, at):
    version = factories.approved(by=therapist, approver=clinical_lead, at=at)
    browser = sign_in(clinical_lead)
    assert browser.get(address("draft-publish", version)).status_code == 200
    data = {
        "version": 1,
        "effective": "",
        "due_days": "5",
        "material": "yes",
        "reads": [f"assistant-{oakbrook.pk}"],
        "must": [f"therapist-{mt_prospect.pk}", "clinical_lead-all"],
    }
    preview = browser.post(address("draft-publish", version), data)
    assert (preview.status_code, now(version).state) == (200, State.APPROVED)
    answer = browser.post(address("draft-publish", version), data | {"seen": preview.context["impact"].fingerprint})
    assert answer.url == version.protocol.get_absolute_url()
    saved = now(version)
    assert (saved.status(at), saved.due_days) == (Status.IN_FORCE, 5)
    assert [(str(row), row.must_acknowledge) for row in saved.audiences.all()] == [
        ("Therapist at Mt. Prospect", True),
        ("Assistant or aide at Oakbrook Terrace", False),
        ("Clinical lead at every clinic", True),
    ]


def test_other_terms_than_those_seen_are_shown_again(therapist, clinical_lead, sign_in, at):
    version = factories.approved(by=therapist, approver=clinical_lead, at=at)
    browser = sign_in(clinical_lead)
    data = {"version": 1, "due_days": "5", "material": "yes", "must": ["clinical_lead-all"]}
    seen = browser.post(address("draft-publish", version), data).context["impact"].fingerprint
    answer = browser.post(address("draft-publish", version), data | {"due_days": "9", "seen": seen})
    assert (answer.status_code, now(version).state) == (200, State.APPROVED)
    assert answer.context["impact"].fingerprint != seen


def test_another_text_or_other_readers_than_those_seen_are_not_published(
    therapist, clinical_lead, approver, mt_prospect, oakbrook, sign_in, at
):
    version = factories.approved(by=therapist, approver=approver, at=at)
    browser = sign_in(clinical_lead)
    data = {
        "version": 1,
        "due_days": "5",
        "material": "yes",
        "must": ["clinical_lead-all"],
        "reads": [f"assistant-{oakbrook.pk}"],
    }
    seen = browser.post(address("draft-publish", version), data).context["impact"].fingerprint
    others = data | {"reads": [f"assistant-{mt_prospect.pk}"], "seen": seen}
    assert "Not published yet" in browser.post(address("draft-publish", version), others).content.decode()

    text = DraftText("Wholly other", [SectionText("text", "Words", "<p>Other.</p>")])
    drafting.edit_draft(version, text, by=therapist, at=at, token=version.token)
    version = publishing.submit(version, by=therapist, at=at)
    publishing.approve(version, by=approver, at=at, token=version.token)
    answer = browser.post(address("draft-publish", version), data | {"seen": seen})
    assert ("Not published yet" in answer.content.decode(), now(version).state) == (True, State.APPROVED)


def test_publish_proposes_what_the_authors_meant(therapist, clinical_lead, mt_prospect, sign_in, at):
    version = factories.approved(by=therapist, approver=clinical_lead, at=at)
    page = sign_in(clinical_lead).get(address("draft-publish", version)).content.decode()
    assert page.count(" checked") == 4  # therapists and assistants of the author's clinic: read, must
    assert f'value="therapist-{mt_prospect.pk}" data-people="1" checked' in page


def test_publish_with_errors_keeps_what_was_typed(therapist, clinical_lead, mt_prospect, sign_in, at):
    version = factories.approved(by=therapist, approver=clinical_lead, at=at)
    name = f"front_desk-{mt_prospect.pk}"
    data = {"version": 1, "effective": "2020-01-01", "due_days": "14", "material": "yes", "reads": [name]}
    answer = sign_in(clinical_lead).post(address("draft-publish", version), data)
    page = answer.content.decode()
    assert (answer.status_code, now(version).state) == (422, State.APPROVED)
    assert "nothing comes into force in the past" in page
    assert f'value="{name}" id="reads-{name}" checked' in page


def test_publish_without_readers_says_so(therapist, clinical_lead, sign_in, at):
    version = factories.approved(by=therapist, approver=clinical_lead, at=at)
    answer = sign_in(clinical_lead).post(
        address("draft-publish", version), {"version": 1, "due_days": "14", "material": "yes"}
    )
    assert (answer.status_code, now(version).state) == (422, State.APPROVED)
    assert "Choose who reads it." in answer.content.decode()


@pytest.mark.parametrize(
    ("who", "status"), [("therapist", 403), ("approver", 403), ("manager", 404), ("clinical_lead", 200)]
)
def test_publish_is_for_the_lead(request, therapist, clinical_lead, sign_in, who, status, at):
    version = factories.approved(by=therapist, approver=clinical_lead, at=at)
    assert sign_in(request.getfixturevalue(who)).get(address("draft-publish", version)).status_code == status


@pytest.mark.parametrize(
    ("who", "status"),
    [("therapist", 403), ("therapist_oakbrook", 404), ("manager", 403), ("administrator", 403), ("clinical_lead", 200)],
)
def test_withdraw_and_settings_are_for_the_lead(
    request, therapist, clinical_lead, mt_prospect, sign_in, who, status, at
):
    version = factories.published(
        by=therapist, lead=clinical_lead, at=at - timedelta(days=1), readers=[Readers(Role.THERAPIST, mt_prospect)]
    )
    browser = sign_in(request.getfixturevalue(who))
    assert browser.get(address("version-withdraw", version, 1)).status_code == status
    assert browser.get(address("settings", version)).status_code == status
    answer = browser.post(address("version-withdraw", version, 1), {"reason": "Recalled."})
    assert answer.status_code == (302 if status == 200 else status)
    assert now(version).state == (State.WITHDRAWN if status == 200 else State.PUBLISHED)


def test_withdraw_asks_why_and_says_when_there_is_nothing_to_withdraw(therapist, clinical_lead, sign_in, at):
    one = factories.published(by=therapist, lead=clinical_lead, at=at - timedelta(days=9))
    browser = sign_in(clinical_lead)
    assert browser.post(address("version-withdraw", one, 1), {"reason": ""}).status_code == 422
    factories.next_version(after=one, by=therapist, lead=clinical_lead, at=at - timedelta(days=1))
    answer = browser.post(address("version-withdraw", one, 1), {"reason": "Late"})
    assert answer.status_code == 422
    assert "This version is not in force and will not be." in answer.content.decode()


def test_settings_change_what_a_protocol_governs(therapist, clinical_lead, sign_in, at):
    version = factories.published(by=therapist, lead=clinical_lead, at=at)
    skill = people.skill()
    data = {
        "category": "needling",
        "owner": clinical_lead.pk,
        "high_risk": "on",
        "skills": [skill.pk],
        "review_months": "6",
    }
    assert sign_in(clinical_lead).post(address("settings", version), data).status_code == 302
    protocol = now(version).protocol
    assert (protocol.category, protocol.owner, protocol.high_risk, protocol.review_months) == (
        "needling",
        clinical_lead,
        True,
        6,
    )
    assert list(protocol.skills.all()) == [skill]


@pytest.mark.parametrize("months", ["0", "61", "", "x"])
def test_settings_refuse_a_cycle_that_makes_no_sense(therapist, clinical_lead, sign_in, at, months):
    version = factories.published(by=therapist, lead=clinical_lead, at=at)
    data = {"category": "needling", "owner": clinical_lead.pk, "review_months": months}
    answer = sign_in(clinical_lead).post(address("settings", version), data)
    assert (answer.status_code, now(version).protocol.review_months) == (422, 12)


@pytest.mark.parametrize("day", ["9999-12-31", "2100-01-01", "1999-12-31", "0001-01-01"])
def test_publish_refuses_a_day_that_nobody_means(therapist, clinical_lead, sign_in, at, day):
    version = factories.approved(by=therapist, approver=clinical_lead, at=at)
    data = {"version": 1, "effective": day, "due_days": "5", "material": "yes", "must": ["clinical_lead-all"]}
    answer = sign_in(clinical_lead).post(address("draft-publish", version), data)
    assert (answer.status_code, now(version).state) == (422, State.APPROVED)
    assert answer.context["form"].errors == {"effective": ["Check the year."]}


def test_the_preview_has_an_address_to_come_back_to(therapist, clinical_lead, mt_prospect, sign_in, at):
    version = factories.approved(by=therapist, approver=clinical_lead, at=at)
    browser = sign_in(clinical_lead)
    chosen = {"due_days": "5", "material": "yes", "must": [f"therapist-{mt_prospect.pk}", "clinical_lead-all"]}
    looked = browser.get(address("draft-publish", version), chosen)
    assert (looked.status_code, now(version).state) == (200, State.APPROVED)
    assert "What publishing version 1 does" in looked.content.decode()
    publishes = dict.fromkeys(name for name, _ in looked.context["terms"])
    terms = {name: [value for key, value in looked.context["terms"] if key == name] for name in publishes}
    assert terms == {name: value if isinstance(value, list) else [value] for name, value in chosen.items()}
    answer = browser.post(
        address("draft-publish", version), terms | {"version": 1, "seen": looked.context["impact"].fingerprint}
    )
    assert (answer.status_code, now(version).status(at), now(version).due_days) == (302, Status.IN_FORCE, 5)
    assert browser.get(address("draft-publish", version), chosen).url == version.protocol.get_absolute_url()
    assert browser.get(address("draft-publish", version)).status_code == 404


def test_an_address_publishes_nothing(therapist, clinical_lead, sign_in, at):
    version = factories.approved(by=therapist, approver=clinical_lead, at=at)
    browser = sign_in(clinical_lead)
    chosen = {"due_days": "5", "material": "yes", "must": ["clinical_lead-all"]}
    seen = browser.get(address("draft-publish", version), chosen).context["impact"].fingerprint
    assert browser.get(address("draft-publish", version), chosen | {"seen": seen}).status_code == 200
    assert now(version).state == State.APPROVED


def test_an_address_with_terms_that_make_no_sense_says_so(therapist, clinical_lead, sign_in, at):
    version = factories.approved(by=therapist, approver=clinical_lead, at=at)
    answer = sign_in(clinical_lead).get(address("draft-publish", version), {"due_days": "0", "material": "yes"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["due_days"])


def test_open_comments_are_counted_and_asked_about(therapist, clinical_lead, approver, sign_in, api, at):
    version = factories.in_review(by=therapist, at=at)
    for text in ("Why?", "How long?"):
        commenting.comment(version, text=text, by=approver, at=at)
    browser, place = sign_in(clinical_lead), address("draft-approve", version)
    assert "2 comments are not resolved. I approve it" in browser.get(version.get_absolute_url()).content.decode()
    said = {"version": 1, "token": version.token}
    refused = browser.post(place, said)
    assert (refused.status_code, now(version).state) == (422, State.IN_REVIEW)
    assert "2 comments are not resolved. Resolve them" in refused.content.decode()
    assert f'href="{version.protocol.get_absolute_url()}">Back to the page' in refused.content.decode()
    over_api = api(clinical_lead).post(f"/api/v1/drafts/{version.protocol.slug}/approve/", said)
    assert (over_api.status_code, over_api.json()["reasons"][0]["code"]) == (422, "open-comments")
    browser.post(place, said | {"despite_comments": "on"})
    assert now(version).state == State.APPROVED


def test_whoever_comes_second_is_told_who_was_first(therapist, approver, clinical_lead, sign_in, at):
    version = factories.approved(by=therapist, approver=clinical_lead, at=at)
    answer = sign_in(approver).post(address("draft-approve", version), {"version": 1, "token": version.token})
    words = "Version 1 is approved, not in review: Ines Exemplar approved it on Nov 25, 2026, 10:00 AM. Nothing was changed."
    assert (answer.status_code, words in answer.content.decode()) == (409, True)


def test_one_box_says_all_about_a_version_in_review(therapist, approver, clinical_lead, sign_in, at):
    before = factories.published(by=therapist, lead=clinical_lead, at=at)
    version = publishing.submit(factories.revised(after=before, by=therapist, at=at), by=therapist, at=at)
    commenting.comment(version, text="Why?", by=approver, at=at)
    pages = {
        who: sign_in(who).get(version.get_absolute_url()).content.decode()
        for who in (therapist, approver, clinical_lead)
    }
    assert [page.count('class="callout"') for page in pages.values()] == [1, 1, 1]
    assert "Ines Exemplar or Lena Placeholt approve it.</p>" in pages[therapist]
    assert "It waits for your decision. Ines Exemplar can decide, too." in pages[approver]
    assert all("1 comment is not resolved yet" in page for page in pages.values())


def test_an_approver_who_wrote_it_is_told_why_not(approver, clinical_lead, sign_in, at):
    version = factories.in_review(by=approver, at=at)
    page = sign_in(approver).get(version.get_absolute_url()).content.decode()
    assert "Ines Exemplar approves it. You wrote on this version. Somebody else has to approve it." in page


def test_changes_asked_for_are_those_of_this_time(therapist, approver, sign_in, at):
    version = factories.in_review(by=therapist, at=at)
    publishing.send_back(version, by=approver, at=at, remark="Say more.")
    browser, place = sign_in(therapist), address("draft-edit", version)
    assert "Changes asked for</span>" in browser.get(place).content.decode()
    version = publishing.submit(version, by=therapist, at=at)
    text = replace(drafting.text_of(version), title="Other")
    drafting.edit_draft(version, text, by=therapist, at=at, token=version.token)
    assert "Changes asked for</span>" not in browser.get(place).content.decode()


def test_the_toast_says_when_it_starts(therapist, clinical_lead, mt_prospect, sign_in, at):
    with time_machine.travel(at, tick=False):
        version = factories.approved(by=therapist, approver=clinical_lead, at=at, title="Falls")
        browser, place = sign_in(clinical_lead), address("draft-publish", version)
        terms = {"effective": "2026-12-10", "due_days": 14, "material": "yes", "reads": [f"therapist-{mt_prospect.pk}"]}
        seen = browser.get(place, terms).context["impact"].fingerprint
        page = browser.post(place, terms | {"version": 1, "seen": seen}, follow=True).content.decode()
    assert "Version 1 of “Falls” is published and starts on Dec 10, 2026." in page
