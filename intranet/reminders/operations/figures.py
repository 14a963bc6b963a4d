"""How the machinery is doing: the figures of the operations page and of a scrape, each from an index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Q

from intranet.core.migrated import is_migrated
from intranet.core.time import day_span, organisation_day, organisation_zone
from intranet.reminders.addresses import reachable
from intranet.reminders.models import AddressTrouble, Attempt, Delivery, Reminder, Run
from intranet.reminders.watching import due_is_old, last_good_tick, oldest_due, tick_is_old

HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
# A process that ticks does so several times in this time.
ALIVE_FOR = timedelta(minutes=2)
LAST_ANSWERS = 10
LAST_RUNS = 12


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that ticked in the last hour."""

    origin: str
    host: str
    pid: int
    version: str
    ticks: int
    last: datetime
    failed: int
    alive: bool
    slowest: timedelta | None


@dataclass(frozen=True, slots=True)
class Queues:
    """What is still to come, by what it waits for."""

    next_hour: int  # reminders that become due
    to_compose: int  # shown, and due for mailing
    to_morning: int  # shown, and to be mailed later: after the night, or with a digest
    for_an_address: int  # shown, and not mailed while the address does not work
    to_send: int  # mails


@dataclass(frozen=True, slots=True)
class Figures:
    at: datetime
    tick: datetime | None
    due: datetime | None
    today: dict[str, int]
    week: dict[str, int]
    dead: int
    doubts: int
    flagged: int
    queues: Queues
    workers: list[Worker]
    runs: list[Run]
    breaker: list[Run]
    answers: list[Attempt]
    migrated: bool
    version: str

    @property
    def tick_is_old(self) -> bool:
        return tick_is_old(self.tick, self.at)

    @property
    def due_is_old(self) -> bool:
        return due_is_old(self.due, self.at)

    @property
    def states(self) -> list[tuple[str, int, int]]:
        """(state in words, today, the last seven days), in the order of a mail's life."""
        return [(state.label, self.today.get(state, 0), self.week.get(state, 0)) for state in Delivery.State]

    @property
    def versions(self) -> list[str]:
        """Of the processes that are alive and of the one that answers; more than one while a new version is rolled out."""
        return sorted({worker.version for worker in self.workers if worker.alive and worker.version} | {self.version})

    @property
    def watchdog(self) -> Worker | None:
        """The newest of the watchdog's ticks; none as long as somebody else ticks."""
        return next((worker for worker in self.workers if worker.origin == Run.Origin.WATCHDOG), None)

    @property
    def watchdog_rests(self) -> bool:
        """Whether others have ticked since it had to: then its silence is no trouble."""
        return self.watchdog is not None and not self.watchdog.alive and not self.tick_is_old


def figures(at: datetime) -> Figures:
    """Everything on the page: a fixed number of queries, none of which reads more than it counts."""
    runs = list(Run.objects.filter(started_at__gt=at - HOUR, started_at__lte=at).order_by("-started_at"))
    dead, doubts = unsettled()
    return Figures(
        at=at,
        tick=last_good_tick(at),
        due=oldest_due(at),
        today=mails_since(day_span(organisation_day(at), organisation_zone())[0]),
        week=mails_since(at - WEEK),
        dead=dead,
        doubts=doubts,
        flagged=flagged_addresses(),
        queues=queues(at),
        workers=workers(runs, at),
        runs=runs[:LAST_RUNS],
        breaker=[run for run in runs if run.counts.get("unreached") or run.counts.get("breaker")][:LAST_RUNS],
        answers=last_answers(),
        migrated=is_migrated(),
        version=settings.VERSION,
    )


def mails_since(moment: datetime) -> dict[str, int]:
    """{state: how many mails that were composed since}"""
    rows = Delivery.objects.filter(created_at__gte=moment).order_by().values_list("state").annotate(number=Count("*"))
    return dict(rows)


def unsettled() -> tuple[int, int]:
    """Dead letters and doubts about which nobody has decided."""
    states = Counter(dict(Delivery.objects.unsettled().order_by().values_list("state").annotate(number=Count("*"))))
    return states[Delivery.State.DEAD], states[Delivery.State.DOUBT]


def flagged_addresses() -> int:
    return AddressTrouble.objects.open().filter(person__is_active=True).count()


def queues(at: datetime) -> Queues:
    scheduled = Reminder.objects.filter(state=Reminder.State.SCHEDULED, due_at__gt=at, due_at__lte=at + HOUR)
    to_mail = Reminder.objects.filter(mail_due_at__isnull=False, settled_at=None, not_after__gt=at)
    mailed = to_mail.aggregate(
        now=Count("pk", filter=reachable() & Q(mail_due_at__lte=at)),
        later=Count("pk", filter=reachable() & Q(mail_due_at__gt=at)),
        held=Count("pk", filter=~reachable()),
    )
    pending = Delivery.objects.filter(state=Delivery.State.PENDING, not_after__gt=at)
    return Queues(scheduled.count(), mailed["now"], mailed["later"], mailed["held"], pending.count())


def workers(runs: Sequence[Run], at: datetime) -> list[Worker]:
    """The processes behind these runs, which are the newest first; the one that ticked last first."""
    by_process: dict[tuple[str, str, int], list[Run]] = {}
    for run in runs:
        by_process.setdefault((run.origin, run.host, run.pid), []).append(run)
    return [
        Worker(
            origin=origin,
            host=host,
            pid=pid,
            version=found[0].version,
            ticks=len(found),
            last=found[0].started_at,
            failed=sum(1 for run in found if run.error),
            alive=at - found[0].started_at <= ALIVE_FOR,
            slowest=max((run.duration for run in found if run.duration is not None), default=None),
        )
        for (origin, host, pid), found in by_process.items()
    ]


def last_answers() -> list[Attempt]:
    """The last attempts that were answered by a code, and those that nobody answered."""
    return list(Attempt.objects.exclude(outcome__in=["", Attempt.Outcome.RETURNED]).order_by("-pk")[:LAST_ANSWERS])
