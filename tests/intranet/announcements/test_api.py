"""Announcements in the API: the rules of the pages, in JSON."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from accounts import tokens
from accounts.leaving import let_go
from accounts.models import TokenScope
from accounts.roles import Role
from intranet.announcements.models import Announcement, Receipt
from intranet.announcements.publishing import withdraw
from tests import factories as people
from tests.intranet.announcements import factories

LIST = reverse("api:announcement-list")
NEW = {"title": "Flu clinic", "body": "<p>Come.</p><script>x</script>", "audience": ["therapist@mt-prospect"]}


@pytest.fixture
def asking(mt_prospect, manager, therapist, at) -> Announcement:
    return factories.announcement(by=manager, at=at, to=[mt_prospect], due_on=at.date() + timedelta(days=2))


def test_the_list_has_what_the_person_may_read(api, asking, mt_prospect, manager, therapist, assistant, at):
    factories.announcement(by=manager, at=at, to=[mt_prospect], roles=[Role.ASSISTANT], title="For assistants")
    withdraw(factories.announcement(by=manager, at=at, to=[mt_prospect]), by=manager, at=at)
    [found] = api(therapist).get(LIST).json()["results"]
    assert found == {
        "id": asking.pk,
        "title": asking.title,
        "body": "<p>Words.</p>",
        "author": "Dana Mockridge",
        "published_at": "2026-11-25T10:00:00-06:00",
        "last_day": None,
        "audience": [{"role": "therapist", "clinic": "mt-prospect"}],
        "attachments": [],
        "pinned": False,
        "urgent": False,
        "must_acknowledge": True,
        "due_on": "2026-11-27",
        "acknowledged_at": None,
        "edition": 1,
        "corrections": [],
        "held": False,
        "withdrawn_at": None,
        "token": 1,
    }


def test_reading_one_leaves_a_receipt(api, asking, therapist):
    assert api(therapist).get(reverse("api:announcement-detail", args=[asking.pk])).status_code == 200
    assert list(Receipt.objects.values_list("user", "kind")) == [(therapist.pk, "opened")]


def test_what_a_program_reads_nobody_has_read(asking, therapist, at):
    _, text = tokens.make(name="Wall display", scopes=[TokenScope.ANNOUNCEMENTS_READ], days=90, by=therapist, at=at)
    program = APIClient(headers={"Authorization": f"Bearer {text}"})
    assert program.get(reverse("api:announcement-detail", args=[asking.pk])).status_code == 200
    assert Receipt.objects.count() == 0


def test_acknowledging_twice_changes_nothing(api, asking, therapist):
    address = reverse("api:announcement-acknowledge", args=[asking.pk])
    first, second = (api(therapist).post(address) for _ in range(2))
    assert (first.status_code, first.json()) == (200, second.json())
    assert first.json()["kind"] == "acknowledged"
    detail = api(therapist).get(reverse("api:announcement-detail", args=[asking.pk])).json()
    assert detail["acknowledged_at"] == first.json()["at"]


@pytest.mark.parametrize(("who", "status"), [("therapist", 200), ("manager", 403), ("assistant", 404)])
def test_who_may_acknowledge(request, api, asking, who: str, status: int):
    response = api(request.getfixturevalue(who)).post(reverse("api:announcement-acknowledge", args=[asking.pk]))
    assert response.status_code == status
    if status == 403:
        assert [reason["code"] for reason in response.json()["reasons"]] == ["not-addressed"]


@pytest.mark.parametrize(
    ("who", "status"),
    [("therapist", 403), ("front_desk", 403), ("manager", 201), ("clinical_lead", 201), ("administrator", 201)],
)
def test_who_may_publish(request, api, therapist, who: str, status: int):
    response = api(request.getfixturevalue(who)).post(LIST, NEW)
    assert (response.status_code, Announcement.objects.count()) == (status, int(status == 201))
    if status == 201:
        assert (response.json()["body"], response.json()["author"]) == (
            "<p>Come.</p>",
            request.getfixturevalue(who).name,
        )


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"audience": []}, 400, "audience"),
        ({"audience": ["therapist@oakbrook-terrace"]}, 400, "audience"),
        ({"audience": ["nobody"]}, 400, "audience"),
        ({"title": ""}, 400, "title"),
        ({"due_on": "9999-12-31"}, 400, "due_on"),
        ({"appears": "0001-01-01T00:00:00Z"}, 400, "appears"),
        ({"appears": "2026-11-26T07:00:00"}, 400, "appears"),
        ({"due_on": "2026-11-24"}, 422, "due"),
        ({"body": "<script>x</script>"}, 422, "body"),
        ({"audience": ["front_desk@mt-prospect"]}, 422, "audience"),
    ],
)
def test_what_is_wrong_is_named(api, manager, therapist, therapist_oakbrook, change: dict, status: int, field: str):
    response = api(manager).post(LIST, NEW | change)
    problem = response.json()
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    named = problem["errors"] if status == 400 else [reason["field"] for reason in problem["reasons"]]
    assert list(named) == [field]
    assert not Announcement.objects.exists()


def test_fields_that_are_not_offered_are_ignored(api, manager, therapist, clinical_lead):
    crafted = {"author": clinical_lead.pk, "published_at": "2020-01-01T00:00:00Z", "withdrawn_at": None}
    assert api(manager).post(LIST, NEW | crafted).status_code == 201
    news = Announcement.objects.get()
    assert (news.author, news.published_at.year) == (manager, 2026)


def test_more_rows_take_no_more_queries(api, mt_prospect, manager, therapist, at):
    client = api(therapist)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(LIST).status_code == 200
        return len(captured)

    factories.announcement(by=manager, at=at, to=[mt_prospect])
    with_one = queries()
    for _ in range(2):
        factories.announcement(by=manager, at=at, to=[mt_prospect], roles=[Role.THERAPIST, Role.MANAGER])
    assert queries() == with_one


class TestCare:
    """Correcting and withdrawing."""

    def test_correct(self, api, asking, manager, therapist):
        said = {"title": "Better", "body": "<p>Better.</p>", "note": "The hour.", "due_on": "2026-11-27", "token": 1}
        where = reverse("api:announcement-correct", args=[asking.pk])
        undecided = api(manager).post(where, said)
        assert (undecided.status_code, undecided.json()["reasons"][0]["field"]) == (422, "resets_receipts")
        answer = api(manager).post(where, said | {"resets_receipts": True}).json()
        assert (answer["edition"], answer["token"], answer["title"]) == (2, 2, "Better")
        seen = api(therapist).get(reverse("api:announcement-detail", args=[asking.pk])).json()
        assert [(one["edition"], one["note"], one["resets_receipts"]) for one in seen["corrections"]] == [
            (2, "The hour.", True)
        ]
        assert api(manager).post(where, said | {"resets_receipts": False}).status_code == 409

    def test_nobody_signs_what_was_corrected_under_their_eyes(self, api, asking, manager, therapist):
        said = {"title": "Better", "body": "<p>Better.</p>", "note": "The hour.", "due_on": "2026-11-27", "token": 1}
        where = reverse("api:announcement-acknowledge", args=[asking.pk])
        api(manager).post(reverse("api:announcement-correct", args=[asking.pk]), said | {"resets_receipts": True})
        assert api(therapist).post(f"{where}?edition=1").status_code == 409
        assert api(therapist).post(f"{where}?edition=2").json()["edition"] == 2

    @pytest.mark.parametrize(("who", "status"), [("therapist", 403), ("manager", 204), ("manager_oakbrook", 404)])
    def test_withdraw(self, request, api, asking, who: str, status: int):
        client = api(request.getfixturevalue(who))
        assert client.post(reverse("api:announcement-withdraw", args=[asking.pk])).status_code == status
        assert (Announcement.objects.get().withdrawn_at is not None) is (status == 204)

    def test_files_come_and_go_with_a_correction(self, api, asking, manager, therapist):
        client, where = api(manager), reverse("api:announcement-correct", args=[asking.pk])
        said = {"title": "Better", "body": "<p>Better.</p>", "note": "A form.", "due_on": "2026-11-27"}
        said |= {"resets_receipts": "false"}
        file = SimpleUploadedFile("Flu form.pdf", people.pdf())
        answer = client.post(where, said | {"token": 1, "added": [file]}, format="multipart").json()
        [attached] = answer["attachments"]
        assert (attached["name"], answer["edition"]) == ("Flu form", 2)
        answer = client.post(where, said | {"token": 2, "removed": [attached["key"]]}).json()
        assert answer["attachments"] == []

        content = reverse("api:announcement-file", args=[asking.pk, attached["key"]])
        assert client.get(content).content == people.pdf()
        assert api(therapist).get(content).status_code == 404

    def test_earlier_wordings(self, api, asking, manager, therapist):
        said = {"title": "Better", "body": "<p>Better.</p>", "note": "The hour.", "due_on": "2026-11-28", "token": 1}
        api(manager).post(reverse("api:announcement-correct", args=[asking.pk]), said | {"resets_receipts": False})
        where = reverse("api:announcement-editions", args=[asking.pk])
        [before] = api(manager).get(where).json()
        assert (before["edition"], before["title"], before["body"]) == (1, asking.title, "<p>Words.</p>")
        assert (before["due_on"], before["note"]) == (str(asking.due_on), "The hour.")
        assert (before["corrected_by"], before["attachments"]) == (manager.name, [])
        assert api(therapist).get(where).status_code == 403

    def test_more_editions_take_no_more_queries(self, api, asking, manager):
        client, where = api(manager), reverse("api:announcement-editions", args=[asking.pk])
        said = {"body": "<p>Better.</p>", "note": "The hour.", "due_on": "2026-11-28", "resets_receipts": False}

        def correct(token: int) -> None:
            change = said | {"title": f"Better {token}", "token": token}
            assert client.post(reverse("api:announcement-correct", args=[asking.pk]), change).status_code == 200

        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert client.get(where).status_code == 200
            return len(captured)

        correct(1)
        with_one = queries()
        correct(2)
        correct(3)
        assert queries() == with_one

    def test_what_was_withdrawn_says_so_to_those_for_whom_it_was(
        self, api, asking, manager, therapist, therapist_oakbrook
    ):
        where = reverse("api:announcement-detail", args=[asking.pk])
        api(manager).post(reverse("api:announcement-withdraw", args=[asking.pk]))
        answer = api(therapist).get(where)
        assert (answer.status_code, answer.json()["title"]) == (410, "Not there any more")
        assert answer.json()["detail"] == f"{manager.name} withdrew it on Nov 25, 2026 at 10:00 AM."
        assert asking.title not in answer.content.decode()
        assert api(therapist_oakbrook).get(where).status_code == 404

    def test_what_was_withdrawn_its_author_still_reads(self, api, asking, manager, clinical_lead):
        """Also where it was for them: as on its page."""
        api(clinical_lead).post(reverse("api:announcement-withdraw", args=[asking.pk]))
        answer = api(manager).get(reverse("api:announcement-detail", args=[asking.pk]))
        assert (answer.status_code, answer.json()["title"]) == (200, asking.title)
        assert answer.json()["withdrawn_at"] == "2026-11-25T10:00:00-06:00"
        assert api(manager).get(LIST).json()["results"] == []
        assert api(clinical_lead).get(reverse("api:announcement-detail", args=[asking.pk])).status_code == 410


class TestScheduled:
    """What has not appeared yet: changed by those who could send it, and taken over when it is held."""

    @pytest.fixture
    def planned(self, mt_prospect, manager, therapist, at) -> Announcement:
        return factories.announcement(by=manager, at=at, to=[mt_prospect], appears=at + timedelta(days=1))

    def test_change(self, api, planned, manager, clinical_lead):
        where, said = reverse("api:announcement-detail", args=[planned.pk]), NEW | {"appears": "2026-12-01T07:00-06:00"}
        file = SimpleUploadedFile("Flu form.pdf", people.pdf())
        answer = api(clinical_lead).put(where, said | {"token": 1, "added": [file]}, format="multipart").json()
        assert (answer["title"], answer["author"], answer["token"]) == (NEW["title"], clinical_lead.name, 2)
        assert [one["name"] for one in answer["attachments"]] == ["Flu form"]
        assert api(manager).put(where, said | {"token": 1}).status_code == 409
        removed = said | {"token": 2, "removed": [answer["attachments"][0]["key"]]}
        assert api(manager).put(where, removed).json()["attachments"] == []

    @pytest.mark.parametrize(("who", "status"), [("therapist", 404), ("manager_oakbrook", 404), ("manager", 200)])
    def test_who_changes_it(self, request, api, planned, who: str, status: int):
        where = reverse("api:announcement-detail", args=[planned.pk])
        said = NEW | {"token": 1, "appears": "2026-12-01T07:00-06:00"}
        assert api(request.getfixturevalue(who)).put(where, said).status_code == status

    def test_what_has_appeared_is_corrected_instead(self, api, asking, manager):
        answer = api(manager).put(reverse("api:announcement-detail", args=[asking.pk]), NEW | {"token": 1})
        assert (answer.status_code, answer.json()["reasons"][0]["code"]) == (403, "appeared")

    def test_take_over(self, api, planned, manager, clinical_lead, administrator, at):
        where = reverse("api:announcement-take-over", args=[planned.pk])
        assert api(clinical_lead).post(where, {"token": 1}).json()["reasons"][0]["code"] == "not-held"
        let_go(manager, by=administrator, at=at)
        seen = api(clinical_lead).get(reverse("api:announcement-detail", args=[planned.pk])).json()
        assert (seen["held"], seen["author"]) == (True, manager.name)
        taken = api(clinical_lead).post(where, {"token": 1}).json()
        assert (taken["held"], taken["author"]) == (False, clinical_lead.name)


class TestAudience:
    def test_the_roles_to_which_one_posts(self, api, manager, therapist, floater):
        cells = api(manager).get(reverse("api:announcement-audiences")).json()
        assert {cell["key"]: cell["people"] for cell in cells} == {
            "therapist@mt-prospect": 2,
            "assistant@mt-prospect": 0,
            "front_desk@mt-prospect": 0,
            "manager@mt-prospect": 1,
        }

    def test_everybody_counts_once(self, api, clinical_lead, therapist, therapist_oakbrook, floater):
        where = reverse("api:announcement-reach")
        both = "?audience=therapist@mt-prospect&audience=therapist@oakbrook-terrace"
        assert api(clinical_lead).get(where + both).json() == {"people": 3}

    def test_only_for_those_who_post_and_there(self, api, manager, therapist, oakbrook):
        where = reverse("api:announcement-reach")
        assert api(therapist).get(where).status_code == 403
        assert api(manager).get(f"{where}?audience=therapist@oakbrook-terrace").status_code == 400


class TestDrafts:
    DRAFTS = reverse("api:announcement-draft-list")

    def test_keep_change_and_send(self, api, manager, therapist):
        client = api(manager)
        kept = client.post(self.DRAFTS, {"title": "Half a thought"}).json()
        assert (kept["title"], kept["body"], kept["audience"], kept["token"]) == ("Half a thought", "", [], 1)
        where = reverse("api:announcement-draft-detail", args=[kept["id"]])
        changed = client.put(where, NEW | {"token": 1}).json()
        assert (changed["body"], changed["token"]) == ("<p>Come.</p>", 2)
        assert client.put(where, NEW | {"token": 1}).status_code == 409
        sent = client.post(reverse("api:announcement-draft-send", args=[kept["id"]]), {"token": 2})
        assert (sent.status_code, sent.json()["id"], sent.json()["author"]) == (200, kept["id"], manager.name)
        assert client.get(self.DRAFTS).json()["results"] == []

    def test_what_is_not_complete_is_not_sent(self, api, manager):
        kept = api(manager).post(self.DRAFTS, {"title": "Half"}).json()
        answer = api(manager).post(reverse("api:announcement-draft-send", args=[kept["id"]]), {"token": 1})
        assert (answer.status_code, {one["field"] for one in answer.json()["reasons"]}) == (422, {"audience", "body"})

    def test_files_come_and_go(self, api, manager, therapist):
        client = api(manager)
        kept = client.post(self.DRAFTS, NEW).json()
        where = reverse("api:announcement-draft-files", args=[kept["id"]])
        file = SimpleUploadedFile("Flu form.pdf", people.pdf())
        answer = client.post(where, {"file": file, "token": 1}, format="multipart").json()
        [attached] = answer["attachments"]
        assert (attached["name"], attached["kind"], answer["token"]) == ("Flu form", "application/pdf", 2)
        sent = client.post(reverse("api:announcement-draft-send", args=[kept["id"]]), {"token": 2}).json()
        content = reverse("api:announcement-file", args=[sent["id"], attached["key"]])
        assert api(therapist).get(content).content == people.pdf()

        again = client.post(self.DRAFTS, NEW).json()
        file = SimpleUploadedFile("Flu form.pdf", people.pdf())
        where = reverse("api:announcement-draft-files", args=[again["id"]])
        [attached] = client.post(where, {"file": file, "token": 1}, format="multipart").json()["attachments"]
        gone = reverse("api:announcement-draft-file", args=[again["id"], attached["key"]])
        assert client.delete(f"{gone}?token=2").status_code == 204
        assert not Announcement.objects.get(pk=again["id"]).attachments.exists()

    def test_discard(self, api, manager):
        kept = api(manager).post(self.DRAFTS, {"title": "Half"}).json()
        where = reverse("api:announcement-draft-detail", args=[kept["id"]])
        assert [api(manager).delete(f"{where}?token={token}").status_code for token in (2, 1)] == [409, 204]
        assert not Announcement.objects.exists()

    @pytest.mark.parametrize(("who", "status"), [("clinical_lead", 404), ("therapist", 403)])
    def test_they_are_the_authors_alone(self, request, api, manager, who: str, status: int):
        kept = api(manager).post(self.DRAFTS, {"title": "Half"}).json()
        client = api(request.getfixturevalue(who))
        where = reverse("api:announcement-draft-detail", args=[kept["id"]])
        send = reverse("api:announcement-draft-send", args=[kept["id"]])
        answers = [client.get(where), client.put(where, NEW | {"token": 1}), client.delete(f"{where}?token=1")]
        assert {answer.status_code for answer in (*answers, client.post(send, {"token": 1}))} == {status}
        assert client.get(reverse("api:announcement-detail", args=[kept["id"]])).status_code == 404

    def test_more_drafts_take_no_more_queries(self, api, manager):
        client = api(manager)

        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert client.get(self.DRAFTS).status_code == 200
            return len(captured)

        client.post(self.DRAFTS, NEW)
        queries()
        with_one = queries()
        for _ in range(2):
            client.post(self.DRAFTS, NEW)
        assert queries() == with_one
