"""What happens to workers, beats and the watchdog: killed, stopped, frozen, restarted, too many of them or too few."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Callable

from intranet.reminders.models import Delivery, Run
from tests.faults.arena import MINUTE, Arena
from tests.faults.processes import Process, Worker, wait_for

# What kills: (arena, worker, what to call when it is done) to the answer at a point of the conversation.
Killer = Callable[[Arena, Worker, Callable[[], None]], Callable[[str], None]]


def states() -> Counter[str]:
    return Counter(Delivery.objects.values_list("state", flat=True))


def _killed(arena: Arena, hook: str, killer: Killer, committed: int) -> None:
    """A worker is killed once, at a moment that the seed chooses; the next one goes on."""
    worker = arena.worker()
    promises = arena.owe(6)
    dead = threading.Event()
    arena.once(hook, killer(arena, worker, dead.set), after=arena.chance.randrange(1, len(promises) - 1))
    wait_for(dead.is_set, step=arena.bell.ring)
    worker.bury()
    arena.require(states()["committed"] == committed, f"killed too early or too late: {states()}")
    arena.struck()
    arena.worker()
    arena.ring_until_settled()
    arena.require(Run.objects.filter(error="The process died.").count() == 1, "nobody took over from the dead")


def _at_once(arena: Arena, worker: Worker, done: Callable[[], None]) -> Callable[[str], None]:
    def kill(address: str) -> None:
        worker.kill()
        done()

    return kill


def _when_it_looks_at(state: str) -> Killer:
    """The worker goes on until it looks at its mail the next time. It cannot: somebody else has the row."""

    def killer(arena: Arena, worker: Worker, done: Callable[[], None]) -> Callable[[str], None]:
        holding = threading.Event()

        def hold() -> None:
            rows = "SELECT id FROM reminders_delivery WHERE state = %s FOR UPDATE"
            with arena.holding(rows, state):
                holding.set()
                wait_for(lambda: arena.somebody_waits("SELECT"))
                worker.kill()
            done()

        def answer(address: str) -> None:
            threading.Thread(target=hold).start()
            assert holding.wait(30)

        return answer

    return killer


def killed_before_the_claim(arena: Arena) -> None:
    """The claim cannot write its attempts, because somebody else has the table."""
    worker = arena.worker()
    promises = arena.owe(6)
    with arena.holding("LOCK TABLE reminders_attempt IN SHARE MODE"):
        wait_for(lambda: arena.somebody_waits('INSERT INTO "reminders_attempt"'), step=arena.bell.ring)
        worker.kill()
    worker.bury()
    arena.require(states() == {"pending": len(promises)}, f"killed too early or too late: {states()}")
    arena.struck()
    arena.worker()
    arena.ring_until_settled()


def killed_before_the_body(arena: Arena) -> None:
    _killed(arena, "at_recipient", _at_once, committed=0)


def killed_before_the_fence(arena: Arena) -> None:
    _killed(arena, "at_recipient", _when_it_looks_at("claimed"), committed=0)


def killed_after_the_dot(arena: Arena) -> None:
    _killed(arena, "at_dot", _at_once, committed=1)


def killed_after_the_250(arena: Arena) -> None:
    _killed(arena, "at_dot", _when_it_looks_at("committed"), committed=1)


def killed_again_and_again(arena: Arena) -> None:
    """Five kills at moments that the seed chooses, before and after the dot."""
    promises = arena.owe(8)
    stages = arena.chance.sample(["at_recipient", "at_dot"] * 3, 5)
    moments = sorted(arena.chance.sample(range(1, len(promises)), len(stages)))
    plan = list(zip(moments, stages, strict=True))
    killed: list[str] = []

    def perhaps(stage: str) -> Callable[[str], None]:
        def answer(address: str) -> None:
            if len(killed) < len(plan):
                moment, planned = plan[len(killed)]
                if stage == planned and len(arena.mailbox.seen) >= moment:
                    arena.processes["worker"].kill()
                    killed.append(stage)

        return answer

    for stage in ("at_recipient", "at_dot"):
        arena.when(stage, perhaps(stage))
    for number in range(1, len(plan) + 1):
        worker = arena.worker()
        wait_for(lambda number=number: len(killed) >= number, step=arena.bell.ring)
        worker.bury()
        arena.struck()
    arena.worker()
    arena.ring_until_settled()
    arena.require(Run.objects.filter(error="The process died.").count() == len(plan), "a death was not noticed")


def asked_to_stop(arena: Arena) -> None:
    """SIGTERM while it sends, then the next one."""
    worker = arena.worker()
    promises = arena.owe(6)
    asked = arena.once("at_dot", lambda address: None, after=arena.chance.randrange(len(promises) - 1))
    wait_for(asked.is_set, step=arena.bell.ring)
    arena.require(worker.stop() == 0, "asked to stop, the worker ended with an error")
    arena.struck()
    arena.worker()
    arena.ring_until_settled()


def frozen(arena: Arena) -> None:
    """Its mails stay in its hands; another worker sends the rest; thawed, it goes on where it was."""
    worker = arena.worker()
    arena.owe(10)
    moment, batch, rest = arena.chance.randrange(1, 19), 20, 10
    stopped = arena.once("at_recipient", lambda address: worker.freeze(), after=moment)
    wait_for(stopped.is_set, step=arena.bell.ring)
    arena.struck()
    arena.worker("other")
    wait_for(lambda: states()["sent"] == moment + rest, step=arena.bell.ring)
    held = Delivery.objects.filter(state__in=["claimed", "committed"])
    arena.require(held.count() == batch - moment, f"not all in its hands: {states()}")
    arena.require(held.values("run").distinct().count() == 1, "in the hands of several")
    worker.thaw()
    arena.ring_until_settled()


def rolling_restart(arena: Arena) -> None:
    """Round after round each process is asked to stop and started again, while reminders come due all the time."""
    starters = [
        lambda: arena.beat("beat-1"),
        lambda: arena.beat("beat-2"),
        lambda: arena.worker("worker"),
        lambda: arena.watchdog(),
    ]
    running: list[Process] = [start() for start in starters]
    for process in running:
        process.wait_until_ready()
    for _ in range(arena.size(2, 20)):
        arena.chance.shuffle(running)
        for process in running:
            arena.owe(2, each=arena.chance.choice([1, 2, 3]))
            code = process.stop()
            # A process that has hardly begun knows no better than to end at once.
            arena.require(code in {0, -signal.SIGTERM}, f"{process.name} ended with {code}")
            process.start()
            arena.struck()
        arena.processes["worker"].wait_until_ready()
    arena.wait_until_settled()


def two_beats(arena: Arena) -> None:
    """Both ring every second, and two workers come."""
    arena.owe(6)
    for name in ("worker", "other"):
        arena.worker(name)
    for name in ("beat-1", "beat-2"):
        arena.beat(name)
    arena.wait_until_settled()
    arena.owe(6)
    arena.struck(2)
    arena.wait_until_settled()


def no_beat(arena: Arena) -> None:
    """Neither beat nor worker: the watchdog alone."""
    arena.owe(6)
    arena.watchdog()
    arena.struck()
    arena.wait_until_settled()
    origins = set(Run.objects.values_list("origin", flat=True))
    arena.require(origins == {"watchdog"}, f"somebody else ticked: {origins}")


def _queue(arena: Arena) -> list[str]:
    """Mails in the queue for four dispatchers, a batch for each, and nobody who sends them yet."""
    arena.mail_server_goes()
    arena.owe(27)
    arena.tick()
    arena.mail_server_comes()
    arena.now += 2 * MINUTE
    return [f"dispatcher-{number}" for number in range(1, 5)]


def four_dispatchers(arena: Arena) -> None:
    """Four ticks begin at the same moment."""
    names = _queue(arena)
    met = threading.Barrier(len(names))
    first: set[str] = set()

    def wait_for_the_others(address: str) -> None:
        if len(first) < len(names):
            first.add(address)
            met.wait(60)

    arena.when("at_dot", wait_for_the_others)
    tickers = [arena.ticker(name) for name in names]
    for ticker in tickers:
        ticker.begin(arena.now)
    for ticker in tickers:
        ticker.finish()
    arena.struck(len(names))
    arena.tick_until_settled()
    senders = set(Delivery.objects.filter(state="sent").values_list("attempts__run", flat=True))
    arena.require(len(senders) >= len(names), "not all of them sent something")


def four_dispatchers_killed(arena: Arena) -> None:
    """Four ticks at the same moment, and all of their processes die at once, some before and some after the dot."""
    names = _queue(arena)
    tickers = [arena.ticker(name) for name in names]
    hook = arena.chance.choice(["at_recipient", "at_dot"])

    def kill(address: str) -> None:
        for ticker in tickers:
            ticker.kill()

    killed = arena.once(hook, kill, after=arena.chance.randrange(4, 40))
    for ticker in tickers:
        ticker.begin(arena.now)
    wait_for(killed.is_set)
    for ticker in tickers:
        ticker.bury()
    arena.struck(len(names))
    arena.tick_until_settled()
