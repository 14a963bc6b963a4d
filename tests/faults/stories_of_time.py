"""Clocks that jump, nights of 23 and 25 hours, and truth that changes while a mail is on its way."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection

from accounts.leaving import let_go
from accounts.models import Profession, User
from accounts.roles import Role
from intranet.reminders.models import Delivery, Reminder
from tests import factories
from tests.faults.arena import DAY, HOUR, MINUTE, PATIENT, SECOND, WORK, Arena, Promise
from tests.scheduling import factories as scheduling

CHICAGO = ZoneInfo("America/Chicago")
EVENING, MORNING = time(20), time(7)


def clock_jumps(arena: Arena) -> None:
    """Two hours forward and back, or back and forward, while mails are sent, put off and come due."""
    start = arena.now
    people = arena.staff(8)
    for person in people:
        arena.owe([person], 2, due=start + arena.chance.randrange(-60, 180) * MINUTE, until=start + 2 * DAY)
    way = arena.chance.choice([1, -1])
    jumps = [timedelta(), way * 2 * HOUR, timedelta(), -way * 2 * HOUR, timedelta()]
    away = arena.chance.randrange(len(jumps))
    for number, jump in enumerate(jumps):
        if number == away:
            arena.mail_server_goes()
        for tick in range(3):
            arena.tick(start + number * MINUTE + tick * 15 * SECOND + jump)
        if number == away:
            arena.mail_server_comes()
    arena.struck()
    arena.now = start + 10 * MINUTE
    arena.tick_until_settled(step=5 * MINUTE)


def _night(arena: Arena, evening: date) -> None:
    """Ticks through a night in which the clocks change. Mail waits for seven o'clock by the clock on the wall."""
    start = datetime.combine(evening, time(18, 30), CHICAGO).astimezone(UTC)
    end = datetime.combine(evening + timedelta(days=1), time(9), CHICAGO).astimezone(UTC)
    people = arena.staff(5)
    minutes = int((end - start) / MINUTE)
    step = arena.size(10, 5) * MINUTE
    for person in people:
        for _ in range(4):
            arena.owe([person], 1, sort=PATIENT, due=start + arena.chance.randrange(minutes - 30) * MINUTE)
    urgent = [arena.owe([person], 1, due=start + arena.chance.randrange(minutes - 30) * MINUTE)[0] for person in people]
    arena.when("at_dot", lambda address: None)  # notes the moment
    arena.struck()
    arena.now = start
    while arena.now <= end:
        arena.tick()
        arena.now += step
    arena.require(arena.settled(), "not everything was told by nine")
    _check_the_night(arena, urgent, start, step)


