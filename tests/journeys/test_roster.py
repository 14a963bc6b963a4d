"""A manager builds a week: makes, gives, moves and publishes shifts; refusals name their reasons; staff see the result."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Clinic, User
from scheduling.models import PublishedShift, Shift
from tests import factories
from tests.journeys.conftest import next_monday, press
from tests.scheduling import factories as scheduling

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_make_give_publish_and_see(
    visit: Callable[..., Page],
    live_server: Any,
    manager: User,
    therapist: User,
    mt_prospect: Clinic,
    axe: Callable[[Page], list[str]],
):
    monday = next_monday()
    page = visit(manager)
    wednesday = monday + timedelta(days=2)  # on no day of the year is it late to publish it
    page.goto(f"{live_server.url}/roster/shifts/new/?clinic=mt-prospect&day={wednesday}")
    page.get_by_label("Starts").fill("07:00")
    page.get_by_label("Ends").fill("15:30")
    press(page, "Save as open")
    shift = Shift.objects.get()
    assert (shift.staff, shift.clinic) == (None, mt_prospect)

    page.goto(f"{live_server.url}{shift.get_absolute_url()}")
    assert axe(page) == []
    press(page, f"Assign {therapist.given_name}")
    shift.refresh_from_db()
    assert shift.staff == therapist

    staff = visit(therapist)
    staff.goto(f"{live_server.url}/schedule/?week={monday}")
    expect(staff.get_by_text("7:00 AM – 3:30 PM")).to_have_count(0)

    page = visit(manager)
    page.goto(f"{live_server.url}/roster/mt-prospect/{monday}/publish/")
    press(page, "Publish 1 change")
    assert PublishedShift.objects.get().staff == therapist
    assert axe(page) == []

    staff = visit(therapist)
    staff.goto(f"{live_server.url}/schedule/?week={monday}")
    expect(staff.get_by_text("7:00 AM – 3:30 PM").first).to_be_visible()
    assert axe(staff) == []


def test_a_double_booking_names_the_other_shift(
    visit: Callable[..., Page], live_server: Any, manager: User, floater: User, mt_prospect: Clinic, oakbrook: Clinic
):
    monday = next_monday()
    scheduling.shift(clinic=oakbrook, day=monday, times="7-12", staff=floater)
    shift = scheduling.shift(clinic=mt_prospect, day=monday, times="12-16")
    page = visit(manager)
    page.goto(f"{live_server.url}{shift.get_absolute_url()}")
    reasons = page.get_by_role("region", name="Cannot work it, and why")
    expect(reasons.get_by_text("Oakbrook Terrace")).to_be_visible()
    shift.refresh_from_db()
    assert shift.staff is None


def test_a_needling_shift_says_who_is_not_cleared_and_why(
    visit: Callable[..., Page],
    live_server: Any,
    manager: User,
    therapist: User,
    floater: User,
    clinical_lead: User,
    mt_prospect: Clinic,
):
    needling = factories.skill(code="dry-needling-cervical", name="Dry needling, neck")
    factories.competency(user=floater, skill=needling, granted_by=clinical_lead)
    shift = scheduling.shift(clinic=mt_prospect, day=next_monday(), skill=needling)
    page = visit(manager)
    page.goto(f"{live_server.url}{shift.get_absolute_url()}")
    expect(page.get_by_role("button", name=f"Assign {floater.given_name}")).to_be_visible()
    expect(page.get_by_text("Avery has no competency for Dry needling, neck.")).to_be_visible()


def test_the_roster_of_another_clinic_is_read_only(
    visit: Callable[..., Page], live_server: Any, manager_oakbrook: User, mt_prospect: Clinic
):
    shift = scheduling.shift(clinic=mt_prospect, day=next_monday())
    page = visit(manager_oakbrook)
    response = page.goto(f"{live_server.url}{shift.get_absolute_url()}")
    assert response is not None
    assert response.status == 404
