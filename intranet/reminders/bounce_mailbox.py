"""The mailbox to which other servers send back what they cannot deliver, read over IMAP. Nothing in it is deleted."""

from __future__ import annotations

import imaplib
import logging
import re
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache

from intranet.reminders import bounces, locks
from intranet.reminders.delivery_status import LONGEST, NotAReport, reports_of
from intranet.reminders.runs import Clock

log = logging.getLogger(__name__)

COMMAND_SECONDS = 10
LONGEST_ROUND = timedelta(seconds=20)  # the rest is for the next round: a tick has other things to do
MOST = 200
EVERY = timedelta(minutes=5)
READ_LATELY = "bounce-mailbox-read"


class MailboxAway(Exception):
    """The IMAP server does not answer, or does not let us in."""


class NotGivenOut(Exception):
    """The server has a mail and will not show it."""


def is_configured() -> bool:
    return bool(settings.BOUNCE_IMAP_HOST)


def read_due(clock: Clock, stopping: Callable[[], bool]) -> Counter[str]:
    """A step of the tick: read the mailbox if there is one, every few minutes. One that is away harms nobody."""
    if not is_configured() or not cache.add(READ_LATELY, 1, int(EVERY.total_seconds())):
        return Counter()
    try:
        return read(clock, stopping)
    except MailboxAway as error:
        log.warning("The bounce mailbox cannot be read: %s", error)
        return Counter(bounces_away=1)


def read(clock: Clock, stopping: Callable[[], bool]) -> Counter[str]:
    """Read what is new in the mailbox; what was read is marked as seen, after what it says was written down.

    Whatever dies between the two, a mail that is read again changes nothing. Raises MailboxAway.
    """
    counts: Counter[str] = Counter()
    if not locks.try_alone(locks.BOUNCES):
        return counts
    until = clock() + LONGEST_ROUND
    try:
        with mailbox() as imap:
            for number in unseen(imap):
                if stopping() or clock() >= until:
                    break
                counts += read_one(imap, number, clock)
    except (OSError, imaplib.IMAP4.error, ssl.SSLError) as error:
        raise MailboxAway(f"{type(error).__name__}: {error}") from error
    finally:
        locks.free_alone(locks.BOUNCES)
    return counts


def read_one(imap: imaplib.IMAP4, number: str, clock: Clock) -> Counter[str]:
    """One mail, marked as seen afterwards. One that the server will not give out holds up no other; it stays as it is."""
    try:
        content = fetched(imap, number)
    except NotGivenOut:
        return Counter(bounces_not_given_out=1)
    came = take(content, clock)
    imap.uid("STORE", number, "+FLAGS.SILENT", r"(\Seen)")
    return came


def take(content: bytes, clock: Clock) -> Counter[str]:
    """What one mail came to; whatever it holds, the next one is read."""
    try:
        reports = reports_of(content)
    except NotAReport:
        return Counter(bounces_unreadable=1)
    came = bounces.take_all(reports, clock())
    return Counter({f"bounces_{name}": number for name, number in came.items()})


@contextmanager
def mailbox() -> Iterator[imaplib.IMAP4]:
    """A session in the folder that settings name."""
    host, port = settings.BOUNCE_IMAP_HOST, settings.BOUNCE_IMAP_PORT
    imap: imaplib.IMAP4
    if settings.BOUNCE_IMAP_TLS:
        imap = imaplib.IMAP4_SSL(host, port, ssl_context=ssl.create_default_context(), timeout=COMMAND_SECONDS)
    else:
        imap = imaplib.IMAP4(host, port, timeout=COMMAND_SECONDS)
    try:
        imap.login(settings.BOUNCE_IMAP_USER, settings.BOUNCE_IMAP_PASSWORD)
        _ok(imap.select(_quoted(settings.BOUNCE_IMAP_FOLDER)))
        yield imap
    finally:
        try:
            imap.logout()
        except (OSError, imaplib.IMAP4.error):
            imap.shutdown()  # it hung up first


def unseen(imap: imaplib.IMAP4) -> list[str]:
    found = _ok(imap.uid("SEARCH", "UNSEEN", "UNDELETED"))
    numbers = [number.decode() for line in found if isinstance(line, bytes) for number in line.split()]
    return [number for number in numbers if number.isdecimal()][:MOST]


def fetched(imap: imaplib.IMAP4, number: str) -> bytes:
    """The beginning of a mail, without marking it as seen; however long it is, no more than that is asked for.

    Raises NotGivenOut.
    """
    said, answer = imap.uid("FETCH", number, f"(BODY.PEEK[]<0.{LONGEST}>)")
    if said != "OK":
        raise NotGivenOut
    return next((bytes(part[1]) for part in answer if isinstance(part, tuple) and len(part) > 1), b"")


def _ok(answer: tuple[str, list[Any]]) -> list[Any]:
    if answer[0] != "OK":
        raise imaplib.IMAP4.error(f"The server said {answer[0]}.")
    return answer[1]


def _quoted(folder: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", folder) + '"'
