"""Drafts: kept without being sent, private to their author, and safe in two windows. And changing what is scheduled."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from intranet.announcements import drafting
from intranet.announcements.attaching import NewFile
from intranet.announcements.models import Announcement
from intranet.announcements.publishing import change, publish
from intranet.announcements.writing import as_kept
from intranet.audit.models import Entry
from intranet.core.access import Conflict, Forbidden, Refused
from intranet.core.papers import Kind, Paper
from intranet.search.models import Document
from tests import factories as people
from tests.intranet.announcements import factories

COMPOSE, DRAFTS, LIST = (reverse(f"announcements:{name}") for name in ("compose", "drafts", "list"))
DAY = timedelta(days=1)
FORM = {"title": "Zebra crossing", "body": "Come on Tuesday.", "audience": ["therapist@mt-prospect"], "when": "now"}


@pytest.fixture
def kept(mt_prospect, manager, therapist, at) -> Announcement:
    return drafting.save(factories.draft(to=[mt_prospect], title="Zebra crossing"), by=manager, at=at)


class TestRules:
    def test_it_need_not_be_complete(self, manager, at):
        draft = drafting.save(factories.draft(to=[], title="", body="<p>Only words.</p>", asks=True), by=manager, at=at)
        assert (draft.published_at, draft.words, draft.must_acknowledge) == (None, "Only words.", True)
        assert str(draft) == "Untitled draft"
        assert not Entry.objects.filter(target_type="announcements.announcement").exists()

    @pytest.mark.parametrize(
        ("fields", "code"), [({"title": "", "body": ""}, "empty"), ({"body": "<blockquote>" * 101 + "b"}, "too-deep")]
    )
    def test_what_cannot_be_kept(self, mt_prospect, manager, at, fields: dict, code: str):
        with pytest.raises(Refused) as refused:
            drafting.save(factories.draft(to=[mt_prospect], **fields), by=manager, at=at)
        assert [reason.code for reason in refused.value.verdict.reasons] == [code]

    def test_nobody_keeps_one_for_people_beyond_their_right(self, oakbrook, manager, therapist, at):
        with pytest.raises(Refused, match="You may not post to Oakbrook"):
            drafting.save(factories.draft(to=[oakbrook]), by=manager, at=at)
        with pytest.raises(Forbidden):
            drafting.save(factories.draft(to=[oakbrook]), by=therapist, at=at)

    def test_there_is_an_end_to_it(self, mt_prospect, manager, kept, at, monkeypatch):
        monkeypatch.setattr(drafting, "MOST_DRAFTS", 1)
        with pytest.raises(Refused, match="Send or discard"):
            drafting.save(factories.draft(to=[mt_prospect]), by=manager, at=at)

    def test_two_windows(self, mt_prospect, kept, manager, at):
        first = drafting.save(factories.draft(to=[mt_prospect], title="One"), onto=kept, token=1, by=manager, at=at)
        with pytest.raises(Conflict, match="What you typed here is kept"):
            drafting.save(factories.draft(to=[mt_prospect], title="Two"), onto=kept, token=1, by=manager, at=at)
        kept.refresh_from_db()
        assert (kept.title, kept.token, first.token) == ("One", 2, 2)
        with pytest.raises(Conflict):
            publish(factories.draft(to=[mt_prospect]), onto=kept, token=1, by=manager, at=at)
        with pytest.raises(Conflict):
            drafting.discard(kept, token=1, by=manager)

    def test_what_was_sent_or_discarded_is_no_draft_any_more(self, mt_prospect, kept, manager, at):
        seen = Announcement.objects.get(pk=kept.pk)
        sent = publish(as_kept(kept), onto=kept, token=1, by=manager, at=at)
        assert (sent.pk, sent.published_at, sent.audience.count()) == (kept.pk, at, 1)
        with pytest.raises(Conflict, match="sent or discarded meanwhile"):
            drafting.save(factories.draft(to=[mt_prospect]), onto=seen, token=1, by=manager, at=at)
        with pytest.raises(Conflict, match="sent or discarded meanwhile"):
            drafting.discard(seen, token=1, by=manager)

    def test_it_is_its_authors_alone(self, mt_prospect, kept, clinical_lead, at):
        words = factories.draft(to=[mt_prospect])
        for attempt in (
            lambda: drafting.save(words, onto=kept, token=1, by=clinical_lead, at=at),
            lambda: drafting.discard(kept, token=1, by=clinical_lead),
            lambda: publish(words, onto=kept, token=1, by=clinical_lead, at=at),
        ):
            with pytest.raises(Forbidden, match="its author's alone"):
                attempt()

    @pytest.mark.parametrize(
        ("constraint", "changes"),
        [
            ("announcement_that_is_sent_says_something", {"title": "", "published_at": "saved_at"}),
            ("announcement_draft_is_neither_corrected_nor_withdrawn", {"edition": 2, "told_in": 2}),
            ("announcement_counts_receipts_of_its_editions", {"receipts_from": 2}),
        ],
    )
    def test_the_database_refuses(self, kept, constraint: str, changes: dict[str, Any]):
        values = {name: getattr(kept, value) if value == "saved_at" else value for name, value in changes.items()}
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Announcement.objects.filter(pk=kept.pk).update(**values)


class TestPrivacy:
    EVERYBODY = ("therapist", "manager", "manager_oakbrook", "clinical_lead", "administrator")

    @pytest.mark.parametrize("who", EVERYBODY)
    def test_no_list_page_or_search_tells_of_it(self, request, sign_in, kept, who: str):
        """Not even the author's: a draft stands among the drafts and nowhere else."""
        browser = sign_in(request.getfixturevalue(who))
        for address in (
            LIST,
            f"{LIST}?show=scheduled",
            f"{LIST}?q=zebra",
            "/",
            "/search/?q=zebra",
            "/api/v1/announcements/",
        ):
            assert "Zebra crossing" not in browser.get(address).content.decode(), address
        assert browser.get(reverse("announcements:detail", args=[kept.pk])).status_code == 404
        own = who == "manager"
        assert browser.get(reverse("announcements:draft", args=[kept.pk])).status_code == {
            "manager": 200,
            "therapist": 403,
        }.get(who, 404)
        if who != "therapist":
            assert ("Zebra crossing" in browser.get(DRAFTS).content.decode()) is own

    def test_search_learns_of_it_when_it_is_sent(self, kept, manager, at):
        known = Document.objects.filter(kind="announcement")
        assert not known.exists()
        publish(as_kept(kept), onto=kept, token=1, by=manager, at=at)
        assert known.get().title == "Zebra crossing"

    def test_a_manager_who_may_post_no_more_is_shown_nothing(self, sign_in, kept, manager):
        people.as_if_always(manager.memberships.all(), role=Role.THERAPIST)
        assert sign_in(User.objects.get(pk=manager.pk)).get(DRAFTS).status_code == 403


