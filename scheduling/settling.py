"""What every tick ends: offers and requests whose time is over, or whose shift is no longer what it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from intranet.reminders.runs import Clock
from scheduling import claiming, offering


def settle(at: datetime) -> Counter[str]:
    return Counter({"offers_ended": offering.settle(at), "claims_ended": claiming.settle(at)})


def settle_due(clock: Clock, stopping: Callable[[], bool]) -> Counter[str]:
    """As a step of the tick; whoever is concerned is told by the next one."""
    return settle(clock())
