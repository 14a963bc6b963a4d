"""What the mail server does: away, refusing, late, cut off, forgetful."""

from __future__ import annotations

import threading
from collections import Counter

from django.db import connection

from intranet.reminders.models import Delivery, Reminder
from tests.faults.arena import HELD, HOUR, MINUTE, Arena
from tests.intranet.reminders.mail_server import CUT, TAKEN_THEN_CUT, TAKEN_THEN_DROPPED


def no_try_burned(arena: Arena) -> None:
    burned = Delivery.objects.filter(tries__gt=0).count()
    arena.require(not burned, f"{burned} mails have lost a try, because the server was not there")


def refused(arena: Arena) -> None:
    """Nobody listens; from the third tick on somebody does."""
    arena.owe(6)
    arena.mail_server_goes()
    for _ in range(arena.chance.randrange(1, 4)):
        arena.tick()
        arena.now += 15 * arena.chance.randrange(1, 6) * (MINUTE / 60)
    arena.require(not arena.mailbox.taken, "mails were taken by nobody")
    arena.mail_server_comes()
    arena.struck()
    arena.tick_until_settled()
    no_try_burned(arena)


def sign_in_refused(arena: Arena) -> None:
    """535 to our name and password."""
    arena.owe(6)
    arena.mailbox.lets_in = lambda: False
    for _ in range(arena.chance.randrange(1, 4)):
        arena.tick()
        arena.now += MINUTE
    arena.require(not arena.mailbox.seen, "mails were begun without signing in")
    arena.mailbox.lets_in = lambda: True
    arena.struck()
    arena.tick_until_settled()
    no_try_burned(arena)


def put_off(arena: Arena) -> None:
    """451, once to three times for each address, at RCPT or after the message."""
    promises = arena.owe(6)
    often = {promise.person.email: arena.chance.randrange(1, 4) for promise in promises}
    hook = arena.chance.choice(["at_recipient", "at_dot"])
    refusals: Counter[str] = Counter()
    lock = threading.Lock()

    def later(address: str) -> str | None:
        with lock:
            refusals[address] += 1
            return "451 4.7.1 Come again" if refusals[address] <= often[address] else None

    arena.when(hook, later)
    arena.tick()
    arena.struck()
    arena.tick_until_settled(step=MINUTE)
    tries = sum(Delivery.objects.values_list("tries", flat=True))
    arena.require(tries == sum(often.values()), f"{tries} tries, {sum(often.values())} refusals")


def refused_for_good(arena: Arena) -> None:
    """550 at RCPT for one person; everybody else gets theirs in the same tick."""
    promises = arena.owe(6)
    stranger = arena.chance.choice(promises).person
    arena.expect_by_now(*(promise for promise in promises if promise.person == stranger), end="dead")
    arena.when("at_recipient", lambda address: "550 5.1.1 Unknown" if address == stranger.email else None)
    arena.struck()
    arena.tick()
    dead = Delivery.objects.filter(recipient=stranger)
    arena.require(set(dead.values_list("state", "last_code")) == {("dead", 550)}, "not dead, or without the code")
    arena.require(not arena.taken_by(stranger), "the refused person got something")
    for _ in range(3):
        arena.now += HOUR
        arena.tick()


def _at_some_dots(arena: Arena, answer: str) -> set[str]:
    """Everybody is owed one mail of each policy; at the dot of the first or second to some of them the server answers so.

    Returns whose mails were struck.
    """
    people = arena.staff(8)
    arena.owe(people, 1)
    arena.owe(people, 1, sort=HELD)
    left = {person.email: arena.chance.randrange(2) for person in arena.chance.sample(people, 4)}
    chosen = set(left)
    lock = threading.Lock()

    def at_dot(address: str) -> str | None:
        with lock:
            if address in left:
                left[address] -= 1
                if left[address] < 0:
                    del left[address]
                    return answer
        return None

    arena.when("at_dot", at_dot)
    arena.tick()
    arena.struck(len(chosen))
    return chosen


def taken_then_cut(arena: Arena) -> None:
    """The server takes the message and hangs up before it says so: a doubt for each."""
    _at_some_dots(arena, TAKEN_THEN_CUT)
    arena.tick_until_settled()