def _check_the_night(arena: Arena, urgent: list[Promise], start: datetime, step: timedelta) -> None:
    soon = step + MINUTE
    tokens = {promise.token: promise for promise in arena.promises}
    due = dict(Reminder.objects.values_list("subject_id", "due_at"))
    shown = dict(Reminder.objects.values_list("subject_id", "released_at"))
    for place, (address, text, _) in enumerate(arena.log()):
        moment = arena.moments[place]
        local = moment.astimezone(CHICAGO)
        quiet = local.time() >= EVENING or local.time() < MORNING
        for promise in (promise for token, promise in tokens.items() if token in text):
            expected = due[promise.subject_id]
            if promise in urgent:
                arena.require(moment - expected < soon, f"{promise.token} was due at {expected}, sent at {moment}")
            else:
                arena.require(not quiet, f"{promise.token} was sent at {local}, in the night of {address}")
                noticed = start + -((start - expected) // step) * step  # by the first tick after it was due
                waited_for = _next_morning(noticed)
                arena.require(
                    timedelta() <= moment - waited_for < soon, f"{promise.token}: {waited_for}, sent at {moment}"
                )
            late = shown[promise.subject_id] - expected
            arena.require(timedelta() <= late < soon, f"{promise.token} appeared {late} after it was due")


def _next_morning(moment: datetime) -> datetime:
    """When a mail of this moment may leave, worked out by counting minutes on the wall and not by the product's rule."""
    while not MORNING <= moment.astimezone(CHICAGO).time() < EVENING:
        moment += MINUTE
    return moment


def night_of_23_hours(arena: Arena) -> None:
    _night(arena, date(2027, 3, 13))


def night_of_25_hours(arena: Arena) -> None:
    _night(arena, date(2026, 10, 31))


def cancelled_before_the_fence(arena: Arena) -> None:
    """A manager withdraws a published shift, and some work is done, while the mails about them are on the way."""
    arena.now = datetime(2026, 11, 30, 1, tzinfo=UTC)  # seven on the evening before
    therapists = [_therapist(arena, f"Terry Trial{number}") for number in range(4)]
    for person in therapists:
        shift = scheduling.published(clinic=arena.clinic, times="7-15:30", staff=person)
        arena.promises.append(Promise(person, "shift-tomorrow", shift.pk, ""))
    others = arena.owe(6)
    shifts = [promise for promise in arena.promises if promise.kind == "shift-tomorrow"]
    gone = [arena.chance.choice(shifts), arena.chance.choice(others)]
    arena.expect_by_now(*gone, end="cancelled")
    seen: list[Promise] = []

    def at_recipient(address: str) -> None:
        for promise in gone:
            if promise.person.email == address and promise not in seen and _in_hand(promise, arena):
                seen.append(promise)
                _vanish(promise, arena)

    arena.when("at_recipient", at_recipient)
    arena.tick()
    arena.struck()
    arena.require(len(seen) == len(gone), "nothing vanished in time")
    arena.tick_until_settled()
    for promise in gone:
        texts = " ".join(arena.taken_by(promise.person))
        told = promise.token in texts if promise.token else bool(texts)
        arena.require(not told, f"what had vanished was told to {promise.person}: {promise.kind}")
        settled = Reminder.objects.get(kind=promise.kind, subject_id=promise.subject_id).settled_at
        arena.require(settled, f"the inbox of {promise.person} still asks for it")


def _therapist(arena: Arena, name: str) -> User:
    return factories.staff(name=name, role=Role.THERAPIST, clinics=[arena.clinic], profession=Profession.PT)


def _in_hand(promise: Promise, arena: Arena) -> bool:
    """Whether the mail about it is the very one whose recipient the server hears now: the first of what is claimed."""
    claimed = Delivery.objects.filter(state="claimed").order_by("not_before", "id").first()
    return claimed is not None and claimed.reminders.filter(kind=promise.kind, subject_id=promise.subject_id).exists()


def _vanish(promise: Promise, arena: Arena) -> None:
    with connection.cursor() as cursor:
        if promise.kind == WORK:
            cursor.execute("DELETE FROM planted_owed WHERE id = %s", [promise.subject_id])
        else:
            cursor.execute(
                "UPDATE scheduling_publishedshift SET withdrawn_at = %s WHERE id = %s", [arena.now, promise.subject_id]
            )


def left_before_the_fence(arena: Arena) -> None:
    """An administrator ends somebody's access while the mail to them is on the way: it does not arrive, nor does another."""
    _leaves(arena, between_claim_and_fence=True)


def left(arena: Arena) -> None:
    """Some mails have arrived, others wait, more comes due later; then the person leaves."""
    _leaves(arena, between_claim_and_fence=False)


def _leaves(arena: Arena, *, between_claim_and_fence: bool) -> None:
    boss = factories.staff(name="Ada Nonesuch", role=Role.ADMINISTRATOR, clinics=[None])
    people = arena.staff(6)
    leaver = arena.chance.choice(people)
    arena.owe(people, 3)
    arena.owe(people, 2, due=arena.now + HOUR)
    already: list[str] = []

    def go(address: str) -> None:
        if address == leaver.email and not already:
            already.extend(["", *arena.taken_by(leaver)])
            let_go(User.objects.get(pk=leaver.pk), by=boss, at=arena.now)

    arena.when("at_recipient", go)
    if not between_claim_and_fence:
        arena.mail_server_goes()
        arena.tick()
        go(leaver.email)
        arena.mail_server_comes()
    arena.struck()
    for minute in (2, 61, 62, 180):
        arena.tick(arena.now + minute * MINUTE)
    for promise in arena.promises:
        if promise.person == leaver:
            promise.may_end, promise.shown = "untold", _is_shown(promise)
    arena.require(already, "nobody left")
    arena.require(arena.taken_by(leaver) == already[1:], f"{leaver.email} got mail after leaving")
    ends = set(Delivery.objects.filter(recipient=leaver).values_list("state", flat=True))
    arena.require(ends <= {"sent", "cancelled"}, f"the mails of {leaver.email} are {ends}")


def _is_shown(promise: Promise) -> bool:
    """What was in the inbox before stays there, and nobody can open it; what came due later never appears."""
    return Reminder.objects.filter(kind=promise.kind, subject_id=promise.subject_id, state="released").exists()
