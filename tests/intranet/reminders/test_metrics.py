"""GET /metrics: who may scrape, and what Prometheus reads."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from intranet.reminders.addresses import Source, flag
from intranet.reminders.models import Attempt, Run
from tests.intranet.reminders import factories

pytestmark = pytest.mark.django_db
TOKEN = "b7d9f1c3e5a7092b4d6f8a1c3e5f7092"


@pytest.fixture(autouse=True)
def _token(settings, at):
    settings.METRICS_TOKEN = TOKEN
    with time_machine.travel(at, tick=False):
        yield


def scrape(header=f"Bearer {TOKEN}"):
    return Client().get("/metrics", headers={"Authorization": header} if header else {})


def samples():
    response = scrape()
    assert response.status_code == 200
    assert response["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "no-store" in response["Cache-Control"]
    families = text_string_to_metric_families(response.content.decode())
    return {(sample.name, *sample.labels.values()): sample.value for family in families for sample in family.samples}


def test_without_the_setting_there_is_no_such_address(settings):
    settings.METRICS_TOKEN = ""
    assert scrape().status_code == 404
    assert scrape("Bearer ").status_code == 404


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer \xff"])
def test_a_wrong_token_learns_nothing(header):
    response = scrape(header)
    assert response.status_code == 401
    assert b"intranet_" not in response.content
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_it_only_answers():
    assert Client().post("/metrics").status_code == 405


def test_a_machine_that_has_just_started():
    found = samples()
    assert str(found["intranet_tick_age_seconds",]) == "nan"
    assert found["intranet_oldest_due_age_seconds",] == 0
    assert found["intranet_deliveries", "sent"] == 0
    assert found["intranet_doubts_total",] == 0


def test_everything_is_counted_in_the_database(therapist, floater, at):
    minute = timedelta(minutes=1)
    run = Run.objects.create(origin="beat", host="one", pid=1, started_at=at - minute, ended_at=at - minute)
    Run.objects.create(origin="watchdog", host="one", pid=2, started_at=at - 2 * minute, ended_at=at - 2 * minute)
    factories.reminder(recipient=therapist, at=at - 4 * minute)
    factories.released(recipient=therapist, at=at)
    for state, code, outcome in [("sent", 250, "sent"), ("dead", 550, "refused"), ("doubt", None, "doubt")]:
        sent_at = at if state == "sent" else None
        mail = factories.delivery(recipient=therapist, at=at, state=state, sent_at=sent_at, reason="So it was.")
        dot = None if outcome == "refused" else at
        Attempt.objects.create(
            delivery=mail, run=run, claimed_at=at, dot_at=dot, ended_at=at, outcome=outcome, code=code
        )
    flag(floater, floater.email, source=Source.RCPT, at=at)
    found = samples()
    assert {key: value for key, value in found.items() if value} == {
        ("intranet_tick_age_seconds",): 60,
        ("intranet_oldest_due_age_seconds",): 240,
        ("intranet_deliveries", "sent"): 1,
        ("intranet_deliveries", "dead"): 1,
        ("intranet_deliveries", "doubt"): 1,
        ("intranet_reminders", "scheduled"): 1,
        ("intranet_reminders", "released"): 1,
        ("intranet_doubts_total",): 1,
        ("intranet_smtp_codes_total", "250"): 1,
        ("intranet_smtp_codes_total", "550"): 1,
        ("intranet_runs_last_hour", "beat"): 1,
        ("intranet_runs_last_hour", "watchdog"): 1,
        ("intranet_dead_letters_waiting",): 1,
        ("intranet_doubts_waiting",): 1,
        ("intranet_addresses_flagged",): 1,
    }


def test_nothing_about_people_is_told(therapist, at):
    factories.released(recipient=therapist, at=at, title="Canary")
    factories.delivery(recipient=therapist, at=at, state="dead", reason="Canary")
    text = scrape().content.decode()
    assert "intranet_deliveries" in text
    assert not [words for words in ("Canary", therapist.email, therapist.name, "clinic.example") if words in text]
