"""What search answers: whole questions, begun words, slips, aliases, earlier titles; and what nobody can break it with."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.roles import Role
from intranet.core import richtext
from intranet.core.richtext import MARK_END, MARK_START
from intranet.search.models import Document
from intranet.search.searching import Search, Stage
from intranet.search.vocabulary import likeliest, slips
from protocols.drafting import SectionText
from protocols.models import Section
from protocols.publishing import Readers
from tests.intranet.search import factories
from tests.protocols import factories as protocols

pytestmark = pytest.mark.django_db
PAGE = reverse("search:search")


@pytest.fixture
def shelf(approver, clinical_lead, at):
    """Protocols with a title and a text."""

    def make(title: str, body: str, **terms):
        return protocols.published(
            by=approver, lead=clinical_lead, at=at - timedelta(days=9), title=title, body=f"<p>{body}</p>", **terms
        )

    return make


def titles(search: Search) -> list[str]:
    return [hit.highlight.plain_title for hit in search.hits(0, 50)]


def test_a_title_counts_more_than_a_text(shelf, therapist, at):
    shelf("Taping", "After needling, tape.")
    shelf("Needling", "Lift the muscle.")
    assert titles(Search(therapist, "needling", at)) == ["Needling", "Taping"]


@pytest.mark.parametrize(
    ("asked", "stage"),
    [
        ("needle", Stage.WHOLE),
        ("NEEDLES", Stage.WHOLE),
        ("dry-needling", Stage.WHOLE),
        ("dry/needling", Stage.WHOLE),
        ("menieres", Stage.WHOLE),
        ("Ménière’s", Stage.WHOLE),
        ('"dry needling"', Stage.WHOLE),
        ("dry nee", Stage.BEGUN),
        ("needling banana", Stage.SOME),
        ("banana", Stage.NONE),
        ("needling -dry", Stage.NONE),
    ],
)
def test_how_much_of_a_question_is_answered(asked, stage, shelf, therapist, at):
    shelf("Dry needling", "Not for Ménière’s or menieres disease.")
    found = Search(therapist, asked, at)
    assert (found.understood.stage, found.count) == (stage, int(stage != Stage.NONE))


def test_a_slip_is_corrected_unless_one_insists(shelf, therapist, at):
    shelf("Dry needling", "Words.")
    found = Search(therapist, "dry needeling", at)
    assert (found.understood.corrected, titles(found)) == ("dry needling", ["Dry needling"])
    insisting = Search(therapist, "dry needeling", at, literally=True)
    assert (insisting.understood.corrected, insisting.understood.stage) == ("", Stage.SOME)


@pytest.mark.parametrize(
    ("one", "other", "number"),
    [("needling", "needling", 0), ("vertgio", "vertigo", 1), ("cupping", "cuping", 1), ("a", "abcdefg", 4)],
)
def test_slips_are_counted(one, other, number):
    assert slips(one, other) == slips(other, one) == number


def test_the_likeliest_word_takes_fewest_slips_then_is_in_most_documents():
    assert likeliest("needlign", {"needling": 1, "needles": 9}) == "needling"
    assert likeliest("tapng", {"taping": 1, "tapping": 9}) == "taping"
    assert likeliest("bal", {"ball": 2, "bald": 5}) == "bald"
    assert likeliest("syncope", {"scope": 9}) == ""


def test_an_alias_finds_what_it_means(shelf, therapist, clinical_lead, at):
    shelf("Dry needling", "Words.")
    shelf("Positional vertigo", "Words.")
    assert Search(therapist, "DN", at).count == 0
    factories.alias(by=clinical_lead, at=at, term="DN", means="dry needling, trigger point")
    factories.alias(by=clinical_lead, at=at, term="Head spins", means="vertigo")
    assert titles(Search(therapist, "dn", at)) == ["Dry needling"]
    assert titles(Search(therapist, "my head spins", at)) == ["Positional vertigo"]


def test_an_earlier_title_finds_a_version_for_whom_it_was_meant(approver, clinical_lead, therapist, front_desk, at):
    """The front desk was no reader under the old title, so that the old title does not find it for them, nor for anybody."""
    both = [Readers(Role.THERAPIST), Readers(Role.FRONT_DESK)]
    for title, readers, found in [("Aardvark", [Readers(Role.THERAPIST)], 1), ("Bandicoot", both, 0)]:
        before = at - timedelta(days=20)
        first = protocols.published(
            by=approver, lead=clinical_lead, at=before, title=title, readers=[Readers(Role.THERAPIST)]
        )
        second = protocols.next_version(
            after=first,
            by=approver,
            lead=clinical_lead,
            at=before + timedelta(days=3),
            readers=readers,
            title=f"New name of {title[0]}",
        )
        assert Search(therapist, title, at).count == found
        assert Search(front_desk, title, at).count == 0
        assert Search(front_desk, "new name", at).count == len(readers) - 1
        assert second.title == f"New name of {title[0]}"


def test_hits_are_marked_and_everything_else_is_escaped(shelf, therapist, sign_in):
    shelf("A <i>title", f"one &lt;script&gt;alert(1)&lt;/script&gt; two {MARK_START}three{MARK_END}")
    page = sign_in(therapist).get(PAGE, {"q": "two title"}).content.decode()
    assert "A &lt;i&gt;<mark>title</mark>" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; <mark>two</mark> three" in page
    assert "<script>alert" not in page


@pytest.mark.parametrize(
    "hostile",
    [
        "'", "&", "|", "!", "!!", "(", ")", "a & | b", "<->", "':*", "a:*", "\\", "%", "_", "*",
        "x" * 10_000, "x " * 5_000, "\x00", "needling\x00", "<script>alert(1)</script>", "\ue000\ue001",
        "-", "--", '"', '"a', "or", "or or", "and", "the", "😀", "ﷺ", "a-b-c-d", "' OR 1=1 --", "ALTER TABLE x",
        "\ud800", "(((((((((((((((((((((((((((((((",
    ],
)  # fmt: skip
def test_nothing_that_can_be_typed_breaks_anything(hostile, shelf, therapist, sign_in):
    shelf("Dry needling", "Words.")
    browser = sign_in(therapist)
    hostile = hostile.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    for address in (PAGE, "/api/v1/search/", reverse("protocols:library")):
        response = browser.get(address, {"q": hostile})
        assert response.status_code == 200, address
        assert "json" in response.headers["Content-Type"] or b"<script>alert" not in response.content


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"q": "x", "kind": "nothing"}, 400),
        ({"q": "x", "page": "x"}, 200),
        ({"q": "x", "page": "999999999999"}, 200),
        ({"q": "x", "page": "-1"}, 200),
        ({"q": "x", "colour": "red"}, 400),
        ({"q": ""}, 200),
        ({}, 200),
    ],
)
def test_the_api_refuses_what_makes_no_sense(sent, status, therapist, api):
    assert api(therapist).get("/api/v1/search/", sent).status_code == status


def test_a_kind_that_makes_no_sense_is_left_out(therapist, sign_in):
    page = sign_in(therapist).get(PAGE, {"q": "Testwell", "kind": "x"}).content.decode()
    assert "makes no sense as" in page
    assert "1 result for" in page


def test_a_kind_narrows_the_hits_and_keeps_the_counts(shelf, therapist, at):
    shelf("Testwell method", "Words.")
    found = Search(therapist, "testwell", at, kind="person")
    assert titles(found) == ["Avery Testwell"]
    assert {tab.kind: tab.count for tab in found.tabs} == {
        "": 2, "protocol": 1, "person": 1, "announcement": 0, "attachment": 0,
    }  # fmt: skip
    assert [hit.shown.url for hit in found.hits(0, 9)] == [f"/people/{therapist.pk}/"]


def test_htmx_gets_the_results_only(therapist, sign_in):
    response = sign_in(therapist).get(PAGE, {"q": "x"}, headers={"HX-Request": "true"})
    assert response.content.decode().strip().startswith('<section id="results"')
    assert response.headers["Vary"] == "HX-Request, HX-Target, Cookie"


def test_documents_follow_their_objects(approver, clinical_lead, therapist, at):
    """A draft's words are found as they are now, and go with it."""
    version = protocols.draft(by=therapist, at=at, title="Taping", body="<p>wallaby</p>")
    assert Search(therapist, "wallaby", at).count == 1
    section = Section.objects.get(version=version)
    section.body = "<p>wombat</p>"
    section.save()
    assert [Search(therapist, word, at).count for word in ("wallaby", "wombat")] == [0, 1]
    document = Document.objects.get(kind="protocol", object_id=version.pk)
    assert sorted(document.occurrences.values_list("word", flat=True)) == [
        "and",
        "purpose",
        "scope",
        "taping",
        "wombat",
    ]
    section.delete()
    assert Search(therapist, "wombat", at).count == 0
    therapist.name = "Avery Changedname"
    therapist.save()
    assert [Search(therapist, word, at).count for word in ("Testwell", "Changedname")] == [0, 1]


