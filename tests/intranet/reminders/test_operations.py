"""The operations page: its figures, who sees it, and that it costs the same however much there is."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from intranet.reminders.addresses import Source, flag
from intranet.reminders.models import Attempt, Run
from intranet.reminders.operations.figures import figures
from intranet.reminders.operations.metrics import Figures as Scraped
from intranet.reminders.runs import begin
from tests.conftest import CAST
from tests.intranet.reminders import factories
from tests.intranet.reminders.conftest import HOUR

pytestmark = pytest.mark.django_db
PAGE = "/operations/"
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _clock(at):
    with time_machine.travel(at, tick=False):
        yield


def ticked(at, **fields):
    values = {"origin": "beat", "host": "one", "pid": 7, "started_at": at, "ended_at": at, "version": "1.0"}
    return Run.objects.create(**(values | fields))


def test_mails_are_counted_by_state_today_and_in_seven_days(therapist, at):
    for age, state in [(HOUR, "dead"), (2 * DAY, "dead"), (HOUR, "pending"), (8 * DAY, "dead")]:
        factories.delivery(recipient=therapist, at=at - age, state=state, reason="So it was.")
    found = figures(at)
    assert [row for row in found.states if row[2]] == [("Pending", 1, 1), ("Refused for good", 1, 2)]
    assert (found.dead, found.doubts) == (3, 0)


def test_who_ticks_and_who_fell_silent(at):
    for second in (0, 15, 30):
        ticked(at - timedelta(seconds=second))
    ticked(at - 40 * MINUTE, host="two", pid=8, version="0.9", error="NotPlanned: shift")
    ticked(at - 30 * MINUTE, origin="watchdog", pid=9)
    ticked(at - 2 * HOUR, host="long ago")
    found = figures(at)
    assert [
        (worker.origin, worker.host, worker.pid, worker.ticks, worker.failed, worker.alive) for worker in found.workers
    ] == [
        ("beat", "one", 7, 3, 0, True),
        ("watchdog", "one", 9, 1, 0, False),
        ("beat", "two", 8, 1, 1, False),
    ]
    assert found.watchdog.pid == 9
    assert found.versions == sorted({"1.0", found.version})
    assert (found.tick, found.tick_is_old) == (at, False)


def test_a_run_knows_its_version(settings, at):
    settings.VERSION = "2.0+abc"
    assert Run.objects.get(pk=begin("manual", at).pk).version == "2.0+abc"


def test_runs_that_found_no_server(at):
    ticked(at - MINUTE, counts={"sent": 3})
    trouble = ticked(at - 2 * MINUTE, counts={"unreached": 3, "breaker": 1})
    assert figures(at).breaker == [trouble]


def test_the_last_answers(therapist, at):
    run = begin("manual", at)
    for code, outcome in [(250, "sent"), (451, "later"), (None, "returned"), (None, "unreached")]:
        mail = factories.delivery(recipient=therapist, at=at)
        dot = at if outcome == "sent" else None
        Attempt.objects.create(
            delivery=mail, run=run, claimed_at=at, dot_at=dot, ended_at=at, outcome=outcome, code=code
        )
    assert [(attempt.code, attempt.outcome) for attempt in figures(at).answers] == [
        (None, "unreached"),
        (451, "later"),
        (250, "sent"),
    ]


def test_what_is_still_to_come(therapist, floater, at):
    for minutes in (10, 50, 90):
        factories.reminder(recipient=therapist, at=at + minutes * MINUTE, occasion=f"in {minutes}")
    factories.released(recipient=therapist, at=at, mail_due_at=at)
    factories.released(recipient=therapist, at=at, mail_due_at=at + 9 * HOUR)
    factories.released(recipient=therapist, at=at, mail_due_at=at + 9 * HOUR)
    factories.delivery(recipient=therapist, at=at)
    flag(floater, floater.email, source=Source.RCPT, at=at)
    factories.released(recipient=floater, at=at, mail_due_at=at)
    queues = figures(at).queues
    assert (queues.next_hour, queues.to_compose, queues.to_morning, queues.for_an_address, queues.to_send) == (
        *(2, 1, 2, 1, 1),
    )
    assert figures(at).flagged == 1


def test_late_is_shown_as_late(therapist, at):
    ticked(at - 2 * MINUTE)
    factories.reminder(recipient=therapist, at=at - 10 * MINUTE)
    found = figures(at)
    assert (found.tick_is_old, found.due_is_old) == (True, True)


def test_the_page_and_its_part(administrator, therapist, sign_in, at):
    ticked(at - MINUTE, counts={"bounces_hard": 2})
    factories.released(recipient=therapist, at=at, title="Canary")
    browser = sign_in(administrator)
    page = browser.get(PAGE).content.decode()
    assert "<h1>Reminders</h1>" in page
    assert "bounces hard 2" in page
    assert "Canary" not in page
    part = browser.get(PAGE, headers={"HX-Request": "true"}).content.decode()
    assert part.strip().startswith('<div id="figures"')
    assert "<h1>" not in part


def test_a_watchdog_that_others_relieved_is_not_called_silent(administrator, sign_in, at):
    browser = sign_in(administrator)
    ticked(at - 30 * MINUTE, origin="watchdog", pid=9)
    assert "Not needed since" not in browser.get(PAGE).content.decode()
    ticked(at - MINUTE)
    page = browser.get(PAGE).content.decode()
    assert ("Not needed since" in page, "Silent" in page) == (True, False)
    ticked(at - 40 * MINUTE, host="two", pid=8)
    assert "Silent" in browser.get(PAGE).content.decode()


def test_asking_by_itself_keeps_nobody_signed_in(administrator, sign_in, at):
    with time_machine.travel(at, tick=False) as clock:
        browser = sign_in(administrator)
        browser.get(PAGE)
        for _ in range(5):
            clock.shift(30 * MINUTE)
            answer = browser.get(PAGE, headers={"HX-Request": "true", "X-By-Itself": "1"})
        assert answer.status_code == 302
        browser = sign_in(administrator)
        for _ in range(5):
            clock.shift(30 * MINUTE)
            answer = browser.get(PAGE)
        assert answer.status_code == 200


@pytest.mark.parametrize("who", CAST)
@pytest.mark.parametrize(
    "path", [PAGE, "/operations/mails/", "/operations/addresses/", "/api/v1/operations/", "/api/v1/mails/"]
)
def test_administrators_alone_see_it(cast, who, path, sign_in):
    expected = 200 if who == "administrator" else 403
    assert sign_in(cast[who]).get(path).status_code == expected


def test_the_same_figures_over_the_api(administrator, therapist, api, at):
    ticked(at)
    factories.delivery(recipient=therapist, at=at, state="dead", reason="No.")
    found = api(administrator).get("/api/v1/operations/").json()
    assert (found["dead_letters_waiting"], found["mails_today"], found["migrated"]) == (1, {"dead": 1}, True)
    assert [worker["alive"] for worker in found["workers"]] == [True]
    assert found["queues"]["to_send"] == 0


class TestManyRows:
    """With many rows the questions are the same ones, and each is answered from an index."""

    @pytest.fixture
    def many(self, therapist, at):
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO reminders_run (origin, host, pid, started_at, ended_at, counts, error, version)
                SELECT 'beat', 'one', 7, %(at)s - n * interval '15 seconds', %(at)s - n * interval '15 seconds', '{}', '', ''
                FROM generate_series(1, 12000) n
                """,
                {"at": at},
            )
            cursor.execute(
                """
                INSERT INTO reminders_reminder (kind, recipient_id, subject_type, subject_id, occasion, due_at, not_after,
                    state, reason, failures, released_at, title, body, path, action, why)
                SELECT 'planted', %(person)s, 'accounts.user', n, 'once', %(at)s - n * interval '1 minute',
                    %(at)s + interval '30 days', 'released', '', 0, %(at)s, 'Title', repeat('words ', 40), '/', '', ''
                FROM generate_series(1, 12000) n
                """,
                {"at": at, "person": therapist.pk},
            )
            cursor.execute(
                """
                INSERT INTO reminders_delivery (recipient_id, address, message_id, payload, on_doubt, created_at,
                    not_before, not_after, tries, doubts, state, reason, last_reply, sent_at, bounce, written_off_why)
                SELECT %(person)s, 'a@clinic.example', '<many-' || n || '@clinic.example>', '\\x00', 'resend',
                    %(at)s - n * interval '30 minutes', %(at)s, %(at)s + interval '30 days', 0, 0, 'sent', '', '',
                    %(at)s, '', ''
                FROM generate_series(1, 12000) n
                """,
                {"at": at, "person": therapist.pk},
            )
            cursor.execute(
                """
                INSERT INTO reminders_attempt (delivery_id, run_id, claimed_at, dot_at, ended_at, outcome, code)
                SELECT d.id, (SELECT min(id) FROM reminders_run), %(at)s, %(at)s, %(at)s, 'sent', 250
                FROM reminders_delivery d
                """,
                {"at": at},
            )
            for table in ("run", "reminder", "delivery", "attempt"):
                cursor.execute(f"ANALYZE reminders_{table}")

    def test_the_page_asks_as_many_questions_as_without(self, at, request):
        figures(at)  # migrations are asked about once
        with CaptureQueriesContext(connection) as few:
            figures(at)
        request.getfixturevalue("many")
        with CaptureQueriesContext(connection) as much:
            figures(at)
        assert len(much) == len(few) == 14

    def test_every_question_uses_an_index(self, many, at):
        figures(at)
        with CaptureQueriesContext(connection) as asked:
            figures(at)
        assert {query["sql"][:80]: scans for query in asked if (scans := slow_scans(query["sql"]))} == {}

    def test_a_scrape_can_be_answered_from_indexes_alone(self, many, at):
        """Whether they are read depends on when the tables were vacuumed, which no transaction of a test can do."""
        with CaptureQueriesContext(connection) as asked:
            list(Scraped(at).collect())
        assert len(asked) == 12
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
        assert {query["sql"][:80]: scans for query in asked if (scans := slow_scans(query["sql"]))} == {}


BIG = {"reminders_run", "reminders_reminder", "reminders_delivery", "reminders_attempt"}


def slow_scans(sql: str) -> list[str]:
    """The big tables that a query would read from end to end."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}")
        [(plan,)] = cursor.fetchall()
    found: list[str] = []

    def walk(node):
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in BIG:
            found.append(node["Relation Name"])
        for child in node.get("Plans", []):
            walk(child)

    walk((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])
    return found
