"""The dispatcher: claims mails and hands them to the mail server, one after the other, until none is due or time is up."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from django.db import InterfaceError, OperationalError

from intranet.reminders import handing_over
from intranet.reminders.handing_over import Outcome, Result
from intranet.reminders.mail_server import MailServer, Unreached
from intranet.reminders.models import Delivery, Run
from intranet.reminders.runs import Clock, RunLost

log = logging.getLogger(__name__)

# A tick ends in time for the next one; what is left over is claimed there.
LONGEST = timedelta(seconds=45)
# So many times in a row without an answer, and this run leaves the server alone.
BREAKER = 3


class Breaker(Exception):
    """The mail server does not answer; the next tick tries again."""


def dispatch(run: Run, clock: Clock, stopping: Callable[[], bool]) -> Counter[str]:
    """Send what is due. Ends early when asked to stop, after `LONGEST`, or when the server does not answer."""
    counts: Counter[str] = Counter()
    server = MailServer()
    until = clock() + LONGEST
    silent = 0
    try:
        while clock() < until and not stopping() and (batch := handing_over.claim(run, clock())):
            while batch and clock() < until and not stopping() and silent < BREAKER:
                delivery = batch.pop(0)
                result = attempt(server, delivery, run, clock)
                counts[result.outcome] += 1
                silent = 0 if answered(result) else silent + 1
            handing_over.give_back(batch, run, clock())
            if silent >= BREAKER:
                counts["breaker"] = 1
                break
    finally:
        server.leave()
    return counts


def attempt(server: MailServer, delivery: Delivery, run: Run, clock: Clock) -> Result:
    """Hand one claimed mail over and write down what it came to."""
    try:
        result = server.send(
            delivery.address,
            bytes(delivery.payload),
            fence=lambda: handing_over.pass_fence(delivery, run, clock()),
        )
    except Unreached as error:
        result = Result(Outcome.UNREACHED, None, str(error))
    except (OperationalError, InterfaceError, RunLost):
        raise  # without its session a run may write nothing; the next tick reaps it
    except Exception as error:  # one mail that cannot be judged or sent must not hold up the others
        log.exception("Mail %s could not be handed over.", delivery.pk)
        server.close()
        result = Result(Outcome.LATER, None, f"Failed here: {type(error).__name__}")
    if result.outcome != Outcome.STOPPED:  # the fence has written that down already
        handing_over.conclude(delivery, run, result, clock())
    log.info("Mail %s: %s %s", delivery.pk, result.outcome, result.code or "")
    return result


def answered(result: Result) -> bool:
    """Whether the server spoke its mind: a code, or nothing because we ourselves stopped."""
    return result.code is not None or result.outcome == Outcome.STOPPED
