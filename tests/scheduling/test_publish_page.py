"""Looking at what would be published, and publishing it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scheduling import assigning
from scheduling.models import Publication, PublishedShift
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

URL = "/roster/mt-prospect/2026-11-30/publish/"


@pytest.fixture(autouse=True)
def _today(at: datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


def text(response) -> str:
    return response.content.decode()


def test_the_page_counts_and_shows_before_and_after(sign_in, mt_prospect, manager, therapist, floater, at):
    moved = factories.published(clinic=mt_prospect, staff=therapist).shift
    gone = factories.published(clinic=mt_prospect, staff=floater).shift
    factories.shift(clinic=mt_prospect, day=date(2026, 12, 1), staff=floater)
    factories.shift(clinic=mt_prospect, day=date(2026, 12, 1))
    start, end = factories.span(mt_prospect, factories.MONDAY, "8-16:30")
    assigning.move_shift(moved, start=start, end=end, version=1, by=manager, at=at)
    assigning.delete_shift(gone, version=1, by=manager, at=at)
    response = sign_in(manager).get(URL)
    preview = response.context["preview"]
    counts = [len(part) for part in (preview.changes, preview.added, preview.changed, preview.opened, preview.removed)]
    assert counts == [4, 1, 1, 1, 1]
    body = text(response)
    assert "Publish 4 changes for Nov 30 – Dec 5, 2026?" in body
    assert "2 people get their new shifts" in body
    assert "<del>7a–3:30p</del> <ins>8a–4:30p</ins>" in body
    assert PublishedShift.objects.standing().count() == 2


def shown(browser, reason: str = "") -> dict[str, object]:
    """What the form on the page sends back."""
    preview = browser.get(URL).context["preview"]
    return {"version": preview.week.version, "fingerprint": preview.fingerprint, "reason": reason}


def test_a_concern_needs_a_reason_that_stays_on_record(sign_in, mt_prospect, manager, therapist):
    factories.need(clinic=mt_prospect, weekday=4, times="7-12")
    factories.opening(clinic=mt_prospect, times="7-12")
    factories.shift(clinic=mt_prospect, staff=therapist)
    browser = sign_in(manager)
    response = browser.post(URL, shown(browser, "  "))
    assert (response.status_code, Publication.objects.count()) == (422, 0)
    assert "Say why you publish it all the same." in text(response)
    assert browser.post(URL, shown(browser, "Nobody can that day.")).status_code == 302
    assert Publication.objects.get().reason == "Nobody can that day."


def test_what_is_said_about_people_is_part_of_what_was_looked_at(sign_in, mt_prospect, manager, therapist):
    factories.shift(clinic=mt_prospect, staff=therapist)
    browser = sign_in(manager)
    before = shown(browser)
    factories.need(clinic=mt_prospect, weekday=4, times="7-12")
    factories.opening(clinic=mt_prospect, times="7-12")
    response = browser.post(URL, before)
    assert (response.status_code, Publication.objects.count()) == (409, 0)


def test_publishing_leads_back_to_the_board(sign_in, mt_prospect, manager, therapist):
    factories.shift(clinic=mt_prospect, staff=therapist)
    browser = sign_in(manager)
    response = browser.post(URL, shown(browser), follow=True)
    assert response.redirect_chain == [("/roster/?week=2026-11-30", 302)]
    assert "Published at Mt. Prospect. 1 person is told." in text(response)
    assert "Staff see everything" in text(response)
    assert Publication.objects.get().by == manager


def test_on_the_board_the_page_stays_as_it_was_looked_at(sign_in, mt_prospect, manager):
    factories.shift(clinic=mt_prospect)
    browser, board = sign_in(manager), "/roster/?week=2026-11-30&clinic=mt-prospect"
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{board}"}
    response = browser.post(URL, shown(browser), headers=headers)
    assert (response["HX-Retarget"], response["HX-Replace-Url"]) == ("#roster", board)
    assert "box-done" in response["HX-Trigger-After-Settle"]
    assert ("Staff see everything" in text(response), "Published at Mt. Prospect." in text(response)) == (True, True)


def test_with_htmx_the_browser_is_sent_there(sign_in, mt_prospect, manager):
    factories.shift(clinic=mt_prospect)
    browser = sign_in(manager)
    response = browser.post(URL, shown(browser), headers={"HX-Request": "true"})
    assert response["HX-Redirect"] == "/roster/?week=2026-11-30"


def test_what_changed_meanwhile_is_shown_before_it_can_be_published(sign_in, mt_prospect, manager, at):
    factories.shift(clinic=mt_prospect)
    browser = sign_in(manager)
    before = shown(browser)
    assigning.create_shift(factories.plan(clinic=mt_prospect, times="16-20"), by=manager, at=at)
    response = browser.post(URL, before)
    assert (response.status_code, Publication.objects.count()) == (409, 0)
    assert "Somebody changed this week meanwhile." in text(response)
    assert 'name="version" value="1"' in text(response)
    assert browser.post(URL, shown(browser)).status_code == 302


def test_blockers_stand_instead_of_the_button(sign_in, mt_prospect, manager, therapist, needling, sign_off, at):
    sign_off(therapist)
    shift = factories.shift(clinic=mt_prospect, staff=therapist, skill=needling)
    factories.opening(clinic=mt_prospect)
    factories.need(clinic=mt_prospect, weekday=4)
    therapist.competencies.update(ended_at=at)
    browser = sign_in(manager)
    body = text(browser.get(URL))
    assert "Put these right before you publish" in body
    assert "Avery’s competency for Dry needling, neck was ended on Nov 25, 2026." in body
    assert '<button type="submit" class="primary">' not in body
    assert "Also look at these" in body
    assert "You can publish" not in body
    link = f'<a href="/roster/shifts/{shift.pk}/">Open the shift'
    assert link in body
    response = browser.post(URL, shown(browser))
    assert response.status_code == 422
    assert link in text(response)
    assert PublishedShift.objects.count() == 0


def test_gaps_are_named(sign_in, mt_prospect, manager, therapist):
    factories.opening(clinic=mt_prospect, times="7-12")
    factories.need(clinic=mt_prospect, weekday=4, times="7-12")
    factories.shift(clinic=mt_prospect, staff=therapist)
    body = text(sign_in(manager).get(URL))
    assert "Fri, Dec 4: 1 therapist short 7a–12p." in body
    assert "You can publish, but look at these first" in body


@pytest.mark.parametrize(
    "who", ["therapist", "floater", "assistant", "front_desk", "clinical_lead", "administrator", "manager_oakbrook"]
)
def test_others_may_not(request, sign_in, mt_prospect, who):
    factories.shift(clinic=mt_prospect)
    browser = sign_in(request.getfixturevalue(who))
    assert browser.get(URL).status_code == 403
    response = browser.post(URL, {"version": 0})
    assert response.status_code == 403
    assert "The roster of Mt. Prospect is made by the managers of Mt. Prospect." in text(response)
    assert PublishedShift.objects.count() == 0


@pytest.mark.parametrize("week", ["2026-12-07", "2026-12-01", "soon", "2026-99-99"])
def test_a_week_that_nobody_planned_is_not_found(sign_in, mt_prospect, manager, week):
    factories.shift(clinic=mt_prospect)
    assert sign_in(manager).get(f"/roster/mt-prospect/{week}/publish/").status_code == 404
    assert sign_in(manager).get("/roster/nowhere/2026-11-30/publish/").status_code == 404


def test_the_page_costs_the_same_for_1_and_for_3_changes(sign_in, mt_prospect, manager, therapist):
    browser, costs = sign_in(manager), []
    for hours in (["7-8"], ["8-9", "9-10"]):
        for times in hours:
            factories.shift(clinic=mt_prospect, times=times, staff=therapist)
        with CaptureQueriesContext(connection) as captured:
            browser.get(URL)
        costs.append(len(captured))
    assert costs[0] == costs[1]