def test_an_unlucky_name_is_found(therapist, assistant, at):
    """English search leaves out words such as “will”."""
    assistant.name = "Will Don"
    assistant.save()
    assert titles(Search(therapist, "will", at)) == ["Will Don"]
    assert titles(Search(therapist, "Will Don", at)) == ["Will Don"]


@pytest.mark.parametrize("asked", ["847-555-0142", "8475550142", "avery.testwell@clinic.example", "testw"])
def test_a_person_is_found_by_phone_and_address(asked, therapist, at):
    therapist.phone = "847-555-0142"
    therapist.save()
    [hit] = Search(therapist, asked, at).hits(0, 9)
    assert hit.highlight.plain_title == "Avery Testwell"
    assert "8475550142" not in hit.highlight.plain_excerpt


def test_a_draft_comes_after_what_is_in_force(shelf, therapist, at):
    shelf("Taping", "After needling, tape.")
    protocols.draft(by=therapist, at=at, title="Needling", body="<p>Needling, needling.</p>")
    assert titles(Search(therapist, "needling", at)) == ["Taping", "Needling"]


def test_a_draft_without_words_says_so(therapist, sign_in, at):
    labels = richtext.table_of([("Who may do it", ""), ("Competency", "")])
    protocols.draft(by=therapist, at=at, title="Cupping", sections=[SectionText("key_facts", "Key facts", labels)])
    assert [hit.highlight.plain_excerpt for hit in Search(therapist, "cupping", at).hits(0, 9)] == [""]
    for address in (PAGE, reverse("protocols:library")):
        page = sign_in(therapist).get(address, {"q": "cupping"}).content.decode()
        assert ("Nothing is written in it yet." in page, "Competency" in page) == (True, False)


