"""SIGKILL in the middle of sending. Nothing is lost, and every second copy is explained by a recorded doubt."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable

import pytest

from intranet.reminders.models import Attempt, Delivery, Reminder, Run
from tests.faults.planted.reminders import EACH
from tests.faults.worker import (
    Worker,
    end_the_sessions_that_send,
    other_session,
    somebody_waits_for_a_lock,
    wait_for,
)

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True)]


def everything_is_settled() -> bool:
    return (
        Reminder.objects.exists()
        and not Reminder.objects.filter(state=Reminder.State.SCHEDULED).exists()
        and not Reminder.objects.filter(mail_due_at__isnull=False).exists()
        and not Delivery.objects.filter(state__in=["pending", "claimed", "committed"]).exists()
    )


def copies(mailbox) -> Counter[str]:
    return Counter(message["Message-ID"] for message in mailbox.messages)


def doubts() -> Counter[str]:
    return Counter(Attempt.objects.filter(outcome="doubt").values_list("delivery__message_id", flat=True))


def check_the_promise(mailbox, staff, kills: int) -> None:
    """Decided once, shown once, mailed once except in doubt; and doubt is never more than the faults account for."""
    assert Reminder.objects.count() == len(staff) * EACH
    assert {reminder.state for reminder in Reminder.objects.all()} == {"released"}
    assert {delivery.state for delivery in Delivery.objects.all()} == {"sent"}
    arrived, doubted = copies(mailbox), doubts()
    assert set(arrived) == set(Delivery.objects.values_list("message_id", flat=True))
    assert {address: mailbox.addresses.count(address) >= EACH for address in mailbox.addresses} == {
        person.email: True for person in staff
    }
    unexplained = {name: number for name, number in arrived.items() if number - 1 > doubted[name]}
    assert unexplained == {}
    assert doubted.total() <= kills
    for name in arrived:
        assert len({content for _, content in mailbox.taken if name.encode() in content}) == 1
    assert not Attempt.objects.filter(outcome="").exists()
    assert not Run.objects.filter(ended_at=None, attempts__isnull=False).exists()


class Killer:
    """Kills the worker once, at a chosen point of its work."""

    def __init__(self, worker, mailbox) -> None:
        self.worker, self.mailbox = worker, mailbox
        self.done = threading.Event()
        self.after = 7  # mails that go through before

    def _now(self) -> bool:
        return not self.done.is_set() and len(self.mailbox.taken) >= self.after

    def _kill(self) -> None:
        self.worker.kill()
        self.done.set()

    def before_the_claim_commits(self) -> None:
        """The claim cannot write its attempts, because somebody else has the table."""
        with other_session() as session:
            session.execute("LOCK TABLE reminders_attempt IN SHARE MODE")
            wait_for(lambda: somebody_waits_for_a_lock('INSERT INTO "reminders_attempt"'))
            self._kill()

    def before_the_body(self, address: str) -> str:
        if self._now():
            self._kill()
        return "250 OK"

    def before_the_fence(self, address: str) -> str:
        """The body is on its way; the fence cannot look at the mail, because somebody else has its row."""
        if self._now():
            self._hold_the_row_and_kill("claimed", "SELECT")
        return "250 OK"

    def after_the_dot(self, address: str) -> str:
        """The whole message is here, and the worker dies before it hears so."""
        if self._now():
            self._kill()
        return "250 OK"

    def after_the_250(self, address: str) -> str:
        """The worker has heard the 250 and cannot write it down, because somebody else has the row."""
        if self._now():
            self._hold_the_row_and_kill("committed", "SELECT")
        return "250 OK"

    def _hold_the_row_and_kill(self, state: str, statement: str) -> None:
        holding, self.after = threading.Event(), 10**9

        def hold() -> None:
            with other_session() as session:
                session.execute("SELECT id FROM reminders_delivery WHERE state = %s FOR UPDATE", [state])
                holding.set()
                wait_for(lambda: somebody_waits_for_a_lock(statement))
                self._kill()

        threading.Thread(target=hold).start()
        assert holding.wait(10)


def run_to_the_end(worker, bell) -> None:
    worker.start()
    wait_for(everything_is_settled, step=bell.ring)


@pytest.mark.parametrize(
    ("point", "hook", "doubted"),
    [
        ("before_the_body", "at_recipient", 0),
        ("before_the_fence", "at_recipient", 0),
        ("after_the_dot", "at_dot", 1),
        ("after_the_250", "at_dot", 1),
    ],
)
def test_killed_while_it_sends(worker, mailbox, bell, staff, point: str, hook: str, doubted: int):
    killer = Killer(worker, mailbox)
    setattr(mailbox, hook, getattr(killer, point))
    worker.start()
    wait_for(killer.done.is_set, step=bell.ring)
    worker.bury()
    died_with = Counter(Delivery.objects.values_list("state", flat=True))
    assert died_with["committed"] == doubted
    assert died_with["sent"] >= 7
    run_to_the_end(worker, bell)
    check_the_promise(mailbox, staff, kills=1)
    assert doubts().total() == doubted
    # A server that loses the line at the dot may have kept the mail or not: that is the doubt.
    assert copies(mailbox).total() in {len(staff) * EACH, len(staff) * EACH + doubted}


def test_killed_before_the_claim_commits(worker, mailbox, bell, staff):
    killer = Killer(worker, mailbox)
    thread = threading.Thread(target=killer.before_the_claim_commits)
    thread.start()
    worker.start()
    wait_for(killer.done.is_set, step=bell.ring)
    thread.join()
    worker.bury()
    assert Counter(Delivery.objects.values_list("state", flat=True)) == {"pending": len(staff) * EACH}
    run_to_the_end(worker, bell)
    check_the_promise(mailbox, staff, kills=1)
    assert (doubts().total(), copies(mailbox).total()) == (0, len(staff) * EACH)


@pytest.mark.parametrize("seed", [1])
def test_killed_again_and_again(worker, mailbox, bell, staff, seed: int):
    """Five kills at moments that the seed chooses, before and after the dot."""
    chance = random.Random(seed)
    stages = chance.sample(["before the dot", "after the dot"] * 3, 5)
    moments = sorted(chance.sample(range(1, len(staff) * EACH), len(stages)))
    plan = list(zip(moments, stages, strict=True))
    killed: list[str] = []

    def perhaps(stage: str) -> Callable[[str], str]:
        def answer(address: str) -> str:
            if len(killed) < len(plan):
                moment, planned = plan[len(killed)]
                if stage == planned and len(mailbox.seen) >= moment:
                    worker.kill()
                    killed.append(stage)
            return "250 OK"

        return answer

    mailbox.at_recipient, mailbox.at_dot = perhaps("before the dot"), perhaps("after the dot")
    for number in range(1, len(plan) + 1):
        worker.start()
        wait_for(lambda number=number: len(killed) >= number, step=bell.ring)
        worker.bury()
    run_to_the_end(worker, bell)
    check_the_promise(mailbox, staff, kills=len(plan))
    assert killed == stages
    assert set(killed) == {"before the dot", "after the dot"}
    assert doubts().total() == killed.count("after the dot")
    assert Run.objects.filter(error="The process died.").count() == len(plan)


@pytest.mark.parametrize(("hook", "doubted"), [("at_recipient", 0), ("at_dot", 1)])
def test_the_database_drops_the_session_while_it_sends(worker, mailbox, bell, staff, hook: str, doubted: int):
    """As when PostgreSQL is restarted: the lock is gone, and the worker may neither pass the fence nor write a word."""
    dropped = threading.Event()

    def drop(address: str) -> str:
        if len(mailbox.taken) == 7 and not dropped.is_set():
            dropped.set()
            end_the_sessions_that_send()
        return "250 OK"

    setattr(mailbox, hook, drop)
    run_to_the_end(worker, bell)
    assert dropped.is_set()
    check_the_promise(mailbox, staff, kills=1)
    assert (doubts().total(), copies(mailbox).total()) == (doubted, len(staff) * EACH + doubted)


def test_a_broker_that_forgets_everything_loses_nothing(worker, mailbox, bell, staff):
    for _ in range(20):
        bell.ring()
    bell.hush()
    run_to_the_end(worker, bell)
    check_the_promise(mailbox, staff, kills=0)


def test_asked_to_stop_it_leaves_nothing_in_doubt(worker, mailbox, bell, staff):
    """A rolling restart: SIGTERM while it sends, then the next one."""
    asked = threading.Event()
    mailbox.at_dot = lambda address: asked.set() or "250 OK"
    worker.start()
    wait_for(asked.is_set, step=bell.ring)
    assert worker.stop() == 0
    run_to_the_end(worker, bell)
    check_the_promise(mailbox, staff, kills=0)


def test_frozen_for_a_while_it_goes_on_where_it_was(worker, mailbox, bell, staff, tmp_path):
    """SIGSTOP in the middle of sending: its mails stay in its hands, another worker sends the rest, nothing twice."""
    frozen = threading.Event()

    def freeze(address: str) -> str:
        if len(mailbox.taken) == 5 and not frozen.is_set():
            worker.freeze()
            frozen.set()
        return "250 OK"

    mailbox.at_recipient = freeze
    worker.start()
    wait_for(frozen.is_set, step=bell.ring)
    other = Worker(mailbox.port, tmp_path / "other.log")
    other.start()
    try:
        wait_for(lambda: Delivery.objects.filter(state="sent").count() == 5 + 10, step=bell.ring)
        held = Delivery.objects.filter(state__in=["claimed", "committed"])
        assert held.count() == 20 - 5
        assert held.values("run").distinct().count() == 1
        worker.thaw()
        wait_for(everything_is_settled, step=bell.ring)
    finally:
        worker.thaw()
        other.end()
    check_the_promise(mailbox, staff, kills=0)
