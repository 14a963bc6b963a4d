"""Home: duties first. What each person finds there, and that more data never means more queries."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Clinic, User
from intranet.announcements.models import Announcement
from intranet.announcements.reading import entries, with_parts
from intranet.home import day
from intranet.home.duties import duties
from intranet.home.endings import grouped
from intranet.home.floor import Floor
from protocols import drafting, publishing, reviewing
from tests import factories
from tests.intranet.announcements import factories as announcements
from tests.protocols import factories as protocols
from tests.scheduling import factories as scheduling
from tests.shelf import Shelf

HOME = "home:today"


@pytest.fixture(autouse=True)
def _frozen(at: datetime):
    """Pages read the clock; here it shows the time of the fixture `at`."""
    with time_machine.travel(at, tick=False):
        yield


def html_of(browser) -> str:
    response = browser.get(reverse(HOME))
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize(
    "who",
    ["therapist", "floater", "assistant", "front_desk", "manager", "clinical_lead", "approver", "administrator"],
)
def test_everybody_has_a_home(request, sign_in, who: str):
    person = request.getfixturevalue(who)
    assert f"Good morning, {person.given_name}" in html_of(sign_in(person))


def test_the_next_shift_is_the_published_one(sign_in, therapist: User, mt_prospect: Clinic, at: datetime):
    scheduling.shift(clinic=mt_prospect, staff=therapist, day=scheduling.TODAY, times="11-12")
    shift = scheduling.published(clinic=mt_prospect, staff=therapist, day=scheduling.TODAY, times="13-17")
    found = day.next_shift(therapist, at)
    assert found is not None
    assert found.shift == shift
    page = html_of(sign_in(therapist))
    assert "1:00 PM – 5:00 PM" in page
    assert "11:00 AM" not in page


def test_duties_come_in_the_order_of_their_due_dates(therapist, floater, clinical_lead, at):
    later = protocols.published(by=floater, lead=clinical_lead, at=at, title="Later", due_days=20)
    sooner = protocols.published(by=floater, lead=clinical_lead, at=at, title="Sooner", due_days=3)
    assert [duty.title for duty in duties(therapist, at).all] == ["Sooner", "Later"]
    protocols.acknowledgement(version=sooner, by=therapist, at=at)
    assert [(duty.title, duty.what[1]) for duty in duties(therapist, at).all] == [(later.title, "New for you")]


def test_what_waits_for_review_shows_to_those_who_may_approve_it(sign_in, therapist, approver, clinical_lead, at):
    version = protocols.in_review(by=therapist, at=at, title="Cupping")
    own = protocols.in_review(by=approver, at=at, title="Taping")
    assert duties(therapist, at).to_approve == []
    assert duties(approver, at).to_approve == [version]
    assert duties(clinical_lead, at).to_approve == [version, own]
    page = html_of(sign_in(approver))
    assert "1 version waits for your review" in page
    assert f'href="{version.get_absolute_url()}"' in page
    assert own.get_absolute_url() not in page
    assert "2 versions wait for your review" in html_of(sign_in(clinical_lead))
    assert "for your review" not in html_of(sign_in(therapist))


def test_what_is_approved_waits_for_the_lead(sign_in, therapist, approver, clinical_lead, at):
    version = protocols.approved(by=therapist, approver=approver, at=at)
    assert duties(approver, at).to_publish == []
    assert duties(clinical_lead, at).to_publish == [version]
    page = html_of(sign_in(clinical_lead))
    assert "1 approved version waits to be published" in page
    assert reverse("protocols:draft-publish", args=[version.protocol.slug]) in page


def test_a_draft_that_was_sent_back_waits_for_its_authors(sign_in, therapist, floater, approver, at):
    version = protocols.in_review(by=therapist, at=at, title="Cupping")
    assert duties(therapist, at).to_change == []
    publishing.send_back(version, by=approver, at=at, remark="Say how long.")
    assert [duties(who, at).to_change for who in (therapist, floater, approver)] == [[version], [], []]
    page = html_of(sign_in(therapist))
    assert "Changes are asked for on 1 draft of yours" in page
    assert "Say how long." in page
    assert reverse("protocols:draft-edit", args=[version.protocol.slug]) in page
    again = publishing.submit(version, by=therapist, at=at)
    assert duties(therapist, at).to_change == []
    text = drafting.text_of(again)
    drafting.edit_draft(again, replace(text, title="Cups"), by=therapist, at=at, token=again.token)
    assert duties(therapist, at).to_change == []


def test_a_review_waits_for_a_second_person(sign_in, therapist, approver, clinical_lead, at):
    version = protocols.published(by=therapist, lead=clinical_lead, at=at - timedelta(days=1), title="Cupping")
    found = reviewing.review(version, note="Read it all.", by=clinical_lead, at=at)
    assert [duties(who, at).to_confirm for who in (approver, clinical_lead, therapist)] == [[found], [], []]
    page = html_of(sign_in(approver))
    assert ("1 review waits for a second person" in page, "Read it all." in page) == (True, True)


def test_a_duty_past_its_day_is_late(therapist, floater, clinical_lead, at):
    published = at - timedelta(days=10)
    protocols.published(by=floater, lead=clinical_lead, at=published, title="Late", due_days=3)
    assert [duty.late for duty in duties(therapist, at).all] == [True]


def test_of_dozens_those_due_first_are_shown_and_the_library_has_the_others(
    therapist, floater, clinical_lead, manager, mt_prospect, sign_in, at
):
    Shelf(floater, clinical_lead, at).grow(14)
    protocols.published(by=floater, lead=clinical_lead, at=at, title="Newest")
    yesterday = at - timedelta(days=1)
    announcements.announcement(by=manager, at=yesterday, to=[mt_prospect], title="Sharps", due_on=at.date())
    found = duties(therapist, at)
    titles = [duty.title for duty in found.shown]
    assert (len(found.all), len(titles), found.more) == (16, 13, 3)
    assert ("Sharps" in titles, "Newest" in titles) == (True, False)
    page = html_of(sign_in(therapist))
    assert ("3 more protocols</a> to acknowledge, due later" in page, page.count(">Read<span")) == (True, 13)


def test_an_announcement_is_a_duty_too(therapist, manager, assistant, mt_prospect, at):
    yesterday = at - timedelta(days=1)
    announcements.announcement(by=manager, at=yesterday, to=[mt_prospect], title="Sharps", due_on=yesterday.date())
    announcements.announcement(by=manager, at=at, to=[mt_prospect], title="Asks nothing")
    found = duties(therapist, at)
    assert [(duty.title, duty.what, duty.tone) for duty in found.all] == [
        ("Sharps", ("Announcement", "From Dana Mockridge"), "danger")
    ]
    assert (found.late, found.waiting_words) == (1, "")
    assert duties(assistant, at).all == []


def test_a_duty_says_which_shift_depends_on_it(therapist, floater, clinical_lead, mt_prospect, at):
    version = protocols.published(by=floater, lead=clinical_lead, at=at, title="Needling")
    skill = factories.skill(name="Dry needling, neck")
    version.protocol.skills.add(skill)
    factories.competency(user=therapist, skill=skill, granted_by=clinical_lead)
    protocols.published(by=floater, lead=clinical_lead, at=at, title="Other")
    for days in (9, 2):
        day_of_shift = scheduling.TODAY + timedelta(days=days)
        scheduling.published(clinic=mt_prospect, staff=therapist, day=day_of_shift, times="8-16", skill=skill)
    assert {duty.title: duty.purpose for duty in duties(therapist, at).all} == {
        "Needling": "You need it for your shift on Fri, Nov 27: Dry needling, neck.",
        "Other": "",
    }


def test_drafts_of_others_are_nowhere(sign_in, therapist, floater, at):
    protocols.draft(by=floater, at=at, title="Unfinished canary")
    assert "Unfinished canary" not in html_of(sign_in(therapist))


def test_who_is_here_comes_from_the_published_roster(therapist, floater, mt_prospect, at):
    scheduling.published(clinic=mt_prospect, staff=floater, day=scheduling.TODAY, times="7-11")
    scheduling.published(clinic=mt_prospect, staff=therapist, day=scheduling.TODAY, times="11-15")
    [(clinic, people)] = day.here_today(therapist, at)[:1]
    assert clinic == mt_prospect
    assert [(one.shift.staff, one.words, one.is_you) for one in people] == [
        (floater, "Here now", False),
        (therapist, "Later", True),
    ]


def test_a_manager_sees_gaps_and_credentials_of_the_own_clinic_only(
    manager, therapist, therapist_oakbrook, mt_prospect, oakbrook, at
):
    today = at.date()
    for clinic in (mt_prospect, oakbrook):
        scheduling.opening(clinic=clinic)
        scheduling.need(clinic=clinic, weekday=scheduling.MONDAY.weekday(), position="therapist")
    type = factories.credential_type()
    for person in (therapist, therapist_oakbrook):
        factories.credential(user=person, type=type, end=today + timedelta(days=10), verified_by=manager)
    floor = Floor(manager, at)
    assert {gap.clinic for gap in floor.gaps} == {mt_prospect}
    assert [(line.person, line.days) for line in floor.endings] == [(therapist, 9)]


def test_a_renewed_credential_is_no_worry(manager, therapist, at):
    type = factories.credential_type()
    end = at.date() + timedelta(days=10)
    factories.credential(user=therapist, type=type, end=end, verified_by=manager)
    factories.credential(user=therapist, type=type, start=end, end=end + timedelta(days=365), verified_by=manager)
    assert Floor(manager, at).endings == []


def test_progress_counts_each_clinic_by_itself(
    manager, clinical_lead, therapist, floater, therapist_oakbrook, mt_prospect, oakbrook, at
):
    version = protocols.published(by=floater, lead=clinical_lead, at=at)
    protocols.acknowledgement(version=version, by=floater, at=at)
    assert [line.by_clinic for line in Floor(manager, at).lines] == [[(mt_prospect, 1, 2)]]
    assert [line.by_clinic for line in Floor(clinical_lead, at).lines] == [[(mt_prospect, 1, 2), (oakbrook, 1, 2)]]


def test_announcements_count_beside_protocols(
    manager, clinical_lead, therapist, therapist_oakbrook, mt_prospect, oakbrook, at
):
    due = at.date() + timedelta(days=2)
    announcements.announcement(by=clinical_lead, at=at, to=[mt_prospect, oakbrook], title="Sharps", due_on=due)
    lines = {person: Floor(person, at).lines for person in (manager, clinical_lead)}
    assert [(line.title, line.by_clinic) for line in lines[manager]] == [("Sharps", [(mt_prospect, 0, 1)])]
    assert [line.by_clinic for line in lines[clinical_lead]] == [[(mt_prospect, 0, 1), (oakbrook, 0, 1)]]


def test_a_competency_that_ends_is_among_the_endings(manager, clinical_lead, therapist, therapist_oakbrook, at):
    skill = factories.skill(name="Dry needling, neck")
    for person in (therapist, therapist_oakbrook):
        factories.competency(user=person, skill=skill, granted_by=clinical_lead, end=at + timedelta(days=10))
    assert [(line.person, line.what, line.words) for line in Floor(manager, at).endings] == [
        (therapist, "Dry needling, neck", "10 days")
    ]


def test_many_who_lose_the_same_on_the_same_day_share_a_line(manager, mt_prospect, therapist, at):
    type = factories.credential_type(code="harassment", name="Harassment prevention")
    people = [factories.staff(name=f"Colleague {n}", role="therapist", clinics=[mt_prospect]) for n in range(3)]
    for person in people:
        factories.credential(user=person, type=type, end=at.date() + timedelta(days=40), verified_by=manager)
    factories.credential(user=therapist, type=type, end=at.date() + timedelta(days=5), verified_by=manager)
    groups = grouped(Floor(manager, at).endings)
    assert [(group.shared, group.people) for group in groups] == [(False, [therapist]), (True, people)]


@pytest.mark.parametrize("who", ["therapist", "manager", "clinical_lead"])
def test_more_rows_take_no_more_queries(request, sign_in, who, floater, therapist, clinical_lead, mt_prospect, at):
    browser = sign_in(request.getfixturevalue(who))
    type = factories.credential_type()
    lead = factories.staff(name="Other Lead", role="clinical_lead", clinics=[None])

    def add(number: int) -> None:
        protocols.published(by=floater, lead=clinical_lead, at=at)
        protocols.in_review(by=floater, at=at)
        sent_back = protocols.in_review(by=therapist, at=at)
        publishing.send_back(sent_back, by=clinical_lead, at=at, remark="Say more.")
        reviewing.review(protocols.published(by=floater, lead=lead, at=at), by=lead, at=at)
        protocols.approved(by=floater, approver=clinical_lead, at=at)
        announcements.announcement(by=clinical_lead, at=at, to=[mt_prospect], due_on=at.date())
        colleague = factories.staff(name=f"Colleague {number}", role="therapist", clinics=[mt_prospect])
        factories.credential(user=colleague, type=type, end=at.date() + timedelta(days=3), verified_by=floater)
        scheduling.published(clinic=mt_prospect, staff=colleague, day=scheduling.TODAY, times="7-15")
        scheduling.published(
            clinic=mt_prospect, staff=therapist, day=scheduling.TODAY + timedelta(days=number), times="8-16"
        )

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            html_of(browser)
        return len(captured)

    add(1)
    html_of(browser)
    with_one = queries()
    add(2)
    add(3)
    assert queries() == with_one


def test_a_home_in_the_evening_greets_by_the_clinics_clock(therapist: User):
    assert day.greeting(datetime(2026, 11, 26, 3, 0, tzinfo=UTC), therapist) == "Good evening"


def test_nothing_is_due_before_somebody_joined(clinical_lead, mt_prospect, at):
    """An announcement of last month, with ten days to acknowledge it: whoever starts today has ten days as well."""
    long_ago = at - timedelta(days=30)
    here = factories.staff(name="Here Already", role="therapist", clinics=[mt_prospect])
    announcements.announcement(
        by=clinical_lead, at=long_ago, to=[mt_prospect], due_on=long_ago.date() + timedelta(days=10)
    )
    nina = factories.person(name="Nina Newcomer", email="nina@clinic.example")
    factories.membership(user=nina, role="therapist", clinic=mt_prospect, start=at.date())
    [late], [own] = duties(here, at).all, duties(nina, at).all
    assert (late.late, late.due_on) == (True, long_ago.date() + timedelta(days=10))
    assert (own.late, own.due_on) == (False, at.date() + timedelta(days=10))
    [entry] = entries(with_parts(Announcement.objects.all()), nina, at)
    assert (entry.late, entry.due_on) == (False, own.due_on)


def test_a_version_that_is_about_to_be_replaced_says_so(therapist, floater, clinical_lead, at):
    first = protocols.published(by=floater, lead=clinical_lead, at=at - timedelta(days=3))
    protocols.next_version(after=first, by=floater, lead=clinical_lead, at=at, effective=at.date() + timedelta(days=1))
    assert [duty.what[0] for duty in duties(therapist, at).all] == [
        "Protocol, version 1, until the next one comes into force on Thu, Nov 26",
        "Protocol, version 2",
    ]
