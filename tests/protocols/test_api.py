from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.roles import Role
from protocols import opening
from protocols.models import Acknowledgement
from protocols.publishing import Readers
from tests.protocols import factories

pytestmark = pytest.mark.django_db
PROTOCOLS = "/api/v1/protocols/"


@pytest.fixture
def falls(approver, clinical_lead, mt_prospect, at):
    return factories.published(
        by=approver,
        lead=clinical_lead,
        at=at - timedelta(days=3),
        title="Falls",
        readers=[Readers(Role.THERAPIST, mt_prospect, must_acknowledge=True)],
    )


def of(version, action=""):
    return f"{PROTOCOLS}{version.protocol.slug}/{action}"


def test_list_of_what_is_in_force(falls, therapist, api, at, approver):
    factories.revised(after=falls, by=approver, at=at)
    answer = api(therapist).get(PROTOCOLS)
    assert answer.json()["results"] == [
        {
            "slug": "falls",
            "title": "Falls",
            "category": "safety",
            "version": 1,
            "change_summary": "",
            "in_force_since": "2026-11-22T16:00:00+00:00",
            "approved_by": "Ines Exemplar",
            "review_on": "2027-11-22",
        }
    ]


def test_retrieve_with_the_whole_text(falls, therapist, api):
    body = api(therapist).get(of(falls)).json()
    section = falls.sections.get()
    assert body["content_hash"] == falls.content_hash
    assert body["sections"] == [
        {"key": str(section.key), "kind": "text", "heading": "Purpose and scope", "body": "<p>Words.</p>"}
    ]


def test_retrieve_another_version_by_right(falls, therapist, approver, clinical_lead, mt_prospect, api, at):
    factories.next_version(
        after=falls,
        by=approver,
        lead=clinical_lead,
        at=at,
        effective=at.date() + timedelta(days=5),
        readers=[Readers(Role.THERAPIST, mt_prospect, True)],
    )
    assert api(therapist).get(of(falls)).json()["version"] == 1
    assert api(therapist).get(of(falls), {"version": 2}).json()["version"] == 2
    assert api(therapist).get(of(falls), {"version": 3}).status_code == 404
    for wrong in ("x", "-1", "9" * 5000):
        assert api(therapist).get(of(falls), {"version": wrong}).status_code == 400


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("therapist", 200),
        ("floater", 200),
        ("manager", 200),
        ("clinical_lead", 200),
        ("administrator", 200),
        ("therapist_oakbrook", 404),
        ("assistant", 404),
        ("front_desk", 404),
        ("manager_oakbrook", 404),
    ],
)
def test_the_api_is_for_the_same_people_as_the_pages(request, falls, api, who, status, at):
    client = api(request.getfixturevalue(who))
    assert client.get(of(falls)).status_code == status
    assert len(client.get(PROTOCOLS).json()["results"]) == (1 if status == 200 else 0)
    opened = opening.proof(falls, reader=request.getfixturevalue(who), at=at)
    answer = client.post(of(falls, "acknowledge/"), {"version": 1, "opened": opened})
    assert answer.status_code == (403 if who == "administrator" else status)


def test_nobody_reads_without_signing_in(falls, api):
    for url in (PROTOCOLS, of(falls), f"{PROTOCOLS}due/", "/api/v1/acknowledgements/"):
        assert api(None).get(url).status_code == 401


def test_acknowledge(falls, therapist, api, at):
    opened = api(therapist).get(of(falls)).json()["opened"]
    answer = api(therapist).post(of(falls, "acknowledge/"), {"version": 1, "opened": opened})
    assert answer.json() == {
        "id": therapist.acknowledgements.get().pk,
        "slug": "falls",
        "version": 1,
        "at": "2026-11-25T10:00:00-06:00",
        "text_hash": falls.content_hash,
    }
    assert api(therapist).get("/api/v1/acknowledgements/").json()["results"] == [answer.json()]


@pytest.mark.parametrize("given", ["guessed", "hash", "of somebody else"])
def test_acknowledge_refused_with_reasons(given, falls, therapist, floater, api):
    proofs = {
        "guessed": "x",
        "hash": falls.content_hash,
        "of somebody else": api(floater).get(of(falls)).json()["opened"],
    }
    answer = api(therapist).post(of(falls, "acknowledge/"), {"version": 1, "opened": proofs[given]})
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["reasons"] == [
        {"code": "not-opened", "message": "Open the protocol once more, then acknowledge it."}
    ]
    assert not Acknowledgement.objects.exists()


@pytest.mark.parametrize("body", [{}, {"version": "x"}, {"version": 0, "opened": "x"}, {"version": 1}])
def test_acknowledge_with_a_body_that_makes_no_sense(falls, therapist, api, body):
    assert api(therapist).post(of(falls, "acknowledge/"), body).status_code == 400


def test_due_lists_what_waits_for_me(falls, therapist, floater, api, at):
    due = [{"slug": "falls", "title": "Falls", "version": 1, "change_summary": "", "due_on": "2026-12-06"}]
    assert api(therapist).get(f"{PROTOCOLS}due/").json() == due
    factories.acknowledgement(version=falls, by=therapist, at=at)
    assert api(therapist).get(f"{PROTOCOLS}due/").json() == []
    assert api(floater).get(f"{PROTOCOLS}due/").json() == due


def test_acknowledgements_are_ones_own(falls, therapist, floater, manager, api, at):
    factories.acknowledgement(version=falls, by=therapist, at=at)
    for person in (floater, manager):
        assert api(person).get("/api/v1/acknowledgements/").json()["results"] == []


@pytest.mark.parametrize("number", [1, 3])
def test_list_asks_the_same_number_of_questions(
    number, approver, therapist, clinical_lead, api, at, django_assert_num_queries
):
    for _ in range(number):
        factories.published(by=approver, lead=clinical_lead, at=at)
    client = api(therapist)
    with django_assert_num_queries(5):
        assert len(client.get(PROTOCOLS).json()["results"]) == number
