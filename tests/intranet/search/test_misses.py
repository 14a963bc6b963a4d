"""What people looked for in vain: counted without names, made into aliases, forgotten in time."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse

from accounts.search import forget_old_misses
from intranet.reminders.ticking import never
from intranet.search import misses
from intranet.search.models import Miss
from tests import races
from tests.intranet.search import factories

PAGE, LIBRARY = reverse("search:search"), reverse("protocols:library")


def kept() -> list[tuple[str, int]]:
    return list(Miss.objects.values_list("text", "times"))


@pytest.mark.django_db
def test_what_finds_nothing_is_counted_without_a_name(therapist, front_desk, sign_in):
    for person in (therapist, front_desk):
        sign_in(person).get(PAGE, {"q": " Kinesio  TAPE "})
    sign_in(therapist).get(PAGE, {"q": "Testwell"})
    assert kept() == [("kinesio tape", 2)]
    assert {field.name for field in Miss._meta.get_fields()} == {"id", "text", "times", "last_on"}


@pytest.mark.django_db
@pytest.mark.parametrize("page", [PAGE, LIBRARY])
def test_what_is_still_being_typed_is_counted_once_the_typing_rests(page, therapist, sign_in):
    """The part with the results asks for it itself, some seconds later, unless other results have taken its place."""
    browser, typing = sign_in(therapist), {"HX-Request": "true"}
    answer = browser.get(page, {"q": "kinesio tape"}, headers=typing).content.decode()
    assert kept() == []
    [quiet] = re.findall(r'hx-get="([^"]*rests=on[^"]*)"', answer)
    rested = browser.get(unescape(quiet), headers=typing)
    assert (rested.status_code, rested.content) == (204, b"")
    assert kept() == [("kinesio tape", 1)]


@pytest.mark.django_db
@pytest.mark.parametrize("page", [PAGE, LIBRARY])
def test_what_finds_something_is_never_counted(page, therapist, library, sign_in):
    browser, typing = sign_in(therapist), {"HX-Request": "true"}
    assert "rests=on" not in browser.get(page, {"q": "quokka"}, headers=typing).content.decode()
    for headers in ({}, typing):
        browser.get(page, {"q": "quokka", "rests": "on"}, headers=headers)
    assert kept() == []


@pytest.mark.django_db
def test_the_library_counts_what_it_has_not(therapist, sign_in):
    page = sign_in(therapist).get(LIBRARY, {"q": "Kinesio TAPE"}).content.decode()
    assert "rests=on" not in page  # it is counted already
    assert kept() == [("kinesio tape", 1)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "personal", ["847-555-0142", "jo@clinic.example", "1/2/1960", "born 1960", "mrn 4711", "12 03 60", "ab", "x" * 101]
)
def test_what_looks_personal_is_not_kept(personal, at):
    misses.note(personal, at.date())
    assert kept() == []


@pytest.mark.django_db
def test_an_alias_settles_what_was_looked_for(clinical_lead, therapist, sign_in, at):
    misses.note("kinesio tape", at.date())
    browser = sign_in(clinical_lead)
    page = browser.get(reverse("search:aliases")).content.decode()
    assert f"{reverse('search:alias-new')}?term=kinesio%20tape" in page
    assert 'value="kinesio tape"' in browser.get(reverse("search:alias-new"), {"term": "kinesio tape"}).content.decode()
    factories.alias(by=clinical_lead, at=at, term="Kinesio tape", means="taping")
    assert kept() == []


@pytest.mark.django_db
def test_the_lead_strikes_what_does_not_matter(clinical_lead, therapist, sign_in, at):
    misses.note("lunch", at.date())
    address = reverse("search:miss-forget", args=[Miss.objects.get().pk])
    assert sign_in(therapist).post(address).status_code == 403
    assert kept() == [("lunch", 1)]
    sign_in(clinical_lead).post(address)
    assert kept() == []


@pytest.mark.django_db
def test_the_tick_forgets_what_nobody_looked_for_in_90_days(at):
    misses.note("old", at.date() - timedelta(days=91))
    misses.note("young", at.date() - timedelta(days=90))
    assert forget_old_misses(lambda: at, never) == {"search_misses_forgotten": 1}
    assert kept() == [("young", 1)]


@pytest.mark.django_db
def test_there_are_never_too_many(monkeypatch, at):
    monkeypatch.setattr(misses, "MOST", 2)
    for word in ("one word", "two words", "three words", "one word"):
        misses.note(word, at.date())
    assert kept() == [("one word", 2), ("two words", 1)]


@pytest.mark.django_db(transaction=True)
def test_24_who_look_at_once_are_all_counted(at):
    assert races.outcomes([lambda: misses.note("lunch", at.date())] * 24) == ["done"] * 24
    assert kept() == [("lunch", 24)]
