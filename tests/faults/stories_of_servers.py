"""What happens to PostgreSQL and to the broker."""

from __future__ import annotations

import re
import signal
import urllib.parse
import urllib.request
from datetime import timedelta
from http.cookiejar import CookieJar

from django.db import connection

from accounts.models import User
from intranet.reminders.models import Delivery, Reminder, Run
from tests.factories import PASSWORD
from tests.faults.arena import HOUR, MINUTE, SECOND, TEN, Arena
from tests.faults.lives import watch_through
from tests.faults.processes import PATIENCE, wait_for

WORST = 90 * SECOND  # what the promise says: from due to the mail server while there is no broker


def session_dropped(arena: Arena) -> None:
    """The lock is gone with the session: the worker may neither pass the fence nor write a word."""
    arena.worker()
    promises = arena.owe(6)
    hook = arena.chance.choice(["at_recipient", "at_dot"])
    moment = arena.chance.randrange(1, len(promises) - 1)
    dropped = arena.once(hook, lambda address: arena.end_sessions_that_send(), after=moment)
    wait_for(dropped.is_set, step=arena.bell.ring)
    arena.struck()
    arena.ring_until_settled()


def database_restarted(arena: Arena) -> None:
    """`pg_ctl restart -m immediate`, while a worker sends."""
    database = arena.servers.database
    arena.worker()
    promises = arena.owe(6)
    hook = arena.chance.choice(["at_recipient", "at_dot"])
    moment = arena.chance.randrange(1, len(promises) - 1)
    gone = arena.once(hook, lambda address: database.send(signal.SIGQUIT), after=moment)
    wait_for(gone.is_set, step=arena.bell.ring)
    connection.close()
    database.bury()
    database.start()
    arena.struck()
    arena.ring_until_settled()


def broker_forgets(arena: Arena) -> None:
    """FLUSHALL: before anybody has heard the bell, and again while a worker sends."""
    promises = arena.owe(6)
    for _ in range(20):
        arena.bell.ring()
    arena.bell.hush()
    arena.worker()
    moment = arena.chance.randrange(1, len(promises) - 1)
    forgotten = arena.once("at_dot", lambda address: arena.bell.hush(), after=moment)
    wait_for(forgotten.is_set, step=arena.bell.ring)
    arena.struck()
    arena.ring_until_settled()


def broker_killed(arena: Arena) -> None:
    """SIGKILL for the broker while a worker sends. More comes due; the broker starts again, and nothing else does."""
    broker = arena.servers.broker
    arena.worker()
    promises = arena.owe(4)
    moment = arena.chance.randrange(len(promises) - 1)
    killed = arena.once("at_dot", lambda address: broker.send(signal.SIGKILL), after=moment)
    arena.beat()
    wait_for(killed.is_set)
    broker.bury()
    arena.owe(3)
    broker.start()
    arena.struck()
    arena.wait_until_settled()


def broker_black_hole(arena: Arena) -> None:
    """The broker takes every connection and never answers. The watchdog does the work; then the line is whole again."""
    arena.worker()
    promises = arena.owe(4)
    moment = arena.chance.randrange(len(promises) - 1)
    silent = arena.once("at_dot", lambda address: arena.servers.line.swallow(), after=moment)
    arena.beat()
    wait_for(silent.is_set)
    arena.owe(3)
    watchdog = arena.watchdog()
    arena.wait_until_settled()
    arena.require(Run.objects.filter(origin="watchdog").exists(), "the watchdog did nothing")
    watchdog.stop()
    arena.servers.line.pass_on()
    arena.owe(2)
    arena.struck()
    arena.wait_until_settled()
    after = set(Run.objects.filter(pk__gt=arena.mark).values_list("origin", flat=True))
    arena.require(after == {"beat"}, f"beat and worker did not come back by themselves: {after}")


def broker_absent_for_an_hour(arena: Arena) -> None:
    """An hour of a clock that moves when the watchdog waits. Meanwhile people sign in and read their inbox."""
    arena.end_processes()  # a worker would ask for the broker, and only the web is to be seen
    line = arena.servers.line
    line.swallow()
    asked = line.connections
    web = arena.web()
    web.wait_until_ready()
    people = arena.staff(8)
    reader = people[0]
    due = [TEN + arena.chance.randrange(3600) * SECOND for _ in range(30)]
    for number, moment in enumerate([TEN, *due]):
        arena.owe([people[number % len(people)]], 1, due=moment)
    arena.struck()
    hour = arena.other("hour", watch_through, TEN - 5 * MINUTE, TEN + HOUR + 5 * MINUTE)
    wait_for(lambda: not hour.alive or Reminder.objects.filter(recipient=reader, state="released").exists())
    page = read_inbox(web.address, reader)
    arena.require("Work [owed-1]" in page, "the inbox does not show what was due")
    wait_for(lambda: not hour.alive)
    arena.require(line.connections == asked, "a web request has asked the broker")
    late = [
        f"{reminder}: {sent_at - reminder.due_at}"
        for reminder in Reminder.objects.all()
        for sent_at in Delivery.objects.filter(reminders=reminder).values_list("sent_at", flat=True)
        if sent_at is None or not timedelta() <= sent_at - reminder.due_at <= WORST
    ]
    arena.require(not late, f"late: {late}")


def read_inbox(address: str, person: User) -> str:
    """What a browser does: the form for signing in, then the page."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def ask(path: str, form: dict[str, str] | None = None) -> str:
        data = urllib.parse.urlencode(form).encode() if form else None
        with browser.open(f"{address}{path}", data, timeout=PATIENCE) as answer:
            return str(answer.read().decode())

    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', ask("/accounts/login/"))
    assert found, "no form for signing in"
    ask("/accounts/login/", {"csrfmiddlewaretoken": found[1], "login": person.email, "password": PASSWORD})
    return ask("/inbox/")
