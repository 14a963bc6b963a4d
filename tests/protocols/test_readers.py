"""Bookmarks, and problems that readers report: they reach the owner once, and an answer comes back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from intranet.core.access import Conflict, Forbidden, Refused
from intranet.reminders.registry import COLUMNS, find
from protocols import readers
from protocols.models import Bookmark, Problem
from tests.protocols import factories
from tests.races import outcomes

pytestmark = pytest.mark.django_db
LIBRARY = reverse("protocols:library")
PROBLEMS = reverse("protocols:problems")


@pytest.fixture
def version(floater, clinical_lead, at):
    """Owned by the floater, who wrote it."""
    return factories.published(by=floater, lead=clinical_lead, at=at - timedelta(days=30), title="Falls")


@pytest.fixture
def problem(version, therapist, at):
    return readers.report_problem(version, text="The dose is wrong.", section="Purpose and scope", by=therapist, at=at)


def address(version):
    return reverse("protocols:version-problem", args=[version.protocol.slug, version.number])


def owed(at):
    return [row for rows in find("problem-reported").owed(at) for row in rows.order_by().values_list(*COLUMNS)]


def test_a_bookmark_is_set_once_and_taken_away(version, therapist, sign_in):
    browser, place = sign_in(therapist), reverse("protocols:bookmark", args=[version.protocol.slug])
    for _ in range(2):
        assert browser.post(place, {"keep": "yes"}).url == version.protocol.get_absolute_url()
    assert Bookmark.objects.filter(user=therapist).count() == 1
    assert 'aria-pressed="true"' in browser.get(version.protocol.get_absolute_url()).content.decode()
    browser.post(place, {"keep": "no", "next": "https://elsewhere.example/"})
    assert not Bookmark.objects.exists()
    assert 'aria-pressed="false"' in browser.get(version.protocol.get_absolute_url()).content.decode()


def test_the_library_finds_what_is_bookmarked(
    version, floater, clinical_lead, therapist, therapist_oakbrook, sign_in, at
):
    factories.published(by=floater, lead=clinical_lead, at=at, title="Gait")
    readers.bookmark(version.protocol, by=therapist, at=at)
    page = sign_in(therapist).get(LIBRARY, {"kept": "on"})
    assert [entry.version.title for entry in page.context["entries"]] == ["Falls"]
    assert page.context["shelf"].kept() == 1
    assert sign_in(therapist_oakbrook).get(LIBRARY, {"kept": "on"}).context["entries"] == []


def test_a_problem_reaches_the_owner_once(version, therapist, floater, sign_in, at):
    browser = sign_in(therapist)
    said = {"section": "Purpose and scope", "text": "The dose is wrong."}
    for _ in range(2):
        assert browser.post(address(version), said).url == version.get_absolute_url()
    problem = Problem.objects.get()
    assert (problem.by, problem.section, problem.text) == (therapist, "Purpose and scope", "The dose is wrong.")
    assert [row[:3] for row in owed(at + timedelta(minutes=1))] == [(floater.pk, problem.pk, "reported")]
    message = find("problem-reported").write(problem, floater, "reported", at)
    assert message.title == "A reader found a problem on “Falls”"
    assert message.path == reverse("protocols:problem", args=[problem.pk])


def test_the_owner_answers_and_the_reader_reads_it(problem, therapist, floater, therapist_oakbrook, sign_in, at):
    owner, place = sign_in(floater), reverse("protocols:problem", args=[problem.pk])
    assert "Answer and close" in owner.get(place).content.decode()
    assert owner.post(place, {"answer": "  Mended in version 2.  "}).url == PROBLEMS
    assert owed(at + timedelta(minutes=1)) == []
    page = sign_in(therapist).get(place).content.decode()
    assert "Mended in version 2." in page
    assert "Answer and close" not in page
    assert sign_in(therapist_oakbrook).get(place).status_code == 404
    assert "Mended in version 2." not in sign_in(therapist_oakbrook).get(PROBLEMS).content.decode()


def test_the_one_who_reported_it_does_not_answer(problem, therapist, clinical_lead, sign_in, at):
    with pytest.raises(Forbidden):
        readers.close_problem(problem, answer="Done.", by=therapist, at=at)
    assert readers.close_problem(problem, answer="Done.", by=clinical_lead, at=at).closed_by == clinical_lead
    with pytest.raises(Conflict):
        readers.close_problem(problem, answer="Done.", by=clinical_lead, at=at)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"text": "  "}, "Say what is wrong."),
        ({"text": "x" * 1001}, "1000"),
        ({"text": "Wrong.", "section": "No such section"}, "Choose from those offered."),
    ],
)
def test_bad_input_is_said_and_the_text_stays(version, therapist, sign_in, said, words):
    answer = sign_in(therapist).post(address(version), said)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Problem.objects.exists()


def test_one_person_does_not_flood_an_owner(version, therapist, at):
    for number in range(readers.MOST_OPEN):
        readers.report_problem(version, text=f"Problem {number}.", by=therapist, at=at)
    with pytest.raises(Refused, match="has not answered what you reported before"):
        readers.report_problem(version, text="One more.", by=therapist, at=at)


def test_an_owner_who_reports_gets_no_mail_from_oneself(version, floater, at):
    readers.report_problem(version, text="Mine.", by=floater, at=at)
    assert owed(at + timedelta(minutes=1)) == []


def test_what_one_may_not_read_cannot_be_reported_or_kept(at, therapist, front_desk, sign_in):
    draft = factories.draft(by=therapist, at=at)
    browser = sign_in(front_desk)
    assert browser.post(address(draft), {"text": "x"}).status_code == 404
    assert browser.post(reverse("protocols:bookmark", args=[draft.protocol.slug]), {"keep": "yes"}).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_button_pressed_many_times_is_one_report(version, therapist, at):
    outcomes([lambda: readers.report_problem(version, text="Again.", by=therapist, at=at)] * 12)
    assert Problem.objects.count() == 1
