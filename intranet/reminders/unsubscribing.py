"""Links that switch mail off without signing in: in each mail of a kind that may be switched off (RFC 8058 included).

A link is signed and names a person and kinds. It switches their mail off, and nothing else. Whoever holds it learns nothing
about the person until they press it; the undo link that they get then names the rhythms that were chosen before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.core import signing
from django.db import transaction
from django.urls import reverse

from intranet.reminders import registry
from intranet.reminders.models import MailChoice, Rhythm
from intranet.reminders.preferring import choose_rhythms
from intranet.reminders.registry import Kind

OFF, UNDO = "reminders.unsubscribe", "reminders.unsubscribe.undo"


@dataclass(frozen=True, slots=True)
class Link:
    """What a good link says: whose mail, and in which rhythm each kind comes once it is pressed."""

    person: Any
    rhythms: Mapping[str, Rhythm]

    @property
    def kinds(self) -> list[Kind]:
        return [kind for code in self.rhythms if (kind := registry.find(code))]


def address_of(person: Any, kinds: Sequence[Kind]) -> str:
    """Where the mail of these kinds can be switched off, from "/". The same link each time."""
    token = signing.Signer(salt=OFF).sign_object([person.pk, [kind.code for kind in kinds]])
    return reverse("reminders:unsubscribe", args=[token])


def found_by(token: str) -> Link | None:
    """What a link says; None if we did not make it, its person has left, or its kinds may not be switched off (any more)."""
    pk, codes = _read(token, OFF)
    return _link(pk, dict.fromkeys(codes, Rhythm.IN_APP))


def undo_found_by(token: str) -> Link | None:
    """The same of a link that brings mail back."""
    pk, rhythms = _read(token, UNDO)
    return _link(pk, {code: Rhythm(rhythm) for code, rhythm in dict(rhythms).items()})


@transaction.atomic
def follow(link: Link, *, at: datetime) -> str:
    """Do what a link says. Returns the address that takes it back; mail that was off already comes at once then."""
    chosen = MailChoice.objects.filter(person=link.person, kind__in=link.rhythms).exclude(rhythm=Rhythm.IN_APP)
    before = dict.fromkeys(link.rhythms, Rhythm.AT_ONCE.value) | dict(chosen.values_list("kind", "rhythm"))
    choose_rhythms(link.person, link.rhythms, by=None, at=at)
    return reverse("reminders:unsubscribe-undo", args=[signing.Signer(salt=UNDO).sign_object([link.person.pk, before])])


def _read(token: str, salt: str) -> tuple[int, Any]:
    try:
        pk, content = signing.Signer(salt=salt).unsign_object(token)
    except signing.BadSignature:
        return 0, ()
    return pk, content


def _link(pk: int, rhythms: Mapping[str, Rhythm]) -> Link | None:
    open_ones = {code: rhythm for code, rhythm in rhythms.items() if (kind := registry.find(code)) and kind.optional}
    person = get_user_model().objects.filter(pk=pk, is_active=True).first()
    return Link(person, open_ones) if person and open_ones else None
