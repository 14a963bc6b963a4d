from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.roles import Role
from protocols.library import beginning
from protocols.publishing import Readers
from tests.protocols import factories

pytestmark = pytest.mark.django_db
LIBRARY = reverse("protocols:library")


def titles(response):
    return [(entry.version.title, entry.version.number) for entry in response.context["entries"]]


@pytest.fixture
def shelf(approver, clinical_lead, mt_prospect, oakbrook, at):
    """Three protocols: everywhere, at Mt. Prospect, at Oakbrook Terrace."""
    return {
        title: factories.published(by=approver, lead=clinical_lead, at=at, title=title, body=body, readers=readers)
        for title, body, readers in [
            ("Falls", "<p>Stand up from a <b>chair</b>.</p>", [Readers(Role.THERAPIST, None, True)]),
            ("Needling", "<p>Lift the muscle.</p>", [Readers(Role.THERAPIST, mt_prospect, True)]),
            ("Taping", "<p>Stretch the tape, not the chair.</p>", [Readers(Role.THERAPIST, oakbrook)]),
        ]
    }


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("therapist", ["Falls", "Needling"]),
        ("therapist_oakbrook", ["Falls", "Taping"]),
        ("floater", ["Falls", "Needling", "Taping"]),
        ("assistant", []),
        ("front_desk", []),
        ("manager", ["Falls", "Needling"]),
        ("manager_oakbrook", ["Falls", "Taping"]),
        ("clinical_lead", ["Falls", "Needling", "Taping"]),
        ("administrator", ["Falls", "Needling", "Taping"]),
    ],
)
def test_library_lists_what_is_for_the_person(request, shelf, sign_in, who, seen):
    response = sign_in(request.getfixturevalue(who)).get(LIBRARY)
    assert [title for title, _ in titles(response)] == seen


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("chair", ["Falls", "Taping"]),
        ("CHAIR", ["Falls", "Taping"]),
        ("chai", ["Falls", "Taping"]),
        ("chair stretch", ["Taping"]),
        ("needl", ["Needling"]),
        ("strong", []),
        ("%", ["Falls", "Needling", "Taping"]),
        ("nowhere", []),
    ],
)
def test_library_finds_words_in_titles_and_texts(shelf, sign_in, floater, query, found):
    assert [title for title, _ in titles(sign_in(floater).get(LIBRARY, {"q": query}))] == found


def test_search_finds_nothing_that_is_not_for_the_person(shelf, sign_in, therapist):
    response = sign_in(therapist).get(LIBRARY, {"q": "tape"})
    assert titles(response) == []
    assert "Taping" not in response.content.decode()


def test_search_marks_the_words_and_escapes_the_rest(approver, therapist, clinical_lead, sign_in, at):
    factories.published(by=approver, lead=clinical_lead, at=at, title="A <i>title", body="<p>one &lt;b&gt; two</p>")
    page = sign_in(therapist).get(LIBRARY, {"q": "two title"}).content.decode()
    assert "A &lt;i&gt;<mark>title</mark>" in page
    assert "one &lt;b&gt; <mark>two</mark>" in page


def test_library_shows_the_version_in_force_while_a_draft_goes_on(shelf, sign_in, approver, clinical_lead, at):
    factories.revised(after=shelf["Falls"], by=approver, at=at)
    browser = sign_in(clinical_lead)
    assert titles(browser.get(LIBRARY))[0] == ("Falls", 1)
    assert titles(browser.get(LIBRARY, {"status": "draft"})) == [("Falls", 2)]


def test_library_hides_the_past_unless_asked(sign_in, approver, clinical_lead, at):
    one = factories.published(by=approver, lead=clinical_lead, at=at - timedelta(days=9), title="Falls")
    factories.next_version(after=one, by=approver, lead=clinical_lead, at=at)
    browser = sign_in(clinical_lead)
    assert titles(browser.get(LIBRARY)) == [("Falls", 2)]
    assert titles(browser.get(LIBRARY, {"status": "superseded"})) == [("Falls", 1)]


def test_filters_narrow_the_list_and_count_what_they_would_find(shelf, sign_in, floater, mt_prospect):
    response = sign_in(floater).get(LIBRARY, {"clinic": mt_prospect.pk})
    assert [title for title, _ in titles(response)] == ["Falls", "Needling"]
    shelf_page = response.context["shelf"]
    assert [(c.label, c.count, c.chosen) for c in shelf_page.facet_clinics()] == [
        ("Mt. Prospect", 2, True),
        ("Oakbrook Terrace", 2, False),
    ]
    assert {c.label: c.count for c in shelf_page.facet_categories() if c.count} == {"Safety and infection control": 2}
    assert {c.label: c.count for c in shelf_page.facet_statuses()} == {"In force": 2}
    assert {c.label: c.count for c in shelf_page.facet_review()} == {"Overdue": 0, "In 30 days": 0, "Later": 2}
    assert shelf_page.to_acknowledge() == 2


@pytest.fixture
def every_status(shelf, therapist, floater, approver, clinical_lead, at):
    """And a draft of one therapist, a version that another one has submitted, and a protocol in its second version.

    A first draft is for the clinics of whoever started it.
    """
    factories.draft(by=therapist, at=at, title="Gait")
    factories.in_review(by=floater, at=at, title="Posture")
    first = factories.published(by=approver, lead=clinical_lead, at=at - timedelta(days=9), title="Balance")
    factories.next_version(after=first, by=approver, lead=clinical_lead, at=at)