class TestPages:
    def test_save_go_on_and_send(self, sign_in, manager, therapist, at):
        browser = sign_in(manager)
        response = browser.post(COMPOSE, {"title": "Half a thought", "must_acknowledge": "on", "save": "on"})
        draft = Announcement.objects.get()
        assert (response.status_code, response.url) == (302, reverse("announcements:draft", args=[draft.pk]))
        assert (draft.title, draft.must_acknowledge, draft.due_on) == ("Half a thought", True, None)
        page = browser.get(response.url)
        assert 'value="Half a thought"' in page.content.decode()
        more = FORM | {"token": "1", "must_acknowledge": "on", "due": "2026-12-01"}
        assert browser.post(response.url, more).url == reverse("announcements:detail", args=[draft.pk])
        draft.refresh_from_db()
        assert (draft.published_at, draft.title, draft.due_on) == (at, "Zebra crossing", date(2026, 12, 1))

    def test_everything_that_was_kept_stands_in_the_form(self, sign_in, mt_prospect, manager, therapist, at):
        wanted = factories.draft(
            to=[mt_prospect],
            body="<p>One</p><ul><li>two</li></ul>",
            appears=at + 3 * DAY,
            due_on=at.date() + 5 * DAY,
            last_day=at.date() + 20 * DAY,
            urgent=True,
            pinned=True,
        )
        draft = drafting.save(wanted, by=manager, at=at)
        response = sign_in(manager).get(reverse("announcements:draft", args=[draft.pk]))
        form = response.context["form"]
        assert form.draft() == wanted.__class__(
            **{**wanted.__dict__, "audience": form.chosen, "asks": True, "removed": []}
        )
        assert [cell.key for cell in form.chosen] == ["therapist@mt-prospect"]
        assert "One\n\n- two" in response.content.decode()

    def test_two_windows_keep_what_was_typed(self, sign_in, mt_prospect, kept, manager, at):
        browser, address = sign_in(manager), reverse("announcements:draft", args=[kept.pk])
        stale = FORM | {"title": "Mine", "token": "1", "save": "on"}
        drafting.save(factories.draft(to=[mt_prospect], title="Theirs"), onto=kept, token=1, by=manager, at=at)
        response = browser.post(address, stale)
        page = response.content.decode()
        assert (response.status_code, Announcement.objects.get().title) == (422, "Theirs")
        assert 'value="Mine"' in page
        assert "What you typed here is kept" in page
        assert 'name="token" value="2"' in page  # the second time it goes on top, knowingly
        assert browser.post(address, stale | {"token": "2"}).status_code == 302
        assert Announcement.objects.get().title == "Mine"

    def test_a_window_of_a_draft_that_is_gone_becomes_something_new(self, sign_in, kept, manager):
        browser = sign_in(manager)
        drafting.discard(kept, token=1, by=manager)
        response = browser.post(reverse("announcements:draft", args=[kept.pk]), FORM | {"token": "1"})
        page = response.content.decode()
        assert (response.status_code, Announcement.objects.count()) == (404, 0)
        assert "Come on Tuesday." in page
        assert "sent or discarded meanwhile" in page
        assert f'action="{COMPOSE}"' in page

    def test_discard(self, sign_in, kept, manager):
        browser, address = sign_in(manager), reverse("announcements:discard", args=[kept.pk])
        assert "Discard “Zebra crossing”?" in browser.get(address).content.decode()
        assert browser.post(address, {"token": "1"}).url == LIST
        assert not Announcement.objects.exists()

    def test_what_looks_like_a_patient_is_pointed_out_when_it_is_sent(self, sign_in, manager, therapist):
        browser = sign_in(manager)
        text = FORM | {"title": "About MRN 0044321", "body": "DOB 3/4/2001"}
        saved = browser.post(COMPOSE, text | {"save": "on"})
        response = browser.post(saved.url, text | {"token": "1"})
        assert response.status_code == 422
        assert sorted(response.context["form"].errors) == ["body", "title"]
        again = text | {"token": "1", "warned": response.context["form"].data["warned"]}
        assert browser.post(saved.url, again).status_code == 302
        assert Announcement.objects.get().published_at is not None

    def test_the_preview_warns_too(self, sign_in, manager):
        typed = {"body": "DOB 3/4/2001", "preview": "on"}
        piece = sign_in(manager).post(COMPOSE, typed, headers={"HX-Request": "true"}).content.decode()
        assert "looks like a date of birth" in piece

    def test_the_list_names_them(self, sign_in, kept, manager, clinical_lead):
        assert DRAFTS in sign_in(manager).get(LIST).content.decode()
        assert DRAFTS not in sign_in(clinical_lead).get(LIST).content.decode()

    def test_more_drafts_take_no_more_queries(self, sign_in, mt_prospect, kept, manager, at):
        browser = sign_in(manager)

        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert browser.get(DRAFTS).status_code == 200
            return len(captured)

        queries()
        with_one = queries()
        for _ in range(2):
            drafting.save(factories.draft(to=[mt_prospect]), by=manager, at=at)
        assert queries() == with_one


