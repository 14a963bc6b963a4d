"""Ways to break the promise from within a process, for the tests that show that the harness would notice."""

from __future__ import annotations

from collections.abc import Callable

from intranet.reminders import handing_over, reaping
from intranet.reminders.models import Delivery


def no_last_look() -> None:
    """The fence lets everything pass."""
    handing_over.obstacle = lambda *_: ""


def no_doubt() -> None:
    """What died after its dot is sent again as if nothing had been said."""

    def take_over(dead, at):
        for delivery in Delivery.objects.filter(run=dead):
            delivery.state = Delivery.State.PENDING
            reaping.close(delivery, "lost", at)
        type(dead).objects.filter(pk=dead.pk).update(ended_at=at, error="The process died.")
        return reaping.Counter(reaped=1)

    reaping.take_over = take_over


def sent_before_the_dot() -> None:
    """What has passed the fence counts as sent, whatever happens then."""

    def take_over(dead, at):
        for delivery in Delivery.objects.filter(run=dead):
            delivery.state, delivery.sent_at = Delivery.State.SENT, at
            reaping.close(delivery, "lost", at)
        type(dead).objects.filter(pk=dead.pk).update(ended_at=at, error="The process died.")
        return reaping.Counter(reaped=1)

    reaping.take_over = take_over


DEEDS: dict[str, Callable[[], None]] = {deed.__name__: deed for deed in (no_last_look, no_doubt, sent_before_the_dot)}
