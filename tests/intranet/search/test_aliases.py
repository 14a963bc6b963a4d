"""The words that the clinical lead keeps: nobody else, never over somebody's head, and with a trace."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from intranet.audit.models import Entry
from intranet.core.access import Conflict, Forbidden, Refused
from intranet.search import aliases
from intranet.search.aliases import Words
from intranet.search.models import Alias
from intranet.search.usual import USUAL, add_usual
from tests import races
from tests.intranet.search import factories

PAGE = reverse("search:aliases")
NEW = reverse("search:alias-new")


def entries() -> list[tuple[str, dict]]:
    found = Entry.objects.filter(verb__startswith="search_alias.").order_by("pk")
    return list(found.values_list("verb", "changes"))


@pytest.mark.django_db
class TestActions:
    def test_adding_changing_and_removing_leave_a_trace(self, clinical_lead, at):
        alias = factories.alias(by=clinical_lead, at=at, term="  DN ", means="dry  needling,,dry needling ,")
        assert (alias.term, alias.means) == ("DN", "dry needling")
        alias = aliases.change(alias, Words("DN", "dry needling, needles"), token=1, by=clinical_lead, at=at)
        aliases.change(alias, Words("DN", "dry needling, needles"), token=2, by=clinical_lead, at=at)
        aliases.remove(alias, token=2, by=clinical_lead)
        assert entries() == [
            ("search_alias.added", {"means": "dry needling"}),
            ("search_alias.changed", {"means": {"before": "dry needling", "after": "dry needling, needles"}}),
            ("search_alias.removed", {"means": "dry needling, needles"}),
        ]

    def test_nobody_else_keeps_them(self, cast, clinical_lead, at):
        alias = factories.alias(by=clinical_lead, at=at)
        for name, person in cast.items():
            if name != "clinical_lead":
                with pytest.raises(Forbidden):
                    factories.alias(by=person, at=at, term="TKA", means="knee")
                with pytest.raises(Forbidden):
                    aliases.change(alias, Words("DN", "x"), token=1, by=person, at=at)
                with pytest.raises(Forbidden):
                    aliases.remove(alias, token=1, by=person)
                with pytest.raises(Forbidden):
                    add_usual(by=person, at=at)
        assert list(Alias.objects.values_list("term", "means")) == [("DN", "dry needling")]

    def test_whoever_comes_second_is_told(self, clinical_lead, at):
        alias = factories.alias(by=clinical_lead, at=at)
        aliases.change(alias, Words("DN", "needles"), token=1, by=clinical_lead, at=at)
        with pytest.raises(Conflict) as refused:
            aliases.change(alias, Words("DN", "acupuncture"), token=1, by=clinical_lead, at=at)
        assert "Ines Exemplar changed this after you opened it: “DN” now also finds needles." in str(refused.value)
        with pytest.raises(Conflict):
            aliases.remove(alias, token=1, by=clinical_lead)
        aliases.remove(alias, token=2, by=clinical_lead)
        with pytest.raises(Conflict) as refused:
            aliases.change(alias, Words("DN", "acupuncture"), token=2, by=clinical_lead, at=at)
        assert refused.value.verdict.reasons[0].code == "gone"

    @pytest.mark.parametrize(("term", "means", "fields"), [("the", "x", ["term"]), ("%", "of", ["term", "means"])])
    def test_words_that_search_leaves_out_are_refused(self, term, means, fields, clinical_lead, at):
        with pytest.raises(Refused) as refused:
            factories.alias(by=clinical_lead, at=at, term=term, means=means)
        assert [reason.field for reason in refused.value.verdict.reasons] == fields

    def test_a_term_is_kept_once_whatever_its_capitals(self, clinical_lead, at):
        factories.alias(by=clinical_lead, at=at)
        with pytest.raises(ValidationError, match="There is an alias for this already"):
            factories.alias(by=clinical_lead, at=at, term="dn")

    @pytest.mark.parametrize(("term", "means"), [("dn", "x"), ("", "x"), ("x", "")])
    def test_the_database_refuses_it_as_well(self, term, means, clinical_lead, at):
        factories.alias(by=clinical_lead, at=at)
        with pytest.raises(IntegrityError), transaction.atomic():
            Alias.objects.create(term=term, means=means, edited_by=clinical_lead, edited_at=at)

    def test_the_usual_ones_are_added_beside_what_is_there(self, clinical_lead, at):
        factories.alias(by=clinical_lead, at=at, term="dn", means="needles")
        assert add_usual(by=clinical_lead, at=at) == len(USUAL) - 1
        assert add_usual(by=clinical_lead, at=at) == 0
        assert Alias.objects.get(term="dn").means == "needles"


@pytest.mark.django_db
class TestPages:
    def test_the_lead_adds_changes_and_removes(self, clinical_lead, sign_in):
        browser = sign_in(clinical_lead)
        assert browser.post(NEW, {"term": "DN", "means": "dry needling"}).url == PAGE
        alias = Alias.objects.get()
        address = reverse("search:alias", args=[alias.pk])
        assert browser.post(address, {"term": "DN", "means": "needles", "token": 1}).url == PAGE
        assert "also finds needles" in browser.get(PAGE).content.decode()
        assert browser.post(f"{address}remove/", {"token": 2}).url == PAGE
        assert not Alias.objects.exists()

    def test_a_conflict_keeps_what_was_typed_and_says_what_was_saved(self, clinical_lead, sign_in, at):
        alias = factories.alias(by=clinical_lead, at=at)
        aliases.change(alias, Words("DN", "needles"), token=1, by=clinical_lead, at=at)
        browser, address = sign_in(clinical_lead), reverse("search:alias", args=[alias.pk])
        response = browser.post(address, {"term": "DN", "means": "acupuncture", "token": 1})
        page = response.content.decode()
        assert response.status_code == 409
        assert "now also finds needles" in page
        assert 'value="acupuncture"' in page
        assert browser.post(address, {"term": "DN", "means": "acupuncture", "token": 2}).status_code == 302

    @pytest.mark.parametrize(
        "sent",
        [
            {},
            {"term": "x" * 61, "means": "x"},
            {"term": "the", "means": "x"},
            {"term": "dn", "means": "x"},
            {"term": "x\x00y", "means": "z"},
            {"term": "x", "means": ",,,"},
        ],
    )
    def test_what_cannot_be_kept_is_said_at_the_field(self, sent, clinical_lead, sign_in, at):
        factories.alias(by=clinical_lead, at=at)
        response = sign_in(clinical_lead).post(NEW, sent)
        assert response.status_code == 422
        assert Alias.objects.count() == 1

    def test_a_missing_or_wild_token_is_a_conflict(self, clinical_lead, sign_in, at):
        alias = factories.alias(by=clinical_lead, at=at)
        browser, address = sign_in(clinical_lead), reverse("search:alias", args=[alias.pk])
        for token, status in (("", 409), ("x", 422), ("9" * 30, 422), ("7", 409)):
            assert browser.post(address, {"term": "DN", "means": "y", "token": token}).status_code == status
        assert browser.post(f"{address}remove/", {"token": "9" * 30}).url == address
        assert Alias.objects.get().means == "dry needling"

    def test_the_usual_ones_are_offered_while_there_are_none(self, clinical_lead, sign_in):
        browser = sign_in(clinical_lead)
        assert "Add the usual ones" in browser.get(PAGE).content.decode()
        browser.post(reverse("search:alias-usual"))
        assert "Add the usual ones" not in browser.get(PAGE).content.decode()

    @pytest.mark.parametrize("number", [1, 3])
    def test_the_page_asks_the_same_number_of_questions(
        self, number, clinical_lead, sign_in, at, django_assert_num_queries
    ):
        for one in range(number):
            factories.alias(by=clinical_lead, at=at, term=f"T{one}")
        browser = sign_in(clinical_lead)
        browser.get(PAGE)
        with django_assert_num_queries(9):
            browser.get(PAGE)

    def test_the_api_keeps_them_by_the_same_rules(self, clinical_lead, therapist, api):
        lead = api(clinical_lead)
        made = lead.post("/api/v1/search-aliases/", {"term": "DN", "means": "dry needling"}, format="json")
        assert (made.status_code, made.json()["token"]) == (201, 1)
        address = f"/api/v1/search-aliases/{made.json()['id']}/"
        words = {"term": "DN", "means": "needles"}
        assert lead.put(address, words, format="json").status_code == 409
        assert lead.put(address, words | {"token": 1}, format="json").json()["token"] == 2
        assert lead.post("/api/v1/search-aliases/", words, format="json").status_code == 400
        assert lead.post("/api/v1/search-aliases/", {"term": "the", "means": "x"}, format="json").status_code == 422
        assert api(therapist).get("/api/v1/search-aliases/").status_code == 403
        assert lead.delete(f"{address}?token=1").status_code == 409
        assert lead.delete(f"{address}?token=2").status_code == 204


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_of_24_who_change_it_at_once_one_wins(self, clinical_lead, at):
        alias = factories.alias(by=clinical_lead, at=at)
        deeds = [
            lambda one=one: aliases.change(alias, Words("DN", f"word {one}"), token=1, by=clinical_lead, at=at)
            for one in range(24)
        ]
        assert sorted(races.outcomes(deeds)) == ["changed"] * 23 + ["done"]
        assert Alias.objects.get().token == 2

    def test_of_24_who_add_it_at_once_one_wins(self, clinical_lead, at):
        def add() -> str:
            try:
                factories.alias(by=clinical_lead, at=at)
            except ValidationError:
                return "taken"
            return "added"

        assert sorted(races.results([add] * 24)) == ["added"] + ["taken"] * 23
