"""Every page of the product, opened by somebody who may: axe finds nothing, no error in the console, nothing overflows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import time_machine
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page

from accounts.models import Clinic, User
from tests.journeys.conftest import DESKTOP, PHONE
from tests.policies.routes import routes
from tests.policies.test_permissions import ABOUT_ONESELF, TABLE, rows_of
from tests.policies.world import ASKS, World, build

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Whoever has most to see opens the page.
VIEWERS = ("manager", "clinical_lead", "administrator", "floater", "therapist")
NOT_PAGES = {
    *(
        "protocols:report-csv",
        "protocols:receipts-csv",
        "announcements:receipts-csv",
        "home:evidence-csv",
        "home:evidence-pdf",
        "protocols:certificate-pdf",
        "accounts:audit-csv",
        "accounts:staff-list-example",
        "accounts:vcard",
        "scheduling:hours-report-csv",
        "scheduling:gaps-report-csv",
        "scheduling:history-report-csv",
    ),
    "reminders:inbox-news",  # for the script of a page
    "scheduling:board-news",  # a line for the page of the board
    *("accounts:credential-document", "accounts:credential-picture"),
    *("announcements:attachment", "announcements:attachment of a draft"),
    "announcements:attachment of an earlier wording",
    *("protocols:picture", "protocols:picture of a draft", "protocols:attachment", "protocols:attachment of a draft"),
}
# A file, and the pages of one passkey, which test_sign_in_pages.py opens with a real one.
ELSEWHERE = ("mfa_download_recovery_codes", "mfa_edit_webauthn", "mfa_remove_webauthn")
STRANGERS = ("account_login", "account_signup", "account_reset_password", "account_inactive")


def pages(world: World) -> dict[str, list[tuple[str, str]]]:
    """{who: [(name, address)]} of all pages, each once, and those about oneself for the manager."""
    found: dict[str, list[tuple[str, str]]] = {who: [] for who in VIEWERS}
    decided = rows_of(TABLE)
    for ask in ASKS:
        if ask.method == "GET" and not ask.name.startswith("api:") and ask.name not in NOT_PAGES:
            who = next(who for who in VIEWERS if decided[ask.id][who] == "yes")
            found[who].append((ask.name, ask.address(world)))
    fixed = (route for route in routes() if route.name.startswith(ABOUT_ONESELF) and "nothing" not in route.address)
    found["manager"] += [(route.name, route.address) for route in fixed if route.name not in STRANGERS + ELSEWHERE]
    found["manager"].append(("not found", "/there/is/no/such/page/"))
    return found


TOO_WIDE = "document.documentElement.scrollWidth - innerWidth"
# What people write has words of any length: addresses, German, nonsense.
LONG_WORDS = """document.querySelectorAll('main :is(h1, h2, h3, h4, p, dd, li, li a, td, td a)').forEach(element => {
    const own = [...element.childNodes].find(node => node.nodeType === 3 && node.data.trim());
    if (own) own.data += ' ' + 'Interprofessionalcommunication'.repeat(4);
})"""


def wrong_with(page: Page, axe: Callable[[Page], list[str]]) -> list[str]:
    wrong = axe(page)
    if (wide := page.evaluate(TOO_WIDE)) > 0:
        wrong.append(f"{wide} pixels too wide")
    page.evaluate(LONG_WORDS)
    if (wide := page.evaluate(TOO_WIDE)) > 0:
        wrong.append(f"{wide} pixels too wide with long words")
    return wrong


@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone"])
def test_nothing_is_wrong_with_any_page(
    size: dict[str, int],
    scheme: Any,
    watched: BrowserContext,
    live_server: Any,
    cast: dict[str, User],
    mt_prospect: Clinic,
    sign_in: Callable[..., Any],
    axe: Callable[[Page], list[str]],
    at: datetime,
):
    with time_machine.travel(at):  # the world is made for this day, whatever day it is
        world = build(cast, mt_prospect, at)
        TOTP.activate(cast["manager"], "A" * 32)
        RecoveryCodes.activate(cast["manager"])
        page = watched.new_page()
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        seen: dict[str, list[str]] = {}
        for name in STRANGERS:
            page.goto(live_server.url + reverse(name))
            seen[name] = wrong_with(page, axe)
        for who, addresses in pages(world).items():
            cookie = sign_in(cast[who]).cookies[settings.SESSION_COOKIE_NAME].value
            watched.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
            for name, address in addresses:
                answer = page.goto(live_server.url + address)
                page.locator("h1:visible").first.wait_for()  # the phone's roster fetches its day first
                wrong = wrong_with(page, axe)
                there = name == "not found" or (answer is not None and answer.ok)
                seen[f"{name} of {who}"] = wrong if there else ["no page"]
    assert {name: found for name, found in seen.items() if found} == {}
    assert len(seen) > 40
