"""Settings: administrators move the times of reminders, look first what that would do, and see the next 7 days."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine

from accounts.models import User
from intranet.audit.models import Entry
from intranet.reminders.models import Reminder, StepTime
from intranet.reminders.planning import plan_kind
from intranet.reminders.registry import find
from tests.scheduling import factories as roster

pytestmark = pytest.mark.django_db
PAGE = "/people/settings/reminders/"
SHIFT, PROTOCOL = f"{PAGE}shift-tomorrow/", f"{PAGE}protocol-to-acknowledge/"
COMING, API = f"{PAGE}next-7-days/", "/api/v1/reminder-times/"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _now(at: datetime):
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def shift(mt_prospect, therapist):
    """On Monday, so that its evening is Sunday."""
    return roster.published(clinic=mt_prospect, staff=therapist)


def form(browser, **changed: object) -> dict[str, object]:
    """What the page of the protocol kind would send."""
    fields = browser.get(PROTOCOL).context["form"]
    values = {name: fields[name].value() for name in fields.fields}
    sent = {name: "on" if value is True else value for name, value in values.items() if value is not False}
    return {name: value for name, value in (sent | changed).items() if value is not None}


def test_every_kind_stands_there_with_its_times(administrator, sign_in):
    page = sign_in(administrator).get(PAGE)
    kinds = [one.kind.code for _, kinds in page.context["areas"] for one in kinds]
    assert {"shift-tomorrow", "credential-expiring", "announcement-overdue", "approval-waiting"} <= set(kinds)
    assert "6 hours before midnight on the evening before" in page.content.decode()
    assert page.context["changed"] == 0


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("protocol-to-acknowledge", "waits for the morning, unless the morning would be too late."),
        (
            "announcement-to-acknowledge",
            "waits for the morning, unless the announcement is urgent or the morning would be too late.",
        ),
        (
            "roster-published",
            "waits for the morning, unless a shift that changes begins within 24 hours or the morning would be too late.",
        ),
        ("shift-soon", "waits for the morning. Where that is too late, the inbox alone has it."),
        ("protocol-suspended", "goes out at any hour, because it cannot wait."),
    ],
)
def test_what_becomes_of_mail_at_night_is_said_as_the_kind_declares_it(administrator, sign_in, code, words):
    assert f"Its mail {words}</dd>" in sign_in(administrator).get(f"{PAGE}{code}/").content.decode()


def test_a_change_is_looked_at_and_then_saved(administrator, shift, sign_in, at):
    plan_kind(find("shift-tomorrow"), at)
    browser = sign_in(administrator)
    seen = browser.get(SHIFT).context["form"]["seen"].value()
    asked = {"time-evening": "4", "seen": seen}
    looked = browser.post(SHIFT, asked | {"do": "preview"})
    assert (looked.status_code, looked.context["effect"].sentences) == (
        200,
        ["1 planned reminder comes at another time."],
    )
    assert not StepTime.objects.exists()
    saved = browser.post(SHIFT, asked, follow=True)
    assert "Shift tomorrow: 1 time changed. What is planned follows within a minute." in saved.content.decode()
    assert "instead of: 6 hours before midnight on the evening before" in " ".join(saved.content.decode().split())
    before = Reminder.objects.get().due_at
    plan_kind(find("shift-tomorrow"), at)
    assert Reminder.objects.get().due_at == before + 2 * HOUR
    entry = Entry.objects.get(verb="reminders.times_changed")
    assert entry.changes["evening"]["after"] == "4 hours before midnight on the evening before"


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"time-day-3": "61"}, "time-day-3", "Between 1 and 60 days after the person was asked for it."),
        ({"time-day-3": ""}, "time-day-3", "Give a number, or do not send it."),
        ({"time-day-3": "soon"}, "time-day-3", "Enter a whole number."),
        (
            {"time-day-7": "3"},
            "time-day-7",
            "This has to come later than the step before it, which comes 3 days after the person was asked for it.",
        ),
    ],
)
def test_what_makes_no_sense_is_said_at_its_field(administrator, sign_in, changed, field, words):
    browser = sign_in(administrator)
    answer = browser.post(PROTOCOL, form(browser, **changed))
    assert (answer.status_code, answer.context["form"].errors) == (422, {field: [words]})
    assert not StepTime.objects.exists()


def test_a_step_is_left_out_and_put_back(administrator, sign_in):
    browser = sign_in(administrator)
    browser.post(PROTOCOL, form(browser, **{"on-day-7": None, "time-day-7": ""}))
    assert list(StepTime.objects.values_list("kind", "step", "off")) == [("protocol-to-acknowledge", "day-7", True)]
    page = browser.get(PROTOCOL)
    assert page.context["kept"].changed
    answer = browser.post(f"{PROTOCOL}default/")
    assert (answer.url, StepTime.objects.count()) == (PAGE, 0)


def test_the_first_notice_cannot_be_left_out(administrator, sign_in, api):
    assert "on-day-0" not in sign_in(administrator).get(PROTOCOL).context["form"].fields
    answer = api(administrator).put(
        f"{API}protocol-to-acknowledge/", {"steps": [{"code": "day-0", "amount": None}]}, format="json"
    )
    assert (answer.status_code, [reason["code"] for reason in answer.json()["reasons"]]) == (422, ["needed"])


def test_nobody_overwrites_unseen_what_another_has_changed(administrator, sign_in, api):
    browser = sign_in(administrator)
    asked = form(browser, **{"time-day-3": "4"})
    api(administrator).put(f"{API}protocol-to-acknowledge/", {"steps": [{"code": "day-3", "amount": 5}]}, format="json")
    answer = browser.post(PROTOCOL, asked)
    assert (answer.status_code, answer.context["form"].non_field_errors()) == (
        422,
        ["Somebody else has changed these times. Look again."],
    )


def test_a_kind_of_which_there_is_none_is_not_there(administrator, sign_in, api):
    assert sign_in(administrator).get(f"{PAGE}nothing/").status_code == 404
    assert api(administrator).get(f"{API}nothing/").status_code == 404


def test_credentials_name_their_days_in_their_types(administrator, sign_in):
    page = sign_in(administrator).get(f"{PAGE}credential-expiring/")
    assert "/people/settings/credential-types/" in page.content.decode()
    assert page.context["form"].sets == []


@pytest.mark.parametrize("who", ["manager", "clinical_lead", "therapist"])
def test_only_administrators_keep_them(who, request, shift, sign_in, api):
    person: User = request.getfixturevalue(who)
    browser, program = sign_in(person), api(person)
    answers = [
        browser.get(PAGE),
        browser.get(SHIFT),
        browser.post(SHIFT, {"time-evening": "4"}),
        browser.post(f"{SHIFT}default/"),
        browser.get(COMING),
        program.get(API),
        program.get(f"{API}shift-tomorrow/"),
        program.put(f"{API}shift-tomorrow/", {"steps": []}, format="json"),
        program.get("/api/v1/reminders-coming/"),
    ]
    assert {answer.status_code for answer in answers} == {403}
    assert not StepTime.objects.exists()


class TestTheNext7Days:
    def test_how_much_for_whom_and_when_but_not_what_it_says(self, administrator, therapist, shift, sign_in, api):
        page = sign_in(administrator).get(COMING)
        found = [
            (str(day), [(of_kind.kind.code, of_kind.number, list(of_kind.people)) for of_kind in kinds])
            for day, kinds in page.context["days"]
        ]
        assert found == [
            ("2026-11-29", [("shift-tomorrow", 1, [therapist.pk])]),
            ("2026-11-30", [("shift-soon", 1, [therapist.pk])]),
        ]
        assert "1 reminder for 1 person" in page.content.decode()
        rows = api(administrator).get("/api/v1/reminders-coming/").json()
        assert [set(row) for row in rows] == [{"day", "kind", "label", "person", "name", "due_at"}] * 2
        assert (rows[0]["name"], rows[0]["due_at"]) == (therapist.name, "2026-11-29T18:00:00-06:00")

    @pytest.mark.parametrize("number", [1, 3])
    def test_the_queries_stay_the_same(
        self, administrator, mt_prospect, therapist, assistant, floater, sign_in, django_assert_max_num_queries, number
    ):
        for person in (therapist, assistant, floater)[:number]:
            roster.published(clinic=mt_prospect, staff=person)
        browser = sign_in(administrator)
        with django_assert_max_num_queries(75):
            assert browser.get(COMING).context["total"] == 2 * number


def test_the_api_reads_and_sets_them(administrator, api, at):
    program = api(administrator)
    kind = program.get(f"{API}shift-soon/").json()
    assert kind["steps"] == [
        {
            "code": "2 hours",
            "group": "",
            "words": "2 hours before the shift begins",
            "default_words": "2 hours before the shift begins",
            "amount": 2,
            "unit": "hours",
            "least": 1,
            "most": 12,
            "needed": False,
            "escalation": False,
            "changed": False,
        }
    ]
    asked = {"steps": [{"code": "2 hours", "amount": 3}], "seen": kind["seen"]}
    assert program.put(f"{API}shift-soon/", asked, format="json").json()["steps"][0]["amount"] == 3
    assert program.put(f"{API}shift-soon/", asked, format="json").status_code == 409
    wrong = {"steps": [{"code": "3 hours", "amount": 3}]}
    assert program.put(f"{API}shift-soon/", wrong, format="json").json()["reasons"][0]["code"] == "unknown-step"
    assert program.put(f"{API}shift-soon/", {"steps": []}, format="json").json()["steps"][0]["changed"] is False
    assert len(program.get(API).json()) > 25
