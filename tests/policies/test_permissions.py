"""Every page and API operation, for everybody in the cast, against two tables: `permissions.csv` and `words.csv`.

The first says who may ask what, the second who ever reads what. The tables are the decision, reviewed against the
product's role table; a change of any permission is a visible change of them. A failing test prints the rows as the
product has them now.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from accounts.models import Clinic, User
from tests.conftest import CAST
from tests.policies.routes import routes
from tests.policies.test_closed_by_default import OPEN
from tests.policies.world import ASKS, CANARY, Ask, World, build

TABLE = Path(__file__).with_name("permissions.csv")
WORDS = Path(__file__).with_name("words.csv")
CANARIES = re.compile(rf"{CANARY}(?:<[^>]*>|[\W_])*([a-z]+)", re.IGNORECASE)
# Which kinds of credentials there are, everybody knows who files one; which procedures, everybody who looks for somebody.
NO_SECRET = ("api:credential-type", "api:skill-")
# Sign-in, passwords, second steps and sessions: always about oneself, and without a role.
ABOUT_ONESELF = ("account_", "mfa_", "usersessions_")


def rows_of(table: Path) -> dict[str, dict[str, str]]:
    """{what: {who: yes, no or a status}}"""
    with table.open(newline="") as lines:
        return {row.pop("what"): row for row in csv.DictReader(lines)}


@pytest.fixture
def world(cast: dict[str, User], mt_prospect: Clinic, at: datetime):
    with time_machine.travel(at, tick=False):
        yield build(cast, mt_prospect, at)


def answer(ask: Ask, browser: Client, world: World) -> tuple[str, set[str]]:
    """What came of a request, and the canaries in what it said. Undone afterwards."""
    with transaction.atomic():
        send = getattr(browser, ask.method.lower())
        address, data = ask.address(world), ask.data(world)
        as_json = "/api/" in address and data and not any(hasattr(value, "read") for value in data.values())
        response = send(address, data, content_type="application/json") if as_json else send(address, data)
        said = words_in(response, address) if ask.method == "GET" and not ask.name.startswith(NO_SECRET) else set()
        transaction.set_rollback(True)
    return outcome(response), said


def outcome(response: Any) -> str:
    """Yes (done, or refused for what was sent), 403, 404, sign-in, or the status of something that is no answer."""
    if response.status_code == 302 and response.url.startswith(reverse("account_login")):
        return "sign-in"
    if response.status_code in {200, 201, 204, 302, 409, 422}:
        return "yes"
    return str(response.status_code)


def words_in(response: Any, address: str) -> set[str]:
    said = response.getvalue().decode(errors="replace") + str(response.headers)
    return {word.lower() for word in CANARIES.findall(without(address, said))}


def test_everybody_may_do_and_reads_what_the_tables_say(
    world: World, cast: dict[str, User], sign_in: Callable[[User | None], Client]
):
    """One world for all requests, each undone: building it anew for each would take minutes.

    Whatever is said about one thing carries a word of its own: in lists, counts, files, headers and addresses, too.
    """
    browsers = {name: sign_in(person) for name, person in cast.items()}
    found = {ask.id: {name: answer(ask, browsers[name], world) for name in CAST} for ask in ASKS}
    may = {what: {name: came for name, (came, _) in row.items()} for what, row in found.items()}
    read = {name: set.union(*(row[name][1] for row in found.values())) for name in CAST}
    words = set.union(*read.values())
    reads = {word: {name: "yes" if word in read[name] else "no" for name in CAST} for word in sorted(words)}
    assert (differing(may, rows_of(TABLE)), differing(reads, rows_of(WORDS))) == ([], [])
    assert words == set(rows_of(WORDS))


def differing(found: dict[str, dict[str, str]], decided: dict[str, dict[str, str]]) -> list[str]:
    """The rows as the product has them, where the table says something else."""
    return [",".join([what, *row.values()]) for what, row in found.items() if row != decided.get(what)]


def test_every_route_has_a_row():
    rows = {ask.name.split()[0] for ask in ASKS}
    named = {route.name for route in routes() if not route.name.startswith(ABOUT_ONESELF)}
    assert named - rows - set(OPEN) == set()


def test_every_row_is_asked():
    assert set(rows_of(TABLE)) == {ask.id for ask in ASKS}


def without(address: str, said: str) -> str:
    """What was said besides the address that was asked for: whoever asked knew that much."""
    asked = [part for part in (address, address.partition("?")[0]) if CANARIES.search(part)]
    for part in asked:
        for written in (part, escape(part), quote(part, safe="")):
            said = said.replace(written, "")
    return said


@pytest.mark.parametrize(
    "ask", [ask for ask in ASKS if ask.id.startswith("GET api:protocol-detail")], ids=lambda ask: ask.id
)
def test_what_is_hidden_answers_like_what_does_not_exist(ask: Ask, world: World, front_desk: User, sign_in):
    browser = sign_in(front_desk)
    hidden = browser.get(ask.address(world))
    missing = browser.get("/api/v1/protocols/there-is-none/")
    assert (hidden.status_code, hidden.content) == (404, missing.content)
