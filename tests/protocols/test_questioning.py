"""Questions before an acknowledgement: part of the approved text, asked of every reader, counted without a name."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from lxml import html

from accounts.roles import Role
from intranet.core.access import Conflict, Refused
from protocols import drafting, opening, publishing, questioning
from protocols.drafting import DraftText, SectionText
from protocols.models import Acknowledgement, Answered, ProtocolVersion, Question, State
from protocols.questioning import Missed, QuestionText
from tests import factories as people
from tests.protocols import factories
from tests.protocols.test_authoring import form_of

pytestmark = pytest.mark.django_db


def asked(version, text="How long?", options=("2 minutes", "10 minutes"), right=1):
    return QuestionText(version.sections.first().key, text, list(options), right)


@pytest.fixture
def draft(approver, at):
    version = factories.draft(by=approver, at=at, title="Ice")
    return questioning.ask(version, [asked(version)], by=approver, at=at, token=version.token)


@pytest.fixture
def version(draft, approver, clinical_lead, at):
    return in_force(draft, approver, clinical_lead, at)


@pytest.fixture
def second_approver(therapist_oakbrook):
    """Somebody to whom the clinical lead has delegated approval, and who wrote nothing."""
    people.membership(user=therapist_oakbrook, role=Role.DELEGATED_APPROVER)
    return therapist_oakbrook


def in_force(draft, author, lead, at):
    submitted = publishing.submit(draft, by=author, at=at)
    publishing.approve(submitted, by=lead, at=at, token=submitted.token)
    return publishing.publish(submitted, by=lead, at=at, readers=factories.THERAPISTS)


def page_of(browser, version):
    return browser.get(version.get_absolute_url()).content.decode()


def right_answers(page):
    """The options that a page marks as right."""
    marked = html.fromstring(page).xpath("//*[@id='questions']//li[.//*[contains(@class, 'badge')]]/strong")
    return [option.text_content() for option in marked]


def answered(version, times, answers, at):
    for _ in range(times):
        questioning.check(version, answers, at=at)


def place(version):
    return f"/protocols/{version.protocol.slug}/versions/{version.number}/acknowledge/"


def answer(version, chosen, reader, at):
    opened = opening.proof(version, reader=reader, at=at)
    return {"opened": opened, f"answer-{version.questions.get().key}": chosen}


def test_who_answers_rightly_has_acknowledged(version, therapist, sign_in, at):
    page = sign_in(therapist).get(version.get_absolute_url()).content.decode()
    assert ("How long?" in page, "10 minutes" in page) == (True, True)
    assert (
        sign_in(therapist).post(place(version), answer(version, 1, therapist, at)).url
        == version.protocol.get_absolute_url()
    )
    assert Acknowledgement.objects.get().user == therapist
    assert list(Answered.objects.values_list("right", flat=True)) == [True]


@pytest.mark.parametrize(
    ("chosen", "words", "counted"),
    [
        (0, "Your answer to “How long?” is wrong. Read “Purpose and scope” again.", 1),
        (9, "Read “Purpose and scope” again", 1),
        ("", "Answer the question “How long?”", 0),
        ("x" * 5000, "Answer the question", 0),
        ("-1", "Answer the question", 0),
    ],
)
def test_who_does_not_is_sent_back_to_the_text(version, therapist, sign_in, chosen, words, counted, at):
    refused = sign_in(therapist).post(place(version), answer(version, chosen, therapist, at))
    assert (refused.status_code, words in refused.content.decode()) == (422, True)
    assert (Acknowledgement.objects.count(), Answered.objects.filter(right=False).count()) == (0, counted)
    assert "It is not acknowledged yet: nothing was recorded" in refused.content.decode()
    assert f'<a href="#section-{version.questions.get().section}">To that section</a>' in refused.content.decode()


def test_who_opened_it_too_long_ago_keeps_the_answers(version, therapist, sign_in, at):
    old = answer(version, 1, therapist, at - opening.COUNTS_FOR)
    refused = sign_in(therapist).post(place(version), old)
    page = refused.content.decode()
    assert (refused.status_code, 'value="1" checked' in page) == (422, True)
    assert "Open the protocol once more, then acknowledge it." in page
    assert (Acknowledgement.objects.count(), Answered.objects.count()) == (0, 0)


def test_what_is_chosen_stays_chosen(version, therapist, sign_in, at):
    page = sign_in(therapist).post(place(version), answer(version, 0, therapist, at)).content.decode()
    assert 'value="0" checked' in page


def test_the_authors_see_what_is_often_misread_and_nobody_else(
    version, therapist, floater, approver, clinical_lead, sign_in, at
):
    key = version.questions.get().key
    for right in (True, False, False, True, True):
        questioning.check(version, {key: 1 if right else 0}, at=at)
    section = version.sections.get().key
    assert questioning.often_missed(version) == {section: [Missed("How long?", 2, 5)]}
    words = "Often misread: 2 of 5 answers to “How long?” were wrong."
    assert words in sign_in(approver).get(version.get_absolute_url()).content.decode()
    assert words not in sign_in(floater).get(version.get_absolute_url()).content.decode()
    draft = drafting.start_draft(version.protocol, by=approver, at=at)
    assert words in sign_in(approver).get(f"/protocols/{draft.protocol.slug}/draft/").content.decode()
    assert [one.text for one in draft.questions.all()] == ["How long?"]


def test_whoever_wrote_on_a_version_sees_what_is_misread_though_another_owns_it(
    version, approver, floater, clinical_lead, sign_in, at
):
    [question] = version.questions.all()
    answered(version, 5, {question.key: 0}, at)
    version.protocol.owner = floater
    version.protocol.save()
    words = "Often misread: 5 of 5 answers to “How long?” were wrong."
    assert [words in page_of(sign_in(person), version) for person in (approver, floater, clinical_lead)] == [True] * 3


def test_every_question_about_a_section_is_flagged(draft, approver, clinical_lead, sign_in, at):
    two = [asked(draft), asked(draft, text="How often?", options=("Daily", "Weekly"))]
    version = in_force(questioning.ask(draft, two, by=approver, at=at, token=draft.token), approver, clinical_lead, at)
    long, often = version.questions.all()
    for right in (0, 0, 0, 1, 1):
        questioning.check(version, {long.key: 0, often.key: right}, at=at)
    section = version.sections.get().key
    assert questioning.often_missed(version) == {section: [Missed("How long?", 5, 5), Missed("How often?", 3, 5)]}
    page = page_of(sign_in(approver), version)
    assert ("5 of 5 answers to “How long?”" in page, "3 of 5 answers to “How often?”" in page) == (True, True)


def test_a_draft_shows_what_was_misread_in_the_newest_version_that_enough_have_answered(
    version, approver, clinical_lead, sign_in, at
):
    """A planned version, or one that was withdrawn early, says nothing about the text yet."""
    key = version.questions.get().key
    answered(version, 5, {key: 0}, at)
    days = {"effective": at.date() + timedelta(days=5)}
    planned = factories.next_version(after=version, by=approver, lead=clinical_lead, at=at, **days)
    draft = drafting.start_draft(version.protocol, by=approver, at=at)
    browser, words = sign_in(approver), "Often misread: 5 of 5 answers to “How long?” were wrong."
    edit = f"/protocols/{draft.protocol.slug}/draft/"
    assert [words in page_of(browser, draft), words in browser.get(edit).content.decode()] == [True, True]
    answered(planned, 4, {key: 1}, at)
    assert words in page_of(browser, draft)
    answered(planned, 1, {key: 1}, at)
    assert words not in page_of(browser, draft)


@pytest.mark.parametrize(
    ("who", "sees"), [("approver", True), ("clinical_lead", True), ("second_approver", True), ("therapist", False)]
)
def test_whoever_reviews_or_publishes_a_version_sees_what_it_asks_and_which_answers_are_right(
    request, draft, approver, clinical_lead, sign_in, at, who, sees
):
    person = request.getfixturevalue(who)
    submitted = publishing.submit(draft, by=approver, at=at)
    answer = sign_in(person).get(draft.get_absolute_url())
    shown = answer.content.decode()
    assert (answer.status_code, "How long?" in shown) == ((200, True) if sees else (404, False))
    assert right_answers(shown) == (["10 minutes"] if sees else [])
    assert ("The answer stands in “Purpose and scope”." in shown) is sees
    publishing.approve(submitted, by=clinical_lead, at=at, token=submitted.token)
    assert right_answers(page_of(sign_in(clinical_lead), draft)) == ["10 minutes"]


def test_a_question_whose_section_is_gone_is_pointed_out(draft, approver, sign_in, at):
    text = drafting.text_of(draft)
    other = [SectionText("text", "Another", "<p>Words.</p>")]
    drafting.edit_draft(draft, DraftText(text.title, other), by=approver, at=at, token=draft.token)
    assert "The section with the answer is not in this version any more." in page_of(sign_in(approver), draft)


def test_readers_are_not_told_which_answer_is_right(version, therapist, clinical_lead, sign_in):
    for person in (therapist, clinical_lead):
        page = page_of(sign_in(person), version)
        assert (right_answers(page), "The answer stands in" in page) == ([], False)


def test_few_answers_say_nothing(version, at):
    key = version.questions.get().key
    for _ in range(4):
        questioning.check(version, {key: 0}, at=at)
    assert questioning.often_missed(version) == {}


def test_a_change_of_the_questions_is_a_change_of_the_text(draft, approver, clinical_lead, at):
    before = draft.content_hash
    submitted = publishing.submit(draft, by=approver, at=at)
    approved = publishing.approve(submitted, by=clinical_lead, at=at, token=submitted.token)
    changed = questioning.ask(approved, [asked(approved, right=0)], by=approver, at=at, token=approved.token)
    assert (changed.state, changed.content_hash == before) == (State.DRAFT, False)
    none = questioning.ask(changed, [], by=approver, at=at, token=changed.token)
    assert none.content_hash == drafting.text_hash(drafting.text_of(none))
    same = questioning.ask(none, [], by=approver, at=at, token=none.token)
    assert same.token == none.token


def test_a_stale_page_does_not_overwrite(draft, approver, at):
    with pytest.raises(Conflict):
        questioning.ask(draft, [], by=approver, at=at, token=draft.token - 1)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"text": " "}, "Write the question."),
        ({"options": ["One"]}, "two to four different answers"),
        ({"options": ["One", "one "]}, "two to four different answers"),
        ({"options": ["1", "2", "3", "4", "5"]}, "two to four different answers"),
        ({"right": 2}, "Say which answer"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(draft, approver, at, wrong, words):
    with pytest.raises(Refused, match=words):
        questioning.ask(draft, [asked(draft, **wrong)], by=approver, at=at, token=draft.token)
    assert Question.objects.get().text == "How long?"


def test_on_the_page(draft, approver, sign_in):
    browser, address = sign_in(approver), f"/protocols/{draft.protocol.slug}/draft/questions/"
    assert "How long?" in browser.get(address).content.decode()
    said = {
        "version": 1,
        "token": draft.token,
        "question-0-text": "Where?",
        "question-0-section": str(draft.sections.get().key),
    }
    said |= {"question-0-option0": "Here", "question-0-option1": "There", "question-0-right": "0"}
    assert browser.post(address, said | {"question-0-section": ""}).status_code == 422
    assert browser.post(address, said).status_code == 302
    assert (Question.objects.get().text, Question.objects.get().options) == ("Where?", ["Here", "There"])


def test_a_card_without_words_is_not_asked_and_a_begun_one_says_what_is_missing(draft, approver, sign_in):
    browser, address = sign_in(approver), f"/protocols/{draft.protocol.slug}/draft/questions/"
    page = browser.get(address).content.decode()
    assert [f'<h2 id="question-{n}-number">Question {n + 1}</h2>' in page for n in range(3)] == [True] * 3
    assert page.count("(optional)") == 6  # two more answers on each card
    begun = {
        "version": 1,
        "token": draft.token,
        "question-0-text": " ",
        "question-1-text": "Where?",
        "question-1-right": "0",
    }
    refused = browser.post(address, begun)
    assert refused.status_code == 422
    assert [one.errors for one in refused.context["questions"]] == [
        {},
        {name: ["This field is required."] for name in ("section", "option0", "option1")},
        {},
    ]
    assert "Question 2: Answer 1 is missing" in refused.content.decode()
    assert browser.post(address, {"version": 1, "token": draft.token}).status_code == 302
    assert not Question.objects.exists()


@pytest.mark.parametrize(
    "statement",
    [
        'UPDATE protocols_question SET "right" = 0',
        "DELETE FROM protocols_question",
        'INSERT INTO protocols_question (version_id, key, section, text, options, "right", "order") '
        'SELECT version_id, gen_random_uuid(), section, text, options, "right", 9 FROM protocols_question',
        'UPDATE protocols_answered SET "right" = true',
        "DELETE FROM protocols_answered",
    ],
)
def test_the_database_refuses_to_change_what_was_asked_and_answered(version, at, statement):
    questioning.check(version, {version.questions.get().key: 0}, at=at)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError), transaction.atomic():
            cursor.execute(statement)


def test_over_the_api(version, therapist, api):
    address = f"/api/v1/protocols/{version.protocol.slug}/"
    found = api(therapist).get(address).json()
    [question] = found["questions"]
    assert (question["text"], question["options"], "right" in question) == (
        "How long?",
        ["2 minutes", "10 minutes"],
        False,
    )
    said = {"version": 1, "opened": found["opened"]}
    assert api(therapist).post(f"{address}acknowledge/", said).status_code == 422
    wrong = said | {"answers": {question["key"]: 0}}
    assert api(therapist).post(f"{address}acknowledge/", wrong, format="json").status_code == 422
    right = said | {"answers": {question["key"]: 1}}
    assert api(therapist).post(f"{address}acknowledge/", right, format="json").status_code == 200


class TestSectionIsGone:
    @pytest.fixture
    def asked(self, therapist, at):
        sections = [drafting.SectionText("text", name, f"<p>{name}</p>") for name in ("Aim", "Dose")]
        draft = factories.draft(by=therapist, at=at, sections=sections)
        dose = draft.sections.get(heading="Dose")
        question = QuestionText(dose.key, "How long?", ["2 minutes", "10 minutes"], 1)
        return questioning.ask(draft, [question], by=therapist, at=at, token=draft.token)

    def without_dose(self, draft, by, at, *, emptied):
        text = drafting.text_of(draft)
        aim, dose = text.sections
        kept = [aim, drafting.SectionText(dose.kind, dose.heading, "", dose.key)] if emptied else [aim]
        return drafting.edit_draft(draft, drafting.DraftText(text.title, kept), by=by, at=at, token=draft.token)

    @pytest.mark.parametrize("emptied", [True, False])
    def test_submit_says_which_question_lost_its_section(self, asked, therapist, sign_in, api, at, emptied):
        draft = self.without_dose(asked, therapist, at, emptied=emptied)
        words = (
            "The answer to “How long?” stands in a section that was removed or is empty."
            " Choose another section for the question, or take it out."
        )
        answer = sign_in(therapist).post(f"/protocols/{draft.protocol.slug}/draft/", form_of(draft, then="submit"))
        assert (answer.status_code, answer.context["form"].non_field_errors()) == (422, [words])
        answer = api(therapist).post(f"/api/v1/drafts/{draft.protocol.slug}/submit/", {"version": 1})
        assert (answer.status_code, answer.json()["detail"]) == (422, words)
        assert ProtocolVersion.objects.get(pk=draft.pk).state == State.DRAFT
        questioning.ask(draft, [], by=therapist, at=at, token=draft.token)
        assert publishing.submit(draft, by=therapist, at=at).state == State.IN_REVIEW
