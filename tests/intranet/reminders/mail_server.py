"""A real SMTP server on the loopback address that writes down every message, and can be told to misbehave."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

logging.getLogger("mail.log").setLevel(logging.ERROR)  # below, it talks of every command and of its own next release

Answer = Callable[[str], str]
CUT = "cut"  # instead of an answer: close the connection without a word
TAKEN_THEN_CUT = "250 taken, then cut"  # keep the message, and close the connection without a word
TAKEN_THEN_DROPPED = "250 taken, then dropped"  # say 250, close the connection, throw the message away


@dataclass
class Mailbox:
    """What arrived, and how the server answers. An answer gets the recipient's address ("" at MAIL FROM).

    Each answer is found in a thread of its own: it may wait for something, and other connections go on meanwhile.
    """

    port: int = 0
    taken: list[tuple[str, bytes]] = field(default_factory=list)  # address and bytes of what the server took
    seen: list[tuple[str, bytes]] = field(default_factory=list)  # whatever the answer was
    senders: list[str] = field(default_factory=list)  # of MAIL FROM
    connections: int = 0
    lets_in: Callable[[], bool] = lambda: True  # whoever gives a name and a password; nobody has to
    at_mail: Answer = lambda address: "250 OK"
    at_recipient: Answer = lambda address: "250 OK"
    at_dot: Answer = lambda address: "250 OK"

    @property
    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(content, policy=policy.default) for _, content in self.taken]

    @property
    def addresses(self) -> list[str]:
        return sorted(address for address, _ in self.taken)

    def subjects_for(self, address: str) -> list[str]:
        return sorted(
            message["Subject"] for (to, _), message in zip(self.taken, self.messages, strict=True) if to == address
        )


class Handler:
    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox

    async def handle_MAIL(  # noqa: N802  (its name there)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        self.mailbox.senders.append(address)
        return cut_or(server, await found(self.mailbox.at_mail, ""))

    async def handle_RCPT(  # noqa: N802  (its name there)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = cut_or(server, await found(self.mailbox.at_recipient, address))
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        entry = (envelope.rcpt_tos[0], bytes(envelope.original_content or b""))
        self.mailbox.seen.append(entry)
        answer = await found(self.mailbox.at_dot, entry[0])
        if answer.startswith("2"):
            self.mailbox.taken.append(entry)
        return cut_or(server, answer)


async def found(answer: Answer, address: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(None, answer, address)


def cut_or(server: SMTP, answer: str) -> str:
    """The answer to send, with the connection cut before it or after it where the answer says so."""
    if server.transport is not None and answer in {CUT, TAKEN_THEN_CUT}:
        server.transport.abort()
    if server.transport is not None and answer == TAKEN_THEN_DROPPED:
        asyncio.get_running_loop().call_soon(server.transport.close)  # which sends first what is written by then
    return answer


class MailServer:
    """Runs the server in a thread until `stop`; it may be started again on the same port."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server: asyncio.Server | None = None
        self._open: set[SMTP] = set()

    def start(self) -> None:
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)

    def stop(self) -> None:
        """Refuse connections from now on, and cut those that are open."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)

    def end(self) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _listen(self) -> None:
        self._server = await self._loop.create_server(self._connected, "127.0.0.1", self.mailbox.port)
        self.mailbox.port = self._server.sockets[0].getsockname()[1]

    def _connected(self) -> SMTP:
        self.mailbox.connections += 1
        conversation = SMTP(
            Handler(self.mailbox),
            hostname="mail.clinic.example",
            loop=self._loop,
            auth_require_tls=False,
            authenticator=lambda *_: AuthResult(success=self.mailbox.lets_in(), handled=False),
        )
        self._open.add(conversation)
        return conversation

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for conversation in self._open:
            if conversation.transport is not None:
                conversation.transport.abort()
        self._open.clear()
        pending = [task for task in asyncio.all_tasks(self._loop) if task is not asyncio.current_task()]
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