class TestScheduled:
    @pytest.fixture
    def later(self, mt_prospect, manager, therapist, at) -> Announcement:
        return factories.announcement(by=manager, at=at, to=[mt_prospect], appears=at + DAY)

    def test_it_is_changed_without_a_trace_for_readers(self, sign_in, later, manager, at):
        address = reverse("announcements:change", args=[later.pk])
        browser = sign_in(manager)
        assert browser.get(address).status_code == 200
        sent = FORM | {"token": "1", "when": "later", "on": "2026-11-28", "clock": "08:00"}
        assert browser.post(address, sent).url == later.get_absolute_url()
        later.refresh_from_db()
        assert (later.title, later.edition, later.published_on) == ("Zebra crossing", 1, date(2026, 11, 28))
        assert Entry.objects.get(verb="announcement.changed").actor == manager

    def test_what_has_appeared_is_not(self, mt_prospect, later, manager, at):
        with pytest.raises(Forbidden, match="Correct it instead"):
            change(later, factories.draft(to=[mt_prospect]), token=1, by=manager, at=at + DAY)

    def test_two_windows(self, mt_prospect, later, manager, at):
        change(later, factories.draft(to=[mt_prospect], appears=at + DAY), token=1, by=manager, at=at)
        with pytest.raises(Conflict):
            change(later, factories.draft(to=[mt_prospect], appears=at + DAY), token=1, by=manager, at=at)

    @pytest.mark.parametrize("who", ["therapist", "manager_oakbrook"])
    def test_others_do_not_even_find_it(self, request, sign_in, later, who: str):
        browser = sign_in(request.getfixturevalue(who))
        assert browser.get(reverse("announcements:change", args=[later.pk])).status_code == 404


