"""Correcting what has appeared: what is kept, who is asked again, and what readers see of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from accounts.leaving import let_go
from accounts.models import User
from intranet.announcements.acknowledging import Progress, acknowledge, answers_for, note_opened
from intranet.announcements.attaching import NewFile
from intranet.announcements.correcting import Wording, correct, may_correct
from intranet.announcements.models import Announcement, Correction, Receipt
from intranet.announcements.publishing import withdraw
from intranet.audit.models import Entry
from intranet.core.access import Conflict, Forbidden, Refused
from intranet.core.papers import Kind, Paper
from intranet.reminders.models import Reminder
from intranet.reminders.planning import plan
from tests.intranet.announcements import factories

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TODAY = date(2026, 11, 25)


@pytest.fixture
def asking(mt_prospect, oakbrook, clinical_lead, therapist, therapist_oakbrook, at) -> Announcement:
    """From the lead to the therapists of both clinics, due on Friday."""
    return factories.announcement(by=clinical_lead, at=at, to=[mt_prospect, oakbrook], due_on=TODAY + 2 * DAY)


@pytest.fixture
def plain(mt_prospect, manager, therapist, at) -> Announcement:
    return factories.announcement(by=manager, at=at, to=[mt_prospect])


def better(news: Announcement, **changes: Any) -> Wording:
    """The same but for the body, and for what is said otherwise."""
    same = Wording(news.title, "<p>Better words.</p>", "The hour.", news.last_day, news.due_on, resets_receipts=False)
    return replace(same, **changes)


def corrected(news: Announcement, *, by: User, at: datetime, **changes: Any) -> Announcement:
    return correct(news, better(news, **changes), token=news.token, by=by, at=at)


def refusal(news: Announcement, *, by: User, at: datetime, **changes: Any) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as refused:
        corrected(news, by=by, at=at, **changes)
    return [(reason.code, reason.field) for reason in refused.value.verdict.reasons]


def progress(news: Announcement, viewer: User, at: datetime) -> Progress:
    return Progress.of(answers_for([news], viewer, at.date())[news.pk])


def planned(at: datetime) -> list[tuple[str, str, datetime]]:
    plan(at)
    found = Reminder.objects.filter(kind="announcement-to-acknowledge", state="scheduled")
    return [(one.recipient.name, one.occasion, one.due_at) for one in found.order_by("due_at", "recipient__name")]


def test_what_was_said_before_stays_on_record(asking, clinical_lead, at):
    before = (asking.title, asking.body)
    news = corrected(asking, by=clinical_lead, at=at + HOUR, title="Better", note=" The  hour. ")
    kept = Correction.objects.get()
    assert (kept.title, kept.body) == before
    assert (kept.edition, kept.note, kept.by, kept.at) == (2, "The hour.", clinical_lead, at + HOUR)
    assert (news.title, news.words, news.edition, news.receipts_from) == ("Better", "Better words.", 2, 1)
    entry = Entry.objects.get(verb="announcement.corrected")
    assert (entry.actor, entry.changes) == (clinical_lead, {"edition": 2, "receipts_reset": False})


@pytest.mark.parametrize(
    "statement", ["UPDATE announcements_correction SET note = 'x'", "DELETE FROM announcements_correction"]
)
def test_corrections_are_insert_only(asking, clinical_lead, at, statement: str):
    corrected(asking, by=clinical_lead, at=at)
    with pytest.raises(IntegrityError, match="insert-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Correction.objects.count() == 1


def test_receipts_that_still_count(asking, clinical_lead, therapist, at):
    acknowledge(asking, by=therapist, at=at)
    news = corrected(asking, by=clinical_lead, at=at + HOUR)
    assert progress(news, clinical_lead, at) == Progress(people=2, opened=1, acknowledged=1)
    note_opened([news], by=therapist, at=at + HOUR)
    assert Receipt.objects.count() == 2


def test_receipts_that_are_reset(asking, clinical_lead, therapist, at):
    acknowledge(asking, by=therapist, at=at)
    news = corrected(asking, by=clinical_lead, at=at + HOUR, resets_receipts=True)
    assert progress(news, clinical_lead, at) == Progress(people=2, opened=0, acknowledged=0)
    assert list(Announcement.objects.owed_by(therapist, at + HOUR)) == [news]
    again = acknowledge(news, by=therapist, at=at + 2 * HOUR)
    assert (again.edition, progress(news, clinical_lead, at).acknowledged) == (2, 1)
    assert Receipt.objects.count() == 4  # the earlier ones stay on record


def test_nobody_signs_what_was_corrected_under_their_eyes(asking, clinical_lead, therapist, at):
    corrected(asking, by=clinical_lead, at=at + HOUR, resets_receipts=True)
    with pytest.raises(Conflict, match="Read it once more"):
        acknowledge(asking, edition=1, by=therapist, at=at + HOUR)
    with pytest.raises(Conflict, match="Read it once more"):
        acknowledge(asking, edition=3, by=therapist, at=at + HOUR)
    assert not Receipt.objects.exists()
    assert acknowledge(asking, edition=2, by=therapist, at=at + HOUR).edition == 2


def test_reminders_ask_again_from_the_correction_on(asking, clinical_lead, therapist, therapist_oakbrook, at):
    acknowledge(asking, by=therapist, at=at)
    plan(at)
    corrected(asking, by=clinical_lead, at=at + HOUR, resets_receipts=True)
    assert planned(at + HOUR)[:2] == [
        ("Avery Testwell", "published-edition-2", at + HOUR),
        ("Priya Fakenham", "published-edition-2", at + HOUR),
    ]
    open_ones = Reminder.objects.filter(kind="announcement-to-acknowledge", state="scheduled")
    assert {one.occasion for one in open_ones} == {f"{step}-edition-2" for step in ("published", "24h", "72h")}


def test_it_is_not_sent_anew(plain, manager, administrator, at):
    """When it was sent says that it appeared at once: what its author has lost since does not hold it."""
    let_go(manager, by=administrator, at=at + HOUR)
    fixed = corrected(plain, by=administrator, at=at + DAY)
    fixed.refresh_from_db()
    assert (fixed.edition, fixed.saved_at, fixed.is_vouched_for()) == (2, at, True)
    assert list(Announcement.objects.appeared(at + DAY)) == [plain]


def test_reminders_go_on_when_nothing_about_them_changes(asking, clinical_lead, at):
    before = planned(at)
    corrected(asking, by=clinical_lead, at=at + HOUR)
    assert planned(at + HOUR) == before


def test_another_due_day_is_told_anew(asking, clinical_lead, therapist, at):
    acknowledge(asking, by=therapist, at=at)
    corrected(asking, by=clinical_lead, at=at + HOUR, due_on=TODAY + 5 * DAY)
    assert planned(at + HOUR)[0] == ("Priya Fakenham", "published-edition-2", at + HOUR)


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({"resets_receipts": None}, [("undecided", "resets_receipts")]),
        ({"note": "  "}, [("no-note", "note")]),
        ({"note": "x" * 201}, [("long-note", "note")]),
        ({"title": " "}, [("no-title", "title")]),
        ({"body": "<p> </p>"}, [("no-words", "body")]),
        ({"body": "<p>Words.</p>"}, [("nothing-changed", "")]),
        ({"due_on": None}, [("no-due-day", "due")]),
        ({"due_on": TODAY - DAY}, [("due-too-early", "due")]),
        ({"last_day": TODAY - DAY, "due_on": TODAY}, [("over-too-early", "until"), ("over-too-soon", "until")]),
        ({"last_day": TODAY + 8 * DAY}, [("over-too-soon", "until")]),
    ],
)
def test_every_reason_against_it_at_its_field(asking, clinical_lead, at, change: dict, reasons: list):
    assert refusal(asking, by=clinical_lead, at=at, **change) == reasons
    assert (Announcement.objects.get().edition, Correction.objects.count()) == (1, 0)


def test_whoever_is_asked_again_has_time(asking, clinical_lead, at):
    late = at + 4 * DAY
    assert refusal(asking, by=clinical_lead, at=late, resets_receipts=True) == [("due-too-early", "due")]
    assert corrected(asking, by=clinical_lead, at=late).edition == 2  # what stays as it is may lie in the past


def test_a_decision_is_needed_where_there_are_receipts(plain, manager, therapist, at):
    news = corrected(plain, by=manager, at=at, resets_receipts=None)  # nobody has opened it
    note_opened([news], by=therapist, at=at)
    assert refusal(news, by=manager, at=at, resets_receipts=None, body="<p>More.</p>") == [
        ("undecided", "resets_receipts")
    ]
    news = corrected(news, by=manager, at=at, resets_receipts=True, body="<p>More.</p>")
    assert progress(news, manager, at) == Progress(people=1, opened=0, acknowledged=0)


def test_two_windows(asking, clinical_lead, at):
    corrected(asking, by=clinical_lead, at=at)
    with pytest.raises(Conflict, match="What you typed here is kept"):
        corrected(asking, by=clinical_lead, at=at)
    assert Correction.objects.count() == 1


@pytest.mark.parametrize(("who", "may"), [("therapist", False), ("manager", False), ("administrator", True)])
def test_who_may(request, asking, at, who: str, may: bool):
    person = request.getfixturevalue(who)
    assert bool(may_correct(asking, by=person, at=at)) is may
    if not may:
        with pytest.raises(Forbidden, match="Its author"):
            corrected(asking, by=person, at=at)


def test_what_has_not_appeared_is_changed_and_what_is_withdrawn_stays(mt_prospect, manager, therapist, plain, at):
    later = factories.announcement(by=manager, at=at, to=[mt_prospect], appears=at + DAY)
    with pytest.raises(Forbidden, match="Change it instead"):
        corrected(later, by=manager, at=at)
    withdraw(plain, by=manager, at=at)
    plain.refresh_from_db()
    with pytest.raises(Forbidden, match="withdrawn"):
        corrected(plain, by=manager, at=at)


class TestPages:
    @staticmethod
    def form(news: Announcement, **changes: Any) -> dict[str, Any]:
        filled = {"title": news.title, "body": "<p>Better words.</p>", "note": "The hour.", "token": news.token}
        days = {"until": news.last_day or "", "due": news.due_on or ""}
        return filled | days | {"resets_receipts": "no"} | changes

    def test_readers_see_what_has_changed(self, sign_in, asking, clinical_lead, therapist):
        address = reverse("announcements:correct", args=[asking.pk])
        browser = sign_in(clinical_lead)
        assert browser.get(address).status_code == 200
        assert browser.post(address, self.form(asking)).status_code == 302
        page = sign_in(therapist).get(asking.get_absolute_url()).content.decode()
        assert "Corrected on Wed, Nov 25, 10:00 AM: The hour." in page
        assert "Better words." in page
        assert 'name="edition" value="2"' in page

    def test_without_a_decision_nothing_happens(self, sign_in, asking, clinical_lead):
        address = reverse("announcements:correct", args=[asking.pk])
        response = sign_in(clinical_lead).post(address, self.form(asking, resets_receipts="", note=""))
        assert response.status_code == 422
        assert dict(response.context["form"].errors) == {
            "resets_receipts": ["Decide whether the receipts so far still count."],
            "note": ["Say in a few words what has changed: readers see it."],
        }
        assert "checked" not in response.content.decode().partition("Receipts so far")[2].partition("</fieldset>")[0]

    def test_two_windows_keep_what_was_typed(self, sign_in, asking, clinical_lead, at):
        stale = self.form(asking, body="<p>Mine.</p>")
        corrected(asking, by=clinical_lead, at=at)
        browser, address = sign_in(clinical_lead), reverse("announcements:correct", args=[asking.pk])
        response = browser.post(address, stale)
        assert response.status_code == 422
        assert "Mine." in response.content.decode()
        assert browser.post(address, stale | {"token": response.context["form"].data["token"]}).status_code == 302
        assert Announcement.objects.get().words == "Mine."

    def test_the_button_of_a_page_from_before_leads_to_the_new_words(
        self, sign_in, asking, clinical_lead, therapist, at
    ):
        browser = sign_in(therapist)
        corrected(asking, by=clinical_lead, at=at, resets_receipts=True)
        address = reverse("announcements:acknowledge", args=[asking.pk])
        response = browser.post(address, {"edition": "1"}, follow=True)
        assert response.redirect_chain == [(asking.get_absolute_url(), 302)]
        assert "Read it once more" in response.content.decode()
        assert not Receipt.objects.acknowledged().exists()

    @pytest.mark.parametrize(
        ("who", "status"), [("clinical_lead", 200), ("manager", 200), ("therapist", 403), ("front_desk", 404)]
    )
    def test_earlier_wordings_are_for_those_who_see_receipts(
        self, request, sign_in, asking, clinical_lead, at, who, status
    ):
        corrected(asking, by=clinical_lead, at=at)
        response = sign_in(request.getfixturevalue(who)).get(reverse("announcements:editions", args=[asking.pk]))
        assert response.status_code == status
        assert ("<p>Words.</p>" in response.content.decode()) is (status == 200)

    def test_their_attachments_open_to_the_same_people(
        self, sign_in, mt_prospect, clinical_lead, manager, therapist, at
    ):
        form = NewFile("Form", Paper(Kind.PDF, b"%PDF-1.4 form", 1, ""))
        news = factories.announcement(by=clinical_lead, at=at, to=[mt_prospect], added=[form])
        file = news.attachments.get()
        corrected(news, by=clinical_lead, at=at, removed=[file.key])
        where = file.get_absolute_url()
        assert where in sign_in(manager).get(reverse("announcements:editions", args=[news.pk])).content.decode()
        found = {person.name: sign_in(person).get(where).status_code for person in (clinical_lead, manager, therapist)}
        assert found == {"Ines Exemplar": 200, "Dana Mockridge": 200, "Avery Testwell": 404}
