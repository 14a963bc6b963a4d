"""Comments on drafts, section by section; and writing, reviewing and publishing over the API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from lxml import html

from intranet.core.access import Conflict, Forbidden, Refused
from protocols import commenting, drafting, publishing
from protocols.drafting import DraftText, SectionText
from protocols.models import Comment, ProtocolVersion, State
from tests.protocols import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(therapist, at):
    return factories.in_review(by=therapist, at=at, title="Falls")


def page_of(browser, version):
    return browser.get(version.get_absolute_url()).content.decode()


def test_a_comment_stands_beside_its_section_until_it_is_resolved(draft, approver, therapist, sign_in):
    section = draft.sections.get()
    reviewer, author = sign_in(approver), sign_in(therapist)
    place = f"/protocols/{draft.protocol.slug}/draft/comments/"
    answer = reviewer.post(place, {"version": 1, "section": section.key, "text": " Which <b>dose</b>? "})
    made = Comment.objects.get()
    assert answer.url == f"{draft.get_absolute_url()}#comment-{made.pk}"
    assert (made.section, made.text, made.by) == (section.key, "Which <b>dose</b>?", approver)
    page = page_of(author, draft)
    assert "Which &lt;b&gt;dose&lt;/b&gt;?" in page
    assert "1 comment is not resolved yet: see beside the text." in page
    assert "Which &lt;b&gt;dose" in author.get(f"/protocols/{draft.protocol.slug}/draft/").content.decode()
    assert author.post(f"{place}{made.pk}/resolve/").status_code == 302
    made.refresh_from_db()
    assert made.resolved_by == therapist
    assert "dose" not in page_of(author, draft)


def test_a_comment_on_a_section_that_was_emptied_stands_with_those_on_the_whole(
    draft, approver, therapist, sign_in, at
):
    section = draft.sections.get()
    commenting.comment(draft, text="On the whole.", by=approver, at=at + timedelta(minutes=1))
    commenting.comment(draft, text="Which dose?", section=section.key, by=approver, at=at)
    text = drafting.text_of(draft)
    [part] = text.sections
    kept = [SectionText(part.kind, part.heading, "", part.key), SectionText("text", "Dose", "<p>Ten.</p>")]
    drafting.edit_draft(draft, DraftText(text.title, kept), by=therapist, at=at, token=draft.token)
    author = sign_in(therapist)
    shown = html.fromstring(page_of(author, draft)).xpath("//*[@id='comments']//*[@class='comment']/p[2]")
    assert [one.text_content() for one in shown] == ["Which dose?", "On the whole."]
    editor = html.fromstring(author.get(f"/protocols/{draft.protocol.slug}/draft/").content)
    assert "Which dose?" in editor.xpath(f"//*[@id='edit-{section.key}']")[0].text_content()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"text": " "}, "Write what you want to say."),
        ({"text": "x" * 1001}, "1000"),
        ({"text": "Kept.", "section": "00000000-0000-0000-0000-000000000001"}, "not in the draft any more"),
    ],
)
def test_what_cannot_be_taken_is_said(draft, approver, sign_in, said, words):
    answer = sign_in(approver).post(f"/protocols/{draft.protocol.slug}/draft/comments/", {"version": 1} | said)
    assert (answer.status_code, Comment.objects.count()) == (422, 0)
    if "section" not in said:
        assert words in answer.content.decode()


def test_only_author_and_commenter_resolve(draft, approver, clinical_lead, therapist, at):
    made = commenting.comment(draft, text="Why?", by=therapist, at=at)
    with pytest.raises(Forbidden):
        commenting.resolve(made, by=approver, at=at)
    assert commenting.resolve(made, by=clinical_lead, at=at).resolved_by == clinical_lead
    assert commenting.resolve(made, by=therapist, at=at).resolved_by == clinical_lead


def test_pressed_twice_it_is_one_and_published_it_is_over(draft, approver, clinical_lead, therapist, sign_in, at):
    for _ in range(2):
        commenting.comment(draft, text="Why?", by=approver, at=at)
    assert Comment.objects.count() == 1
    publishing.approve(draft, by=clinical_lead, at=at, token=draft.token, despite_comments=True)
    version = publishing.publish(draft, by=clinical_lead, at=at, readers=factories.THERAPISTS)
    assert "Why?" not in page_of(sign_in(therapist), version)
    assert not Comment.objects.visible_to(clinical_lead).exists()
    with pytest.raises(Conflict):
        commenting.comment(version, text="Later.", by=clinical_lead, at=at + timedelta(days=1))


def test_a_draft_takes_so_many_open_comments(draft, approver, at, monkeypatch):
    monkeypatch.setattr(commenting, "MOST_OPEN", 1)
    commenting.comment(draft, text="One.", by=approver, at=at)
    with pytest.raises(Refused, match="too many open comments"):
        commenting.comment(draft, text="Two.", by=approver, at=at)


def test_from_draft_to_force_over_the_api(therapist, clinical_lead, approver, front_desk, api, at):
    author, reviewer, lead = api(therapist), api(approver), api(clinical_lead)
    drafts = "/api/v1/drafts/"
    assert api(front_desk).post(drafts, {"title": "X", "category": "safety"}).status_code == 403
    made = author.post(drafts, {"title": "Falls", "category": "safety", "outline": "empty"}).json()
    place = f"{drafts}{made['slug']}/"
    part = made["sections"][0] | {"body": "<p>Words.</p><script>alert(1)</script>"}
    text = {"version": 1, "token": made["token"], "title": "Falls", "sections": [part]}
    saved = author.put(place, text).json()
    assert (saved["token"], saved["sections"][0]["body"]) == (made["token"] + 1, "<p>Words.</p>")
    assert author.put(place, text | {"title": "Lost?"}).status_code == 409
    assert reviewer.put(place, text).status_code == 404
    assert author.post(f"{place}submit/", {"version": 1}).json()["state"] == "in_review"
    assert author.post(f"{place}approve/", {"version": 1, "token": saved["token"]}).status_code == 403
    said = reviewer.post(f"{place}comments/", {"version": 1, "text": "Good.", "section": part["key"]})
    assert (said.status_code, [one["text"] for one in author.get(f"{place}comments/").json()]) == (201, ["Good."])
    assert author.post(f"/api/v1/comments/{said.json()['id']}/resolve/").json()["resolved_at"] is not None
    assert reviewer.post(f"{place}send-back/", {"version": 1, "remark": "More."}).json()["state"] == "draft"
    author.post(f"{place}submit/", {"version": 1})
    approved = reviewer.post(f"{place}approve/", {"version": 1, "token": saved["token"]})
    assert (approved.status_code, approved.json()["state"]) == (200, "approved")
    terms = {"readers": [{"role": "therapist", "must_acknowledge": True}]}
    assert author.post(f"{place}impact/", terms).status_code == 403
    found = lead.post(f"{place}impact/", terms).json()
    assert {one["person"] for one in found["signers"]} >= {"Avery Testwell"}
    assert lead.post(f"{place}impact/", terms | {"effective": "9999-12-31"}).status_code == 400
    twice = {"readers": terms["readers"] * 2}
    assert lead.post(f"{place}impact/", twice).json()["fingerprint"] == found["fingerprint"]
    assert lead.post(f"{place}publish/", terms | {"version": 1, "seen": "something else"}).status_code == 409
    assert (
        lead.post(f"{place}publish/", terms | {"version": 1, "seen": found["fingerprint"]}).json()["state"]
        == "published"
    )
    assert ProtocolVersion.objects.get().state == State.PUBLISHED
    assert lead.get(place).status_code == 404
    assert author.post(f"{place}start/").json()["version"] == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"sections": [{"kind": "nonsense", "heading": "x", "body": ""}]},
        {"sections": [{"kind": "text", "heading": "x", "body": "y" * 100_001}]},
        {"sections": [{"kind": "text", "heading": "x", "body": ""}] * 61},
        {"title": ""},
        {"token": "x"},
    ],
)
def test_a_draft_that_makes_no_sense_is_refused(draft, therapist, api, wrong):
    text = {"version": 1, "token": draft.token, "title": "Falls", "sections": []}
    answer = api(therapist).put(f"/api/v1/drafts/{draft.protocol.slug}/", text | wrong, format="json")
    assert answer.status_code == 400
    assert draft.sections.get().body == "<p>Words.</p>"


def test_what_looks_like_a_patient_is_sent_a_second_time_or_not_at_all(draft, approver, sign_in):
    browser, place = sign_in(approver), f"/protocols/{draft.protocol.slug}/draft/comments/"
    answer = browser.post(place, {"version": 1, "text": "Born 3/4/2001."})
    assert (answer.status_code, Comment.objects.count()) == (422, 0)
    page = answer.content.decode()
    assert "“Born 3/4/2001” looks like a date of birth." in page
    warned = answer.context["comment_form"]["warned"].value()
    assert f'name="warned" value="{warned}"' in page
    assert browser.post(place, {"version": 1, "text": "Born 3/4/2001.", "warned": warned}).status_code == 302
    assert Comment.objects.get().text == "Born 3/4/2001."
