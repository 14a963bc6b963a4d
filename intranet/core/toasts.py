"""Good news with a way back: a message whose toast has an Undo button. What is undone knows the app that says it."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest

MARK = "undo"


@dataclass(frozen=True)
class WayBack:
    """Where the button posts, and the ticket that it hands in there."""

    address: str
    ticket: str


def say_done(request: HttpRequest, words: str, way_back: WayBack) -> None:
    """Say what went through, with a button that takes it back."""
    messages.success(request, words, extra_tags=f"{MARK} {way_back.address} {way_back.ticket}")


def way_back_of(message: Message) -> WayBack | None:
    mark, _, rest = (message.extra_tags or "").partition(" ")
    address, _, ticket = rest.partition(" ")
    return WayBack(address, ticket) if mark == MARK and ticket else None
