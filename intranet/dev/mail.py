"""The mail catcher of `make run`: takes every e-mail, delivers none, and shows them on a page.

Both listen on the loopback address only. The page trusts no mail: it runs no script, loads nothing, and shows HTML
parts in a sandboxed frame.
"""

from __future__ import annotations

import asyncio
import html
import os
import re
import sys
import threading
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from aiosmtpd.smtp import SMTP, Envelope, Session

from intranet.dev.folder import local_folder

KEPT = 1000  # the newest; older files are deleted
SHOWN = 200
NAME = re.compile(r"\d{8}-\d{6}-\d{6}-\d{4}\.eml")
CLOSED = "default-src 'none'; base-uri 'none'; form-action 'none'"
STRICT = f"{CLOSED}; style-src 'self'; frame-src 'self'; frame-ancestors 'none'"
FRAMED = f"{CLOSED}; img-src data:; frame-ancestors 'self'; sandbox"
STYLE = """
:root { color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #8886; vertical-align: top; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid #8886; padding: 1rem; font: inherit; }
iframe { width: 100%; height: 40rem; border: 1px solid #8886; background: #fff; }
"""


class MailFolder:
    """One .eml file for each caught message, named by the time it came."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._count = 0

    def keep(self, content: bytes) -> Path:
        moment = time.time()
        self._count = (self._count + 1) % 10_000
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(moment))
        file = self.path / f"{stamp}-{int(moment % 1 * 1_000_000):06}-{self._count:04}.eml"
        draft = file.with_suffix(".draft")
        draft.write_bytes(content)
        draft.replace(file)
        for old in self.newest()[KEPT:]:
            old.unlink(missing_ok=True)
        return file

    def newest(self) -> list[Path]:
        return sorted((file for file in self.path.glob("*.eml") if NAME.fullmatch(file.name)), reverse=True)

    def find(self, name: str) -> Path | None:
        file = self.path / name
        return file if NAME.fullmatch(name) and file.is_file() else None


class Catcher:
    """What aiosmtpd calls for each message."""

    def __init__(self, mail: MailFolder) -> None:
        self._mail = mail

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  (its name there)
        recipients = ", ".join(envelope.rcpt_tos)
        head = f"X-Envelope-From: {envelope.mail_from or ''}\r\nX-Envelope-To: {recipients}\r\n"
        content = envelope.original_content or b""
        try:
            self._mail.keep(head.encode("utf-8", "surrogateescape") + content)
        except OSError as error:
            return f"452 The message could not be kept: {error.strerror}"
        return "250 Kept, and delivered to nobody"


class Page(BaseHTTPRequestHandler):
    """GET / lists, /mail/NAME shows one message, /mail/NAME/html its HTML part, /mail/NAME/source its bytes."""

    mail: MailFolder
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        host = urlsplit(f"//{self.headers.get('Host', '')}").hostname
        if host not in {"localhost", "127.0.0.1"}:  # a foreign name that leads to this machine reads nobody's mail
            return self._send("This page answers on localhost only.", status=HTTPStatus.FORBIDDEN)
        parts = [part for part in urlsplit(self.path).path.split("/") if part]
        match parts:
            case []:
                return self._send(page("Caught mail", listing(self.mail)))
            case ["style.css"]:
                return self._send(STYLE, kind="text/css")
            case ["mail", name, *rest] if (file := self.mail.find(name)) is not None:
                return self._send_message(file, rest)
        return self._send(
            page("Not found", "<p>No such message. <a href='/'>All mail</a></p>"), status=HTTPStatus.NOT_FOUND
        )

    def _send_message(self, file: Path, rest: list[str]) -> None:
        content = file.read_bytes()
        if rest == ["source"]:
            return self._send(content.decode(errors="replace"), kind="text/plain")
        message = message_from_bytes(content, policy=policy.default)
        if rest == ["html"]:
            return self._send(text_of(message, "html"), security=FRAMED)
        return self._send(page(subject(message), one_message(file.name, message)))

    def _send(
        self, text: str, *, kind: str = "text/html", security: str = STRICT, status: HTTPStatus = HTTPStatus.OK
    ) -> None:
        body = text.encode(errors="replace")
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", security)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the page is asked again and again while everything starts."""


