"""Files of an announcement: known by their content, counted, private like it, found by their names, and kept on record."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from intranet.announcements import attaching, drafting
from intranet.announcements.attaching import NewFile, content_of
from intranet.announcements.correcting import Wording, correct, earlier_wordings
from intranet.announcements.models import Announcement, Attachment
from intranet.announcements.publishing import publish, withdraw
from intranet.announcements.writing import as_kept
from intranet.core import files
from intranet.core.access import Conflict, Refused
from intranet.core.papers import Kind, Paper
from intranet.search.models import Document
from tests import factories as people
from tests.intranet.announcements import factories

COMPOSE = reverse("announcements:compose")
FORM = {"title": "Flu clinic", "body": "Come.", "audience": ["therapist@mt-prospect"], "when": "now"}


def paper(words: str = "Repetitions") -> Paper:
    return Paper(Kind.PDF, f"%PDF-1.4 {words}".encode(), 1, words)


def named(*names: str) -> list[NewFile]:
    return [NewFile(name, paper(name)) for name in names]


def upload(name: str = "Flu form.pdf", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, people.pdf() if content is None else content)


@pytest.fixture
def news(mt_prospect, manager, therapist, at) -> Announcement:
    return factories.announcement(by=manager, at=at, to=[mt_prospect], title="Flu", added=named("Consent form"))


def address(news: Announcement) -> str:
    return news.attachments.get().get_absolute_url()


class TestRules:
    def test_what_is_kept(self, news, manager, at):
        [row] = news.attachments.all()
        assert (row.name, row.kind, row.pages, row.added_by, row.added_at) == ("Consent form", Kind.PDF, 1, manager, at)
        assert content_of(row) == b"%PDF-1.4 Consent form"
        assert "Consent" not in files.name_of(attaching.FOLDER, row.sha256)

    def test_two_of_one_name_are_told_apart(self, mt_prospect, manager, therapist, at):
        news = factories.announcement(by=manager, at=at, to=[mt_prospect], added=named("Form", "Form", "For/m"))
        assert list(news.attachments.values_list("name", flat=True)) == ["For m", "Form", "Form 2"]

    def test_there_is_an_end_to_it(self, mt_prospect, manager, therapist, at, monkeypatch):
        monkeypatch.setattr(attaching, "MOST_ATTACHMENTS", 1)
        with pytest.raises(Refused, match="at most 1 attachments"):
            factories.announcement(by=manager, at=at, to=[mt_prospect], added=named("a", "b"))
        monkeypatch.setattr(attaching, "QUOTA", 5)
        with pytest.raises(Refused, match="take up to"):
            factories.announcement(by=manager, at=at, to=[mt_prospect], added=named("a"))
        assert not Announcement.objects.exists()

    def test_a_draft_that_is_discarded_takes_its_bytes_along(
        self, mt_prospect, manager, at, django_capture_on_commit_callbacks
    ):
        draft = drafting.save(factories.draft(to=[mt_prospect], added=named("Only here")), by=manager, at=at)
        [row] = draft.attachments.all()
        where = Path(settings.MEDIA_ROOT) / files.name_of(attaching.FOLDER, row.sha256)
        assert where.exists()
        with django_capture_on_commit_callbacks(execute=True):
            drafting.discard(draft, token=1, by=manager)
        assert not where.exists()

    def test_bytes_that_another_one_names_stay(
        self, news, mt_prospect, manager, at, django_capture_on_commit_callbacks
    ):
        draft = drafting.save(factories.draft(to=[mt_prospect], added=named("Consent form")), by=manager, at=at)
        with django_capture_on_commit_callbacks(execute=True):
            drafting.discard(draft, token=1, by=manager)
        assert content_of(news.attachments.get()) == b"%PDF-1.4 Consent form"

    def test_a_correction_brings_and_takes(self, news, manager, at):
        old = news.attachments.get()
        wording = Wording(news.title, news.body, "Another form.", added=named("Consent form"), removed=[old.key])
        corrected = correct(news, wording, token=1, by=manager, at=at)
        [there] = corrected.attachments.there()
        assert (there.pk != old.pk, there.name, there.added_in) == (True, "Consent form", 2)
        old.refresh_from_db()
        assert old.removed_in == 2
        [before] = earlier_wordings(corrected)
        assert before.attachments == [old]

    def test_files_alone_are_a_change(self, news, manager, at):
        wording = Wording(news.title, news.body, "A form.", added=named("More"))
        assert correct(news, wording, token=1, by=manager, at=at).attachments.there().count() == 2

    def test_what_is_gone_already(self, news, manager, at):
        wording = Wording(news.title, news.body, "x", removed=[UUID(int=0)])
        with pytest.raises(Conflict, match="removed this attachment meanwhile"):
            correct(news, wording, token=1, by=manager, at=at)


class TestReading:
    @pytest.mark.parametrize(
        ("who", "status"),
        [("therapist", 200), ("manager", 200), ("clinical_lead", 200), ("assistant", 404), ("manager_oakbrook", 404)],
    )
    def test_as_the_announcement(self, request, sign_in, news, who: str, status: int):
        response = sign_in(request.getfixturevalue(who)).get(address(news))
        assert response.status_code == status
        if status == 200:
            assert response["Content-Disposition"] == 'attachment; filename="Consent form.pdf"'
            assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"

    def test_only_the_author_reads_those_of_a_draft(self, sign_in, mt_prospect, manager, clinical_lead, therapist, at):
        draft = drafting.save(factories.draft(to=[mt_prospect], added=named("Secret")), by=manager, at=at)
        statuses = [sign_in(one).get(address(draft)).status_code for one in (manager, clinical_lead, therapist)]
        assert statuses == [200, 404, 404]

    def test_of_what_is_withdrawn_or_taken_away_nobody_else_reads(self, sign_in, news, manager, therapist, at):
        where = address(news)
        withdraw(news, by=manager, at=at)
        assert sign_in(therapist).get(where).status_code == 404

    def test_a_removed_one_is_gone_for_readers(self, sign_in, news, manager, therapist, at):
        where = address(news)
        keys = [news.attachments.get().key]
        correct(news, Wording(news.title, news.body, "No form.", removed=keys), token=1, by=manager, at=at)
        assert sign_in(therapist).get(where).status_code == 404

    def test_an_attachment_of_another_announcement(self, sign_in, news, mt_prospect, manager, therapist, assistant, at):
        """The address names both, and both must fit."""
        other = factories.announcement(by=manager, at=at, to=[mt_prospect])
        key = news.attachments.get().key
        assert sign_in(therapist).get(reverse("announcements:attachment", args=[other.pk, key])).status_code == 404

    def test_cards_and_pages_name_them(self, sign_in, news, therapist):
        browser = sign_in(therapist)
        for page in (reverse("announcements:list"), news.get_absolute_url()):
            assert address(news) in browser.get(page).content.decode()

    def test_search_finds_names_and_words(self, sign_in, mt_prospect, manager, therapist, assistant, at):
        sheet = NewFile("Vaccination slip", paper("hemagglutinin"))
        factories.announcement(by=manager, at=at, to=[mt_prospect], title="Come all", added=[sheet])
        for words in ("vaccination", "hemagglutinin"):
            assert "Come all" in sign_in(therapist).get(f"/search/?q={words}").content.decode()
            assert "Come all" not in sign_in(assistant).get(f"/search/?q={words}").content.decode()
        found = sign_in(therapist).get(f"{reverse('announcements:list')}?q=vaccination").content.decode()
        assert "1 announcement found" in found

    def test_search_forgets_what_a_correction_takes_away(self, news, manager, at):
        known = Document.objects.get(kind="announcement", object_id=news.pk)
        assert known.fine_print == "Consent form Consent form"
        keys = [news.attachments.get().key]
        correct(news, Wording(news.title, news.body, "No form.", removed=keys), token=1, by=manager, at=at)
        known.refresh_from_db()
        assert known.fine_print == ""

    def test_more_files_take_no_more_queries(self, sign_in, news, mt_prospect, manager, therapist, at):
        browser = sign_in(therapist)

        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert browser.get(reverse("announcements:list")).status_code == 200
            return len(captured)

        queries()
        with_one = queries()
        more = [
            factories.announcement(by=manager, at=at, to=[mt_prospect], added=named("a", "b", "c")) for _ in range(2)
        ]
        correct(more[0], Wording("New", "<p>New</p>", "All."), token=1, by=manager, at=at)
        queries()  # what is new leaves its receipts
        assert queries() == with_one


class TestPages:
    def test_they_come_with_what_is_sent(self, sign_in, manager, therapist):
        sign_in(manager).post(COMPOSE, FORM | {"file": [upload(), upload("Photo.png", people.png())]})
        rows = Attachment.objects.order_by("name").values_list("name", "kind")
        assert list(rows) == [("Flu form", Kind.PDF), ("Photo", Kind.PNG)]
        assert Announcement.objects.get().published_at is not None

    @pytest.mark.parametrize(
        ("file", "words"),
        [
            (("a.exe", b"MZ"), "Choose a file that is a PDF"),
            (("a.pdf", b"<script>"), "whatever its name says"),
            (("a.pdf", b""), "This file is empty."),
        ],
    )
    def test_what_is_unfit_is_said_at_the_field(self, sign_in, manager, therapist, file: tuple[str, bytes], words: str):
        response = sign_in(manager).post(COMPOSE, FORM | {"file": upload(*file)})
        assert response.status_code == 422
        assert words in response.context["form"].errors["file"][0]
        assert not Announcement.objects.exists()

    def test_files_of_what_cannot_be_sent_yet_are_kept_with_a_draft(self, sign_in, manager, therapist):
        browser = sign_in(manager)
        response = browser.post(COMPOSE, FORM | {"audience": [], "file": upload()})
        draft = Announcement.objects.get()
        page = response.content.decode()
        assert (response.status_code, draft.published_at, draft.attachments.count()) == (422, None, 1)
        assert "The files are kept with a draft" in page
        where = reverse("announcements:draft", args=[draft.pk])
        assert f'action="{where}"' in page
        token = response.context["form"].data["token"]
        assert browser.post(where, FORM | {"token": token}).status_code == 302
        draft.refresh_from_db()
        assert (draft.published_at is not None, draft.attachments.count()) == (True, 1)

    def test_a_box_takes_one_away(self, sign_in, mt_prospect, manager, therapist, at):
        draft = drafting.save(factories.draft(to=[mt_prospect], added=named("a", "b")), by=manager, at=at)
        gone = draft.attachments.get(name="a")
        where = reverse("announcements:draft", args=[draft.pk])
        sign_in(manager).post(where, FORM | {"token": "1", "save": "on", "remove": [str(gone.key)]})
        assert list(draft.attachments.values_list("name", flat=True)) == ["b"]

    def test_a_preview_reads_no_files(self, sign_in, manager, monkeypatch):
        monkeypatch.setattr("intranet.core.papers.read_paper", lambda *_: pytest.fail("It was read."))
        typed: dict[str, Any] = FORM | {"preview": "on", "file": upload()}
        assert sign_in(manager).post(COMPOSE, typed).status_code == 200

    def test_a_correction_takes_and_brings(self, sign_in, news, manager):
        old = news.attachments.get()
        sent = {"title": news.title, "body": news.body, "note": "Another form.", "token": "1", "until": ""}
        where = reverse("announcements:correct", args=[news.pk])
        response = sign_in(manager).post(where, sent | {"remove": [str(old.key)], "file": upload("New.pdf")})
        assert response.status_code == 302
        assert list(news.attachments.there().values_list("name", flat=True)) == ["New"]

    def test_scheduled_ones_change_theirs(self, sign_in, mt_prospect, manager, therapist, at):
        later = factories.announcement(
            by=manager, at=at, to=[mt_prospect], appears=at + timedelta(days=1), added=named("a")
        )
        gone = later.attachments.get()
        when = {"when": "later", "on": "2026-11-28", "clock": "08:00"}
        where = reverse("announcements:change", args=[later.pk])
        sign_in(manager).post(where, FORM | when | {"token": "1", "remove": [str(gone.key)], "file": upload()})
        assert list(later.attachments.values_list("name", flat=True)) == ["Flu form"]


def test_a_draft_keeps_its_files_when_it_is_sent(mt_prospect, manager, therapist, at):
    draft = drafting.save(factories.draft(to=[mt_prospect], added=named("a")), by=manager, at=at)
    sent = publish(as_kept(draft), onto=draft, token=1, by=manager, at=at)
    assert list(sent.attachments.values_list("name", flat=True)) == ["a"]
