"""Drafts over the API: with what they ask and carry, for those who have a say in them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from protocols import drafting, publishing, questioning
from protocols.models import Question, State
from protocols.questioning import QuestionText
from tests.protocols import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("store")]
DRAFTS = "/api/v1/drafts/"


@pytest.fixture
def draft(therapist, at):
    return factories.with_files(factories.draft(by=therapist, at=at, title="Ice"), by=therapist, at=at)


def of(version, action=""):
    return f"{DRAFTS}{version.protocol.slug}/{action}"


def asked(version, **changes: Any) -> dict[str, Any]:
    section = str(version.sections.get().key)
    return {"section": section, "text": "How long?", "options": ["2 minutes", "10 minutes"], "right": 1} | changes


def test_an_approver_reads_what_is_asked_and_attached(draft, therapist, approver, api, at):
    section = draft.sections.get().key
    question = QuestionText(section, "How long?", ["2 minutes", "10 minutes"], 1)
    questioning.ask(draft, [question], by=therapist, at=at, token=draft.token)
    publishing.submit(draft, by=therapist, at=at)
    body = api(approver).get(of(draft)).json()
    assert body["questions"] == [asked(draft, key=str(question.key))]
    [attached] = draft.attachments.all()
    assert [(one["id"], one["protocol"], one["name"], one["sha256"]) for one in body["attachments"]] == [
        (attached.pk, "ice", "Canary sheet", attached.sha256)
    ]
    assert body["authors"] == ["Avery Testwell"]


def test_questions_are_set_by_authors_and_the_lead(draft, therapist, approver, clinical_lead, front_desk, api, at):
    said = {"version": 1, "token": draft.token, "questions": [asked(draft)]}
    for person, status in ((front_desk, 404), (approver, 404), (therapist, 200)):
        assert api(person).put(of(draft, "questions/"), said).status_code == status
    [question] = Question.objects.all()
    assert (question.text, question.options, question.right) == ("How long?", ["2 minutes", "10 minutes"], 1)
    draft.refresh_from_db()
    publishing.submit(draft, by=therapist, at=at)
    again = {"version": 1, "token": draft.token, "questions": [asked(draft, key=str(question.key), right=0)]}
    assert api(approver).put(of(draft, "questions/"), again).status_code == 403
    answer = api(clinical_lead).put(of(draft, "questions/"), again)
    assert (answer.status_code, answer.json()["state"], answer.json()["questions"]) == (
        200,
        State.DRAFT,
        again["questions"],
    )
    assert api(therapist).put(of(draft, "questions/"), said).status_code == 409


def test_questions_that_make_no_sense_are_refused_with_all_reasons(draft, therapist, api):
    key = str(uuid4())
    wrong = [asked(draft, key=key, right=5), asked(draft, key=key, options=["One"], section=str(uuid4()))]
    answer = api(therapist).put(of(draft, "questions/"), {"version": 1, "token": draft.token, "questions": wrong})
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    codes = [reason["code"] for reason in answer.json()["reasons"]]
    assert codes == ["question-twice", "no-right-one", "no-section", "options"]
    for nonsense in ({"right": -1}, {"text": "x" * 301}, {"options": "x"}, {"section": "x"}):
        said = {"version": 1, "token": draft.token, "questions": [asked(draft, **nonsense)]}
        assert api(therapist).put(of(draft, "questions/"), said).status_code == 400
    assert not Question.objects.exists()


@pytest.mark.parametrize("number", [1, 3])
def test_list_asks_the_same_number_of_questions(number, therapist, clinical_lead, api, at, django_assert_num_queries):
    for _ in range(number):
        version = factories.with_files(factories.draft(by=therapist, at=at), by=therapist, at=at)
        text = drafting.text_of(version)
        version = drafting.edit_draft(version, text, by=clinical_lead, at=at, token=version.token)
        question = QuestionText(version.sections.get().key, "How long?", ["Yes", "No"], 1)
        questioning.ask(version, [question], by=clinical_lead, at=at, token=version.token)
    client = api(clinical_lead)
    with django_assert_num_queries(10):
        found = client.get(DRAFTS).json()["results"]
    assert [(len(one["authors"]), len(one["questions"]), len(one["attachments"])) for one in found] == [
        (2, 1, 1)
    ] * number
