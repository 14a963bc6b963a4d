"""The harness: a place where the product's processes work for staff who are owed reminders, and where faults happen.

A run is (fault, seed) -> Outcome. The fault's story plants what is owed, starts processes, strikes, and lets the rest go
on to its end; `judge` then compares three things: what was planted, the mail server's own log, and the ledger. What the
ledger says of itself proves nothing here: lost and twice are counted in the log of the mail server.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any, TypeVar

from django.db import OperationalError, connection
from django.db.models import Max

from accounts.models import User
from accounts.roles import Role
from intranet.core.wording import counted
from intranet.reminders.locks import RUNS
from intranet.reminders.models import Attempt, Delivery, Reminder, Run
from tests import factories
from tests.faults.processes import Beat, Bell, Process, Ticker, Watchdog, Web, Worker, in_environment, wait_for
from tests.faults.servers import Servers, environment
from tests.intranet.reminders.mail_server import Mailbox, MailServer

WORK, HELD, PATIENT = "fault-work", "fault-held", "fault-patient"
TEN = datetime(2026, 11, 25, 16, tzinfo=UTC)  # a Wednesday, ten in the morning at the clinics
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TICK = 15 * SECOND  # how often a beat rings
P = TypeVar("P", bound=Process)
UNDER_WAY = ("pending", "claimed", "committed")


@dataclass(frozen=True)
class Fault:
    """One way in which the world goes wrong: its story, and what the promise allows."""

    name: str
    what: str  # how it is injected
    story: Callable[[Arena], None]
    doubts: int = 0  # how many doubts each strike may leave, and so how many second copies it may explain
    ticks: int | None = None  # everything has arrived within so many ticks after the last strike; None: by other clocks

    @property
    def allowed(self) -> str:
        doubt = "one doubt for each strike" if self.doubts else "no doubt"
        return doubt if self.ticks is None else f"{doubt}; over within {counted(self.ticks, 'tick')}"


@dataclass(eq=False)
class Promise:
    """One reminder that one person is to get, as the test planted it."""

    person: User
    kind: str
    subject_id: int
    token: str  # found in every mail to this person that tells it
    may_end: str = ""  # it may go without a mail: its mail then ends as dead, doubt, cancelled or expired
    shown: bool = True  # it appears in the inbox


@dataclass
class Outcome:
    """What a run came to. `violations` is empty if the promise was kept."""

    fault: str
    seed: int
    reminders: int = 0
    mails: int = 0
    lost: int = 0
    duplicates: int = 0
    explained: int = 0
    doubts: int = 0
    strikes: int = 0
    ticks: int | None = None  # to recovery, where these say something
    seconds: float = 0.0
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        if not self.violations:
            return f"{self.fault} (seed {self.seed}): the promise was kept"
        lines = [f"{self.fault} with seed {self.seed}: the promise was broken", *self.violations]
        return "\n  ".join([*lines, f"again: make soak FAULTS={self.fault} SEED={self.seed} SEEDS=1"])


class Arena:
    """Everything that a story needs. There is one in a process of the tests; each run gets a new database."""

    def __init__(self, path: Path, *, full: bool = False) -> None:
        self.path, self.full = path, full
        self.sabotage = ""  # what processes that start from now on do wrong (`planted/sabotage.py`)
        self.servers = Servers(path)
        self.mailbox = Mailbox()
        self._mail_server = MailServer(self.mailbox)
        self.processes: dict[str, Process] = {}

    # --- Its life -------------------------------------------------------------------------------------------------

    @contextmanager
    def open(self) -> Iterator[Arena]:
        self._mail_server.start()
        try:
            self.servers.start()
            self.bell = Bell(self.servers.broker.address)
            with in_environment(environment(self.servers, self.mailbox.port)):
                yield self
        finally:
            self.end_processes()
            self._mail_server.end()
            self.servers.stop()

    def run(self, fault: Fault, seed: int) -> Outcome:
        """Let the fault happen, and say what it came to."""
        begun = time.monotonic()
        outcome = Outcome(fault.name, seed)
        with self.servers.database.for_django():
            self._happen(fault, outcome)
        outcome.seconds = time.monotonic() - begun
        if outcome.violations:
            self.end_processes()
        return outcome

    def _happen(self, fault: Fault, outcome: Outcome) -> None:
        self._begin(outcome.seed)
        try:
            fault.story(self)
        except Exception as error:
            outcome.violations.append(f"The story did not get to its end: {type(error).__name__}: {error}")
            outcome.violations += [self._last_words()] if "vain" in str(error) else []
        finally:
            self.calm()
        judge(self, fault, outcome)

    def _begin(self, seed: int) -> None:
        """Nothing of the last run is left but idle processes."""
        self.calm()
        self.chance = random.Random(seed)
        self.promises: list[Promise] = []
        self.strikes = 0
        self.troubles: list[str] = []
        self.mark: int | None = None  # the last run of the ledger when the last strike was over
        self.now = TEN
        self.moments: dict[int, datetime] = {}  # place in the mail server's log -> the story's moment
        connection.close()
        self.servers.database.renew()
        self.bell.hush()
        for entries in (self.mailbox.taken, self.mailbox.seen):
            entries.clear()
        self.clinic = factories.clinic(name="Mt. Prospect", letter="M", number=1, slug="mt-prospect")

    def calm(self) -> None:
        """Nothing strikes any more; processes that act by themselves are gone."""
        self.mailbox.at_mail = self.mailbox.at_recipient = self.mailbox.at_dot = lambda address: "250 OK"
        self.mailbox.lets_in = lambda: True
        self.servers.line.pass_on()
        for name, process in list(self.processes.items()):
            process.thaw()
            if not isinstance(process, Worker | Ticker) or not process.alive or name not in {"worker", "ticker"}:
                process.end()
                del self.processes[name]

    def end_processes(self) -> None:
        for process in self.processes.values():
            process.end()
        self.processes.clear()

    def _last_words(self) -> str:
        return "\n".join(f"{process.name}: {process.last_words()[-1500:]}" for process in self.processes.values())

    # --- Whom is owed what ----------------------------------------------------------------------------------------

    def size(self, quick: int, full: int) -> int:
        return full if self.full else quick

    def staff(self, number: int) -> list[User]:
        people = [factories.person() for _ in range(number)]
        for person in people:
            factories.membership(user=person, role=Role.FRONT_DESK, clinic=self.clinic)
        return people

    def owe(
        self,
        people: Sequence[User] | int = 6,
        each: int = 3,
        *,
        sort: str = WORK,
        due: datetime | None = None,
        until: datetime | None = None,
    ) -> list[Promise]:
        """Each of these people is owed so many reminders, since an hour by the story's clock unless `due` says when."""
        people = self.staff(people) if isinstance(people, int) else people
        due = due or self.now - HOUR
        rows = [
            (person.pk, sort, f"number {number}", due, until or due + 7 * DAY)
            for person in people
            for number in range(each)
        ]
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO planted_owed (person_id, sort, occasion, due_at, not_after) SELECT * FROM unnest"
                "(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[]) RETURNING id",
                list(map(list, zip(*rows, strict=True))),
            )
            ids = [number for (number,) in cursor.fetchall()]
        owners = [person for person in people for _ in range(each)]
        promises = [Promise(person, sort, pk, f"[owed-{pk}]") for person, pk in zip(owners, ids, strict=True)]
        self.promises += promises
        return promises

    def expect_by_now(self, *promises: Promise, end: str, shown: bool = True) -> None:
        """These may go without a mail; each mail of theirs then ends as `end`, with a reason."""
        for promise in promises:
            promise.may_end, promise.shown = end, shown

    def require(self, true: object, words: str) -> None:
        """Something that the story itself has to see; otherwise the run counts as a violation."""
        if not true:
            self.troubles.append(words)

    # --- Processes ------------------------------------------------------------------------------------------------

    def worker(self, name: str = "worker") -> Worker:
        return self._running(Worker, name)

    def beat(self, name: str = "beat") -> Beat:
        return self._running(Beat, name)

    def watchdog(self) -> Watchdog:
        return self._running(Watchdog, "watchdog")

    def web(self) -> Web:
        return self._running(Web, "web")

    def ticker(self, name: str = "ticker") -> Ticker:
        """Its clock is the story's; so nobody may be there whose clock is the machine's."""
        for process in self.processes.values():
            if isinstance(process, Worker):
                process.end()
        return self._running(Ticker, name)

    def other(self, name: str, life: Callable[..., object], *words: Any) -> Process:
        """A process of the test's own."""
        process = self.processes[name] = Process(name, self.path, self.sabotage, life, *words)
        process.start()
        return process

    def _running(self, make: type[P], name: str) -> P:
        """The one of this name, started unless it runs."""
        process = self.processes.get(name)
        if process is None:
            process = self.processes[name] = make(name, self.path, self.sabotage)
        if not process.alive:
            process.end()
            process.start()
        return process

    # --- The mail server ------------------------------------------------------------------------------------------

    def when(self, hook: str, answer: Callable[[str], str | None]) -> None:
        """At `at_mail`, `at_recipient` or `at_dot` the mail server answers so; None is a plain 250."""

        def careful(address: str) -> str:
            try:
                if hook == "at_dot":
                    self.moments[len(self.mailbox.taken)] = self.now
                return answer(address) or "250 OK"
            except Exception as error:
                self.troubles.append(f"At {hook}: {type(error).__name__}: {error}")
                return "250 OK"
            finally:
                connection.close()

        setattr(self.mailbox, hook, careful)

    def once(self, hook: str, deed: Callable[[str], str | None], *, after: int) -> threading.Event:
        """Do it at the first chance once the server has taken so many mails. Tells when it is done."""
        done, only_one = threading.Event(), threading.Lock()

        def perhaps(address: str) -> str | None:
            if len(self.mailbox.taken) < after or done.is_set() or not only_one.acquire(blocking=False):
                return None
            try:
                return deed(address)
            finally:
                done.set()

        self.when(hook, perhaps)
        return done

    def mail_server_goes(self) -> None:
        self._mail_server.stop()

    def mail_server_comes(self) -> None:
        self._mail_server.start()

    def log(self) -> list[tuple[str, str, str]]:
        """Address, text and Message-ID of everything that the mail server has taken, in its order."""
        return list(mails(self.mailbox))

    def taken_by(self, person: User) -> list[str]:
        """What the mail server has taken for somebody, as texts."""
        return [text for address, text, _ in mails(self.mailbox) if address == person.email]

    # --- Time -----------------------------------------------------------------------------------------------------

    def struck(self, times: int = 1) -> None:
        """So many dispatchers have been struck; from here on the ticks to recovery are counted."""
        self.strikes += times
        self.mark = Run.objects.aggregate(last=Max("pk"))["last"] or 0

    def ring_until_settled(self) -> None:
        wait_for(self.settled, step=self.bell.ring)

    def wait_until_settled(self) -> None:
        wait_for(self.settled)

    def settled(self) -> bool:
        """Whether nothing is left to do for anybody. Asked in the order in which a reminder passes: it cannot slip by."""
        try:
            return (
                Reminder.objects.count() >= max(sum(promise.shown for promise in self.promises), 1)
                and not Reminder.objects.filter(state=Reminder.State.SCHEDULED).exists()
                and not Reminder.objects.filter(mail_due_at__isnull=False).exists()
                and not Delivery.objects.filter(state__in=UNDER_WAY).exists()
                and not Run.objects.filter(ended_at=None, attempts__isnull=False).exists()
            )
        except OperationalError:
            connection.close()
            return False

    def tick(self, at: datetime | None = None) -> dict[str, int] | None:
        """One tick at a moment by the story's clock."""
        self.now = at or self.now
        return self.ticker().tick(self.now)

    def tick_until_settled(self, step: timedelta = TICK, most: int = 400) -> int:
        """Tick after tick by the story's clock; how many it took. Each is later than all that the last one wrote down."""
        for number in range(most):
            self.tick(self.now + step)
            if self.settled():
                return number + 1
        raise AssertionError(f"after {most} ticks in vain: {Counter(Delivery.objects.values_list('state', 'reason'))}")

    # --- Between the lines ----------------------------------------------------------------------------------------

    @contextmanager
    def holding(self, statement: str, *values: Any) -> Iterator[None]:
        """A session of the test's own has something locked meanwhile."""
        with self.servers.database.session(autocommit=False) as session:
            session.execute(statement, values)
            yield

    def somebody_waits(self, statement: str) -> bool:
        """Whether a session stands still, waiting for a lock, in a statement that begins so."""
        with self.servers.database.session() as session:
            asked = session.execute(
                "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
                " AND query LIKE %s",
                [statement + "%"],
            )
            return asked.fetchone() is not None

    def end_sessions_that_send(self) -> None:
        with self.servers.database.session() as session:
            session.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s"
                " AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())",
                [RUNS],
            )


