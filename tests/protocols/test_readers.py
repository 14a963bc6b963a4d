"""Bookmarks, and problems that readers report: they reach the owner once, and an answer comes back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from intranet.core.access import Conflict, Forbidden, Refused
from intranet.reminders.registry import find
from protocols import publishing, readers
from protocols.models import Bookmark, Problem
from tests import factories as people
from tests.factories import staff
from tests.owing import said
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
    return said("problem-reported", at)


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


def give_to(version, *, owner, deputy, by, at):
    terms = {"category": version.protocol.category, "skills": [], "high_risk": False, "review_months": 12}
    publishing.change_settings(version.protocol, owner=owner, deputy=deputy, by=by, at=at, **terms)


@pytest.mark.parametrize(
    ("gone", "told"),
    [
        ([], ["floater"]),
        (["floater"], ["approver"]),
        (["floater", "approver"], ["clinical_lead"]),
        (["approver"], ["floater"]),
    ],
)
def test_a_problem_reaches_whoever_answers_and_the_page_says_who(
    request, version, therapist, floater, approver, clinical_lead, sign_in, gone, told, at
):
    """The owner, else the deputy, else the lead; and what the page says is what is done."""
    give_to(version, owner=floater, deputy=approver, by=clinical_lead, at=at)
    User.objects.filter(pk__in=[request.getfixturevalue(name).pk for name in gone]).update(is_active=False)
    names = [request.getfixturevalue(name).name for name in told]
    browser = sign_in(therapist)
    assert f"It goes to {names[0]}." in browser.get(address(version)).content.decode()
    page = browser.post(address(version), {"text": "The dose is wrong."}, follow=True).content.decode()
    assert f"{names[0]} has been told. Thank you." in page
    assert [row[0] for row in owed(at + timedelta(minutes=1))] == [request.getfixturevalue(name).pk for name in told]
    waiting = sign_in(therapist).get(reverse("protocols:problem", args=[Problem.objects.get().pk])).content.decode()
    assert f"Not answered yet. It waits for {names[0]}." in waiting


def test_every_lead_is_told_when_nobody_else_answers(version, therapist, floater, clinical_lead, sign_in, at):
    second = staff(name="Quinn Invented", role=Role.CLINICAL_LEAD, clinics=[None])
    User.objects.filter(pk=floater.pk).update(is_active=False)
    page = sign_in(therapist).post(address(version), {"text": "Wrong."}, follow=True).content.decode()
    assert "Ines Exemplar and Quinn Invented have been told. Thank you." in page
    assert {row[0] for row in owed(at + timedelta(minutes=1))} == {clinical_lead.pk, second.pk}
    Problem.objects.update(by=second)
    assert {row[0] for row in owed(at + timedelta(minutes=1))} == {clinical_lead.pk}


def test_the_deputy_sees_and_closes_what_is_reported(problem, version, floater, approver, clinical_lead, sign_in, at):
    place = reverse("protocols:problem", args=[problem.pk])
    assert sign_in(approver).get(place).status_code == 404
    give_to(version, owner=floater, deputy=approver, by=clinical_lead, at=at)
    deputy = sign_in(approver)
    assert "The dose is wrong." in deputy.get(PROBLEMS).content.decode()
    assert deputy.post(place, {"answer": "Mended."}).url == PROBLEMS
    assert Problem.objects.get().closed_by == approver


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
    with pytest.raises(Refused, match="What you reported before is not answered yet"):
        readers.report_problem(version, text="One more.", by=therapist, at=at)


def test_an_owner_who_reports_gets_no_mail_from_oneself(version, floater, sign_in, at):
    page = sign_in(floater).post(address(version), {"text": "Mine."}, follow=True).content.decode()
    assert "It is on the list of problems." in page
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


class TestOverTheApi:
    BOOKMARKS = "/api/v1/bookmarks/"
    PROBLEMS = "/api/v1/problems/"

    def test_bookmarks_are_ones_own(self, version, therapist, floater, front_desk, api):
        mine, place = api(therapist), f"{self.BOOKMARKS}{version.protocol.slug}/"
        for _ in range(2):
            kept = mine.put(place)
            assert (kept.status_code, kept.json()) == (200, {"slug": "falls", "at": "2026-11-25T10:00:00-06:00"})
        assert mine.get(self.BOOKMARKS).json()["results"] == [kept.json()]
        assert api(floater).get(self.BOOKMARKS).json()["results"] == []
        assert [api(front_desk).put(place).status_code, api(front_desk).delete(place).status_code] == [404, 404]
        assert api(floater).delete(place).status_code == 204
        assert Bookmark.objects.get().user == therapist
        assert mine.delete(place).status_code == 204
        assert not Bookmark.objects.exists()

    def test_what_one_may_not_read_any_more_is_not_listed(self, version, therapist, api, at):
        readers.bookmark(version.protocol, by=therapist, at=at)
        client = api(therapist)
        assert len(client.get(self.BOOKMARKS).json()["results"]) == 1
        people.as_if_always(therapist.memberships, role="front_desk")
        assert client.get(self.BOOKMARKS).json()["results"] == []

    def test_a_problem_is_reported_and_answered(self, version, therapist, floater, approver, front_desk, api):
        said = {"slug": "falls", "version": 1, "section": "Purpose and scope", "text": "The dose is wrong."}
        made = api(therapist).post(self.PROBLEMS, said)
        assert (made.status_code, made.json()["by"], made.json()["answer"]) == (201, "Avery Testwell", "")
        assert api(therapist).post(self.PROBLEMS, said).json() == made.json()
        assert api(front_desk).post(self.PROBLEMS, said).status_code == 404
        place = f"{self.PROBLEMS}{made.json()['id']}/"
        assert [api(one).get(place).status_code for one in (therapist, floater, approver)] == [200, 200, 404]
        assert [len(api(one).get(self.PROBLEMS).json()["results"]) for one in (therapist, floater, approver)] == [
            1,
            1,
            0,
        ]
        for person, status in ((approver, 404), (therapist, 403), (floater, 200), (floater, 409)):
            assert api(person).post(f"{place}answer/", {"answer": "Mended."}).status_code == status
        answered = api(therapist).get(place).json()
        assert (answered["answer"], answered["closed_by"]) == ("Mended.", "Theo Fictus")

    @pytest.mark.parametrize(
        ("wrong", "status"),
        [
            ({"text": ""}, 400),
            ({"text": "x" * 1001}, 400),
            ({"version": 9}, 404),
            ({"slug": "there-is-none"}, 404),
            ({"section": "There is none"}, 422),
        ],
    )
    def test_what_cannot_be_reported_is_said(self, version, therapist, api, wrong, status):
        said = {"slug": "falls", "version": 1, "text": "Wrong."} | wrong
        assert api(therapist).post(self.PROBLEMS, said).status_code == status
        assert not Problem.objects.exists()

    @pytest.mark.parametrize("number", [1, 3])
    def test_lists_ask_the_same_number_of_questions(
        self, number, floater, clinical_lead, therapist, api, at, django_assert_num_queries
    ):
        for _ in range(number):
            one = factories.published(by=floater, lead=clinical_lead, at=at)
            readers.bookmark(one.protocol, by=therapist, at=at)
            readers.report_problem(one, text="Wrong.", by=therapist, at=at)
        client = api(therapist)
        with django_assert_num_queries(5):
            assert len(client.get(self.PROBLEMS).json()["results"]) == number
        with django_assert_num_queries(5):
            assert len(client.get(self.BOOKMARKS).json()["results"]) == number


def test_what_looks_like_a_patient_is_sent_a_second_time_or_not_at_all(version, therapist, sign_in):
    browser, said = sign_in(therapist), {"text": "MRN 44321 had a rash."}
    answer = browser.post(address(version), said)
    assert (answer.status_code, Problem.objects.count()) == (422, 0)
    page = answer.content.decode()
    assert "“MRN 44321” looks like a record number." in page
    warned = answer.context["form"]["warned"].value()
    assert f'name="warned" value="{warned}"' in page
    assert browser.post(address(version), said | {"warned": warned}).status_code == 302
    assert Problem.objects.get().text == "MRN 44321 had a rash."