def test_an_excerpt_keeps_points_and_cells_apart(shelf, therapist, at):
    shelf("Cupping", "Not if the patient</p><ul><li>has a fever</li><li>is tired</li></ul><p>Ask.")
    [hit] = Search(therapist, "fever", at).hits(0, 9)
    assert hit.highlight.plain_excerpt == "… patient · has a fever · is tired"


@pytest.mark.parametrize("asked", ["(847) 555-0142", "847 555 0142", "+1 847.555.0142", "1-847-555-0142"])
def test_a_phone_number_finds_its_owner_and_nobody_with_parts_of_it(asked, therapist, floater, at):
    therapist.phone, floater.phone = "(847) 555-0142", "(847) 555-0199"
    for person in (therapist, floater):
        person.save()
    assert titles(Search(therapist, asked, at)) == ["Avery Testwell"]


def test_the_box_of_the_top_bar_gets_the_best_few(shelf, therapist, sign_in):
    for number in range(9):
        shelf(f"Taping {number}", "Words.")
    browser, box = sign_in(therapist), {"HX-Request": "true", "HX-Target": "quick-results"}
    panel = browser.get(PAGE, {"q": "taping"}, headers=box).content.decode()
    assert (panel.count("<li>"), "All 9 results for “taping”" in panel) == (8, True)
    assert '<p id="quick-said" hx-swap-oob="innerHTML">9 results. The arrow keys lead to them.</p>' in panel
    slip = browser.get(PAGE, {"q": "tapign"}, headers=box).content.decode()
    assert "Nothing has “tapign”. This is for <strong>taping</strong>." in slip
    nothing = browser.get(PAGE, {"q": "banana"}, headers=box).content.decode()
    assert ("Nothing found for “banana”" in nothing, nothing.count("<li>")) == (True, 0)