# --- The judgement ----------------------------------------------------------------------------------------------------


def mails(mailbox: Mailbox) -> Iterator[tuple[str, str, str]]:
    """The mail server's log: address, text and Message-ID of every mail that it has taken."""
    for address, content in list(mailbox.taken):
        message = message_from_bytes(content, policy=policy.default)
        part = message.get_body(("plain",))
        text = part.get_content() if part else ""
        yield address, f"{message['Subject']}\n{' '.join(text.split())}", message["Message-ID"]


def judge(arena: Arena, fault: Fault, outcome: Outcome) -> None:
    """Hold what was planted against the mail server's log, and the log against the ledger."""
    outcome.reminders, outcome.strikes = len(arena.promises), arena.strikes
    outcome.mails = len(arena.mailbox.taken)
    outcome.violations += arena.troubles
    doubted = Counter(Attempt.objects.filter(outcome="doubt").values_list("delivery__message_id", flat=True))
    outcome.doubts = doubted.total()
    copies = Counter(message_id for *_, message_id in mails(arena.mailbox))
    known = dict(Delivery.objects.values_list("message_id", "state"))
    say = outcome.violations.append

    for promise in missing(arena):
        outcome.lost += 1
        say(f"Lost: {promise.token or promise.kind} for {promise.person.email}")
    for promise, count in not_shown_once(arena):
        say(f"{count} times in the inbox of {promise.person.email}: {promise.token or promise.kind}")
    for message_id, number in copies.items():
        outcome.duplicates += number - 1
        outcome.explained += min(number - 1, doubted[message_id])
        if number - 1 > doubted[message_id]:
            say(f"Unexplained: {number} copies of {message_id}, {doubted[message_id]} doubts")
        if message_id not in known:
            say(f"Unknown to the ledger: {message_id}")
    for words in told_twice(arena):
        outcome.duplicates += 1
        say(words)
    if changed := [name for name in copies if len(bytes_of(arena.mailbox, name)) > 1]:
        say(f"Copies that differ: {changed}")
    if unsent := [name for name, state in known.items() if state == "sent" and name not in copies]:
        say(f"Called sent, and not in the mail server's log: {unsent}")
    if outcome.doubts > fault.doubts * arena.strikes:
        say(f"{outcome.doubts} doubts after {arena.strikes} strikes")
    if left := Counter(Delivery.objects.filter(state__in=UNDER_WAY).values_list("state", flat=True)):
        say(f"Still under way: {dict(left)}")
    if (
        Attempt.objects.filter(outcome="").exists()
        or Run.objects.filter(ended_at=None, attempts__isnull=False).exists()
    ):
        say("An attempt or a run has no end.")
    outcome.ticks = recovery(arena) if fault.ticks is not None else None
    if outcome.ticks is not None and fault.ticks is not None and outcome.ticks > fault.ticks:
        say(f"Recovered after {outcome.ticks} ticks; {fault.ticks} are allowed.")


