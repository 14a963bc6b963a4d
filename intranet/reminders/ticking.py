"""The tick: reap, plan, release, dispatch, and seal the audit trail.

A function of the database alone, so that anybody may ring at any time.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db import InterfaceError, OperationalError

from intranet.audit.sealing import seal
from intranet.reminders.addresses import follow_changes
from intranet.reminders.models import Run
from intranet.reminders.planning import plan
from intranet.reminders.reaping import reap
from intranet.reminders.releasing import release
from intranet.reminders.runs import Clock, RunLost, running
from intranet.reminders.sending import dispatch

log = logging.getLogger(__name__)


# What other parts of the product send beside reminders: (clock, stopping) to how many became what.
Step = Callable[[Clock, Callable[[], bool]], Counter[str]]
_others: list[Step] = []


def also(step: Step) -> None:
    """Have something done by every tick, after the reminders. Called once, when the app is ready."""
    _others.append(step)


def never() -> bool:
    return False


def tick(at: datetime, origin: Run.Origin | str, stopping: Callable[[], bool] = never) -> dict[str, int]:
    """Do everything that is due at `at`, and return how much it was. `stopping` is asked between mails.

    Running it twice, or in four processes at once, does the same once. A step that fails is logged and noted in the run,
    and the next steps still run: a kind that cannot be planned keeps no mail from leaving.
    """
    clock = starting_at(at)
    counts: Counter[str] = Counter()
    with running(origin, clock) as run:
        steps: list[Callable[[], Counter[str]]] = [
            lambda: reap(run, clock()),
            lambda: plan(clock()),
            lambda: follow_changes(clock()),
            lambda: release(clock()),
            lambda: dispatch(run, clock, stopping),
            *(partial(step, clock, stopping) for step in _others),
            lambda: sealed(clock()),
        ]
        for step in steps:
            try:
                counts.update(step())
            except (OperationalError, InterfaceError, RunLost):
                raise  # without its session a run may touch nothing; the next tick reaps it
            except Exception as error:  # see above: one step must not stop the others
                log.exception("A step of the tick failed.")
                run.error = f"{run.error} {type(error).__name__}: {first_line(error)}".strip()
        run.counts = dict(+counts)
    return run.counts


def first_line(error: Exception) -> str:
    """What is shown to administrators: PostgreSQL names the values that it minds from the second line on."""
    return str(error).partition("\n")[0]


def sealed(at: datetime) -> Counter[str]:
    """Seal the audit trail; the tick is what runs every minute, whatever else stands still. Nothing to count."""
    seal(at)
    return Counter()


def starting_at(at: datetime) -> Clock:
    """A clock that shows `at` now and goes on from there, whatever happens to the machine's clock."""
    begun = time.monotonic()
    return lambda: at + timedelta(seconds=time.monotonic() - begun)
