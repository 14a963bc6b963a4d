"""The conversation with the mail server, cut where the ledger needs it: everything before the final dot, and the dot itself."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from email.utils import parseaddr
from urllib.parse import urlsplit

from django.conf import settings

from intranet.reminders.handing_over import Outcome, Result

CONNECT_SECONDS = 10
COMMAND_SECONDS = 30
DOT_SECONDS = 600  # RFC 5321, section 4.5.3.2.6: a server may take this long to take responsibility for a message
CLOSING = 421  # the server is about to close the connection: about the server, not about this message


class Unreached(Exception):
    """The server, our account there or our sender address does not work now. It says nothing about any one mail."""


class NoDelaySMTP(smtplib.SMTP):
    """Without this, the dot waits for the acknowledgement of the body: 40 ms for each mail."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connected = super()._get_socket(host, port, timeout)  # type: ignore[misc]  # private in smtplib since ever
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected


class MailServer:
    """One connection, used for one mail after the other and opened again when it was lost."""

    def __init__(self) -> None:
        self._smtp: smtplib.SMTP | None = None

    def send(self, recipient: str, payload: bytes, fence: Callable[[], bool]) -> Result:
        """Hand one message over. `fence` is asked right before the final dot; if it says no, the connection is cut.

        Raises `Unreached` before the message was begun, and whatever `fence` raises.
        """
        smtp = self._ready()
        if refusal := self._envelope(smtp, recipient):
            return refusal
        try:
            smtp.send(body(payload))
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Result(Outcome.LATER, None, f"Cut off in the body: {error}")
        try:
            passed = fence()
        except BaseException:
            self.close()
            raise
        if not passed:
            self.close()
            return Result(Outcome.STOPPED)
        return self._dot(smtp)

    def close(self) -> None:
        """Cut the connection without a word: a server that has not seen the dot forgets the message."""
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None

    def leave(self) -> None:
        """Say goodbye, if the server still listens."""
        if self._smtp is not None:
            try:
                self._smtp.quit()
            except (OSError, smtplib.SMTPException):
                self.close()
            self._smtp = None

    def _ready(self) -> smtplib.SMTP:
        """A connection on which the server has taken our sender address for the next message."""
        if self._smtp is not None and self._begin(self._smtp) == "":
            return self._smtp
        # None yet, or the one that we had has gone stale meanwhile, which is nobody's fault.
        self.close()
        try:
            smtp = self._smtp = _connect()
        except (OSError, smtplib.SMTPException) as error:
            raise Unreached(f"{type(error).__name__}: {error}") from error
        if trouble := self._begin(smtp):
            self.close()
            raise Unreached(trouble)
        return smtp

    def _begin(self, smtp: smtplib.SMTP) -> str:
        """MAIL FROM; what stands against it, or nothing."""
        try:
            code, reply = smtp.mail(return_address())
        except (OSError, smtplib.SMTPException) as error:
            return f"{type(error).__name__}: {error}"
        return "" if code == 250 else f"MAIL FROM: {code} {_text(reply)}"

    def _envelope(self, smtp: smtplib.SMTP, recipient: str) -> Result | None:
        """RCPT and DATA. A result when the server does not want this message, or is gone."""
        at_recipient = True
        try:
            code, reply = smtp.rcpt(recipient)
            if code in {250, 251}:
                at_recipient = False
                code, reply = smtp.docmd("DATA")
                if code == 354:
                    return None
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Result(Outcome.LATER, None, f"Cut off: {error}")
        except ValueError as error:  # smtplib on letters that no line of a command may have
            self.close()
            return Result(Outcome.REFUSED, None, f"Not an address that can be written to: {error}", at_recipient)
        if code == CLOSING:
            self.close()
            raise Unreached(f"{code} {_text(reply)}")
        self._forget(smtp)
        return replace(_answer(code, reply), at_recipient=at_recipient)

    def _forget(self, smtp: smtplib.SMTP) -> None:
        """RSET. A server that hangs up now has given its answer all the same."""
        try:
            smtp.rset()
        except (OSError, smtplib.SMTPException):
            self.close()

    def _dot(self, smtp: smtplib.SMTP) -> Result:
        """The final dot. No clear answer means that nobody knows."""
        try:
            if smtp.sock is not None:
                smtp.sock.settimeout(DOT_SECONDS)
            smtp.send(b".\r\n")
            code, reply = smtp.getreply()
            if smtp.sock is not None:
                smtp.sock.settimeout(COMMAND_SECONDS)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Result(Outcome.DOUBT, None, f"{type(error).__name__}: {error}")
        if not 200 <= code < 300:
            self.close()
        return _answer(code, reply)


def return_address() -> str:
    """Where the mail servers of others send what they cannot deliver."""
    return settings.BOUNCE_ADDRESS or parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def body(payload: bytes) -> bytes:
    """The message as it goes over the line: a leading dot doubled, ended by CRLF, without the final dot."""
    lines = payload.removesuffix(b"\r\n").split(b"\r\n")
    return b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines)


def _connect() -> smtplib.SMTP:
    name = urlsplit(settings.SITE_ORIGIN).hostname
    smtp = NoDelaySMTP(settings.EMAIL_HOST, settings.EMAIL_PORT, local_hostname=name, timeout=CONNECT_SECONDS)
    try:
        if smtp.sock is not None:
            smtp.sock.settimeout(COMMAND_SECONDS)
        smtp.ehlo_or_helo_if_needed()
        if settings.EMAIL_USE_TLS:
            smtp.starttls(context=ssl.create_default_context())
        if settings.EMAIL_HOST_USER:
            smtp.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _answer(code: int, reply: bytes) -> Result:
    """What the server's code means for a mail: taken, later, or never. Anything else nobody can read."""
    text = _text(reply)
    if 200 <= code < 300:
        return Result(Outcome.SENT, code, text)
    if 400 <= code < 500:
        return Result(Outcome.LATER, code, text)
    if 500 <= code < 600:
        return Result(Outcome.REFUSED, code, text)
    return Result(Outcome.DOUBT, code if code > 0 else None, f"Not understood: {text}")


def _text(reply: bytes) -> str:
    return reply.decode("utf-8", "replace").replace("\x00", "")