def missing(arena: Arena) -> list[Promise]:
    """What nobody was mailed, and has not ended in a way that the story allows."""
    arrived: dict[str, str] = {}
    for address, text, _ in mails(arena.mailbox):
        arrived[address] = arrived.get(address, "") + text
    endings = {
        (kind, subject_id): state
        for kind, subject_id, state in Delivery.objects.exclude(reason="").values_list(
            "reminders__kind", "reminders__subject_id", "state"
        )
    }

    def told(promise: Promise) -> bool:
        return promise.person.email in arrived and promise.token in arrived[promise.person.email]

    def allowed(promise: Promise) -> bool:
        if not promise.may_end:
            return False
        return promise.may_end == "untold" or endings.get((promise.kind, promise.subject_id)) == promise.may_end

    return [promise for promise in arena.promises if not told(promise) and not allowed(promise)]


def not_shown_once(arena: Arena) -> list[tuple[Promise, int]]:
    """What does not appear exactly once in its inbox; or appears although it must not."""
    shown: Counter[tuple[int, str, int]] = Counter()
    people = {promise.person.pk: promise.person for promise in arena.promises}
    for pk, person in people.items():
        fresh = User.objects.get(pk=pk)
        inbox = Reminder.objects.visible_to(fresh) if fresh.is_active else person.reminders.filter(state="released")
        shown.update((pk, kind, subject) for kind, subject in inbox.values_list("kind", "subject_id"))
    counts = [(promise, shown[promise.person.pk, promise.kind, promise.subject_id]) for promise in arena.promises]
    return [(promise, count) for promise, count in counts if count != promise.shown]


def told_twice(arena: Arena) -> list[str]:
    """What two different mails tell the same person: nothing explains that."""
    told: dict[tuple[str, str], set[str]] = {}
    for address, text, message_id in mails(arena.mailbox):
        for token in set(re.findall(r"\[owed-\d+\]", text)):
            told.setdefault((address, token), set()).add(message_id)
    return [f"Unexplained: {token} in {len(ids)} mails" for (_, token), ids in told.items() if len(ids) > 1]


def bytes_of(mailbox: Mailbox, message_id: str) -> set[bytes]:
    return {content for _, content in mailbox.taken if message_id.encode() in content}


def recovery(arena: Arena) -> int:
    """How many ticks after the last strike there was still something to do."""
    last = Attempt.objects.aggregate(last=Max("run"))["last"] or 0
    return Run.objects.filter(pk__gt=arena.mark, pk__lte=last).count() if arena.mark is not None else 0
