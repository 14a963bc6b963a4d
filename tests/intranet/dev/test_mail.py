"""The mail catcher keeps every message and shows it without trusting it."""

from __future__ import annotations

import http.client
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from intranet.dev.folder import Folder, free_port
from intranet.dev.mail import KEPT, MailFolder, serve_page, with_links
from tests.intranet.dev.conftest import eventually, python


@pytest.fixture
def mail(tmp_path: Path) -> MailFolder:
    return MailFolder(tmp_path / "mail")


@pytest.fixture
def port(mail: MailFolder) -> Iterator[int]:
    chosen = free_port(set())
    server = serve_page(mail, chosen)
    yield chosen
    server.shutdown()
    server.server_close()


def message(**parts: str) -> EmailMessage:
    made = EmailMessage()
    made["From"] = "intranet@localhost"
    made["To"] = parts.get("to", "avery@example.org")
    made["Subject"] = parts.get("subject", "Your shift tomorrow")
    made.set_content(parts.get("text", "You work at 9."))
    if "html" in parts:
        made.add_alternative(parts["html"], subtype="html")
    return made


def get(port: int, path: str, host: str | None = None) -> tuple[int, str, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={"Host": host or f"localhost:{port}"})
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    return response.status, body, dict(response.getheaders())


def test_sent_mail_is_kept_as_it_came(folder: Folder, port: int):
    smtp_port, page_port = free_port({port}), free_port({port})
    catcher = python("-m", "intranet.dev.mail", str(smtp_port), str(page_port), INTRANET_FOLDER=str(folder.path))

    def sent() -> bool:
        try:
            with smtplib.SMTP("127.0.0.1", smtp_port, timeout=10) as server:
                server.send_message(message(text="Grüße, Avery"))
        except OSError:
            return False
        return True

    assert eventually(sent)
    [file] = (folder.path / "mail").glob("*.eml")
    content = file.read_bytes()
    assert content.startswith(b"X-Envelope-From: intranet@localhost\r\nX-Envelope-To: avery@example.org\r\n")
    assert b"Subject: Your shift tomorrow" in content
    assert file.stat().st_mode & 0o777 == 0o600
    assert get(page_port, f"/mail/{file.name}")[0] == 200
    catcher.kill()
    catcher.communicate()


def test_list_shows_the_newest_first(mail: MailFolder, port: int):
    assert "No mail has been sent yet." in get(port, "/")[1]
    mail.keep(message(subject="First").as_bytes())
    mail.keep(message(subject="Second").as_bytes())

    status, body, headers = get(port, "/")

    assert status == 200
    assert body.index("Second") < body.index("First")
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        "style-src 'self'; frame-src 'self'; frame-ancestors 'none'"
    )


def test_message_shows_text_with_links_and_html_in_a_sandbox(mail: MailFolder, port: int):
    html = '<p><a href="http://localhost:8000/inbox/">Inbox</a><script>alert(1)</script></p>'
    file = mail.keep(message(text="See http://localhost:8000/a?b=1&c=2.", html=html).as_bytes())

    body = get(port, f"/mail/{file.name}")[1]

    assert '<a href="http://localhost:8000/a?b=1&amp;c=2" rel="noreferrer">' in body
    assert f'<iframe sandbox src="/mail/{file.name}/html"' in body
    assert '<li><a href="http://localhost:8000/inbox/"' in body
    assert "<script" not in body
    status, framed, headers = get(port, f"/mail/{file.name}/html")
    assert (status, framed.strip()) == (200, html)
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; frame-ancestors 'self'; sandbox"
    )


def test_markup_in_headers_and_text_is_shown_not_obeyed(mail: MailFolder, port: int):
    file = mail.keep(message(subject="<script>1</script>", text="<img src=x>", to='"<b>" <a@example.org>').as_bytes())

    bodies = get(port, "/")[1] + get(port, f"/mail/{file.name}")[1]

    assert "&lt;script&gt;1&lt;/script&gt;" in bodies
    assert [word for word in ("<script", "<img", "<b>") if word in bodies] == []


@pytest.mark.parametrize("path", ["/mail/../secrets.json", "/mail/%2e%2e%2fsecrets.json", "/mail/nothing.eml", "/etc"])
def test_only_caught_mail_is_served(mail: MailFolder, port: int, path: str):
    (mail.path.parent / "secrets.json").write_text("secret")

    assert get(port, path)[0] == 404


def test_foreign_host_name_reads_no_mail(mail: MailFolder, port: int):
    mail.keep(message().as_bytes())

    status, body, _ = get(port, "/", host="evil.example.org")

    assert (status, body) == (403, "This page answers on localhost only.")


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\x00", b"Content-Type: text/plain; charset=nothing\n\n\xe4", b"To: =?x?q?=\nSubject: \xff\n\n"],
    ids=["empty", "no mail at all", "unknown charset", "broken headers"],
)
def test_broken_mail_is_shown_all_the_same(mail: MailFolder, port: int, content: bytes):
    file = mail.keep(content)

    assert get(port, "/")[0] == 200
    assert get(port, f"/mail/{file.name}")[0] == 200
    assert get(port, f"/mail/{file.name}/source")[0] == 200


def test_only_the_newest_messages_are_kept(mail: MailFolder):
    for number in range(KEPT + 3):
        (mail.path / f"20260101-000000-000000-{number:04}.eml").write_bytes(b"")

    newest = mail.keep(b"")

    assert len(mail.newest()) == KEPT
    assert mail.newest()[0] == newest


def test_links_end_before_punctuation():
    assert with_links("(https://example.org/a).") == (
        '(<a href="https://example.org/a" rel="noreferrer">https://example.org/a</a>).'
    )