@pytest.mark.parametrize(
    ("who", "safety", "statuses", "clinics", "later", "waiting"),
    [
        ("therapist", 4, {"In force": 3, "Draft": 1}, (4, 2), 3, 3),
        ("therapist_oakbrook", 3, {"In force": 3}, (2, 3), 3, 2),
        ("floater", 5, {"In force": 4, "In review": 1}, (4, 4), 4, 3),
        ("assistant", 0, {"In force": 0}, (0, 0), 0, 0),
        ("front_desk", 0, {"In force": 0}, (0, 0), 0, 0),
        ("manager", 3, {"In force": 3, "Superseded": 1}, (3, 2), 3, 0),
        ("manager_oakbrook", 3, {"In force": 3, "Superseded": 1}, (2, 3), 3, 0),
        ("clinical_lead", 6, {"In force": 4, "In review": 1, "Draft": 1, "Superseded": 1}, (5, 4), 4, 0),
        ("approver", 4, {"In force": 3, "In review": 1}, (3, 4), 3, 2),
        ("administrator", 4, {"In force": 4, "Superseded": 1}, (3, 3), 4, 0),
    ],
)
def test_every_count_is_of_what_the_person_may_read(
    every_status, cast, sign_in, who, safety, statuses, clinics, later, waiting
):
    found = sign_in(cast[who]).get(LIBRARY).context["shelf"]
    assert {c.label: c.count for c in found.facet_categories() if c.count} == (
        {"Safety and infection control": safety} if safety else {}
    )
    assert {c.label: c.count for c in found.facet_statuses()} == statuses
    assert tuple(c.count for c in found.facet_clinics()) == clinics
    assert {c.label: c.count for c in found.facet_review()} == {"Overdue": 0, "In 30 days": 0, "Later": later}
    assert (found.to_acknowledge(), found.kept()) == (waiting, 0)


def test_filter_for_what_waits_for_me(shelf, sign_in, floater, at):
    factories.acknowledgement(version=shelf["Falls"], by=floater, at=at)
    browser = sign_in(floater)
    assert titles(browser.get(LIBRARY, {"mine": "on"})) == [("Needling", 1)]
    page = browser.get(LIBRARY).content.decode()
    assert page.count("Acknowledge by Wed, Dec 9") == 1
    assert page.count("You acknowledged version 1") == 1


@pytest.mark.parametrize(
    "bad",
    [
        {"sort": "x"},
        {"category": "x"},
        {"clinic": "x"},
        {"status": "x"},
        {"review": "x"},
        {"page": "x"},
    ],
)
def test_a_filter_that_makes_no_sense_is_left_out(shelf, sign_in, floater, bad):
    response = sign_in(floater).get(LIBRARY, bad)
    assert (response.status_code, len(titles(response))) == (200, 3)
    assert ("makes no sense as" in response.content.decode()) == ("page" not in bad)


def test_htmx_gets_the_results_only(shelf, sign_in, therapist):
    response = sign_in(therapist).get(LIBRARY, headers={"HX-Request": "true"})
    assert response.content.decode().strip().startswith('<div class="columns facets" id="results" data-steps-back="q">')
    assert response.headers["Vary"] == "HX-Request, Cookie"


@pytest.mark.parametrize("number", [1, 3])
def test_library_asks_the_same_number_of_questions(
    number, approver, clinical_lead, therapist, sign_in, at, django_assert_num_queries
):
    for _ in range(number):
        version = factories.published(by=approver, lead=clinical_lead, at=at)
        factories.acknowledgement(version=version, by=therapist, at=at)
    browser = sign_in(therapist)
    browser.get(LIBRARY)
    with django_assert_num_queries(18):
        assert len(titles(browser.get(LIBRARY, {"q": "words"}))) == number


def test_a_long_text_is_cut_between_words():
    assert beginning("A  short [1] text.\nA point\nAnother") == "A short text. A point · Another"
    assert beginning("word " * 60) == "word " * 35 + "word…"


def test_a_draft_comes_after_what_is_in_force(shelf, sign_in, floater, at):
    factories.draft(by=floater, at=at, title="Chair, chair", body="<p>Chair chair chair.</p>")
    assert titles(sign_in(floater).get(LIBRARY, {"q": "chair"}))[-1] == ("Chair, chair", 1)


def test_every_filter_has_a_chip_that_leads_to_the_list_without_it(shelf, sign_in, floater, mt_prospect):
    chosen = {"q": "chair", "category": ["safety", "needling"], "clinic": mt_prospect.pk, "mine": "on", "page": 2}
    response = sign_in(floater).get(LIBRARY, chosen)
    rest = f"clinic={mt_prospect.pk}&mine=on"
    assert response.context["form"].chips() == [
        ("Safety and infection control", f"q=chair&category=needling&{rest}"),
        ("Needling and manual therapy", f"q=chair&category=safety&{rest}"),
        ("Mt. Prospect", "q=chair&category=safety&category=needling&mine=on"),
        ("You still have to acknowledge", f"q=chair&category=safety&category=needling&clinic={mt_prospect.pk}"),
    ]
    page = response.content.decode()
    assert (page.count('class="chip"'), "Clear filters" in page) == (5, True)
    assert 'class="chip"' not in sign_in(floater).get(LIBRARY, {"q": "chair"}).content.decode()


def test_the_api_refuses_filters_that_there_are_none_of(shelf, api, therapist):
    for place in ("protocols", "acknowledgements", "drafts"):
        refused = api(therapist).get(f"/api/v1/{place}/", {"status": "nonsense"})
        assert (refused.status_code, refused.json()["errors"]) == (400, {"status": ["There is no filter “status”."]})
        assert api(therapist).get(f"/api/v1/{place}/", {"page": 1}).status_code == 200
