"""Sending an announcement and taking it back."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from accounts.roles import Role
from intranet.announcements.acknowledging import may_see_receipts
from intranet.announcements.models import Announcement
from intranet.announcements.publishing import may_withdraw, withdraw
from intranet.audit.models import Entry
from intranet.core.access import Forbidden, Refused
from tests import factories as people
from tests.conftest import CHICAGO
from tests.intranet.announcements import factories

TODAY = date(2026, 11, 25)


def refusal(**fields) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as refused:
        factories.announcement(**fields)
    return [(reason.code, reason.field) for reason in refused.value.verdict.reasons]


def test_what_is_sent_is_cleaned_and_on_record(mt_prospect, oakbrook, clinical_lead, therapist, at):
    body = '<p onclick="x()">Read <strong>this</strong>.</p><script>x()</script>'
    news = factories.announcement(
        by=clinical_lead,
        at=at,
        to=[mt_prospect, oakbrook],
        roles=[Role.THERAPIST, Role.MANAGER],
        title=" Read ",
        body=body,
    )
    news.refresh_from_db()
    assert (news.title, news.body, news.words) == ("Read", "<p>Read <strong>this</strong>.</p>", "Read this.")
    assert (news.author, news.published_at, news.must_acknowledge) == (clinical_lead, at, False)
    assert {(row.clinic, row.role) for row in news.audience.all()} == {
        (clinic, role) for clinic in (mt_prospect, oakbrook) for role in ("therapist", "manager")
    }
    entry = Entry.objects.get(verb="announcement.published")
    assert (entry.actor, entry.target_id, entry.clinic_ids) == (
        clinical_lead,
        str(news.pk),
        [mt_prospect.pk, oakbrook.pk],
    )


def test_last_days_are_whole_days_of_the_organisation(mt_prospect, manager, therapist, at):
    news = factories.announcement(
        by=manager, at=at, to=[mt_prospect], due_on=date(2026, 12, 4), last_day=date(2026, 12, 11)
    )
    assert news.due_at == datetime(2026, 12, 5, tzinfo=CHICAGO)
    assert news.expires_at == datetime(2026, 12, 12, tzinfo=CHICAGO)
    assert (news.due_on, news.last_day, news.must_acknowledge) == (date(2026, 12, 4), date(2026, 12, 11), True)


def test_it_may_be_due_on_the_day_on_which_it_appears(mt_prospect, manager, therapist, at):
    assert factories.announcement(by=manager, at=at, to=[mt_prospect], due_on=TODAY).due_on == TODAY


@pytest.mark.parametrize(
    ("fields", "reasons"),
    [
        ({"title": "  "}, [("no-title", "title")]),
        ({"body": "<p> </p>"}, [("no-words", "body")]),
        ({"body": "<p>a</p>" + "<blockquote>" * 101 + "b"}, [("too-deep", "body")]),
        ({"appears": timedelta(minutes=-1)}, [("appears-in-the-past", "on")]),
        ({"due_on": -1}, [("due-too-early", "due")]),
        ({"last_day": -1}, [("over-too-early", "until")]),
        ({"due_on": 3, "last_day": 9}, [("over-too-soon", "until")]),
        ({"appears": timedelta(days=5), "due_on": 4, "last_day": 20}, [("due-too-early", "due")]),
        (
            {"title": "", "body": "", "last_day": -1},
            [("no-title", "title"), ("no-words", "body"), ("over-too-early", "until")],
        ),
    ],
)
def test_every_reason_against_it_at_its_field(mt_prospect, manager, therapist, at, fields, reasons):
    values = {
        name: at + value if name == "appears" else TODAY + timedelta(days=value) if isinstance(value, int) else value
        for name, value in fields.items()
    }
    assert refusal(by=manager, at=at, to=[mt_prospect], **values) == reasons
    assert not Announcement.objects.exists()


def test_an_empty_audience_is_an_error(mt_prospect, manager, at):
    assert refusal(by=manager, at=at, to=[]) == [("empty-audience", "audience")]
    assert refusal(by=manager, at=at, to=[mt_prospect]) == [("empty-audience", "audience")]


@pytest.mark.parametrize("who", ["manager", "clinical_lead", "administrator"])
def test_the_author_and_who_posts_everywhere_withdraw(request, who, mt_prospect, manager, therapist, at):
    news = factories.announcement(by=manager, at=at, to=[mt_prospect])
    person = request.getfixturevalue(who)
    withdrawn = withdraw(news, by=person, at=at)
    assert (withdrawn.withdrawn_by, withdrawn.withdrawn_at) == (person, at)
    assert list(Announcement.objects.current(at)) == []
    with pytest.raises(Forbidden, match="withdrawn already"):
        withdraw(news, by=person, at=at)


@pytest.mark.parametrize("who", ["therapist", "manager", "manager_oakbrook"])
def test_others_do_not(request, who, mt_prospect, clinical_lead, therapist, at):
    news = factories.announcement(by=clinical_lead, at=at, to=[mt_prospect])
    with pytest.raises(Forbidden, match="Its author"):
        withdraw(news, by=request.getfixturevalue(who), at=at)


def test_whoever_may_no_longer_post_has_no_hand_in_own_posts(mt_prospect, manager, therapist, at):
    """From the next request on: a former manager who still works there reads them like everybody else."""
    news = factories.announcement(by=manager, at=at, to=[mt_prospect])
    people.as_if_always(manager.memberships.all(), role=Role.THERAPIST)
    demoted = type(manager).objects.get(pk=manager.pk)
    assert Announcement.objects.sees(demoted, news)
    assert (bool(may_withdraw(news, by=demoted, at=at)), bool(may_see_receipts(news, by=demoted))) == (False, False)


def test_an_author_who_works_elsewhere_now_has_no_hand_in_them_either(mt_prospect, oakbrook, manager, therapist, at):
    news = factories.announcement(by=manager, at=at, to=[mt_prospect])
    people.as_if_always(manager.memberships.all(), clinic=oakbrook)
    moved = type(manager).objects.get(pk=manager.pk)
    assert (bool(may_withdraw(news, by=moved, at=at)), bool(may_see_receipts(news, by=moved))) == (False, False)


def test_managers_read_nothing_in_the_trail_before_it_appears(clinical_lead, therapist, mt_prospect, at):
    """Its title would tell what only its author sees yet."""
    news = factories.announcement(by=clinical_lead, at=at, to=[mt_prospect], appears=at + timedelta(days=2))
    withdraw(news, by=clinical_lead, at=at)
    assert dict(Entry.objects.filter(verb__startswith="announcement.").values_list("verb", "clinic_ids")) == {
        "announcement.published": [],
        "announcement.withdrawn": [],
    }
