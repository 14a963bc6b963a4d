"""Delivery-status mails as servers write them."""

from __future__ import annotations


def report(
    recipient: str,
    *,
    message_id: str = "",
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = "smtp; 550 5.1.1 No such user here",
    headers_only: bool = False,
    extra: bytes = b"",
) -> bytes:
    """A multipart/report with its three parts; the returned mail with this Message-ID, or without one."""
    returned = f"Message-ID: {message_id}\r\n" if message_id else ""
    kind = "text/rfc822-headers" if headers_only else "message/rfc822"
    return (
        (
            "From: MAILER-DAEMON@mx.example\r\n"
            "To: intranet@clinic.example\r\n"
            "Subject: Undelivered Mail\r\n"
            "MIME-Version: 1.0\r\n"
            'Content-Type: multipart/report; report-type=delivery-status; boundary="part"\r\n'
            "\r\n"
            "--part\r\nContent-Type: text/plain\r\n\r\nI'm sorry to have to inform you.\r\n"
            "--part\r\nContent-Type: message/delivery-status\r\n\r\n"
            "Reporting-MTA: dns; mx.example\r\n"
            "\r\n"
            f"Final-Recipient: rfc822; {recipient}\r\n"
            f"Action: {action}\r\n"
            f"Status: {status}\r\n"
            f"Diagnostic-Code: {diagnostic}\r\n"
            "\r\n"
            f"--part\r\nContent-Type: {kind}\r\n\r\n"
            f"{returned}Subject: Something\r\n\r\nBody\r\n"
        ).encode()
        + extra
        + b"--part--\r\n"
    )