def page(title: str, content: str) -> str:
    title = html.escape(title)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/style.css"></head>'
        f"<body><h1>{title}</h1>{content}</body></html>"
    )


def listing(mail: MailFolder) -> str:
    files = mail.newest()
    if not files:
        return "<p>No mail has been sent yet.</p>"
    rows = []
    for file in files[:SHOWN]:
        message = message_from_bytes(file.read_bytes(), policy=policy.default)
        sent, recipient = (html.escape(header(message, name)) for name in ("Date", "To"))
        link = f'<a href="/mail/{file.name}">{html.escape(subject(message))}</a>'
        rows.append(f"<tr><td>{sent}</td><td>{recipient}</td><td>{link}</td></tr>")
    note = f"<p>{len(files)} messages. They went to nobody but this page.</p>"
    return f"{note}<table><tr><th>Sent</th><th>To</th><th>Subject</th></tr>{''.join(rows)}</table>"


def one_message(name: str, message: EmailMessage) -> str:
    rows = "".join(
        f"<tr><th>{label}</th><td>{html.escape(header(message, label))}</td></tr>"
        for label in ("From", "To", "Date", "Message-ID")
    )
    plain, rich = text_of(message, "plain"), text_of(message, "html")
    parts = [f"<p><a href='/'>All mail</a> · <a href='/mail/{name}/source'>Source</a></p><table>{rows}</table>"]
    if plain:
        parts.append(f"<h2>Text</h2><pre>{with_links(plain)}</pre>")
    if rich:
        # The frame may follow nothing, so its links are repeated here.
        links = "".join(f"<li>{with_links(link)}</li>" for link in links_in(rich))
        frame = f'<iframe sandbox src="/mail/{name}/html" title="HTML part"></iframe>'
        parts.append(f"<h2>HTML</h2>{frame}" + (f"<h2>Links in it</h2><ul>{links}</ul>" if links else ""))
    return "".join(parts)


def header(message: EmailMessage, name: str) -> str:
    """A header's text; what cannot be parsed is shown as it came."""
    try:
        return str(message[name] or "")
    except (ValueError, IndexError, AttributeError):
        return next((str(value) for key, value in message.raw_items() if key.lower() == name.lower()), "")


def subject(message: EmailMessage) -> str:
    return header(message, "Subject") or "(no subject)"


def text_of(message: EmailMessage, kind: str) -> str:
    """The text of the first part of this kind that is no attachment; empty if there is none."""
    for part in message.walk():
        if part.get_content_type() == f"text/{kind}" and not part.is_attachment():
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                return _decoded(content, part.get_content_charset("utf-8"))
    return ""


def _decoded(content: bytes, charset: str) -> str:
    try:
        return content.decode(charset, errors="replace")
    except LookupError:
        return content.decode(errors="replace")


def with_links(text: str) -> str:
    """Escaped text in which web addresses, and nothing else, are links."""
    pieces = re.split(r"(https?://[^\s<>\"']*[^\s<>\"'.,;:!?)])", text)
    return "".join(
        f'<a href="{html.escape(piece)}" rel="noreferrer">{html.escape(piece)}</a>'
        if number % 2
        else html.escape(piece)
        for number, piece in enumerate(pieces)
    )


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        link = dict(attributes).get("href") if tag == "a" else None
        if link and link.startswith(("http://", "https://")) and link not in self.found:
            self.found.append(link)


def links_in(text: str) -> list[str]:
    parser = _Links()
    parser.feed(text)
    return parser.found


async def catch(mail: MailFolder, port: int) -> None:
    """Listen for mail until cancelled."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Catcher(mail), enable_SMTPUTF8=True, loop=loop), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


def serve_page(mail: MailFolder, port: int) -> ThreadingHTTPServer:
    """Serve the page in a thread of its own; the caller closes it."""
    server = ThreadingHTTPServer(("127.0.0.1", port), type("MailPage", (Page,), {"mail": mail}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


if __name__ == "__main__":
    os.umask(0o077)
    caught = MailFolder(local_folder().path / "mail")
    serve_page(caught, int(sys.argv[2]))
    asyncio.run(catch(caught, int(sys.argv[1])))