def cut_at_the_dot(arena: Arena) -> None:
    """The server hangs up at the dot and has kept nothing. What is held in doubt stays out; the inbox has it."""
    chosen = _at_some_dots(arena, CUT)
    for promise in arena.promises:
        if promise.person.email in chosen and promise.kind == HELD:
            arena.expect_by_now(promise, end="doubt")
    arena.tick_until_settled()


def slow(arena: Arena) -> None:
    """One 250 comes only after another dispatcher has done two whole ticks."""
    promises = arena.owe(8)
    other = arena.ticker("other")

    def dawdle(address: str) -> None:
        for _ in range(2):
            other.tick(arena.now)

    dawdled = arena.once("at_dot", dawdle, after=arena.chance.randrange(len(promises) - 1))
    arena.struck()
    arena.tick()
    arena.require(dawdled.is_set(), "the server was not slow")
    arena.tick_until_settled()


def down_for_hours(arena: Arena) -> None:
    """Two hours of ticks without a mail server, while more comes due. Five minutes after it is back everything is sent."""
    people = arena.staff(10)
    start = arena.now
    for person in people:
        arena.owe([person], 1, due=start + arena.chance.randrange(110) * MINUTE)
    arena.mail_server_goes()
    for minute in range(0, 120, arena.size(3, 1)):
        arena.tick(start + minute * MINUTE)
    shown = Reminder.objects.filter(state="released").count()
    arena.require(shown == len(people), "the inbox has waited for the mail server")
    arena.mail_server_comes()
    arena.struck()
    arena.now = start + 2 * HOUR
    ticks = arena.tick_until_settled()
    arena.require(ticks <= 20, f"{ticks} ticks of 15 s until everything was sent; five minutes are 20")
    no_try_burned(arena)


def taken_then_dropped(arena: Arena) -> None:
    """250, and the server hangs up and throws the message away. Not promised: the ledger keeps the 250 and sends no more."""
    arena.owe(8)
    arena.when("at_dot", lambda address: TAKEN_THEN_DROPPED if arena.chance.random() < 0.5 else None)
    arena.struck()
    arena.tick_until_settled()
    codes = set(Delivery.objects.values_list("state", "last_code", "tries"))
    arena.require(codes == {("sent", 250, 0)}, f"the 250 is not on record: {codes}")


def poison(arena: Arena) -> None:
    """One reminder cannot be written, and one person's address fits into no mail. Everybody else is told; then it is mended."""
    promises = arena.owe(8)
    bad = arena.chance.choice(promises)
    unwritable(bad.subject_id, True)
    other = arena.chance.choice([promise.person for promise in promises if promise.person != bad.person])
    address = other.email
    type(other).objects.filter(pk=other.pk).update(email="not an address")
    arena.tick()
    kept_waiting = {promise.token for promise in promises if promise is bad or promise.person == other}
    told = " ".join(text for text in map(" ".join, map(arena.taken_by, {promise.person for promise in promises})))
    silent = {promise.token for promise in promises if promise.token not in told}
    arena.require(silent == kept_waiting, f"others wait as well: {silent - kept_waiting}")
    unwritable(bad.subject_id, False)
    type(other).objects.filter(pk=other.pk).update(email=address)
    arena.struck()
    arena.tick_until_settled()


def unwritable(number: int, whether: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE planted_owed SET unwritable = %s WHERE id = %s", [whether, number])


def backlog(arena: Arena) -> None:
    """More than anybody can read, all due at once, for forty people: forty mails at most, which name every number."""
    people = arena.staff(40)
    each = arena.size(75, 2500)
    arena.owe(people, each)
    for promise in arena.promises:
        promise.token = ""  # a mail lists fifty of them; the inbox has them all
    arena.struck()
    arena.tick_until_settled()
    for _ in range(2):
        arena.now += HOUR
        arena.tick()
    arena.require(len(arena.mailbox.taken) <= len(people), f"{len(arena.mailbox.taken)} mails for {len(people)} people")
    subjects = {message["Subject"].split(" ")[0] for message in arena.mailbox.messages}
    arena.require(subjects == {str(each)}, f"the mails speak of {subjects} reminders, not of {each}")
