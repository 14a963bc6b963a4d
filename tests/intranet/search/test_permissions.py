"""Every hit, count, suggestion and highlight, for everybody in the cast: nobody learns of what is not for them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from intranet.search.searching import Search, Stage
from tests import factories

pytestmark = pytest.mark.django_db
PAGE = reverse("search:search")

# Who finds which of the objects of `library`.
FOUND = {
    "therapist": {"everywhere", "here", "now", "draft", "news"},
    "therapist_oakbrook": {"everywhere", "there"},
    "floater": {"everywhere", "here", "there", "now", "news"},
    "assistant": set(),
    "front_desk": {"desk"},
    "manager": {"everywhere", "here", "now", "desk", "news", "later"},
    "manager_oakbrook": {"everywhere", "there", "desk"},
    "clinical_lead": {"everywhere", "here", "there", "now", "desk", "draft", "news", "later"},
    "approver": {"everywhere", "there"},
    "administrator": {"everywhere", "here", "there", "now", "desk", "news", "later"},
}
# A word that stands in nothing else, of each object; `past` is what a superseded version said.
WORDS = {
    "everywhere": "wombat",
    "here": "xylophone",
    "there": "yardarm",
    "desk": "turnstile",
    "draft": "vexillum",
    "news": "marzipan",
    "later": "nightcap",
    "past": "zygomorph",
}
SLIPS = {
    "everywhere": "wommbat",
    "here": "xylofone",
    "there": "yardram",
    "desk": "turnstyle",
    "draft": "vexilum",
    "news": "marzippan",
    "later": "nihgtcap",
    "past": "zygomorhp",
}


def titles(search: Search) -> set[str]:
    return {hit.highlight.plain_title for hit in search.hits(0, 100)}


@pytest.mark.parametrize("who", FOUND)
def test_everybody_finds_what_is_for_them(who, library, cast, at):
    search = Search(cast[who], "quokka", at)
    expected = {library[name].title for name in FOUND[who]}
    assert titles(search) == expected
    assert search.count == sum(tab.count for tab in search.tabs[1:]) == len(FOUND[who])


@pytest.mark.parametrize("who", FOUND)
def test_nobody_learns_of_a_word_that_is_not_for_them(who, library, cast, sign_in):
    """By the word itself, by its beginning, and by a slip: hit, count, excerpt, suggestion, on the page and over the API."""
    browser = sign_in(cast[who])
    for name, word in WORDS.items():
        seen = name in FOUND[who]
        for asked in (word, word[:6], SLIPS[name]):
            answer = browser.get("/api/v1/search/", {"q": asked}).json()
            assert answer["count"] == len(answer["results"]) == int(seen), asked
            assert answer["corrected"] == (slip_of(asked, name) if seen else "")
            assert seen or asked == word or word not in str(answer)
        for asked in (word, SLIPS[name]):
            page = browser.get(PAGE, {"q": asked}).content.decode()
            library_page = browser.get(reverse("protocols:library"), {"q": asked}).content.decode()
            assert (f"<mark>{word}</mark>" in page) == seen, asked
            assert seen or asked == word or word not in page + library_page


def slip_of(asked: str, name: str) -> str:
    return WORDS[name] if asked == SLIPS[name] else ""


def test_signed_out_people_are_asked_to_sign_in(library, sign_in, api):
    assert sign_in(None).get(PAGE, {"q": "quokka"}).status_code == 302
    assert api(None).get("/api/v1/search/", {"q": "quokka"}).status_code == 401


def test_a_role_that_has_ended_finds_nothing(library, therapist, at):
    factories.as_if_never(therapist.memberships.all())
    del therapist.standing
    assert Search(therapist, "quokka", at).understood.stage == Stage.NONE
    assert Search(therapist, "Fictus", at).count == 0


def test_people_who_left_are_not_found(floater, therapist, administrator, at):
    assert [Search(who, "Fictus", at).count for who in (therapist, administrator)] == [1, 1]
    floater.is_active = False
    floater.save()
    assert [Search(who, "Fictus", at).count for who in (therapist, administrator)] == [0, 0]
