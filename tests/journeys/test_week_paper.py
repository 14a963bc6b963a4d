"""The week for the wall comes out of a real Chromium on one sheet for each clinic."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pypdfium2 as pdfium
import pytest
from playwright.sync_api import Page

from accounts.models import Clinic, Profession, User
from tests import factories as people
from tests.journeys.conftest import next_monday
from tests.scheduling import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PROFESSIONS = [Profession.PT, Profession.PTA, Profession.DESK]


@pytest.mark.parametrize("paper", ["Letter", "A4"])
def test_eighteen_people_fit_on_one_sheet_of_their_clinic(
    visit: Callable[..., Page],
    live_server: Any,
    manager: User,
    mt_prospect: Clinic,
    oakbrook: Clinic,
    axe: Callable[[Page], list[str]],
    paper: str,
):
    monday = next_monday()
    for number in range(18):
        person = people.person(name=f"Person Number{number}", profession=PROFESSIONS[number % 3])
        for day in range(6):
            factories.published(clinic=mt_prospect, day=monday + timedelta(days=day), times="7-15:30", staff=person)
    factories.published(clinic=oakbrook, day=monday, staff=people.person(name="Ada Alone"))
    factories.published(clinic=mt_prospect, day=monday)
    page = visit(manager)
    page.goto(f"{live_server.url}/roster/wall/?week={monday}")
    assert axe(page) == []
    sheets = pdfium.PdfDocument(page.pdf(format=paper, landscape=True))
    words = [sheet.get_textpage().get_text_bounded() for sheet in sheets]
    assert len(words) == 2
    assert all(f"Person Number{number}" in words[0] for number in range(18))
    assert ("Ada Alone" in words[0], "Ada Alone" in words[1]) == (False, True)
    assert [sheet.get_width() > sheet.get_height() for sheet in sheets] == [True, True]
