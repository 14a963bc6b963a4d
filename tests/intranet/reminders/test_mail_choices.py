"""In which rhythm mail comes, kind by kind, and what leaves no choice."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from email import message_from_bytes, policy

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Clinic
from intranet.audit.models import Entry
from intranet.core.access import Refused
from intranet.reminders import preferring
from intranet.reminders.mailing import compose_mails
from intranet.reminders.models import Delivery, MailChoice, QuietHours, Reminder, Rhythm
from intranet.reminders.planning import plan
from intranet.reminders.quiet_hours import Hours
from intranet.reminders.registry import Group
from intranet.reminders.releasing import release
from tests.conftest import CHICAGO
from tests.intranet.reminders import factories

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
ALL = list(Rhythm)


@pytest.fixture
def optional(planted):
    planted.optional = True
    return planted


def choose(person, at, **rhythms):
    preferring.choose_rhythms(
        person, {code.replace("_", "-"): rhythm for code, rhythm in rhythms.items()}, by=person, at=at
    )


def rows() -> set[tuple[int, str, str]]:
    return set(MailChoice.objects.values_list("person", "kind", "rhythm"))


def due_times() -> dict[str, datetime | None]:
    return dict(Reminder.objects.values_list("occasion", "mail_due_at"))


def show(kind, at, *people, until=None, times=1, occasion="once"):
    for person in people:
        kind.owe(person, occasion, due=at, until=until, times=times)
    plan(at)
    return +release(at)


# --- What a kind leaves


def test_what_kinds_leave_to_choose(optional, urgent):
    assert list(preferring.open_to(optional)) == ALL
    optional.optional = False
    assert preferring.open_to(optional) == (Rhythm.AT_ONCE, Rhythm.DAILY)
    urgent.optional = True
    assert preferring.open_to(urgent) == (Rhythm.AT_ONCE,)


@pytest.mark.parametrize("rhythm", [Rhythm.WEEKLY, Rhythm.IN_APP, "never"])
def test_a_duty_is_never_off_and_never_weekly(planted, therapist, at, rhythm):
    with pytest.raises(Refused, match="“Planted” can come so and no other way: at once and daily digest"):
        choose(therapist, at, planted=rhythm)
    choose(therapist, at, planted=Rhythm.DAILY)
    assert rows() == {(therapist.pk, "planted", "daily")}


def test_what_does_not_wait_for_the_morning_waits_for_no_digest(urgent, therapist, at):
    with pytest.raises(Refused, match="at once"):
        choose(therapist, at, planted_urgent=Rhythm.DAILY)
    assert rows() == set()


def test_there_is_nothing_to_choose_about_a_kind_that_there_is_not(optional, therapist, at):
    with pytest.raises(Refused, match="no such kind"):
        choose(therapist, at, planted=Rhythm.DAILY, nothing=Rhythm.DAILY)
    assert rows() == set()


def test_at_once_needs_no_row_and_other_people_keep_theirs(optional, therapist, floater, at):
    choose(floater, at, planted=Rhythm.WEEKLY)
    choose(therapist, at, planted=Rhythm.IN_APP)
    choose(therapist, at, planted=Rhythm.IN_APP)
    choose(therapist, at, planted=Rhythm.AT_ONCE)
    assert rows() == {(floater.pk, "planted", "weekly")}
    entries = Entry.objects.filter(verb="reminders.mail_chosen", actor=therapist).order_by("pk")
    assert [entry.changes["rhythms"] for entry in entries] == [{"planted": "in-app"}, {"planted": "at-once"}]


@pytest.mark.parametrize("rhythm", ["at-once", "hourly", ""])
def test_the_database_knows_the_rhythms(therapist, rhythm):
    with pytest.raises(IntegrityError, match="mail_rhythm_is_known"), transaction.atomic():
        MailChoice.objects.create(person=therapist, kind="planted", rhythm=rhythm)


def test_the_database_holds_one_choice_for_each_kind(therapist):
    MailChoice.objects.create(person=therapist, kind="planted", rhythm="daily")
    with pytest.raises(IntegrityError, match="mail_has_one_rhythm"), transaction.atomic():
        MailChoice.objects.create(person=therapist, kind="planted", rhythm="weekly")


# --- What becomes of a reminder


def test_in_the_app_only(optional, urgent, therapist, floater, at):
    for kind in ("planted", "planted-urgent"):  # the second is from before that kind became a duty
        MailChoice.objects.create(person=therapist, kind=kind, rhythm="in-app")
    optional.owe(floater, due=at)
    urgent.owe(therapist, due=at)
    assert show(optional, at, therapist) == {"released": 3, "mails": 2}
    mailed = {(row.recipient, row.kind) for row in Reminder.objects.filter(item__isnull=False)}
    assert mailed == {(floater, "planted"), (therapist, "planted-urgent")}
    assert Reminder.objects.visible_to(therapist).count() == 2


@pytest.mark.parametrize(
    ("rhythm", "days"),
    [("daily", 1), ("weekly", 5)],
    ids=["the next morning", "on Monday"],
)
def test_a_digest_comes_at_its_moment_and_once(optional, therapist, at, rhythm, days):
    MailChoice.objects.create(person=therapist, kind="planted", rhythm=rhythm)
    moment = datetime(2026, 11, 25 + days, 7, tzinfo=CHICAGO)
    assert show(optional, at, therapist, until=at + timedelta(days=30), times=3) == {"released": 3}
    assert set(due_times().values()) == {moment}
    assert compose_mails(moment - timedelta(seconds=1)) == 0
    assert compose_mails(moment) == 1
    assert compose_mails(moment + HOUR) == 0
    delivery = Delivery.objects.get()
    message = message_from_bytes(bytes(delivery.payload), policy=policy.default)
    assert message["Subject"].startswith("3 reminders")
    assert "This is the digest that you chose." in message.get_body(("plain",)).get_content()
    assert delivery.on_doubt == "hold"


def test_a_digest_of_one_is_the_mail_itself(optional, therapist, at):
    MailChoice.objects.create(person=therapist, kind="planted", rhythm="daily")
    show(optional, at, therapist)
    assert compose_mails(at + 21 * HOUR) == 1
    assert b"Subject: Planted: once" in bytes(Delivery.objects.get().payload)


def test_what_the_digest_would_be_too_late_for_is_mailed_at_once(optional, therapist, at):
    MailChoice.objects.create(person=therapist, kind="planted", rhythm="weekly")
    assert show(optional, at, therapist, until=at + timedelta(days=4), times=2) == {"released": 2, "mails": 2}


def test_what_the_digest_would_be_too_late_for_still_waits_for_the_morning(optional, therapist, at):
    MailChoice.objects.create(person=therapist, kind="planted", rhythm="weekly")
    night = at.replace(hour=23)
    assert show(optional, night, therapist, until=night + timedelta(days=4)) == {"released": 1}
    morning = datetime(2026, 11, 26, 7, tzinfo=CHICAGO)
    assert due_times() == {"once": morning}
    assert compose_mails(morning - timedelta(seconds=1)) == 0
    assert compose_mails(morning) == 1


def test_beside_a_digest_others_come_by_themselves(optional, urgent, therapist, at):
    MailChoice.objects.create(person=therapist, kind="planted", rhythm="daily")
    show(optional, at, therapist, times=3)
    morning = at + 21 * HOUR
    urgent.owe(therapist, due=morning)
    plan(morning)
    assert +release(morning) == {"released": 1, "mails": 2}
    assert sorted(delivery.reminders.count() for delivery in Delivery.objects.all()) == [1, 3]


def test_a_choice_holds_for_what_waits_already(optional, therapist, at):
    MailChoice.objects.create(person=therapist, kind="planted", rhythm="weekly")
    show(optional, at, therapist, until=at + timedelta(days=30))
    choose(therapist, at + HOUR, planted=Rhythm.DAILY)
    assert compose_mails(at + HOUR) == 0
    assert due_times() == {"once": datetime(2026, 11, 26, 7, tzinfo=CHICAGO)}
    choose(therapist, at + 2 * HOUR, planted=Rhythm.IN_APP)
    assert compose_mails(at + 2 * HOUR) == 0
    assert due_times() == {"once": None}


def test_from_a_digest_to_at_once(optional, therapist, at):
    MailChoice.objects.create(person=therapist, kind="planted", rhythm="weekly")
    show(optional, at, therapist, until=at + timedelta(days=30))
    choose(therapist, at + HOUR, planted=Rhythm.AT_ONCE)
    assert compose_mails(at + HOUR) == 1


# --- Quiet hours


def test_own_quiet_hours(planted, therapist, floater, at):
    preferring.choose_hours(therapist, Hours(time(9), time(17)), by=therapist, at=at)
    assert show(planted, at, therapist, floater) == {"released": 2, "mails": 1}
    own = Reminder.objects.get(recipient=therapist)
    assert own.mail_due_at == at.replace(hour=17)
    assert compose_mails(at.replace(hour=17)) == 1


def test_whoever_has_none_gets_mail_at_night(planted, therapist, at):
    night = at.replace(hour=23)
    preferring.choose_hours(therapist, None, by=therapist, at=at)
    assert preferring.hours_of(therapist) is None
    assert show(planted, night, therapist) == {"released": 1, "mails": 1}


@pytest.mark.parametrize("urgent_until", [47, 8])
def test_what_cannot_wait_comes_in_anybodys_quiet_hours(planted, urgent, therapist, at, urgent_until):
    night = at.replace(hour=23)
    planted.owe(therapist, "too late by then", due=night, until=night + 8 * HOUR)
    planted.owe(therapist, "can wait", due=night, until=night + 9 * HOUR)
    assert show(urgent, night, therapist, until=night + urgent_until * HOUR) == {"released": 3, "mails": 2}
    assert [occasion for occasion, moment in due_times().items() if moment] == ["can wait"]


def test_fourteen_hours_at_most_and_the_database_agrees(therapist, at):
    with pytest.raises(Refused, match="14 hours at most"):
        preferring.choose_hours(therapist, Hours(time(17), time(8)), by=therapist, at=at)
    for starts, ends in [(time(17), time(8)), (time(6), time(21)), (time(8), time(8)), (time(8), None)]:
        with pytest.raises(IntegrityError, match="quiet_hours_are_none"), transaction.atomic():
            QuietHours.objects.create(person=therapist, starts=starts, ends=ends)
    for starts, ends in [(time(18), time(8)), (time(6), time(20)), (None, None)]:
        QuietHours.objects.update_or_create(person=therapist, defaults={"starts": starts, "ends": ends})


def test_hours_leave_a_trace_and_the_same_ones_none(therapist, at):
    preferring.choose_hours(therapist, Hours(time(20), time(7)), by=therapist, at=at)
    preferring.choose_hours(therapist, Hours(time(21), time(6)), by=therapist, at=at)
    preferring.choose_hours(therapist, None, by=therapist, at=at)
    entries = Entry.objects.filter(verb="reminders.hours_chosen").order_by("pk")
    assert [entry.changes for entry in entries] == [{"quiet": "21:00-06:00"}, {"quiet": "never"}]


def test_mail_waits_by_the_clock_of_a_clinic_that_has_changed_its_zone(planted, therapist, at):
    night = at.replace(hour=23)
    show(planted, night, therapist)
    assert due_times() == {"once": datetime(2026, 11, 26, 7, tzinfo=CHICAGO)}
    Clinic.objects.update(time_zone="America/Los_Angeles")
    assert compose_mails(datetime(2026, 11, 26, 7, tzinfo=CHICAGO)) == 0
    assert due_times() == {"once": datetime(2026, 11, 26, 9, tzinfo=CHICAGO)}
    assert compose_mails(datetime(2026, 11, 26, 9, tzinfo=CHICAGO)) == 1


@pytest.mark.parametrize(
    ("night", "morning"),
    [
        (datetime(2026, 3, 7, 20, tzinfo=CHICAGO), datetime(2026, 3, 8, 3, 30, tzinfo=CHICAGO)),
        (datetime(2026, 10, 31, 20, tzinfo=CHICAGO), datetime(2026, 11, 1, 2, 30, tzinfo=CHICAGO)),
    ],
    ids=["spring", "autumn"],
)
def test_the_nights_in_which_the_clock_is_changed(planted, therapist, at, night, morning):
    preferring.choose_hours(therapist, Hours(time(20), time(2, 30)), by=therapist, at=at)
    show(planted, night, therapist)
    assert due_times() == {"once": morning}
    assert compose_mails(morning - timedelta(seconds=1)) == 0
    assert compose_mails(morning) == 1


# --- The page


def test_kinds_of_a_group_are_one_line_unless_they_leave_different_choices(optional, urgent, therapist):
    optional.group = urgent.group = Group.SWAPS
    assert [(line.label, len(line.kinds)) for line in preferring.lines_of(therapist)] == [
        ("Planted", 1),
        ("Planted, urgent", 1),
    ]
    urgent.heeds_quiet_hours = urgent.optional = True
    (line,) = preferring.lines_of(therapist)
    assert (line.label, [kind.code for kind in line.kinds]) == ("Swaps and open shifts", ["planted", "planted-urgent"])
    assert line.rhythm == Rhythm.AT_ONCE
    MailChoice.objects.create(person=therapist, kind="planted", rhythm="weekly")
    (line,) = preferring.lines_of(therapist)
    assert (line.rhythm, [rhythm for _, rhythm in line.each]) == (None, [Rhythm.WEEKLY, Rhythm.AT_ONCE])


HOURS = {"quiet": "on", "starts": "20:00", "ends": "07:00"}


def test_the_form_shows_what_can_be_chosen_and_saves_it(optional, urgent, therapist, sign_in):
    client = sign_in(therapist)
    page = client.get("/inbox/").content.decode()
    assert page.count("<select name=") == 2  # the rhythm of the one kind, and the filter
    assert 'name="mail-planted-urgent"' not in page
    response = client.post(
        "/inbox/mail/", {"mail-planted": "weekly", "quiet": "on", "starts": "21:30", "ends": "06:15"}
    )
    assert (response.status_code, response.url) == (302, "/inbox/#mail")
    assert rows() == {(therapist.pk, "planted", "weekly")}
    assert preferring.hours_of(therapist) == Hours(time(21, 30), time(6, 15))
    page = client.get("/inbox/").content.decode()
    assert '<option value="weekly" selected>' in page
    assert 'value="21:30"' in page
    client.post("/inbox/mail/", {"mail-planted": "at-once"})
    assert (rows(), preferring.hours_of(therapist)) == (set(), None)


def test_a_line_of_several_kinds_sets_all_of_them_or_leaves_each_as_it_is(optional, urgent, therapist, sign_in):
    optional.group = urgent.group = Group.SWAPS
    urgent.heeds_quiet_hours = urgent.optional = True
    MailChoice.objects.create(person=therapist, kind="planted", rhythm="weekly")
    client = sign_in(therapist)
    assert "Each as it is" in client.get("/inbox/").content.decode()
    client.post("/inbox/mail/", {"mail-swaps-and-open-shifts": "", **HOURS})
    assert rows() == {(therapist.pk, "planted", "weekly")}
    client.post("/inbox/mail/", {"mail-swaps-and-open-shifts": "daily", **HOURS})
    assert rows() == {(therapist.pk, "planted", "daily"), (therapist.pk, "planted-urgent", "daily")}


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"mail-planted": "weekly", **HOURS}, "Choose from those offered."),
        ({"mail-planted": "in-app", **HOURS}, "Choose from those offered."),
        ({"mail-planted": "daily", "quiet": "on", "starts": "17:00", "ends": "08:00"}, "14 hours at most"),
        ({"mail-planted": "daily", "quiet": "on", "starts": "17:00"}, "switch the quiet hours off"),
        ({"mail-planted": "daily", "quiet": "on", "starts": "late", "ends": "07:00"}, "Write a time"),
    ],
)
def test_what_cannot_be_saved_is_said_and_nothing_of_it_is(planted, therapist, sign_in, sent, words):
    response = sign_in(therapist).post("/inbox/mail/", sent)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert (rows(), QuietHours.objects.count()) == (set(), 0)


def test_choosing_is_no_get(optional, therapist, sign_in):
    assert sign_in(therapist).get("/inbox/mail/").status_code == 405


def test_the_number_of_queries_does_not_grow_with_the_people(optional, cast, at):
    numbers = []
    for names in (["therapist"], ["manager", "assistant", "front_desk"]):
        people = [cast[name] for name in names]
        for person in people:
            factories.released(recipient=person, at=at)
            MailChoice.objects.create(person=person, kind="planted", rhythm="daily")
            _ = person.zone  # what it takes to know a zone is another matter
        with CaptureQueriesContext(connection) as queries:
            preferring.habits_of(people)
        numbers.append(len([query for query in queries if "clinic" not in query["sql"]]))
    assert numbers[0] == numbers[1]


# --- What would be too late


NIGHT = datetime(2026, 11, 25, 22, 0, tzinfo=CHICAGO)
MORNING = datetime(2026, 11, 26, 7, 0, tzinfo=CHICAGO)


def test_what_the_weekly_digest_is_too_late_for_still_waits_for_the_morning(optional, therapist):
    choose(therapist, NIGHT, planted=Rhythm.WEEKLY)
    show(optional, NIGHT, therapist, until=MORNING + 24 * HOUR)
    assert due_times() == {"once": MORNING}


@pytest.mark.parametrize(("worth_waking", "mails"), [(True, 1), (False, 0)])
def test_what_the_morning_is_too_late_for_comes_at_night_or_not_at_all(planted, therapist, worth_waking, mails):
    planted.worth_waking = worth_waking
    show(planted, NIGHT, therapist, until=MORNING - HOUR)
    assert (Delivery.objects.count(), due_times()) == (mails, {"once": None})
    assert Reminder.objects.visible_to(therapist).count() == 1
