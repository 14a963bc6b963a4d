"""The audit log: who sees which entries, on the page, in the file and over the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import audit_log, audit_words
from accounts.models import Clinic, User
from intranet.audit.models import Entry
from intranet.audit.recording import record
from tests import factories
from tests.conftest import CAST
from tests.intranet.announcements.factories import announcement
from tests.protocols import factories as protocols
from tests.scheduling import factories as shifts

pytestmark = pytest.mark.django_db
PAGE, FILE, API = "/people/audit/", "/people/audit/csv/", "/api/v1/audit/"


@pytest.fixture(autouse=True)
def _now(at: datetime):
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def entries(cast: dict[str, User], mt_prospect: Clinic, oakbrook: Clinic) -> dict[str, Entry]:
    """One of each kind, written by the manager of the other clinic unless it says otherwise."""
    by, therapist = cast["manager_oakbrook"], cast["therapist"]
    return {
        "here": record(by, "shift.changed", by, clinics=[mt_prospect.pk]),
        "there": record(by, "shift.changed", by, clinics=[oakbrook.pk]),
        "both": record(by, "announcement.published", by, clinics=[mt_prospect.pk, oakbrook.pk]),
        "draft": record(cast["floater"], "protocol.drafted", cast["floater"], clinics=[mt_prospect.pk, oakbrook.pk]),
        "organisation": record(cast["administrator"], "role.given", cast["approver"]),
        "protocol": record(cast["clinical_lead"], "protocol.published", by),
        "own": record(therapist, "session.started", therapist),
        "about": record(cast["administrator"], "role.given", therapist),
    }


SEES = {
    "therapist": {"own", "about"},
    "therapist_oakbrook": set(),
    "floater": {"draft"},
    "assistant": set(),
    "front_desk": set(),
    "manager": {"here", "both"},
    "manager_oakbrook": {"here", "there", "both", "protocol"},  # wrote the first three; the last is about them
    "clinical_lead": {"protocol", "draft"},
    "approver": {"organisation"},
    "administrator": {"here", "there", "both", "draft", "organisation", "protocol", "own", "about"},
}


@pytest.mark.parametrize("who", CAST)
def test_who_sees_which_entries(cast: dict[str, User], entries: dict[str, Entry], sign_in, api, who: str):
    seen = audit_log.entries_visible_to(cast[who])
    assert {name for name, entry in entries.items() if seen.contains(entry)} == SEES[who]
    browser = sign_in(cast[who])
    shown = {entry.pk for entry in browser.get(PAGE).context["page"]}
    assert {name for name, entry in entries.items() if entry.pk in shown} == SEES[who]
    listed = {row["id"] for row in api(cast[who]).get(API).json()["results"]}
    assert {name for name, entry in entries.items() if entry.pk in listed} == SEES[who]
    rows = browser.get(FILE).getvalue().decode("utf-8-sig").splitlines()[1:]
    numbers = {int(row.split(",")[-2]) for row in rows}
    assert {name for name, entry in entries.items() if entry.pk in numbers} == SEES[who]


def test_a_stranger_sees_nothing(client: Client, entries):
    assert client.get(PAGE).status_code == 302
    assert client.get(API).status_code == 401


def test_the_export_leaves_a_trace(administrator: User, entries, sign_in):
    sign_in(administrator).get(FILE, {"action": "role.given"})
    assert Entry.objects.first().verb == "audit.exported"
    assert Entry.objects.first().changes == {"entries": 2}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"q": "rosa SAMPLE"}, {"here", "there", "both", "protocol"}),
        ({"action": "shift.changed"}, {"here", "there"}),
        ({"action": "no.such"}, set(SEES["administrator"])),
        ({"first": "2026-11-26"}, set()),
        ({"last": "2026-11-24"}, set()),
        ({"first": "2026-11-25", "last": "2026-11-25", "action": "role.given"}, {"organisation", "about"}),
        ({"first": "soon"}, set(SEES["administrator"])),
        ({"q": "x" * 500}, set()),
    ],
)
def test_filters(administrator: User, entries: dict[str, Entry], sign_in, asked: dict[str, str], found: set[str]):
    shown = {entry.pk for entry in sign_in(administrator).get(PAGE, asked).context["page"]}
    assert {name for name, entry in entries.items() if entry.pk in shown} == found


def test_as_many_queries_for_five_thousand_as_for_ten(administrator: User, sign_in: Callable[..., Client]):
    browser = sign_in(administrator)
    for number in range(10):
        record(administrator, "shift.changed", administrator, number=number)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert browser.get(PAGE).status_code == 200
        return len(captured)

    few = queries()
    Entry.objects.bulk_create(
        Entry(at=entry.at, verb="shift.changed", actor_id=administrator.pk, actor_name="Ada")
        for entry in list(Entry.objects.all()[:10]) * 500
    )
    assert queries() == few


def test_the_place_is_for_those_who_see_others(therapist: User, manager: User, sign_in):
    link = f'href="{reverse("accounts:audit")}"'
    assert link not in sign_in(therapist).get("/people/").content.decode()
    assert link in sign_in(manager).get("/people/").content.decode()


def test_what_changed_reads_like_everything_else(therapist: User):
    entry = record(
        therapist, "shift.created", therapist, staff="2026-99-31", end="2026-12-05T18:00:00+00:00", start="2026-12-05"
    )
    assert audit_words.detail(entry) == [
        ("Start", "Dec 5, 2026"),
        ("End", "Dec 5, 2026, 12:00 PM"),
        ("Staff", "2026-99-31"),
    ]


@pytest.mark.parametrize(
    ("verb", "changes", "said"),
    [
        ("role.given", {"role": "front_desk", "end": "2026-12-05"}, "Without it from: Dec 5, 2026; Role: Front desk"),
        ("credential.filed", {"valid": "[2026-01-01, 2027-01-01)"}, "Valid: Jan 1, 2026 to Dec 31, 2026"),
        ("credential.filed", {"valid": "[2026-01-01, None)"}, "Valid: from Jan 1, 2026"),
        ("shift.changed", {"staff": ["Avery Testwell", ""]}, "Staff: Avery Testwell → nothing"),
        ("person.changed", {"phone": {"before": "", "now": "555"}}, "Work phone: nothing → 555"),
        ("skill.changed", {"region": {"before": [], "after": ["neck"]}}, "Region: nothing → neck"),
        (
            "competency.granted",
            {"start": "2026-12-05T00:00:00-06:00", "end": "2027-12-05T00:00:00-06:00"},
            "First day: Dec 5, 2026; Last day: Dec 4, 2027",
        ),
        (
            "competency.granted",
            {"start": "2026-12-05T09:30:00-06:00", "end": "2027-12-05T00:00:00-06:00"},
            "First day: Dec 5, 2026, 9:30 AM; Last day: Dec 4, 2027",
        ),
        (
            "roster.published",
            {"number": 2, "changes": {"add": 45, "move": 1}},
            "Changes: add: 45; move: 1; Publication: 2",
        ),
        ("protocol.approved", {"content": "ab" * 32}, "Content: abababababab…"),
        ("token.made", {"scopes": ["a", "", "b"], "of": None, "kinds": []}, "Scopes: a, b"),
        ("protocol.reopened", {"approval_lost": False}, "Approval lost: no"),
        ("credential.filed", {"valid": "[2026-99-01, 2027-01-01)"}, "Valid: [2026-99-01, 2027-01-01)"),
    ],
)
def test_changes_read_for_people(therapist: User, verb: str, changes: dict[str, Any], said: str):
    entry = record(therapist, verb, therapist, **changes)
    entry.refresh_from_db()  # PostgreSQL keeps the names in an order of its own
    assert "; ".join(f"{name}: {value}" for name, value in audit_words.detail(entry)) == said


def test_codes_of_a_settings_page_read_as_their_words(administrator: User):
    rule, professions = {"before": "months", "after": "none"}, {"before": [], "after": ["pt", "desk"]}
    entry = record(
        administrator,
        "credential_type.changed",
        factories.credential_type(),
        rule=rule,
        professions=professions,
        gate="warns",
    )
    entry.refresh_from_db()
    assert audit_words.detail(entry) == [
        ("Gate", "Warns"),
        ("Professions", "nothing → PT, Front desk"),
        ("Rule", "Months from issue → No expiry"),
    ]


@pytest.fixture
def opened(cast: dict[str, User], mt_prospect: Clinic, oakbrook: Clinic, at: datetime) -> dict[str, str]:
    """{verb: address} of one entry about each kind of object that has a page, written by the assistant."""
    therapist, approver = cast["therapist"], cast["approver"]
    version = protocols.published(by=therapist, lead=cast["clinical_lead"], at=at)
    kind = factories.credential_type()
    gone = shifts.shift(clinic=mt_prospect, day=date(2026, 12, 9))
    objects: list[tuple[str, Model, str]] = [
        ("role.given", therapist, therapist.get_absolute_url()),
        ("shift.created", here := shifts.shift(clinic=mt_prospect), here.get_absolute_url()),
        ("shift.changed", there := shifts.shift(clinic=oakbrook), there.get_absolute_url()),
        ("shift.deleted", gone, gone.get_absolute_url()),
        ("roster.published", there.week, f"/roster/?clinic={oakbrook.slug}&week={there.week.monday}"),
        ("protocol.published", version, version.get_absolute_url()),
        ("protocol.drafted", draft := protocols.draft(by=approver, at=at), draft.get_absolute_url()),
        ("protocol.settings-changed", version.protocol, version.protocol.get_absolute_url()),
        (
            "competency.granted",
            factories.competency(user=therapist, skill=factories.skill(), granted_by=approver),
            therapist.get_absolute_url(),
        ),
        ("training.filed", factories.training(user=therapist, type=kind), therapist.get_absolute_url()),
        ("credential.filed", paper := factories.credential(user=therapist, type=kind), paper.get_absolute_url()),
        (
            "announcement.published",
            news := announcement(by=cast["manager"], at=at, to=[mt_prospect]),
            news.get_absolute_url(),
        ),
    ]
    for key in ("x" * 64, "9" * 40, "a" * 8 + "-aaaa" * 3 + "-" + "a" * 12):
        for kind_of_object in ("accounts.user", "scheduling.shift"):
            Entry.objects.create(at=at, verb="role.taken", target_type=kind_of_object, target_id=key)
    for verb, thing, _ in objects:
        record(cast["assistant"], verb, thing, clinics=[mt_prospect.pk, oakbrook.pk])
    gone.delete()
    return {verb: address for verb, _, address in objects}


NOT_OPENED = {
    "administrator": {"shift.deleted", "shift.created", "shift.changed", "protocol.drafted"},
    "clinical_lead": {"shift.deleted"},
    "manager": {"shift.deleted", "shift.changed"},
}


@pytest.mark.parametrize("who", NOT_OPENED)
def test_what_the_reader_may_open_is_a_link(cast: dict[str, User], opened: dict[str, str], sign_in, who: str):
    browser = sign_in(cast[who])
    lines = browser.get(PAGE, {"q": cast["assistant"].name}).context["lines"]
    assert {line.actor_url for line in lines} == {cast["assistant"].get_absolute_url()}
    links = {line.entry.verb: line.target_url for line in lines}
    assert links == {verb: None if verb in NOT_OPENED[who] else opened[verb] for verb in links}
    answers = {verb: browser.get(address).status_code == 200 for verb, address in opened.items() if verb in links}
    assert answers == {verb: address is not None for verb, address in links.items()}


def test_an_entry_about_nothing_that_exists_is_shown(administrator: User, opened: dict[str, str], sign_in):
    lines = sign_in(administrator).get(PAGE, {"action": "role.taken"}).context["lines"]
    assert [(line.actor_url, line.target_url) for line in lines] == [(None, None)] * 6


@pytest.mark.parametrize("asked", ["first=9999-12-31", "last=9999-12-31", "last=0001-01-01", "first=yesterday"])
@pytest.mark.parametrize("address", ["/people/audit/", "/people/audit/csv/", "/api/v1/audit/"])
def test_what_makes_no_sense_is_named_on_the_page_and_refused_elsewhere(
    administrator: User, sign_in, asked: str, address: str
):
    answer = sign_in(administrator).get(f"{address}?{asked}")
    if "api" in address:
        name = asked.split("=")[0]
        assert (answer.status_code, set(answer.json()["errors"])) == (400, {name})
    elif "csv" in address:
        assert answer.url == f"{PAGE}?{asked}"
        assert not Entry.objects.filter(verb="audit.exported").exists()
    else:
        assert "makes no sense as" in answer.content.decode()


def test_the_last_day_before_the_first_is_said(administrator: User, sign_in, entries):
    answer = sign_in(administrator).get(PAGE, {"first": "2026-11-20", "last": "2026-11-10"})
    assert "The last day is before the first. It was left out." in answer.content.decode()


def test_a_filter_that_there_is_not_is_refused_in_the_api(administrator: User, api):
    answer = api(administrator).get(API, {"acton": "role.given"})
    assert answer.status_code == 400
    assert answer.json()["errors"] == {"acton": ["There is no filter “acton”."]}


@pytest.mark.parametrize(
    "asked",
    [
        "page=-1",
        "page=9999999999999999999999",
        "page=x",
        "page=%D9%A2",
        "q=%00",
        "q=" + "x" * 10_000,
        "q=" + "a+" * 3000,
        "action=a&action=role.given",
        "action[]=x",
        "first=%D9%A2026-01-01",
    ],
)
def test_hostile_addresses_show_the_page(administrator: User, sign_in, entries, asked: str):
    assert sign_in(administrator).get(f"{PAGE}?{asked}").status_code == 200


def test_the_file_holds_as_many_lines_as_its_trace_says(administrator: User, entries, sign_in):
    answer = sign_in(administrator).get(FILE)
    record(administrator, "role.given", administrator)  # while the file is on its way
    lines = answer.getvalue().decode().splitlines()[1:]
    assert Entry.objects.get(verb="audit.exported").changes == {"entries": len(lines)}
