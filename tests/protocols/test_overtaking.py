"""Pages that stayed open while somebody else went on: nothing is done to a version that nobody looked at, no words are lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.roles import Role
from intranet.core.papers import Kind, Paper
from protocols import attachments, commenting, drafting, publishing
from protocols.models import Attachment, Comment, ProtocolVersion, State
from protocols.publishing import Readers
from tests.protocols import factories, file_samples
from tests.protocols.test_authoring import form_of

pytestmark = pytest.mark.django_db
LATER = timedelta(seconds=1)
PUBLISHED = "Ines Exemplar has published version 2. Start a new draft to change it."
API = "/api/v1"


def place(version, tail=""):
    return f"/protocols/{version.protocol.slug}/draft/{tail}"


def now(version):
    return ProtocolVersion.objects.get(pk=version.pk)


def bodies(version):
    return [part.body for part in version.sections.all()]


@pytest.fixture
def one(therapist, clinical_lead, at):
    return factories.published(by=therapist, lead=clinical_lead, at=at - timedelta(days=1), body="<p>One.</p>")


@pytest.fixture
def two(one, therapist, at):
    """The second version in review, as the open pages show it."""
    return publishing.submit(factories.revised(after=one, by=therapist, at=at, body="<p>Two.</p>"), by=therapist, at=at)


def release(version, lead, at, readers=factories.THERAPISTS):
    """Approve and publish what is in review."""
    approved = publishing.approve(version, by=lead, at=at, token=version.token)
    return publishing.publish(approved, by=lead, at=at, readers=readers)


@pytest.fixture
def three(two, therapist, clinical_lead, at):
    """The second version is published, and the third one has come as far as the second one on the open pages."""
    release(two, clinical_lead, at)
    three = factories.revised(after=two, by=therapist, at=at + LATER, body="<p>Three.</p>")
    return publishing.submit(three, by=therapist, at=at + LATER)


def unchanged(three):
    found = now(three)
    return (found.state, found.token, bodies(found)) == (State.IN_REVIEW, three.token, ["<p>Three.</p>"])


@pytest.mark.parametrize(
    ("tail", "data"),
    [
        ("approve/", {}),
        ("send-back/", {"remark": "Shorter."}),
        ("submit/", {}),
        ("publish/", {"seen": "x", "due_days": "5", "material": "yes", "must": ["clinical_lead-all"]}),
        ("keep/", {"then": "save"}),
        ("", {"title": "Stale"}),
        ("comments/", {"text": "Why?"}),
        ("questions/", {}),
        ("pictures/", {"description": "A knee"}),
        ("attachments/", {"name": "Sheet"}),
    ],
)
def test_a_page_of_the_version_before_does_nothing_to_the_next(two, three, clinical_lead, sign_in, tail, data):
    data = form_of(two) | {"token": three.token} | data
    files = {"picture": SimpleUploadedFile("a.png", b"x")} if tail == "pictures/" else {}
    answer = sign_in(clinical_lead).post(place(two, tail), data | files)
    assert (answer.status_code, unchanged(three)) == (409, True)
    assert (three.comments.count(), three.attachments.count(), three.pictures.count()) == (0, 0, 0)


@pytest.mark.parametrize(
    "tail", ["approve/", "send-back/", "submit/", "publish/", "keep/", "", "comments/", "attachments/"]
)
def test_a_form_that_names_no_version_is_not_found(three, clinical_lead, sign_in, tail):
    data = {name: value for name, value in form_of(three).items() if name != "version"}
    for wrong in ({}, {"version": ""}, {"version": "x"}, {"version": "9" * 5000}, {"version": "99"}):
        answer = sign_in(clinical_lead).post(place(three, tail), data | {"remark": "x", "text": "x"} | wrong)
        assert answer.status_code == (409 if tail in {"approve/", "send-back/"} else 404)
    assert unchanged(three)


def test_every_form_of_a_draft_names_its_version(two, therapist, clinical_lead, sign_in, at):
    named = '<input type="hidden" name="version" value="2">'
    commenting.comment(two, text="Why?", by=clinical_lead, at=at)
    reading = sign_in(clinical_lead).get(two.get_absolute_url()).content.decode()
    for tail in ("approve/", "send-back/", "comments/"):
        form = reading.split(f'action="{place(two, tail)}"')[1].split("</form>")[0]
        assert named in form
    author = sign_in(therapist)
    for tail in ("", "questions/"):
        assert named in author.get(place(two, tail)).content.decode()
    files = author.get(place(two, "files/")).content.decode()
    assert files.count(named) == files.count(f'action="{place(two)}')
    publishing.send_back(two, by=clinical_lead, at=at, remark="More.")
    assert named in author.get(two.get_absolute_url()).content.decode().split(place(two, "submit/"))[1][:300]


@pytest.mark.parametrize(
    ("method", "tail", "data"),
    [
        ("put", "", {"title": "Stale", "sections": []}),
        ("post", "approve/", {}),
        ("post", "send-back/", {"remark": "Shorter."}),
        ("post", "submit/", {}),
        ("post", "publish/", {"seen": "x", "readers": [{"role": "therapist"}]}),
        ("post", "comments/", {"text": "Why?"}),
    ],
)
def test_the_api_does_nothing_to_a_version_that_was_not_named(two, three, clinical_lead, api, method, tail, data):
    client, address = api(clinical_lead), f"{API}/drafts/{three.protocol.slug}/{tail}"
    said = data | {"token": three.token}
    stale = getattr(client, method)(address, said | {"version": 2}, format="json")
    assert (stale.status_code, stale.json()["reasons"][0]["code"]) == (409, "published")
    assert getattr(client, method)(address, said, format="json").status_code == 400
    assert (unchanged(three), three.comments.count()) == (True, 0)


@pytest.mark.parametrize(("kind", "field"), [("pictures", "picture"), ("attachments", "file")])
def test_the_api_adds_no_file_to_a_version_that_was_not_named(two, three, therapist, api, kind, field):
    said = {"protocol": three.protocol.slug, "description": "A knee"}
    for version, status in (({"version": 2}, 409), ({}, 400), ({"version": 9}, 404)):
        file = {field: SimpleUploadedFile("knee.png", file_samples.png())}
        answer = api(therapist).post(f"{API}/{kind}/", said | version | file, format="multipart")
        assert answer.status_code == status
    assert unchanged(three)


def test_an_attachment_of_the_next_version_is_not_renamed_or_removed(two, therapist, clinical_lead, sign_in, at):
    paper = Paper(Kind.PDF, b"%PDF-1.4 x", 1, "x")
    sheet = attachments.add(two, paper, name="Sheet", by=therapist, at=at)
    release(publishing.submit(now(two), by=therapist, at=at), clinical_lead, at)
    three = drafting.start_draft(two.protocol, by=therapist, at=at + LATER)
    for tail in ("rename/", "remove/"):
        answer = sign_in(therapist).post(place(two, f"attachments/{sheet.key}/{tail}"), {"version": 2, "name": "Other"})
        assert answer.status_code == 409
    assert list(Attachment.objects.filter(version=three).values_list("name", flat=True)) == ["Sheet"]


class TestWordsOfAnAuthor:
    """An editor was open while the version was published."""

    @pytest.fixture
    def mine(self, two, clinical_lead, at):
        """What the author sends, an hour later."""
        mine = form_of(two, title="My title", **{"section-0-body": "<p>An hour of words.</p>"})
        release(two, clinical_lead, at)
        return mine

    def test_they_stay_on_the_page(self, two, mine, therapist, sign_in):
        answer = sign_in(therapist).post(place(two), mine)
        page = answer.content.decode()
        assert (answer.status_code, PUBLISHED in page) == (409, True)
        assert [form["body"].value() for form in answer.context["sections"]] == ["<p>An hour of words.</p>"]
        assert (answer.context["form"]["title"].value(), answer.context["form"]["token"].value()) == (
            "My title",
            two.token,
        )
        assert "Start a new draft with these words" in page
        assert bodies(now(two)) == ["<p>Two.</p>"]

    def test_they_go_into_a_new_draft_once_it_is_looked_at(self, two, mine, therapist, sign_in):
        browser = sign_in(therapist)
        answer = browser.post(place(two), mine | {"then": "start"})
        page, draft = answer.content.decode(), ProtocolVersion.objects.open().get()
        assert (answer.status_code, draft.number, bodies(draft)) == (409, 3, ["<p>Two.</p>"])
        assert "Ines Exemplar has published version 2. This is the draft of version 3." in page
        assert not answer.context["merged"].clashes
        sent = mine | {"version": 3, "token": answer.context["form"]["token"].value()}
        assert browser.post(place(two), sent).status_code == 302
        assert (bodies(now(draft)), now(draft).title) == (["<p>An hour of words.</p>"], "My title")
        assert bodies(now(two)) == ["<p>Two.</p>"]

    def test_what_somebody_saved_before_it_was_published_is_put_beside_them(
        self, two, therapist, clinical_lead, approver, sign_in, at
    ):
        mine = form_of(two, **{"section-0-body": "<p>Mine.</p>"})
        text = drafting.text_of(two)
        hers = replace(text, sections=[replace(text.sections[0], body="<p>Hers.</p>")])
        saved = drafting.edit_draft(two, hers, by=clinical_lead, at=at, token=two.token)
        saved = publishing.submit(saved, by=clinical_lead, at=at)
        publishing.approve(saved, by=approver, at=at, token=saved.token)
        publishing.publish(saved, by=clinical_lead, at=at, readers=factories.THERAPISTS)
        browser = sign_in(therapist)
        again = form_of(two, token=browser.post(place(two), mine).context["form"]["token"].value())
        page = browser.post(place(two), again | {"section-0-body": "<p>Mine.</p>", "then": "start"}).content.decode()
        assert "Ines changed this section, too" in page
        assert ("<ins>Hers</ins>." in page, "Mine." in page) == (True, True)

    def test_they_meet_the_draft_that_somebody_else_has_started(self, two, mine, therapist, clinical_lead, sign_in, at):
        three = factories.revised(after=two, by=clinical_lead, at=at + LATER, body="<p>Hers.</p>")
        answer = sign_in(therapist).post(place(two), mine)
        page = answer.content.decode()
        assert (answer.status_code, "A draft of version 3 is open already: ask Ines Exemplar" in page) == (409, True)
        assert "An hour of words." in page
        assert "Start a new draft with these words" not in page
        refused = sign_in(therapist).post(place(two), mine | {"then": "start"})
        assert (refused.status_code, "An hour of words." in refused.content.decode()) == (422, True)
        assert bodies(now(three)) == ["<p>Hers.</p>"]

    def test_the_lead_chooses_between_them_and_the_next_draft(self, two, mine, floater, clinical_lead, sign_in, at):
        three = factories.revised(after=two, by=floater, at=at + LATER, body="<p>Three.</p>")
        answer = sign_in(clinical_lead).post(place(two), mine)
        assert (answer.status_code, answer.context["version"], list(answer.context["merged"].clashes)) == (
            409,
            three,
            [three.sections.get().key],
        )
        assert "Theo changed this section, too" in answer.content.decode()
        assert bodies(now(three)) == ["<p>Three.</p>"]

    def test_they_stay_also_when_the_author_does_not_read_what_was_published(
        self, two, therapist, clinical_lead, oakbrook, sign_in, at
    ):
        mine = form_of(two, **{"section-0-body": "<p>An hour of words.</p>"})
        release(two, clinical_lead, at, readers=[Readers(Role.THERAPIST, oakbrook)])
        assert sign_in(therapist).get(two.get_absolute_url()).status_code == 404
        answer = sign_in(therapist).post(place(two), mine)
        page = answer.content.decode()
        assert (answer.status_code, "An hour of words." in page, PUBLISHED in page) == (409, True, True)
        assert "Start a new draft with these words" in page

    def test_the_editor_stops_saving_by_itself_and_says_why(self, two, mine, therapist, sign_in):
        browser = sign_in(therapist)
        kept = browser.post(place(two, "keep/"), mine)
        assert (kept.status_code, kept.json()["said"]) == (409, f"Not saved by itself: {PUBLISHED}")
        present = browser.post(place(two, "present/"), {"version": 2, "token": two.token})
        assert present.json() == {"said": "Ines Exemplar has published version 2."}

    def test_questions_stay_on_their_page(self, two, mine, therapist, sign_in):
        said: dict[str, Any] = {"version": 2, "token": two.token, "question-0-text": "How deep?"}
        said |= {"question-0-section": str(two.sections.get().key), "question-0-right": "0"}
        said |= {"question-0-option0": "Here", "question-0-option1": "There"}
        answer = sign_in(therapist).post(place(two, "questions/"), said)
        page = answer.content.decode()
        assert (answer.status_code, "How deep?" in page, PUBLISHED in page) == (409, True, True)
        assert two.questions.count() == 0

    def test_others_learn_nothing(self, two, mine, front_desk, manager_oakbrook, assistant, sign_in):
        for person in (front_desk, assistant):
            assert sign_in(person).post(place(two), mine).status_code == 404
        assert sign_in(manager_oakbrook).post(place(two), mine).status_code == 409  # reads it, and may write


def test_a_withdrawn_version_says_so(two, therapist, clinical_lead, sign_in, at):
    mine = form_of(two)
    publishing.withdraw(release(two, clinical_lead, at), by=clinical_lead, at=at + 2 * LATER, reason="Wrong.")
    page = sign_in(therapist).post(place(two), mine).content.decode()
    assert "Ines Exemplar has withdrawn version 2. Start a new draft to change it." in page


def test_a_comment_on_what_was_published_keeps_its_words(two, therapist, clinical_lead, sign_in, at):
    release(two, clinical_lead, at)
    answer = sign_in(therapist).post(place(two, "comments/"), {"version": 2, "text": "Which <dose>?"})
    page = answer.content.decode()
    assert (answer.status_code, "Which &lt;dose&gt;?" in page, Comment.objects.count()) == (409, True, 0)
    assert "This version is published. Report a problem instead." in page


class TestSecondOne:
    """Two people press the same button, one a second later."""

    def test_publish(self, two, clinical_lead, sign_in, api, at):
        release(two, clinical_lead, at)
        answer = sign_in(clinical_lead).post(place(two, "publish/"), {"version": 2, "seen": "x"})
        assert (answer.status_code, PUBLISHED in answer.content.decode()) == (409, True)
        said = {"version": 2, "seen": "x", "readers": [{"role": "therapist"}]}
        answer = api(clinical_lead).post(f"{API}/drafts/{two.protocol.slug}/publish/", said, format="json")
        assert (answer.status_code, answer.json()["detail"]) == (409, PUBLISHED)

    def test_submit(self, two, therapist, sign_in, api):
        words = "Version 2 is in review, not draft: Avery Testwell submitted it on Nov 25, 2026, 10:00 AM. Nothing was changed."
        answer = sign_in(therapist).post(place(two, "submit/"), {"version": 2})
        assert (answer.status_code, words in answer.content.decode()) == (409, True)
        answer = api(therapist).post(f"{API}/drafts/{two.protocol.slug}/submit/", {"version": 2})
        assert (answer.status_code, answer.json()["detail"]) == (409, words)

    @pytest.mark.parametrize("tail", ["approve/", "send-back/"])
    def test_a_review_that_is_over(self, two, approver, clinical_lead, sign_in, api, at, tail):
        """A delegated approver does not read the draft that it is again, and hears no more than that."""
        publishing.send_back(two, by=clinical_lead, at=at, remark="More.")
        words = "This version does not wait for a review any more."
        said = {"version": 2, "token": two.token, "remark": "My remark."}
        page = sign_in(approver).post(place(two, tail), said)
        assert (page.status_code, words in page.content.decode()) == (409, True)
        assert ("My remark." in page.content.decode()) == (tail == "send-back/")
        answer = api(approver).post(f"{API}/drafts/{two.protocol.slug}/{tail}", said)
        assert (answer.status_code, answer.json()["detail"]) == (409, words)
        nowhere = api(approver).post(f"{API}/drafts/nowhere/{tail}", said)
        assert (nowhere.status_code, nowhere.json()) == (409, answer.json())

    def test_send_back_of_what_was_published_keeps_the_remark(self, two, clinical_lead, sign_in, at):
        release(two, clinical_lead, at)
        answer = sign_in(clinical_lead).post(place(two, "send-back/"), {"version": 2, "remark": "Split <it>."})
        page = answer.content.decode()
        assert (answer.status_code, "Split &lt;it&gt;." in page, PUBLISHED in page) == (409, True, True)