class TestAutosave:
    """What the page keeps by itself."""

    KEEP = reverse("announcements:keep")

    def test_something_new_becomes_a_draft_and_stays_one(self, sign_in, manager, therapist):
        browser = sign_in(manager)
        first = browser.post(self.KEEP, FORM | {"title": "Half"}).json()
        draft = Announcement.objects.get()
        assert (draft.is_draft, first["token"], first["said"]) == (True, draft.token, "Draft saved 10:00 AM")
        assert first["address"] == draft.get_absolute_url()
        second = browser.post(first["keep_at"], FORM | {"token": first["token"]}).json()
        assert (Announcement.objects.get().title, second["token"]) == ("Zebra crossing", first["token"] + 1)

    def test_a_first_save_whose_answer_was_lost_finds_its_draft(self, sign_in, manager, therapist):
        browser = sign_in(manager)
        page = FORM | {"key": str(browser.get(COMPOSE).context["form"]["key"].value())}
        browser.post(self.KEEP, page | {"title": "Half"})
        again = browser.post(self.KEEP, page | {"repeated": "on"}).json()
        assert [(one.title, one.token) for one in Announcement.objects.all()] == [("Zebra crossing", again["token"])]
        assert browser.post(again["keep_at"], page | {"token": again["token"]}).status_code == 200

    @pytest.mark.parametrize("wish", [{}, {"save": "on"}])
    def test_so_does_whatever_is_sent_from_that_page(self, sign_in, manager, therapist, wish: dict):
        browser = sign_in(manager)
        page = FORM | {"key": str(uuid4())}
        browser.post(self.KEEP, page | {"title": "Half"})
        assert browser.post(COMPOSE, page | wish | {"repeated": "on"}).status_code == 302
        news = Announcement.objects.get()
        assert (news.title, news.is_draft) == ("Zebra crossing", bool(wish))

    @pytest.mark.parametrize("lost", [1, 2, 3])
    def test_however_many_answers_are_lost_there_is_one_draft(self, sign_in, manager, therapist, lost: int):
        browser, page = sign_in(manager), FORM | {"key": str(uuid4())}
        browser.post(self.KEEP, page | {"title": "Half"})
        for number in range(lost):
            again = browser.post(self.KEEP, page | {"title": f"Half {number}", "repeated": "on"}).json()
        assert [(one.title, one.token) for one in Announcement.objects.all()] == [(f"Half {lost - 1}", again["token"])]

    def test_so_it_is_with_answers_to_later_saves(self, sign_in, kept, manager):
        browser, where = sign_in(manager), reverse("announcements:draft-keep", args=[kept.pk])
        page = FORM | {"key": str(uuid4()), "token": kept.token}
        assert browser.post(where, page | {"title": "Half"}).status_code == 200
        assert browser.post(where, page | {"title": "Whole"}).status_code == 409
        assert browser.post(where, page | {"title": "Whole", "repeated": "on"}).status_code == 200
        assert Announcement.objects.get().title == "Whole"

    def test_words_of_another_save_are_not_overwritten_by_a_repeated_one(self, sign_in, manager, clinical_lead):
        browser, page = sign_in(manager), FORM | {"key": str(uuid4())}
        first = browser.post(self.KEEP, page).json()
        browser.post(first["keep_at"], FORM | {"key": str(uuid4()), "token": first["token"], "title": "Theirs"})
        refused = browser.post(self.KEEP, page | {"title": "Mine", "repeated": "on"})
        assert (refused.status_code, "token" in refused.json()) == (409, False)
        sign_in(clinical_lead).post(self.KEEP, page | {"title": "Another's", "audience": [], "repeated": "on"})
        titles = sorted(Announcement.objects.values_list("author__name", "title"))
        assert titles == [(manager.name, "Theirs"), (clinical_lead.name, "Another's")]

    def test_whoever_goes_back_to_the_page_overwrites_nothing_unseen(self, sign_in, manager, therapist):
        """And begins no second draft: the page shows what was typed, and goes on with the one that is there."""
        browser, page = sign_in(manager), FORM | {"key": str(uuid4()), "save": "on"}
        browser.post(COMPOSE, page | {"title": "One"})
        answer = browser.post(COMPOSE, page | {"title": "Two"})
        assert (answer.status_code, Announcement.objects.get().title) == (422, "One")
        form = answer.context["form"]
        assert (form["title"].value(), answer.context["action"]) == (
            "Two",
            Announcement.objects.get().get_absolute_url(),
        )
        browser.post(answer.context["action"], page | {"title": "Two", "token": form["token"].value()})
        assert Announcement.objects.get().title == "Two"

    def test_what_is_sent_twice_is_sent_once(self, sign_in, manager, therapist):
        browser, page = sign_in(manager), FORM | {"key": str(uuid4())}
        assert browser.post(COMPOSE, page).status_code == 302
        again = browser.post(COMPOSE, page)
        assert (again.status_code, Announcement.objects.count()) == (422, 1)
        assert "was sent or discarded meanwhile" in again.content.decode()
        assert again.context["form"]["key"].value() != page["key"]

    def test_every_answer_is_one_that_the_page_can_read(self, sign_in, kept, manager, therapist):
        where = reverse("announcements:draft-keep", args=[kept.pk])
        refused = sign_in(therapist).post(where, FORM)
        assert (refused.status_code, refused.json()["said"]) == (
            403,
            "Not saved by itself: Managers, the clinical lead and administrators write announcements.",
        )
        drafting.discard(kept, token=1, by=manager)
        gone = sign_in(manager).post(where, FORM | {"token": 1})
        assert gone.status_code == 404
        assert gone.json()["said"].startswith("Not saved by itself: This draft was sent or discarded meanwhile")

    def test_it_goes_on_after_a_refusal_and_stops_after_a_conflict(self, sign_in, kept, manager):
        browser, address = sign_in(manager), reverse("announcements:draft", args=[kept.pk])
        where = f'data-keep-at="{reverse("announcements:draft-keep", args=[kept.pk])}"'
        refused = browser.post(address, FORM | {"title": "", "token": "1"})
        assert (refused.status_code, where in refused.content.decode()) == (422, True)
        conflict = browser.post(address, FORM | {"token": "7", "save": "on"})
        assert (conflict.status_code, where in conflict.content.decode()) == (422, False)

    def test_another_window_is_not_overwritten(self, sign_in, kept, manager):
        browser, where = sign_in(manager), reverse("announcements:draft-keep", args=[kept.pk])
        browser.post(where, FORM | {"token": kept.token, "title": "Theirs"})
        answer = browser.post(where, FORM | {"token": kept.token, "title": "Mine"})
        assert (answer.status_code, "token" in answer.json()) == (409, False)
        assert answer.json()["said"].startswith("Not saved by itself: Somebody, perhaps you")
        assert Announcement.objects.get().title == "Theirs"

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"title": "", "body": ""}, "Not saved by itself: Write a title or a message first."),
            ({"title": "x" * 161}, "Not saved: something is too long or not valid."),
            ({"audience": ["therapist@oakbrook-terrace"]}, "Not saved: something is too long or not valid."),
        ],
    )
    def test_what_cannot_be_kept_says_so(self, sign_in, manager, oakbrook, changes: dict, said: str):
        answer = sign_in(manager).post(self.KEEP, FORM | changes)
        assert (answer.status_code, answer.json(), Announcement.objects.count()) == (422, {"said": said}, 0)

    def test_a_due_day_is_not_made_up(self, sign_in, manager):
        sign_in(manager).post(self.KEEP, FORM | {"must_acknowledge": "on"})
        draft = Announcement.objects.get()
        assert (draft.must_acknowledge, draft.due_on) == (True, None)

    def test_files_neither_come_nor_go(self, sign_in, mt_prospect, manager, therapist, at):
        file = NewFile("Form", Paper(Kind.PDF, b"%PDF-1.4 form", 1, ""))
        draft = drafting.save(factories.draft(to=[mt_prospect], added=[file]), by=manager, at=at)
        gone = {"remove": str(draft.attachments.get().key), "token": draft.token}
        sign_in(manager).post(reverse("announcements:draft-keep", args=[draft.pk]), FORM | gone)
        assert (draft.attachments.count(), Announcement.objects.get().title) == (1, "Zebra crossing")

    @pytest.mark.parametrize(("who", "new", "other"), [("clinical_lead", 200, 404), ("therapist", 403, 403)])
    def test_drafts_are_the_authors_alone(self, request, sign_in, kept, who: str, new: int, other: int):
        browser = sign_in(request.getfixturevalue(who))
        where = reverse("announcements:draft-keep", args=[kept.pk])
        assert browser.post(where, FORM | {"token": kept.token, "audience": []}).status_code == other
        assert browser.post(self.KEEP, FORM | {"audience": []}).status_code == new
