"""When the kinds remind: what their steps declare, moved by what administrators have changed.

A kind asks here (`steps_of`, `offset_of`) whenever it says what is owed, so that planning, the last look before a mail
leaves, and every other process go by what is saved. Occasions stay what they are when a time moves: what is planned
moves, and what was sent is not sent again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import transaction

from intranet.audit.recording import record
from intranet.core.access import Conflict, Reason, Verdict, require
from intranet.core.wording import counted
from intranet.reminders import locks
from intranet.reminders.models import StepTime
from intranet.reminders.registry import DAY, Kind, Step

# {step: how long after or before; None: it is switched off}
Amounts = Mapping[str, timedelta | None]


class Times:
    """What administrators have changed, by kind and step; read when it is first asked for."""

    def __init__(self, changed: dict[tuple[str, str], timedelta | None] | None = None) -> None:
        self._changed = changed

    @property
    def changed(self) -> dict[tuple[str, str], timedelta | None]:
        if self._changed is None:
            self._changed = {(kind, step): amount for kind, step, amount in _rows()}
        return self._changed

    def amount(self, kind: Kind, step: Step) -> timedelta | None:
        """How long before or after; None when the step is switched off. What is out of its limits by now does not count."""
        amount = self.changed.get((kind.code, step.code), step.default)
        if amount is None:
            return step.default if step.needed else None
        return amount if step.least <= amount <= step.most else step.default

    def with_amounts(self, kind: Kind, amounts: Amounts) -> Times:
        """As they would be with these amounts for the kind."""
        others = {key: amount for key, amount in self.changed.items() if key[0] != kind.code}
        return Times(others | {(kind.code, step): amount for step, amount in amounts.items()})


def _rows() -> Iterable[tuple[str, str, timedelta | None]]:
    return StepTime.objects.values_list("kind", "step", "amount")


_held: ContextVar[Times | None] = ContextVar("reminder_times", default=None)


@contextmanager
def using(times: Times) -> Iterator[None]:
    """Have every kind go by these times."""
    token = _held.set(times)
    try:
        yield
    finally:
        _held.reset(token)


def read_once() -> Any:
    """Read at most once within, what is saved by then: one query for all kinds. Without it every kind asks anew."""
    return using(Times())


def current() -> Times:
    return _held.get() or Times()


def steps_of(kind: Kind, group: str = "") -> list[tuple[str, timedelta]]:
    """The steps of a group that are on, in the order of time: [(code, how long after - or below nothing: before)]."""
    times = current()
    found = [
        (step.code, step.offset(amount))
        for step in kind.steps
        if step.group == group and (amount := times.amount(kind, step)) is not None
    ]
    return sorted(found, key=lambda pair: pair[1])


def offset_of(kind: Kind, code: str) -> timedelta | None:
    """How long after what its label names a step comes, below nothing when before; None when it is switched off."""
    step = step_of(kind, code)
    amount = current().amount(kind, step)
    return None if amount is None else step.offset(amount)


def step_of(kind: Kind, code: str) -> Step:
    return next(step for step in kind.steps if step.code == code)


@dataclass(frozen=True, slots=True)
class Set:
    """A step as it is set: the amount now, None when it is off."""

    step: Step
    amount: timedelta | None

    @property
    def changed(self) -> bool:
        return self.amount != self.step.default

    @property
    def words(self) -> str:
        return "Switched off" if self.amount is None else _capital(self.step.words(self.amount))

    @property
    def default_words(self) -> str:
        return _capital(self.step.words(self.step.default))

    @property
    def number(self) -> int | None:
        return None if self.amount is None else self.amount // self.step.unit


def settings_of(kind: Kind) -> list[Set]:
    """Every step of the kind as it is now."""
    times = current()
    return [Set(step, times.amount(kind, step)) for step in kind.steps]


def fingerprint(kind: Kind) -> str:
    """What somebody has seen of a kind's times, to be sent back with a change of them."""
    seen = "|".join(f"{one.step.code}={one.amount}" for one in settings_of(kind))
    return hashlib.sha256(f"{kind.code}|{seen}".encode()).hexdigest()[:16]


def may_be(kind: Kind, amounts: Amounts) -> Verdict:
    """Whether the steps may have these amounts, with every reason why not. A step that is not named is as declared."""
    known = {step.code for step in kind.steps}
    reasons = [
        Reason("unknown-step", f"There is no step called “{code}”.", code) for code in amounts if code not in known
    ]
    for step in kind.steps:
        reasons += _wrong(step, amounts.get(step.code, step.default))
    return Verdict.of(reasons or _out_of_order(kind, amounts))


def _wrong(step: Step, amount: timedelta | None) -> Iterator[Reason]:
    if amount is None:
        if step.needed:
            yield Reason(
                "needed", "This is the one that people are told by in any case. It cannot be switched off.", step.code
            )
    elif step.fixed and amount != step.default:
        yield Reason("fixed", "This comes when it happens, and cannot be moved.", step.code)
    elif not step.least <= amount <= step.most or amount % step.unit:
        unit = "day" if step.unit == DAY else "hour"
        least, most = step.least // step.unit, counted(step.most // step.unit, unit)
        yield Reason("out-of-limits", f"Between {least} and {most} {step.label}.", step.code)


def _out_of_order(kind: Kind, amounts: Amounts) -> list[Reason]:
    """Each step comes after the one that is declared before it, where both are on."""
    reasons = []
    for group in dict.fromkeys(step.group for step in kind.steps):
        on = [
            (step, amount)
            for step in kind.steps
            if step.group == group and (amount := amounts.get(step.code, step.default)) is not None
        ]
        for (earlier, first), (later, second) in pairwise(on):
            if later.offset(second) <= earlier.offset(first):
                words = f"This has to come later than the step before it, which comes {earlier.words(first)}."
                reasons.append(Reason("out-of-order", words, later.code))
    return reasons


@transaction.atomic
def change(kind: Kind, amounts: Amounts, *, by: Any, at: datetime, seen: str = "") -> list[Set]:
    """Have the steps of a kind come at these times from the next tick on; what is not named, as declared.

    Refused with every reason; Conflict when somebody else has changed them since they were seen. Whether somebody may
    is asked by whoever calls. Returns what has become different.
    """
    locks.wait_for_lead_times()
    with read_once():
        if seen and seen != fingerprint(kind):
            raise Conflict(Verdict.no("changed-meanwhile", "Somebody else has changed these times. Look again."))
        require(may_be(kind, amounts))
        before = {one.step.code: one for one in settings_of(kind)}
    StepTime.objects.filter(kind=kind.code).delete()
    StepTime.objects.bulk_create(
        StepTime(kind=kind.code, step=code, amount=amount, off=amount is None, changed_by_id=by.pk, changed_at=at)
        for code, amount in amounts.items()
        if amount != step_of(kind, code).default
    )
    with read_once():
        different = [one for one in settings_of(kind) if one.amount != before[one.step.code].amount]
    if different:
        said: dict[str, Any] = {
            one.step.code: {"before": before[one.step.code].words, "after": one.words} for one in different
        }
        record(by, "reminders.times_changed", None, kind=kind.label, **said)
    return different


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
